//! In token mode: the bearer alone, and on the refresh route the body alone.

use super::*;
use crate::{
    config::CredentialOrder,
    decide::decision::Reason,
    request::{CredentialFault, CredentialName},
    session::RevocationReason,
    token::TokenFault,
};

fn on(config: ConfigBuilder) -> ConfigBuilder {
    config.token_mode(true)
}

fn header_first(config: ConfigBuilder) -> ConfigBuilder {
    on(config).credentials(CredentialOrder::HeaderThenCookie)
}

fn asks(request: Builder) -> Builder {
    request.header("cookiejwt-mode", "token")
}

#[test]
fn cookies_count_as_absent() {
    for change in [on, header_first] {
        assert_rows(
            change,
            [
                ("f: nothing", asks(get()), "anonymous"),
                ("f: a valid access cookie", asks(cookies([valid()])), "anonymous"),
                ("f: near its end, no refresh ahead", asks(cookies([near(), refresh()])), "anonymous"),
                ("f: no transparent refresh", asks(cookies([expired(), refresh()])), "anonymous"),
                ("f: the refresh cookie alone", asks(cookies([refresh()])), "anonymous"),
                (
                    "f: dead cookies are not cleared",
                    asks(cookies([forged(), expired_refresh()])),
                    "anonymous",
                ),
                ("f: early cookies", asks(cookies([early(), early_refresh()])), "anonymous"),
                ("f: a name that came twice", asks(cookies([valid(), valid()])), "anonymous"),
                ("f: no row of the CSRF table", asks(forged_post([valid(), refresh()])), "anonymous"),
            ],
        );
    }
}

#[test]
fn the_bearer_alone_decides() {
    let of_bob = bob().bearer();
    let dead = bob().expired().bearer();
    let beside = || asks(cookies([valid(), refresh()]));
    let twice = || bearer(bearer(asks(get()), &of_bob), &of_bob);
    let foreign_key = bob().by(&other_node()).bearer();
    for change in [on, header_first] {
        assert_rows(
            change,
            [
                ("b: alone", bearer(asks(get()), &of_bob), "bob by header"),
                ("b: beside valid cookies", bearer(beside(), &of_bob), "bob by header"),
                ("b: beside dead cookies", bearer(asks(cookies([forged()])), &of_bob), "bob by header"),
                ("b: from another site", bearer(asks(forged_post([valid()])), &of_bob), "bob by header"),
                ("j': dead", bearer(asks(get()), &dead), "401 invalid_token"),
                ("j': dead, a valid cookie does not help", bearer(beside(), &dead), "401 invalid_token"),
                ("j': a refresh token", bearer(asks(get()), &alice_refresh().bearer()), "401 invalid_token"),
                ("j': no token68", bearer(asks(get()), "Bearer a b"), "401 invalid_token"),
                ("i: unknown key", bearer(asks(get()), &foreign_key), "401 invalid_token"),
                ("f: two are none", twice(), "anonymous"),
                ("f: another scheme", bearer(asks(get()), "Basic YTpi"), "anonymous"),
            ],
        );
    }
}

/// What is no token mode is cookie mode, with its CSRF table: nobody gains anything by a doubtful
/// field.
#[test]
fn doubtful_requests_are_in_cookie_mode() {
    let twice = |request| asks(asks(request));
    let other = |request: Builder| request.header("cookiejwt-mode", "TOKEN");
    assert_rows(
        on,
        [
            ("two fields", twice(cookies([valid()])), "alice by cookie"),
            ("two fields, from another site", twice(forged_post([valid()])), "403 csrf_failed"),
            ("another value", other(cookies([expired(), refresh()])), "refresh of alice"),
            ("another value, from another site", other(forged_post([valid()])), "403 csrf_failed"),
        ],
    );
    assert_rows(
        |config| config,
        [
            ("off", asks(cookies([valid()])), "alice by cookie"),
            ("off, from another site", asks(forged_post([valid()])), "403 csrf_failed"),
            ("off, dead", asks(cookies([forged()])), "401 invalid_token, cleared"),
            ("off, beside a bearer", bearer(asks(cookies([valid()])), &bob().bearer()), "alice by cookie"),
        ],
    );
}

fn ask_body(core: &Core, request: Builder, refresh: &str, status: SessionStatus) -> String {
    answer(core, core.refresh_tokens(&parts(request), refresh, NOW), status)
}

#[test]
fn the_refresh_of_a_body() {
    let cookie = || asks(cookies([valid(), refresh()]).method("POST"));
    let (good, gone) = (alice_refresh().token(), "401 session_expired");
    let long = alice_refresh().id("x".repeat(4000)).token();
    assert!((4097..=8192).contains(&long.len()), "{}", long.len());
    for core in LEVELS.map(|level| core(level, on)) {
        for (rule, request, token, expected) in [
            ("valid", asks(get()), good.clone(), "refresh of alice"),
            ("valid, from another site", asks(forged_post([])), good.clone(), "refresh of alice"),
            ("valid, longer than a cookie", asks(get()), long.clone(), "refresh of alice"),
            (
                "i: early",
                asks(get()),
                alice_refresh().issued_at(NOW + seconds(6)).token(),
                "401 invalid_token",
            ),
            ("i: unknown key", asks(get()), alice_refresh().by(&other_node()).token(), "401 invalid_token"),
            ("j: forged", asks(get()), forge(&good), "401 invalid_token"),
            ("j: expired", asks(get()), alice_refresh().expired().token(), gone),
            ("j: an access token", asks(get()), alice().token(), "401 invalid_token"),
            ("j: garbage", asks(get()), "x".into(), "401 invalid_token"),
            ("j: nothing", asks(get()), String::new(), "401 invalid_token"),
            ("j: longer than a header", asks(get()), "x".repeat(8193), "401 invalid_token"),
            ("j: a cookie does not help", cookie(), "x".into(), "401 invalid_token"),
            ("not asked", get(), good.clone(), "401 not_authenticated"),
            ("asked twice", asks(asks(get())), good.clone(), "401 not_authenticated"),
        ] {
            assert_eq!(ask_body(&core, request, &token, SessionStatus::Live), expected, "{rule}");
        }
        let route = |request| answer(&core, core.refresh(&parts(request), NOW), SessionStatus::Live);
        assert_eq!(route(cookie()), "401 not_authenticated", "the refresh cookie is not read");
    }
    let off = core(RevocationLevel::Feed, |config| config);
    assert_eq!(ask_body(&off, asks(get()), &good, SessionStatus::Live), "401 not_authenticated", "off");
}

#[test]
fn row_c_clears_nothing() {
    for core in [RevocationLevel::Feed, RevocationLevel::EveryRequest].map(|level| core(level, on)) {
        for reason in [RevocationReason::Logout, RevocationReason::Replaced] {
            let revoked = SessionStatus::Revoked(reason);
            let body = ask_body(&core, asks(get()), &alice_refresh().token(), revoked);
            assert_eq!(body, "401 session_revoked", "{reason:?}");
            let head = parts(bearer(asks(get()), &bob().bearer()));
            assert_eq!(answer(&core, core.authenticate(&head, NOW), revoked), "401 session_revoked");
        }
        let missing = bearer(asks(cookies([valid()])), &bob().bearer());
        let missing = answer(&core, core.authenticate(&parts(missing), NOW), SessionStatus::Missing);
        assert_eq!(missing, "401 session_revoked");
    }
}

#[test]
fn the_fault_says_that_it_was_in_the_body() {
    let core = core(RevocationLevel::AtRefresh, on);
    let ask = core.refresh_tokens(&parts(asks(get())), &alice_refresh().expired().token(), NOW);
    let Assessment::Settled(decision) = ask else { panic!("{ask:?}") };
    assert_eq!(decision.reason, Reason::NothingUsable);
    let fault = CredentialFault { credential: CredentialName::RefreshBody, fault: TokenFault::Expired };
    assert_eq!(decision.faults(), [fault]);
}
