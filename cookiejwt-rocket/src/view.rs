//! The head of a request as the core reads it.

use cookiejwt_store::{Headers, RequestHead, ResponseHeaders};
use http::{HeaderName, HeaderValue, header};
use rocket::{
    Request, Response,
    http::{HeaderMap, uncased::UncasedStr},
};

/// A request's head as the core reads it.
pub(crate) struct View<'r> {
    method: &'static str,
    path: &'r str,
    query: Option<&'r str>,
    headers: &'r HeaderMap<'r>,
    authority: Option<String>,
    local_cookies: Option<String>,
    lengths: Lengths,
}

impl<'r> View<'r> {
    pub(crate) fn of(request: &'r Request<'_>) -> Self {
        let headers = request.headers();
        let lengths = Lengths::of(headers);
        // With a Host field the core reads that, and sees when there are two.
        let has = |name: &HeaderName| lengths.may_have(name) && headers.contains(name.as_str());
        let authority = (!has(&header::HOST)).then(|| request.host().map(ToString::to_string));
        Self {
            method: request.method().as_str(),
            path: request.uri().path().as_str(),
            query: request.uri().query().map(|query| query.as_str()),
            headers,
            authority: authority.flatten(),
            local_cookies: (!has(&header::COOKIE)).then(|| local_cookies(request)).flatten(),
            lengths,
        }
    }

    pub(crate) fn head(&self) -> RequestHead<'_> {
        let head = RequestHead::new(self.method, self.path, self.authority.as_deref(), self);
        head.with_query(self.query)
    }
}

/// How long the names of the fields are, a bit for each length.
///
/// Rocket hashes each name that is searched for, byte by byte. Most fields that are asked for are
/// absent, and then often so is every other name of their length.
#[derive(Clone, Copy)]
struct Lengths(u64);

impl Lengths {
    fn of(headers: &HeaderMap<'_>) -> Self {
        Self(headers.iter().fold(0, |lengths, field| lengths | bit(field.name().len())))
    }

    fn may_have(self, name: &HeaderName) -> bool {
        self.0 & bit(name.as_str().len()) != 0
    }
}

fn bit(length: usize) -> u64 {
    1 << length.min(63)
}

/// Rocket's local client puts cookies into the jar and into no field. The jar of a request that
/// came over a network is made of its fields alone, so without one it is empty.
fn local_cookies(request: &Request<'_>) -> Option<String> {
    let pairs: Vec<_> = request.cookies().iter().map(|c| format!("{}={}", c.name(), c.value())).collect();
    (!pairs.is_empty()).then(|| pairs.join("; "))
}

impl Headers for View<'_> {
    fn visit<'a>(&'a self, name: &HeaderName, visit: &mut dyn FnMut(&'a [u8])) {
        if self.lengths.may_have(name) {
            for value in self.headers.get(name.as_str()) {
                visit(value.as_bytes());
            }
        }
        if let (Some(cookies), &header::COOKIE) = (&self.local_cookies, name) {
            visit(cookies.as_bytes());
        }
    }
}

/// A response's header fields as the core writes them.
pub(crate) struct ResponseView<'v, 'r>(pub(crate) &'v mut Response<'r>);

impl Headers for ResponseView<'_, '_> {
    fn visit<'a>(&'a self, name: &HeaderName, visit: &mut dyn FnMut(&'a [u8])) {
        for value in self.0.headers().get(name.as_str()) {
            visit(value.as_bytes());
        }
    }
}

impl ResponseHeaders for ResponseView<'_, '_> {
    fn append(&mut self, name: &HeaderName, value: &HeaderValue) {
        // Every value in Rocket is UTF-8, and ours are ASCII: nothing is lost.
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        self.0.adjoin_raw_header(name.as_str().to_owned(), value);
    }

    fn remove(&mut self, name: &HeaderName) {
        self.0.remove_header(name.as_str());
    }

    fn append_static(&mut self, name: &'static HeaderName, value: &'static HeaderValue) {
        let value = String::from_utf8_lossy(value.as_bytes());
        self.0.adjoin_raw_header(name.as_str(), value);
    }

    fn has_any(&self, names: &[HeaderName]) -> bool {
        let is_asked = |field: &UncasedStr| names.iter().any(|name| field == name.as_str());
        self.0.headers().iter().any(|field| is_asked(field.name()))
    }
}
