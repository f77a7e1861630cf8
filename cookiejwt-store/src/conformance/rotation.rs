//! The one conditional statement.

use cookiejwt_core::{RevocationReason, RotationRequest, SessionRecord};

use super::{
    samples::{NOW, RIPE, at, find, revocation, rotate, rotation, session},
    shared::{Shared, at_once},
};
use crate::TokenStore as _;

pub(super) async fn rotating_changes_exactly_what_it_says(store: Shared) {
    let agent = Some("Surf/1.0".to_owned());
    let before =
        SessionRecord { user_agent: agent, remember: false, rotated_at: Some(at(RIPE)), ..session("a") };
    store.insert([&before, &session("neighbour")]).await;
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
}

type Row = fn(&mut SessionRecord);
type Request = fn(&mut RotationRequest);

/// What is changed in a row and a request that match, and whether they still do.
const CONDITIONS: [(&str, Row, Request, bool); 14] = [
    ("all of it holds", |_| (), |_| (), true),
    ("rotated exactly a leeway ago", |row| row.rotated_at = Some(at(RIPE)), |_| (), true),
    ("ends a millisecond later", |row| row.ends_at = at(NOW + 1), |_| (), true),
    ("expires a millisecond later", |row| row.expires_at = at(NOW + 1), |_| (), true),
    ("another token was presented", |_| (), |request| request.presented = "other".into(), false),
    (
        "the parent was presented",
        |row| row.previous_jti = Some("parent".into()),
        |request| request.presented = "parent".into(),
        false,
    ),
    (
        "the successor was presented",
        |row| row.previous_jti = Some("parent".into()),
        |request| request.presented = "next".into(),
        false,
    ),
    ("revoked", |row| row.revoked = Some((at(NOW - 1), RevocationReason::Logout)), |_| (), false),
    ("revoked later", |row| row.revoked = Some((at(NOW + 1), RevocationReason::Logout)), |_| (), false),
    ("rotated less than a leeway ago", |row| row.rotated_at = Some(at(RIPE + 1)), |_| (), false),
    ("rotated in the future, by another clock", |row| row.rotated_at = Some(at(NOW + 5000)), |_| (), false),
    ("idle: expires now", |row| row.expires_at = at(NOW), |_| (), false),
    ("absolute: ends now", |row| row.ends_at = at(NOW), |_| (), false),
    ("long over", |row| (row.expires_at, row.ends_at) = (at(NOW - 9000), at(NOW - 9000)), |_| (), false),
];

/// Each part of the WHERE broken once: the row as it stands comes back.
pub(super) async fn every_part_of_the_condition_counts(store: Shared) {
    for (index, (rule, change_row, change_request, rotates)) in CONDITIONS.into_iter().enumerate() {
        let id = format!("session {index}");
        let (mut before, mut request) = (session(&id), rotation(&id));
        change_row(&mut before);
        change_request(&mut request);
        store.create(&before).await.unwrap();
        let expected = if rotates { Ok(()) } else { Err(Some(before.clone())) };
        assert_eq!(rotate(&store, &request).await, expected, "{rule}");
        let unchanged = find(&store, &id).await.as_ref() == Some(&before);
        assert_eq!(unchanged, !rotates, "{rule}");
    }
}

/// Every combination of the parts, at and around each boundary.
pub(super) async fn the_condition_is_exactly_the_documented_one(store: Shared) {
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

pub(super) async fn a_revoked_session_never_rotates(store: Shared) {
    store.create(&session("a")).await.unwrap();
    assert_eq!(rotate(&store, &rotation("a")).await, Ok(()));
    store.revoke(&revocation("a", RevocationReason::Reuse, NOW)).await.unwrap();
    let row = find(&store, "a").await.unwrap();
    assert_eq!(row.revoked, Some((at(NOW), RevocationReason::Reuse)));
    for presented in ["next", "current"] {
        let mut request = rotation("a");
        request.presented = presented.into();
        request.next = "another".into();
        for _ in 0..3 {
            request.now = request.now.plus_millis(100);
            request.rotated_before = request.now;
            assert_eq!(rotate(&store, &request).await, Err(Some(row.clone())), "{presented}");
        }
    }
}

pub(super) async fn fifty_rotations_at_once_are_one(store: Shared) {
    for round in 0..3 {
        let id = format!("session {round}");
        store.create(&session(&id)).await.unwrap();
        let outcomes = at_once(50, |index| {
            let (store, mut request) = (store.clone(), rotation(&id));
            request.next = format!("next {index}").into();
            async move { (request.next.clone(), rotate(&store, &request).await) }
        });
        let outcomes = outcomes.await;
        let won = outcomes.iter().filter(|(_, outcome)| outcome.is_ok());
        let winners: Vec<_> = won.map(|(next, _)| next).collect();
        assert_eq!(winners.len(), 1, "rotated to {winners:?}");
        let row = find(&store, &id).await.unwrap();
        assert_eq!((&row.current_jti, row.previous_jti.clone()), (winners[0], Some("current".into())));
        for found in outcomes.iter().filter_map(|(_, outcome)| outcome.as_ref().err()) {
            assert_eq!(found.as_ref(), Some(&row), "who lost sees what the winner wrote");
        }
    }
}

pub(super) async fn fifty_sessions_rotate_at_once(store: Shared) {
    let id = |index: usize| format!("session {index}");
    for index in 0..50 {
        store.create(&session(&id(index))).await.unwrap();
    }
    let outcomes = at_once(50, |index| {
        let (store, request) = (store.clone(), rotation(&id(index)));
        async move { store.rotate(&request).await.map(|_| ()).map_err(|error| error.to_string()) }
    });
    assert_eq!(outcomes.await, vec![Ok(()); 50]);
    for index in 0..50 {
        assert_eq!(find(&store, &id(index)).await.unwrap().current_jti, "next".into(), "{index}");
    }
}
