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

    /// Whether a user would see the response as a page: then a login page helps them, and a problem
    /// document does not.
    ///
    /// True for a GET or HEAD request that Fetch Metadata marks as a navigation of the top level,
    /// of a service worker that forwards one, or of a frame of the same site; without Fetch
    /// Metadata, for one that accepts `text/html`. Never true for a prefetch or a prerender
    /// (`Sec-Purpose`): a browser would show a prepared login page to a user who has logged in
    /// since, but it discards a prepared problem document and asks again.
    ///
    /// ```
    /// use cookiejwt_core::driver::RequestHead;
    ///
    /// let browser = http::Request::get("/").header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document");
    /// let (browser, ()) = browser.body(()).unwrap().into_parts();
    /// assert!(RequestHead::from(&browser).is_page_navigation());
    ///
    /// let (script, ()) = http::Request::get("/").header("sec-fetch-mode", "cors").body(()).unwrap().into_parts();
    /// assert!(!RequestHead::from(&script).is_page_navigation());
    /// ```
    pub fn is_page_navigation(&self) -> bool {
        let is_read = self.is_method(&Method::GET) || self.is_method(&Method::HEAD);
        is_read && !self.is_speculative() && self.navigates()
    }

    fn navigates(&self) -> bool {
        match self.field(&SEC_FETCH_MODE) {
            Field::One(_) => self.is_navigation(),
            Field::Many => false,
            Field::Absent => self.accepts_html(),
        }
    }

    /// Whether Fetch Metadata marks this as a navigation whose response a user sees and whose
    /// cookies every browser keeps.
    ///
    /// A service worker that forwards a navigation sends the destination `empty`; no script can
    /// send the mode `navigate`. A frame counts only on the same site: its cookies are not kept
    /// otherwise.
    pub(crate) fn is_navigation(&self) -> bool {
        self.is_exactly(&SEC_FETCH_MODE, b"navigate")
            && match self.field(&SEC_FETCH_DEST) {
                Field::One(b"document" | b"empty") => true,
                Field::One(b"iframe" | b"frame") => {
                    self.is_exactly(&SEC_FETCH_SITE, b"same-origin")
                        || self.is_exactly(&SEC_FETCH_SITE, b"same-site")
                }
                _ => false,
            }
    }

    /// Whether a browser prepares a page that may never be shown (prefetch, prerender).
    pub(crate) fn is_speculative(&self) -> bool {
        self.field(&SEC_PURPOSE) != Field::Absent
    }

    /// `*/*` is what programs send.
    fn accepts_html(&self) -> bool {
        let mut accepts = false;
        self.visit(&header::ACCEPT, &mut |ranges| {
            accepts |= ranges.split(|byte| *byte == b',').any(names_html);
        });
        accepts
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

/// A media range that is exactly `text/html`, with a weight above zero (RFC 9110 §12.4.2).
fn names_html(range: &[u8]) -> bool {
    let mut parts = range.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    parts.next().is_some_and(|range| range.eq_ignore_ascii_case(b"text/html"))
        && !parts.any(|parameter| matches!(parameter, b"q=0" | b"q=0.0" | b"q=0.00" | b"q=0.000"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(method: &str, fields: &[(&str, &str)]) -> Parts {
        let request = http::Request::builder().method(method).uri("/");
        let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn page_navigations() {
        const SAME_SITE: (&str, &str) = ("sec-fetch-site", "same-site");
        const CROSS_SITE: (&str, &str) = ("sec-fetch-site", "cross-site");
        const CHROME: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        let top: &[_] = &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        let mode = |mode, dest| [("sec-fetch-mode", mode), ("sec-fetch-dest", dest), ("accept", CHROME)];
        for (rule, method, fields, expected) in [
            ("a link or the address bar", "GET", top, true),
            ("HEAD", "HEAD", top, true),
            ("a form that is posted", "POST", top, false),
            ("another method", "DELETE", top, false),
            ("OPTIONS", "OPTIONS", top, false),
            ("fetch, whatever it accepts", "GET", &mode("cors", "empty"), false),
            ("an image", "GET", &mode("no-cors", "image"), false),
            ("a WebSocket", "GET", &mode("websocket", "websocket"), false),
            ("a frame", "GET", &mode("navigate", "iframe"), false),
            (
                "a frame of the same site",
                "GET",
                &[&mode("navigate", "iframe")[..], &[SAME_SITE]].concat(),
                true,
            ),
            (
                "a frame of the same origin",
                "GET",
                &[&mode("navigate", "iframe")[..], &[("sec-fetch-site", "same-origin")]].concat(),
                true,
            ),
            ("a frame of a frameset", "GET", &[&mode("navigate", "frame")[..], &[SAME_SITE]].concat(), true),
            (
                "a frame of another site",
                "GET",
                &[&mode("navigate", "iframe")[..], &[CROSS_SITE]].concat(),
                false,
            ),
            (
                "an object of the same site",
                "GET",
                &[&mode("navigate", "object")[..], &[SAME_SITE]].concat(),
                false,
            ),
            ("a service worker hands a navigation on", "GET", &mode("navigate", "empty"), true),
            ("from another site", "GET", &[&mode("navigate", "empty")[..], &[CROSS_SITE]].concat(), true),
            ("it asks by itself, as Firefox has it", "GET", &mode("same-origin", "empty"), false),
            ("a service worker hands a form on", "POST", &mode("navigate", "empty"), false),
            ("a mode without a destination", "GET", &[("sec-fetch-mode", "navigate")], false),
            ("two modes", "GET", &[top, &[("sec-fetch-mode", "navigate")]].concat(), false),
            ("a prefetch", "GET", &[top, &[("sec-purpose", "prefetch")]].concat(), false),
            ("an old browser", "GET", &[("accept", CHROME)], true),
            ("an old browser posts", "POST", &[("accept", CHROME)], false),
            ("an old browser prefetches", "GET", &[("accept", CHROME), ("sec-purpose", "prefetch")], false),
            ("HTML among others", "GET", &[("accept", "application/json, Text/HTML ; q=0.1")], true),
            ("HTML in a second field", "GET", &[("accept", "a/b"), ("accept", "text/html")], true),
            ("HTML refused", "GET", &[("accept", "text/html;level=1; q=0")], false),
            ("HTML refused precisely", "GET", &[("accept", "text/html;q=0.000, */*")], false),
            ("anything is not HTML by name", "GET", &[("accept", "*/*")], false),
            ("any text is not HTML by name", "GET", &[("accept", "text/*")], false),
            ("a type that only begins alike", "GET", &[("accept", "text/html5")], false),
            ("JSON", "GET", &[("accept", "application/json")], false),
            ("nothing", "GET", &[], false),
        ] {
            let parts = head(method, fields);
            assert_eq!(RequestHead::from(&parts).is_page_navigation(), expected, "{rule}");
        }
    }

    #[test]
    fn the_query_is_that_of_the_request() {
        let (parts, ()) = http::Request::get("/a?b=c&d").body(()).unwrap().into_parts();
        let head = RequestHead::from(&parts);
        assert_eq!((head.path(), head.query()), ("/a", Some("b=c&d")));
        assert_eq!(head.with_path("/x/a").query(), Some("b=c&d"));
    }
}
