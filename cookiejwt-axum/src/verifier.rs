//! What axum adds to a verifier: a service that only verifies the access tokens of another one.

use std::{
    fmt::Display,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use cookiejwt_store::{Guard, Requirement, Scope, Slots, Verifier, VerifierSlot};
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::GuardLayer;

/// What axum adds to a [`Verifier`]: the layer and the guards. The extractors are those of the
/// issuer, except [`CurrentUser`](crate::CurrentUser) and [`AuthContext`](crate::AuthContext),
/// which need its stores.
///
/// ```
/// use axum::{Router, routing::{get, post}};
/// use cookiejwt_axum::{Verifier, prelude::*};
///
/// fn application(verifier: &Verifier) -> Router {
///     let writing = Router::new()
///         .route("/orders", post(async || "only with this scope"))
///         .route_layer(verifier.require_scope("orders:write"));
///     Router::new()
///         .route("/me", get(async |who: Identity| who.subject().to_string()))
///         .merge(writing)
///         .layer(verifier.layer())
/// }
/// ```
///
/// A stream ends with its session, and with its access token at the latest; see
/// [`Verifier::ended`]:
///
/// ```
/// use std::convert::Infallible;
/// use axum::{Router, extract::State, response::sse::{Event, Sse}, routing::get};
/// use cookiejwt_axum::{Verifier, prelude::*};
/// use futures_util::{Stream, StreamExt as _, stream};
///
/// async fn events(
///     who: Identity,
///     State(verifier): State<Verifier>,
/// ) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
///     let news = stream::iter(["an order"]).map(|text| Ok(Event::default().data(text)));
///     Sse::new(news.until_ended(verifier.ended(&who)))
/// }
///
/// fn streams(verifier: &Verifier) -> Router {
///     Router::new()
///         .route("/events", get(events))
///         .layer(verifier.layer())
///         .with_state(verifier.clone())
/// }
/// ```
pub trait AxumVerifier {
    /// Wraps all routes that ask who sent the request. It writes no cookie: it only marks responses
    /// that depend on the user (`Vary`, `Cache-Control`).
    fn layer(&self) -> VerifierLayer;

    /// Responds 401 on the routes it wraps unless the user is logged in, as
    /// [`AxumAuth::require_login`](crate::AxumAuth::require_login) does.
    fn require_login(&self) -> GuardLayer;

    /// Responds 401 `fresh_login_required` on the routes it wraps unless the user logged in at most
    /// `max_age` ago.
    fn require_fresh_login(&self, max_age: Duration) -> GuardLayer;

    /// Responds 401 `proof_required` on the routes it wraps unless the user's session meets this
    /// [`Requirement`].
    fn require_proofs(&self, requirement: Requirement) -> GuardLayer;

    /// Responds 403 `insufficient_scope` on the routes it wraps unless the access token has this
    /// scope.
    ///
    /// # Panics
    /// If it is not the name of a scope (RFC 6749 §3.3).
    #[track_caller]
    fn require_scope<T: TryInto<Scope, Error: Display>>(&self, scope: T) -> GuardLayer;

    /// Responds 403 `insufficient_role` on the routes it wraps unless the array `roles` of the
    /// access token has this entry.
    ///
    /// # Panics
    /// If the name is empty.
    #[track_caller]
    fn require_role(&self, role: impl Into<Arc<str>>) -> GuardLayer;
}

impl AxumVerifier for Verifier {
    fn layer(&self) -> VerifierLayer {
        VerifierLayer::new(self.clone())
    }

    fn require_login(&self) -> GuardLayer {
        GuardLayer(Guard::login(self))
    }

    fn require_fresh_login(&self, max_age: Duration) -> GuardLayer {
        GuardLayer(Guard::fresh_login(self, max_age))
    }

    fn require_proofs(&self, requirement: Requirement) -> GuardLayer {
        GuardLayer(Guard::proofs(self, requirement))
    }

    fn require_scope<T: TryInto<Scope, Error: Display>>(&self, scope: T) -> GuardLayer {
        GuardLayer(Guard::scope(self, scope))
    }

    fn require_role(&self, role: impl Into<Arc<str>>) -> GuardLayer {
        GuardLayer(Guard::role(self, role))
    }
}

/// Adds a slot for the decision of a [`Verifier`] to each request; see [`AxumVerifier::layer`].
#[derive(Clone, Debug)]
pub struct VerifierLayer(Verifier);

impl VerifierLayer {
    /// A layer of this verifier, for tower services without axum.
    pub fn new(verifier: Verifier) -> Self {
        Self(verifier)
    }
}

impl<S> Layer<S> for VerifierLayer {
    type Service = VerifierService<S>;

    fn layer(&self, inner: S) -> VerifierService<S> {
        VerifierService { verifier: self.0.clone(), inner }
    }
}

/// The service of [`VerifierLayer`].
#[derive(Clone, Debug)]
pub struct VerifierService<S> {
    verifier: Verifier,
    inner: S,
}

impl<S, RequestBody, ResponseBody> Service<Request<RequestBody>> for VerifierService<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = VerifierFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        let (slots, slot) = Slots::enter_verifier(request.extensions().get(), &self.verifier);
        request.extensions_mut().insert(slots);
        VerifierFuture { inner: self.inner.call(request), slot }
    }
}

pin_project! {
    /// The response of the inner service, marked if it depends on the user.
    #[must_use]
    #[derive(Debug)]
    pub struct VerifierFuture<F> {
        #[pin]
        inner: F,
        // None inside another layer of the same verifier.
        slot: Option<Arc<VerifierSlot>>,
    }
}

impl<F, Body, E> Future for VerifierFuture<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut result = ready!(this.inner.poll(context));
        if let (Ok(response), Some(slot)) = (&mut result, this.slot) {
            slot.mark(response.headers_mut());
        }
        Poll::Ready(result)
    }
}
