use std::{
    future::{Ready, ready},
    task::{Context, Poll},
};

use axum_core::response::{IntoResponse, Response};
use cookiejwt_store::RequestHead;
use futures_util::future::{BoxFuture, Either, FutureExt as _};
use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use crate::{Problem, extract};

/// Answers 401 while nobody is logged in; see [`AxumAuth::require_login`](crate::AxumAuth::require_login).
#[derive(Clone, Copy, Debug, Default)]
pub struct RequireLoginLayer(());

impl<S> Layer<S> for RequireLoginLayer {
    type Service = RequireLogin<S>;

    fn layer(&self, inner: S) -> RequireLogin<S> {
        RequireLogin(inner)
    }
}

/// The service of [`RequireLoginLayer`].
#[derive(Clone, Debug)]
pub struct RequireLogin<S>(S);

/// Almost every request is decided without a store, and then without a box.
type Answer<F, E> = Either<Either<F, Ready<Result<Response, E>>>, BoxFuture<'static, Result<Response, E>>>;

impl<S, Body> Service<Request<Body>> for RequireLogin<S>
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
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let refused = |problem: Problem| Either::Left(Either::Right(ready(Ok(problem.into_response()))));
        let slot = match extract::slot(request.extensions(), "require_login") {
            Ok(slot) => slot,
            Err(problem) => return refused(problem),
        };
        let pending = match slot.begin(head(&request)).map(|decision| decision.required().err()) {
            Ok(None) => return Either::Left(Either::Left(self.0.call(request))),
            Ok(Some(problem)) => return refused(problem.into()),
            Err(pending) => pending,
        };
        // The clone was not polled ready; the service that was goes with the request.
        let clone = self.0.clone();
        let mut ready = std::mem::replace(&mut self.0, clone);
        let asked = async move {
            match slot.finish(pending).await.required().err() {
                None => ready.call(request).await,
                Some(problem) => Ok(Problem(problem).into_response()),
            }
        };
        Either::Right(asked.boxed())
    }
}

fn head<Body>(request: &Request<Body>) -> RequestHead<'_> {
    let uri = request.uri();
    let authority = uri.authority().map(http::uri::Authority::as_str);
    RequestHead::new(request.method().as_str(), uri.path(), authority, request.headers())
}
