//! Waiting for the end of a session: at the revoked set, and by asking the store.

use std::{any::Any, sync::Arc};

use cookiejwt_core::{Actor, Identity, RevocationLevel};

use super::part::Sessions;
use crate::{errors::StoreError, streams::Ended};

/// How many sessions one statement asks for.
const BATCH: usize = 1000;

impl Sessions {
    /// Resolves when the session of this identity ends, or that of the user who acts in it.
    pub(crate) fn ended(&self, who: &Identity, source: Arc<dyn Any + Send + Sync>) -> Ended {
        let (revoked, now) = (&self.0.revoked, self.0.runtime.timestamp());
        // First it waits, and then it looks: nothing is missed in between.
        let ended = Ended::of(who, None, revoked.waiting(), source, now);
        for id in std::iter::once(who.session_id()).chain(who.actor().map(Actor::session_id)) {
            revoked.tell_again(id, now);
        }
        ended
    }

    /// Ends the sessions whose end was known beforehand and has come.
    pub(crate) fn end_planned(&self) {
        self.0.revoked.waiting().tick(self.0.runtime.timestamp());
    }

    /// Asks the store about the sessions that are waited for and due; how many have ended. What
    /// fails stays due.
    pub(crate) async fn poll_ends(&self) -> Result<u64, StoreError> {
        let (waiting, tokens) = (self.0.revoked.waiting(), self.0.tokens.bounded());
        let life_millis = self.0.keys.config().revoked_memory_seconds().saturating_mul(1000);
        let mut ended = 0;
        for ids in waiting.due(self.0.runtime.timestamp()).chunks(BATCH) {
            let ends = tokens.ends_of(ids).await?;
            ended += waiting.answer(ids, &ends, life_millis, self.0.runtime.timestamp());
        }
        Ok(ended)
    }

    /// At the level that asks the store at every request there is no feed; those who wait send no
    /// request, so it is read for them.
    pub(crate) async fn read_for_waiting(&self) {
        let level = self.0.keys.config().revocation();
        if level == RevocationLevel::EveryRequest && !self.0.revoked.waiting().is_empty() {
            // Reported already.
            let _ = self.read_revocations(self.0.runtime.timestamp()).await;
        }
    }
}
