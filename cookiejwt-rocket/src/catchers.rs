//! The catchers that send the problem document of a guard.

use std::future::ready;

use cookiejwt_store::Reply;
use http::StatusCode;
use rocket::{Catcher, Request, catcher::BoxFuture, http::Status};

use crate::{
    memory::Memory,
    respond::{response, status},
};

/// Every status that a cookiejwt guard can refuse with.
const STATUSES: [u16; 4] = [401, 403, 500, 503];

pub(crate) fn catchers() -> Vec<Catcher> {
    let named = |code| Catcher { name: Some("cookiejwt".into()), ..Catcher::new(code, catch) };
    STATUSES.into_iter().map(named).collect()
}

fn catch<'r>(caught: Status, request: &'r Request<'_>) -> BoxFuture<'r> {
    let refusal = Memory::of(request).refusal().filter(|problem| status(*problem) == caught);
    let foreign =
        || Reply::foreign(StatusCode::from_u16(caught.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    Box::pin(ready(Ok(response(request, refusal.map_or_else(foreign, Reply::problem)))))
}
