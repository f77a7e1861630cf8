//! How decisions and replies become responses.

use std::io::Cursor;

use cookiejwt_store::{FrameworkSession as _, Problem, Refused, Reply, ResponseHeaders as _};
use rocket::{
    Request, Response,
    futures::FutureExt as _,
    http::Status,
    response::{self, Responder},
};

use crate::{AuthError, Cookies, LoggedIn, WithCookies, memory::Memory, session_cookie, view::ResponseView};

/// Set by the fairing, after Rocket's Shield, which logs a warning if a response has it already.
pub(crate) const NOSNIFF: &str = "x-content-type-options";

pub(crate) fn status(problem: Problem) -> Status {
    Status::new(problem.status().as_u16())
}

pub(crate) fn response<'r>(request: &Request<'_>, reply: Reply) -> Response<'r> {
    Memory::of(request).answered(reply.refused().and_then(Refused::of));
    let mut response = Response::new();
    response.set_status(Status::new(reply.status.as_u16()));
    response.set_sized_body(reply.body.len(), Cursor::new(reply.body));
    let fields = reply.headers.iter().filter(|(name, _)| *name != NOSNIFF);
    fields.for_each(|(name, value)| ResponseView(&mut response).append(name, value));
    response
}

impl<'r> Responder<'r, 'static> for AuthError {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        Ok(response(request, Reply::problem(self.0)))
    }
}

impl<'r> Responder<'r, 'static> for Cookies {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        self.with(()).respond_to(request)
    }
}

impl<'r> Responder<'r, 'static> for LoggedIn {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let body = self.0.body();
        send(request, self.0.into_cookies(), || Ok(response(request, body)))
    }
}

/// In token mode, the tokens take the place of the response.
impl<'r, 'o: 'r, R: Responder<'r, 'o>> Responder<'r, 'o> for WithCookies<R> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'o> {
        send(request, self.cookies, || self.response.respond_to(request))
    }
}

fn send<'o>(
    request: &Request<'_>,
    cookies: cookiejwt_store::Cookies,
    page: impl FnOnce() -> response::Result<'o>,
) -> response::Result<'o> {
    // It awaits nothing.
    if let Some(change) = cookies.session_change()
        && let Some(Err(error)) =
            session_cookie::of(request, cookies.authenticator()).carry_out(change).now_or_never()
    {
        return Ok(response(request, Reply::problem(error.log_and_problem())));
    }
    match cookies.send() {
        Some(reply) => Ok(response(request, reply)),
        None => page(),
    }
}
