//! A stream that ends with a session.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::{FusedStream, Stream};
use pin_project_lite::pin_project;

use super::ended::Ended;

/// Ends any stream, such as one of server-sent events, with the session of its user.
///
/// ```
/// use cookiejwt_store::{Authenticator, Identity, UntilEnded as _};
/// use futures_util::{Stream, stream};
///
/// fn ticks(auth: &Authenticator, who: &Identity) -> impl Stream<Item = u64> + use<> {
///     stream::iter(0..).until_ended(auth.ended(who))
/// }
/// ```
pub trait UntilEnded: Stream {
    /// The same items until the session ends; then the stream is over, and this one is dropped.
    ///
    /// An item that is ready at that moment is not sent any more. A browser's `EventSource`
    /// connects again by itself: it gets 401 then, and gives up.
    fn until_ended(self, ended: Ended) -> EndedStream<Self>
    where
        Self: Sized,
    {
        EndedStream { stream: Some(self), ended: Some(ended) }
    }
}

impl<S: Stream> UntilEnded for S {}

pin_project! {
    /// A stream that ends with a session; see [`UntilEnded::until_ended`].
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct EndedStream<S> {
        #[pin]
        stream: Option<S>,
        ended: Option<Ended>,
    }
}

impl<S: Stream> Stream for EndedStream<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        let has_ended = this.ended.as_mut().is_none_or(|ended| Pin::new(ended).poll(context).is_ready());
        let item = match this.stream.as_mut().as_pin_mut() {
            Some(stream) if !has_ended => ready!(stream.poll_next(context)),
            _ => None,
        };
        if item.is_none() {
            this.stream.set(None);
            *this.ended = None;
        }
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.stream.as_ref().map_or(Some(0), |stream| stream.size_hint().1))
    }
}

impl<S: Stream> FusedStream for EndedStream<S> {
    fn is_terminated(&self) -> bool {
        self.stream.is_none()
    }
}
