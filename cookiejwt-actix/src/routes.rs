//! The built-in routes: answered by the middleware before routing, or mounted like any other.

use std::panic::AssertUnwindSafe;

use actix_web::{
    FromRequest as _, HttpRequest, HttpResponse, ResponseError as _,
    dev::{ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::Method,
    web::{self, Payload, ServiceConfig},
};
use cookiejwt_store::{Authenticator, Body, Caller, Logout, MAX_BODY_BYTES, Problem, Route, SessionChange};
use futures_util::future::{FutureExt as _, LocalBoxFuture};

use crate::{AuthError, extract, headers::View, session_cookie};

/// Mounts every route for every method: the endpoints answer 405 themselves.
pub(crate) fn mount(auth: &Authenticator, config: &mut ServiceConfig) {
    for (path, route) in auth.api().mount() {
        let auth = auth.clone();
        let resource = web::resource(&path).name(&name(&auth, &path));
        let handler = move |request, payload| answer(auth.clone(), route, request, payload);
        config.service(resource.to(handler));
    }
}

/// The route that the middleware serves itself, so that no scope, default service or guard of the
/// application can take it over. It must be mounted in this application, and no session middleware
/// may need to see the request first.
pub(crate) fn before_routing(auth: &Authenticator, request: &ServiceRequest) -> Option<Route> {
    let path = request.uri().path();
    let route = auth.api().route_at(path)?;
    let is_routed = auth.config().sets_session_cookie() || !is_mounted(auth, request.request());
    (!is_routed).then_some(route)
}

/// Whether this application has the routes, at the prefix and not in a scope.
fn is_mounted(auth: &Authenticator, request: &HttpRequest) -> bool {
    let paths = auth.api().paths();
    let Some((path, _)) = paths.first() else { return false };
    request.url_for_static(&name(auth, path)).is_ok_and(|url| url.path() == path)
}

/// Resources have a name for all of an application, so that each authenticator finds its own.
fn name(auth: &Authenticator, path: &str) -> String {
    format!("cookiejwt {} {path}", auth.config().access_name())
}

/// What a logout does if its request never reaches the endpoint, because actix-session refuses it
/// when its store is unavailable.
pub(crate) fn prepared_logout(auth: &Authenticator, request: &ServiceRequest) -> Option<Logout> {
    let is_logout = auth.config().sets_session_cookie()
        && request.method() == Method::POST
        && auth.api().route_at(request.uri().path()) == Some(Route::Logout)
        && is_mounted(auth, request.request());
    // A logout that the CSRF check denies does nothing.
    is_logout.then(|| auth.core().logout(View::of(request.request()).head(), None).ok()).flatten()
}

/// Serves the route in the middleware.
pub(crate) fn answer_now(
    auth: Authenticator,
    route: Route,
    request: ServiceRequest,
) -> LocalBoxFuture<'static, ServiceResponse> {
    async move {
        let (request, mut payload) = request.into_parts();
        let response = match Payload::from_request(&request, &mut payload).await {
            // Catches panics of the application's store: the middleware for that is inside this one
            // and does not see this request.
            Ok(payload) => AssertUnwindSafe(answer(auth, route, request.clone(), payload))
                .catch_unwind()
                .await
                .unwrap_or_else(|_| AuthError(Problem::ServerError).error_response()),
            Err(error) => error.error_response(),
        };
        ServiceResponse::new(request, response)
    }
    .boxed_local()
}

async fn answer(auth: Authenticator, route: Route, request: HttpRequest, payload: Payload) -> HttpResponse {
    let (api, view) = (auth.api(), View::of(&request));
    let reads_body = api.reads_body(route, view.head());
    let body = if reads_body { read(payload).await } else { Body::Complete(web::Bytes::new()) };
    let slot = extract::find(&request, &auth);
    let caller = Caller { ip: extract::peer(&request), slot: slot.as_deref() };
    let reply = api.handle(route, view.head(), body, caller).await;
    match (&slot, reply.session_change()) {
        (None, Some(SessionChange::Begins { .. })) => {
            return extract::missing("a session of actix-session").error_response();
        }
        (Some(slot), _) => slot.send(reply.cookies.clone()),
        (None, _) => {}
    }
    session_cookie::carry_out(&request, reply.session_change());
    extract::response(reply)
}

async fn read(payload: Payload) -> Body {
    match payload.to_bytes_limited(MAX_BODY_BYTES).await {
        Ok(Ok(bytes)) => Body::Complete(bytes),
        Err(_) => Body::TooLarge,
        Ok(Err(error)) => match error.as_error::<PayloadError>() {
            // The application may limit the body as well.
            Some(PayloadError::Overflow) => Body::TooLarge,
            _ => Body::Broken,
        },
    }
}
