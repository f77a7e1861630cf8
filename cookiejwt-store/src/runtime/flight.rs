//! One question at a time, however many wait for its answer.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
};

use tokio::sync::watch;

use super::PATIENCE;

/// A question that is under way; everyone who asks meanwhile waits for its answer.
#[derive(Debug, Default)]
pub(crate) struct Flight(Mutex<Option<watch::Receiver<Option<bool>>>>);

impl Flight {
    pub(crate) fn is_under_way(&self) -> bool {
        let flight = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        flight.as_ref().is_some_and(|flight| flight.has_changed().is_ok())
    }

    /// Whether the question succeeded: the one that is under way, otherwise this one. It is a
    /// separate task, so that a client that hangs up does not end it for the others.
    pub(crate) async fn join<Q>(&self, question: impl FnOnce() -> Q) -> bool
    where
        Q: Future<Output = bool> + Send + 'static,
    {
        let mut landed = self.board(question);
        let waited = tokio::time::timeout(PATIENCE, landed.wait_for(Option::is_some)).await;
        matches!(waited, Ok(Ok(outcome)) if *outcome == Some(true))
    }

    fn board<Q>(&self, question: impl FnOnce() -> Q) -> watch::Receiver<Option<bool>>
    where
        Q: Future<Output = bool> + Send + 'static,
    {
        let mut flight = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Its sender is gone when it has ended, and when its runtime has.
        if let Some(running) = flight.as_ref().filter(|flight| flight.has_changed().is_ok()) {
            return running.clone();
        }
        let (sender, receiver) = watch::channel(None);
        *flight = Some(receiver.clone());
        let question = question();
        tokio::spawn(async move {
            let succeeded = question.await;
            // No request may be waiting any more.
            let _ = sender.send(Some(succeeded));
        });
        receiver
    }
}
