//! Rows B1 to B9.

use super::*;
use crate::{decide::DeviceReason, device::DeviceFault, response::Problem, session::DeviceKey};

fn offer(core: &Core) -> String {
    let login = login(core, true);
    login.device.unwrap().header(PREFIX).unwrap().to_str().unwrap().to_owned()
}

fn assess(core: &Core, fields: &[(&str, &str)], seconds: i64) -> BindAssessment {
    core.bind_device(&head("POST", fields), PREFIX, after(seconds), &|_| None)
}

fn settled(assessment: BindAssessment) -> (Option<Problem>, DeviceReason) {
    let BindAssessment::Settled(decision) = assessment else { panic!("{assessment:?}") };
    reply(&decision)
}

fn reply(decision: &DeviceDecision) -> (Option<Problem>, DeviceReason) {
    let problem = match &decision.reply {
        DeviceReply::Problem(problem) => Some(*problem),
        DeviceReply::Bound { instructions } => {
            assert!(instructions.starts_with(r#"{"session_identifier":"session-1","#), "{instructions}");
            None
        }
        other => panic!("{other:?}"),
    };
    (problem, decision.reason)
}

#[test]
fn what_a_registration_is_answered_before_the_store_is_asked() {
    let offering = core(|config| config);
    let header = offer(&offering);
    let response = testing::device().registers(&header);
    let quoted = format!("\"{response}\"");
    let foreign = testing::device().registers(&offer(&Core::new(
        testing::config().realm("staff").device_bound(DeviceBinding::Offer).build().unwrap(),
    )));
    let renewal = Bound::new().challenge(after(1));
    let renewal = testing::device().registers(&format!("challenge={renewal}"));
    let malformed = (Some(Problem::InvalidRequest), DeviceReason::Malformed);
    let refused = |fault| (Some(Problem::InvalidToken), DeviceReason::Refused(fault));
    let mode = |mode| vec![(RESPONSE, &*response), ("sec-fetch-mode", mode)];
    for (rule, fields, seconds, expected) in [
        ("B2: no response", vec![], 1, malformed),
        ("B2: two of them", vec![(RESPONSE, &*response), (RESPONSE, &*response)], 1, malformed),
        ("B2: a script in cors", mode("cors"), 1, malformed),
        ("B2: a script in same-origin", mode("same-origin"), 1, malformed),
        ("B2: a navigation", mode("navigate"), 1, malformed),
        ("B3: no proof", vec![(RESPONSE, "a.b.c")], 1, refused(DeviceFault::Structure)),
        ("B3: after five minutes", vec![(RESPONSE, &*response)], 300, refused(DeviceFault::Challenge)),
        ("B3: of another realm", vec![(RESPONSE, &*foreign)], 1, refused(DeviceFault::Challenge)),
        ("B3: a challenge of a renewal", vec![(RESPONSE, &*renewal)], 1, refused(DeviceFault::Challenge)),
    ] {
        assert_eq!(settled(assess(&offering, &fields, seconds)), expected, "{rule}");
    }
    for (rule, fields) in [
        ("as a browser sends it", vec![(RESPONSE, &*response), ("sec-fetch-mode", "no-cors")]),
        ("in quotes", vec![(RESPONSE, &*quoted)]),
        ("with foreign cookies", vec![(RESPONSE, &*response), ("cookie", "__Host-refresh_token=x")]),
        ("of another site", vec![(RESPONSE, &*response), ("sec-fetch-site", "cross-site")]),
    ] {
        let assessment = assess(&offering, &fields, 1);
        let BindAssessment::Bind(binding) = assessment else { panic!("{rule}: {assessment:?}") };
        let request = binding.request();
        assert_eq!(
            (request.session_id.as_str(), &request.key),
            (SESSION, &testing::device().key()),
            "{rule}"
        );
    }
}

#[test]
fn b1_nothing_is_bound_unless_sessions_are_offered() {
    let response = testing::device().registers(&offer(&core(|config| config)));
    for binding in [DeviceBinding::Off, DeviceBinding::Keep] {
        let core = core(|config| config.device_bound(binding));
        let decision = settled(assess(&core, &[(RESPONSE, &*response)], 1));
        assert_eq!(decision, (Some(Problem::NotFound), DeviceReason::Disabled), "{binding:?}");
        assert!(login(&core, true).device.is_none(), "{binding:?}");
    }
}

#[test]
fn b3_the_signature_comes_last() {
    let core = core(|config| config);
    let response = testing::device().registers(&offer(&core));
    let (signed, _) = response.rsplit_once('.').unwrap();
    let (_, other) = testing::other_device()
        .signs("{}", "{}")
        .rsplit_once('.')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let forged = format!("{signed}.{other}");
    let fault = |seconds| settled(assess(&core, &[(RESPONSE, &*forged)], seconds)).1;
    assert_eq!(fault(1), DeviceReason::Refused(DeviceFault::Signature));
    assert_eq!(fault(301), DeviceReason::Refused(DeviceFault::Challenge));
}

#[test]
fn b4_a_session_that_has_ended_here() {
    let core = core(|config| config);
    let response = testing::device().registers(&offer(&core));
    let revoked = |_: &crate::session::SessionId| Some(RevocationReason::Logout);
    let assessment = core.bind_device(&head("POST", &[(RESPONSE, &*response)]), PREFIX, after(1), &revoked);
    let expected = (Some(Problem::SessionRevoked), DeviceReason::Refused(DeviceFault::Ended));
    assert_eq!(settled(assessment), expected);
}

#[test]
fn what_the_answer_of_the_store_means() {
    let core = core(|config| config);
    let row = login(&core, true).record;
    let with = |key: Option<DeviceKey>| SessionRecord { device: key, ..row.clone() };
    let unmatched = |row: Option<SessionRecord>| ChangeOutcome::Unmatched(row.map(Box::new));
    let (ours, other) = (testing::device().key(), testing::other_device().key());
    let now = Timestamp::from(after(1));
    let revoked =
        SessionRecord { revoked: Some((now, RevocationReason::Logout)), ..with(Some(ours.clone())) };
    let idle = SessionRecord { expires_at: now, ..with(None) };
    let over = SessionRecord { ends_at: now, ..with(None) };
    let staff = SessionRecord { realm: "staff".into(), ..with(Some(ours.clone())) };
    let ended = |problem| (Some(problem), DeviceReason::Refused(DeviceFault::Ended));
    for (rule, outcome, expected) in [
        ("B5", ChangeOutcome::Changed, (None, DeviceReason::Bound)),
        ("B6: the same key", unmatched(Some(with(Some(ours)))), (None, DeviceReason::BoundAgain)),
        (
            "B7: another key",
            unmatched(Some(with(Some(other)))),
            (Some(Problem::InvalidToken), DeviceReason::Refused(DeviceFault::Conflict)),
        ),
        ("B8: no row", unmatched(None), ended(Problem::SessionRevoked)),
        ("B8: revoked", unmatched(Some(revoked)), ended(Problem::SessionRevoked)),
        ("B8: idle for too long", unmatched(Some(idle)), ended(Problem::SessionExpired)),
        ("B8: past its end", unmatched(Some(over)), ended(Problem::SessionExpired)),
        ("B8: of another realm", unmatched(Some(staff)), ended(Problem::SessionRevoked)),
        (
            "a store that does not bind",
            unmatched(Some(with(None))),
            (Some(Problem::Unavailable), DeviceReason::Unavailable),
        ),
    ] {
        let response = testing::device().registers(&offer(&core));
        let assessment = assess(&core, &[(RESPONSE, &*response)], 1);
        let BindAssessment::Bind(binding) = assessment else { panic!("{assessment:?}") };
        assert_eq!(reply(&binding.complete(outcome)), expected, "{rule}");
    }
}

#[test]
fn b9_a_store_that_is_away() {
    let core = core(|config| config);
    let response = testing::device().registers(&offer(&core));
    let BindAssessment::Bind(binding) = assess(&core, &[(RESPONSE, &*response)], 1) else { panic!() };
    let decision = binding.store_failed();
    assert_eq!(reply(&decision), (Some(Problem::Unavailable), DeviceReason::Unavailable));
    assert_eq!(decision.session_id, Some(SESSION.into()));
}
