//! The layer around a router or any tower HTTP service.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::extract::OriginalUri;
use cookiejwt_store::{Authenticator, Departing, Slot, Slots};
use http::{Extensions, Request, Response, Uri};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// Adds a slot for the decision to each request, and its cookies to each response; see
/// [`AxumAuth::layer`](crate::AxumAuth::layer).
#[derive(Clone, Debug)]
pub struct AuthLayer(Authenticator);

impl AuthLayer {
    /// A layer of this authenticator, for tower services without axum.
    pub fn new(auth: Authenticator) -> Self {
        Self(auth)
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        AuthService { auth: self.0.clone(), inner }
    }
}

/// The service of [`AuthLayer`].
#[derive(Clone, Debug)]
pub struct AuthService<S> {
    auth: Authenticator,
    inner: S,
}

impl<S, RequestBody, ResponseBody> Service<Request<RequestBody>> for AuthService<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = AuthFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        let slot = enter(&self.auth, &mut request);
        AuthFuture { inner: self.inner.call(request), slot, departing: Departing::default() }
    }
}

/// Puts the slot of this layer into the request.
fn enter<B>(auth: &Authenticator, request: &mut Request<B>) -> Option<Arc<Slot>> {
    let enter = |outer: Option<&Slots>, request: &Request<B>| {
        Slots::enter(outer, auth, || original_uri(request.uri(), request.extensions()).path())
    };
    // Almost no request has come through another layer before: that is not searched for first.
    let (slots, slot) = enter(None, request);
    let Some(outer) = request.extensions_mut().insert(slots) else { return slot };
    let (slots, slot) = enter(Some(&outer), request);
    request.extensions_mut().insert(slots);
    slot
}

/// The URI as the client sent it: a nested router strips its prefix before a layer inside it sees
/// the request.
pub(crate) fn original_uri<'a>(uri: &'a Uri, extensions: &'a Extensions) -> &'a Uri {
    extensions.get::<OriginalUri>().map_or(uri, |OriginalUri(original)| original)
}

pin_project! {
    /// The response of the inner service, with the request's cookies written into it.
    #[must_use]
    #[derive(Debug)]
    pub struct AuthFuture<F>
    where
        F: Future,
    {
        #[pin]
        inner: F,
        // None inside another layer of the same authenticator, which writes the cookies.
        slot: Option<Arc<Slot>>,
        departing: Departing<F::Output>,
    }
}

impl<F, Body, E> Future for AuthFuture<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(slot) = this.slot else { return this.inner.poll(context) };
        let mut polled = this.departing.poll(slot, context, |context| this.inner.poll(context));
        if let Poll::Ready(Ok(response)) = &mut polled {
            slot.write_cookies(response.headers_mut());
        }
        polled
    }
}
