//! Counting failures. A store that answers `None` keeps no buckets, and is right: then each process
//! keeps its own.

use std::time::Duration;

use cookiejwt_core::store::{
    BucketId, ThrottleBucket, ThrottleCharge, ThrottleLimit, ThrottleScope, Timestamp,
};

use super::{
    samples::{NOW, at},
    shared::{Shared, at_once},
};
use crate::stores::TokenStore as _;

/// Five failures at once, then one per 30 s; a debt of five more at most.
fn failure(bucket: &str, millis: i64) -> ThrottleCharge {
    let limit = ThrottleLimit::new(5, Duration::from_secs(30)).unwrap();
    ThrottleBucket::new(bucket.into(), ThrottleScope::Account, limit).charge(at(NOW + millis))
}

async fn charge(store: &Shared, bucket: &str, millis: i64) {
    assert!(store.charge_throttle(&failure(bucket, millis)).await.unwrap(), "it keeps buckets");
}

/// When each will be empty, in milliseconds from the beginning.
async fn levels(store: &Shared, buckets: &[&str]) -> Vec<Option<i64>> {
    let ids: Vec<BucketId> = buckets.iter().map(|bucket| (*bucket).into()).collect();
    let levels = store.throttle_levels(&ids).await.unwrap().expect("it keeps buckets");
    levels.into_iter().map(|level| level.map(|level| Timestamp::as_millis(level) - NOW)).collect()
}

async fn level(store: &Shared, bucket: &str) -> Option<i64> {
    levels(store, &[bucket]).await[0]
}

async fn keeps_none(store: &Shared) -> bool {
    let none = store.throttle_levels(&["asked".into()]).await.unwrap().is_none();
    if none {
        let counted = store.charge_throttle(&failure("asked", 0)).await.unwrap();
        assert!(!counted, "it counts what it does not show");
    }
    none
}

pub(super) async fn a_bucket_fills_with_each_charge_and_drains_with_time(store: Shared) {
    if keeps_none(&store).await {
        return;
    }
    assert_eq!(level(&store, "bucket").await, None, "asking makes no bucket");
    for (rule, millis, expected) in [
        ("first", 0, 30_000),
        ("second", 0, 60_000),
        ("a moment later", 10, 90_000),
        ("when a third of it has drained", 30_010, 120_000),
        ("a clock that went back drains nothing", 5, 150_000),
        ("a millisecond before it is empty", 149_999, 180_000),
        ("when it is empty, it begins anew", 180_000, 210_000),
        ("long after", 1_000_000, 1_030_000),
    ] {
        charge(&store, "bucket", millis).await;
        assert_eq!(level(&store, "bucket").await, Some(expected), "{rule}");
    }
    assert_eq!(level(&store, "another").await, None, "another bucket is another's");
}

pub(super) async fn debt_ends_at_one_capacity(store: Shared) {
    if keeps_none(&store).await {
        return;
    }
    for count in 1..=10 {
        charge(&store, "bucket", 0).await;
        assert_eq!(level(&store, "bucket").await, Some(count * 30_000), "failure {count}");
    }
    for (rule, millis, expected) in [
        ("an eleventh at once", 0, 300_000),
        ("when a part of one has drained, what has drained", 10_000, 310_000),
        ("a clock that is behind takes nothing away", -100_000, 310_000),
    ] {
        charge(&store, "bucket", millis).await;
        assert_eq!(level(&store, "bucket").await, Some(expected), "{rule}");
    }
}

pub(super) async fn levels_come_in_the_order_of_the_question(store: Shared) {
    if keeps_none(&store).await {
        return;
    }
    for (bucket, times) in [("b", 1), ("a", 2), ("c", 3)] {
        for _ in 0..times {
            charge(&store, bucket, 0).await;
        }
    }
    for (rule, asked, expected) in [
        ("backwards", vec!["c", "b", "a"], vec![Some(90_000), Some(30_000), Some(60_000)]),
        ("with gaps", vec!["x", "c", "y", "a"], vec![None, Some(90_000), None, Some(60_000)]),
        ("twice", vec!["a", "x", "a"], vec![Some(60_000), None, Some(60_000)]),
        ("none", vec![], vec![]),
        ("unknown ones", vec!["x", "y"], vec![None, None]),
    ] {
        assert_eq!(levels(&store, &asked).await, expected, "{rule}");
    }
}

pub(super) async fn buckets_compare_byte_for_byte(store: Shared) {
    if keeps_none(&store).await {
        return;
    }
    let ids = ["a", "A", "a ", "ä", "aaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaA"];
    for (times, id) in (1..).zip(ids) {
        for _ in 0..times {
            charge(&store, id, 0).await;
        }
    }
    for (times, id) in (1..).zip(ids) {
        assert_eq!(level(&store, id).await, Some(times * 30_000), "{id:?}");
    }
}

pub(super) async fn fifty_charges_at_once_all_count(store: Shared) {
    if keeps_none(&store).await {
        return;
    }
    let limit = ThrottleLimit::new(100, Duration::from_secs(1)).unwrap();
    for round in 0..3 {
        let bucket = format!("bucket {round}");
        let charged = at_once(50, |_| {
            let bucket = ThrottleBucket::new(bucket.as_str().into(), ThrottleScope::Account, limit);
            let (store, charge) = (store.clone(), bucket.charge(at(NOW)));
            async move { store.charge_throttle(&charge).await.unwrap() }
        });
        assert!(charged.await.into_iter().all(|counted| counted));
        assert_eq!(level(&store, &bucket).await, Some(50_000), "of fifty in round {round}");
    }
}

pub(super) async fn purge_throttle_deletes_exactly_what_is_empty(store: Shared) {
    if keeps_none(&store).await {
        return;
    }
    for (bucket, times) in [("one", 1), ("two", 2), ("five", 5)] {
        for _ in 0..times {
            charge(&store, bucket, 0).await;
        }
    }
    // A store that forgets automatically has nothing to purge.
    let deleted = store.purge_throttle(at(NOW + 30_000), 100).await.unwrap();
    assert!([0, 1].contains(&deleted), "{deleted} deleted");
    assert_eq!(store.purge_throttle(at(NOW + 30_000), 100).await.unwrap(), 0);
    assert_eq!(levels(&store, &["two", "five"]).await, [Some(60_000), Some(150_000)], "not empty: they stay");
    charge(&store, "one", 30_000).await;
    assert_eq!(level(&store, "one").await, Some(60_000), "what is gone was empty");
    let limited = store.purge_throttle(at(NOW + 1_000_000), 2).await.unwrap();
    assert!(limited <= 2, "{limited} deleted");
}
