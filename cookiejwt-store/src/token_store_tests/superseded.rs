//! A session that a fresh login has superseded: its revocation lies in the future, and can be
//! brought forward.

use cookiejwt_core::store::{Realm, RevocationReason, SessionRecord};

use super::{
    samples::{
        FINAL_REASONS, NOW, REASONS, answer_late, at, bind, binding, find, late_answer, orphaned, receipt,
        receive, replace, replacement, revocation, rotate, rotated, rotation, session, settle, slow_answer,
        with,
    },
    shared::{Shared, at_once},
};
use crate::stores::{RevokedSession, TokenStore as _};

const LATER: i64 = NOW + 60_000;

/// It ends at this time.
fn superseded(id: &str, at_millis: i64) -> SessionRecord {
    with(rotated(id), |row| row.revoked = Some((at(at_millis), RevocationReason::Superseded)))
}

pub(super) async fn a_superseded_session_can_be_brought_forward(store: Shared) {
    store.create(&rotated("a")).await.unwrap();
    assert!(store.revoke(&revocation("a", RevocationReason::Superseded, LATER)).await.unwrap());
    assert_eq!(find(&store, "a").await, Some(superseded("a", LATER)), "it is told, and not ended yet");
    for reason in REASONS {
        for (name, millis, changes) in
            [("earlier", LATER - 1, true), ("then", LATER, false), ("later", LATER + 1, false)]
        {
            let row = superseded(&format!("{:.13} {name}", reason.as_str()), LATER);
            store.create(&row).await.unwrap();
            let revocation = revocation(row.id.as_str(), reason, millis);
            assert_eq!(revocation.matches(&row), changes, "{reason:?} {name}");
            assert_eq!(store.revoke(&revocation).await.unwrap(), changes, "{reason:?} {name}");
            let revoked = if changes { Some((at(millis), reason)) } else { row.revoked };
            let found = store.find(&row.id).await.unwrap();
            assert_eq!(found, Some(with(row, |row| row.revoked = revoked)), "{reason:?} {name}");
        }
    }
}

/// Whatever the time of it: another node's clock may be ahead.
pub(super) async fn every_other_reason_stays_with_its_time(store: Shared) {
    for first in FINAL_REASONS {
        let row = with(rotated(first.as_str()), |row| row.revoked = Some((at(LATER), first)));
        store.create(&row).await.unwrap();
        for second in [RevocationReason::Superseded, RevocationReason::Logout, first] {
            for millis in [NOW, LATER - 1, LATER, LATER + 1] {
                let revocation = revocation(row.id.as_str(), second, millis);
                assert!(!revocation.matches(&row), "{first:?}, then {second:?} at {millis}");
                assert!(!store.revoke(&revocation).await.unwrap(), "{first:?}, then {second:?} at {millis}");
            }
        }
        let named = store.revoke_subject(&Realm::default(), &"1".into(), first, at(NOW)).await.unwrap();
        assert_eq!(named, [], "{first:?}");
        assert_eq!(store.find(&row.id).await.unwrap(), Some(row));
    }
}

pub(super) async fn a_superseded_session_is_told_and_not_listed(store: Shared) {
    for (name, millis) in [("over", NOW - 1), ("now", NOW), ("a moment later", NOW + 1), ("later", LATER)] {
        let row = superseded(name, millis);
        store.create(&row).await.unwrap();
        let listed = store.sessions_of(&row.realm, &row.subject, at(NOW)).await.unwrap();
        assert_eq!(listed, [], "{name}: its place is taken");
        let entry = RevokedSession::new(row.id, RevocationReason::Superseded, at(millis));
        let revoked = store.revoked_since(at(NOW - 1)).await.unwrap();
        assert!(revoked.contains(&entry), "{name}: {revoked:?}");
    }
    assert_eq!(store.revoked_since(at(LATER + 1)).await.unwrap(), []);
    assert_eq!(store.revoked_since(at(LATER)).await.unwrap().len(), 1, "by its own time");
}

pub(super) async fn revoke_subject_ends_a_superseded_session_at_once(store: Shared) {
    let rows = [
        superseded("later", LATER),
        superseded("a moment later", NOW + 1),
        superseded("now", NOW),
        superseded("over", NOW - 1),
        session("living"),
    ];
    store.insert(&rows).await;
    let reason = RevocationReason::PasswordChanged;
    let mut named = store.revoke_subject(&Realm::default(), &"1".into(), reason, at(NOW)).await.unwrap();
    // One that ended in this very millisecond may be named, which does no harm.
    named.retain(|id| id.as_str() != "now");
    named.sort();
    assert_eq!(named, ["a moment later".into(), "later".into(), "living".into()]);
    for row in rows {
        let is_named = named.contains(&row.id);
        let revoked = if is_named { Some((at(NOW), reason)) } else { row.revoked };
        let found = store.find(&row.id).await.unwrap();
        assert_eq!(found, Some(with(row, |row| row.revoked = revoked)), "and its first end stays");
    }
}

/// Each node that sees the new session ends the old one.
pub(super) async fn fifty_who_bring_it_forward_are_one(store: Shared) {
    for round in 0..3 {
        let id = format!("session {round}");
        store.create(&superseded(&id, LATER)).await.unwrap();
        let outcomes = at_once(50, |index| {
            let (store, millis) = (store.clone(), NOW + i64::try_from(index).unwrap());
            let revocation = revocation(&id, FINAL_REASONS[index % FINAL_REASONS.len()], millis);
            async move {
                let has_ended = store.revoke(&revocation).await.unwrap();
                has_ended.then_some((revocation.at, revocation.reason))
            }
        });
        let first: Vec<_> = outcomes.await.into_iter().flatten().collect();
        assert_eq!(first.len(), 1, "{first:?}");
        assert_eq!(find(&store, &id).await.unwrap().revoked, Some(first[0]));
    }
}

/// Whatever the reason and the time of the revocation.
pub(super) async fn a_revoked_session_is_changed_by_nothing(store: Shared) {
    for (index, reason) in REASONS.into_iter().enumerate() {
        for millis in [NOW - 1, NOW, NOW + 1, LATER] {
            let id = format!("{index} {}", millis - NOW);
            let row = with(orphaned(&id), |row| row.revoked = Some((at(millis), reason)));
            let young = with(rotated(&format!("{id} young")), |young| young.revoked = row.revoked);
            store.insert([&row, &young]).await;
            let refused = Err(Some(row.clone()));
            assert_eq!(rotate(&store, &rotation(&id)).await, refused, "{reason:?}");
            assert_eq!(answer_late(&store, &late_answer(&id)).await, refused, "{reason:?}");
            assert_eq!(replace(&store, &replacement(&id)).await, refused, "{reason:?}");
            assert!(!settle(&store, &slow_answer(young.id.as_str())).await, "{reason:?}");
            if store.keeps_devices() {
                assert_eq!(bind(&store, &binding(&id)).await, refused, "{reason:?}");
            }
            let receipts = [receipt(&id), receipt(young.id.as_str())];
            assert_eq!(receive(&store, &receipts).await, 0, "{reason:?}");
            for row in [row, young] {
                assert_eq!(store.find(&row.id).await.unwrap(), Some(row));
            }
        }
    }
}
