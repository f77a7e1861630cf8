use std::{
    future::{Ready, ready},
    rc::Rc,
};

use actix_web::{
    Error,
    body::EitherBody,
    dev::{Service, ServiceRequest, ServiceResponse, Transform},
};
use futures_util::future::{Either, FutureExt as _, LocalBoxFuture, Map};

use crate::{Problem, extract, headers::View};

/// Answers 401 while nobody is logged in; see [`ActixAuth::require_login`](crate::ActixAuth::require_login).
#[derive(Clone, Copy, Debug, Default)]
pub struct RequireLogin(());

impl<S, B> Transform<S, ServiceRequest> for RequireLogin
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = RequireLoginService<S>;
    type InitError = ();
    type Future = Ready<Result<RequireLoginService<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(RequireLoginService { inner: Rc::new(inner) }))
    }
}

/// The service of [`RequireLogin`].
#[derive(Debug)]
pub struct RequireLoginService<S> {
    inner: Rc<S>,
}

type Answer<B> = Result<ServiceResponse<EitherBody<B>>, Error>;
type Passed<F, B> = Map<F, fn(Result<ServiceResponse<B>, Error>) -> Answer<B>>;

/// Almost every request is decided without a store, and then without a box.
type Decided<F, B> = Either<Either<Passed<F, B>, Ready<Answer<B>>>, LocalBoxFuture<'static, Answer<B>>>;

impl<S, B> Service<ServiceRequest> for RequireLoginService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Decided<S::Future, B>;

    actix_web::dev::forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let slot = match extract::slot(request.request(), "require_login") {
            Ok(slot) => slot,
            Err(problem) => return refused(request, problem),
        };
        let begun = slot.begin(View::of(request.request()).head()).map(|decision| decision.required().err());
        let pending = match begun {
            Ok(None) => return Either::Left(Either::Left(self.inner.call(request).map(passed))),
            Ok(Some(problem)) => return refused(request, problem.into()),
            Err(pending) => pending,
        };
        let inner = Rc::clone(&self.inner);
        let asked = async move {
            match slot.finish(pending).await.required().err() {
                None => passed(inner.call(request).await),
                Some(problem) => Ok(request.error_response(Problem(problem)).map_into_right_body()),
            }
        };
        Either::Right(asked.boxed_local())
    }
}

fn passed<B>(result: Result<ServiceResponse<B>, Error>) -> Answer<B> {
    result.map(ServiceResponse::map_into_left_body)
}

fn refused<F, B>(request: ServiceRequest, problem: Problem) -> Decided<F, B> {
    Either::Left(Either::Right(ready(Ok(request.error_response(problem).map_into_right_body()))))
}
