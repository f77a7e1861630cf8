//! The page of this application that a form or a fragment was asked from.

use http::{HeaderName, header};

use crate::{
    config::CsrfSettings,
    decide::{facade::Core, verifier::Verifier},
    request::RequestHead,
    response::next_path,
    syntax::Origin,
};

const HX_CURRENT_URL: HeaderName = HeaderName::from_static("hx-current-url");

impl Core {
    /// Path and query of the page that sends this request, if it is one of this origin: that of
    /// `Referer`, or for htmx that of `HX-Current-URL`.
    ///
    /// The origin is [`public_origin`](crate::ConfigBuilder::public_origin), otherwise the host
    /// that the request names. The result has passed [`next_path`](crate::next_path), so a
    /// redirect to it stays on this host, even if the field was forged.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// let core = cookiejwt_core::testing::core();
    /// let form = http::Request::post("/notes").header("host", "shop.example");
    /// let form = form.header("referer", "https://shop.example/notes/new?draft=1");
    /// let (form, ()) = form.body(()).unwrap().into_parts();
    /// assert_eq!(core.own_page(&form), Some("/notes/new?draft=1"));
    /// # }
    /// ```
    pub fn own_page<'a>(&self, head: impl Into<RequestHead<'a>>) -> Option<&'a str> {
        own_page(head.into(), &self.config().csrf)
    }
}

impl Verifier {
    /// What [`Core::own_page`] says, for a service that only verifies. It knows no public origin.
    pub fn own_page<'a>(&self, head: impl Into<RequestHead<'a>>) -> Option<&'a str> {
        own_page(head.into(), self.csrf())
    }
}

fn own_page<'a>(head: RequestHead<'a>, settings: &CsrfSettings) -> Option<&'a str> {
    let field = if head.is_htmx() { HX_CURRENT_URL } else { header::REFERER };
    let (origin, path) = split(head.text(&field)?)?;
    is_own(origin, head, settings).then(|| next_path(path)).flatten()
}

/// The origin of a URL, and its path with the query, without the fragment.
fn split(url: &str) -> Option<(Origin<'_>, &str)> {
    let (url, _) = url.split_once('#').unwrap_or((url, ""));
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let length = scheme.len().checked_add("://".len())?.checked_add(authority.len())?;
    let (origin, path) = url.split_at_checked(length)?;
    let path = if path.is_empty() { "/" } else { path };
    Some((Origin::parse(origin).filter(Origin::is_web)?, path))
}

fn is_own(origin: Origin<'_>, head: RequestHead<'_>, settings: &CsrfSettings) -> bool {
    match &settings.public_origin {
        Some(public) => Origin::parse(public).is_some_and(|public| public.same_as(&origin)),
        None => head.authority().is_some_and(|authority| origin.is_at(authority)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn page(core: &Core, fields: &[(&str, &str)]) -> Option<String> {
        let request = http::Request::post("/notes");
        let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let (parts, ()) = request.body(()).unwrap().into_parts();
        core.own_page(&parts).map(Into::into)
    }

    #[test]
    fn the_page_of_a_form() {
        let core = testing::core();
        for (rule, referer, expected) in [
            ("a page", "https://shop.example/notes", Some("/notes")),
            ("with its query", "https://shop.example/notes?a=b&c", Some("/notes?a=b&c")),
            ("a fragment, which no browser sends", "https://shop.example/notes#last", Some("/notes")),
            ("the root", "https://shop.example/", Some("/")),
            ("the origin alone", "https://shop.example", Some("/")),
            ("plain HTTP behind a proxy", "http://shop.example/a", Some("/a")),
            ("the default port", "https://shop.example:443/a", Some("/a")),
            ("another port", "https://shop.example:8443/a", None),
            ("another host", "https://evil.example/a", None),
            ("a host that begins alike", "https://shop.example.evil.example/a", None),
            ("a user before another host", "https://shop.example@evil.example/a", None),
            ("another host behind a query", "https://evil.example?https://shop.example/a", None),
            ("a query without a path", "https://shop.example?a=b", None),
            ("another scheme", "ftp://shop.example/a", None),
            ("no URL", "/notes", None),
            ("a page that does not say where it is", "about:blank", None),
            ("an opaque origin", "null", None),
            ("a path that leads away", "https://shop.example//evil.example", None),
            ("a backslash", "https://shop.example/\\evil.example", None),
            ("a line break, encoded", "https://shop.example/%0d%0aSet-Cookie:a=b", None),
            ("nothing", "", None),
        ] {
            let found = page(&core, &[("host", "shop.example"), ("referer", referer)]);
            assert_eq!(found.as_deref(), expected, "{rule}");
        }
        assert_eq!(page(&core, &[("host", "shop.example")]), None, "no Referer");
        let twice = [("host", "shop.example"), ("referer", "https://shop.example/a")];
        assert_eq!(page(&core, &[&twice[..], &twice[1..]].concat()), None, "two of them");
        assert_eq!(page(&core, &twice[1..]), None, "no host");
    }

    #[test]
    fn the_page_of_a_fragment_is_the_one_that_htmx_names() {
        let core = testing::core();
        let current = ("hx-current-url", "https://shop.example/notes?page=2#note-7");
        let referer = ("referer", "https://shop.example/other");
        let host = ("host", "shop.example");
        let htmx = ("hx-request", "true");
        assert_eq!(page(&core, &[host, htmx, current, referer]).as_deref(), Some("/notes?page=2"));
        assert_eq!(page(&core, &[host, htmx, referer]), None, "htmx always names it");
        assert_eq!(page(&core, &[host, current, referer]).as_deref(), Some("/other"), "not htmx");
        let evil = ("hx-current-url", "https://evil.example/a");
        assert_eq!(page(&core, &[host, htmx, evil]), None);
    }

    #[test]
    fn a_public_origin_counts_instead_of_the_host() {
        let config = testing::config().public_origin("https://shop.example").build().unwrap();
        let core = Core::new(config);
        for (rule, referer, expected) in [
            ("the public one", "https://shop.example/a", Some("/a")),
            ("plain HTTP", "http://shop.example/a", None),
            ("the host that a proxy has written", "https://10.0.0.7:3000/a", None),
        ] {
            let found = page(&core, &[("host", "10.0.0.7:3000"), ("referer", referer)]);
            assert_eq!(found.as_deref(), expected, "{rule}");
        }
    }
}
