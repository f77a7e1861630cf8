//! What a memo of verified tokens may and may not change.

mod fields;

use time::Duration;

use crate::{
    config::RevocationLevel,
    decide::{Assessment, Core, SessionStatus},
    internal::test_memo::Tokens,
    session::RevocationReason,
    testing::{self, NOW},
};

fn core_with(notes: &Tokens, level: RevocationLevel) -> Core {
    Core::with_memo(testing::config().revocation(level).build().unwrap(), notes.clone())
}

fn core(notes: &Tokens) -> Core {
    core_with(notes, RevocationLevel::AtRefresh)
}

fn ask(core: &Core, cookie: &str, seconds: i64) -> Assessment {
    let (parts, ()) = http::Request::get("/").header("cookie", cookie).body(()).unwrap().into_parts();
    core.authenticate(&parts, NOW + Duration::seconds(seconds))
}

#[test]
fn the_second_time_comes_from_the_memo_and_says_the_same() {
    let notes = Tokens::default();
    let core = core(&notes);
    let cookie = testing::access("42").claim("role", "admin").cookie();
    let said = |assessment| match assessment {
        Assessment::Settled(decision) => {
            let who = decision.identity().unwrap().clone();
            (who.subject().clone(), who.session_id().clone(), who.claims::<serde_json::Value>().unwrap())
        }
        other => panic!("{other:?}"),
    };
    let first = said(ask(&core, &cookie, 0));
    assert_eq!((notes.len(), notes.hits()), (1, 0));
    assert_eq!(said(ask(&core, &cookie, 1)), first);
    assert_eq!((notes.len(), notes.hits()), (1, 1));
}

#[test]
fn its_times_are_checked_at_every_use() {
    for (rule, seconds, alive) in [
        ("the last second of the leeway", 304, true),
        ("its end", 305, false),
        ("the first second of the leeway", -5, true),
        ("early", -6, false),
    ] {
        let notes = Tokens::default();
        let core = core(&notes);
        let cookie = testing::access("42").cookie();
        assert!(ask(&core, &cookie, 0).is_authenticated());
        assert_eq!(ask(&core, &cookie, seconds).is_authenticated(), alive, "{rule}");
        assert_eq!(notes.len() == 1, alive, "{rule}: what has ended is forgotten");
    }
}

#[test]
fn nothing_is_remembered_whose_signature_does_not_hold() {
    let good = testing::access("42").cookie();
    let (signed, _) = good.rsplit_once('.').unwrap();
    for (rule, cookie) in [
        ("forged", format!("{signed}.{}", "A".repeat(43))),
        ("foreign", testing::access("42").foreign().cookie()),
        ("expired", testing::access("42").expired().cookie()),
        ("garbage", "__Host-access_token=x".into()),
        ("a refresh token", testing::refresh("42").cookie().replace("refresh", "access")),
    ] {
        let notes = Tokens::default();
        assert!(!ask(&core(&notes), &cookie, 0).is_authenticated(), "{rule}");
        assert_eq!(notes.len(), 0, "{rule}");
    }
}

#[test]
fn the_whole_token_is_compared_whatever_the_memo_compares() {
    let notes = Tokens::default();
    let core = core(&notes);
    let alice = testing::access("alice").cookie();
    assert!(ask(&core, &alice, 0).is_authenticated());
    notes.mix_up();
    let (signed, signature) = alice.rsplit_once('.').unwrap();
    let last = if signature.ends_with('A') { "E" } else { "A" };
    for (rule, cookie) in [
        ("another signature", format!("{signed}.{}{last}", &signature[..42])),
        ("a prefix", alice[..alice.len() - 1].to_owned()),
        ("longer", format!("{alice}A")),
        ("garbage", "__Host-access_token=x".into()),
    ] {
        assert!(!ask(&core, &cookie, 0).is_authenticated(), "{rule}");
    }
    let Assessment::Settled(decision) = ask(&core, &testing::access("bob").cookie(), 0) else { panic!() };
    assert_eq!(decision.identity().unwrap().subject().as_str(), "bob");
}

#[test]
fn the_session_is_asked_about_every_time() {
    for level in [RevocationLevel::Feed, RevocationLevel::EveryRequest] {
        let notes = Tokens::default();
        let core = core_with(&notes, level);
        let cookie = testing::access("42").cookie();
        for round in 0..2 {
            let Assessment::NeedsSessionCheck(check) = ask(&core, &cookie, 0) else { panic!("{level:?}") };
            let revoked = SessionStatus::Revoked(RevocationReason::Logout);
            let crate::decide::Resolution::Settled(decision) = check.resolve(revoked) else {
                panic!("{level:?}")
            };
            assert!(decision.identity().is_none(), "{level:?}, round {round}");
        }
        assert_eq!(notes.hits(), 1, "{level:?}: the second time it came from the memo");
    }
}

#[test]
fn the_limit_of_a_cookie_holds_for_what_a_header_brought() {
    let notes = Tokens::default();
    let core = core(&notes);
    let token = testing::access("42").claim("text", "x".repeat(4000));
    let (parts, ()) =
        http::Request::get("/").header("authorization", token.bearer()).body(()).unwrap().into_parts();
    assert!(core.authenticate(&parts, NOW).is_authenticated());
    assert_eq!(notes.len(), 1);
    let cookie = format!("__Host-access_token={}", token.token());
    assert!(ask(&core, &cookie, 0).is_refused());
}
