//! Which credential decides, in each order; what the `Authorization` field may say; skipped paths.

use super::*;
use crate::{config::CredentialOrder, decide::decision::Reason};

fn all_three(access: String) -> Builder {
    bearer(cookies([access, refresh()]), &bob().bearer())
}

#[test]
fn cookie_then_header() {
    assert_rows(
        |config| config.credentials(CredentialOrder::CookieThenHeader),
        [
            ("a valid access cookie is first", all_three(valid()), "alice by cookie"),
            ("near its end it is still first", all_three(near()), "refresh of alice, soft as alice"),
            ("a valid bearer is second", all_three(expired()), "bob by header"),
            ("a bad cookie never blocks a good header", all_three(forged()), "bob by header"),
            (
                "the refresh cookie is third",
                bearer(cookies([forged(), refresh()]), "Bearer x"),
                "refresh of alice",
            ),
        ],
    );
}

#[test]
fn header_then_cookie() {
    let expired_bearer = bob().expired().bearer();
    let denied = || bearer(forged_post([valid()]), &bob().bearer());
    let dead_bearer = |request| bearer(request, "Bearer x");
    assert_rows(
        |config| config.credentials(CredentialOrder::HeaderThenCookie),
        [
            ("a valid bearer is first", all_three(valid()), "bob by header"),
            ("a valid bearer is asked before the CSRF table", denied(), "bob by header"),
            (
                "a valid access cookie is second",
                bearer(cookies([valid()]), &expired_bearer),
                "alice by cookie",
            ),
            ("the refresh cookie is third", dead_bearer(cookies([expired(), refresh()])), "refresh of alice"),
            ("a: a dead bearer does not decide", dead_bearer(forged_post([valid()])), "403 csrf_failed"),
            ("f: nothing", get(), "anonymous"),
            ("i: early cookie", dead_bearer(cookies([early()])), "401 invalid_token"),
            ("j: dead cookie", dead_bearer(cookies([expired()])), "401 invalid_token, cleared"),
            ("j': dead bearer", dead_bearer(get()), "401 invalid_token"),
        ],
    );
}

#[test]
fn only_cookies_are_read() {
    assert_rows(
        |config| config.credentials(CredentialOrder::CookieOnly),
        [
            ("e: the access cookie", all_three(valid()), "alice by cookie"),
            ("k-r: the refresh cookie", all_three(expired()), "refresh of alice"),
            (
                "a: a bearer counts as absent",
                bearer(forged_post([valid()]), &bob().bearer()),
                "403 csrf_failed",
            ),
            ("f: a valid bearer counts as absent", bearer(get(), &bob().bearer()), "anonymous"),
            ("f: a dead bearer counts as absent", bearer(get(), "Bearer x"), "anonymous"),
            ("j: an early bearer counts as absent", early_bearer(), "401 invalid_token, cleared"),
        ],
    );
}

fn early_bearer() -> Builder {
    bearer(cookies([expired()]), &bob().issued_at(NOW + seconds(6)).bearer())
}

#[test]
fn only_the_header_is_read() {
    assert_rows(
        |config| config.credentials(CredentialOrder::HeaderOnly),
        [
            ("b: the bearer", all_three(valid()), "bob by header"),
            (
                "b: cookies count as absent, so no CSRF rule",
                bearer(forged_post([valid()]), &bob().bearer()),
                "bob by header",
            ),
            ("f: a valid access cookie counts as absent", cookies([valid()]), "anonymous"),
            ("f: a refresh cookie counts as absent", cookies([refresh()]), "anonymous"),
            ("f: not a either", forged_post([valid()]), "anonymous"),
            (
                "j': dead cookies count as absent",
                bearer(cookies([expired()]), "Bearer x"),
                "401 invalid_token",
            ),
        ],
    );
}

#[test]
fn the_authorization_field() {
    let token = bob().token();
    let with = |value: String| bearer(get(), &value);
    let too_long = format!("Bearer {}", "a".repeat(8193));
    assert_rows(
        |config| config,
        [
            ("the scheme in lower case", with(format!("bearer {token}")), "bob by header"),
            ("the scheme in upper case", with(format!("BEARER {token}")), "bob by header"),
            ("several spaces", with(format!("Bearer   {token}")), "bob by header"),
            ("two fields are none", with(bob().bearer()).header(AUTHORIZATION, bob().bearer()), "anonymous"),
            (
                "two dead fields are none",
                with("Bearer x".into()).header(AUTHORIZATION, "Bearer y"),
                "anonymous",
            ),
            ("another scheme is none", with(format!("Token {token}")), "anonymous"),
            ("a longer scheme is none", with(format!("Bearers {token}")), "anonymous"),
            ("the token alone is none", with(token.clone()), "anonymous"),
            ("empty is none", with(String::new()), "anonymous"),
            ("Bearer and nothing is dead", with("Bearer".into()), "401 invalid_token"),
            ("Bearer and blanks is dead", with("Bearer  ".into()), "401 invalid_token"),
            ("two tokens are dead", with(format!("Bearer {token} {token}")), "401 invalid_token"),
            ("a list is dead", with(format!("Bearer {token},")), "401 invalid_token"),
            ("a quoted token is dead", with(format!("Bearer \"{token}\"")), "401 invalid_token"),
            ("parameters are dead", with(format!("Bearer token=\"{token}\"")), "401 invalid_token"),
            ("longer than 8192 bytes is dead", with(too_long), "401 invalid_token"),
        ],
    );
}

#[test]
fn a_token_of_a_header_may_be_longer_than_one_of_a_cookie() {
    let token = bob().claim("padding", "x".repeat(3500));
    assert!(token.token().len() > 4096);
    let rows = [
        ("b: 4097 to 8192 bytes in a header", bearer(get(), &token.bearer()), "bob by header"),
        ("j: more than 4096 bytes in a cookie", cookies([token.cookie()]), "401 invalid_token, cleared"),
    ];
    assert_rows(|config| config, rows);
}

#[test]
fn broken_neighbours_harm_nobody() {
    let broken = |before: &[u8]| {
        let field = [before, b"; ", valid().as_bytes(), b"; \xFF"].concat();
        get().header(COOKIE, field)
    };
    assert_rows(
        |config| config,
        [
            ("not ASCII", broken(b"name=\xE4\xF6"), "alice by cookie"),
            ("no equals sign", broken(b"name"), "alice by cookie"),
            ("no name", broken(b"=value"), "alice by cookie"),
            ("empty pairs", broken(b";; ;"), "alice by cookie"),
            ("a field of its own", cookies([valid()]).header(COOKIE, b"\xFF".as_slice()), "alice by cookie"),
            ("the two in two fields", cookies([expired()]).header(COOKIE, refresh()), "refresh of alice"),
        ],
    );
}

#[test]
fn a_skipped_path_never_settles() {
    let at = |path: &str| cookies([valid(), refresh()]).uri(path);
    assert_rows(
        |config| config.skip("/static/").skip("/health"),
        [
            ("exact", at("/health"), "anonymous"),
            ("exact, without the slash", at("/static"), "anonymous"),
            ("prefix", at("/static/app.js"), "anonymous"),
            ("the query does not count", at("/health?x=1"), "anonymous"),
            ("a path trick loses access", at("/static/../me"), "anonymous"),
            ("a dead cookie is not cleared", cookies([expired()]).uri("/health"), "anonymous"),
            ("no CSRF rule", forged_post([valid()]).uri("/health"), "anonymous"),
            ("a bearer is not read", bearer(get().uri("/health"), &bob().bearer()), "anonymous"),
            ("not on a segment boundary", at("/healthy"), "alice by cookie"),
            ("another case", at("/HEALTH"), "alice by cookie"),
            ("deeper down", at("/me/health"), "alice by cookie"),
            ("only in the query", at("/me?next=/health"), "alice by cookie"),
        ],
    );
    let core = core(RevocationLevel::AtRefresh, |config| config.skip("/health"));
    let head = parts(get().uri("/health"));
    let Assessment::Settled(decision) = core.authenticate(&head, NOW) else { panic!("settled") };
    assert_eq!(decision.reason, Reason::Skipped);
    assert_eq!(decision.required().unwrap_err(), crate::response::Problem::NotAuthenticated);
}
