//! The CSRF table of [`rules`](crate::rules), row by row, and every combination against an oracle
//! that reads no header.

mod go;
mod product;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Credential, CsrfDenial, check};
use crate::{config::CsrfSettings, decide::facade::Core, request::RequestHead, testing};

use CsrfDenial::{Ambiguous, CrossSite, ForeignOrigin, NoBrowserHeaders, SafeLogin};

type Fields<'a> = &'a [(&'static str, &'a [u8])];
type Verdict = Result<(), CsrfDenial>;
type Row = (&'static str, &'static str, Fields<'static>, Verdict);

const ALLOW: Verdict = Ok(());
const SITE: &str = "sec-fetch-site";
const ORIGIN: &str = "origin";
const HOST: &str = "host";
const TYPE: &str = "content-type";
const UPGRADE: &str = "upgrade";
const TRUSTED: &str = "https://trusted.example";
const PUBLIC: &str = "https://shop.example";

/// Another site's page, so that only a row before the fifth can allow.
const EVIL: [(&str, &[u8]); 2] = [(SITE, b"cross-site"), (ORIGIN, b"https://evil.example")];

fn settings(public: Option<&str>, strict: bool) -> CsrfSettings {
    CsrfSettings {
        public_origin: public.map(Into::into),
        trusted_origins: vec!["http://127.0.0.1:5173".into(), TRUSTED.into()],
        strict_browser_headers: strict,
        secure: true,
    }
}

fn headers(fields: Fields<'_>) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        map.append(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
    }
    map
}

fn verdict(method: &str, fields: Fields<'_>, settings: &CsrfSettings) -> Verdict {
    let map = headers(fields);
    check(&RequestHead::new(method, "/notes", None, &map), settings, Credential::Ambient).map(|_| ())
}

/// As a request gets it that asks for token mode while it is switched on.
fn token_mode() -> Credential {
    let core = Core::new(testing::config().token_mode(true).build().unwrap());
    let map = headers(&[("cookiejwt-mode", b"token")]);
    Credential::none_yet(core.mode(RequestHead::new("POST", "/", None, &map)))
}

fn assert_rows(rows: &[Row], settings: &CsrfSettings) {
    for (rule, method, fields, expected) in rows {
        assert_eq!(verdict(method, fields, settings), *expected, "{rule}");
    }
}

const SAFE: [Row; 9] = [
    ("1: GET from another site", "GET", &EVIL, ALLOW),
    ("1: HEAD from another site", "HEAD", &EVIL, ALLOW),
    ("1: OPTIONS from another site", "OPTIONS", &EVIL, ALLOW),
    ("1: GET with two Sec-Fetch-Site", "GET", &[EVIL[0], EVIL[0]], ALLOW),
    ("1: GET with JSON", "GET", &[EVIL[0], EVIL[1], (TYPE, b"application/json")], ALLOW),
    ("1: GET with text", "GET", &[EVIL[0], (TYPE, b"text/plain")], ALLOW),
    (
        "1: GET with a type that only begins like a form",
        "GET",
        &[EVIL[0], (TYPE, b"multipart/form-data-x")],
        ALLOW,
    ),
    ("1: GET that upgrades to HTTP/2", "GET", &[EVIL[0], (UPGRADE, b"h2c")], ALLOW),
    (
        "1: GET with a method override is not asked",
        "GET",
        &[EVIL[0], ("x-http-method-override", b"POST")],
        ALLOW,
    ),
];

const UNSAFE: [Row; 26] = [
    ("1: POST", "POST", &EVIL, Err(CrossSite)),
    ("1: PUT", "PUT", &EVIL, Err(CrossSite)),
    ("1: PATCH", "PATCH", &EVIL, Err(CrossSite)),
    ("1: DELETE", "DELETE", &EVIL, Err(CrossSite)),
    ("1: TRACE", "TRACE", &EVIL, Err(CrossSite)),
    ("1: CONNECT (a WebSocket of HTTP/2)", "CONNECT", &EVIL, Err(CrossSite)),
    ("1: QUERY and other new methods", "QUERY", &EVIL, Err(CrossSite)),
    ("1: methods are case-sensitive", "get", &EVIL, Err(CrossSite)),
    ("1: an empty method", "", &EVIL, Err(CrossSite)),
    ("1: GET that upgrades to WebSocket", "GET", &[EVIL[0], (UPGRADE, b"websocket")], Err(CrossSite)),
    ("1: WebSocket in another case", "GET", &[EVIL[0], (UPGRADE, b"WebSocket")], Err(CrossSite)),
    ("1: WebSocket as second offer", "GET", &[EVIL[0], (UPGRADE, b"h2c,  websocket")], Err(CrossSite)),
    (
        "1: WebSocket in a second field",
        "GET",
        &[EVIL[0], (UPGRADE, b"h2c"), (UPGRADE, b"websocket")],
        Err(CrossSite),
    ),
    ("1: HEAD that upgrades to WebSocket", "HEAD", &[EVIL[0], (UPGRADE, b"websocket")], Err(CrossSite)),
    ("1: GET of a form", "GET", &[EVIL[0], (TYPE, b"application/x-www-form-urlencoded")], Err(CrossSite)),
    ("1: HEAD of a form", "HEAD", &[EVIL[0], (TYPE, b"application/x-www-form-urlencoded")], Err(CrossSite)),
    ("1: OPTIONS of a form", "OPTIONS", &[EVIL[0], (TYPE, b"multipart/form-data")], Err(CrossSite)),
    (
        "1: GET of a form, in another case and with a parameter",
        "GET",
        &[EVIL[0], (TYPE, b"Application/X-WWW-Form-URLencoded; charset=utf-8")],
        Err(CrossSite),
    ),
    (
        "1: GET of a multipart form",
        "GET",
        &[EVIL[0], (TYPE, b"multipart/form-data; boundary=x")],
        Err(CrossSite),
    ),
    (
        "1: white space before the parameter",
        "GET",
        &[EVIL[0], (TYPE, b"multipart/form-data ;b=x")],
        Err(CrossSite),
    ),
    (
        "1: GET of a form in the second Content-Type",
        "GET",
        &[EVIL[0], (TYPE, b"text/plain"), (TYPE, b"multipart/form-data")],
        Err(CrossSite),
    ),
    (
        "1: GET of a form that is not ASCII",
        "GET",
        &[EVIL[0], (TYPE, b"multipart/form-data; b=\xff")],
        Err(CrossSite),
    ),
    (
        "method override: POST stays POST",
        "POST",
        &[EVIL[0], ("x-http-method-override", b"GET")],
        Err(CrossSite),
    ),
    ("method override: X-HTTP-Method", "POST", &[EVIL[0], ("x-http-method", b"GET")], Err(CrossSite)),
    (
        "method override: X-Method-Override",
        "POST",
        &[EVIL[0], ("x-method-override", b"HEAD")],
        Err(CrossSite),
    ),
    (
        "an Authorization header is not the credential",
        "POST",
        &[EVIL[0], ("authorization", b"Basic eA==")],
        Err(CrossSite),
    ),
];

#[test]
fn row_1_safe_methods() {
    assert_rows(&SAFE, &settings(None, true));
    assert_rows(&UNSAFE, &settings(None, true));
}

#[test]
fn row_2_the_authorization_header_is_the_credential() {
    for (rule, fields) in [
        ("another site", &EVIL[..]),
        ("two Origins", &[EVIL[1], EVIL[1]]),
        ("neither header, strict", &[]),
        ("a form", &[EVIL[0], (TYPE, b"multipart/form-data")]),
    ] {
        let map = headers(fields);
        let head = RequestHead::new("POST", "/notes", None, &map);
        for credential in [Credential::Header, token_mode()] {
            assert!(check(&head, &settings(None, true), credential).is_ok(), "2: {rule}");
        }
        assert!(check(&head, &settings(None, true), Credential::Ambient).is_err(), "2: {rule}, by cookie");
    }
}

const OTHER_ROWS: [Row; 26] = [
    ("3: two Sec-Fetch-Site", "POST", &[(SITE, b"same-origin"), (SITE, b"same-origin")], Err(Ambiguous)),
    ("3: two that differ", "POST", &[(SITE, b"same-origin"), (SITE, b"cross-site")], Err(Ambiguous)),
    (
        "3: two Origins beside same-origin",
        "POST",
        &[(SITE, b"same-origin"), (ORIGIN, b"https://trusted.example"), (ORIGIN, b"https://trusted.example")],
        Err(Ambiguous),
    ),
    ("3: two Origins alone", "POST", &[(ORIGIN, b"https://trusted.example"), EVIL[1]], Err(Ambiguous)),
    ("3: Sec-Fetch-Site is not ASCII", "POST", &[(SITE, b"same-origin\xff")], Err(Ambiguous)),
    (
        "3: Origin is not ASCII",
        "POST",
        &[(SITE, b"same-origin"), (ORIGIN, b"https://\xc3\xa4")],
        Err(Ambiguous),
    ),
    ("3: Origin is not UTF-8", "POST", &[(ORIGIN, b"https://\xff")], Err(Ambiguous)),
    ("4: same-origin", "POST", &[(SITE, b"same-origin")], ALLOW),
    ("4: same-origin, whatever Origin hides", "POST", &[(SITE, b"same-origin"), (ORIGIN, b"null")], ALLOW),
    ("4: none", "POST", &[(SITE, b"none")], ALLOW),
    ("4: same-origin opens a WebSocket", "GET", &[(SITE, b"same-origin"), (UPGRADE, b"websocket")], ALLOW),
    ("4: same-origin sends a form", "GET", &[(SITE, b"same-origin"), (TYPE, b"multipart/form-data")], ALLOW),
    ("5: same-site", "POST", &[(SITE, b"same-site")], Err(CrossSite)),
    ("5: cross-site", "POST", &[(SITE, b"cross-site")], Err(CrossSite)),
    ("5: an unknown value", "POST", &[(SITE, b"same-planet")], Err(CrossSite)),
    ("5: an empty value", "POST", &[(SITE, b"")], Err(CrossSite)),
    ("5: values are case-sensitive", "POST", &[(SITE, b"Same-Origin")], Err(CrossSite)),
    ("5: a list is an unknown value", "POST", &[(SITE, b"same-origin, none")], Err(CrossSite)),
    (
        "5: same-site and trusted",
        "POST",
        &[(SITE, b"same-site"), (ORIGIN, b"https://trusted.example")],
        ALLOW,
    ),
    (
        "5: cross-site and trusted",
        "POST",
        &[(SITE, b"cross-site"), (ORIGIN, b"https://trusted.example")],
        ALLOW,
    ),
    ("5: unknown and trusted", "POST", &[(SITE, b"same-planet"), (ORIGIN, b"http://127.0.0.1:5173")], ALLOW),
    ("5: cross-site and null", "POST", &[(SITE, b"cross-site"), (ORIGIN, b"null")], Err(CrossSite)),
    (
        "5: the public origin is not in the trusted list",
        "POST",
        &[(SITE, b"same-site"), (ORIGIN, b"https://shop.example")],
        Err(CrossSite),
    ),
    (
        "5: the request's own Host is not in it either",
        "POST",
        &[(SITE, b"cross-site"), (ORIGIN, b"https://a.example"), (HOST, b"a.example")],
        Err(CrossSite),
    ),
    (
        "5: trusted, opens a WebSocket",
        "GET",
        &[(SITE, b"cross-site"), (ORIGIN, b"https://trusted.example"), (UPGRADE, b"websocket")],
        ALLOW,
    ),
    (
        "5: a subdomain of a trusted one",
        "POST",
        &[(SITE, b"cross-site"), (ORIGIN, b"https://x.trusted.example")],
        Err(CrossSite),
    ),
];

#[test]
fn rows_3_to_5_fetch_metadata() {
    for settings in [settings(None, false), settings(Some(PUBLIC), false), settings(None, true)] {
        assert_rows(&OTHER_ROWS, &settings);
    }
}

/// Origin, Host, and whether they are the same without a public origin.
const AT_HOST: [(&str, &str, &str, bool); 34] = [
    ("the same", "https://a.example", "a.example", true),
    ("localhost", "http://localhost:3000", "localhost:3000", true),
    ("a name under localhost", "http://shop.localhost:3000", "shop.localhost:3000", true),
    ("all of 127", "http://127.9.9.9", "127.9.9.9", true),
    ("https on a port", "https://a.example:8443", "a.example:8443", true),
    ("host without case", "https://A.Example", "a.eXAMPLE", true),
    ("scheme without case", "HTTPS://a.example", "a.example", true),
    ("https default port in Host", "https://a.example", "a.example:443", true),
    ("https default port in Origin", "https://a.example:443", "a.example", true),
    ("http default port in Host", "http://localhost", "localhost:80", true),
    ("http default port in Origin", "http://localhost:80", "localhost", true),
    ("the other loopback", "http://localhost:3000", "127.0.0.1:3000", false),
    ("the other scheme's default port", "https://a.example", "a.example:80", false),
    ("http on 443", "http://a.example", "a.example:443", false),
    ("another port", "https://a.example", "a.example:8443", false),
    ("another port in Origin", "https://a.example:8443", "a.example", false),
    ("a sibling", "https://b.example", "a.example", false),
    ("a subdomain", "https://x.a.example", "a.example", false),
    ("a suffix", "https://a.example.evil", "a.example", false),
    ("a prefix", "https://evila.example", "a.example", false),
    ("a trailing dot", "https://a.example.", "a.example", false),
    ("IPv4", "http://127.0.0.1:3000", "127.0.0.1:3000", true),
    ("IPv6", "http://[::1]:3000", "[::1]:3000", true),
    ("IPv6 with the default port", "http://[::1]", "[::1]:80", true),
    ("IPv6 without case", "https://[FE80::1]", "[fe80::1]", true),
    ("another IPv6", "http://[::2]", "[::1]", false),
    ("IPv6 on another port", "http://[::1]:3000", "[::1]", false),
    ("a user in Host", "https://a.example", "evil@a.example", false),
    ("a path in Host", "https://a.example", "a.example/", false),
    ("an empty Host", "https://a.example", "", false),
    ("over plain http", "http://a.example", "a.example", false),
    ("over plain http, in other case", "HTTP://a.example", "a.example", false),
    ("over plain http, on a port", "http://a.example:8080", "a.example:8080", false),
    ("over plain http, from a private network", "http://192.168.0.2", "192.168.0.2", false),
];

/// Where cookies travel over plain HTTP, its pages are ours.
#[test]
fn row_6_without_secure_cookies_the_scheme_is_not_known() {
    let plain = CsrfSettings { secure: false, ..settings(None, true) };
    for (rule, origin, host, same) in AT_HOST {
        let expected = if same || rule.starts_with("over plain http") { ALLOW } else { Err(ForeignOrigin) };
        let fields: Fields<'_> = &[(ORIGIN, origin.as_bytes()), (HOST, host.as_bytes())];
        assert_eq!(verdict("POST", fields, &plain), expected, "6: {rule}");
    }
}

#[test]
fn row_6_the_requests_own_authority() {
    let open = settings(None, true);
    for (rule, origin, host, same) in AT_HOST {
        let expected = if same { ALLOW } else { Err(ForeignOrigin) };
        let fields: Fields<'_> = &[(ORIGIN, origin.as_bytes()), (HOST, host.as_bytes())];
        assert_eq!(verdict("POST", fields, &open), expected, "6: {rule}");
        let map = headers(&[(ORIGIN, origin.as_bytes()), (HOST, b"other.example"), (HOST, b"third.example")]);
        let head = RequestHead::new("POST", "/", Some(host), &map);
        let with_authority = check(&head, &open, Credential::Ambient).map(|_| ());
        assert_eq!(with_authority, expected, "6: {rule}, as :authority");
        let public = verdict("POST", fields, &settings(Some(PUBLIC), false));
        assert_eq!(public, Err(ForeignOrigin), "6: {rule}, but a public origin is set");
    }
}

/// With and without a public origin. WebKit, a service worker of ours, and a form of another page.
const BESIDE_OURS: [(&str, &[u8], &[u8], bool); 10] = [
    ("same-origin, the public origin", b"same-origin", b"https://shop.example", true),
    ("same-origin, the public origin in other case", b"same-origin", b"HTTPS://Shop.example:443", true),
    ("same-origin, trusted", b"same-origin", b"https://trusted.example", true),
    ("same-origin, null", b"same-origin", b"null", true),
    ("same-origin, a sibling", b"same-origin", b"https://www.shop.example", false),
    ("same-origin, another site", b"same-origin", b"https://evil.example", false),
    ("same-origin, the public host over http", b"same-origin", b"http://shop.example", false),
    ("same-origin, the Host", b"same-origin", b"https://a.example", false),
    ("same-origin, no origin at all", b"same-origin", b"", false),
    ("none, another site", b"none", b"https://evil.example", false),
];

#[test]
fn row_4_an_origin_beside_same_origin_is_held_against_the_public_one() {
    for (rule, site, origin, ours) in BESIDE_OURS {
        let fields: Fields<'_> = &[(SITE, site), (ORIGIN, origin), (HOST, b"a.example")];
        let expected = if ours { ALLOW } else { Err(ForeignOrigin) };
        assert_eq!(verdict("POST", fields, &settings(Some(PUBLIC), false)), expected, "4: {rule}");
        assert_eq!(
            verdict("POST", fields, &settings(None, false)),
            ALLOW,
            "4: {rule}, nothing to hold it against"
        );
        assert_eq!(verdict("GET", fields, &settings(Some(PUBLIC), false)), ALLOW, "1: {rule}");
    }
}

const ORIGINS: [Row; 10] = [
    ("6: two Hosts", "POST", &[(ORIGIN, b"https://a"), (HOST, b"a"), (HOST, b"a")], Err(ForeignOrigin)),
    ("6: no Host", "POST", &[(ORIGIN, b"https://a")], Err(ForeignOrigin)),
    ("6: a Host that is not ASCII", "POST", &[(ORIGIN, b"https://a"), (HOST, b"a\xff")], Err(ForeignOrigin)),
    ("6: trusted", "POST", &[(ORIGIN, b"https://trusted.example"), (HOST, b"a")], ALLOW),
    ("6: trusted, with its default port", "POST", &[(ORIGIN, b"https://TRUSTED.example:443")], ALLOW),
    (
        "6: trusted, opens a WebSocket",
        "GET",
        &[(ORIGIN, b"https://trusted.example"), (UPGRADE, b"websocket")],
        ALLOW,
    ),
    ("7: trusted, by another scheme", "POST", &[(ORIGIN, b"http://trusted.example")], Err(ForeignOrigin)),
    ("7: null", "POST", &[(ORIGIN, b"null"), (HOST, b"null")], Err(ForeignOrigin)),
    ("7: evil", "POST", &[EVIL[1], (HOST, b"a.example")], Err(ForeignOrigin)),
    ("7: empty", "POST", &[(ORIGIN, b""), (HOST, b"")], Err(ForeignOrigin)),
];

const PUBLIC_ORIGINS: [Row; 7] = [
    ("6: public", "POST", &[(ORIGIN, b"https://shop.example"), (HOST, b"backend:3000")], ALLOW),
    ("6: public, without case", "POST", &[(ORIGIN, b"HTTPS://SHOP.example")], ALLOW),
    ("6: public, with its default port", "POST", &[(ORIGIN, b"https://shop.example:443")], ALLOW),
    ("7: public, by another scheme", "POST", &[(ORIGIN, b"http://shop.example")], Err(ForeignOrigin)),
    ("7: public, on another port", "POST", &[(ORIGIN, b"https://shop.example:8443")], Err(ForeignOrigin)),
    ("7: only the Host is the same", "POST", &[(ORIGIN, b"https://a"), (HOST, b"a")], Err(ForeignOrigin)),
    ("7: a page of the public origin's sandbox", "POST", &[(ORIGIN, b"null")], Err(ForeignOrigin)),
];

#[test]
fn rows_6_and_7_origin_without_fetch_metadata() {
    assert_rows(&ORIGINS, &settings(None, false));
    assert_rows(&ORIGINS, &settings(Some(PUBLIC), false));
    assert_rows(&PUBLIC_ORIGINS, &settings(Some(PUBLIC), false));
    let reverse = settings(Some("HTTPS://Shop.Example:443"), false);
    assert_eq!(
        verdict("POST", &[(ORIGIN, b"https://shop.example")], &reverse),
        ALLOW,
        "6: port in the setting"
    );
    let no_list = CsrfSettings { trusted_origins: Vec::new(), ..settings(None, false) };
    assert_eq!(verdict("POST", &[(ORIGIN, TRUSTED.as_bytes())], &no_list), Err(ForeignOrigin), "7: no list");
}

#[test]
fn row_8_neither_header() {
    for (rule, strict, expected) in
        [("8: no browser", false, ALLOW), ("8: strict", true, Err(NoBrowserHeaders))]
    {
        for public in [None, Some(PUBLIC)] {
            assert_eq!(verdict("POST", &[(HOST, b"a")], &settings(public, strict)), expected, "{rule}");
            let form = [(TYPE, &b"multipart/form-data"[..])];
            assert_eq!(verdict("GET", &form, &settings(public, strict)), expected, "{rule}, a form");
        }
    }
}

#[test]
fn login_asks_the_same_table() {
    let core = testing::core();
    for (rule, method, fields, expected) in UNSAFE.iter().chain(&SAFE) {
        let map = headers(fields);
        let head = RequestHead::new(method, "/api/auth/token/", None, &map);
        assert_eq!(core.check_csrf(head).map(|_| ()), *expected, "{rule}");
    }
}

/// A custom login.
#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn a_login_is_asked_without_row_1() {
    const OWN: (&str, &[u8]) = (SITE, b"same-origin");
    const NONE: (&str, &[u8]) = (SITE, b"none");
    const BEARER: (&str, &[u8]) = ("authorization", b"Bearer a.b.c");
    const COOKIE: (&str, &[u8]) = ("cookie", b"__Host-access_token=x");
    const MODE: (&str, &[u8]) = ("cookiejwt-mode", b"token");
    let core = Core::new(testing::config().token_mode(true).build().unwrap());
    for (rule, method, fields, expected) in [
        ("POST from another site", "POST", &EVIL[..], Err(CrossSite)),
        ("POST from a sibling", "POST", &[(SITE, b"same-site"), COOKIE], Err(CrossSite)),
        ("POST with a foreign Origin alone", "POST", &[EVIL[1]], Err(ForeignOrigin)),
        ("PUT from another site", "PUT", &EVIL, Err(CrossSite)),
        ("POST from the own page", "POST", &[OWN], ALLOW),
        ("POST of no browser", "POST", &[], ALLOW),
        ("GET from another site", "GET", &EVIL, Err(SafeLogin)),
        ("GET from a link in a mail", "GET", &[NONE], Err(SafeLogin)),
        ("GET from the own page, an image that somebody planted", "GET", &[OWN], Err(SafeLogin)),
        ("GET without either header: an old browser sends none", "GET", &[], Err(SafeLogin)),
        (
            "GET of a form, which Rocket makes of a POST",
            "GET",
            &[OWN, (TYPE, b"multipart/form-data")],
            Err(SafeLogin),
        ),
        ("HEAD", "HEAD", &[OWN], Err(SafeLogin)),
        ("OPTIONS", "OPTIONS", &[OWN], Err(SafeLogin)),
        ("2: token mode", "POST", &[EVIL[0], MODE], ALLOW),
        ("2: token mode by GET", "GET", &[EVIL[0], MODE], ALLOW),
        ("2: a bearer alone", "POST", &[EVIL[0], BEARER], ALLOW),
        ("2: a bearer alone, by GET", "GET", &[EVIL[0], BEARER], ALLOW),
        ("2: a bearer beside a cookie of ours", "POST", &[EVIL[0], BEARER, COOKIE], Err(CrossSite)),
        (
            "2: another scheme, which browsers do send",
            "POST",
            &[EVIL[0], ("authorization", b"Basic YTpi")],
            Err(CrossSite),
        ),
        (
            "2: a bearer that is no token",
            "POST",
            &[EVIL[0], ("authorization", b"Bearer a b")],
            Err(CrossSite),
        ),
        ("2: two bearers", "POST", &[EVIL[0], BEARER, BEARER], Err(CrossSite)),
    ] {
        let map = headers(fields);
        let head = RequestHead::new(method, "/sign-up", None, &map);
        assert_eq!(core.check_login_csrf(head).map(|_| ()), expected, "{rule}");
    }
    let core =
        Core::new(testing::config().credentials(crate::config::CredentialOrder::CookieOnly).build().unwrap());
    let map = headers(&[EVIL[0], BEARER]);
    let head = RequestHead::new("POST", "/sign-up", None, &map);
    assert_eq!(core.check_login_csrf(head).map(|_| ()), Err(CrossSite), "2: a header that is not read");
}

#[test]
fn row_2_token_mode_switched_on_and_asked_for_once() {
    const MODE: &str = "cookiejwt-mode";
    let core = |on| Core::new(testing::config().token_mode(on).build().unwrap());
    for (rule, on, fields, expected) in [
        ("2: asked", true, &[EVIL[0], EVIL[1], (MODE, b"token")][..], ALLOW),
        ("2: asked, Fetch Metadata twice", true, &[EVIL[0], EVIL[0], (MODE, b"token")], ALLOW),
        ("5: not asked", true, &EVIL, Err(CrossSite)),
        ("5: switched off", false, &[EVIL[0], EVIL[1], (MODE, b"token")], Err(CrossSite)),
        ("5: another value", true, &[EVIL[0], EVIL[1], (MODE, b"Token")], Err(CrossSite)),
        ("5: twice", true, &[EVIL[0], (MODE, b"token"), (MODE, b"token")], Err(CrossSite)),
    ] {
        let map = headers(fields);
        let head = RequestHead::new("POST", "/api/auth/token/", None, &map);
        assert_eq!(core(on).check_csrf(head).map(|_| ()), expected, "{rule}");
    }
}

#[test]
fn a_denial_says_which_row() {
    for (denial, text) in [
        (Ambiguous, "Sec-Fetch-Site or Origin is there twice or not ASCII"),
        (CrossSite, "Sec-Fetch-Site says another site, and Origin is not trusted"),
        (ForeignOrigin, "Origin is neither ours nor trusted"),
        (NoBrowserHeaders, "neither Sec-Fetch-Site nor Origin, and strict_browser_headers is on"),
    ] {
        assert_eq!(denial.to_string(), text);
    }
}
