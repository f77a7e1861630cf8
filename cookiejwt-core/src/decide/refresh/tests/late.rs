//! Row o' of [`rules`](crate::rules) and slow answers: an honest client is never a thief.

use super::*;
use crate::{
    decide::{departure::Departure, refresh::LateRequest},
    session::{Receipt, Sighting},
};

/// When `refresh-2` replaced `refresh-1`.
const ROTATED: OffsetDateTime = NOW.saturating_add(Duration::milliseconds(100_250));

/// The core, the row after one rotation, the parent and the current refresh cookie.
fn rotated_once() -> (Core, SessionRecord, String, String) {
    let core = testing::core();
    let (mut row, parent) = login(&core, true);
    let decision = present(&core, &mut row, &parent, ROTATED, 2);
    let current = pairs(&decision.cookies)[1].clone();
    (core, row, parent, current)
}

fn after(millis: i64) -> OffsetDateTime {
    ROTATED + Duration::milliseconds(millis)
}

fn late(core: &Core, refresh: &str, row: &SessionRecord, now: OffsetDateTime) -> crate::decide::LateAnswer {
    match rotation(attempt(core, refresh, now), 3).complete(unmatched(row)) {
        RotationStep::Late(late) => late,
        step => panic!("{step:?}"),
    }
}

/// What a parent that comes so many milliseconds after the rotation is answered with, and with
/// which token.
fn answer(millis: i64) -> (Reason, String, SessionRecord) {
    let (core, mut row, parent, _) = rotated_once();
    let outcome = match late(&core, &parent, &row, after(millis)).request() {
        LateRequest::Answer(request) if request.matches(&row) => {
            request.apply(&mut row);
            ChangeOutcome::Changed
        }
        LateRequest::Replace(request) if request.matches(&row) => {
            request.apply(&mut row);
            ChangeOutcome::Changed
        }
        request => panic!("{request:?} does not match {row:?}"),
    };
    let before = rotated_once().1;
    let settlement = late(&core, &parent, &before, after(millis)).complete(outcome);
    assert_eq!(told(&core, &settlement), "alice by access-3, sent");
    (settlement.decision.reason, pairs(&settlement.decision.cookies)[1].clone(), row)
}

/// The answer is lost, and the parent comes back.
#[test]
fn row_o_prime_the_same_successor_for_one_access_life_and_then_another_one() {
    let current = rotated_once().3;
    for (rule, millis, replaced) in [
        ("1: right behind the leeway", 10_001, false),
        ("1: two leeways", 20_000, false),
        ("1: until the access token that was lost has ended", 300_000, false),
        ("2: later than that", 300_001, true),
        ("2: three hours later", 3 * 3_600_000, true),
    ] {
        let (reason, token, row) = answer(millis);
        let expected = if replaced { Reason::SuccessorReplaced } else { Reason::ParentLate };
        assert_eq!(reason, expected, "{rule}");
        assert_eq!(token == current, !replaced, "{rule}");
        assert_eq!(row.settles_at, after(millis + 10_000).into(), "{rule}");
        assert_eq!(row.previous_jti, Some("refresh-1".into()), "{rule}");
        assert_eq!(row.received_at, None, "{rule}");
        assert_eq!(row.current_jti, if replaced { "refresh-3" } else { "refresh-2" }.into(), "{rule}");
        assert_eq!(row.rotated_at, Some(if replaced { after(millis) } else { ROTATED }.into()), "{rule}");
    }
}

#[test]
fn row_o_prime_with_a_short_access_life_the_leeway_decides() {
    let seconds = std::time::Duration::from_secs;
    let config = testing::config().access_max_age(seconds(2)).reuse_leeway(seconds(10));
    let core = Core::new(config.revocation(RevocationLevel::AtRefresh).build().unwrap());
    let (mut row, parent) = login(&core, true);
    let _ = present(&core, &mut row, &parent, ROTATED, 2);
    for (millis, replaced) in [(10_001, false), (20_000, false), (20_001, true)] {
        let request = late(&core, &parent, &row, after(millis)).request().clone();
        assert_eq!(matches!(request, LateRequest::Replace(_)), replaced, "{millis} ms");
    }
}

#[test]
fn the_replaced_successor_is_reuse() {
    let (core, mut row, parent, lost) = rotated_once();
    let now = after(400_000);
    let LateRequest::Replace(request) = late(&core, &parent, &row, now).request().clone() else { panic!() };
    request.apply(&mut row);
    let step = rotation(attempt(&core, &lost, now), 4).complete(unmatched(&row));
    assert_eq!(told(&core, &settled(step)), "401 session_revoked, cleared, revoke reuse");
    let step = rotation(attempt(&core, &parent, now), 4).complete(unmatched(&row));
    assert_eq!(told(&core, &settled(step)), "alice by access-4, sent", "o: the parent again");
}

/// The row has changed between the read and the UPDATE.
#[test]
fn a_late_answer_that_changes_no_row_is_judged_once_more() {
    let (core, row, parent, _) = rotated_once();
    let now = after(15_000);
    let received = SessionRecord { received_at: Some(now.into()), ..row.clone() };
    let answered = SessionRecord { settles_at: after(25_000).into(), ..row.clone() };
    let revoked = Some((now.into(), RevocationReason::Logout));
    for (rule, row, expected) in [
        ("o: another one was faster", answered, "alice by access-3, sent"),
        ("r: the successor was received", received, "401 session_revoked, cleared, revoke reuse"),
        ("n: revoked", SessionRecord { revoked, ..row.clone() }, "401 session_revoked, cleared"),
        ("q: nothing has changed", row.clone(), "503 unavailable"),
    ] {
        let outcome = ChangeOutcome::Unmatched(Some(Box::new(row)));
        let settlement = late(&core, &parent, &rotated_once().1, now).complete(outcome);
        assert_eq!(told(&core, &settlement), expected, "{rule}");
    }
    let settlement = late(&core, &parent, &row, now).complete(ChangeOutcome::Unmatched(None));
    assert_eq!(told(&core, &settlement), "401 session_revoked, cleared", "n: no row");
    assert_eq!(told(&core, &late(&core, &parent, &row, now).store_failed()), "503 unavailable", "q");
}

/// The user table takes 12 s, and another tab comes 0.1 s after the rotation is stored.
#[test]
fn the_leeway_counts_from_the_statement_and_not_from_the_request() {
    let core = testing::core();
    let (mut row, parent) = login(&core, true);
    let asked = attempt(&core, &parent, NOW);
    let now = NOW + Duration::seconds(12);
    let RefreshStep::Rotate(rotation) = asked.with_user(active(), ids(2), now) else { panic!() };
    assert!(matches!(update(&mut row, rotation.request()), RotationOutcome::Rotated));
    assert_eq!(row.rotated_at, Some(now.into()));
    assert_eq!(row.settles_at, (now + Duration::seconds(10)).into());
    let tab = present(&core, &mut row, &parent, now + Duration::milliseconds(100), 3);
    assert_eq!(tab.reason, Reason::ParentInLeeway);
}

/// The other tab's node is ahead, or its clock was set forward.
#[test]
fn a_clock_ahead_makes_no_thief() {
    let (core, row, parent, _) = rotated_once();
    let answer = late(&core, &parent, &row, after(100) + Duration::seconds(15));
    assert!(matches!(answer.request(), LateRequest::Answer(_)));
}

#[test]
fn a_superseded_session_authenticates_and_leaves_no_line() {
    let (core, row, parent, current) = rotated_once();
    let revoked = Some((after(60_000).into(), RevocationReason::Superseded));
    let row = SessionRecord { revoked, ..row };
    for (rule, refresh, millis, expected) in [
        ("the current one", &current, 0, "alice by access-3"),
        ("the parent", &parent, 30_000, "alice by access-3"),
        ("a millisecond before its end", &current, 59_999, "alice by access-3"),
        ("at its end", &current, 60_000, "401 session_revoked"),
    ] {
        let step = rotation(attempt(&core, refresh, after(millis)), 3).complete(unmatched(&row));
        assert_eq!(told(&core, &settled(step)), expected, "{rule}");
    }
    let [_, soft] = hard_and_soft(&core, &current, after(0));
    let settlement = settled(rotation(soft, 3).complete(unmatched(&row)));
    assert_eq!(told(&core, &settlement), "alice by near", "its own access token");
}

#[test]
fn who_presents_the_current_refresh_token_has_received_it() {
    let (core, row, parent, current) = rotated_once();
    let receipt = Receipt { session_id: SESSION.into(), refresh_jti: "refresh-2".into() };
    for (rule, refresh, expected) in [
        ("p: the current one", &current, Some(Sighting { receipt: Some(receipt), replaces: None })),
        ("o: the parent", &parent, None),
    ] {
        let step = rotation(attempt(&core, refresh, after(5_000)), 3).complete(unmatched(&row));
        let decision = settled(step).decision;
        assert_eq!(decision.sighting(), expected.as_ref(), "{rule}");
    }
}

/// Slow answers: what is asked depends on what is left until `settles_at`.
#[test]
fn an_answer_that_leaves_late_asks_the_store() {
    let core = testing::core();
    let departure = Departure {
        session_id: SESSION.into(),
        refresh_jti: "refresh-2".into(),
        settles_at: after(10_000).into(),
    };
    for (rule, millis, asks) in [
        ("at once", 0, false),
        ("half of the leeway is left", 5_000, false),
        ("less than half of it", 5_001, true),
        ("a minute later", 60_000, true),
    ] {
        let request = core.late_departure(&departure, after(millis));
        assert_eq!(request.is_some(), asks, "{rule}");
        if let Some(request) = request {
            assert_eq!(request.settles_at, after(millis + 10_000).into(), "{rule}");
            assert_eq!(request.rotated_after, after(millis - 300_000).into(), "{rule}");
        }
    }
    for (millis, is_late) in [(0, false), (5_000, false), (5_001, true)] {
        assert_eq!(core.is_late_to_clear(ROTATED.into(), after(millis)), is_late, "{millis} ms");
    }
}
