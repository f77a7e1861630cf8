//! The scenarios of Go's published table (`net/http`, `csrf_test.go`, 44 rows), with the answer of
//! this library beside Go's.
//!
//! Every row is a request with a good access cookie, so that the answer shows whether the cookie
//! counted. Where ours differs the row says why.

use http::Request;

use super::{CsrfDenial, CsrfDenial::CrossSite, CsrfDenial::ForeignOrigin, TRUSTED};
use crate::{
    config::ConfigBuilder,
    decide::{authenticate::Assessment, decision::Reason, facade::Core},
    testing::{self, NOW},
};

const EVIL: &str = "https://attacker.example";
const SERVER: &str = "127.0.0.1:43210";
const AT_SERVER: &str = "http://127.0.0.1:43210";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// The handler runs, and the cookie says who asks.
    Somebody,
    /// The handler runs, and the cookie was not read.
    Nobody,
    Denied(CsrfDenial),
}

use Answer::{Denied, Nobody, Somebody};

#[derive(Clone, Copy)]
struct Row {
    name: &'static str,
    method: &'static str,
    host: &'static str,
    path: &'static str,
    site: Option<&'static str>,
    origin: Option<&'static str>,
    go_allows: bool,
    ours: Answer,
    /// Why ours is another.
    why: Option<&'static str>,
}

impl Row {
    const fn new(name: &'static str, site: Option<&'static str>, origin: Option<&'static str>) -> Self {
        Self {
            name,
            method: "POST",
            host: "example.com",
            path: "/",
            site,
            origin,
            go_allows: true,
            ours: Somebody,
            why: None,
        }
    }

    const fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    const fn server(self) -> Self {
        Self { host: SERVER, ..self }
    }

    const fn path(self, path: &'static str) -> Self {
        Self { path, ..self }
    }

    const fn denied(self, row: CsrfDenial) -> Self {
        Self { go_allows: false, ours: Denied(row), ..self }
    }

    const fn but(self, ours: Answer, why: &'static str) -> Self {
        Self { ours, why: Some(why), ..self }
    }
}

const NOT_READ: &str = "a skipped path runs as nobody: what no cookie can do needs no exemption";
const AS_IT_CAME: &str = "the path is compared as it came; Go's answer here became CVE-2025-47910";
const EITHER_FORM: &str = "a rule covers both forms of its path, without a redirect, and as nobody";
const NO_WILDCARD: &str = "a rule is a path and no pattern: less to get wrong";

const NO_ONE: Option<&str> = None;
const CROSS: Option<&str> = Some("cross-site");
const ATTACKER: Option<&str> = Some(EVIL);

const FETCH_METADATA: [Row; 12] = [
    Row::new("same-origin", Some("same-origin"), NO_ONE),
    Row::new("none", Some("none"), NO_ONE),
    Row::new("cross-site", CROSS, NO_ONE).denied(CrossSite),
    Row::new("same-site", Some("same-site"), NO_ONE).denied(CrossSite),
    Row::new("neither header", NO_ONE, NO_ONE),
    Row::new("the own origin", NO_ONE, Some("https://example.com")),
    Row::new("another origin", NO_ONE, ATTACKER).denied(ForeignOrigin),
    Row::new("the origin null", NO_ONE, Some("null")).denied(ForeignOrigin),
    Row::new("GET", CROSS, NO_ONE).method("GET"),
    Row::new("HEAD", CROSS, NO_ONE).method("HEAD"),
    Row::new("OPTIONS", CROSS, NO_ONE).method("OPTIONS"),
    Row::new("PUT", CROSS, NO_ONE).method("PUT").denied(CrossSite),
];

const TRUSTED_ORIGINS: [Row; 4] = [
    Row::new("trusted, alone", NO_ONE, Some(TRUSTED)),
    Row::new("trusted, cross-site", CROSS, Some(TRUSTED)),
    Row::new("not trusted, alone", NO_ONE, ATTACKER).denied(ForeignOrigin),
    Row::new("not trusted, cross-site", CROSS, ATTACKER).denied(CrossSite),
];

/// Go's patterns `/bypass/` and `/only/{foo}`, as paths to skip.
const EXEMPT_PATHS: [Row; 10] = [
    Row::new("exempt, alone", NO_ONE, ATTACKER).path("/bypass/").but(Nobody, NOT_READ),
    Row::new("exempt, cross-site", CROSS, ATTACKER).path("/bypass/").but(Nobody, NOT_READ),
    Row::new("not exempt, alone", NO_ONE, ATTACKER).path("/api/").denied(ForeignOrigin),
    Row::new("not exempt, cross-site", CROSS, ATTACKER).path("/api/").denied(CrossSite),
    Row::new("dots that lead to an exempt path", NO_ONE, ATTACKER)
        .path("/foo/../bypass/bar")
        .but(Denied(ForeignOrigin), AS_IT_CAME),
    Row::new("exempt but for a slash", NO_ONE, ATTACKER).path("/bypass").but(Nobody, EITHER_FORM),
    Row::new("dots that lead elsewhere", NO_ONE, ATTACKER).path("/foo/../api/bar").denied(ForeignOrigin),
    Row::new("not exempt, without a slash", NO_ONE, ATTACKER).path("/api").denied(ForeignOrigin),
    Row::new("a wildcard", NO_ONE, ATTACKER).path("/only/123").but(Denied(ForeignOrigin), NO_WILDCARD),
    Row::new("below a wildcard", NO_ONE, ATTACKER).path("/only/123/foo").denied(ForeignOrigin),
];

const SERVER_ROWS: [Row; 6] = [
    Row::new("server: cross-site", CROSS, ATTACKER).server().denied(CrossSite),
    Row::new("server: same-origin", Some("same-origin"), NO_ONE).server(),
    Row::new("server: the own origin", NO_ONE, Some(AT_SERVER)).server(),
    Row::new("server: trusted", NO_ONE, Some(TRUSTED)).server(),
    Row::new("server: not trusted", NO_ONE, ATTACKER).server().denied(ForeignOrigin),
    Row::new("server: exempt", NO_ONE, ATTACKER).server().path("/bypass/").but(Nobody, NOT_READ),
];

/// What Go's `AddTrustedOrigin` takes. Ours is the same in every row.
const ORIGINS: [(&str, bool); 12] = [
    ("https://example.com", true),
    ("https://example.com:8080", true),
    ("http://example.com", true),
    ("example.com", false),
    ("https://", false),
    ("https://example.com/", false),
    ("https://example.com/path", false),
    ("https://example.com?query=value", false),
    ("https://example.com#fragment", false),
    ("https://ex ample.com", false),
    ("", false),
    ("null", false),
];

fn rows() -> impl Iterator<Item = Row> {
    FETCH_METADATA.into_iter().chain(TRUSTED_ORIGINS).chain(EXEMPT_PATHS).chain(SERVER_ROWS)
}

fn answer(row: &Row, change: impl Fn(ConfigBuilder) -> ConfigBuilder) -> Answer {
    let config = testing::config().trusted_origin(TRUSTED).skip("/bypass/").skip("/only/{foo}");
    let core = Core::new(change(config).build().unwrap());
    let cookie = testing::access("alice").cookie();
    let mut request = Request::builder().method(row.method).uri(row.path);
    for (name, value) in [
        ("host", Some(row.host)),
        ("cookie", Some(cookie.as_str())),
        ("sec-fetch-site", row.site),
        ("origin", row.origin),
    ] {
        request = value.into_iter().fold(request, |request, value| request.header(name, value));
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    match core.authenticate(&parts, NOW) {
        Assessment::Settled(decision) => match decision.reason {
            Reason::Csrf(denial) => Denied(denial),
            Reason::Skipped => Nobody,
            other => panic!("{}: {other:?}", row.name),
        },
        Assessment::NeedsSessionCheck(check) => {
            assert!(check.has_valid_access(), "{}", row.name);
            Somebody
        }
        Assessment::NeedsRefresh(_) => panic!("{}: there is nothing to refresh", row.name),
    }
}

#[test]
fn every_row_and_every_difference_from_go() {
    assert_eq!(rows().count() + ORIGINS.len(), 44, "none is left out");
    for row in rows() {
        assert_eq!(answer(&row, |config| config), row.ours, "{}", row.name);
        let as_go = matches!((row.go_allows, row.ours), (true, Somebody) | (false, Denied(_)));
        assert_eq!(as_go, row.why.is_none(), "{}: a difference, and only that, says why", row.name);
    }
}

/// Go has neither switch: `strict_browser_headers` denies one row more, and a public origin none.
#[test]
fn switches_that_go_does_not_have() {
    for row in rows() {
        let strict = answer(&row, |config| config.strict_browser_headers(true));
        let neither = row.name == "neither header";
        let expected = if neither { Denied(CsrfDenial::NoBrowserHeaders) } else { row.ours };
        assert_eq!(strict, expected, "{}, strict", row.name);
        let origin = if row.host == SERVER { AT_SERVER } else { "https://example.com" };
        let public = answer(&Row { host: "backend", ..row }, |config| config.public_origin(origin));
        assert_eq!(public, row.ours, "{}, behind a proxy", row.name);
    }
}

/// Go compares the host alone. With `Secure` cookies a page over http is ours on this machine
/// alone; a public origin says which scheme it is.
#[test]
fn the_scheme_counts_with_a_public_origin() {
    let plain = Row::new("the own host over http", NO_ONE, Some("http://example.com"));
    assert_eq!(answer(&plain, |config| config), Denied(ForeignOrigin), "cookies are Secure");
    let own_machine = Row::new("the own machine over http", NO_ONE, Some(AT_SERVER)).server();
    assert_eq!(answer(&own_machine, |config| config), Somebody);
    let public = answer(&plain, |config| config.public_origin("https://example.com"));
    assert_eq!(public, Denied(ForeignOrigin));
}

#[test]
fn trusted_origins_are_those_of_go() {
    for (origin, taken) in ORIGINS {
        let built = testing::config().trusted_origin(origin).build();
        assert_eq!(built.is_ok(), taken, "{origin}");
    }
}
