//! Buckets with one fault.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use cookiejwt_core::{BucketId, ThrottleOutcome, ThrottleRefund, ThrottleRequest, Timestamp};
use tokio::task::yield_now;

use super::Fault;

#[derive(Clone, Default)]
pub(super) struct Buckets(Arc<Mutex<BTreeMap<String, Timestamp>>>);

impl Buckets {
    pub(super) async fn count(&self, fault: Fault, request: &ThrottleRequest) -> ThrottleOutcome {
        let name = named(fault, &request.bucket);
        let seen = self.buckets().get(&name).copied();
        let in_two_steps = fault == Fault::CountsInTwoSteps;
        if in_two_steps {
            yield_now().await;
        }
        let mut buckets = self.buckets();
        let drained_at = if in_two_steps { seen } else { buckets.get(&name).copied() };
        let has_room = request.has_room(drained_at);
        if has_room || fault == Fault::CountsTheRefused {
            buckets.insert(name, request.counted(drained_at));
        }
        if has_room { ThrottleOutcome::Counted } else { ThrottleOutcome::Full(drained_at) }
    }

    pub(super) fn refund(&self, fault: Fault, refund: &ThrottleRefund) {
        let mut buckets = self.buckets();
        let drained_at = buckets.get_mut(&named(fault, &refund.bucket));
        if let Some(drained_at) = drained_at.filter(|_| fault != Fault::NeverRefunds) {
            *drained_at = drained_at.plus_millis(-refund.millis);
        }
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
