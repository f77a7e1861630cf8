//! `token/refresh/` looks at the refresh token alone.

use super::*;
use crate::{config::CredentialOrder, decide::decision::Reason, session::RevocationReason};

fn post<const N: usize>(pairs: [String; N]) -> Builder {
    cookies(pairs).method("POST")
}

fn ask_route(core: &Core, request: Builder, status: SessionStatus) -> String {
    answer(core, core.refresh(&parts(request), NOW), status)
}

fn assert_route(rows: impl IntoIterator<Item = Row>) {
    let cores = LEVELS.map(|level| core(level, |config| config));
    for (rule, request, expected) in rows {
        let head = parts(request);
        for core in &cores {
            let answer = answer(core, core.refresh(&head, NOW), SessionStatus::Live);
            assert_eq!(answer, expected, "{rule} ({:?})", core.config().revocation());
        }
    }
}

#[test]
fn the_csrf_table_without_the_bearer_exception() {
    let with_bearer = bearer(forged_post([refresh()]), &bob().bearer());
    assert_route([
        ("a: cross-site", forged_post([refresh()]), "403 csrf_failed"),
        ("a: a valid bearer does not decide", with_bearer, "403 csrf_failed"),
        ("a: before a dead token is looked at", forged_post([forged_refresh()]), "403 csrf_failed"),
        ("a: without any cookie", bearer(forged_post([]), &bob().bearer()), "403 csrf_failed"),
        ("not a: same origin", post([refresh()]).header("sec-fetch-site", "same-origin"), "refresh of alice"),
        ("not a: not a browser", post([refresh()]), "refresh of alice"),
    ]);
}

#[test]
fn absent() {
    let with_bearer = bearer(post([]), &bob().bearer());
    assert_route([
        ("nothing", post([]), "401 not_authenticated"),
        ("only a valid access cookie", post([valid()]), "401 not_authenticated"),
        ("only a dead access cookie", post([expired()]), "401 not_authenticated"),
        ("only a bearer", with_bearer, "401 not_authenticated"),
    ]);
    let header_only = core(RevocationLevel::Feed, |config| config.credentials(CredentialOrder::HeaderOnly));
    assert_eq!(ask_route(&header_only, post([refresh()]), SessionStatus::Live), "401 not_authenticated");
}

#[test]
fn early_dead_and_valid() {
    let gone = "401 session_expired, cleared";
    assert_route([
        ("i: early", post([early_refresh()]), "401 invalid_token"),
        ("i: unknown key", post([unknown_key_refresh()]), "401 invalid_token"),
        ("j: forged", post([forged_refresh()]), "401 invalid_token, cleared"),
        ("j: expired", post([expired_refresh()]), gone),
        ("j: expired, access still valid", post([valid(), expired_refresh()]), gone),
        ("j: forged, access early", post([early(), forged_refresh()]), "401 invalid_token, cleared"),
        ("j: of two sessions", post([refresh(), second_refresh()]), "401 invalid_token, cleared"),
        ("k-r: twice", post([refresh(), refresh()]), "refresh of alice"),
        ("k-r: beside junk", post([forged_refresh(), refresh(), expired_refresh()]), "refresh of alice"),
        ("k-r: alone", post([refresh()]), "refresh of alice"),
        ("k-r: never soft", post([valid(), refresh()]), "refresh of alice"),
        ("k-r: whatever the access token says", post([expired(), refresh()]), "refresh of alice"),
        ("k-r: nor whose it is", bearer(post([refresh()]), &bob().bearer()), "refresh of alice"),
        (
            "not h: a prefetch may not POST here",
            post([refresh()]).header("sec-purpose", "prefetch"),
            "refresh of alice",
        ),
    ]);
}

#[test]
fn row_c_and_never_d() {
    for level in [RevocationLevel::Feed, RevocationLevel::EveryRequest] {
        let core = core(level, |config| config);
        let ask = |status| ask_route(&core, post([valid(), refresh()]), status);
        let cleared = ask(SessionStatus::Revoked(RevocationReason::Logout));
        assert_eq!(cleared, "401 session_revoked, cleared", "c");
        let replaced = ask(SessionStatus::Revoked(RevocationReason::Replaced));
        assert_eq!(replaced, "401 session_revoked", "c: replaced clears nothing");
        assert_eq!(ask(SessionStatus::Missing), "refresh of alice", "n decides");
        assert_eq!(ask(SessionStatus::Unknown), "refresh of alice", "the rotation asks the store");
    }
}

#[test]
fn the_reasons() {
    let core = testing::core();
    for (request, reason) in [
        (post([]), Reason::NoCredential),
        (post([early_refresh()]), Reason::OnlyEarly),
        (post([expired_refresh()]), Reason::NothingUsable),
    ] {
        let Assessment::Settled(decision) = core.refresh(&parts(request), NOW) else { panic!("{reason:?}") };
        assert_eq!(decision.reason, reason);
    }
}
