//! The application's own pages for what is refused.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum_core::response::Response;
use cookiejwt_store::{Problem, Refused, RequestHead};
use http::{Request, request::Parts};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::layer::{AuthLayer, AuthService, original_uri};

impl AuthLayer {
    /// Your own page for what is refused with 401, 403, 429 or 503, whether by a guard, an
    /// extractor, a built-in route or an [`AuthError`](crate::AuthError) of a handler. Where it
    /// returns `None`, the problem document is sent.
    ///
    /// The challenge, `Retry-After` and the cookies of the refusal stay, and a page with the status
    /// 200 gets that of the refusal. It is asked for every client: look at the head.
    ///
    /// ```
    /// use axum::{Router, response::{Html, IntoResponse}};
    /// use cookiejwt_axum::prelude::*;
    ///
    /// fn application(auth: &Authenticator, routes: Router) -> Router {
    ///     let layer = auth.layer().on_problem(|problem, head| {
    ///         let page = format!("<h1>{}</h1><p>{}</p>", problem.status(), problem.detail());
    ///         head.is_page_navigation().then(|| Html(page).into_response())
    ///     });
    ///     routes.merge(auth.routes()).layer(layer)
    /// }
    /// ```
    #[must_use]
    pub fn on_problem<F>(self, page: F) -> PagesLayer<F>
    where
        F: Fn(Problem, RequestHead<'_>) -> Option<Response> + Send + Sync + 'static,
    {
        PagesLayer { auth: self, page: Arc::new(page) }
    }
}

/// An [`AuthLayer`] with pages of the application; see [`AuthLayer::on_problem`].
pub struct PagesLayer<F> {
    auth: AuthLayer,
    page: Arc<F>,
}

impl<F> Clone for PagesLayer<F> {
    fn clone(&self) -> Self {
        Self { auth: self.auth.clone(), page: Arc::clone(&self.page) }
    }
}

impl<F> fmt::Debug for PagesLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PagesLayer").field("auth", &self.auth).finish_non_exhaustive()
    }
}

impl<S, F> Layer<S> for PagesLayer<F> {
    type Service = AuthService<Pages<S, F>>;

    fn layer(&self, inner: S) -> Self::Service {
        self.auth.layer(Pages { inner, page: Arc::clone(&self.page) })
    }
}

/// The service of [`PagesLayer`], inside that of the layer which writes the cookies.
pub struct Pages<S, F> {
    inner: S,
    page: Arc<F>,
}

impl<S: Clone, F> Clone for Pages<S, F> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), page: Arc::clone(&self.page) }
    }
}

impl<S: fmt::Debug, F> fmt::Debug for Pages<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, F, Body> Service<Request<Body>> for Pages<S, F>
where
    S: Service<Request<Body>, Response = Response>,
    F: Fn(Problem, RequestHead<'_>) -> Option<Response>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = PagesFuture<S::Future, F>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let head = kept(&request);
        PagesFuture { inner: self.inner.call(request), head, page: Arc::clone(&self.page) }
    }
}

/// The head without what other layers have put into it, because the request moves on.
fn kept<Body>(request: &Request<Body>) -> Parts {
    let mut head = Request::new(());
    *head.method_mut() = request.method().clone();
    *head.uri_mut() = original_uri(request.uri(), request.extensions()).clone();
    *head.headers_mut() = request.headers().clone();
    head.into_parts().0
}

pin_project! {
    /// The response of the inner service, or the page in the place of a refusal.
    #[must_use]
    pub struct PagesFuture<I, F> {
        #[pin]
        inner: I,
        head: Parts,
        page: Arc<F>,
    }
}

impl<I, F> fmt::Debug for PagesFuture<I, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PagesFuture").finish_non_exhaustive()
    }
}

impl<I, F, E> Future for PagesFuture<I, F>
where
    I: Future<Output = Result<Response, E>>,
    F: Fn(Problem, RequestHead<'_>) -> Option<Response>,
{
    type Output = I::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.inner.poll(context))?;
        let refused = response.extensions().get::<Refused>().copied();
        let page = refused
            .and_then(|refused| Some((refused, (this.page)(refused.problem(), (&*this.head).into())?)));
        Poll::Ready(Ok(match page {
            Some((refused, page)) => dressed(refused, page, response),
            None => response,
        }))
    }
}

fn dressed(refused: Refused, page: Response, response: Response) -> Response {
    let (mut head, _) = response.into_parts();
    head.extensions.remove::<Refused>();
    let (theirs, body) = page.into_parts();
    let fields = theirs.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    head.status = refused.dress(theirs.status, fields, &mut head.headers);
    Response::from_parts(head, body)
}
