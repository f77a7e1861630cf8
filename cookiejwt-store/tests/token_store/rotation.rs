//! The one conditional statement.

use cookiejwt_store::{RevocationReason, RotationRequest, SessionRecord, Timestamp, TokenStore};

use crate::samples::{NOW, at, find, revocation, rotate, rotation, session};

/// Inside the leeway it would have been Unmatched.
const RIPE: i64 = NOW - 10_000;

pub(crate) async fn rotating_changes_exactly_what_it_says(store: impl TokenStore) {
    let agent = Some("Surf/1.0".to_owned());
    let before =
        SessionRecord { user_agent: agent, remember: false, rotated_at: Some(at(RIPE)), ..session("a") };
    store.create(&before).await.unwrap();
    store.create(&session("neighbour")).await.unwrap();
    let request = rotation("a");
    assert_eq!(rotate(&store, &request).await, Ok(()));
    let after = SessionRecord {
        previous_jti: Some("current".into()),
        current_jti: "next".into(),
        issued_at: request.issued_at,
        expires_at: request.expires_at,
        rotated_at: Some(request.now),
        last_seen_at: request.now,
        ..before
    };
    assert_eq!(find(&store, "a").await.as_ref(), Some(&after));
    assert_eq!(find(&store, "neighbour").await, Some(session("neighbour")));
    assert_eq!(rotate(&store, &request).await, Err(Some(after)), "not twice");
    assert_eq!(rotate(&store, &rotation("unknown")).await, Err(None));
}

/// Each part of the WHERE broken once: the row as it stands comes back.
pub(crate) async fn every_part_of_the_condition_counts(store: impl TokenStore) {
    type Row = fn(&mut SessionRecord);
    type Request = fn(&mut RotationRequest);
    let same: Request = |_| ();
    let revoked = |row: &mut SessionRecord| row.revoked = Some((at(NOW - 1), RevocationReason::Logout));
    for (rule, row, request, rotates) in [
        ("all of it holds", (|_| ()) as Row, same, true),
        ("rotated exactly a leeway ago", |row| row.rotated_at = Some(at(RIPE)), same, true),
        ("ends a millisecond later", |row| row.ends_at = at(NOW + 1), same, true),
        ("expires a millisecond later", |row| row.expires_at = at(NOW + 1), same, true),
        ("another token was presented", |_| (), |request| request.presented = "other".into(), false),
        (
            "the parent was presented",
            |row| row.previous_jti = Some("parent".into()),
            |request| request.presented = "parent".into(),
            false,
        ),
        ("the token in another case", |_| (), |request| request.presented = "Current".into(), false),
        ("the token with a blank", |_| (), |request| request.presented = "current ".into(), false),
        ("revoked", revoked, same, false),
        ("rotated less than a leeway ago", |row| row.rotated_at = Some(at(RIPE + 1)), same, false),
        (
            "rotated in the future, by another node's clock",
            |row| row.rotated_at = Some(at(NOW + 5000)),
            same,
            false,
        ),
        ("idle: expires now", |row| row.expires_at = at(NOW), same, false),
        ("absolute: ends now", |row| row.ends_at = at(NOW), same, false),
        ("long over", |row| (row.expires_at, row.ends_at) = (at(0), at(0)), same, false),
    ] {
        let (mut before, mut request_of_it) = (session(rule), rotation(rule));
        row(&mut before);
        request(&mut request_of_it);
        store.create(&SessionRecord { created_at: at(-1), ..before.clone() }).await.unwrap();
        before.created_at = at(-1);
        let expected = if rotates { Ok(()) } else { Err(Some(before.clone())) };
        assert_eq!(rotate(&store, &request_of_it).await, expected, "{rule}");
        let unchanged = find(&store, rule).await.as_ref() == Some(&before);
        assert_eq!(unchanged, !rotates, "{rule}");
    }
}

/// Every combination of the parts, at and around each boundary.
pub(crate) async fn the_condition_is_exactly_the_documented_one(store: impl TokenStore) {
    let around_now = [NOW - 1, NOW, NOW + 1];
    for combination in 0..4 * 3 * 3 * 2 * 2_usize {
        let rotated_at = [None, Some(RIPE - 1), Some(RIPE), Some(RIPE + 1)][combination % 4];
        let expires_at = around_now[combination / 4 % 3];
        let ends_at = around_now[combination / 12 % 3];
        let is_revoked = combination / 36 % 2 == 1;
        let presented = ["current", "Current"][combination / 72];
        let id = combination.to_string();
        let row = SessionRecord {
            rotated_at: rotated_at.map(at),
            expires_at: at(expires_at),
            ends_at: at(ends_at),
            revoked: is_revoked.then_some((at(NOW), RevocationReason::Logout)),
            created_at: Timestamp::default(),
            ..session(&id)
        };
        store.create(&row).await.unwrap();
        let mut request = rotation(&id);
        request.presented = presented.into();
        let ripe = rotated_at.is_none_or(|at| at <= RIPE);
        let matches = presented == "current" && !is_revoked && ripe && expires_at > NOW && ends_at > NOW;
        assert_eq!(request.matches(&row), matches, "{row:?}");
        let expected = if matches { Ok(()) } else { Err(Some(row.clone())) };
        assert_eq!(rotate(&store, &request).await, expected, "{row:?}");
    }
}

pub(crate) async fn a_revoked_row_never_rotates(store: impl TokenStore) {
    store.create(&session("a")).await.unwrap();
    store.revoke(&revocation("a", RevocationReason::Reuse, NOW - 1)).await.unwrap();
    let row = find(&store, "a").await;
    let mut request = rotation("a");
    for _ in 0..3 {
        assert_eq!(rotate(&store, &request).await, Err(row.clone()));
        request.now = request.now.plus_millis(100);
        request.rotated_before = request.now;
    }
    assert_eq!(row.unwrap().revoked, Some((at(NOW - 1), RevocationReason::Reuse)));
}
