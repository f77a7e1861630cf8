use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum_core::response::Response as AxumResponse;
use cookiejwt_store::Slot;
use http::Response;
use pin_project_lite::pin_project;

pin_project! {
    /// The response of the inner service, with the request's cookies written into it.
    #[must_use]
    #[derive(Debug)]
    pub struct AuthFuture<F> {
        #[pin]
        inner: F,
        slot: Arc<Slot>,
    }
}

impl<F> AuthFuture<F> {
    pub(crate) fn new(inner: F, slot: Arc<Slot>) -> Self {
        Self { inner, slot }
    }
}

impl<F, Body, E> Future for AuthFuture<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut result = ready!(this.inner.poll(context));
        if let Ok(response) = &mut result {
            this.slot.write_cookies(response.headers_mut());
        }
        Poll::Ready(result)
    }
}

type Boxed<E> = Pin<Box<dyn Future<Output = Result<AxumResponse, E>> + Send>>;

pin_project! {
    /// The response of the inner service, or the refusal.
    #[must_use]
    pub struct RequireLoginFuture<F, E> {
        #[pin]
        kind: Kind<F, E>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<F, E> {
        Passed { #[pin] inner: F },
        Refused { response: Option<AxumResponse> },
        Asking { boxed: Boxed<E> },
    }
}

impl<F, E> RequireLoginFuture<F, E> {
    /// Almost every request: decided without a store, and without a box.
    pub(crate) fn passed(inner: F) -> Self {
        Self { kind: Kind::Passed { inner } }
    }

    pub(crate) fn refused(response: AxumResponse) -> Self {
        Self { kind: Kind::Refused { response: Some(response) } }
    }

    pub(crate) fn asking(boxed: Boxed<E>) -> Self {
        Self { kind: Kind::Asking { boxed } }
    }
}

impl<F, E> Future for RequireLoginFuture<F, E>
where
    F: Future<Output = Result<AxumResponse, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProjection::Passed { inner } => inner.poll(context),
            KindProjection::Refused { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                None => Poll::Pending,
            },
            KindProjection::Asking { boxed } => boxed.as_mut().poll(context),
        }
    }
}

impl<F, E> fmt::Debug for RequireLoginFuture<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireLoginFuture").finish_non_exhaustive()
    }
}
