//! When and why sessions end, asked for many at once.

use cookiejwt_core::{
    SessionId,
    store::{RevocationReason, SessionEnds, SessionRecord},
};

use super::{
    samples::{NOW, REASONS, at, find, revocation, rotate, rotation, session, with},
    shared::Shared,
};
use crate::stores::TokenStore as _;

fn ids<'a>(rows: impl IntoIterator<Item = &'a SessionRecord>) -> Vec<SessionId> {
    rows.into_iter().map(|row| row.id.clone()).collect()
}

/// In the order of the ids: a store may return them in any order.
async fn ends_of(store: &Shared, ids: &[SessionId]) -> Vec<SessionEnds> {
    let mut ends = store.ends_of(ids).await.unwrap();
    ends.sort_by(|one, other| one.id.cmp(&other.id));
    ends
}

pub(super) async fn ends_of_says_what_the_rows_say(store: Shared) {
    let mut rows = vec![
        session("a"),
        with(session("b"), |row| (row.expires_at, row.ends_at) = (at(NOW - 1), at(NOW + 1))),
        with(session("c"), |row| (row.expires_at, row.ends_at) = (at(NOW + 1), at(NOW - 1))),
        with(session("d"), |row| row.revoked = Some((at(NOW + 9), RevocationReason::Superseded))),
    ];
    rows.extend(REASONS.into_iter().enumerate().map(|(index, reason)| {
        let millis = NOW - i64::try_from(index).unwrap();
        with(session(&format!("e {index:02}")), |row| row.revoked = Some((at(millis), reason)))
    }));
    store.insert(&rows).await;
    store.create(&session("not asked for")).await.unwrap();
    let expected: Vec<_> = rows.iter().map(SessionEnds::from).collect();
    for (row, expected) in rows.iter().zip(&expected) {
        let alone = ends_of(&store, std::slice::from_ref(&row.id)).await;
        assert_eq!(alone, std::slice::from_ref(expected), "alone");
    }
    let mut asked = ids(&rows);
    asked.push("no such session".into());
    assert_eq!(ends_of(&store, &asked).await, expected, "together, and none for a session without a row");
    assert_eq!(ends_of(&store, &["no such session".into()]).await, []);
    assert_eq!(ends_of(&store, &[]).await, [], "no session");
    assert_eq!(find(&store, "no such session").await, None, "asking makes no row");
}

pub(super) async fn ends_of_a_thousand_is_one_call(store: Shared) {
    let rows: Vec<_> = (0..1000).map(|index| session(&format!("{index:03}"))).collect();
    store.insert(&rows).await;
    let expected: Vec<_> = rows.iter().map(SessionEnds::from).collect();
    for count in [1000, 999, 513, 512] {
        assert_eq!(ends_of(&store, &ids(&rows[..count])).await, expected[..count], "{count} sessions");
    }
}

pub(super) async fn ends_of_sees_each_change_at_once(store: Shared) {
    let asked: [SessionId; 1] = ["a".into()];
    store.create(&session("a")).await.unwrap();
    assert_eq!(rotate(&store, &rotation("a")).await, Ok(()));
    let rotated = find(&store, "a").await.unwrap();
    assert_ne!(rotated.expires_at, session("a").expires_at);
    assert_eq!(ends_of(&store, &asked).await, [SessionEnds::from(&rotated)], "refreshed elsewhere");
    assert!(store.revoke(&revocation("a", RevocationReason::Logout, NOW)).await.unwrap());
    let [ends] = ends_of(&store, &asked).await.try_into().unwrap();
    assert_eq!(ends.revoked, Some((at(NOW), RevocationReason::Logout)), "logged out elsewhere");
}
