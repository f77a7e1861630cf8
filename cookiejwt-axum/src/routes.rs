//! The built-in routes.

use std::error::Error;

use axum::{Router, extract::Request, routing::any};
use axum_core::{body::Body as AxumBody, response::Response};
use cookiejwt_store::{Authenticator, Body, Caller, MAX_BODY_BYTES, RequestHead, Route, Slots};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::{
    extract::{into_response, peer},
    layer::original_uri,
    session_cookie,
};

/// Mounts every route for every method, because the endpoints respond with 405 themselves.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(auth: &Authenticator) -> Router<S> {
    auth.api().mount().into_iter().fold(Router::new(), |router, (path, route)| {
        let auth = auth.clone();
        router.route(&path, any(move |request: Request| answer(auth, route, request)))
    })
}

async fn answer(auth: Authenticator, route: Route, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (api, head) = (auth.api(), RequestHead::from(&parts));
    let head = head.with_path(original_uri(&parts.uri, &parts.extensions).path());
    let reads_body = api.reads_body(route, head);
    let body = if reads_body { read(body).await } else { Body::Complete(bytes::Bytes::new()) };
    let slot = parts.extensions.get::<Slots>().and_then(|slots| slots.of(&auth));
    let caller = Caller { ip: peer(&parts), slot: slot.map(AsRef::as_ref) };
    let reply = api.handle(route, head, body, caller).await;
    into_response(auth.change_session(reply, &session_cookie::of(&parts.extensions)).await)
}

/// The application may limit the body as well, and another error may wrap the error of that limit.
fn is_too_long(error: &(dyn Error + 'static)) -> bool {
    error.is::<LengthLimitError>() || error.source().is_some_and(is_too_long)
}

async fn read(body: AxumBody) -> Body {
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(collected) => Body::Complete(collected.to_bytes()),
        Err(error) if is_too_long(&*error) => Body::TooLarge,
        Err(_) => Body::Broken,
    }
}
