//! The head of a request and of a response, as the core reads and writes them.

use actix_web::{
    HttpRequest,
    http::{
        Method, Uri,
        header::{HeaderMap, HeaderName, HeaderValue},
        uri::Authority,
    },
};
use cookiejwt_store::{Headers, RequestHead, ResponseHeaders};

/// A request as the core reads it: actix-web has its own header types.
pub(crate) struct View<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
}

impl<'a> View<'a> {
    pub(crate) fn of(request: &'a HttpRequest) -> Self {
        Self { method: request.method(), uri: request.uri(), headers: request.headers() }
    }

    /// Of a head that was copied.
    pub(crate) fn new(method: &'a Method, uri: &'a Uri, headers: &'a HeaderMap) -> Self {
        Self { method, uri, headers }
    }

    /// The path is the one on the wire, whatever scope the request has come through.
    pub(crate) fn head(&self) -> RequestHead<'_> {
        let authority = self.uri.authority().map(Authority::as_str);
        let head = RequestHead::new(self.method.as_str(), self.uri.path(), authority, self);
        head.with_query(self.uri.query())
    }
}

impl Headers for View<'_> {
    fn visit<'a>(&'a self, name: &http::HeaderName, visit: &mut dyn FnMut(&'a [u8])) {
        for value in self.headers.get_all(name.as_str()) {
            visit(value.as_bytes());
        }
    }
}

/// The header fields of a response.
pub(crate) struct ResponseFields<'a>(pub(crate) &'a mut HeaderMap);

impl Headers for ResponseFields<'_> {
    fn visit<'a>(&'a self, name: &http::HeaderName, visit: &mut dyn FnMut(&'a [u8])) {
        for value in self.0.get_all(name.as_str()) {
            visit(value.as_bytes());
        }
    }
}

impl ResponseHeaders for ResponseFields<'_> {
    fn append(&mut self, name: &http::HeaderName, value: &http::HeaderValue) {
        // What one generation of the http crate takes, the other takes too.
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        if let (Ok(name), Ok(mut own)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            own.set_sensitive(value.is_sensitive());
            self.0.append(name, own);
        }
    }

    fn remove(&mut self, name: &http::HeaderName) {
        self.0.remove(name.as_str());
    }
}
