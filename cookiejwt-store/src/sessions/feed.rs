//! What other nodes revoke or renew reaches this one by asking the store: from one task every
//! second, and from a request when that task shows no sign of life.

use std::{future::Future, pin::pin};

use cookiejwt_core::{
    SessionId,
    store::{RevocationReason, Timestamp},
};

use super::part::Sessions;
use crate::{
    errors::StoreError,
    events::{Event, Line},
    runtime::{BEAT, PATIENCE},
};

impl Sessions {
    /// Asks the store what was revoked and renewed, here and on other nodes.
    pub(crate) async fn poll_revocations(&self) -> Result<(), StoreError> {
        self.beat();
        let (now, began) = (self.0.runtime.timestamp(), self.0.pulse.begin());
        let polled = self.beating(self.read_revocations(now)).await;
        self.beat();
        self.0.pulse.end(began, polled.is_ok(), self.0.runtime.timestamp());
        polled
    }

    /// Reads what was revoked and renewed since the last time; reports an outage once, and its end.
    pub(super) async fn read_revocations(&self, now: Timestamp) -> Result<(), StoreError> {
        let tokens = self.0.tokens.bounded();
        let from = self.0.revoked.poll_from(now);
        let question = async { Ok((tokens.revoked_since(from).await?, tokens.renewed_since(from).await?)) };
        let read = question.await.map(|(revoked, renewed)| {
            if self.0.revoked.load(revoked, renewed, now) {
                self.0.events.emit(Event::FeedRecovered {});
            }
        });
        if let Err(error) = &read
            && self.0.revoked.missed()
        {
            self.0.events.emit(Event::FeedStale { error: &Line(error).to_string() });
        }
        read
    }

    /// Why a session has ended, if this node knows that it has.
    pub(crate) fn revoked_here(&self, id: &SessionId, now: Timestamp) -> Option<RevocationReason> {
        self.0.revoked.reason(id, now)
    }

    /// Whether this node knows at this moment what other nodes have revoked.
    pub(crate) fn is_current(&self, now: Timestamp) -> bool {
        self.0.pulse.is_current(now)
    }

    /// Whether the revoked set may decide about a valid access token, after asking the store if
    /// necessary. A set that is a little late may, even when the store cannot be asked: an
    /// unavailable store ends no access token.
    pub(crate) async fn has_caught_up(&self) -> bool {
        let was_frozen = self.0.pulse.is_frozen(self.0.runtime.timestamp());
        self.catch_up().await || !was_frozen
    }

    /// Asks twice at most: the question that was under way may have begun before this process was
    /// frozen.
    async fn catch_up(&self) -> bool {
        for _ in 0..2 {
            if self.0.pulse.is_current(self.0.runtime.timestamp()) {
                return true;
            }
            if !self.look(false).await {
                return false;
            }
        }
        self.0.pulse.is_current(self.0.runtime.timestamp())
    }

    /// Waits for one question to the store, whichever request began it; whether it succeeded. It is
    /// a separate task, so that a client that hangs up does not end it for the others.
    pub(crate) async fn look(&self, at_once: bool) -> bool {
        let sessions = self.clone();
        let flight = self.0.pulse.board(self.0.runtime.timestamp(), at_once, |landed| {
            tokio::spawn(async move {
                let polled = sessions.poll_revocations().await;
                // No request may be waiting any more.
                let _ = landed.send(Some(polled.is_ok()));
            });
        });
        let Some(mut flight) = flight else { return false };
        let landed = tokio::time::timeout(PATIENCE, flight.wait_for(Option::is_some)).await;
        matches!(landed, Ok(Ok(outcome)) if *outcome == Some(true))
    }

    /// Waits for the work, and shows in the meantime that this process is alive.
    pub(crate) async fn beating<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            match tokio::time::timeout(BEAT, work.as_mut()).await {
                Ok(output) => return output,
                Err(_) => self.beat(),
            }
        }
    }

    fn beat(&self) {
        if let Some(silence) = self.0.pulse.beat(self.0.runtime.timestamp())
            && self.0.revoked.missed()
        {
            let error = format!(
                "the store was not asked for {} s: this process was stopped, a worker was blocked, or the clock was set",
                silence / 1000
            );
            self.0.events.emit(Event::FeedStale { error: &error });
        }
    }
}
