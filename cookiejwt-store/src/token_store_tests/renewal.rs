//! Renewing the claims of a user's sessions, and hearing of it.

use cookiejwt_core::store::{ClaimsRenewal, RevocationReason, SessionRecord};

use super::{
    samples::{
        NOW, answer_late, at, find, late_answer, orphaned, receipt, receive, renewal, replace, replacement,
        revocation, rotate, rotated, rotation, session, settle, slow_answer, with,
    },
    shared::{Shared, at_once},
};
use crate::stores::{RenewedSession, TokenStore as _};

/// When a session was last answered that is not idle yet.
const ACTIVE: i64 = NOW - 500_000;

/// Which row, and whether it is renewed.
fn cases() -> Vec<(&'static str, bool, SessionRecord)> {
    let revoked = |millis, reason| Some((at(millis), reason));
    let of = |id, change: fn(&mut SessionRecord)| with(session(id), change);
    vec![
        ("active", true, session("active")),
        ("rotated", true, rotated("rotated")),
        ("seen at the boundary", true, of("boundary", |row| row.last_seen_at = at(ACTIVE))),
        ("idle", false, of("idle", |row| (row.last_seen_at, row.settles_at) = (at(ACTIVE - 1), at(0)))),
        (
            "answered at the boundary",
            true,
            of("answered", |row| (row.last_seen_at, row.settles_at) = (at(0), at(ACTIVE))),
        ),
        ("renewed before", true, of("again", |row| (row.version, row.renewed_at) = (6, Some(at(NOW - 1))))),
        (
            "renewed by a node whose clock is ahead",
            true,
            of("ahead", |row| (row.version, row.renewed_at) = (6, Some(at(NOW + 1)))),
        ),
        (
            "revoked",
            false,
            with(session("revoked"), |row| row.revoked = revoked(NOW - 1, RevocationReason::Logout)),
        ),
        (
            "superseded, with a minute left",
            true,
            with(session("waits"), |row| row.revoked = revoked(NOW + 1, RevocationReason::Superseded)),
        ),
        (
            "superseded, over",
            false,
            with(session("over"), |row| row.revoked = revoked(NOW, RevocationReason::Superseded)),
        ),
        ("another user's", false, of("of bob", |row| row.subject = "2".into())),
        ("of another user table", false, of("of staff", |row| row.realm = "staff".into())),
    ]
}

pub(super) async fn renewing_changes_exactly_the_active_sessions_of_the_user(store: Shared) {
    let rows: Vec<_> = cases().into_iter().map(|(_, _, row)| row).collect();
    store.insert(&rows).await;
    let told = store.renew_claims(&renewal(NOW)).await.unwrap();
    for (rule, is_renewed, row) in cases() {
        let expected = with(row.clone(), |row| {
            if is_renewed {
                (row.version, row.renewed_at) = (row.version + 1, Some(at(NOW)));
            }
        });
        assert_eq!(store.find(&row.id).await.unwrap().as_ref(), Some(&expected), "{rule}");
        let session = RenewedSession::new(row.id, expected.version, at(NOW));
        assert_eq!(told.contains(&session), is_renewed, "{rule}: {told:?}");
    }
    assert_eq!(told.len(), cases().iter().filter(|(_, is_renewed, _)| *is_renewed).count(), "{told:?}");
    let nobody = ClaimsRenewal { subject: "nobody".into(), ..renewal(NOW) };
    assert_eq!(store.renew_claims(&nobody).await.unwrap(), []);
}

pub(super) async fn renewals_at_once_all_count(store: Shared) {
    store.create(&session("a")).await.unwrap();
    let told = at_once(20, |index| {
        let (store, renewal) = (store.clone(), renewal(NOW + i64::try_from(index).unwrap()));
        async move { store.renew_claims(&renewal).await.unwrap() }
    });
    let told = told.await;
    let versions: Vec<_> = told.iter().map(|told| told.iter().map(|one| one.version).max()).collect();
    assert!(versions.iter().all(|version| version.is_some_and(|version| version > 0)), "{versions:?}");
    assert_eq!(find(&store, "a").await.unwrap().version, 20, "{versions:?}");
    assert_eq!(versions.into_iter().max(), Some(Some(20)), "who came last learns of all");
}

pub(super) async fn renewed_since_has_an_inclusive_boundary(store: Shared) {
    let subjects = ["first", "second", "third"];
    let of = |subject: &str, millis| ClaimsRenewal { subject: subject.into(), ..renewal(millis) };
    store.create(&session("never renewed")).await.unwrap();
    for (subject, millis) in subjects.into_iter().zip([NOW - 1, NOW, NOW + 1]) {
        store.create(&with(session(subject), |row| row.subject = subject.into())).await.unwrap();
        store.renew_claims(&of(subject, millis)).await.unwrap();
    }
    let entry = |id: &str, version, millis| RenewedSession::new(id.into(), version, at(millis));
    let all = [entry("first", 1, NOW - 1), entry("second", 1, NOW), entry("third", 1, NOW + 1)];
    for (since, from) in [(0, 0), (NOW - 1, 0), (NOW, 1), (NOW + 1, 2), (NOW + 2, 3)] {
        let mut renewed = store.renewed_since(at(since)).await.unwrap();
        renewed.sort_by_key(|entry| entry.at);
        assert_eq!(renewed, all[from..], "since {since}");
    }
    store.renew_claims(&of("first", NOW + 5)).await.unwrap();
    let again = store.renewed_since(at(NOW + 2)).await.unwrap();
    assert_eq!(again, [entry("first", 2, NOW + 5)], "the last one, and how many there were");
    assert_eq!(store.revoked_since(at(0)).await.unwrap(), [], "no session has ended");
}

pub(super) async fn nothing_else_moves_a_version(store: Shared) {
    let renewed = |row| with(row, |row| (row.version, row.renewed_at) = (3, Some(at(NOW - 9))));
    let rows = [session("a"), rotated("b"), rotated("c"), orphaned("d"), rotated("e"), session("f")];
    let rows = rows.map(renewed);
    store.insert(&rows).await;
    assert_eq!(rotate(&store, &rotation("a")).await, Ok(()));
    assert_eq!(answer_late(&store, &late_answer("b")).await, Ok(()));
    assert!(settle(&store, &slow_answer("c")).await);
    assert_eq!(replace(&store, &replacement("d")).await, Ok(()));
    assert_eq!(receive(&store, &[receipt("e")]).await, 1);
    assert!(store.revoke(&revocation("f", RevocationReason::Logout, NOW)).await.unwrap());
    for id in ["a", "b", "c", "d", "e", "f"] {
        let row = find(&store, id).await.unwrap();
        assert_eq!((row.version, row.renewed_at), (3, Some(at(NOW - 9))), "{id}");
    }
    let told = store.renewed_since(at(NOW - 9)).await.unwrap();
    assert_eq!(told.len(), 6, "one that has ended does no harm: {told:?}");
}

pub(super) async fn a_renewal_and_a_rotation_undo_nothing_of_each_other(store: Shared) {
    for round in 0..10 {
        let id = format!("session {round}");
        store.create(&with(session(&id), |row| row.subject = id.as_str().into())).await.unwrap();
        let outcomes = at_once(2, |index| {
            let (store, request) = (store.clone(), rotation(&id));
            let renewal = ClaimsRenewal { subject: id.as_str().into(), ..renewal(NOW) };
            async move {
                // Each begins every other time.
                if index == round % 2 {
                    return rotate(&store, &request).await.is_ok();
                }
                store.renew_claims(&renewal).await.unwrap().len() == 1
            }
        });
        assert_eq!(outcomes.await, [true; 2], "round {round}");
        let row = find(&store, &id).await.unwrap();
        assert_eq!((row.version, row.current_jti.as_str()), (1, "next"), "round {round}");
    }
}
