//! Deleting sessions that cannot be used any more. A store that answers 0 and deletes nothing
//! forgets automatically, and is right.

use cookiejwt_core::store::{RevocationReason, SessionRecord, Timestamp};

use super::{
    samples::{NOW, REASONS, at, find, revocation, rotate, rotation, session, with},
    shared::{Shared, at_once},
};
use crate::stores::TokenStore as _;

fn ended(index: usize) -> SessionRecord {
    with(session(&format!("ended {index}")), |row| row.expires_at = at(NOW))
}

/// How many of the first rows of [`ended`] are there.
async fn left(store: &Shared, count: usize) -> u64 {
    let mut left = 0;
    for index in 0..count {
        left += u64::from(store.find(&ended(index).id).await.unwrap().is_some());
    }
    left
}

pub(super) async fn purge_deletes_exactly_what_has_ended(store: Shared) {
    type Change = fn(&mut SessionRecord);
    const REVOKED: Option<(Timestamp, RevocationReason)> = Some((at(NOW - 1000), REASONS[0]));
    let cases: [(&str, Change, bool); 9] = [
        ("living", |_| (), true),
        ("expires a millisecond later", |row| row.expires_at = at(NOW + 1), true),
        ("revoked, not expired", |row| row.revoked = REVOKED, true),
        ("past its absolute end alone", |row| row.ends_at = at(NOW - 1000), true),
        (
            "past its absolute end alone, and revoked",
            |row| (row.ends_at, row.revoked) = (at(NOW - 1), REVOKED),
            true,
        ),
        ("expires now", |row| row.expires_at = at(NOW), false),
        ("expired", |row| row.expires_at = at(NOW - 1), false),
        ("past both ends", |row| (row.ends_at, row.expires_at) = (at(NOW - 5), at(NOW - 5)), false),
        ("revoked, then expired", |row| (row.expires_at, row.revoked) = (at(NOW - 1), REVOKED), false),
    ];
    let changed = |(index, (_, change, _)): (usize, (&str, Change, bool))| {
        let mut row = session(&format!("session {index}"));
        change(&mut row);
        row
    };
    let rows: Vec<_> = cases.into_iter().enumerate().map(changed).collect();
    store.insert(&rows).await;
    let deleted = store.purge(at(NOW), 100).await.unwrap();
    assert!([0, 4].contains(&deleted), "{deleted} deleted");
    for (row, (rule, _, stays)) in rows.iter().zip(cases) {
        let expected = (stays || deleted == 0).then_some(row);
        assert_eq!(store.find(&row.id).await.unwrap().as_ref(), expected, "{rule}");
    }
    assert_eq!(store.purge(at(NOW), 100).await.unwrap(), 0, "nothing is left to delete");
}

pub(super) async fn purge_deletes_at_most_its_limit(store: Shared) {
    let rows: Vec<_> = (0..25).map(ended).collect();
    store.insert(&rows).await;
    store.create(&session("living")).await.unwrap();
    assert_eq!(store.purge(at(NOW), 0).await.unwrap(), 0, "a limit of none");
    let mut there = left(&store, 25).await;
    assert_eq!(there, 25);
    let mut answers = Vec::new();
    for _ in 0..4 {
        let answer = store.purge(at(NOW), 10).await.unwrap();
        let left = left(&store, 25).await;
        assert_eq!(there - left, answer, "what is counted is gone, and nothing else");
        there = left;
        answers.push(answer);
    }
    assert!([[10, 10, 5, 0], [0; 4]].contains(&answers.try_into().unwrap()), "in batches of ten, or never");
    assert_eq!(find(&store, "living").await, Some(session("living")));
}

pub(super) async fn purges_at_once_delete_each_row_once(store: Shared) {
    let rows: Vec<_> = (0..60).map(ended).collect();
    store.insert(&rows).await;
    store.create(&session("living")).await.unwrap();
    let deleted = at_once(4, |_| {
        let store = store.clone();
        async move {
            let mut deleted = 0;
            for _ in 0..5 {
                deleted += store.purge(at(NOW), 10).await.unwrap();
            }
            deleted
        }
    });
    let deleted: u64 = deleted.await.into_iter().sum();
    assert_eq!(60 - left(&store, 60).await, deleted, "each row is counted once");
    let rest = store.purge(at(NOW), 100).await.unwrap();
    assert!([0, 60].contains(&(deleted + rest)), "all of them, or none at all: {deleted} and {rest}");
    assert_eq!(find(&store, "living").await, Some(session("living")));
}

pub(super) async fn purge_harms_nobody_who_works(store: Shared) {
    let (rotated, revoked) = (|index| format!("rotated {index}"), |index| format!("revoked {index}"));
    for index in 0..10 {
        store.insert([&ended(index), &session(&rotated(index)), &session(&revoked(index))]).await;
    }
    let deleted = at_once(40, |index| {
        let (store, number) = (store.clone(), index / 4);
        async move {
            match index % 4 {
                0 => return store.purge(at(NOW), 3).await.unwrap(),
                1 => assert_eq!(rotate(&store, &rotation(&rotated(number))).await, Ok(())),
                2 => {
                    let revocation = revocation(&revoked(number), RevocationReason::Logout, NOW);
                    assert!(store.revoke(&revocation).await.unwrap());
                }
                _ => store.create(&session(&format!("new {number}"))).await.unwrap(),
            }
            0
        }
    });
    let deleted: u64 = deleted.await.into_iter().sum();
    assert_eq!(10 - left(&store, 10).await, deleted);
    for index in 0..10 {
        let mut row = session(&rotated(index));
        rotation(&rotated(index)).apply(&mut row);
        assert_eq!(find(&store, &rotated(index)).await, Some(row), "rotated");
        let reason = Some((at(NOW), RevocationReason::Logout));
        let row = with(session(&revoked(index)), |row| row.revoked = reason);
        assert_eq!(find(&store, &revoked(index)).await, Some(row), "revoked");
        let id = format!("new {index}");
        assert_eq!(find(&store, &id).await, Some(session(&id)), "new");
    }
}
