//! Revoking one session or all of a user, and hearing of it.

use std::collections::HashSet;

use cookiejwt_core::{SessionId, store::RevocationReason};

use super::{
    samples::{FINAL_REASONS, NOW, REASONS, SETTLED, at, find, revocation, rotate, rotation, session, with},
    shared::{Shared, at_once},
};
use crate::stores::{RevokedSession, TokenStore as _};

pub(super) async fn revoking_is_idempotent_and_the_first_reason_stays(store: Shared) {
    let idle = with(session("idle"), |row| row.expires_at = at(NOW - 1));
    store.insert([&session("a"), &session("b"), &idle]).await;
    assert!(store.revoke(&revocation("a", RevocationReason::Replaced, NOW)).await.unwrap(), "it was alive");
    for (index, reason) in (0..).zip(REASONS) {
        for millis in [NOW - 1 - index, NOW + 1 + index] {
            assert!(!store.revoke(&revocation("a", reason, millis)).await.unwrap(), "{reason:?} at {millis}");
        }
    }
    let revoked = store.revoke(&revocation("idle", RevocationReason::Logout, NOW)).await.unwrap();
    assert!(revoked, "its access token may live");
    let everywhere = RevocationReason::LogoutEverywhere;
    assert_eq!(store.end_all(&"1".into(), everywhere, at(NOW + 2)).await, ["b".into()]);
    let expected = with(session("a"), |row| row.revoked = Some((at(NOW), RevocationReason::Replaced)));
    assert_eq!(find(&store, "a").await, Some(expected), "and nothing else has changed");
}

pub(super) async fn fifty_revocations_at_once_are_one(store: Shared) {
    store.create(&session("a")).await.unwrap();
    let outcomes = at_once(50, |index| {
        let store = store.clone();
        let millis = NOW + i64::try_from(index).unwrap();
        async move {
            let revocation = revocation("a", FINAL_REASONS[index % FINAL_REASONS.len()], millis);
            let was_alive = store.revoke(&revocation).await.unwrap();
            was_alive.then_some((revocation.at, revocation.reason))
        }
    });
    let first: Vec<_> = outcomes.await.into_iter().flatten().collect();
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!(find(&store, "a").await.unwrap().revoked, Some(first[0]));
}

pub(super) async fn a_revoked_session_never_comes_back(store: Shared) {
    store.create(&with(session("a"), |row| row.ends_at = at(NOW + 90_000_000))).await.unwrap();
    assert_eq!(rotate(&store, &rotation("a")).await, Ok(()));
    assert!(store.revoke(&revocation("a", RevocationReason::Reuse, NOW)).await.unwrap());
    let row = find(&store, "a").await;
    assert!(store.create(&session("a")).await.is_err(), "its id is taken");
    let mut request = rotation("a");
    request.presented = "next".into();
    (request.now, request.orphaned_before) = (at(SETTLED + 1), at(SETTLED + 1));
    assert_eq!(rotate(&store, &request).await, Err(row.clone()));
    for reason in REASONS {
        assert!(!store.revoke(&revocation("a", reason, NOW + 1)).await.unwrap());
        assert_eq!(store.end_all(&"1".into(), reason, at(NOW + 1)).await, []);
    }
    store.purge(rotation("a").expires_at.plus_millis(-1), 100).await.unwrap();
    assert_eq!(store.list(&"1".into()).await, []);
    assert_eq!(find(&store, "a").await, row, "after all of this");
}

pub(super) async fn revoke_subject_names_exactly_the_living(store: Shared) {
    let before = with(session("before"), |row| row.revoked = Some((at(NOW - 1), REASONS[0])));
    // Its access token may live.
    let idle = with(session("idle"), |row| row.expires_at = at(NOW - 1));
    let other = with(session("of another user"), |row| row.subject = "2".into());
    store.insert([&session("a"), &session("b"), &idle, &before, &other]).await;
    let reason = RevocationReason::LogoutEverywhere;
    let mut named = store.end_all(&"1".into(), reason, at(NOW)).await;
    named.sort();
    assert_eq!(named, ["a".into(), "b".into(), idle.id.clone()]);
    for row in [session("a"), session("b"), idle] {
        let expected = with(row.clone(), |row| row.revoked = Some((at(NOW), reason)));
        assert_eq!(store.find(&row.id).await.unwrap(), Some(expected));
    }
    assert_eq!(store.find(&before.id).await.unwrap().as_ref(), Some(&before), "the first reason stays");
    assert_eq!(store.find(&other.id).await.unwrap().as_ref(), Some(&other));
    assert_eq!(store.end_all(&"1".into(), reason, at(NOW + 1)).await, [], "once");
}

pub(super) async fn revoke_subjects_at_once_share_the_sessions(store: Shared) {
    for round in 0..5 {
        let subject = format!("user {round}");
        let row = |index: usize| {
            with(session(&format!("{round} {index}")), |row| row.subject = subject.as_str().into())
        };
        for index in 0..10 {
            store.create(&row(index)).await.unwrap();
        }
        let time = |index: usize| at(NOW + i64::try_from(index).unwrap());
        let named = at_once(4, |index| {
            let (store, subject) = (store.clone(), subject.as_str().into());
            async move { store.end_all(&subject, REASONS[index], time(index)).await }
        });
        let named = named.await;
        for session in (0..10).map(row) {
            let by: Vec<_> = (0..4).filter(|index| named[*index].contains(&session.id)).collect();
            let revoked = store.find(&session.id).await.unwrap().unwrap().revoked;
            assert_eq!(by.len(), 1, "{} is named by one", session.id);
            assert_eq!(revoked, Some((time(by[0]), REASONS[by[0]])), "who names it has ended it");
        }
    }
}

pub(super) async fn revoked_since_has_an_inclusive_boundary(store: Shared) {
    store.create(&session("living")).await.unwrap();
    for (millis, reason) in [NOW - 1, NOW, NOW + 1].into_iter().zip(REASONS) {
        let id = reason.as_str();
        store.create(&session(id)).await.unwrap();
        store.revoke(&revocation(id, reason, millis)).await.unwrap();
    }
    let entry =
        |millis, reason: RevocationReason| RevokedSession::new(reason.as_str().into(), reason, at(millis));
    let all = [entry(NOW - 1, REASONS[0]), entry(NOW, REASONS[1]), entry(NOW + 1, REASONS[2])];
    for (since, from) in [(0, 0), (NOW - 1, 0), (NOW, 1), (NOW + 1, 2), (NOW + 2, 3)] {
        let mut revoked = store.revoked_since(at(since)).await.unwrap();
        revoked.sort_by_key(|entry| entry.at);
        assert_eq!(revoked, all[from..], "since {since}");
    }
}

pub(super) async fn revoked_since_sees_a_revocation_at_once(store: Shared) {
    let own = |index: usize| {
        with(session(&format!("session {index}")), |row| row.subject = format!("user {index}").into())
    };
    for index in 0..30 {
        store.create(&own(index)).await.unwrap();
    }
    let seen = at_once(30, |index| {
        let (store, row) = (store.clone(), own(index));
        async move {
            if index % 2 == 0 {
                store.revoke(&revocation(row.id.as_str(), REASONS[0], NOW)).await.unwrap();
            } else {
                store.end_all(&row.subject, REASONS[0], at(NOW)).await;
            }
            let revoked = store.revoked_since(at(NOW)).await.unwrap();
            revoked.iter().any(|entry| entry.id == row.id)
        }
    });
    assert_eq!(seen.await, [true; 30]);
    let revoked = store.revoked_since(at(NOW)).await.unwrap();
    let ids: HashSet<SessionId> = revoked.into_iter().map(|entry| entry.id).collect();
    assert_eq!(ids.len(), 30);
}
