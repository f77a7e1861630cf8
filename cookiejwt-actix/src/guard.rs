//! The guards for routes: a login, a fresh login, proofs, a scope or a role.

use std::{
    future::{Ready, ready},
    rc::Rc,
};

use actix_web::{
    Error,
    body::EitherBody,
    dev::{Service, ServiceRequest, ServiceResponse, Transform},
};
use cookiejwt_store::{Guard, GuardRefusal};
use futures_util::future::{Either, FutureExt as _, LocalBoxFuture, Map};

use crate::{AuthError, extract, headers::View};

/// Rejects requests that do not meet the requirement of a route: a login, a fresh login, proofs, a
/// scope or a role.
///
/// Returned by [`ActixAuth::require_login`](crate::ActixAuth::require_login),
/// [`require_fresh_login`](crate::ActixAuth::require_fresh_login),
/// [`require_proofs`](crate::ActixAuth::require_proofs),
/// [`require_scope`](crate::ActixAuth::require_scope) and
/// [`require_role`](crate::ActixAuth::require_role).
#[derive(Clone, Debug)]
pub struct GuardMiddleware(pub(crate) Guard);

impl GuardMiddleware {
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

impl<S, B> Transform<S, ServiceRequest> for GuardMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = Guarded<S>;
    type InitError = ();
    type Future = Ready<Result<Guarded<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(Guarded { guard: self.0.clone(), inner: Rc::new(inner) }))
    }
}

/// The service of [`GuardMiddleware`].
#[derive(Debug)]
pub struct Guarded<S> {
    guard: Guard,
    inner: Rc<S>,
}

type Answer<B> = Result<ServiceResponse<EitherBody<B>>, Error>;
type Passed<F, B> = Map<F, fn(Result<ServiceResponse<B>, Error>) -> Answer<B>>;

/// Almost every request is decided without a store, and then without a box.
type Decided<F, B> = Either<Either<Passed<F, B>, Ready<Answer<B>>>, LocalBoxFuture<'static, Answer<B>>>;

impl<S, B> Service<ServiceRequest> for Guarded<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Decided<S::Future, B>;

    actix_web::dev::forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        if self.guard.is_built_in(request.uri().path()) {
            return Either::Left(Either::Left(self.inner.call(request).map(passed)));
        }
        let slot = match extract::slot_of(request.request(), &self.guard) {
            Ok(slot) => slot,
            Err(problem) => return Either::Left(Either::Right(ready(Ok(refused(request, problem))))),
        };
        let begun = {
            let view = View::of(request.request());
            let any = slot.any();
            any.begin(view.head()).map(|decision| any.admit(&self.guard, decision, view.head()))
        };
        let pending = match begun {
            Ok(Ok(())) => return Either::Left(Either::Left(self.inner.call(request).map(passed))),
            Ok(Err(refusal)) => return Either::Left(Either::Right(ready(Ok(answered(request, refusal))))),
            Err(pending) => pending,
        };
        let (inner, guard) = (Rc::clone(&self.inner), self.guard.clone());
        let asked = async move {
            let decision = match slot.any().finish(pending).await {
                Ok(decision) => decision,
                Err(problem) => return Ok(refused(request, AuthError(problem))),
            };
            let admitted = slot.any().admit(&guard, decision, View::of(request.request()).head());
            match admitted {
                Ok(()) => passed(inner.call(request).await),
                Err(refusal) => Ok(answered(request, refusal)),
            }
        };
        Either::Right(asked.boxed_local())
    }
}

fn passed<B>(result: Result<ServiceResponse<B>, Error>) -> Answer<B> {
    result.map(ServiceResponse::map_into_left_body)
}

fn answered<B>(request: ServiceRequest, refusal: GuardRefusal) -> ServiceResponse<EitherBody<B>> {
    match refusal {
        GuardRefusal::Problem(problem) => refused(request, AuthError(problem)),
        GuardRefusal::Redirect(reply) => {
            request.into_response(extract::response(*reply)).map_into_right_body()
        }
    }
}

fn refused<B>(request: ServiceRequest, problem: AuthError) -> ServiceResponse<EitherBody<B>> {
    request.error_response(problem).map_into_right_body()
}
