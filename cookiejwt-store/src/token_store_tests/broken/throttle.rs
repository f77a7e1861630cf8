//! Buckets with one fault.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use cookiejwt_core::store::{BucketId, ThrottleCharge, Timestamp};
use tokio::task::yield_now;

use super::Fault;

#[derive(Clone, Default)]
pub(super) struct Buckets(Arc<Mutex<BTreeMap<String, Timestamp>>>);

impl Buckets {
    pub(super) fn levels(&self, fault: Fault, ids: &[BucketId]) -> Vec<Option<Timestamp>> {
        let buckets = self.buckets();
        let level = |id: &BucketId| buckets.get(&named(fault, id)).copied();
        match fault {
            Fault::LevelsComeByName => {
                let mut ids = ids.to_vec();
                ids.sort();
                ids.iter().map(level).collect()
            }
            Fault::LevelsLeaveOut => ids.iter().filter_map(level).map(Some).collect(),
            _ => ids.iter().map(level).collect(),
        }
    }

    pub(super) async fn charge(&self, fault: Fault, charge: &ThrottleCharge) {
        let name = named(fault, &charge.bucket);
        let seen = self.buckets().get(&name).copied();
        let in_two_steps = fault == Fault::ChargesInTwoSteps;
        if in_two_steps {
            yield_now().await;
        }
        let mut buckets = self.buckets();
        let drained_at = if in_two_steps { seen } else { buckets.get(&name).copied() };
        let charged = charge.applied_to(drained_at);
        let charged = match (fault, drained_at) {
            (Fault::ChargesTheFirstOnly, Some(drained_at)) => drained_at,
            (Fault::NeverDrains, Some(drained_at)) => {
                drained_at.plus_millis(charge.interval_millis).min(charge.latest)
            }
            (Fault::DebtHasNoEnd, Some(drained_at)) => {
                drained_at.max(charge.now).plus_millis(charge.interval_millis)
            }
            (Fault::ForgivesDebt, Some(_)) => charged.min(charge.latest),
            _ => charged,
        };
        buckets.insert(name, charged);
    }

    pub(super) fn purge(&self, fault: Fault, now: Timestamp, limit: u64) -> u64 {
        let mut buckets = self.buckets();
        let before = buckets.len();
        let mut left = limit;
        buckets.retain(|_, drained_at| {
            let goes = left > 0 && (*drained_at <= now || fault == Fault::PurgesFullBuckets);
            left -= u64::from(goes);
            !goes
        });
        (before - buckets.len()) as u64
    }

    fn buckets(&self) -> MutexGuard<'_, BTreeMap<String, Timestamp>> {
        self.0.lock().unwrap()
    }
}

fn named(fault: Fault, bucket: &BucketId) -> String {
    let name = bucket.as_str().to_owned();
    if fault == Fault::BucketsFoldCase { name.to_lowercase() } else { name }
}
