//! Rows n to r of [`rules`](crate::rules): what a refused change means.

use super::*;
use crate::{session::Revocation, token::MintError};

/// When `refresh-2` replaced `refresh-1`.
const ROTATED: OffsetDateTime = NOW.saturating_add(Duration::milliseconds(100_250));

const PARENT: &str = "alice by access-3, sent";
const REUSE: &str = "401 session_revoked, cleared, revoke reuse";
const REVOKED: &str = "401 session_revoked, cleared";
const EXPIRED: &str = "401 session_expired, cleared";

/// A session that has rotated once: its row, the parent and the current refresh cookie.
struct Session {
    core: Core,
    row: SessionRecord,
    parent: String,
    current: String,
}

impl Session {
    fn new(core: Core) -> Self {
        let (mut row, parent) = login(&core, true);
        let decision = present(&core, &mut row, &parent, ROTATED, 2);
        let current = pairs(&decision.cookies)[1].clone();
        Self { core, row, parent, current }
    }

    /// The store refused; its fresh read found this row. Hard and soft must agree.
    fn refused(&self, refresh: &str, now: OffsetDateTime, row: Option<&SessionRecord>) -> Settlement {
        let complete = |attempt| {
            let outcome = RotationOutcome::Unmatched(row.cloned().map(Box::new));
            settled_late(rotation(attempt, 3).complete(outcome))
        };
        let [hard, soft] = hard_and_soft(&self.core, refresh, now).map(complete);
        assert_eq!(told(&self.core, &hard), told(&self.core, &soft), "these rows are never soft");
        assert_eq!(hard.decision.reason, soft.decision.reason);
        hard
    }

    /// The row once somebody has come with the current refresh token.
    fn received(&self) -> SessionRecord {
        SessionRecord { received_at: self.row.rotated_at, ..self.row.clone() }
    }

    fn told(&self, refresh: &str, now: OffsetDateTime, row: &SessionRecord) -> String {
        told(&self.core, &self.refused(refresh, now, Some(row)))
    }
}

fn millis(millis: i64) -> Duration {
    Duration::milliseconds(millis)
}

#[test]
fn row_n_no_row() {
    let session = Session::new(testing::core());
    let settlement = session.refused(&session.parent, ROTATED, None);
    assert_eq!(told(&session.core, &settlement), REVOKED);
    assert_eq!(settlement.decision.reason, Reason::RowMissing);
    let row = SessionRecord { subject: "mallory".into(), ..session.row.clone() };
    let settlement = session.refused(&session.current, ROTATED, Some(&row));
    assert_eq!(told(&session.core, &settlement), REVOKED, "the row of somebody else is none");
    assert_eq!(settlement.decision.reason, Reason::RowMissing);
}

#[test]
fn row_n_revoked_comes_first_whatever_was_presented() {
    let session = Session::new(testing::core());
    let past = Timestamp::from(ROTATED).plus_millis(-1);
    for (reason, expected) in [
        (RevocationReason::Logout, REVOKED),
        (RevocationReason::LogoutEverywhere, REVOKED),
        (RevocationReason::Reuse, REVOKED),
        (RevocationReason::UserInactive, REVOKED),
        (RevocationReason::Administrator, REVOKED),
        (RevocationReason::Replaced, "401 session_revoked"),
        (RevocationReason::Superseded, "401 session_revoked"),
    ] {
        let row = SessionRecord { revoked: Some((ROTATED.into(), reason)), ..session.row.clone() };
        let expired = SessionRecord { expires_at: past, ends_at: past, ..row.clone() };
        let reused = SessionRecord { current_jti: "refresh-9".into(), previous_jti: None, ..row.clone() };
        for (what, row) in [("in leeway", &row), ("expired", &expired), ("reused", &reused)] {
            for refresh in [&session.parent, &session.current] {
                let settlement = session.refused(refresh, ROTATED, Some(row));
                assert_eq!(told(&session.core, &settlement), expected, "n: {reason:?}, {what}");
                assert_eq!(settlement.decision.reason, Reason::RowRevoked(reason));
            }
        }
    }
}

#[test]
fn row_n_past_an_end() {
    let session = Session::new(testing::core());
    let now = ROTATED + millis(1);
    let at = |offset: i64| Timestamp::from(now).plus_millis(offset);
    let ends = |expires_at, ends_at| SessionRecord { expires_at, ends_at, ..session.row.clone() };
    let far = 1_000_000;
    for (rule, row, expected) in [
        ("n: at the idle end", ends(at(0), at(far)), EXPIRED),
        ("n: past the idle end", ends(at(-1), at(far)), EXPIRED),
        ("n: at the absolute end", ends(at(far), at(0)), EXPIRED),
        ("n: past the absolute end", ends(at(far), at(-far)), EXPIRED),
        ("n: no clock leeway", ends(at(-4_999), at(far)), EXPIRED),
        ("o: before the idle end", ends(at(1000), at(far)), PARENT),
    ] {
        assert_eq!(session.told(&session.parent, now, &row), expected, "{rule}, presented = previous");
        assert_eq!(session.told(&session.current, now, &row), expected, "{rule}, presented = current");
    }
    let row = SessionRecord { current_jti: "refresh-9".into(), ..ends(at(0), at(far)) };
    let settlement = session.refused(&session.current, now, Some(&row));
    assert_eq!(told(&session.core, &settlement), EXPIRED, "n before r");
    assert_eq!(settlement.decision.reason, Reason::RowExpired);
}

#[test]
fn row_o_the_parent_inside_the_leeway() {
    for (rule, leeway, after, expected) in [
        ("o: at once", 10, 0, PARENT),
        ("o: within", 10, 5_000, PARENT),
        ("o: exactly at the leeway's end", 10, 10_000, PARENT),
        ("r: one millisecond later", 10, 10_001, REUSE),
        ("o: another node's clock is behind", 10, -1, PARENT),
        ("o: far behind", 10, -60_000, PARENT),
        ("o: leeway 60 s", 60, 60_000, PARENT),
        ("r: leeway 60 s is over", 60, 60_001, REUSE),
        ("o: leeway 1 s", 1, 1_000, PARENT),
        ("r: leeway 1 s is over", 1, 1_001, REUSE),
    ] {
        let session = Session::new(with_reuse_leeway(leeway));
        let row = session.received();
        assert_eq!(session.told(&session.parent, ROTATED + millis(after), &row), expected, "{rule}");
    }
}

fn with_reuse_leeway(seconds: u64) -> Core {
    let config = testing::config().reuse_leeway(std::time::Duration::from_secs(seconds));
    Core::new(config.revocation(RevocationLevel::AtRefresh).build().unwrap())
}

#[test]
fn row_o_every_presenter_gets_the_same_successor_and_no_expiry_is_extended() {
    let session = Session::new(testing::core());
    for (after, max_age) in [(0, 86_400), (1_000, 86_399), (9_750, 86_390), (10_000, 86_390)] {
        let now = ROTATED + millis(after);
        let settlement = session.refused(&session.parent, now, Some(&session.row));
        let decision = &settlement.decision;
        assert_eq!(decision.reason, Reason::ParentInLeeway);
        let line = &lines(&decision.cookies)[1];
        let attributes = "Path=/; Secure; HttpOnly; SameSite=Lax";
        let ends = format!("Max-Age={max_age}; Expires=Fri, 02 Jan 2026 12:");
        assert!(
            line.starts_with(&format!("{}; {attributes}; {ends}", session.current)),
            "{after} ms: {line}"
        );
        assert_eq!(decision.refresh_expires_at, Some(session.row.expires_at.to_datetime()));
        let identity = decision.required().unwrap();
        assert_eq!(
            identity.expires_at() - identity.issued_at(),
            Duration::seconds(300),
            "a new access token"
        );
    }
}

#[test]
fn row_p_the_current_one_younger_than_the_leeway() {
    let session = Session::new(testing::core());
    for after in [-5_250, -1, 0, 5_000, 9_999, 10_000, 10_001, 20_000] {
        let now = ROTATED + millis(after);
        let settlement = session.refused(&session.current, now, Some(&session.row));
        assert_eq!(told(&session.core, &settlement), PARENT, "p: {after} ms");
        assert_eq!(settlement.decision.reason, Reason::CurrentInLeeway);
        assert_eq!(pairs(&settlement.decision.cookies)[1], session.current, "p: the SAME refresh token");
        assert_eq!(settlement.decision.refresh_expires_at, Some(session.row.expires_at.to_datetime()));
    }
    let now = ROTATED + Duration::seconds(5);
    let line = lines(&session.refused(&session.current, now, Some(&session.row)).decision.cookies)[1].clone();
    assert!(line.contains("; SameSite=Lax; Max-Age=86395; Expires=Fri, 02 Jan 2026 "), "{line}");
}

#[test]
fn row_p_prime_asks_the_store_once_more() {
    let session = Session::new(testing::core());
    let never_rotated = SessionRecord {
        current_jti: "refresh-1".into(),
        previous_jti: None,
        rotated_at: None,
        settles_at: Timestamp::from(NOW).plus_millis(-1),
        ..session.row.clone()
    };
    let received = session.received();
    for (rule, refresh, row, after) in [
        ("p': received, one millisecond behind the leeway", &session.current, &received, 10_001),
        ("p': received, later", &session.current, &received, 1_000_000),
        ("p': not received, one millisecond behind two leeways", &session.current, &session.row, 20_001),
        ("p': the first rotation after a login is free", &session.parent, &never_rotated, 0),
    ] {
        let core = &session.core;
        let now = ROTATED + millis(after);
        let again = |attempt| match rotation(attempt, 3).complete(unmatched(row)) {
            RotationStep::Again(again) => again,
            step => panic!("{rule}: {step:?}"),
        };
        let ask = || hard_and_soft(core, refresh, now).map(again);
        let [hard, soft] = ask();
        assert_eq!(
            hard.request(),
            rotation(attempt(core, refresh, now), 3).request(),
            "{rule}: the same question"
        );
        let [hard, soft] = [hard, soft].map(|rotation| settled(rotation.complete(unmatched(row))));
        assert_eq!(told(core, &hard), "503 unavailable", "q: {rule}, twice");
        assert_eq!(told(core, &soft), "alice by near", "q: {rule}, twice, soft");
        assert_eq!(hard.decision.reason, Reason::LostTwice);
        let rotated = ask().map(|rotation| settled(rotation.complete(RotationOutcome::Rotated)));
        assert_eq!(rotated.map(|settlement| told(core, &settlement)), [PARENT, PARENT], "m: {rule}");
    }
}

#[test]
fn row_p_prime_reads_the_second_answer_from_m_on() {
    let session = Session::new(testing::core());
    let now = ROTATED + Duration::seconds(100);
    let again = || {
        let step =
            rotation(attempt(&session.core, &session.current, now), 3).complete(unmatched(&session.row));
        let RotationStep::Again(again) = step else { panic!("{step:?}") };
        again
    };
    let second = |outcome| told(&session.core, &settled(again().complete(outcome)));
    let lost = SessionRecord {
        current_jti: "refresh-4".into(),
        previous_jti: Some("refresh-2".into()),
        rotated_at: Some(now.into()),
        settles_at: now.into(),
        ..session.row.clone()
    };
    let revoked = Some((now.into(), RevocationReason::Logout));
    let stolen = SessionRecord { previous_jti: Some("refresh-3".into()), ..lost.clone() };
    assert_eq!(second(RotationOutcome::Unmatched(None)), REVOKED, "n");
    assert_eq!(second(unmatched(&SessionRecord { revoked, ..lost.clone() })), REVOKED, "n");
    assert_eq!(second(unmatched(&lost)), PARENT, "o");
    let young = SessionRecord { settles_at: now.into(), ..session.row.clone() };
    assert_eq!(second(unmatched(&young)), PARENT, "p");
    assert_eq!(told(&session.core, &again().store_failed()), "503 unavailable", "q");
    assert_eq!(second(unmatched(&stolen)), REUSE, "r");
}

#[test]
fn row_r_anything_else() {
    let session = Session::new(testing::core());
    let row = |current: &str, previous: Option<&str>| SessionRecord {
        current_jti: current.into(),
        previous_jti: previous.map(Into::into),
        ..session.row.clone()
    };
    for (rule, row) in [
        ("r: the grandparent, inside the leeway", row("refresh-3", Some("refresh-2"))),
        ("r: a stranger, and no parent", row("refresh-9", None)),
        ("r: another case is another id", row("REFRESH-1", Some("Refresh-1"))),
    ] {
        let settlement = session.refused(&session.parent, ROTATED, Some(&row));
        assert_eq!(told(&session.core, &settlement), REUSE, "{rule}");
        assert_eq!(settlement.decision.reason, Reason::Reuse, "{rule}");
        let reason = RevocationReason::Reuse;
        let revocation = Revocation { session_id: SESSION.into(), reason, at: ROTATED.into() };
        assert_eq!(settlement.revoke, Some(revocation), "{rule}");
    }
}

#[test]
fn a_failure_while_minting_in_rows_o_and_p_counts_as_l() {
    let core = testing::core();
    let of_length = |length: usize| testing::refresh("alice").session(SESSION).id("j".repeat(length));
    let length = (2700..3000).find(|length| of_length(*length).token().len() > 4080).unwrap();
    let (parent, current) = (testing::refresh("alice").session(SESSION).id("refresh-1"), of_length(length));
    assert!(current.token().len() <= 4096, "it comes in, but name and value exceed 4096 bytes");
    let long = "j".repeat(length);
    let row = Session::new(core.clone()).row;
    let row = SessionRecord { current_jti: long.as_str().into(), ..row };
    for (rule, refresh) in [("o: the successor is too big", parent), ("p: the presented one is", current)] {
        let [hard, soft] = hard_and_soft(&core, &refresh.cookie(), ROTATED)
            .map(|attempt| settled(rotation(attempt, 3).complete(unmatched(&row))));
        assert_eq!(told(&core, &hard), "500 server_error", "{rule}");
        assert_eq!(told(&core, &soft), "alice by near", "{rule}, soft");
        let Reason::MintFailed(MintError::CookieTooLong { .. }) = hard.decision.reason else {
            panic!("{rule}")
        };
    }
}
