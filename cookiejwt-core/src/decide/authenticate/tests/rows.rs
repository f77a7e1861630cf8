//! The rows one by one.

use super::*;
use crate::{
    decide::{csrf::CsrfDenial, decision::Reason},
    request::{CredentialFault, CredentialName},
    token::TokenFault,
};

#[test]
fn row_a_the_csrf_table_denies() {
    let dead_bearer = bob().expired().bearer();
    assert_rows(
        |config| config,
        [
            ("a: valid access cookie", forged_post([valid()]), "403 csrf_failed"),
            ("a: dead access cookie", forged_post([expired()]), "403 csrf_failed"),
            ("a: early access cookie", forged_post([early()]), "403 csrf_failed"),
            ("a: refresh cookie alone", forged_post([refresh()]), "403 csrf_failed"),
            ("a: dead refresh cookie alone", forged_post([expired_refresh()]), "403 csrf_failed"),
            ("a: refreshable", forged_post([expired(), refresh()]), "403 csrf_failed"),
            ("a: a cookie that came twice", forged_post([valid(), valid()]), "403 csrf_failed"),
            ("a: foreign Origin", post_from("https://evil.example"), "403 csrf_failed"),
            ("a: Origin null", post_from("null"), "403 csrf_failed"),
            ("a: a form in a GET", form_get([valid()]), "403 csrf_failed"),
            ("a: a valid bearer decides", bearer(forged_post([valid()]), &bob().bearer()), "bob by header"),
            ("a: a dead bearer does not", bearer(forged_post([valid()]), &dead_bearer), "403 csrf_failed"),
            ("not a: only a cookie that is not ours", forged_post(["theme=dark".into()]), "anonymous"),
            ("not a: no cookie at all", bearer(forged_post([]), &bob().bearer()), "bob by header"),
            (
                "not a: GET is safe",
                cookies([valid()]).header("sec-fetch-site", "cross-site"),
                "alice by cookie",
            ),
            ("not a: same origin", same_origin_post([valid()]), "alice by cookie"),
        ],
    );
}

#[test]
fn row_b_a_valid_bearer() {
    let of_bob = bob().bearer();
    let near_end = bob().issued_at(NOW - seconds(280)).bearer();
    assert_rows(
        |config| config,
        [
            ("b: alone", bearer(get(), &of_bob), "bob by header"),
            ("b: no CSRF rule", bearer(forged_post([]), &of_bob), "bob by header"),
            (
                "b: dead cookies come along",
                bearer(cookies([expired(), forged_refresh()]), &of_bob),
                "bob by header",
            ),
            (
                "b: early cookies come along",
                bearer(cookies([early(), early_refresh()]), &of_bob),
                "bob by header",
            ),
            (
                "b: before the refresh cookie",
                bearer(cookies([expired(), refresh()]), &of_bob),
                "bob by header",
            ),
            ("b: no refresh near its end", bearer(cookies([refresh()]), &near_end), "bob by header"),
            ("not b: the access cookie is first", bearer(cookies([valid()]), &of_bob), "alice by cookie"),
        ],
    );
}

#[test]
fn row_e_access_valid_and_not_near_its_end() {
    assert_rows(
        |config| config,
        [
            ("e: access cookie alone", cookies([valid()]), "alice by cookie"),
            ("e: refresh cookie beside it", cookies([valid(), refresh()]), "alice by cookie"),
            ("e: the order of the cookies", cookies([refresh(), valid()]), "alice by cookie"),
            ("e: dead refresh cookie", cookies([valid(), forged_refresh()]), "alice by cookie"),
            ("e: expired refresh cookie", cookies([valid(), expired_refresh()]), "alice by cookie"),
            (
                "e: refresh of two sessions",
                cookies([valid(), refresh(), second_refresh()]),
                "alice by cookie",
            ),
            ("e: access came twice", cookies([valid(), valid()]), "alice by cookie"),
            ("e: access beside junk", cookies([forged(), valid(), garbage("access")]), "alice by cookie"),
            (
                "e: access beside an expired one of another session",
                cookies([valid(), bob().expired().cookie()]),
                "alice by cookie",
            ),
            ("e: refresh of another session", cookies([valid(), other_session()]), "alice by cookie"),
            ("e: dead bearer", bearer(cookies([valid()]), "Bearer x"), "alice by cookie"),
        ],
    );
}

#[test]
fn row_f_no_credential_of_ours() {
    let encoded = valid().replacen("__Host", "%5F%5FHost", 1);
    let other_case = valid().replacen("__Host-access", "__host-access", 1);
    let without_prefix = valid().replacen("__Host-", "", 1);
    assert_rows(
        |config| config,
        [
            ("f: nothing", get(), "anonymous"),
            ("f: cookies that are not ours", cookies(["a=b".into(), "session=x".into()]), "anonymous"),
            ("f: a percent-encoded name is not ours", cookies([encoded]), "anonymous"),
            ("f: a name in another case is not ours", cookies([other_case]), "anonymous"),
            ("f: a name without the prefix is not ours", cookies([without_prefix]), "anonymous"),
            ("f: a name of ours without a value", cookies(["__Host-access_token".into()]), "anonymous"),
            ("f: another scheme", bearer(get(), "Basic YTpi"), "anonymous"),
            ("f: a cross-site POST of nobody", forged_post([]), "anonymous"),
            ("f: a token in the query", Request::get(format!("/me?token={}", bob().token())), "anonymous"),
        ],
    );
}

#[test]
fn row_g_near_its_end_and_nothing_to_refresh_with() {
    let prefetch = cookies([near(), refresh()]).header("sec-purpose", "prefetch");
    assert_rows(
        |config| config,
        [
            ("g: refresh absent", cookies([near()]), "alice by cookie"),
            ("g: refresh forged", cookies([near(), forged_refresh()]), "alice by cookie"),
            ("g: refresh expired", cookies([near(), expired_refresh()]), "alice by cookie"),
            ("g: refresh of two sessions", cookies([near(), refresh(), second_refresh()]), "alice by cookie"),
            (
                "k-r: near its end, refresh came twice",
                cookies([near(), refresh(), refresh()]),
                "refresh of alice, soft as alice",
            ),
            ("e: the newer of two of one session", cookies([near(), valid(), refresh()]), "alice by cookie"),
            ("g: refresh early", cookies([near(), early_refresh()]), "alice by cookie"),
            ("g: refresh of an unknown key", cookies([near(), unknown_key_refresh()]), "alice by cookie"),
            ("g: refresh of another session", cookies([near(), other_session()]), "alice by cookie"),
            ("g: refresh of another subject", cookies([near(), other_subject()]), "alice by cookie"),
            ("g: refresh not permitted", prefetch, "alice by cookie"),
            ("k-r: near its end", cookies([near(), refresh()]), "refresh of alice, soft as alice"),
        ],
    );
    let off = |config: ConfigBuilder| config.refresh_ahead(std::time::Duration::ZERO);
    assert_rows(off, [("e: refresh_ahead 0 is off", cookies([near(), refresh()]), "alice by cookie")]);
}

#[test]
fn row_h_refreshable_but_not_here() {
    let here =
        |request: Builder| request.header("sec-fetch-site", "cross-site").header("sec-fetch-dest", "image");
    let twice = [valid(), second(), refresh()];
    assert_rows(
        |config| config,
        [
            ("h: access absent", here(cookies([refresh()])), "401 refresh_required"),
            ("h: access expired", here(cookies([expired(), refresh()])), "401 refresh_required"),
            ("h: access forged", here(cookies([forged(), refresh()])), "401 refresh_required"),
            ("h: access of two sessions", here(cookies(twice)), "401 refresh_required"),
            ("h: access early", here(cookies([early(), refresh()])), "401 refresh_required"),
            ("h: dead bearer beside", bearer(here(cookies([refresh()])), "Bearer x"), "401 refresh_required"),
            (
                "j: not h, the refresh is dead",
                here(cookies([expired_refresh()])),
                "401 session_expired, cleared",
            ),
        ],
    );
}

#[test]
fn rows_k_to_r_refreshable() {
    assert_rows(
        |config| config,
        [
            ("k-r: access absent", cookies([refresh()]), "refresh of alice"),
            ("k-r: access expired", cookies([expired(), refresh()]), "refresh of alice"),
            ("k-r: access forged", cookies([forged(), refresh()]), "refresh of alice"),
            ("k-r: access of another issuer", cookies([foreign(), refresh()]), "refresh of alice"),
            ("k-r: access of two sessions", cookies([valid(), second(), refresh()]), "refresh of alice"),
            ("k-r: two dead ones", cookies([expired(), forged(), refresh()]), "refresh of alice"),
            ("k-r: refresh came twice", cookies([refresh(), refresh()]), "refresh of alice"),
            ("k-r: refresh beside junk", cookies([garbage("refresh"), refresh()]), "refresh of alice"),
            (
                "k-r: refresh beside another deployment's",
                cookies([unknown_key_refresh(), refresh()]),
                "refresh of alice",
            ),
            (
                "k-r: refresh beside an expired one of another session",
                cookies([alice_refresh().session("another").expired().cookie(), refresh()]),
                "refresh of alice",
            ),
            ("k-r: access early", cookies([early(), refresh()]), "refresh of alice"),
            ("k-r: access of an unknown key", cookies([unknown_key(), refresh()]), "refresh of alice"),
            (
                "k-r: dead access of another session",
                cookies([expired(), other_subject()]),
                "refresh of mallory",
            ),
            ("k-r: dead bearer beside", bearer(cookies([refresh()]), "Bearer x"), "refresh of alice"),
        ],
    );
}

#[test]
fn row_i_nothing_usable_and_something_early() {
    let early_bearer = bob().issued_at(NOW + seconds(6)).bearer();
    let unknown_bearer = bob().by(&other_node()).bearer();
    let swapped = format!("__Host-access_token={}", alice_refresh().token());
    let swapped_refresh = format!("__Host-refresh_token={}", alice().token());
    assert_rows(
        |config| config,
        [
            ("i: early access", cookies([early()]), "401 invalid_token"),
            ("i: access of an unknown key", cookies([unknown_key()]), "401 invalid_token"),
            ("i: early refresh", cookies([early_refresh()]), "401 invalid_token"),
            ("i: refresh of an unknown key", cookies([unknown_key_refresh()]), "401 invalid_token"),
            ("i: both early", cookies([early(), early_refresh()]), "401 invalid_token"),
            ("i: early access, forged refresh", cookies([early(), forged_refresh()]), "401 invalid_token"),
            ("i: early access, expired refresh", cookies([early(), expired_refresh()]), "401 invalid_token"),
            ("i: expired access, early refresh", cookies([expired(), early_refresh()]), "401 invalid_token"),
            (
                "i: early beside two sessions",
                cookies([early(), refresh(), second_refresh()]),
                "401 invalid_token",
            ),
            ("i: an early one among dead ones", cookies([forged(), early()]), "401 invalid_token"),
            ("i: two of another deployment", cookies([unknown_key(), unknown_key()]), "401 invalid_token"),
            (
                "i: a refresh token in the access cookie has an unknown kid",
                cookies([swapped]),
                "401 invalid_token",
            ),
            (
                "i: an access token in the refresh cookie as well",
                cookies([swapped_refresh]),
                "401 invalid_token",
            ),
            ("i: early bearer", bearer(get(), &early_bearer), "401 invalid_token"),
            ("i: bearer of an unknown key", bearer(get(), &unknown_bearer), "401 invalid_token"),
            (
                "i: early bearer, dead cookies",
                bearer(cookies([expired()]), &early_bearer),
                "401 invalid_token",
            ),
            ("i: dead bearer, early cookie", bearer(cookies([early()]), "Bearer x"), "401 invalid_token"),
        ],
    );
}

#[test]
fn row_j_cookies_of_ours_and_nothing_usable() {
    let (gone, invalid) = ("401 session_expired, cleared", "401 invalid_token, cleared");
    assert_rows(
        |config| config,
        [
            ("j: refresh expired, access absent", cookies([expired_refresh()]), gone),
            ("j: refresh expired, access expired", cookies([expired(), expired_refresh()]), gone),
            ("j: refresh expired, access forged", cookies([forged(), expired_refresh()]), gone),
            ("j: refresh expired, dead bearer", bearer(cookies([expired_refresh()]), "Bearer x"), gone),
            ("j: access expired, refresh absent", cookies([expired()]), invalid),
            ("j: access forged", cookies([forged()]), invalid),
            ("j: access of another issuer", cookies([foreign()]), invalid),
            ("j: refresh forged", cookies([forged_refresh()]), invalid),
            ("j: refresh expired and forged", cookies([forge(&expired_refresh())]), invalid),
            ("j: refresh expired and of another issuer", cookies([foreign_refresh()]), invalid),
            ("j: garbage", cookies([garbage("access"), garbage("refresh")]), invalid),
            ("j: an empty value", cookies(["__Host-access_token=".into()]), invalid),
            ("j: access of two sessions", cookies([valid(), second()]), invalid),
            ("j: refresh of two sessions", cookies([refresh(), second_refresh()]), invalid),
            ("j: access of two users in one session", cookies([valid(), alices_session_for_bob()]), invalid),
            ("j: two sessions beside an early one", cookies([valid(), second(), early()]), invalid),
            ("j: expired refresh twice", cookies([expired_refresh(), expired_refresh()]), gone),
            ("j: one expired, one forged", cookies([forged_refresh(), expired_refresh()]), gone),
            ("j: junk twice", cookies([garbage("access"), forged()]), invalid),
            (
                "j: access of two sessions, in two fields",
                cookies([valid()]).header(COOKIE, second()),
                invalid,
            ),
            (
                "j: refresh of two sessions, in two fields",
                cookies([refresh()]).header(COOKIE, second_refresh()),
                invalid,
            ),
            (
                "j: two sessions among four, whatever the fifth is",
                cookies([garbage("access"), forged(), valid(), second(), valid()]),
                invalid,
            ),
            (
                "j: a fifth value is not looked at",
                cookies([garbage("access"), forged(), garbage("access"), forged(), valid()]),
                invalid,
            ),
        ],
    );
}

#[test]
fn row_j_prime_only_a_dead_bearer() {
    let (of_bob, expired) = (bob().bearer(), bob().expired().bearer());
    let refresh_token = alice_refresh().bearer();
    let other_cookie = cookies(["theme=dark".into()]);
    assert_rows(
        |config| config,
        [
            ("j': expired", bearer(get(), &expired), "401 invalid_token"),
            ("j': forged", bearer(get(), &forge(&of_bob)), "401 invalid_token"),
            ("j': of another issuer", bearer(get(), &bob().foreign().bearer()), "401 invalid_token"),
            ("j' or i: a refresh token", bearer(get(), &refresh_token), "401 invalid_token"),
            ("j': a cookie that is not ours", bearer(other_cookie, &expired), "401 invalid_token"),
            (
                "j: a dead cookie of ours came too",
                bearer(cookies([forged()]), &expired),
                "401 invalid_token, cleared",
            ),
        ],
    );
}

#[test]
fn every_settled_row_gives_its_reason() {
    let core = testing::core();
    let image = |request: Builder| request.header("sec-fetch-site", "cross-site");
    for (rule, request, reason) in [
        ("a", forged_post([valid()]), Reason::Csrf(CsrfDenial::CrossSite)),
        ("b", bearer(get(), &bob().bearer()), Reason::AccessValid),
        ("e", cookies([valid()]), Reason::AccessValid),
        ("f", get(), Reason::NoCredential),
        ("g", cookies([near()]), Reason::AccessValid),
        ("h", image(cookies([refresh()])), Reason::RefreshNotPermitted),
        ("i", cookies([early()]), Reason::OnlyEarly),
        ("j", cookies([expired()]), Reason::NothingUsable),
        ("j'", bearer(get(), "Bearer x"), Reason::NothingUsable),
    ] {
        let Assessment::Settled(decision) = core.authenticate(&parts(request), NOW) else { panic!("{rule}") };
        assert_eq!(decision.reason, reason, "{rule}");
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn what_was_not_accepted_goes_to_the_event() {
    use CredentialName::{AccessCookie, Bearer, RefreshCookie};
    for (rule, request, expected) in [
        ("nothing came", get(), vec![]),
        ("all is well", cookies([valid(), forged_refresh()]), vec![]),
        ("duplicate_cookie", cookies([valid(), second()]), vec![(AccessCookie, TokenFault::Duplicate)]),
        (
            "passed over: the others beside one that counts",
            cookies([forged(), valid(), unknown_key()]),
            vec![],
        ),
        (
            "each of several dead ones",
            cookies([forged(), garbage("access"), expired()]),
            vec![
                (AccessCookie, TokenFault::Signature),
                (AccessCookie, TokenFault::Malformed),
                (AccessCookie, TokenFault::Expired),
            ],
        ),
        ("clock_skew", cookies([early()]), vec![(AccessCookie, TokenFault::NotYetValid)]),
        ("unknown_key", cookies([unknown_key()]), vec![(AccessCookie, TokenFault::UnknownKey)]),
        (
            "g: near its end",
            cookies([near(), forged_refresh()]),
            vec![(RefreshCookie, TokenFault::Signature)],
        ),
        (
            "b: beside a bearer",
            bearer(cookies([forged()]), &bob().bearer()),
            vec![(AccessCookie, TokenFault::Signature)],
        ),
        (
            "h: refreshable",
            cookies([expired(), refresh()]).method("OPTIONS"),
            vec![(AccessCookie, TokenFault::Expired)],
        ),
        (
            "j: all three",
            bearer(cookies([expired(), expired_refresh()]), "Bearer ?"),
            vec![
                (AccessCookie, TokenFault::Expired),
                (Bearer, TokenFault::Bearer),
                (RefreshCookie, TokenFault::Expired),
            ],
        ),
    ] {
        let head = parts(request);
        for level in LEVELS {
            let faults = faults(&core(level, |config| config), &head);
            assert_eq!(faults, expected, "{rule} ({level:?})");
        }
    }
}

fn garbage(name: &str) -> String {
    format!("__Host-{name}_token=garbage")
}

fn alices_session_for_bob() -> String {
    testing::access("bob").cookie()
}

fn faults(core: &Core, parts: &Parts) -> Vec<(CredentialName, TokenFault)> {
    let decision = match core.authenticate(parts, NOW) {
        Assessment::Settled(decision) => decision,
        Assessment::NeedsSessionCheck(check) => match check.resolve(SessionStatus::Live) {
            Resolution::Settled(decision) => decision,
            Resolution::NeedsRefresh(_) => panic!("a refresh"),
        },
        Assessment::NeedsRefresh(_) => panic!("a refresh"),
    };
    decision.faults().iter().map(|CredentialFault { credential, fault }| (*credential, *fault)).collect()
}

fn post_from(origin: &str) -> Builder {
    cookies([valid()]).method("POST").header("host", "app.example").header("origin", origin)
}

fn same_origin_post<const N: usize>(pairs: [String; N]) -> Builder {
    cookies(pairs).method("POST").header("sec-fetch-site", "same-origin")
}

fn form_get<const N: usize>(pairs: [String; N]) -> Builder {
    let form = "application/x-www-form-urlencoded";
    cookies(pairs).header("content-type", form).header("sec-fetch-site", "cross-site")
}

fn other_session() -> String {
    alice_refresh().session("another session").cookie()
}

fn other_subject() -> String {
    testing::refresh("mallory").cookie()
}

fn foreign_refresh() -> String {
    alice_refresh().foreign().expired().cookie()
}
