//! Rows P1 to P19.

use super::*;
use crate::{
    decide::DeviceReason,
    device::{DeviceEnd, DeviceFault},
    fault::CsrfDenial,
    response::Problem,
};

/// What a browser gets: a status with cookies, or none.
#[derive(Debug, PartialEq)]
enum Answer {
    Challenge,
    End { clears: bool },
    Renewed,
    Problem(Problem),
}

fn answer(decision: &DeviceDecision) -> (Answer, DeviceReason) {
    let answer = match &decision.reply {
        DeviceReply::Challenge { .. } => Answer::Challenge,
        DeviceReply::Ended { instructions, cookies } => {
            assert_eq!(instructions, r#"{"session_identifier":"session-1","continue":false}"#);
            let clears = clears_both(cookies);
            assert!(clears || cookies.is_empty());
            Answer::End { clears }
        }
        DeviceReply::Renewed { cookies, .. } => {
            assert_eq!(pairs(cookies).len(), 2);
            Answer::Renewed
        }
        DeviceReply::Problem(problem) => Answer::Problem(*problem),
        DeviceReply::Bound { .. } => panic!("{decision:?}"),
    };
    (answer, decision.reason)
}

fn settled(core: &Core, fields: &[(&str, &str)], seconds: i64) -> (Answer, DeviceReason) {
    let assessment = core.renew_device(&head("POST", fields), PREFIX, after(seconds), &|_| None);
    let RenewAssessment::Settled(decision) = assessment else { panic!("{assessment:?}") };
    answer(&decision)
}

/// The challenge of a registration, without the session before it.
fn code_of_registration(core: &Core) -> String {
    let challenge = core.parts().challenges.registration(&SESSION.into(), Timestamp::from(NOW));
    challenge.split_once('.').unwrap().1.to_owned()
}

const NO_END: Answer = Answer::End { clears: false };
const CLEARED: Answer = Answer::End { clears: true };

#[test]
fn what_a_renewal_is_answered_before_the_store_is_asked() {
    let bound = Bound::with(core(|config| config.token_mode(true)));
    let cookie = ("cookie", &*bound.refresh);
    let id = (IDENTIFIER, SESSION);
    let twin = format!("{}; __Host-refresh_token=planted", bound.refresh);
    let early = testing::refresh("alice").by(&bound.core).session(SESSION).issued_at(after(100)).cookie();
    let other = testing::refresh("alice").by(&bound.core).session("session-0").cookie();
    let stale = bound.core.parts().challenges.renewal(&SESSION.into(), Timestamp::from(after(-580)));
    let stale = bound.device.proves(&format!("\"{stale}\""));
    let registration = bound.device.proves(&format!("\"{}\"", code_of_registration(&bound.core)));
    let long = "a".repeat(65);
    let malformed = || (Answer::Problem(Problem::InvalidRequest), DeviceReason::Malformed);
    let ended = |end| (NO_END, DeviceReason::Ended(end));
    let challenged = || (Answer::Challenge, DeviceReason::Challenged);
    let denied = DeviceReason::Csrf(CsrfDenial::CrossSite);
    let rejected = DeviceEnd::Rejected(DeviceFault::Structure);
    for (rule, fields, expected) in [
        ("P1: token mode", vec![cookie, id, ("cookiejwt-mode", "token")], malformed()),
        ("P1: no identifier", vec![cookie], malformed()),
        ("P1: two identifiers", vec![cookie, id, id], malformed()),
        ("P1: an empty identifier", vec![cookie, (IDENTIFIER, "")], malformed()),
        ("P1: a strange identifier", vec![cookie, (IDENTIFIER, "a b")], malformed()),
        ("P1: a long identifier", vec![cookie, (IDENTIFIER, &*long)], malformed()),
        (
            "P2: another site",
            vec![cookie, id, ("sec-fetch-site", "cross-site")],
            (Answer::Problem(Problem::CsrfFailed), denied),
        ),
        (
            "P3: of a node that is ahead",
            vec![("cookie", &*early), id],
            (Answer::Problem(Problem::Unavailable), DeviceReason::Early),
        ),
        ("P4: no cookie", vec![id], ended(DeviceEnd::NoCookie)),
        ("P4: a dead one", vec![("cookie", "__Host-refresh_token=x"), id], ended(DeviceEnd::NoCookie)),
        ("P5: of another session", vec![("cookie", &*other), id], ended(DeviceEnd::OtherSession)),
        ("P7: the first leg", vec![cookie, id], challenged()),
        ("P7: the identifier in quotes", vec![cookie, (IDENTIFIER, "\"session-1\"")], challenged()),
        ("P7: beside a planted twin", vec![("cookie", &*twin), id], challenged()),
        ("P8: two proofs", vec![cookie, id, (RESPONSE, "a.b.c"), (RESPONSE, "a.b.c")], ended(rejected)),
        ("P8: no proof", vec![cookie, id, (RESPONSE, "a.b.c")], ended(rejected)),
        ("P9: a stale challenge", vec![cookie, id, (RESPONSE, &*stale)], challenged()),
        ("P9: a challenge of a registration", vec![cookie, id, (RESPONSE, &*registration)], challenged()),
    ] {
        assert_eq!(settled(&bound.core, &fields, 20), expected, "{rule}");
    }
    let off = core(|config| config.device_bound(DeviceBinding::Off));
    let expected = (Answer::Problem(Problem::NotFound), DeviceReason::Disabled);
    assert_eq!(settled(&off, &[cookie, id], 20), expected, "off");
}

#[test]
fn p6_a_session_that_has_ended_here() {
    let bound = Bound::new();
    for (reason, clears) in [
        (RevocationReason::Logout, true),
        (RevocationReason::Reuse, true),
        (RevocationReason::Replaced, false),
        (RevocationReason::Superseded, false),
    ] {
        let fields = [("cookie", &*bound.refresh), (IDENTIFIER, SESSION)];
        let revoked = |_: &crate::session::SessionId| Some(reason);
        let assessment = bound.core.renew_device(&head("POST", &fields), PREFIX, after(1), &revoked);
        let RenewAssessment::Settled(decision) = assessment else { panic!("{assessment:?}") };
        let expected = (Answer::End { clears }, DeviceReason::Ended(DeviceEnd::Revoked(reason)));
        assert_eq!(answer(&decision), expected);
    }
}

type Change = fn(&mut SessionRecord, Timestamp);

#[test]
fn what_the_row_means() {
    let now = Timestamp::from(after(200));
    let rows: [(&str, Change, Answer, DeviceEnd); 8] = [
        ("another subject", |row, _| row.subject = "bob".into(), CLEARED, DeviceEnd::Missing),
        ("another realm", |row, _| row.realm = "staff".into(), CLEARED, DeviceEnd::Missing),
        (
            "revoked",
            |row, now| row.revoked = Some((now, RevocationReason::Logout)),
            CLEARED,
            DeviceEnd::Revoked(RevocationReason::Logout),
        ),
        (
            "replaced",
            |row, now| row.revoked = Some((now, RevocationReason::Replaced)),
            NO_END,
            DeviceEnd::Revoked(RevocationReason::Replaced),
        ),
        ("idle for too long", |row, now| row.expires_at = now, CLEARED, DeviceEnd::Expired),
        ("past its end", |row, now| row.ends_at = now, CLEARED, DeviceEnd::Expired),
        ("not bound", |row, _| row.device = None, CLEARED, DeviceEnd::Unbound),
        (
            "P12: of another device",
            |row, _| row.device = Some(testing::other_device().key()),
            NO_END,
            DeviceEnd::Rejected(DeviceFault::Signature),
        ),
    ];
    for (rule, change, expected, end) in rows {
        let mut bound = Bound::new();
        let response = bound.device.proves(&bound.challenge(after(200)));
        change(&mut bound.row, now);
        let before = bound.row.clone();
        let decision = bound.present(&response, after(200));
        assert_eq!(answer(&decision), (expected, DeviceReason::Ended(end)), "{rule}");
        assert_eq!(bound.row, before, "{rule}");
    }
}

#[test]
fn p10_and_p11_no_store_and_no_row() {
    for (rule, row, expected) in [
        ("P10", None, (Answer::Problem(Problem::Unavailable), DeviceReason::Unavailable)),
        ("P11", Some(None), (Answer::End { clears: true }, DeviceReason::Ended(DeviceEnd::Missing))),
    ] {
        let bound = Bound::new();
        let response = bound.device.proves(&bound.challenge(after(1)));
        let assessment = bound.assess(&bound.refresh, Some(&response), after(1));
        let RenewAssessment::NeedsSession(attempt) = assessment else { panic!("{assessment:?}") };
        assert_eq!(attempt.session_id().as_str(), SESSION);
        let decision = match row {
            None => attempt.store_failed(),
            Some(row) => match attempt.with_session(row.as_ref()) {
                DeviceStep::Settled(decision) => decision,
                step @ DeviceStep::Refresh(..) => panic!("{step:?}"),
            },
        };
        assert_eq!(answer(&decision), expected, "{rule}");
    }
}

#[test]
fn p13_a_challenge_rotates_once() {
    let mut bound = Bound::new();
    let challenge = bound.challenge(after(200));
    let response = bound.device.proves(&challenge);
    assert_eq!(answer(&bound.present(&response, after(200))).0, Answer::Renewed, "P17");
    let row = bound.row.clone();
    for (seconds, expected) in [(200, Answer::Renewed), (210, Answer::Renewed), (211, Answer::Challenge)] {
        assert_eq!(answer(&bound.present(&response, after(seconds))).0, expected, "{seconds}");
        assert_eq!(bound.row, row, "{seconds}");
    }
    // One of the same millisecond as the rotation is used up as well.
    let challenge = bound.core.parts().challenges.renewal(&SESSION.into(), Timestamp::from(after(200)));
    let response = bound.device.proves(&format!("\"{challenge}\""));
    assert_eq!(answer(&bound.present(&response, after(211))).0, Answer::Challenge);
}

#[test]
fn the_challenge_of_a_renewal_is_good_for_the_next_one() {
    let mut bound = Bound::new();
    let challenge = |decision: DeviceDecision| {
        let DeviceReply::Renewed { challenge, cookies, .. } = decision.reply else { panic!("{decision:?}") };
        assert_eq!(pairs(&cookies).len(), 2);
        challenge.to_str().unwrap().to_owned()
    };
    let response = bound.device.proves(&bound.challenge(after(200)));
    let mut next = challenge(bound.present(&response, after(200)));
    for seconds in [211, 400, 600] {
        let response = bound.device.proves(&next);
        next = challenge(bound.present(&response, after(seconds)));
        let refresh = format!("refresh-{}", after(seconds).unix_timestamp());
        assert_eq!(bound.row.current_jti.as_str(), refresh, "one request, one rotation");
    }
}

/// Found by the model: what moves `settles_at` must not make a used challenge good again, and a
/// challenge that was answered while the row settles must be used up.
#[test]
fn p13_and_p17_each_challenge_rotates_once() {
    let mut bound = Bound::new();
    let response = bound.device.proves(&bound.challenge(after(200)));
    assert_eq!(answer(&bound.present(&response, after(200))).0, Answer::Renewed, "P17");
    bound.row.received_at = Some(Timestamp::from(after(400)));
    bound.row.settles_at = Timestamp::from(after(410));
    for seconds in [211, 400, 405, 411] {
        assert_eq!(answer(&bound.present(&response, after(seconds))).0, Answer::Challenge, "{seconds}");
    }
    let fresh = bound.device.proves(&bound.challenge(after(405)));
    let row = bound.row.clone();
    assert_eq!(answer(&bound.present(&fresh, after(405))).0, Answer::Renewed, "P17 while it settles");
    assert_ne!(bound.row, row);
    assert_eq!(answer(&bound.present(&fresh, after(416))).0, Answer::Challenge, "P13");
}

#[test]
fn p17_a_challenge_of_a_node_that_is_ahead_is_used_up() {
    let mut bound = Bound::new();
    let response = bound.device.proves(&bound.challenge(after(204)));
    assert_eq!(answer(&bound.present(&response, after(200))).0, Answer::Renewed);
    assert_eq!(bound.row.rotated_at, Some(Timestamp::from(after(204))));
    let row = bound.row.clone();
    assert_eq!(answer(&bound.present(&response, after(203))).0, Answer::Renewed, "P16");
    assert_eq!(answer(&bound.present(&response, after(215))).0, Answer::Challenge, "P13");
    assert_eq!(bound.row, row);
}

#[test]
fn p16_a_repeated_post_gets_the_same_refresh_token() {
    let mut bound = Bound::new();
    let response = bound.device.proves(&bound.challenge(after(200)));
    let first = bound.present(&response, after(200)).reply;
    let again = bound.present(&response, after(205)).reply;
    let (DeviceReply::Renewed { cookies: first, .. }, DeviceReply::Renewed { cookies: again, .. }) =
        (first, again)
    else {
        panic!()
    };
    assert_eq!(pairs(&first)[1], pairs(&again)[1]);
    assert_ne!(pairs(&first)[0], pairs(&again)[0], "a new access token");
    bound.take(&again);
    let decision = bound.ask(&[("cookie", &*bound.access.clone())], after(206));
    assert!(decision.identity().unwrap().is_device_bound());
}

#[test]
fn any_refresh_token_of_the_session_will_do() {
    let mut bound = Bound::new();
    let old = bound.refresh.clone();
    for seconds in [200, 400, 600] {
        let response = bound.device.proves(&bound.challenge(after(seconds)));
        let decision = bound.present_with(&old, &response, after(seconds));
        assert_eq!(answer(&decision).0, Answer::Renewed, "{seconds}");
    }
    assert_eq!(bound.row.current_jti.as_str(), format!("refresh-{}", after(600).unix_timestamp()));
    let received = Some(Timestamp::from(after(601)));
    bound.row.received_at = received;
    let response = bound.device.proves(&bound.challenge(after(800)));
    assert_eq!(answer(&bound.present_with(&old, &response, after(800))).0, Answer::Renewed, "received");
}

#[test]
fn a_renewal_keeps_what_is_true_of_the_session() {
    let mut bound = Bound::renewed();
    let claims = |bound: &Bound| {
        let value = bound.refresh.split_once('=').unwrap().1;
        bound.core.parts().refresh.signed(value.as_bytes(), 4096).unwrap()
    };
    let before = claims(&bound);
    let reply = bound.renew(after(400)).reply;
    let DeviceReply::Renewed { cookies, .. } = reply else { panic!("{reply:?}") };
    bound.take(&cookies);
    let now = claims(&bound);
    assert!(before.device_bound && now.device_bound);
    assert_eq!((now.auth_time, now.began_at), (before.auth_time, before.began_at));
    assert_eq!((now.session_ends_at, now.remember), (before.session_ends_at, before.remember));
    assert_eq!(now.expires_at, before.expires_at + 200);
}

fn stepped(user: UserState) -> (DeviceDecision, Option<crate::session::Revocation>) {
    let bound = Bound::new();
    let response = bound.device.proves(&bound.challenge(after(200)));
    let assessment = bound.assess(&bound.refresh, Some(&response), after(200));
    let RenewAssessment::NeedsSession(attempt) = assessment else { panic!("{assessment:?}") };
    let step = attempt.with_session(Some(&bound.row));
    let DeviceStep::Refresh(attempt, renewal) = step else { panic!("{step:?}") };
    let ids = RefreshIds { refresh: "r".into(), access: "a".into() };
    let settlement = match attempt.with_user(user, ids, after(200)) {
        RefreshStep::Settled(settlement) => settlement,
        RefreshStep::Rotate(rotation) => rotation.store_failed(),
    };
    (renewal.reply(&settlement.decision, after(200)), settlement.revoke)
}

#[test]
fn p14_p15_and_p19_the_user_and_the_stores() {
    let active = |claims| UserState::Active(ActiveUser::new(claims));
    let ended = || (Answer::End { clears: true }, DeviceReason::Ended(DeviceEnd::UserInactive));
    let unavailable = || (Answer::Problem(Problem::Unavailable), DeviceReason::Unavailable);
    let too_many = Err(crate::token::MintError::ClaimsTooComplex);
    let failed = (Answer::Problem(Problem::ServerError), DeviceReason::MintFailed);
    for (rule, user, expected, revokes) in [
        ("P14: disabled", UserState::Inactive, ended(), true),
        ("P14: gone", UserState::Gone, ended(), true),
        ("P14: needs a second factor", UserState::SecondFactorRequired, ended(), true),
        ("P15: the user store is unavailable", UserState::Unavailable, unavailable(), false),
        ("P15: no tokens", active(too_many), failed, false),
        ("P19: the token store is unavailable", active(Ok(CustomClaims::default())), unavailable(), false),
    ] {
        let (decision, revoke) = stepped(user);
        assert_eq!(answer(&decision), expected, "{rule}");
        assert_eq!(revoke.is_some(), revokes, "{rule}");
    }
}

#[test]
fn p14_another_stamp_ends_the_session() {
    let core = core(|config| config);
    let login = login_on(&core, SessionTerms::default().with_stamp(Some("old".into())));
    let (mut bound, pairs) = (Bound::with(core), pairs(&login.cookies));
    bound.row = SessionRecord { device: Some(bound.device.key()), ..login.record };
    bound.refresh = pairs[1].clone();
    for (stamp, is_renewed) in [("old", true), ("new", false)] {
        let response = bound.device.proves(&bound.challenge(after(200)));
        let RenewAssessment::NeedsSession(attempt) =
            bound.assess(&bound.refresh, Some(&response), after(200))
        else {
            panic!()
        };
        let DeviceStep::Refresh(attempt, _) = attempt.with_session(Some(&bound.row)) else { panic!() };
        let user = UserState::Active(ActiveUser::new(Ok(CustomClaims::default())).stamp(Some(stamp.into())));
        let step =
            attempt.with_user(user, RefreshIds { refresh: "r".into(), access: "a".into() }, after(200));
        assert_eq!(matches!(step, RefreshStep::Rotate(_)), is_renewed, "{stamp}");
    }
}

#[test]
fn p18_a_row_that_changes_while_it_is_asked() {
    let later = |row: &SessionRecord, seconds: i64| SessionRecord {
        previous_jti: Some(row.current_jti.clone()),
        current_jti: "another".into(),
        rotated_at: Some(Timestamp::from(after(seconds))),
        settles_at: Timestamp::from(after(seconds + 10)),
        ..row.clone()
    };
    for (rule, at, now, expected) in [
        ("another tab has renewed a moment ago", 199, 200, Answer::Renewed),
        ("before the challenge was issued", 180, 200, Answer::Problem(Problem::Unavailable)),
        ("after the challenge was issued", 196, 207, Answer::Challenge),
    ] {
        let bound = Bound::new();
        let response = bound.device.proves(&bound.challenge(after(195)));
        let assessment = bound.assess(&bound.refresh, Some(&response), after(now));
        let RenewAssessment::NeedsSession(attempt) = assessment else { panic!("{assessment:?}") };
        let step = attempt.with_session(Some(&bound.row));
        let DeviceStep::Refresh(attempt, renewal) = step else { panic!("{step:?}") };
        let user = UserState::Active(ActiveUser::new(Ok(CustomClaims::default())));
        let ids = RefreshIds { refresh: "r".into(), access: "a".into() };
        let RefreshStep::Rotate(mut rotation) = attempt.with_user(user, ids, after(now)) else { panic!() };
        let row = later(&bound.row, at);
        let decision = loop {
            let outcome = RotationOutcome::Unmatched(Some(Box::new(row.clone())));
            rotation = match rotation.complete(outcome) {
                RotationStep::Settled(settlement) => break settlement.decision,
                RotationStep::Again(rotation) => {
                    assert_eq!(rotation.request().presented.as_str(), "another", "{rule}");
                    rotation
                }
                RotationStep::Late(late) => panic!("{late:?}"),
            };
        };
        let (found, _) = answer(&renewal.reply(&decision, after(now)));
        // One from 180 settles at 190, so it rotates once more; the store never lets it.
        assert_eq!(found, expected, "{rule}");
    }
}
