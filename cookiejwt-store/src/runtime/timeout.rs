//! A time limit for calls to a store that no client waits for, because nothing else would end them.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
    time::Duration,
};

use crate::errors::StoreError;

/// Longer than a busy database takes, and as long as the default `reuse_leeway`.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// The error of a store that does not answer in time.
pub(crate) const NO_ANSWER: &str = "it gives no answer";

/// A store that does not answer in time, or panics, is unavailable; `no_answer` is the error of the
/// former.
pub(crate) async fn within_limit<T>(
    no_answer: &'static str,
    question: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let caught = caught(question, || StoreError::new("it panicked"));
    let answer = tokio::time::timeout(PATIENCE, caught).await;
    answer.unwrap_or_else(|_| Err(StoreError::new(no_answer)))
}

/// A panic is a failure like any other: it must not end what asks again and again.
pub(crate) async fn caught<T, E>(
    question: impl Future<Output = Result<T, E>>,
    panicked: impl Fn() -> E,
) -> Result<T, E> {
    let mut question = pin!(question);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| question.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(panicked())))
    })
    .await
}
