//! Rows b, c and d of [`rules`](crate::rules): what a session check's answer means, and who asks
//! for one.

use super::*;
use crate::{decide::decision::Reason, session::RevocationReason};
use SessionStatus::{Live, Missing, Revoked, Unknown};

const CHECKING: [RevocationLevel; 2] = [RevocationLevel::Feed, RevocationLevel::EveryRequest];
const CLEARING: [RevocationReason; 4] = [
    RevocationReason::Logout,
    RevocationReason::LogoutEverywhere,
    RevocationReason::Reuse,
    RevocationReason::UserInactive,
];

/// A rule, the request, the answer when the session is revoked, missing, unknown.
type Case = (&'static str, Builder, [&'static str; 3]);

fn cases() -> [Case; 8] {
    const GONE: &str = "401 session_revoked, cleared";
    const REFUSED: &str = "401 session_revoked";
    const AWAY: &str = "503 unavailable";
    let image = |request: Builder| request.header("sec-fetch-site", "cross-site");
    let refreshing = "refresh of alice";
    let both = bearer(cookies([valid()]), &bob().bearer());
    let dead_cookies = bearer(cookies([expired(), refresh()]), &bob().bearer());
    [
        ("c, d: access valid", cookies([valid()]), [GONE, GONE, AWAY]),
        ("c, d: near its end", cookies([near(), refresh()]), [GONE, GONE, AWAY]),
        ("c, d: near its end, no refresh", cookies([near()]), [GONE, GONE, AWAY]),
        (
            "c: refreshable; the rotation asks the store",
            cookies([expired(), refresh()]),
            [GONE, refreshing, refreshing],
        ),
        ("c before h", image(cookies([refresh()])), [GONE, "401 refresh_required", "401 refresh_required"]),
        ("c, d: nothing else is tried", both, [GONE, GONE, AWAY]),
        ("b: a bearer clears nothing", bearer(get(), &bob().bearer()), [REFUSED, REFUSED, AWAY]),
        ("b: nor are dead cookies beside it cleared", dead_cookies, [REFUSED, REFUSED, AWAY]),
    ]
}

#[test]
fn what_the_answer_means() {
    for (rule, request, [revoked, missing, unknown]) in cases() {
        let head = parts(request);
        for level in CHECKING {
            let core = core(level, |config| config);
            let ask = |status| answer(&core, core.authenticate(&head, NOW), status);
            for reason in CLEARING {
                assert_eq!(ask(Revoked(reason)), revoked, "{rule} ({level:?}, {reason:?})");
            }
            let replaced = ask(Revoked(RevocationReason::Replaced));
            assert_eq!(replaced, "401 session_revoked", "{rule} ({level:?}): replaced clears nothing");
            assert_eq!(ask(Missing), missing, "{rule} ({level:?}): no row");
            assert_eq!(ask(Unknown), unknown, "{rule} ({level:?}): the store failed");
        }
    }
}

#[test]
fn who_asks_about_which_session() {
    let image = |request: Builder| request.header("sec-fetch-site", "cross-site");
    for (rule, request, session, valid_access) in [
        ("access valid", cookies([valid()]), "alice's", true),
        ("near its end", cookies([near(), refresh()]), "alice's", true),
        ("access valid, refresh of another session", cookies([valid(), of_other_session()]), "alice's", true),
        ("refreshable", cookies([expired(), of_other_session()]), "other", false),
        ("refreshable, not permitted", image(cookies([of_other_session()])), "other", false),
        ("bearer", bearer(get(), &bob().bearer()), "session of bob", true),
    ] {
        let head = parts(request);
        for level in CHECKING {
            let core = core(level, |config| config);
            let Assessment::NeedsSessionCheck(check) = core.authenticate(&head, NOW) else {
                panic!("{rule}")
            };
            let expected =
                if session == "alice's" { alice().identity().session_id().clone() } else { session.into() };
            assert_eq!(*check.session_id(), expected, "{rule}");
            assert_eq!(check.has_valid_access(), valid_access, "{rule}");
        }
    }
}

fn of_other_session() -> String {
    alice_refresh().session("other").cookie()
}

#[test]
fn nobody_asks_when_there_is_no_session_to_ask_about() {
    for level in LEVELS {
        let core = core(level, |config| config);
        for request in [get(), forged_post([valid()]), cookies([early()]), cookies([expired()])] {
            assert!(matches!(core.authenticate(&parts(request), NOW), Assessment::Settled(_)));
        }
    }
}

#[test]
fn row_c_at_refresh_looks_only_at_what_wants_to_refresh() {
    let core = testing::core();
    for (rule, request) in [
        ("access valid", cookies([valid(), refresh()])),
        ("bearer", bearer(get(), &bob().bearer())),
        ("near its end, nothing to refresh with", cookies([near()])),
    ] {
        assert!(core.authenticate(&parts(request), NOW).is_authenticated(), "{rule}: no check at AtRefresh");
    }
    for (rule, request) in [
        ("near its end, never soft", cookies([near(), refresh()])),
        ("access expired", cookies([expired(), refresh()])),
        ("access absent", cookies([refresh()])),
    ] {
        let head = parts(request);
        let revoked = |reason| {
            let Assessment::NeedsRefresh(attempt) = core.authenticate(&head, NOW) else { panic!("{rule}") };
            let settlement = attempt.revoked(reason);
            assert!(settlement.revoke.is_none(), "{rule}: it is revoked already");
            assert_eq!(settlement.decision.reason, Reason::SessionRevoked(reason), "{rule}");
            told(&core, &settlement.decision)
        };
        for reason in CLEARING {
            assert_eq!(revoked(reason), "401 session_revoked, cleared", "c: {rule} ({reason:?})");
        }
        assert_eq!(revoked(RevocationReason::Replaced), "401 session_revoked", "c: {rule}, replaced");
    }
}

#[test]
fn rows_c_and_d_give_their_reason() {
    let core = core(RevocationLevel::EveryRequest, |config| config);
    let reason = RevocationReason::LogoutEverywhere;
    for (status, expected) in [
        (Live, Reason::AccessValid),
        (Revoked(reason), Reason::SessionRevoked(reason)),
        (Missing, Reason::SessionMissing),
        (Unknown, Reason::SessionUnknown),
    ] {
        for request in [cookies([valid()]), bearer(get(), &bob().bearer())] {
            let Assessment::NeedsSessionCheck(check) = core.authenticate(&parts(request), NOW) else {
                panic!("a check")
            };
            let Resolution::Settled(decision) = check.resolve(status) else { panic!("settled") };
            assert_eq!(decision.reason, expected);
        }
    }
}
