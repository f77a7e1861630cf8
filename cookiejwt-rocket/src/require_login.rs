use cookiejwt_store::{Guard, GuardRefusal};
use rocket::{
    Data, Request, Route,
    outcome::Outcome::Error,
    route::{Handler, Outcome},
};

use crate::{
    guards::{refused, slot},
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
        let slot = match slot(request, "require_login") {
            Ok(slot) => slot,
            Err(problem) => return Error(refused(request, problem)),
        };
        let view = View::of(request);
        let decision = slot.settle(view.head()).await;
        match slot.admit(&self.guard, decision, view.head()) {
            Ok(()) => self.handler.handle(request, data).await,
            Err(GuardRefusal::Problem(problem)) => Error(refused(request, problem)),
            Err(GuardRefusal::Redirect(reply)) => Outcome::Success(response(request, *reply)),
        }
    }
}
