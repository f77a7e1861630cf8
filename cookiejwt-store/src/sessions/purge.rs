//! Deleting sessions that have ended, and what was spent and cannot come back.

use super::part::Sessions;
use crate::{
    errors::StoreError,
    runtime::{PURGE_BATCH, PURGE_PAUSE},
};

impl Sessions {
    /// Deletes the sessions that no longer have a valid token, and the spent names that would be
    /// refused by now anyway, in small batches. Returns how many sessions there were.
    pub(crate) async fn purge(&self) -> Result<u64, StoreError> {
        let (sessions, spent) = (self.purge_sessions().await, self.purge_spent().await);
        spent.and(sessions)
    }

    /// Later than the store allows: the clock of the node that spent it may have been behind.
    async fn purge_spent(&self) -> Result<(), StoreError> {
        loop {
            let memory = self.0.keys.config().revoked_memory_seconds();
            let before = self.0.runtime.timestamp().plus_millis(-memory * 1000);
            if self.0.tokens.purge_spent(before, PURGE_BATCH).await? < PURGE_BATCH {
                return Ok(());
            }
            tokio::time::sleep(PURGE_PAUSE).await;
        }
    }

    async fn purge_sessions(&self) -> Result<u64, StoreError> {
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
