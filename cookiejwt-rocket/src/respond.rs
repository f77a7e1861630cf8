//! How decisions and replies become responses.

use std::io::Cursor;

use cookiejwt_store::{FrameworkSession as _, Problem, Reply, ResponseHeaders as _};
use rocket::{
    Request, Response,
    futures::FutureExt as _,
    http::Status,
    response::{self, Responder},
};

use crate::{AuthError, Cookies, Tokens, memory::Memory, session_cookie, view::ResponseView};

/// Set by the fairing, after Rocket's Shield, which logs a warning if a response has it already.
pub(crate) const NOSNIFF: &str = "x-content-type-options";

pub(crate) fn status(problem: Problem) -> Status {
    Status::new(problem.status().as_u16())
}

pub(crate) fn response<'r>(request: &Request<'_>, reply: Reply) -> Response<'r> {
    Memory::of(request).replied.get_or_init(|| ());
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

impl<'r> Responder<'r, 'static> for Tokens {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        Ok(response(request, Reply::tokens(&self.0)))
    }
}

impl Cookies {
    /// A response that is sent with the cookies, even if a catcher replaces it.
    pub fn with<R>(self, response: R) -> WithCookies<R> {
        WithCookies { cookies: self, response }
    }
}

impl<'r> Responder<'r, 'static> for Cookies {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        self.with(()).respond_to(request)
    }
}

/// A response with the cookies of a login or logout; see [`Cookies::with`].
#[derive(Clone, Debug)]
#[must_use = "the login or logout takes effect when the cookies are sent"]
pub struct WithCookies<R> {
    cookies: Cookies,
    response: R,
}

impl<'r, 'o: 'r, R: Responder<'r, 'o>> Responder<'r, 'o> for WithCookies<R> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'o> {
        // It awaits nothing.
        if let Some(change) = self.cookies.0.session_change()
            && let Some(Err(error)) =
                session_cookie::of(request, self.cookies.0.authenticator()).carry_out(change).now_or_never()
        {
            return Ok(response(request, Reply::problem(error.log_and_problem())));
        }
        // The fairing sends them: a `Status` as the response would lose them on its way through a
        // catcher.
        if let Some(slot) = Memory::of(request).slot_of(self.cookies.0.authenticator()) {
            slot.send(self.cookies.0.lines().clone());
        }
        self.response.respond_to(request)
    }
}
