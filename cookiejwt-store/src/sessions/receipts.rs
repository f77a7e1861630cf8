//! Receipts: which sessions' current refresh tokens have arrived, noted in memory and written once
//! per second.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use cookiejwt_core::{
    driver::Sighting,
    store::{Receipt, RevocationReason},
};

use super::part::Sessions;
use crate::errors::StoreError;

/// More than one node refreshes in a minute; what comes on top is dropped, which only makes the
/// rules more lenient.
const MOST: usize = 10_000;
/// How many fit into one statement, whatever the database.
const BATCH: usize = 1_000;

/// What was noted and is not written yet.
#[derive(Debug, Default)]
pub(crate) struct Receipts {
    pending: Mutex<HashSet<Receipt>>,
    /// Noted lately, so that without a memo of tokens each is written once; bounded by two
    /// generations.
    recent: Mutex<[HashSet<Receipt>; 2]>,
    has_dropped: AtomicBool,
}

impl Receipts {
    pub(crate) fn note(&self, receipt: Receipt) {
        if !self.is_new(&receipt) {
            return;
        }
        let mut pending = lock(&self.pending);
        if pending.len() < MOST {
            pending.insert(receipt);
        } else if !self.has_dropped.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "{MOST} receipts wait to be written: newer ones are dropped, so that a stolen token may be noticed later"
            );
        }
    }

    fn is_new(&self, receipt: &Receipt) -> bool {
        let [young, old] = &mut *lock(&self.recent);
        if young.contains(receipt) || old.contains(receipt) {
            return false;
        }
        if young.len() >= MOST {
            *old = std::mem::take(young);
        }
        young.insert(receipt.clone())
    }

    fn take(&self) -> Vec<Receipt> {
        let mut pending = lock(&self.pending);
        let batch: Vec<_> = pending.iter().take(BATCH).cloned().collect();
        for receipt in &batch {
            pending.remove(receipt);
        }
        batch
    }

    /// What could not be written waits for the next time.
    fn put_back(&self, batch: Vec<Receipt>) {
        let mut pending = lock(&self.pending);
        let room = MOST.saturating_sub(pending.len());
        pending.extend(batch.into_iter().take(room));
    }
}

/// Nothing that is done while a lock is held can leave it half-written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sessions {
    /// Notes what the first presentation of a token proves.
    pub(crate) fn note(&self, sighting: &Sighting) {
        if let Some(receipt) = &sighting.receipt {
            self.0.receipts.note(receipt.clone());
        }
        if let Some(session) = &sighting.replaces
            && self.0.revoked.reason(session, self.0.runtime.timestamp()).is_none()
        {
            let (sessions, session) = (self.clone(), session.clone());
            self.0.revoked.insert(session.clone(), RevocationReason::Replaced, self.0.runtime.timestamp());
            tokio::spawn(async move { sessions.revoke_session(session, RevocationReason::Replaced).await });
        }
    }

    /// Writes the receipts that were noted; how many rows were changed.
    pub(crate) async fn write_receipts(&self) -> Result<u64, StoreError> {
        let mut written = 0;
        loop {
            let batch = self.0.receipts.take();
            if batch.is_empty() {
                return Ok(written);
            }
            let now = self.0.runtime.timestamp();
            let settles_at = now.plus_millis(self.0.keys.config().reuse_leeway_millis());
            match self.0.tokens.bounded().received(&batch, now, settles_at).await {
                Ok(count) => written += count,
                Err(error) => {
                    self.0.receipts.put_back(batch);
                    return Err(error);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(number: usize) -> Receipt {
        Receipt::new(number.to_string().into(), number.to_string().into())
    }

    #[test]
    fn each_receipt_is_written_once_and_their_number_is_bounded() {
        let receipts = Receipts::default();
        for number in (0..MOST + 5).chain(0..5) {
            receipts.note(receipt(number));
        }
        let mut taken = Vec::new();
        loop {
            let batch = receipts.take();
            assert!(batch.len() <= BATCH);
            if batch.is_empty() {
                break;
            }
            taken.extend(batch);
        }
        assert_eq!(taken.len(), MOST, "the newest are dropped, and none is there twice");
        receipts.note(receipt(1));
        assert!(receipts.take().is_empty(), "written lately");
        receipts.put_back(vec![receipt(1)]);
        assert_eq!(receipts.take(), [receipt(1)], "what failed is tried again");
    }
}
