use cookiejwt_store::{Guard, GuardRefusal};
use rocket::{
    Data, Request, Route,
    outcome::Outcome::Error,
    route::{Handler, Outcome},
};

use crate::{
    guards::{refused, slot_of},
    memory::Memory,
    respond::response,
    view::View,
};

/// Routes behind a guard; `mount` takes them. See [`RocketAuth::require_login`](crate::RocketAuth::require_login).
#[derive(Clone, Debug)]
#[must_use = "nothing is guarded until the routes are mounted"]
pub struct GuardedRoutes {
    pub(crate) guard: Guard,
    pub(crate) routes: Vec<Route>,
}

impl GuardedRoutes {
    /// Sends a person to this page instead of answering 401, with the way back in `next`: a top-level navigation gets 303,
    /// a script its problem document. 403, 500 and 503 stay what they are.
    ///
    /// The page sends him back to [`next_path`](crate::next_path) of `next`, never to `next` itself.
    ///
    /// # Panics
    /// When it is no path of the application itself.
    #[track_caller]
    pub fn redirect_to(self, page: &str) -> Self {
        Self { guard: self.guard.redirect_to(page), ..self }
    }
}

/// Only the handler changes: name, rank, format and sentinels stay.
impl From<GuardedRoutes> for Vec<Route> {
    fn from(GuardedRoutes { guard, mut routes }: GuardedRoutes) -> Self {
        for route in &mut routes {
            route.handler = Box::new(Guarded { guard: guard.clone(), handler: route.handler.clone() });
        }
        routes
    }
}

#[derive(Clone)]
struct Guarded {
    guard: Guard,
    handler: Box<dyn Handler>,
}

#[rocket::async_trait]
impl Handler for Guarded {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let view = View::of(request);
        if self.guard.is_built_in(view.head().path()) {
            return self.handler.handle(request, data).await;
        }
        let slot = match slot_of(request, &self.guard) {
            Ok(slot) => slot,
            Err(problem) => return Error(refused(request, problem)),
        };
        let decision = slot.settle(view.head()).await;
        match slot.admit(&self.guard, decision, view.head()) {
            Ok(()) => self.inside(request, data).await,
            Err(GuardRefusal::Problem(problem)) => Error(refused(request, problem)),
            Err(GuardRefusal::Redirect(reply)) => Outcome::Success(response(request, *reply)),
        }
    }
}

impl Guarded {
    /// A route that is asked after this one forwarded stands behind its own guards, and not behind ours.
    async fn inside<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let memory = Memory::of(request);
        let before = memory.pass(Some(self.guard.authenticator().clone()));
        let outcome = self.handler.handle(request, data).await;
        if outcome.is_forward() {
            memory.pass(before);
        }
        outcome
    }
}
