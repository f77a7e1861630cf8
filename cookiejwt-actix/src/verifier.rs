//! What actix-web adds to a verifier: a service that only verifies the access tokens of another
//! one.

use std::{
    fmt::Display,
    future::{Future, Ready, ready},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    Error, HttpMessage as _,
    dev::{Service, ServiceRequest, ServiceResponse, Transform},
};
use cookiejwt_store::{Guard, Requirement, Scope, Slots, Verifier, VerifierSlot};
use pin_project_lite::pin_project;

use crate::{GuardMiddleware, headers::ResponseFields};

/// What actix-web adds to a [`Verifier`]: the middleware and the guards. The extractors are those
/// of the issuer, except [`CurrentUser`](crate::CurrentUser) and
/// [`AuthContext`](crate::AuthContext), which need its stores.
///
/// Build the verifier once, outside the closure of `HttpServer::new`: the workers have to share
/// what it knows.
///
/// ```
/// use actix_web::{App, HttpServer, web};
/// use cookiejwt_actix::{Verifier, prelude::*};
///
/// async fn me(who: Identity) -> String {
///     who.subject().to_string()
/// }
///
/// async fn serve(verifier: Verifier) -> std::io::Result<()> {
///     let server = HttpServer::new(move || {
///         App::new()
///             .route("/me", web::get().to(me))
///             .service(web::scope("/orders").wrap(verifier.require_scope("orders:write")))
///             .wrap(verifier.middleware())
///     });
///     server.bind(("127.0.0.1", 3000))?.run().await
/// }
/// ```
///
/// A stream ends with its session, and with its access token at the latest; see
/// [`Verifier::ended`]. Its handler gets the verifier by `App::app_data(web::Data::new(verifier))`:
///
/// ```
/// use std::convert::Infallible;
/// use actix_web::{App, HttpResponse, Responder, web};
/// use cookiejwt_actix::{Verifier, prelude::*};
/// use futures_util::stream;
///
/// async fn events(who: Identity, verifier: web::Data<Verifier>) -> impl Responder {
///     let news = stream::iter([Ok::<_, Infallible>(web::Bytes::from("data: an order\n\n"))]);
///     let news = news.until_ended(verifier.ended(&who));
///     HttpResponse::Ok().content_type("text/event-stream").streaming(news)
/// }
/// # let _ = App::new().route("/events", web::get().to(events));
/// ```
pub trait ActixVerifier {
    /// Wraps all routes that ask who sent the request. It writes no cookie: it only marks responses
    /// that depend on the user (`Vary`, `Cache-Control`).
    fn middleware(&self) -> VerifierMiddleware;

    /// Responds 401 in the scope or resource that it wraps unless the user is logged in, as
    /// [`ActixAuth::require_login`](crate::ActixAuth::require_login) does.
    fn require_login(&self) -> GuardMiddleware;

    /// Responds 401 `fresh_login_required` unless the user logged in at most `max_age` ago.
    fn require_fresh_login(&self, max_age: Duration) -> GuardMiddleware;

    /// Responds 401 `proof_required` unless the user's session meets this [`Requirement`].
    fn require_proofs(&self, requirement: Requirement) -> GuardMiddleware;

    /// Responds 403 `insufficient_scope` unless the access token has this scope.
    ///
    /// # Panics
    /// If it is not the name of a scope (RFC 6749 §3.3).
    #[track_caller]
    fn require_scope<T: TryInto<Scope, Error: Display>>(&self, scope: T) -> GuardMiddleware;

    /// Responds 403 `insufficient_role` unless the array `roles` of the access token has this
    /// entry.
    ///
    /// # Panics
    /// If the name is empty.
    #[track_caller]
    fn require_role(&self, role: impl Into<Arc<str>>) -> GuardMiddleware;
}

impl ActixVerifier for Verifier {
    fn middleware(&self) -> VerifierMiddleware {
        VerifierMiddleware(self.clone())
    }

    fn require_login(&self) -> GuardMiddleware {
        GuardMiddleware(Guard::login(self))
    }

    fn require_fresh_login(&self, max_age: Duration) -> GuardMiddleware {
        GuardMiddleware(Guard::fresh_login(self, max_age))
    }

    fn require_proofs(&self, requirement: Requirement) -> GuardMiddleware {
        GuardMiddleware(Guard::proofs(self, requirement))
    }

    fn require_scope<T: TryInto<Scope, Error: Display>>(&self, scope: T) -> GuardMiddleware {
        GuardMiddleware(Guard::scope(self, scope))
    }

    fn require_role(&self, role: impl Into<Arc<str>>) -> GuardMiddleware {
        GuardMiddleware(Guard::role(self, role))
    }
}

/// Adds a slot for the decision of a [`Verifier`] to each request; see
/// [`ActixVerifier::middleware`].
#[derive(Clone, Debug)]
pub struct VerifierMiddleware(Verifier);

impl<S, B> Transform<S, ServiceRequest> for VerifierMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = VerifierService<S>;
    type InitError = ();
    type Future = Ready<Result<VerifierService<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(VerifierService { verifier: self.0.clone(), inner }))
    }
}

/// The service of [`VerifierMiddleware`].
#[derive(Debug)]
pub struct VerifierService<S> {
    verifier: Verifier,
    inner: S,
}

impl<S, B> Service<ServiceRequest> for VerifierService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = VerifierFuture<S::Future>;

    actix_web::dev::forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let outer = request.extensions().get::<Slots>().cloned();
        let (slots, slot) = Slots::enter_verifier(outer.as_ref(), &self.verifier);
        request.extensions_mut().insert(slots);
        VerifierFuture { inner: self.inner.call(request), slot }
    }
}

pin_project! {
    /// The response of the inner service, marked if it depends on the user; that of an error too.
    #[must_use]
    #[derive(Debug)]
    pub struct VerifierFuture<F> {
        #[pin]
        inner: F,
        // None inside another middleware of the same verifier.
        slot: Option<Arc<VerifierSlot>>,
    }
}

impl<F, B> Future for VerifierFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut result = std::task::ready!(this.inner.poll(context));
        let Some(slot) = this.slot.take() else { return Poll::Ready(result) };
        match &mut result {
            Ok(response) => slot.mark(&mut ResponseFields(response.headers_mut())),
            Err(error) => error.add_response_mapper(move |mut response| {
                slot.mark(&mut ResponseFields(response.headers_mut()));
                response
            }),
        }
        Poll::Ready(result)
    }
}
