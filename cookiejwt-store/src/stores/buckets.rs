//! Buckets of one process.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use cookiejwt_core::store::{BucketId, ThrottleCharge, Timestamp};

/// More than one node fills in the longest time that a bucket takes to drain, and still only a few
/// megabytes.
const MOST_BUCKETS: usize = 100_000;

/// When each bucket will be empty. An attacker chooses the names of buckets, so their number is
/// bounded.
#[derive(Debug)]
pub(crate) struct Buckets {
    drained_at: Mutex<HashMap<BucketId, Timestamp>>,
    most: usize,
}

impl Default for Buckets {
    fn default() -> Self {
        Self::at_most(MOST_BUCKETS)
    }
}

impl Buckets {
    fn at_most(most: usize) -> Self {
        Self { drained_at: Mutex::default(), most }
    }

    /// When each of these will be empty, in their order.
    pub(crate) fn levels(&self, ids: &[BucketId]) -> Vec<Option<Timestamp>> {
        let buckets = self.buckets();
        ids.iter().map(|id| buckets.get(id).copied()).collect()
    }

    pub(crate) fn charge(&self, charge: &ThrottleCharge) {
        let mut buckets = self.buckets();
        let drained_at = buckets.get(&charge.bucket).copied();
        if drained_at.is_none() && buckets.len() >= self.most {
            make_room(&mut buckets, self.most, charge.now);
        }
        buckets.insert(charge.bucket.clone(), charge.applied_to(drained_at));
    }

    /// Deletes at most `limit` empty buckets; how many there were.
    pub(crate) fn purge(&self, now: Timestamp, limit: u64) -> u64 {
        let mut deleted = 0;
        self.buckets().retain(|_, drained_at| {
            let goes = *drained_at <= now && deleted < limit;
            deleted += u64::from(goes);
            !goes
        });
        deleted
    }

    fn buckets(&self) -> MutexGuard<'_, HashMap<BucketId, Timestamp>> {
        // A bucket is changed by one assignment, so a panic elsewhere leaves none half-written.
        self.drained_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// First those that are empty, which changes nothing; then an eighth of all, those with the least
/// in them: who makes buckets to have another one forgotten has to fill each of them as far.
fn make_room(buckets: &mut HashMap<BucketId, Timestamp>, most: usize, now: Timestamp) {
    buckets.retain(|_, drained_at| *drained_at > now);
    let mut times: Vec<_> = buckets.values().copied().collect();
    let surplus = times.len().saturating_sub(most - most / 8);
    if surplus > 0 {
        let (_, last, _) = times.select_nth_unstable(surplus - 1);
        let last = *last;
        buckets.retain(|_, drained_at| *drained_at > last);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cookiejwt_core::store::{ThrottleBucket, ThrottleLimit, ThrottleScope};

    use super::*;

    const MOST: usize = 1000;

    fn charge(bucket: &str, now: i64) -> ThrottleCharge {
        let limit = ThrottleLimit::new(5, Duration::from_secs(30)).unwrap();
        let bucket = ThrottleBucket::new(bucket.into(), ThrottleScope::Account, limit);
        bucket.charge(Timestamp::from_millis(now))
    }

    #[test]
    fn the_number_of_buckets_is_bounded_and_the_fullest_stay() {
        let buckets = Buckets::at_most(MOST);
        for _ in 0..5 {
            buckets.charge(&charge("victim", 0));
        }
        for index in 0..MOST * 2 {
            buckets.charge(&charge(&index.to_string(), 0));
        }
        assert!(buckets.buckets().len() <= MOST);
        assert_eq!(buckets.levels(&["victim".into()]), [Some(Timestamp::from_millis(150_000))]);
    }

    #[test]
    fn what_is_empty_goes_first_and_changes_nothing() {
        let buckets = Buckets::at_most(MOST);
        for index in 0..MOST {
            buckets.charge(&charge(&index.to_string(), 0));
        }
        buckets.charge(&charge("later", 30_000));
        assert_eq!(buckets.buckets().len(), 1, "each of the others had drained");
        assert_eq!(buckets.purge(Timestamp::from_millis(59_999), 9), 0);
        assert_eq!(buckets.purge(Timestamp::from_millis(60_000), 9), 1);
    }
}
