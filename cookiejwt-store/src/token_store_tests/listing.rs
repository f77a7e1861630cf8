//! The list of a user's sessions.

use cookiejwt_core::store::SessionRecord;

use super::{
    samples::{NOW, REASONS, at, revocation, rotated, session, with},
    shared::Shared,
};
use crate::stores::TokenStore as _;

pub(super) async fn sessions_of_lists_exactly_the_living(store: Shared) {
    type Change = fn(&mut SessionRecord);
    for (index, (rule, change, is_listed)) in [
        ("living", (|_| ()) as Change, true),
        ("expires a millisecond later", |row| row.expires_at = at(NOW + 1), true),
        ("ends a millisecond later", |row| row.ends_at = at(NOW + 1), true),
        ("rotated", |row| (row.rotated_at, row.settles_at) = (Some(at(NOW)), at(NOW + 1)), true),
        ("rotated and received", |row| *row = received(row), true),
        ("begun later, by another clock", |row| row.created_at = at(NOW + 1), true),
        ("idle: expires now", |row| row.expires_at = at(NOW), false),
        ("idle: expired", |row| row.expires_at = at(NOW - 1), false),
        ("absolute: ends now", |row| row.ends_at = at(NOW), false),
        ("absolute: ended", |row| row.ends_at = at(NOW - 1), false),
        ("revoked", |row| row.revoked = Some((at(NOW - 1), REASONS[0])), false),
        ("revoked later, by another clock", |row| row.revoked = Some((at(NOW + 1), REASONS[0])), false),
    ]
    .into_iter()
    .enumerate()
    {
        let subject = format!("user {index}");
        let mut row = with(session(&format!("session {index}")), |row| row.subject = subject.into());
        change(&mut row);
        store.create(&row).await.unwrap();
        let listed = store.list(&row.subject).await;
        let expected = if is_listed { std::slice::from_ref(&row) } else { &[] };
        assert_eq!(listed, expected, "{rule}");
    }
}

fn received(row: &SessionRecord) -> SessionRecord {
    let SessionRecord { id, subject, .. } = row.clone();
    with(rotated(""), |row| {
        row.id = id;
        row.subject = subject;
        row.received_at = Some(at(NOW));
    })
}

/// Ids in the order of their bytes, which is not that of a dictionary.
const ASCENDING: [&str; 8] = ["-", "0", "9", "A", "B", "_", "a", "b"];

pub(super) async fn sessions_of_lists_the_newest_first(store: Shared) {
    let row = |id: &str, created_at| with(session(id), |row| row.created_at = at(created_at));
    let mut rows = vec![row("the newest", NOW - 1), row("a newer one", NOW - 2)];
    rows.extend(ASCENDING.iter().rev().map(|id| row(id, NOW - 3)));
    rows.extend([row("z is older", NOW - 4), row("zz is the oldest", NOW - 5)]);
    for index in [5, 0, 11, 3, 8, 1, 10, 6, 2, 9, 4, 7] {
        store.create(&rows[index]).await.unwrap();
    }
    assert_eq!(store.list(&"1".into()).await, rows);
    assert!(store.revoke(&revocation("the newest", REASONS[0], NOW)).await.unwrap());
    assert_eq!(store.list(&"1".into()).await, rows[1..]);
}
