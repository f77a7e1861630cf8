//! Ending every session of a user table.

use std::collections::HashSet;

use cookiejwt_core::{
    SessionId,
    store::{Realm, RealmRevocation, RevocationReason, SessionRecord},
};

use super::{
    samples::{NOW, REASONS, at, find, rotate, rotation, session, with},
    shared::{Shared, at_once},
};
use crate::stores::{RevokedSession, TokenStore as _};

const REASON: RevocationReason = RevocationReason::Administrator;
/// Earlier than the last refresh of [`session`].
const IDLE_BEFORE: i64 = NOW - 900_000;

fn everybody(realm: &str) -> RealmRevocation {
    RealmRevocation { realm: realm.into(), reason: REASON, at: at(NOW), idle_before: at(IDLE_BEFORE) }
}

/// Until there are no more, in batches of this size.
async fn end(store: &Shared, revocation: &RealmRevocation, limit: u64) -> Vec<RevokedSession> {
    let (mut sessions, mut after) = (Vec::new(), None);
    for _ in 0..1000 {
        let batch = store.revoke_realm(revocation, after.as_ref(), limit).await.unwrap();
        sessions.extend(batch.sessions);
        after = batch.next;
        if after.is_none() {
            sessions.sort_by(|one, other| one.id.cmp(&other.id));
            return sessions;
        }
    }
    panic!("it has no end");
}

/// Neither refreshed nor answered at this time or later.
fn idle(id: &str, last_seen: i64, settles: i64) -> SessionRecord {
    with(session(id), |row| {
        row.last_seen_at = at(last_seen);
        row.settles_at = at(settles);
    })
}

fn of(realm: &str, id: &str) -> SessionRecord {
    with(session(id), |row| row.realm = Realm::from(realm))
}

pub(super) async fn revoke_realm_ends_exactly_the_open_sessions_of_the_realm(store: Shared) {
    let superseded = RevocationReason::Superseded;
    let ended = [
        session("a"),
        with(session("of another user"), |row| row.subject = "2".into()),
        with(session("past its idle end"), |row| row.expires_at = at(NOW - 1)),
        with(session("superseded"), |row| row.revoked = Some((at(NOW + 1), superseded))),
        with(idle("superseded and idle", IDLE_BEFORE - 1, IDLE_BEFORE - 1), |row| {
            row.revoked = Some((at(NOW + 1), superseded));
        }),
    ];
    let left = [
        with(session("before"), |row| row.revoked = Some((at(NOW - 1), REASONS[0]))),
        with(session("by a clock ahead"), |row| row.revoked = Some((at(NOW + 1), REASONS[0]))),
        with(session("was superseded"), |row| row.revoked = Some((at(NOW - 1), superseded))),
        of("staff", "in a realm"),
        of("Staff", "in one alike"),
    ];
    store.insert(&ended).await;
    store.insert(&left).await;
    let told = end(&store, &everybody(""), 100).await;
    let mut expected =
        ended.each_ref().map(|row| RevokedSession { id: row.id.clone(), reason: REASON, at: at(NOW) });
    expected.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(told, expected);
    for row in ended {
        let row = with(row, |row| row.revoked = Some((at(NOW), REASON)));
        assert_eq!(store.find(&row.id).await.unwrap().as_ref(), Some(&row), "and nothing else has changed");
    }
    for row in left {
        assert_eq!(store.find(&row.id).await.unwrap().as_ref(), Some(&row), "not touched");
    }
    assert_eq!(end(&store, &everybody(""), 100).await, [], "once");
    let told = end(&store, &everybody("staff"), 100).await;
    assert_eq!(told.len(), 1, "its own realm: {told:?}");
}

pub(super) async fn revoke_realm_keeps_the_idle_out_of_the_feed(store: Shared) {
    let cases = [
        ("idle", IDLE_BEFORE - 1, IDLE_BEFORE - 1, true),
        ("long idle", 0, 0, true),
        ("refreshed just then", IDLE_BEFORE, IDLE_BEFORE - 1, false),
        ("answered just then", IDLE_BEFORE - 1, IDLE_BEFORE, false),
        ("active", NOW, NOW, false),
    ];
    for (id, last_seen, settles, _) in cases {
        store.create(&idle(id, last_seen, settles)).await.unwrap();
    }
    let told = end(&store, &everybody(""), 100).await;
    assert_eq!(told.len(), cases.len());
    let feed = store.revoked_since(at(IDLE_BEFORE + 1)).await.unwrap();
    for (id, _, _, is_idle) in cases {
        let time = at(if is_idle { IDLE_BEFORE } else { NOW });
        let session = RevokedSession { id: id.into(), reason: REASON, at: time };
        assert!(told.contains(&session), "{id}: {told:?}");
        assert_eq!(feed.contains(&session), !is_idle, "{id}");
        assert_eq!(find(&store, id).await.unwrap().revoked, Some((time, REASON)), "{id}");
    }
}

pub(super) async fn revoke_realm_goes_on_where_it_stopped(store: Shared) {
    for (round, limit) in [1_u64, 7, 10, 25, 30].into_iter().enumerate() {
        let realm = format!("round {round}");
        let ids: Vec<SessionId> = (0..25).map(|index| format!("{round} {index}").into()).collect();
        for id in &ids {
            store.create(&of(&realm, id.as_str())).await.unwrap();
        }
        let first = store.revoke_realm(&everybody(&realm), None, limit).await.unwrap();
        let told = end(&store, &everybody(&realm), limit).await;
        let told: HashSet<_> = first.sessions.iter().chain(&told).map(|session| session.id.clone()).collect();
        assert_eq!(told, ids.iter().cloned().collect(), "in batches of {limit}");
        for id in &ids {
            assert!(store.find(id).await.unwrap().unwrap().revoked.is_some(), "{id}, in batches of {limit}");
        }
    }
}

pub(super) async fn revoke_realm_misses_no_rotating_session(store: Shared) {
    let id = |round: usize, index: usize| format!("{round} {index}");
    for round in 0..5 {
        let realm = format!("round {round}");
        for index in 0..11 {
            let row = with(idle(&id(round, index), 0, 0), |row| row.realm = realm.as_str().into());
            store.create(&row).await.unwrap();
        }
        // The sixth task ends all sessions, the others rotate one each.
        let outcomes = at_once(11, |index| {
            let (store, revocation, mut request) =
                (store.clone(), everybody(&realm), rotation(&id(round, index)));
            request.realm = realm.as_str().into();
            async move {
                if index == 5 {
                    return (false, end(&store, &revocation, 4).await);
                }
                (rotate(&store, &request).await.is_ok(), Vec::new())
            }
        });
        let outcomes = outcomes.await;
        let told = &outcomes[5].1;
        let feed = store.revoked_since(at(NOW)).await.unwrap();
        for (index, (has_rotated, _)) in outcomes.iter().enumerate() {
            let row = find(&store, &id(round, index)).await.unwrap();
            let (time, reason) = row.revoked.expect("every session ends");
            assert_eq!((reason, row.previous_jti.is_some()), (REASON, *has_rotated));
            let session = RevokedSession { id: row.id, reason, at: time };
            assert!(told.contains(&session), "{session:?} is told");
            assert_eq!(feed.contains(&session), *has_rotated, "its new access token has to die everywhere");
        }
    }
}
