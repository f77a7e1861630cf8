//! The head of a request: method, path, authority and header fields.

use http::{HeaderMap, HeaderName, Method, header, request::Parts};

pub(crate) const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
pub(crate) const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
pub(crate) const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
pub(crate) const COOKIEJWT_MODE: HeaderName = HeaderName::from_static("cookiejwt-mode");
pub(crate) const SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");

/// The header fields of a request or a response, whatever type the framework keeps them in.
///
/// Its one method passes on each value of a name as raw bytes, in the order of arrival: cookies are
/// parsed from bytes, because another cookie that is not ASCII must not hide ours.
pub trait Headers {
    /// Calls `visit` with each value of `name`.
    fn visit<'a>(&'a self, name: &HeaderName, visit: &mut dyn FnMut(&'a [u8]));
}

impl Headers for HeaderMap {
    fn visit<'a>(&'a self, name: &HeaderName, visit: &mut dyn FnMut(&'a [u8])) {
        for value in self.get_all(name) {
            visit(value.as_bytes());
        }
    }
}

/// A borrowed view of a request's head: all that the core reads.
///
/// ```
/// use cookiejwt_core::driver::RequestHead;
///
/// let (parts, ()) = http::Request::get("/me").body(()).unwrap().into_parts();
/// assert_eq!(RequestHead::from(&parts).path(), "/me");
/// ```
#[derive(Clone, Copy)]
pub struct RequestHead<'a> {
    method: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    authority: Option<&'a str>,
    headers: &'a (dyn Headers + Sync),
    may_refresh: bool,
}

/// How often a field occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field<'a> {
    Absent,
    One(&'a [u8]),
    Many,
}

impl<'a> RequestHead<'a> {
    /// A head from its parts; `authority` is HTTP/2's `:authority`, when there is one (RFC 9113
    /// §8.3.1).
    pub fn new(
        method: &'a str,
        path: &'a str,
        authority: Option<&'a str>,
        headers: &'a (dyn Headers + Sync),
    ) -> Self {
        Self { method, path, query: None, authority, headers, may_refresh: true }
    }

    /// The same head with another path, for a framework that has removed a prefix.
    #[must_use]
    pub fn with_path(self, path: &'a str) -> Self {
        Self { path, ..self }
    }

    /// The same head with the query. Only the redirect back from a login page uses it.
    #[must_use]
    pub fn with_query(self, query: Option<&'a str>) -> Self {
        Self { query, ..self }
    }

    /// The same head of a request that never refreshes: a refresh token alone is then 401
    /// `refresh_required` (row h), whatever the other fields are.
    #[must_use]
    pub fn without_refresh(self) -> Self {
        Self { may_refresh: false, ..self }
    }

    /// The same head with another method.
    pub(crate) fn with_method(self, method: &'a str) -> Self {
        Self { method, ..self }
    }

    pub(crate) fn may_refresh(&self) -> bool {
        self.may_refresh
    }

    /// The method as it was sent.
    pub fn method(&self) -> &'a str {
        self.method
    }

    /// The path, without the query.
    pub fn path(&self) -> &'a str {
        self.path
    }

    /// The query, if the framework has passed it.
    pub fn query(&self) -> Option<&'a str> {
        self.query
    }

    /// The only value of a field as text; `None` if the field is absent, occurs twice, or is not
    /// ASCII.
    pub fn text(&self, name: &HeaderName) -> Option<&'a str> {
        match self.field(name) {
            Field::One(value) if value.is_ascii() => std::str::from_utf8(value).ok(),
            _ => None,
        }
    }

    /// Calls `visit` with each value of a field, in the order of arrival.
    pub fn visit(&self, name: &HeaderName, visit: &mut dyn FnMut(&'a [u8])) {
        self.headers.visit(name, visit);
    }

    pub(crate) fn field(&self, name: &HeaderName) -> Field<'a> {
        let mut found = Field::Absent;
        self.headers.visit(name, &mut |value| {
            found = if found == Field::Absent { Field::One(value) } else { Field::Many };
        });
        found
    }

    /// Whether a field occurs once, with this value.
    pub(crate) fn is_exactly(&self, name: &HeaderName, value: &[u8]) -> bool {
        self.field(name) == Field::One(value)
    }

    /// HTTP/2's `:authority`, otherwise exactly one `Host` (with two of them, two readers could see
    /// two hosts).
    pub fn authority(&self) -> Option<&'a str> {
        self.authority.or_else(|| self.text(&header::HOST))
    }

    pub(crate) fn is_method(&self, method: &Method) -> bool {
        self.method == method.as_str()
    }
}

impl<'a> From<&'a Parts> for RequestHead<'a> {
    fn from(parts: &'a Parts) -> Self {
        let authority = parts.uri.authority().map(http::uri::Authority::as_str);
        let head = Self::new(parts.method.as_str(), parts.uri.path(), authority, &parts.headers);
        head.with_query(parts.uri.query())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_is_that_of_the_request() {
        let (parts, ()) = http::Request::get("/a?b=c&d").body(()).unwrap().into_parts();
        let head = RequestHead::from(&parts);
        assert_eq!((head.path(), head.query()), ("/a", Some("b=c&d")));
        assert_eq!(head.with_path("/x/a").query(), Some("b=c&d"));
    }
}
