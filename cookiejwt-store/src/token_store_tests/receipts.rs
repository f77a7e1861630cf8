//! Slow answers, and receipts: the current refresh token was presented.

use cookiejwt_core::store::{Receipt, RevocationReason, SessionRecord};

use super::{
    samples::{
        ACCESS_LIFE_AGO, NOW, SETTLED, at, find, receipt, receive, rotated, session, settle, slow_answer,
        with,
    },
    shared::{Combination, Shared, at_once},
};
use crate::stores::TokenStore as _;

pub(super) async fn a_slow_answer_changes_exactly_what_it_says(store: Shared) {
    store.insert([&rotated("a"), &rotated("neighbour")]).await;
    assert!(settle(&store, &slow_answer("a")).await);
    let after = with(rotated("a"), |row| row.settles_at = at(SETTLED));
    assert_eq!(find(&store, "a").await.as_ref(), Some(&after));
    assert_eq!(find(&store, "neighbour").await, Some(rotated("neighbour")));
    assert!(settle(&store, &slow_answer("a")).await, "as often as answers leave");
    assert_eq!(find(&store, "a").await, Some(after), "and the same");
}

/// A row that was rotated, received or revoked, or not, and whether a receipt of `current` counts.
fn row(combination: &mut Combination) -> (SessionRecord, bool) {
    let current = combination.of(["current", "next"]);
    let is_received = combination.of([false, true]);
    let has_rotated = combination.of([true, false]);
    let is_revoked = combination.of([false, true]);
    // Neither the ends nor the realm are asked for: an answer that is on its way belongs to its
    // session.
    let (ends_at, realm) = combination.of([(NOW + 1, ""), (NOW - 1, "staff")]);
    let row = with(rotated(&combination.id()), |row| {
        row.realm = realm.into();
        row.current_jti = current.into();
        row.received_at = is_received.then(|| at(NOW - 7));
        row.previous_jti = has_rotated.then(|| "parent".into());
        row.revoked = is_revoked.then_some((at(NOW + 1), RevocationReason::Superseded));
        row.expires_at = at(ends_at);
        row.ends_at = at(ends_at);
    });
    (row, current == "current" && !is_received && has_rotated && !is_revoked)
}

pub(super) async fn a_slow_answer_is_exactly_the_documented_one(store: Shared) {
    let mut combination = Combination::default();
    while combination.begin() {
        let rotated_at = combination.of([ACCESS_LIFE_AGO, ACCESS_LIFE_AGO - 1, NOW + 1]);
        let knows_when = combination.of([true, false]);
        let (row, is_open) = row(&mut combination);
        let mut row = with(row, |row| row.rotated_at = knows_when.then_some(at(rotated_at)));
        store.create(&row).await.unwrap();
        let request = slow_answer(row.id.as_str());
        let matches = is_open && knows_when && rotated_at >= ACCESS_LIFE_AGO;
        assert_eq!(request.matches(&row), matches, "{row:?}");
        assert_eq!(settle(&store, &request).await, matches, "{row:?}");
        if matches {
            request.apply(&mut row);
        }
        assert_eq!(store.find(&row.id).await.unwrap(), Some(row));
    }
}

pub(super) async fn a_receipt_is_exactly_the_documented_one(store: Shared) {
    let (mut combination, mut rows) = (Combination::default(), Vec::new());
    while combination.begin() {
        rows.push(row(&mut combination));
    }
    for (row, _) in &rows {
        store.create(row).await.unwrap();
    }
    let receipts: Vec<_> = rows.iter().map(|(row, _)| receipt(row.id.as_str())).collect();
    let expected = rows.iter().filter(|(_, matches)| *matches).count();
    assert_eq!(receive(&store, &receipts).await, u64::try_from(expected).unwrap());
    for ((mut row, matches), receipt) in rows.into_iter().zip(receipts) {
        assert_eq!(receipt.matches(&row), matches, "{row:?}");
        if matches {
            row.received_at = Some(at(NOW));
            row.settles_at = at(SETTLED);
        }
        assert_eq!(store.find(&row.id).await.unwrap(), Some(row));
    }
}

pub(super) async fn a_receipt_counts_once(store: Shared) {
    store.insert([&rotated("a"), &rotated("neighbour")]).await;
    assert_eq!(receive(&store, &[]).await, 0, "none at all");
    assert_eq!(receive(&store, &[receipt("a")]).await, 1);
    let row = find(&store, "a").await;
    let expected = with(rotated("a"), |row| {
        row.received_at = Some(at(NOW));
        row.settles_at = at(SETTLED);
    });
    assert_eq!(row, Some(expected));
    let again = store.received(&[receipt("a")], at(NOW + 5000), at(SETTLED + 5000)).await.unwrap();
    assert_eq!(again, 0, "the first time stays");
    assert_eq!(find(&store, "a").await, row);
    assert_eq!(find(&store, "neighbour").await, Some(rotated("neighbour")));
}

/// A batch is one call, and still each receipt is of one token of one session.
pub(super) async fn a_receipt_counts_for_its_own_session(store: Shared) {
    let own = |id: &str| with(rotated(id), |row| row.current_jti = format!("of {id}").into());
    let (a, b, c) = (own("a"), own("b"), own("c"));
    store.insert([&a, &b, &c]).await;
    let of = |id: &str, token: &str| Receipt::new(id.into(), token.into());
    let crossed =
        [of("a", "of b"), of("b", "of a"), of("c", "parent"), of("a", "parent"), of("nobody", "of c")];
    assert_eq!(receive(&store, &crossed).await, 0, "each of another session, or used up");
    for row in [&a, &b, &c] {
        assert_eq!(store.find(&row.id).await.unwrap().as_ref(), Some(row));
    }
    let mixed = [of("a", "parent"), of("b", "of a"), of("a", "of a"), of("c", "of c"), of("c", "of b")];
    assert_eq!(receive(&store, &mixed).await, 2, "one that was used up does not hide the current one");
    for (id, is_received) in [("a", true), ("b", false), ("c", true)] {
        assert_eq!(find(&store, id).await.unwrap().received_at.is_some(), is_received, "{id}");
    }
}

/// As many as the driver puts into one call.
const BATCH: usize = 1000;

fn number(index: usize) -> SessionRecord {
    let token = format!("token {index}");
    with(rotated(&format!("session {index}")), |row| row.current_jti = token.into())
}

fn numbered(index: usize) -> Receipt {
    Receipt::new(number(index).id, number(index).current_jti)
}

async fn insert_numbers(store: &Shared, count: usize) {
    at_once(10, |task| {
        let store = store.clone();
        async move {
            for index in (task..count).step_by(10) {
                store.create(&number(index)).await.unwrap();
            }
        }
    })
    .await;
}

async fn count_received(store: &Shared, count: usize) -> usize {
    let mut received = 0;
    for index in 0..count {
        let row = store.find(&number(index).id).await.unwrap().unwrap();
        received += usize::from(row.received_at.is_some());
    }
    received
}

pub(super) async fn a_thousand_receipts_are_one_call(store: Shared) {
    insert_numbers(&store, BATCH).await;
    let mixed: Vec<_> = (0..BATCH)
        .map(|index| match index % 4 {
            // Each of them twice, a token that was used up, a session that is gone, and nothing
            // wrong.
            0 | 1 => numbered(index / 4),
            2 => Receipt::new(number(index).id, "parent".into()),
            _ => Receipt::new(format!("unknown {index}").into(), number(index).current_jti),
        })
        .collect();
    assert_eq!(receive(&store, &mixed).await, 250, "each session is counted once");
    assert_eq!(count_received(&store, BATCH).await, 250);
    let all: Vec<_> = (0..BATCH).map(numbered).collect();
    assert_eq!(receive(&store, &all).await, 750, "those that were not received before");
    assert_eq!(count_received(&store, BATCH).await, BATCH);
    assert_eq!(receive(&store, &all).await, 0);
}

/// Every node writes what it has seen, in its own order.
pub(super) async fn receipts_at_once_count_each_session_once(store: Shared) {
    insert_numbers(&store, 60).await;
    let counts = at_once(6, |node| {
        let (store, mut receipts) = (store.clone(), (0..60).map(numbered).collect::<Vec<_>>());
        receipts.rotate_left(node * 10);
        if node % 2 == 1 {
            receipts.reverse();
        }
        async move { receive(&store, &receipts).await }
    });
    assert_eq!(counts.await.into_iter().sum::<u64>(), 60);
    assert_eq!(count_received(&store, 60).await, 60);
    let never = session("never rotated");
    store.create(&never).await.unwrap();
    assert_eq!(
        receive(&store, &[receipt("never rotated")]).await,
        0,
        "a login's token is nobody's successor"
    );
    assert_eq!(find(&store, "never rotated").await, Some(never));
}
