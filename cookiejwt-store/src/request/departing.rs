//! Responses that ask the store before they are sent.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use super::slot::Slot;

/// A response that is about to be sent, for adapters whose middleware is its own future.
///
/// The cookies of a refresh may have been overtaken while a slow handler made its response. Such a
/// response asks the store before it is sent. All others are sent at once, and cost one comparison.
pub struct Departing<T>(Option<Box<Asking<T>>>);

struct Asking<T> {
    response: Option<T>,
    answer: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl<T> Departing<T> {
    /// Ready with the response that `made` makes, when the cookies of `slot` may be written into it
    /// or are withheld. Not to be polled again after that.
    pub fn poll(
        &mut self,
        slot: &Arc<Slot>,
        context: &mut Context<'_>,
        made: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        if self.0.is_none() {
            let made = made(context);
            let departure = if made.is_ready() { slot.departure() } else { None };
            let Some(request) = departure else { return made };
            let (response, slot) = (ready!(made), Arc::clone(slot));
            let answer = Box::pin(async move { slot.depart(request).await });
            self.0 = Some(Box::new(Asking { response: Some(response), answer }));
        }
        let Some(asking) = &mut self.0 else { return Poll::Pending };
        ready!(asking.answer.as_mut().poll(context));
        asking.response.take().map_or(Poll::Pending, Poll::Ready)
    }
}

impl<T> Default for Departing<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> fmt::Debug for Departing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Departing").field("asks", &self.0.is_some()).finish()
    }
}
