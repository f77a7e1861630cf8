//! For questions whose answer must not be waited for without end: nobody else is there to give up.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
    time::Duration,
};

use crate::errors::StoreError;

/// Longer than a database takes that is only busy, and as long as the default `reuse_leeway`.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A store that gives no answer, or panics, is away.
pub(crate) async fn patiently<T>(
    question: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    patiently_saying("it gives no answer", question).await
}

/// The same with other words for a store that gives no answer.
pub(crate) async fn patiently_saying<T>(
    no_answer: &'static str,
    question: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let mut question = pin!(question);
    let caught = poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| question.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(StoreError::new("it panicked"))))
    });
    let answer = tokio::time::timeout(PATIENCE, caught).await;
    answer.unwrap_or_else(|_| Err(StoreError::new(no_answer)))
}
