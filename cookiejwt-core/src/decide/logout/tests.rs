//! Which sessions a logout ends, and what it clears.

use http::{
    Request,
    header::{AUTHORIZATION, COOKIE},
    request::Builder,
};

use super::Logout;
use crate::{
    config::CredentialOrder,
    decide::{csrf::CsrfDenial, facade::Core},
    response::SetCookies,
    session::SessionId,
    testing::{self, TestToken},
};

/// A rule, the request, the body's `refresh`, and the sessions that end, or the denial.
type Row = (&'static str, Builder, Option<String>, &'static str);

fn post<const N: usize>(pairs: [String; N]) -> Builder {
    let request = Request::post("/logout/");
    if N == 0 { request } else { request.header(COOKIE, Vec::from(pairs).join("; ")) }
}

fn bearer(request: Builder, value: String) -> Builder {
    request.header(AUTHORIZATION, value)
}

fn access(session: &str) -> TestToken {
    testing::access("alice").session(session)
}

fn refresh(session: &str) -> TestToken {
    testing::refresh("alice").session(session)
}

fn logout(core: &Core, request: Builder, body: Option<&str>) -> Result<Logout, CsrfDenial> {
    let (head, ()) = request.body(()).unwrap().into_parts();
    core.logout(&head, body)
}

fn told(result: &Result<Logout, CsrfDenial>) -> String {
    match result {
        Ok(logout) => logout.sessions.iter().map(SessionId::as_str).collect::<Vec<_>>().join(" "),
        Err(denial) => format!("{denial:?}"),
    }
}

fn lines(cookies: &SetCookies) -> Vec<&str> {
    cookies.iter().map(|cookie| cookie.line().to_str().unwrap()).collect()
}

fn assert_rows(core: &Core, rows: impl IntoIterator<Item = Row>) {
    for (rule, request, body, expected) in rows {
        let result = logout(core, request, body.as_deref());
        assert_eq!(told(&result), expected, "{rule}");
        if let Ok(logout) = result {
            assert_eq!(lines(&logout.cookies), lines(&core.clear_cookies()), "{rule}: always cleared");
        }
    }
}

#[test]
fn every_session_that_a_signed_token_names() {
    let both = || post([access("a").cookie(), refresh("r").cookie()]);
    assert_rows(
        &testing::core(),
        [
            ("nothing came", post([]), None, ""),
            ("access cookie", post([access("a").cookie()]), None, "a"),
            ("refresh cookie", post([refresh("r").cookie()]), None, "r"),
            ("both of one session", post([access("s").cookie(), refresh("s").cookie()]), None, "s"),
            ("both of two sessions", both(), None, "a r"),
            ("bearer", bearer(post([]), access("b").bearer()), None, "b"),
            ("body", post([]), Some(refresh("body").token()), "body"),
            ("all four", bearer(both(), access("b").bearer()), Some(refresh("body").token()), "a r b body"),
            (
                "all four of one session",
                bearer(post([access("s").cookie(), refresh("s").cookie()]), access("s").bearer()),
                Some(refresh("s").token()),
                "s",
            ),
        ],
    );
}

#[test]
fn each_value_of_a_duplicated_cookie() {
    let in_one =
        post([access("1").cookie(), access("2").cookie(), refresh("3").cookie(), refresh("4").cookie()]);
    let in_two = post([refresh("1").cookie()]).header(COOKIE, refresh("2").cookie());
    let beside_garbage = post(["__Host-refresh_token=x".into(), refresh("1").cookie()]);
    assert_rows(
        &testing::core(),
        [
            ("in one field", in_one, None, "1 2 3 4"),
            ("in two fields", in_two, None, "1 2"),
            ("beside garbage", beside_garbage, None, "1"),
        ],
    );
}

#[test]
fn expired_ones_too_and_early_ones() {
    let ahead = testing::NOW + time::Duration::days(1);
    let expired = || post([access("a").expired().cookie(), refresh("r").expired().cookie()]);
    let early = post([access("a").issued_at(ahead).cookie(), refresh("r").issued_at(ahead).cookie()]);
    assert_rows(
        &testing::core(),
        [
            ("expired cookies", expired(), None, "a r"),
            ("an expired bearer", bearer(post([]), access("b").expired().bearer()), None, "b"),
            ("an expired body", post([]), Some(refresh("body").expired().token()), "body"),
            ("early ones, another node's clock is ahead", early, None, "a r"),
        ],
    );
}

#[test]
fn nothing_that_we_did_not_sign_for_this_purpose() {
    let forged = |pair: String| format!("{}{}", &pair[..pair.len() - 8], "AAAAAAAA");
    let swapped = |token: String, name: &str| format!("__Host-{name}_token={token}");
    assert_rows(
        &testing::core(),
        [
            ("garbage", post(["__Host-access_token=x".into(), "__Host-refresh_token=".into()]), None, ""),
            ("forged", post([forged(access("a").cookie()), forged(refresh("r").cookie())]), None, ""),
            (
                "another issuer's",
                post([access("a").foreign().cookie(), refresh("r").foreign().cookie()]),
                None,
                "",
            ),
            ("a cookie that is not ours", post([format!("token={}", access("a").token())]), None, ""),
            (
                "a refresh token in the access cookie",
                post([swapped(refresh("r").token(), "access")]),
                None,
                "",
            ),
            (
                "an access token in the refresh cookie",
                post([swapped(access("a").token(), "refresh")]),
                None,
                "",
            ),
            ("a refresh token as bearer", bearer(post([]), refresh("r").bearer()), None, ""),
            ("another scheme", bearer(post([]), format!("Token {}", access("a").token())), None, ""),
            ("two bearers", bearer(bearer(post([]), access("a").bearer()), access("b").bearer()), None, ""),
            ("an access token in the body", post([]), Some(access("a").token()), ""),
            ("garbage in the body", post([]), Some("x.y.z".into()), ""),
            ("an empty body", post([]), Some(String::new()), ""),
            ("a huge body", post([]), Some("x".repeat(100_000)), ""),
        ],
    );
}

#[test]
fn the_csrf_table() {
    let cross_site = |request: Builder| request.header("sec-fetch-site", "cross-site");
    let bare = |token: TestToken| cross_site(bearer(post([]), token.bearer()));
    let same_origin = post([access("a").cookie()]).header("sec-fetch-site", "same-origin");
    let foreign = post([]).header("origin", "https://evil.example");
    let both = cross_site(bearer(post([access("a").cookie()]), access("b").bearer()));
    let other_cookie = cross_site(bearer(post(["theme=dark".into()]), access("b").bearer()));
    let body = || Some(refresh("body").token());
    assert_rows(
        &testing::core(),
        [
            ("cookies", cross_site(post([refresh("r").cookie()])), None, "CrossSite"),
            ("a dead cookie", cross_site(post([refresh("r").expired().cookie()])), None, "CrossSite"),
            ("garbage in a cookie", cross_site(post(["__Host-access_token=".into()])), None, "CrossSite"),
            ("nothing", cross_site(post([])), None, "CrossSite"),
            ("a body alone", cross_site(post([])), body(), "CrossSite"),
            ("a forged bearer", cross_site(bearer(post([]), "Bearer x.y.z".into())), None, "CrossSite"),
            ("a bearer beside a cookie", both, None, "CrossSite"),
            ("a foreign Origin", foreign, None, "ForeignOrigin"),
            ("exempt: a bearer alone", bare(access("b")), None, "b"),
            ("exempt: an expired bearer alone", bare(access("b").expired()), None, "b"),
            ("exempt: a bearer and a body", bare(access("b")), body(), "b body"),
            ("exempt: a bearer beside a cookie that is not ours", other_cookie, None, "b"),
            ("allowed: same origin", same_origin, None, "a"),
        ],
    );
}

#[test]
fn a_source_that_is_not_listed_is_not_read() {
    let ordered = |order| Core::new(testing::config().credentials(order).build().unwrap());
    let all = || bearer(post([access("a").cookie(), refresh("r").cookie()]), access("b").bearer());
    let body = || Some(refresh("body").token());
    let (header_only, cookie_only) = (CredentialOrder::HeaderOnly, CredentialOrder::CookieOnly);
    let header_first = CredentialOrder::HeaderThenCookie;
    assert_rows(&ordered(header_only), [("header only", all(), body(), "b body")]);
    assert_rows(&ordered(cookie_only), [("cookie only", all(), body(), "a r body")]);
    assert_rows(&ordered(header_first), [("the order", all(), body(), "a r b body")]);
    let cross_site = all().header("sec-fetch-site", "cross-site");
    assert!(
        logout(&ordered(header_only), cross_site, None).is_ok(),
        "cookies that are not read are no credential"
    );
    let cross_site = bearer(post([]), access("b").bearer()).header("sec-fetch-site", "cross-site");
    assert!(logout(&ordered(cookie_only), cross_site, None).is_err(), "nor is a bearer that is not read");
}

#[test]
fn every_byte_that_clears() {
    let logout = logout(&testing::core(), post([]), None).unwrap();
    let rest = "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    assert_eq!(
        lines(&logout.cookies),
        [format!("__Host-access_token={rest}"), format!("__Host-refresh_token={rest}")]
    );
}

#[test]
fn tokens_of_the_previous_secret_still_name_their_session() {
    let secret =
        || crate::config::Secret::from_base64("NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=").unwrap();
    let old = Core::new(testing::config().secret(secret()).build().unwrap());
    let new = Core::new(testing::config().previous_secret(secret()).build().unwrap());
    let cookies = || post([access("a").by(&old).cookie(), refresh("r").by(&old).cookie()]);
    assert_rows(&new, [("previous secret", cookies(), None, "a r")]);
    assert_rows(&testing::core(), [("unknown secret", cookies(), None, "")]);
}

#[test]
fn token_mode_reads_and_clears_no_cookie() {
    let ordered = |on| Core::new(testing::config().token_mode(on).build().unwrap());
    let all = || bearer(post([access("a").cookie(), refresh("r").cookie()]), access("b").bearer());
    let asks = |request: Builder| request.header("cookiejwt-mode", "token");
    let body = || Some(refresh("body").token());
    for (rule, request, body, expected) in [
        ("nothing", asks(post([])), None, ""),
        ("cookies alone", asks(post([access("a").cookie(), refresh("r").cookie()])), None, ""),
        ("bearer", asks(all()), None, "b"),
        ("bearer and body", asks(all()), body(), "b body"),
        (
            "body alone, from another site",
            asks(post([]).header("sec-fetch-site", "cross-site")),
            body(),
            "body",
        ),
        ("from another site", asks(all().header("sec-fetch-site", "cross-site")), body(), "b body"),
    ] {
        let logout = logout(&ordered(true), request, body.as_deref());
        assert_eq!(told(&logout), expected, "{rule}");
        assert!(logout.unwrap().cookies.is_empty(), "{rule}");
    }
    assert_rows(&ordered(false), [("off", asks(all()), body(), "a r b body")]);
    assert_rows(&ordered(true), [("asked twice", asks(asks(all())), body(), "a r b body")]);
}

/// Each value costs a signature, and 16 KiB hold dozens of them.
#[test]
fn at_most_four_values_of_a_name_are_looked_at() {
    let core = testing::core();
    let five = |kind: fn(&str) -> TestToken| ["1", "2", "3", "4", "5"].map(|session| kind(session).cookie());
    let [access, refresh] = [five(access), five(refresh)];
    let junk = || "__Host-refresh_token=x".to_owned();
    let [.., last] = refresh.clone();
    assert_rows(
        &core,
        [
            ("five access cookies", post(access.clone()), None, "1 2 3 4"),
            ("five refresh cookies", post(refresh.clone()), None, "1 2 3 4"),
            ("junk counts", post([junk(), junk(), junk(), junk(), last.clone()]), None, ""),
            ("four are looked at", post([junk(), junk(), junk(), last]), None, "5"),
        ],
    );
    let (head, ()) = post(access).header(COOKIE, refresh.join("; ")).body(()).unwrap().into_parts();
    let sessions = core.presented_sessions(&head);
    assert_eq!(sessions, ["1", "2", "3", "4"].map(SessionId::from), "a login that replaces them");
}

/// The table is asked first: what it refuses costs no signature, unless a bearer is all that came.
#[test]
fn what_the_csrf_table_refuses() {
    let core = testing::core();
    let foreign = |request: Builder| request.header("sec-fetch-site", "cross-site");
    let of_b = access("b").bearer();
    assert_rows(
        &core,
        [
            ("a cookie", foreign(post([access("a").cookie()])), None, "CrossSite"),
            ("nothing", foreign(post([])), None, "CrossSite"),
            (
                "nothing, but a refresh in the body",
                foreign(post([])),
                Some(refresh("r").token()),
                "CrossSite",
            ),
            ("a bearer alone", bearer(foreign(post([])), of_b.clone()), None, "b"),
            ("a dead bearer alone", bearer(foreign(post([])), "Bearer x".into()), None, "CrossSite"),
            (
                "a bearer beside a cookie",
                bearer(foreign(post([access("a").cookie()])), of_b.clone()),
                None,
                "CrossSite",
            ),
            (
                "a bearer beside a dead cookie",
                bearer(foreign(post(["__Host-access_token=x".into()])), of_b),
                None,
                "CrossSite",
            ),
        ],
    );
}

#[test]
fn the_cache_is_cleared_by_a_logout_alone_and_only_where_that_is_set() {
    let field = |cookies: &SetCookies, core: &Core| {
        let mut headers = http::HeaderMap::new();
        core.write_cookies(cookies, &mut headers);
        headers.get("clear-site-data").map(|value| value.to_str().unwrap().to_owned())
    };
    let on = Core::new(testing::config().clear_site_data(true).token_mode(true).build().unwrap());
    let asked = |core: &Core, request| field(&logout(core, request, None).unwrap().cookies, core);
    assert_eq!(asked(&on, post([])).as_deref(), Some("\"cache\""));
    assert_eq!(asked(&on, post([]).header("cookiejwt-mode", "token")), None, "no browser");
    assert_eq!(field(&on.clear_cookies(), &on), None, "stale cookies");
    assert_eq!(asked(&testing::core(), post([])), None, "the default");
}
