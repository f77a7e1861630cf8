//! The answers of the handlers as responses of actix-web.

use std::fmt;

use actix_web::{
    HttpRequest, HttpResponse, Responder, ResponseError,
    body::BoxBody,
    http::{StatusCode, header},
};
use example_proofs::{POLICY, View};

/// A [`View`] as a response.
#[derive(Debug)]
pub(crate) struct Page(View);

impl<V: Into<View>> From<V> for Page {
    fn from(view: V) -> Self {
        Self(view.into())
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a page with the status {}", self.status_code())
    }
}

impl Responder for Page {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.error_response()
    }
}

/// A handler returns the page of a refusal as its error.
impl ResponseError for Page {
    fn status_code(&self) -> StatusCode {
        let code = match &self.0 {
            View::Page(code, _) | View::Json(code, _) => *code,
            View::Redirect(_) => 303,
        };
        StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match &self.0 {
            // A mailed link has its token in the address, which no other site may learn.
            View::Page(_, html) => response
                .content_type("text/html; charset=utf-8")
                .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
                .insert_header((header::REFERRER_POLICY, "no-referrer"))
                .body(html.clone()),
            View::Redirect(path) => response.insert_header((header::LOCATION, path.as_str())).finish(),
            View::Json(_, value) => response.json(value),
        }
    }
}
