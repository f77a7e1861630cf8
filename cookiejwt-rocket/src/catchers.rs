use std::future::ready;

use cookiejwt_store::{Problem, Reply};
use http::StatusCode;
use rocket::{Catcher, Request, catcher::BoxFuture, http::Status};

use crate::{
    memory::Memory,
    respond::{response, status},
};

/// Everything that a guard of ours can refuse with.
const STATUSES: [u16; 4] = [401, 403, 500, 503];

pub(crate) fn catchers() -> Vec<Catcher> {
    let named = |code| Catcher { name: Some("cookiejwt".into()), ..Catcher::new(code, catch) };
    STATUSES.into_iter().map(named).collect()
}

fn catch<'r>(caught: Status, request: &'r Request<'_>) -> BoxFuture<'r> {
    let refusal = Memory::of(request).refusal().filter(|problem| status(*problem) == caught);
    let reply = refusal.map_or_else(|| foreign(caught), Reply::problem);
    Box::pin(ready(Ok(response(request, reply))))
}

/// A status that no guard of ours chose.
fn foreign(caught: Status) -> Reply {
    match caught.code {
        401 => Reply::problem(Problem::NotAuthenticated),
        403 => Reply::foreign(StatusCode::FORBIDDEN),
        503 => Reply::problem(Problem::Unavailable),
        _ => Reply::problem(Problem::ServerError),
    }
}
