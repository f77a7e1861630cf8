use std::{
    sync::Arc,
    task::{Context, Poll},
};

use axum_core::response::{IntoResponse, Response};
use cookiejwt_store::{RequestHead, Slot};
use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use crate::{Problem, RequireLoginFuture, response::no_layer};

/// Answers 401 while nobody is logged in; see [`AxumAuth::require_login`](crate::AxumAuth::require_login).
#[derive(Clone, Copy, Debug, Default)]
pub struct RequireLoginLayer(());

impl RequireLoginLayer {
    pub(crate) fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for RequireLoginLayer {
    type Service = RequireLogin<S>;

    fn layer(&self, inner: S) -> RequireLogin<S> {
        RequireLogin(inner)
    }
}

/// The service of [`RequireLoginLayer`].
#[derive(Clone, Debug)]
pub struct RequireLogin<S>(S);

impl<S, Body> Service<Request<Body>> for RequireLogin<S>
where
    S: Service<Request<Body>, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    Body: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = RequireLoginFuture<S::Future, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Some(slot) = request.extensions().get::<Arc<Slot>>().map(Arc::clone) else {
            return RequireLoginFuture::refused(no_layer("require_login").into_response());
        };
        let pending = match slot.begin(head(&request)) {
            Ok(decision) => {
                return match decision.required() {
                    Ok(_) => RequireLoginFuture::passed(self.0.call(request)),
                    Err(problem) => RequireLoginFuture::refused(Problem(problem).into_response()),
                };
            }
            Err(pending) => pending,
        };
        // The clone was not polled ready; the service that was goes with the request.
        let clone = self.0.clone();
        let mut ready = std::mem::replace(&mut self.0, clone);
        RequireLoginFuture::asking(Box::pin(async move {
            if let Err(problem) = slot.finish(pending).await.required() {
                return Ok(Problem(problem).into_response());
            }
            ready.call(request).await
        }))
    }
}

fn head<Body>(request: &Request<Body>) -> RequestHead<'_> {
    let uri = request.uri();
    let authority = uri.authority().map(http::uri::Authority::as_str);
    RequestHead::new(request.method().as_str(), uri.path(), authority, request.headers())
}
