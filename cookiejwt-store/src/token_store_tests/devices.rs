//! A session that is bound to a device rotates for that device only.

use cookiejwt_core::store::{RevocationReason, RotationRequest, SessionRecord};

use super::{
    samples::{
        ACCESS_LIFE_AGO, CHALLENGED_AT, DEVICE, LEEWAY_AGO, NOW, OTHER_DEVICE, SETTLED, answer_late, at,
        bound, bound_rotation, find, late_answer, orphaned, proved, receipt, receive, replace, replacement,
        rotate, rotated, session, settle, slow_answer, with,
    },
    shared::{Combination, Shared, at_once},
};
use crate::stores::TokenStore as _;

type Row = fn(&mut SessionRecord);
type Request = fn(&mut RotationRequest);

/// What is changed in a row and a request that match, and whether they still do.
const CONDITIONS: [(&str, Row, Request, bool); 25] = [
    ("all of it holds", |_| (), |_| (), true),
    ("received", |row| row.received_at = Some(at(NOW - 1)), |_| (), true),
    ("not received, and settled a millisecond ago", |row| row.settles_at = at(NOW - 1), |_| (), true),
    ("never rotated", |row| *row = never_rotated(row), |_| (), true),
    (
        "never rotated, challenged long ago",
        |row| *row = never_rotated(row),
        |request| request.device = Some(proved(DEVICE, 0)),
        true,
    ),
    ("challenged now", |_| (), |request| request.device = Some(proved(DEVICE, NOW)), true),
    ("expires a millisecond later", |row| row.expires_at = at(NOW + 1), |_| (), true),
    ("ends a millisecond later", |row| row.ends_at = at(NOW + 1), |_| (), true),
    ("no device", |_| (), |request| request.device = None, false),
    (
        "no device, received",
        |row| row.received_at = Some(at(NOW - 1)),
        |request| request.device = None,
        false,
    ),
    ("no device, never rotated", |row| *row = never_rotated(row), |request| request.device = None, false),
    ("another device", |_| (), |request| request.device = Some(proved(OTHER_DEVICE, CHALLENGED_AT)), false),
    ("bound to another device", |row| row.device = Some(OTHER_DEVICE.into()), |_| (), false),
    ("not bound", |row| row.device = None, |_| (), false),
    (
        "not bound, and received",
        |row| (row.device, row.received_at) = (None, Some(at(NOW - 1))),
        |_| (),
        false,
    ),
    (
        "challenged in the millisecond of the last rotation",
        |_| (),
        |request| request.device = Some(proved(DEVICE, ACCESS_LIFE_AGO)),
        false,
    ),
    (
        "challenged a millisecond before it",
        |_| (),
        |request| request.device = Some(proved(DEVICE, ACCESS_LIFE_AGO - 1)),
        false,
    ),
    ("another token", |_| (), |request| request.presented = "parent".into(), false),
    ("of another realm", |_| (), |request| request.realm = "staff".into(), false),
    ("revoked", |row| row.revoked = Some((at(NOW - 1), RevocationReason::Logout)), |_| (), false),
    (
        "superseded, with a minute left",
        |row| row.revoked = Some((at(NOW + 1), RevocationReason::Superseded)),
        |_| (),
        false,
    ),
    ("settles now", |row| row.settles_at = at(NOW), |_| (), true),
    ("settles in the future, by another clock", |row| row.settles_at = at(NOW + 5000), |_| (), true),
    ("idle: expires now", |row| row.expires_at = at(NOW), |_| (), false),
    ("absolute: ends now", |row| row.ends_at = at(NOW), |_| (), false),
];

fn never_rotated(row: &SessionRecord) -> SessionRecord {
    with(session(row.id.as_str()), |session| session.device.clone_from(&row.device))
}

/// Each part of the WHERE broken once: the row as it is comes back.
pub(super) async fn only_its_device_rotates_a_bound_session(store: Shared) {
    if !store.keeps_devices() {
        return;
    }
    for (index, (rule, change_row, change_request, rotates)) in CONDITIONS.into_iter().enumerate() {
        let id = format!("session {index}");
        let (mut row, mut request) = (bound(&id), bound_rotation(&id));
        change_row(&mut row);
        change_request(&mut request);
        store.create(&row).await.unwrap();
        let expected = if rotates { Ok(()) } else { Err(Some(row.clone())) };
        assert_eq!(rotate(&store, &request).await, expected, "{rule}");
        if rotates {
            request.apply(&mut row);
        }
        assert_eq!(find(&store, &id).await, Some(row), "{rule}");
    }
}

/// Every combination of the parts, at and around each boundary.
pub(super) async fn a_bound_rotation_is_exactly_the_documented_one(store: Shared) {
    if !store.keeps_devices() {
        return;
    }
    let mut combination = Combination::default();
    while combination.begin() {
        let own = combination.of([None, Some(DEVICE), Some(OTHER_DEVICE)]);
        let proof =
            combination.of([None, Some((DEVICE, ACCESS_LIFE_AGO)), Some((DEVICE, ACCESS_LIFE_AGO + 1))]);
        let has_rotated = combination.of([false, true]);
        let is_received = combination.of([false, true]);
        let settles_at = combination.of([LEEWAY_AGO - 1, NOW - 1, NOW]);
        let (expires_at, ends_at) = combination.of([(NOW + 1, NOW + 1), (NOW, NOW + 1), (NOW + 1, NOW)]);
        let id = combination.id();
        let row = with(session(&id), |row| {
            row.device = own.map(Into::into);
            row.previous_jti = has_rotated.then(|| "parent".into());
            row.rotated_at = has_rotated.then(|| at(ACCESS_LIFE_AGO));
            row.received_at = is_received.then(|| at(NOW - 1));
            row.settles_at = at(settles_at);
            (row.expires_at, row.ends_at) = (at(expires_at), at(ends_at));
        });
        store.create(&row).await.unwrap();
        let mut request = bound_rotation(&id);
        request.device = proof.map(|(key, millis)| proved(key, millis));
        let is_ripe = match proof {
            None => settles_at < NOW && (is_received || !has_rotated || settles_at < LEEWAY_AGO),
            Some((_, challenged_at)) => !has_rotated || challenged_at > ACCESS_LIFE_AGO,
        };
        let is_its_own = own == proof.map(|(key, _)| key);
        let matches = is_its_own && is_ripe && expires_at > NOW && ends_at > NOW;
        assert_eq!(request.matches(&row), matches, "{row:?}");
        let expected = if matches { Ok(()) } else { Err(Some(row.clone())) };
        assert_eq!(rotate(&store, &request).await, expected, "{row:?}, {request:?}");
    }
}

/// One after the other, and many at once.
pub(super) async fn a_challenge_rotates_once(store: Shared) {
    if !store.keeps_devices() {
        return;
    }
    store.create(&with(bound("a"), |row| row.ends_at = at(NOW + 90_000_000))).await.unwrap();
    let first = bound_rotation("a");
    assert_eq!(rotate(&store, &first).await, Ok(()));
    let row = find(&store, "a").await.unwrap();
    for (challenged_at, rotates) in [(CHALLENGED_AT, false), (NOW - 1, false), (NOW, false), (NOW + 1, true)]
    {
        let mut again = bound_rotation("a");
        (again.presented, again.next) = ("next".into(), "another".into());
        (again.now, again.orphaned_before) = (at(SETTLED + 1), at(SETTLED + 1));
        again.device = Some(proved(DEVICE, challenged_at));
        let expected = if rotates { Ok(()) } else { Err(Some(row.clone())) };
        assert_eq!(rotate(&store, &again).await, expected, "{} ms after the rotation", challenged_at - NOW);
    }
    store.create(&bound("b")).await.unwrap();
    let outcomes = at_once(20, |index| {
        let (store, mut request) = (store.clone(), bound_rotation("b"));
        request.next = format!("next {index}").into();
        async move { rotate(&store, &request).await.is_ok() }
    });
    let rotated = outcomes.await.into_iter().filter(|rotated| *rotated).count();
    assert_eq!(rotated, 1, "of twenty with one challenge");
}

/// Without a proof nothing that brings a refresh token is sent again. What only notes a time works.
pub(super) async fn a_bound_session_is_never_answered_late(store: Shared) {
    if !store.keeps_devices() {
        return;
    }
    for (index, key) in [DEVICE, OTHER_DEVICE, "no key", ""].into_iter().enumerate() {
        for row in [rotated(&format!("rotated {index}")), orphaned(&format!("orphaned {index}"))] {
            let row = with(row, |row| row.device = Some(key.into()));
            store.create(&row).await.unwrap();
            let (id, refused) = (row.id.as_str(), Err(Some(row.clone())));
            assert_eq!(answer_late(&store, &late_answer(id)).await, refused, "{id}");
            assert_eq!(replace(&store, &replacement(id)).await, refused, "{id}");
            assert_eq!(find(&store, id).await.as_ref(), Some(&row), "{id}");
        }
    }
    store.insert([&bound("slow"), &bound("received")]).await;
    assert!(settle(&store, &slow_answer("slow")).await);
    assert_eq!(receive(&store, &[receipt("received")]).await, 1);
}
