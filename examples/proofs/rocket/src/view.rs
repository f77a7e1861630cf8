//! The answers of the handlers as responses of Rocket.

use example_proofs::{POLICY, View};
use rocket::{
    Request, Response,
    http::{ContentType, Header, Status},
    response::{self, Redirect, Responder},
    serde::json::Json,
};

/// A [`View`] as a response.
pub(crate) struct Page(View);

impl<V: Into<View>> From<V> for Page {
    fn from(view: V) -> Self {
        Self(view.into())
    }
}

impl<'r> Responder<'r, 'static> for Page {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match self.0 {
            View::Page(code, html) => {
                let page = (Status::new(code), (ContentType::HTML, html)).respond_to(request)?;
                let mut page = Response::build_from(page);
                // A mailed link has its token in the address, which no other site may learn.
                page.raw_header("Referrer-Policy", "no-referrer");
                page.header(Header::new("Content-Security-Policy", POLICY)).ok()
            }
            View::Redirect(path) => Redirect::to(path).respond_to(request),
            View::Json(code, value) => (Status::new(code), Json(value)).respond_to(request),
        }
    }
}
