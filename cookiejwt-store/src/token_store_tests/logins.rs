//! Logins at the same time as others.

use std::collections::HashSet;

use cookiejwt_core::{SessionId, store::RevocationReason};

use super::{
    samples::{NOW, at, find, session, with},
    shared::{Shared, at_once},
};
use crate::stores::TokenStore as _;

pub(super) async fn fifty_logins_at_once_are_fifty_rows(store: Shared) {
    at_once(50, |index| {
        let store = store.clone();
        async move { store.create(&session(&format!("session {index}"))).await.unwrap() }
    })
    .await;
    assert_eq!(store.list(&"1".into()).await.len(), 50);
    let named = store.end_all(&"1".into(), RevocationReason::Logout, at(NOW)).await;
    assert_eq!(named.into_iter().collect::<HashSet<_>>().len(), 50);
}

pub(super) async fn logins_with_one_id_at_once_are_one(store: Shared) {
    for round in 0..5 {
        let id = format!("session {round}");
        let row = |index: usize| with(session(&id), |row| row.subject = format!("user {index}").into());
        let created = at_once(10, |index| {
            let (store, row) = (store.clone(), row(index));
            async move { store.create(&row).await.is_ok() }
        });
        let created = created.await;
        let winners: Vec<_> = (0..10).filter(|index| created[*index]).collect();
        assert_eq!(winners.len(), 1, "{winners:?}");
        assert_eq!(find(&store, &id).await, Some(row(winners[0])));
    }
}

pub(super) async fn a_login_during_revoke_subject_is_named_or_lives(store: Shared) {
    for round in 0..10 {
        let row = |index: usize| {
            with(session(&format!("{round} {index}")), |row| row.subject = format!("user {round}").into())
        };
        for index in 0..4 {
            store.create(&row(index)).await.unwrap();
        }
        // The seventh of them ends all sessions, the others log in.
        let named = at_once(12, |index| {
            let (store, row) = (store.clone(), row(4 + index));
            async move {
                if index != 6 {
                    store.create(&row).await.unwrap();
                    return Vec::new();
                }
                store.end_all(&row.subject, RevocationReason::LogoutEverywhere, at(NOW)).await
            }
        });
        let named: HashSet<SessionId> = named.await.into_iter().flatten().collect();
        for index in (0..16).filter(|index| *index != 10) {
            let id = row(index).id;
            let is_revoked = store.find(&id).await.unwrap().expect("a login is kept").revoked.is_some();
            assert_eq!(is_revoked, named.contains(&id), "{id} is revoked, or is named");
            assert!(is_revoked || index >= 4, "{id} was there before");
        }
    }
}

pub(super) async fn the_last_of_many_logins_sees_them_all(store: Shared) {
    let seen = at_once(20, |index| {
        let (store, row) = (store.clone(), session(&format!("session {index}")));
        async move {
            store.create(&row).await.unwrap();
            let living = store.list(&row.subject).await;
            assert!(living.contains(&row), "everybody sees himself");
            living.len()
        }
    });
    let seen = seen.await;
    assert_eq!(seen.iter().max(), Some(&20), "{seen:?}");
}
