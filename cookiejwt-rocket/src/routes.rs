//! The built-in routes.

use bytes::Bytes;
use cookiejwt_store::{Authenticator, Body, Caller, MAX_BODY_BYTES, Route as Endpoint};
use rocket::{
    Data, Request, Route,
    data::ByteUnit,
    http::Method::{self, Connect, Delete, Get, Head, Options, Patch, Post, Put, Trace},
    route::{Handler, Outcome},
};

use crate::{guards::peer, memory::Memory, respond::response, session_cookie, view::View};

/// All methods that Rocket supports.
const METHODS: [Method; 9] = [Get, Put, Post, Delete, Options, Head, Trace, Connect, Patch];

/// Every route for every method, because the endpoints respond with 405 themselves. Rocket ignores
/// a trailing slash, so one form of each path is enough.
pub(crate) fn routes(auth: &Authenticator) -> Vec<Route> {
    let paths = auth.api().mount().into_iter().filter(|(path, _)| !path.ends_with('/'));
    let route = |path: &str, endpoint, method| {
        let path = path.replace('{', "<").replace('}', ">");
        let mut route = Route::new(method, &path, Answer { auth: auth.clone(), endpoint });
        route.name = Some("cookiejwt".into());
        route
    };
    paths.flat_map(|(path, endpoint)| METHODS.map(|method| route(&path, endpoint, method))).collect()
}

#[derive(Clone)]
struct Answer {
    auth: Authenticator,
    endpoint: Endpoint,
}

#[rocket::async_trait]
impl Handler for Answer {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let (api, view) = (self.auth.api(), View::of(request));
        let reads_body = api.reads_body(self.endpoint, view.head());
        let body = if reads_body { read(data).await } else { Body::Complete(Bytes::new()) };
        let caller = Caller { ip: peer(request), slot: Memory::of(request).slot_of(&self.auth) };
        let reply = api.handle(self.endpoint, view.head(), body, caller).await;
        let reply = self.auth.change_session(reply, &session_cookie::of(request, &self.auth)).await;
        Outcome::Success(response(request, reply))
    }
}

async fn read(data: Data<'_>) -> Body {
    match data.open(ByteUnit::from(MAX_BODY_BYTES)).into_bytes().await {
        Ok(bytes) if bytes.is_complete() => Body::Complete(bytes.into_inner().into()),
        Ok(_) => Body::TooLarge,
        Err(_) => Body::Broken,
    }
}
