//! What counts once.

use cookiejwt_core::store::SpentId;

use super::{
    samples::{NOW, at},
    shared::{Shared, at_once},
};
use crate::stores::TokenStore as _;

/// Whether this call was the first, for a name that is kept for so many milliseconds.
async fn spend(store: &Shared, id: &str, millis: i64) -> bool {
    store.spend(&id.into(), at(NOW + millis)).await.unwrap()
}

pub(super) async fn what_is_spent_is_spent_once(store: Shared) {
    for id in ["a link", "a code"] {
        assert!(spend(&store, id, 1000).await, "{id}: the first");
    }
    for (rule, millis) in [("the same", 1000), ("for longer", 5000), ("for a shorter time", 1)] {
        assert!(!spend(&store, "a link", millis).await, "{rule}");
    }
    // What came second has not shortened the time of the first.
    assert_eq!(store.purge_spent(at(NOW + 999), 100).await.unwrap(), 0);
    assert!(!spend(&store, "a link", 1000).await, "after a purge");
}

pub(super) async fn spent_names_compare_byte_for_byte(store: Shared) {
    let long = ["a".repeat(SpentId::LENGTH), format!("{}A", "a".repeat(SpentId::LENGTH - 1))];
    let names = ["a", "A", "a ", "ä", "a-", "a_", long[0].as_str(), long[1].as_str()];
    for name in names {
        assert!(spend(&store, name, 1000).await, "{name:?} is another one");
    }
    for name in names {
        assert!(!spend(&store, name, 1000).await, "{name:?} is itself");
    }
}

pub(super) async fn of_fifty_who_spend_at_once_one_wins(store: Shared) {
    for round in 0..5 {
        let id: SpentId = format!("round {round}").as_str().into();
        let won = at_once(50, |index| {
            let (store, id) = (store.clone(), id.clone());
            // Each for another time, as by clocks that differ.
            let until = at(NOW + 1000 + i64::try_from(index).unwrap());
            async move { store.spend(&id, until).await.unwrap() }
        });
        let won = won.await.into_iter().filter(|won| *won).count();
        assert_eq!(won, 1, "in round {round}");
    }
}

pub(super) async fn fifty_who_spend_different_names_all_win(store: Shared) {
    let won = at_once(50, |index| {
        let store = store.clone();
        async move { spend(&store, &format!("name {index}"), 1000).await }
    });
    assert_eq!(won.await, [true; 50]);
    for index in 0..50 {
        assert!(!spend(&store, &format!("name {index}"), 1000).await, "name {index} is spent");
    }
}

/// A store that forgets automatically has nothing to purge, and may do so at any time after the
/// end.
pub(super) async fn purge_spent_deletes_exactly_what_is_over(store: Shared) {
    for (id, millis) in [("over", -1), ("now", 0), ("next", 1), ("later", 5000)] {
        assert!(spend(&store, id, millis).await, "{id}");
    }
    let deleted = store.purge_spent(at(NOW), 100).await.unwrap();
    assert!([0, 2].contains(&deleted), "{deleted} deleted");
    assert_eq!(store.purge_spent(at(NOW), 100).await.unwrap(), 0, "nothing is left to delete");
    for id in ["next", "later"] {
        assert!(!spend(&store, id, 5000).await, "{id}: not over, so it is still spent");
    }
    for id in ["over", "now"] {
        let is_free = spend(&store, id, 5000).await;
        assert!(is_free || deleted == 0, "{id}: what was counted is gone");
        assert!(!spend(&store, id, 5000).await, "{id}: and is spent again");
    }
}

pub(super) async fn purge_spent_deletes_at_most_its_limit(store: Shared) {
    for index in 0..25 {
        assert!(spend(&store, &format!("over {index}"), 0).await);
    }
    assert!(spend(&store, "living", 1).await);
    let mut answers = Vec::new();
    for limit in [0, 10, 10, 10, 10] {
        answers.push(store.purge_spent(at(NOW), limit).await.unwrap());
    }
    let expected = [[0, 10, 10, 5, 0], [0; 5]];
    assert!(
        expected.contains(&answers.as_slice().try_into().unwrap()),
        "in batches of ten, or never: {answers:?}"
    );
    assert!(!spend(&store, "living", 1).await);
}
