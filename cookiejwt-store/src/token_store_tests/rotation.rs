//! The hot statement: the current refresh token makes room for the next.

use cookiejwt_core::store::{Receipt, RevocationReason, RotationRequest, SessionRecord};

use super::{
    samples::{LEEWAY_AGO, NOW, SETTLED, at, find, revocation, rotate, rotated, rotation, session, with},
    shared::{Combination, Shared, at_once},
};
use crate::stores::TokenStore as _;

pub(super) async fn rotating_changes_exactly_what_it_says(store: Shared) {
    let agent = Some("Surf/1.0".to_owned());
    let before = with(rotated("a"), |row| {
        row.user_agent = agent;
        row.remember = false;
        row.received_at = Some(at(NOW - 5));
    });
    store.insert([&before, &session("neighbour")]).await;
    let request = rotation("a");
    assert_eq!(rotate(&store, &request).await, Ok(()));
    let after = with(before, |row| {
        row.previous_jti = Some("current".into());
        row.current_jti = "next".into();
        row.issued_at = request.issued_at;
        row.expires_at = request.expires_at;
        row.rotated_at = Some(request.now);
        row.last_seen_at = request.now;
        row.settles_at = request.settles_at;
        row.received_at = None;
    });
    assert_eq!(find(&store, "a").await.as_ref(), Some(&after));
    assert_eq!(find(&store, "neighbour").await, Some(session("neighbour")));
    assert_eq!(rotate(&store, &request).await, Err(Some(after)), "not twice");
}

type Row = fn(&mut SessionRecord);
type Request = fn(&mut RotationRequest);

/// What is changed in a row and a request that match, and whether they still do.
const CONDITIONS: [(&str, Row, Request, bool); 18] = [
    ("all of it holds", |_| (), |_| (), true),
    ("settled a millisecond ago", |row| row.settles_at = at(NOW - 1), |_| (), true),
    ("orphaned a millisecond ago", |row| *row = aged(row, LEEWAY_AGO - 1), |_| (), true),
    ("received", |row| row.received_at = Some(at(NOW)), |_| (), true),
    ("ends a millisecond later", |row| row.ends_at = at(NOW + 1), |_| (), true),
    ("expires a millisecond later", |row| row.expires_at = at(NOW + 1), |_| (), true),
    ("another token was presented", |_| (), |request| request.presented = "other".into(), false),
    (
        "the parent was presented",
        |row| *row = aged(row, 0),
        |request| request.presented = "parent".into(),
        false,
    ),
    (
        "the successor was presented",
        |row| *row = aged(row, 0),
        |request| request.presented = "next".into(),
        false,
    ),
    ("of another realm", |_| (), |request| request.realm = "staff".into(), false),
    ("revoked", |row| row.revoked = Some((at(NOW - 1), RevocationReason::Logout)), |_| (), false),
    ("revoked later", |row| row.revoked = Some((at(NOW + 1), RevocationReason::Logout)), |_| (), false),
    ("settles now", |row| row.settles_at = at(NOW), |_| (), false),
    ("settles in the future, by another clock", |row| row.settles_at = at(NOW + 5000), |_| (), false),
    ("not received, and settled a leeway ago", |row| *row = aged(row, LEEWAY_AGO), |_| (), false),
    ("idle: expires now", |row| row.expires_at = at(NOW), |_| (), false),
    ("absolute: ends now", |row| row.ends_at = at(NOW), |_| (), false),
    ("long over", |row| (row.expires_at, row.ends_at) = (at(NOW - 9000), at(NOW - 9000)), |_| (), false),
];

/// Rotated, and the successor was not presented.
fn aged(row: &SessionRecord, settles_at: i64) -> SessionRecord {
    with(rotated(row.id.as_str()), |row| row.settles_at = at(settles_at))
}

/// Each part of the WHERE broken once: the row as it is comes back.
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
    let mut combination = Combination::default();
    while combination.begin() {
        let settles_at = combination.of([LEEWAY_AGO - 1, LEEWAY_AGO, NOW - 1, NOW]);
        let has_rotated = combination.of([false, true]);
        let is_received = combination.of([false, true]);
        let expires_at = combination.of([NOW, NOW + 1]);
        let ends_at = combination.of([NOW, NOW + 1]);
        let is_revoked = combination.of([false, true]);
        let (realm, presented) = combination.of([("", "current"), ("", "Current"), ("a", "current")]);
        let id = combination.id();
        let row = with(session(&id), |row| {
            row.settles_at = at(settles_at);
            row.previous_jti = has_rotated.then(|| "parent".into());
            row.received_at = is_received.then(|| at(NOW - 1));
            row.expires_at = at(expires_at);
            row.ends_at = at(ends_at);
            row.revoked = is_revoked.then_some((at(NOW), RevocationReason::Logout));
        });
        store.create(&row).await.unwrap();
        let mut request = rotation(&id);
        (request.realm, request.presented) = (realm.into(), presented.into());
        let is_ripe = settles_at < NOW && (is_received || !has_rotated || settles_at < LEEWAY_AGO);
        let is_living = !is_revoked && expires_at > NOW && ends_at > NOW;
        let matches = (realm, presented) == ("", "current") && is_living && is_ripe;
        assert_eq!(request.matches(&row), matches, "{row:?}");
        let expected = if matches { Ok(()) } else { Err(Some(row.clone())) };
        assert_eq!(rotate(&store, &request).await, expected, "{row:?}");
    }
}

/// A session that does not end in the meantime.
fn lasting(id: &str) -> SessionRecord {
    with(session(id), |row| row.ends_at = at(NOW + 90_000_000))
}

/// The two conditions on time, one rotation after the other.
pub(super) async fn a_successor_rotates_once_it_is_received_or_a_leeway_later(store: Shared) {
    for is_received in [false, true] {
        let id = format!("received: {is_received}");
        store.create(&lasting(&id)).await.unwrap();
        assert_eq!(rotate(&store, &rotation(&id)).await, Ok(()));
        let receipt = Receipt::new(id.as_str().into(), "next".into());
        let received = store.received(&[receipt][..usize::from(is_received)], at(NOW + 1), at(SETTLED)).await;
        assert_eq!(received.unwrap(), u64::from(is_received));
        let first = if is_received { SETTLED + 1 } else { SETTLED + 10_001 };
        for (now, rotates) in [(NOW, false), (SETTLED, false), (first - 1, false), (first, true)] {
            let mut request = rotation(&id);
            (request.presented, request.next) = ("next".into(), "another".into());
            (request.now, request.orphaned_before) = (at(now), at(now - 10_000));
            let row = find(&store, &id).await;
            let expected = if rotates { Ok(()) } else { Err(row) };
            assert_eq!(rotate(&store, &request).await, expected, "{id}: {} ms after the first", now - NOW);
        }
    }
}

pub(super) async fn a_revoked_session_never_rotates(store: Shared) {
    store.create(&lasting("a")).await.unwrap();
    assert_eq!(rotate(&store, &rotation("a")).await, Ok(()));
    store.revoke(&revocation("a", RevocationReason::Reuse, NOW)).await.unwrap();
    let row = find(&store, "a").await.unwrap();
    assert_eq!(row.revoked, Some((at(NOW), RevocationReason::Reuse)));
    for presented in ["next", "current"] {
        let mut request = rotation("a");
        request.presented = presented.into();
        request.next = "another".into();
        for _ in 0..3 {
            request.now = request.now.plus_millis(20_001);
            request.orphaned_before = request.now.plus_millis(-10_000);
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
