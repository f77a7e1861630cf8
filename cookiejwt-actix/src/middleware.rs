//! The middleware around an application.

use std::{
    future::{Future, Ready, ready},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use actix_web::{
    Error, HttpMessage as _, HttpResponse,
    body::{BoxBody, EitherBody},
    dev::{Service, ServiceRequest, ServiceResponse, Transform},
};
use cookiejwt_store::{Authenticator, Departing, Logout, Problem, RequestHead, Slot, Slots};
use futures_util::future::LocalBoxFuture;
use pin_project_lite::pin_project;

use crate::{
    headers::ResponseFields,
    pages::{PageOf, ProblemPage},
    routes, session_cookie,
};

/// Adds a slot for the decision to each request and its cookies to each response, and serves the
/// built-in routes; see [`ActixAuth::middleware`](crate::ActixAuth::middleware).
#[derive(Clone, Debug)]
pub struct AuthMiddleware {
    pub(crate) auth: Authenticator,
    pub(crate) page: Option<ProblemPage>,
}

impl AuthMiddleware {
    /// Your own page for what is refused with 401, 403, 429 or 503, whether by a guard, an
    /// extractor, a built-in route or an [`AuthError`](crate::AuthError) of a handler. Where it
    /// returns `None`, the problem document is sent.
    ///
    /// The challenge, `Retry-After` and the cookies of the refusal stay, and a page with the status
    /// 200 gets that of the refusal. It is asked for every client: look at the head.
    ///
    /// ```
    /// use actix_web::HttpResponse;
    /// use cookiejwt_actix::{AuthMiddleware, prelude::*};
    ///
    /// fn middleware(auth: &Authenticator) -> AuthMiddleware {
    ///     auth.middleware().on_problem(|problem, head| {
    ///         let page = format!("<h1>{}</h1><p>{}</p>", problem.status(), problem.detail());
    ///         let html = || HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page);
    ///         head.is_page_navigation().then(html)
    ///     })
    /// }
    /// ```
    #[must_use]
    pub fn on_problem(
        self,
        page: impl Fn(Problem, RequestHead<'_>) -> Option<HttpResponse> + Send + Sync + 'static,
    ) -> Self {
        Self { page: Some(ProblemPage(Arc::new(page))), ..self }
    }
}

impl<S, B> Transform<S, ServiceRequest> for AuthMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = AuthService<S>;
    type InitError = ();
    type Future = Ready<Result<AuthService<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(AuthService { auth: self.auth.clone(), page: self.page.clone(), inner }))
    }
}

/// The service of [`AuthMiddleware`].
#[derive(Debug)]
pub struct AuthService<S> {
    auth: Authenticator,
    page: Option<ProblemPage>,
    inner: S,
}

impl<S, B> Service<ServiceRequest> for AuthService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = AuthFuture<S::Future, B>;

    actix_web::dev::forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let slot = enter(&self.auth, &request);
        let logout = slot.as_ref().and_then(|_| routes::prepared_logout(&self.auth, &request));
        let page = self.page.as_ref().map(|page| PageOf::new(page, &request));
        let answer = match routes::before_routing(&self.auth, &request) {
            Some(route) => Answer::BuiltIn { answer: routes::answer_now(self.auth.clone(), route, request) },
            None => Answer::Inner { inner: self.inner.call(request) },
        };
        AuthFuture { answer, slot, logout, page, departing: Departing::default() }
    }
}

/// Puts the slot of this middleware into the request.
fn enter(auth: &Authenticator, request: &ServiceRequest) -> Option<Arc<Slot>> {
    let enter = |outer: Option<&Slots>| Slots::enter(outer, auth, || request.uri().path());
    let mut extensions = request.extensions_mut();
    // Almost no request has come through another middleware before: that is not searched for first.
    let (slots, slot) = enter(None);
    let Some(outer) = extensions.insert(slots) else { return slot };
    let (slots, slot) = enter(Some(&outer));
    extensions.insert(slots);
    slot
}

pin_project! {
    /// The response of the inner service or of a built-in route, with the request's cookies written
    /// into it; into the response of an error too.
    #[must_use]
    pub struct AuthFuture<F, B> {
        #[pin]
        answer: Answer<F>,
        // None inside another middleware of the same authenticator, which writes the cookies.
        slot: Option<Arc<Slot>>,
        logout: Option<Logout>,
        page: Option<PageOf>,
        departing: Departing<Result<ServiceResponse<EitherBody<B>>, Error>>,
    }
}

pin_project! {
    #[project = AnswerProjection]
    enum Answer<F> {
        Inner { #[pin] inner: F },
        BuiltIn { answer: LocalBoxFuture<'static, ServiceResponse> },
    }
}

impl<F, B> Future for Answer<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            AnswerProjection::Inner { inner } => {
                inner.poll(context).map(|result| result.map(ServiceResponse::map_into_left_body))
            }
            AnswerProjection::BuiltIn { answer } => answer
                .as_mut()
                .poll(context)
                .map(|response: ServiceResponse<BoxBody>| Ok(response.map_into_right_body())),
        }
    }
}

impl<F, B> Future for AuthFuture<F, B>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(slot) = this.slot else {
            return this.answer.poll(context).map(|result| with_page(this.page, result));
        };
        let answered = |context: &mut Context<'_>| {
            let answer = this.answer.poll(context);
            // A response is large, and moved only if it may change.
            if !slot.sends_login() {
                return answer;
            }
            answer.map(|result| session_cookie::refuse_lost(slot, result))
        };
        let mut polled = this.departing.poll(slot, context, answered);
        if this.page.is_some() {
            polled = polled.map(|result| with_page(this.page, result));
        }
        match &mut polled {
            Poll::Pending => {}
            Poll::Ready(Ok(response)) => slot.write_cookies(&mut ResponseFields(response.headers_mut())),
            Poll::Ready(Err(error)) => {
                log_out(slot, this.logout.take());
                let slot = Arc::clone(slot);
                error.add_response_mapper(move |mut response| {
                    slot.write_cookies(&mut ResponseFields(response.headers_mut()));
                    response
                });
            }
        }
        polled
    }
}

/// The page of the application in the place of a refusal; that of an error is made later.
fn with_page<B>(
    page: &mut Option<PageOf>,
    result: Result<ServiceResponse<EitherBody<B>>, Error>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let Some(page) = page.take() else { return result };
    match result {
        Ok(response) => Ok(page.instead(response)),
        Err(mut error) => {
            error.add_response_mapper(move |response| page.instead_of_error(response));
            Err(error)
        }
    }
}

/// A logout that the endpoint has not seen.
fn log_out(slot: &Slot, logout: Option<Logout>) {
    let Some(logout) = logout.filter(|_| !slot.sends()) else { return };
    let auth = slot.authenticator().clone();
    slot.send(logout.cookies);
    actix_web::rt::spawn(async move { auth.end_sessions(logout.sessions).await });
}
