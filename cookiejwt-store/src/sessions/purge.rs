//! Deleting sessions that have ended.

use super::part::Sessions;
use crate::{
    errors::StoreError,
    runtime::{PURGE_BATCH, PURGE_PAUSE},
};

impl Sessions {
    /// Deletes the sessions that no longer have a valid token, in small batches. Returns how many
    /// there were.
    pub(crate) async fn purge(&self) -> Result<u64, StoreError> {
        let mut purged = 0;
        loop {
            let memory = self.0.keys.config().revoked_memory_seconds();
            let before = self.0.runtime.timestamp().plus_millis(-memory * 1000);
            let batch = self.0.tokens.purge(before, PURGE_BATCH).await?;
            purged += batch;
            if batch < PURGE_BATCH {
                return Ok(purged);
            }
            tokio::time::sleep(PURGE_PAUSE).await;
        }
    }
}
