use std::{
    future::{Future, Ready, ready},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use actix_web::{
    Error, HttpMessage as _,
    dev::{Service, ServiceRequest, ServiceResponse, Transform},
};
use cookiejwt_store::{Authenticator, Slot};
use pin_project_lite::pin_project;

use crate::{headers::ResponseFields, session_cookie};

/// Puts a place for the decision into each request, and its cookies into each response; see
/// [`ActixAuth::middleware`](crate::ActixAuth::middleware).
#[derive(Clone, Debug)]
pub struct AuthMiddleware(pub(crate) Authenticator);

impl<S, B> Transform<S, ServiceRequest> for AuthMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = S::Response;
    type Error = Error;
    type Transform = AuthService<S>;
    type InitError = ();
    type Future = Ready<Result<AuthService<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(AuthService { auth: self.0.clone(), inner }))
    }
}

/// The service of [`AuthMiddleware`].
#[derive(Debug)]
pub struct AuthService<S> {
    auth: Authenticator,
    inner: S,
}

impl<S, B> Service<ServiceRequest> for AuthService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = S::Response;
    type Error = Error;
    type Future = AuthFuture<S::Future>;

    actix_web::dev::forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let slot = Arc::new(Slot::new(&self.auth, request.uri().path()));
        request.extensions_mut().insert(Arc::clone(&slot));
        AuthFuture { inner: self.inner.call(request), slot }
    }
}

pin_project! {
    /// The response of the inner service, with the request's cookies written into it; into the response of its error
    /// too.
    #[must_use]
    #[derive(Debug)]
    pub struct AuthFuture<F> {
        #[pin]
        inner: F,
        slot: Arc<Slot>,
    }
}

impl<F, B> Future for AuthFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut result = std::task::ready!(this.inner.poll(context));
        if let Ok(response) = &result
            && let Some(problem) = session_cookie::refuse_lost(this.slot.authenticator(), response.request())
        {
            result = Err(problem.into());
        }
        match &mut result {
            Ok(response) => this.slot.write_cookies(&mut ResponseFields(response.headers_mut())),
            Err(error) => {
                let slot = Arc::clone(this.slot);
                error.add_response_mapper(move |mut response| {
                    slot.write_cookies(&mut ResponseFields(response.headers_mut()));
                    response
                });
            }
        }
        Poll::Ready(result)
    }
}
