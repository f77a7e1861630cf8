//! The answers of the handlers as responses of axum.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use example_proofs::{POLICY, View};

/// A [`View`] as a response.
pub(crate) struct Page(View);

impl<V: Into<View>> From<V> for Page {
    fn from(view: V) -> Self {
        Self(view.into())
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let status = |code| StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A mailed link has its token in the address, which no other site may learn.
        let headers = [(header::CONTENT_SECURITY_POLICY, POLICY), (header::REFERRER_POLICY, "no-referrer")];
        match self.0 {
            View::Page(code, html) => (status(code), headers, Html(html)).into_response(),
            View::Redirect(path) => Redirect::to(&path).into_response(),
            View::Json(code, value) => (status(code), Json(value)).into_response(),
        }
    }
}
