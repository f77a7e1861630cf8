//! Deleting sessions that have ended, with one fault.

use cookiejwt_core::store::{SessionRecord, Timestamp};
use tokio::task::yield_now;

use super::{Fault, store::Broken};

impl Broken {
    pub(super) async fn purge_rows(&self, before: Timestamp, limit: u64) -> u64 {
        if self.is(Fault::NeverPurges) {
            return 0;
        }
        let limit = if self.is(Fault::PurgesWithoutLimit) { u64::MAX } else { limit };
        let mut rows = self.rows().now.clone();
        let ended: Vec<_> =
            rows.iter().filter(|row| self.ended(before, row)).map(|row| row.id.clone()).collect();
        let ended: Vec<_> = ended.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
        if [Fault::PurgeCountsWhatItRead, Fault::PurgeRewritesTheTable].contains(&self.fault) {
            yield_now().await;
        }
        rows.retain(|row| !ended.contains(&row.id));
        let mut all = self.rows();
        let count = all.now.len();
        let left = all.changing();
        left.retain(|row| !ended.contains(&row.id));
        let deleted = count - left.len();
        if self.is(Fault::PurgeRewritesTheTable) {
            *left = rows;
        }
        (if self.is(Fault::PurgeCountsWhatItRead) { ended.len() } else { deleted }) as u64
    }

    fn ended(&self, before: Timestamp, row: &SessionRecord) -> bool {
        match self.fault {
            Fault::PurgesTheRevoked => row.expires_at <= before || row.revoked.is_some(),
            Fault::PurgesAtTheAbsoluteEnd => row.ends_at <= before,
            _ => row.expires_at <= before,
        }
    }
}
