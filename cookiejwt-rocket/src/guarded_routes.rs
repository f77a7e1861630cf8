//! Routes that require a login, a fresh login, proofs, a scope or a role.

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

/// Routes that are protected by a guard, for `mount`.
///
/// Returned by [`RocketAuth::require_login`](crate::RocketAuth::require_login),
/// [`require_fresh_login`](crate::RocketAuth::require_fresh_login),
/// [`require_proofs`](crate::RocketAuth::require_proofs),
/// [`require_scope`](crate::RocketAuth::require_scope) and
/// [`require_role`](crate::RocketAuth::require_role).
#[derive(Clone, Debug)]
#[must_use = "nothing is guarded until the routes are mounted"]
pub struct GuardedRoutes {
    pub(crate) guard: Guard,
    pub(crate) routes: Vec<Route>,
}

impl GuardedRoutes {
    /// Redirects to this page instead of responding 401, with the way back in `next`. Only what a
    /// user sees is redirected (303): a link leads back to itself, a form that is sent after the
    /// session has ended to the page that it is on. htmx gets 401 with `HX-Redirect`, so that the
    /// login page does not become a part of the present one; a script gets the problem document.
    /// 403, 500 and 503 are not changed.
    ///
    /// If a proof is missing, `require` lists the methods of which one is the next step, separated
    /// by spaces; `max_age` (seconds) and `acr_values` are those of the challenge (RFC 9470). Like
    /// everything in a query, they may be forged: the guard alone decides.
    ///
    /// The page sends the user back to [`next_path`](crate::next_path) of `next`, never to `next`
    /// itself.
    ///
    /// # Panics
    /// If it is not a path of this application.
    #[track_caller]
    pub fn redirect_to(self, page: &str) -> Self {
        Self { guard: self.guard.redirect_to(page), ..self }
    }

    /// The responses of these routes are not stored (`Cache-Control: no-store`), whatever their
    /// handlers say, so that the back button does not show them after a logout. In a handler use
    /// [`AuthContext::no_store`](crate::AuthContext::no_store).
    pub fn no_store(self) -> Self {
        Self { guard: self.guard.no_store(), ..self }
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
        let decision = match slot.settle(view.head()).await {
            Ok(decision) => decision,
            Err(problem) => return Error(refused(request, problem)),
        };
        match slot.admit(&self.guard, decision, view.head()) {
            Ok(()) => self.inside(request, data).await,
            Err(GuardRefusal::Problem(problem)) => Error(refused(request, problem)),
            Err(GuardRefusal::Redirect(reply)) => Outcome::Success(response(request, *reply)),
        }
    }
}

impl Guarded {
    /// If this route forwards, the next route is protected by its own guards, not by this one.
    async fn inside<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let memory = Memory::of(request);
        let before = memory.pass(Some(self.guard.owner().clone()));
        let outcome = self.handler.handle(request, data).await;
        if outcome.is_forward() {
            memory.pass(before);
        }
        outcome
    }
}
