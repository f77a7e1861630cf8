//! Counting tries. A store that answers `None` keeps no buckets, and is right: then each process keeps its own.

use std::time::Duration;

use cookiejwt_core::{ThrottleLimit, ThrottleOutcome, ThrottleRequest, ThrottleScope};

use super::{
    samples::{NOW, at},
    shared::{Shared, at_once},
};
use crate::TokenStore as _;

const COUNTED: ThrottleOutcome = ThrottleOutcome::Counted;

/// Five tries at once, then one per 30 s.
fn tried(bucket: &str, millis: i64) -> ThrottleRequest {
    let limit = ThrottleLimit::new(5, Duration::from_secs(30)).unwrap();
    limit.request(bucket.into(), ThrottleScope::Account, at(NOW + millis))
}

const fn full(millis: i64) -> ThrottleOutcome {
    ThrottleOutcome::Full(Some(at(NOW + millis)))
}

async fn count(store: &Shared, bucket: &str, millis: i64) -> Option<ThrottleOutcome> {
    store.throttle(&tried(bucket, millis)).await.unwrap()
}

async fn keeps_none(store: &Shared) -> bool {
    count(store, "asked", 0).await.is_none()
}

pub(super) async fn a_bucket_takes_its_burst_then_one_try_per_interval(store: Shared) {
    if keeps_none(&store).await {
        return;
    }
    for (rule, millis, expected) in [
        ("first", 0, COUNTED),
        ("second", 0, COUNTED),
        ("third", 10, COUNTED),
        ("fourth", 10, COUNTED),
        ("fifth", 10, COUNTED),
        ("sixth", 10, full(150_000)),
        ("a refused try counts nothing", 10, full(150_000)),
        ("a millisecond early", 29_999, full(150_000)),
        ("in time", 30_000, COUNTED),
        ("and only once", 30_000, full(180_000)),
        ("when it has drained", 180_000, COUNTED),
        ("it begins anew", 180_000, COUNTED),
        ("third", 180_000, COUNTED),
        ("fourth", 180_000, COUNTED),
        ("fifth", 180_000, COUNTED),
        ("sixth", 180_000, full(330_000)),
    ] {
        assert_eq!(count(&store, "bucket", millis).await, Some(expected), "{rule}");
    }
    assert_eq!(count(&store, "another", 180_000).await, Some(COUNTED), "another bucket is another's");
}

pub(super) async fn buckets_compare_byte_for_byte(store: Shared) {
    if keeps_none(&store).await {
        return;
    }
    let ids = ["a", "A", "a ", "ä", "aaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaA"];
    for _ in 0..5 {
        for id in ids {
            assert_eq!(count(&store, id, 0).await, Some(COUNTED), "{id:?}");
        }
    }
    for id in ids {
        assert_eq!(count(&store, id, 0).await, Some(full(150_000)), "{id:?}");
    }
}

pub(super) async fn a_refund_makes_room_for_what_it_takes_back(store: Shared) {
    if keeps_none(&store).await {
        return;
    }
    for _ in 0..5 {
        assert_eq!(count(&store, "bucket", 0).await, Some(COUNTED));
        assert_eq!(count(&store, "other", 0).await, Some(COUNTED));
    }
    let refund = |bucket: &str, later: i64| tried(bucket, 0).refund(at(NOW + later)).unwrap();
    store.refund(&refund("bucket", 10_000)).await.unwrap();
    assert_eq!(count(&store, "bucket", 0).await, Some(full(130_000)), "20 of 30 s make no room for a try");
    store.refund(&refund("bucket", 20_000)).await.unwrap();
    assert_eq!(count(&store, "bucket", 0).await, Some(COUNTED), "30 s do");
    assert_eq!(count(&store, "bucket", 0).await, Some(full(150_000)));
    assert_eq!(count(&store, "other", 0).await, Some(full(150_000)), "no other bucket has changed");
    store.refund(&refund("nobody's", 0)).await.unwrap();
    for _ in 0..5 {
        assert_eq!(count(&store, "nobody's", 0).await, Some(COUNTED));
    }
    assert_eq!(count(&store, "nobody's", 0).await, Some(full(150_000)), "a refund makes no bucket");
}

pub(super) async fn fifty_tries_at_once_pass_exactly_the_burst(store: Shared) {
    if keeps_none(&store).await {
        return;
    }
    for round in 0..3 {
        let bucket = format!("bucket {round}");
        let outcomes = at_once(50, |_| {
            let (store, request) = (store.clone(), tried(&bucket, 0));
            async move { store.throttle(&request).await.unwrap().unwrap() }
        });
        let outcomes = outcomes.await;
        let passed = outcomes.iter().filter(|outcome| **outcome == COUNTED).count();
        assert_eq!(passed, 5, "of fifty in round {round}");
        assert_eq!(count(&store, &bucket, 0).await, Some(full(150_000)));
    }
}

pub(super) async fn purge_throttle_deletes_exactly_what_is_empty(store: Shared) {
    if keeps_none(&store).await {
        return;
    }
    let tries = [("one", 1), ("two", 2), ("five", 5)];
    for (bucket, tries) in tries {
        for _ in 0..tries {
            count(&store, bucket, 0).await;
        }
    }
    // The bucket of the question whether there are any, and the first.
    let deleted = store.purge_throttle(at(NOW + 30_000), 100).await.unwrap();
    assert!([0, 2].contains(&deleted), "{deleted} deleted");
    assert_eq!(store.purge_throttle(at(NOW + 30_000), 100).await.unwrap(), 0);
    for _ in 0..4 {
        count(&store, "two", 30_000).await;
    }
    assert_eq!(count(&store, "two", 30_000).await, Some(full(180_000)), "what is not empty stays");
    for _ in 0..5 {
        assert_eq!(count(&store, "one", 30_000).await, Some(COUNTED), "what is gone was empty");
    }
    assert_eq!(count(&store, "five", 29_999).await, Some(full(150_000)));
    let limited = store.purge_throttle(at(NOW + 1_000_000), 2).await.unwrap();
    assert!(limited <= 2, "{limited} deleted");
}
