//! The head of a request and of a response, as the core reads and writes them.

use std::borrow::Cow;

use actix_web::{
    HttpRequest,
    http::{
        Method, Uri,
        header::{self, HeaderMap, HeaderName, HeaderValue},
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
        self::visit(self.headers, name, visit);
    }
}

/// What most responses that depend on a user get.
static VALUES: [HeaderValue; 2] =
    [HeaderValue::from_static("Cookie, Authorization"), HeaderValue::from_static("private, no-cache")];

/// The name as actix-web has it. Those that every request or response is asked for are known: to
/// parse one costs more than to find its field.
fn own(name: &http::HeaderName) -> Option<Cow<'static, HeaderName>> {
    let common = match *name {
        http::header::COOKIE => &COOKIE,
        http::header::UPGRADE => &UPGRADE,
        http::header::CONTENT_TYPE => &CONTENT_TYPE,
        http::header::VARY => &VARY,
        http::header::CACHE_CONTROL => &CACHE_CONTROL,
        _ => return HeaderName::from_bytes(name.as_str().as_bytes()).ok().map(Cow::Owned),
    };
    Some(Cow::Borrowed(common))
}

static COOKIE: HeaderName = header::COOKIE;
static UPGRADE: HeaderName = header::UPGRADE;
static CONTENT_TYPE: HeaderName = header::CONTENT_TYPE;
static VARY: HeaderName = header::VARY;
static CACHE_CONTROL: HeaderName = header::CACHE_CONTROL;

fn visit<'a>(headers: &'a HeaderMap, name: &http::HeaderName, visit: &mut dyn FnMut(&'a [u8])) {
    let Some(name) = own(name) else { return };
    headers.get_all(&*name).for_each(|value| visit(value.as_bytes()));
}

/// The header fields of a response.
pub(crate) struct ResponseFields<'a>(pub(crate) &'a mut HeaderMap);

impl Headers for ResponseFields<'_> {
    fn visit<'a>(&'a self, name: &http::HeaderName, visit: &mut dyn FnMut(&'a [u8])) {
        self::visit(self.0, name, visit);
    }
}

impl ResponseHeaders for ResponseFields<'_> {
    fn append(&mut self, name: &http::HeaderName, value: &http::HeaderValue) {
        // What one generation of the http crate takes, the other takes too.
        if let (Some(name), Ok(mut own)) = (own(name), HeaderValue::from_bytes(value.as_bytes())) {
            own.set_sensitive(value.is_sensitive());
            self.0.append(name.into_owned(), own);
        }
    }

    fn append_static(&mut self, name: &'static http::HeaderName, value: &'static http::HeaderValue) {
        let common = VALUES.iter().find(|own| own.as_bytes() == value.as_bytes());
        match (own(name), common) {
            (Some(name), Some(value)) => self.0.append(name.into_owned(), value.clone()),
            _ => self.append(name, value),
        }
    }

    fn any_name(&self, test: &dyn Fn(&str) -> bool) -> bool {
        self.0.keys().any(|name| test(name.as_str()))
    }

    fn remove(&mut self, name: &http::HeaderName) {
        self.0.remove(name.as_str());
    }
}
