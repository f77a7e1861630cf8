//! Whether a person sees the response: top-level navigations, forms of a page, htmx.

use http::{HeaderName, Method, header};

use super::head::{Field, RequestHead, SEC_FETCH_DEST, SEC_FETCH_MODE, SEC_FETCH_SITE, SEC_PURPOSE};

const HX_REQUEST: HeaderName = HeaderName::from_static("hx-request");
const HX_BOOSTED: HeaderName = HeaderName::from_static("hx-boosted");

impl RequestHead<'_> {
    /// Whether a user would see the response as a page: then a login page helps them, and a problem
    /// document does not.
    ///
    /// True for a request that Fetch Metadata marks as a navigation of the top level, of a service
    /// worker that forwards one, or of a frame of the same site, whatever its method: a link, the
    /// address bar, a form. Without Fetch Metadata, for a GET or HEAD that accepts `text/html`, and
    /// for a form that prefers it to JSON. Never true for a prefetch or a prerender
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
        !self.is_method(&Method::OPTIONS) && !self.is_speculative() && self.navigates()
    }

    /// Whether a browser sends the form of a page: a [page navigation](Self::is_page_navigation) by
    /// POST.
    ///
    /// A script cannot send the mode `navigate`. Without Fetch Metadata it has to send the type of
    /// a form and to prefer HTML, which scripts that read JSON do not.
    pub fn is_page_form(&self) -> bool {
        self.is_method(&Method::POST) && self.is_page_navigation()
    }

    /// Whether htmx sends the form of a page: in the place of the browser, or for a part of it.
    pub fn is_htmx_form(&self) -> bool {
        self.is_method(&Method::POST) && self.is_htmx() && self.carries_form()
    }

    /// Whether the method is that of a link, GET or HEAD: the address can be opened again.
    pub fn is_read(&self) -> bool {
        self.is_method(&Method::GET) || self.is_method(&Method::HEAD)
    }

    /// Whether htmx asks (`HX-Request`), which puts a part of the response into a page.
    pub fn is_htmx(&self) -> bool {
        self.is_exactly(&HX_REQUEST, b"true")
    }

    /// Whether htmx asks in the place of a link or a form (`HX-Boosted`).
    pub fn is_htmx_boosted(&self) -> bool {
        self.is_htmx() && self.is_exactly(&HX_BOOSTED, b"true")
    }

    fn navigates(&self) -> bool {
        match self.field(&SEC_FETCH_MODE) {
            Field::One(_) => self.is_navigation(),
            Field::Many => false,
            Field::Absent if self.is_read() => self.weight_of(|range| range == b"text/html") > 0,
            Field::Absent => self.carries_form() && self.prefers_html(),
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

    /// Whether the content is one that the form of a page sends.
    pub(crate) fn carries_form(&self) -> bool {
        let mut found = false;
        self.visit(&header::CONTENT_TYPE, &mut |value| {
            let essence = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
            found |= essence.eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
                || essence.eq_ignore_ascii_case(b"multipart/form-data");
        });
        found
    }

    /// HTML by name, and JSON not at least as much.
    fn prefers_html(&self) -> bool {
        let json = |range: &[u8]| range == b"application/json" || range.ends_with(b"+json");
        let (html, json) = (self.weight_of(|range| range == b"text/html"), self.weight_of(json));
        html > json
    }

    /// The greatest weight of a media range that is named, in thousandths (RFC 9110 §12.4.2);
    /// 0 means that it is refused or not named. `*/*` names nothing: it is what programs send.
    fn weight_of(&self, is_meant: impl Fn(&[u8]) -> bool) -> u32 {
        let mut greatest = 0;
        self.visit(&header::ACCEPT, &mut |ranges| {
            for range in ranges.split(|byte| *byte == b',') {
                let mut parts = range.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
                let name = parts.next().unwrap_or_default().to_ascii_lowercase();
                if is_meant(&name) {
                    greatest = greatest.max(parts.find_map(weight).unwrap_or(1000));
                }
            }
        });
        greatest
    }
}

/// The value of `q`, if the parameter is one; what cannot be read counts as 1.
fn weight(parameter: &[u8]) -> Option<u32> {
    let value = parameter.strip_prefix(b"q=").or_else(|| parameter.strip_prefix(b"Q="))?;
    let decimals = match value {
        b"0" => return Some(0),
        [b'0', b'.', decimals @ ..] if decimals.len() <= 3 => decimals,
        _ => return Some(1000),
    };
    let digit = |at: usize| decimals.get(at).map_or(Some(0), |byte| char::from(*byte).to_digit(10));
    let thousandths = digit(0).zip(digit(1)).zip(digit(2)).map(|((tenths, hundredths), thousandths)| {
        tenths.saturating_mul(100).saturating_add(hundredths.saturating_mul(10)).saturating_add(thousandths)
    });
    Some(thousandths.unwrap_or(1000))
}

#[cfg(test)]
mod tests {
    use http::request::Parts;

    use super::*;

    fn head(method: &str, fields: &[(&str, &str)]) -> Parts {
        let request = http::Request::builder().method(method).uri("/");
        let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    #[allow(clippy::too_many_lines, reason = "a table")]
    #[test]
    fn page_navigations() {
        const SAME_SITE: (&str, &str) = ("sec-fetch-site", "same-site");
        const CROSS_SITE: (&str, &str) = ("sec-fetch-site", "cross-site");
        const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=UTF-8");
        const FILE: (&str, &str) = ("content-type", "Multipart/Form-Data; boundary=x");
        const JSON: (&str, &str) = ("content-type", "application/json");
        const CHROME: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        let top: &[_] = &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        let mode = |mode, dest| [("sec-fetch-mode", mode), ("sec-fetch-dest", dest), ("accept", CHROME)];
        for (rule, method, fields, expected) in [
            ("a link or the address bar", "GET", top, true),
            ("HEAD", "HEAD", top, true),
            ("a form that is posted", "POST", top, true),
            ("a form whose framework reads the method from a field", "DELETE", top, true),
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
            ("a service worker hands a form on", "POST", &mode("navigate", "empty"), true),
            ("a mode without a destination", "GET", &[("sec-fetch-mode", "navigate")], false),
            ("two modes", "GET", &[top, &[("sec-fetch-mode", "navigate")]].concat(), false),
            ("a prefetch", "GET", &[top, &[("sec-purpose", "prefetch")]].concat(), false),
            ("an old browser", "GET", &[("accept", CHROME)], true),
            ("an old browser posts", "POST", &[FORM, ("accept", CHROME)], true),
            ("an old browser posts a file", "POST", &[FILE, ("accept", CHROME)], true),
            ("a script posts no form", "POST", &[JSON, ("accept", CHROME)], false),
            (
                "a script posts a form",
                "POST",
                &[FORM, ("accept", "application/json, text/plain, */*")],
                false,
            ),
            ("it takes HTML as well", "POST", &[FORM, ("accept", "text/html, application/json")], false),
            (
                "it takes a problem as well",
                "POST",
                &[FORM, ("accept", "text/html;q=0.5, application/problem+json;q=0.5")],
                false,
            ),
            (
                "JSON less than HTML",
                "POST",
                &[FORM, ("accept", "application/json;q=0.89, text/html;q=0.9")],
                true,
            ),
            ("curl posts a form", "POST", &[FORM, ("accept", "*/*")], false),
            ("OPTIONS of an old browser", "OPTIONS", &[FORM, ("accept", CHROME)], false),
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
            let head = RequestHead::from(&parts);
            assert_eq!(head.is_page_navigation(), expected, "{rule}");
            assert_eq!(head.is_page_form(), expected && method == "POST", "{rule}");
        }
    }

    #[test]
    fn weights() {
        for (accept, expected) in [
            ("text/html", 1000),
            ("text/html;q=1", 1000),
            ("text/html;q=1.000", 1000),
            ("text/html; level=1 ; q=0.5", 500),
            ("text/html;Q=0.05", 50),
            ("text/html;q=0.005", 5),
            ("text/html;q=0.", 0),
            ("text/html;q=0", 0),
            ("text/html;q=x, */*", 1000),
            ("text/html;q=0.0001", 1000),
            ("text/html;q=0.1, text/html;q=0.7", 700),
            ("*/*", 0),
            ("", 0),
        ] {
            let parts = head("GET", &[("accept", accept)]);
            let weight = RequestHead::from(&parts).weight_of(|range| range == b"text/html");
            assert_eq!(weight, expected, "{accept}");
        }
    }

    #[test]
    fn htmx() {
        for (rule, fields, is_htmx, is_boosted) in [
            ("a fragment", &[("hx-request", "true")][..], true, false),
            ("a boosted link", &[("hx-request", "true"), ("hx-boosted", "true")], true, true),
            ("not said to be htmx", &[("hx-boosted", "true")], false, false),
            ("another word", &[("hx-request", "1")], false, false),
            ("twice", &[("hx-request", "true"), ("hx-request", "true")], false, false),
            ("nothing", &[], false, false),
        ] {
            let parts = head("GET", fields);
            let head = RequestHead::from(&parts);
            assert_eq!((head.is_htmx(), head.is_htmx_boosted()), (is_htmx, is_boosted), "{rule}");
        }
        const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
        for (rule, method, fields, expected) in [
            ("a form", "POST", &[("hx-request", "true"), FORM][..], true),
            (
                "JSON of an extension",
                "POST",
                &[("hx-request", "true"), ("content-type", "application/json")],
                false,
            ),
            ("a search", "GET", &[("hx-request", "true"), FORM], false),
            ("not htmx", "POST", &[FORM], false),
        ] {
            assert_eq!(RequestHead::from(&head(method, fields)).is_htmx_form(), expected, "{rule}");
        }
    }
}
