//! Access tokens whose claims were renewed: dead, and refreshable like any other dead one.

use super::*;
use crate::{
    decide::decision::Reason,
    request::{CredentialFault, CredentialName},
    session::SessionId,
    token::TokenFault,
};

/// The sessions of alice and bob were renewed twice.
fn twice(session: &SessionId) -> i64 {
    let ours = [alice(), bob()].map(|token| token.identity().session_id().clone());
    if ours.contains(session) { 2 } else { 0 }
}

fn asked(core: &Core, head: &Parts) -> String {
    answer(core, core.authenticate_with(head, NOW, &twice), SessionStatus::Live)
}

fn of_alice(version: i64) -> String {
    alice().version(version).cookie()
}

fn of_bob(version: i64) -> String {
    bob().version(version).bearer()
}

#[test]
fn an_access_token_with_a_lower_version_is_dead() {
    const SENT: &str = "refresh of alice";
    let image = |request: Builder| request.header("sec-fetch-site", "cross-site");
    let near = |version| alice().issued_at(NOW - seconds(280)).version(version).cookie();
    for (rule, request, expected) in [
        ("never renewed in the token", cookies([of_alice(0), refresh()]), SENT),
        ("renewed once of twice", cookies([of_alice(1), refresh()]), SENT),
        ("as often", cookies([of_alice(2), refresh()]), "alice by cookie"),
        ("more often than this node knows", cookies([of_alice(3), refresh()]), "alice by cookie"),
        ("another session", cookies([alice().session("another").cookie()]), "alice by cookie"),
        ("near its end: not soft", cookies([near(0), refresh()]), SENT),
        ("near its end and renewed: soft", cookies([near(2), refresh()]), {
            "refresh of alice, soft as alice"
        }),
        ("h: refreshable, not permitted", image(cookies([of_alice(1), refresh()])), "401 refresh_required"),
        ("i: an early refresh token", cookies([of_alice(1), early_refresh()]), "401 invalid_token"),
        ("j: nothing to refresh with", cookies([of_alice(1)]), "401 invalid_token, cleared"),
        ("b: a bearer that was renewed", bearer(get(), &of_bob(2)), "bob by header"),
        ("j': a bearer that was not", bearer(get(), &of_bob(1)), "401 invalid_token"),
        ("b: after a dead cookie", bearer(cookies([of_alice(1)]), &of_bob(2)), "bob by header"),
        ("h to j: both dead", bearer(cookies([of_alice(1), refresh()]), &of_bob(1)), SENT),
        ("a: it is no way round the CSRF table", bearer(forged_post([valid()]), &of_bob(1)), {
            "403 csrf_failed"
        }),
        ("of two, the newer one decides", cookies([of_alice(1), near(2), refresh()]), SENT),
    ] {
        for level in LEVELS {
            let core = core(level, |config| config);
            assert_eq!(asked(&core, &parts(request_of(&request))), expected, "{rule} ({level:?})");
        }
    }
}

/// A builder cannot be cloned.
fn request_of(request: &Builder) -> Builder {
    let mut copy = Request::builder().method(request.method_ref().unwrap().clone()).uri("/me");
    copy.headers_mut().unwrap().clone_from(request.headers_ref().unwrap());
    copy
}

#[test]
fn the_event_says_which_and_no_client_does() {
    let core = core(RevocationLevel::Feed, |config| config);
    let Assessment::Settled(decision) = core.authenticate_with(&parts(cookies([of_alice(1)])), NOW, &twice)
    else {
        panic!("nothing to ask")
    };
    let fault = CredentialFault { credential: CredentialName::AccessCookie, fault: TokenFault::Outdated };
    assert_eq!(decision.faults(), [fault]);
    assert_eq!(decision.reason, Reason::NothingUsable);
}

#[test]
fn what_the_row_of_a_session_says() {
    for level in [RevocationLevel::Feed, RevocationLevel::EveryRequest] {
        let core = core(level, |config| config);
        for (rule, request, version, expected) in [
            ("renewed since", cookies([of_alice(1), refresh()]), 2, true),
            ("renewed since, a bearer", bearer(get(), &of_bob(1)), 2, true),
            ("as the token says", cookies([of_alice(2), refresh()]), 2, false),
            ("another node knew more", cookies([of_alice(3), refresh()]), 2, false),
            ("no valid access token", cookies([expired(), refresh()]), 2, false),
        ] {
            let Assessment::NeedsSessionCheck(check) = core.authenticate(&parts(request), NOW) else {
                panic!("{rule}")
            };
            assert_eq!(check.is_outdated(version), expected, "{rule} ({level:?})");
        }
    }
}
