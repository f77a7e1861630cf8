//! The guards for routes: a login, a fresh login, proofs, a scope or a role.

use std::{
    future::{Ready, ready},
    task::{Context, Poll},
};

use axum_core::response::{IntoResponse, Response};
use cookiejwt_store::{Guard, RequestHead};
use futures_util::future::{BoxFuture, Either, FutureExt as _};
use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use crate::{AuthError, extract, layer::original_uri};

/// Rejects requests that do not meet the requirement of a route: a login, a fresh login, proofs, a
/// scope or a role.
///
/// Returned by [`AxumAuth::require_login`](crate::AxumAuth::require_login),
/// [`require_fresh_login`](crate::AxumAuth::require_fresh_login),
/// [`require_proofs`](crate::AxumAuth::require_proofs),
/// [`require_scope`](crate::AxumAuth::require_scope) and
/// [`require_role`](crate::AxumAuth::require_role).
#[derive(Clone, Debug)]
pub struct GuardLayer(pub(crate) Guard);

impl GuardLayer {
    /// Redirects to this page instead of responding 401, with the way back in `next`. Only what a
    /// user sees is redirected (303): a link leads back to itself, a form that is sent after the
    /// session has ended to the page that it is on. htmx gets 401 with `HX-Redirect`, so that the
    /// login page does not become a part of the present one; a script gets the problem document.
    /// 403, 500 and 503 are not changed.
    ///
    /// If a proof is missing, `require` lists the methods of which one is the next step, separated
    /// by spaces; `max_age` (seconds) and `acr_values` are those of the challenge (RFC 9470). Like
    /// everything in a query, they may be forged: the guard alone decides.
    ///
    /// The page sends the user back to [`next_path`](crate::next_path) of `next`, never to `next`
    /// itself.
    ///
    /// # Panics
    /// If it is not a path of this application.
    #[track_caller]
    #[must_use]
    pub fn redirect_to(self, page: &str) -> Self {
        Self(self.0.redirect_to(page))
    }

    /// The responses of these routes are not stored (`Cache-Control: no-store`), whatever their
    /// handlers say, so that the back button does not show them after a logout. In a handler use
    /// [`AuthContext::no_store`](crate::AuthContext::no_store).
    #[must_use]
    pub fn no_store(self) -> Self {
        Self(self.0.no_store())
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { guard: self.0.clone(), inner }
    }
}

/// The service of [`GuardLayer`].
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    guard: Guard,
    inner: S,
}

/// Almost every request is decided without a store, and then without a box.
type Answer<F, E> = Either<Either<F, Ready<Result<Response, E>>>, BoxFuture<'static, Result<Response, E>>>;

impl<S, Body> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    Body: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Answer<S::Future, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let refused = |response| Either::Left(Either::Right(ready(Ok(response))));
        if self.guard.is_built_in(head(&request).path()) {
            return Either::Left(Either::Left(self.inner.call(request)));
        }
        let slot = match extract::slot_of(request.extensions(), &self.guard) {
            Ok(slot) => slot,
            Err(problem) => return refused(problem.into_response()),
        };
        let any = slot.any();
        let begun =
            any.begin(head(&request)).map(|decision| any.admit(&self.guard, decision, head(&request)));
        let pending = match begun {
            Ok(Ok(())) => return Either::Left(Either::Left(self.inner.call(request))),
            Ok(Err(refusal)) => return refused(extract::into_response(refusal.into_reply())),
            Err(pending) => pending,
        };
        // The clone was not polled ready; the service that was goes with the request.
        let clone = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, clone);
        let guard = self.guard.clone();
        let asked = async move {
            let decision = match slot.any().finish(pending).await {
                Ok(decision) => decision,
                Err(problem) => return Ok(AuthError(problem).into_response()),
            };
            match slot.any().admit(&guard, decision, head(&request)) {
                Ok(()) => ready.call(request).await,
                Err(refusal) => Ok(extract::into_response(refusal.into_reply())),
            }
        };
        Either::Right(asked.boxed())
    }
}

fn head<Body>(request: &Request<Body>) -> RequestHead<'_> {
    let uri = original_uri(request.uri(), request.extensions());
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    let head = RequestHead::new(request.method().as_str(), uri.path(), authority, request.headers());
    head.with_query(uri.query())
}
