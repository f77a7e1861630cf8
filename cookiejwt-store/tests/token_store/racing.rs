//! What holds when everybody comes at once.

use std::{collections::HashSet, sync::Arc};

use cookiejwt_store::{
    Authenticator, LoginContext, LoginOptions, ManualClock, RevocationReason, TokenStore, core::testing,
};
use tokio::task::JoinSet;

use crate::{
    common::{Jar, PASSWORD, Switches, TestHasher, TestUsers, lines, outcome},
    samples::{NOW, at, find, revocation, rotate, rotation, session},
};

pub(crate) async fn fifty_rotations_at_once_are_one(store: impl TokenStore) {
    let store = Arc::new(store);
    store.create(&session("a")).await.unwrap();
    let mut tasks = JoinSet::new();
    for index in 0..50 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut request = rotation("a");
            request.next = format!("next {index}").into();
            (request.next.clone(), rotate(&*store, &request).await)
        });
    }
    let outcomes = tasks.join_all().await;
    let winners: Vec<_> =
        outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).map(|(next, _)| next).collect();
    assert_eq!(winners.len(), 1);
    let row = find(&*store, "a").await.unwrap();
    assert_eq!((&row.current_jti, row.previous_jti.clone()), (winners[0], Some("current".into())));
    for (_, outcome) in &outcomes {
        if let Err(found) = outcome {
            assert_eq!(found.as_ref(), Some(&row), "who lost sees what the winner wrote");
        }
    }
}

pub(crate) async fn fifty_revocations_at_once_are_one(store: impl TokenStore) {
    let store = Arc::new(store);
    store.create(&session("a")).await.unwrap();
    let mut tasks = JoinSet::new();
    for index in 0..50 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let revocation = revocation("a", RevocationReason::Logout, NOW + index);
            (index, store.revoke(&revocation).await.unwrap())
        });
    }
    let outcomes = tasks.join_all().await;
    let first: Vec<_> = outcomes.iter().filter(|(_, alive)| *alive).map(|(index, _)| *index).collect();
    assert_eq!(first.len(), 1);
    let row = find(&*store, "a").await.unwrap();
    assert_eq!(row.revoked, Some((at(NOW + first[0]), RevocationReason::Logout)));
}

pub(crate) async fn a_rotation_never_resurrects_a_revoked_session(store: impl TokenStore) {
    let store = Arc::new(store);
    for round in 0..25 {
        let id = format!("{round}");
        store.create(&session(&id)).await.unwrap();
        let (rotating, revoking) = (Arc::clone(&store), Arc::clone(&store));
        let (of_rotation, of_revocation) = (id.clone(), id.clone());
        let rotated = tokio::spawn(async move { rotate(&*rotating, &rotation(&of_rotation)).await });
        let revoked = tokio::spawn(async move {
            revoking.revoke(&revocation(&of_revocation, RevocationReason::Logout, NOW)).await.unwrap()
        });
        let (rotated, revoked) = (rotated.await.unwrap(), revoked.await.unwrap());
        assert!(revoked, "a rotation does not hide the session from its revocation");
        let row = find(&*store, &id).await.unwrap();
        assert_eq!(row.revoked, Some((at(NOW), RevocationReason::Logout)));
        assert_eq!(row.previous_jti.is_some(), rotated.is_ok());
        let mut next = rotation(&id);
        next.presented = row.current_jti.clone();
        next.rotated_before = at(NOW);
        assert_eq!(rotate(&*store, &next).await, Err(Some(row)), "revoked for good");
    }
}

pub(crate) async fn fifty_logins_at_once_are_fifty_rows(store: impl TokenStore) {
    let store = Arc::new(store);
    let mut tasks = JoinSet::new();
    for index in 0..50 {
        let store = Arc::clone(&store);
        tasks.spawn(async move { store.create(&session(&format!("{index}"))).await.unwrap() });
    }
    tasks.join_all().await;
    let named = store.revoke_subject(&"1".into(), RevocationReason::Logout, at(NOW)).await.unwrap();
    assert_eq!(named.into_iter().collect::<HashSet<_>>().len(), 50);
}

/// The driver over this store: one rotation, and one refresh cookie for all.
pub(crate) async fn fifty_requests_rotate_once(store: impl TokenStore) {
    let clock = ManualClock::at(testing::NOW);
    let auth = Authenticator::builder(testing::config().build().unwrap())
        .users(TestUsers::new(Switches::default()))
        .tokens(store)
        .clock(clock.clone())
        .password_hasher(TestHasher::default())
        .build()
        .unwrap();
    let login =
        auth.login_with_password("alice", PASSWORD, LoginOptions::new(), LoginContext::default()).await;
    let jar = Jar::of(&login.unwrap().cookies);
    clock.advance(time::Duration::seconds(306));
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let (auth, head) = (auth.clone(), jar.get());
        tasks.spawn(async move { auth.authenticate(&head).await });
    }
    let decisions = tasks.join_all().await;
    assert!(decisions.iter().all(|decision| outcome(decision) == ("1", "set")));
    let refresh_lines: HashSet<_> =
        decisions.iter().map(|decision| lines(&decision.cookies)[1].clone()).collect();
    assert_eq!(refresh_lines.len(), 1);
    clock.advance(time::Duration::seconds(11));
    let reused = auth.authenticate(&jar.without_access().get()).await;
    assert_eq!(outcome(&reused), ("session_revoked", "cleared"), "the parent, a leeway later");
}
