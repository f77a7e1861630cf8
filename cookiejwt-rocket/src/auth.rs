//! What Rocket adds to an authenticator.

use std::{fmt::Display, sync::Arc, time::Duration};

use cookiejwt_store::{Authenticator, Guard, Requirement, Scope};
use rocket::{Catcher, Route};

use crate::{AuthFairing, GuardedRoutes, catchers, routes};

/// What Rocket adds to an [`Authenticator`]: the fairing, the routes, the catchers, the guards.
///
/// ```
/// use std::time::Duration;
///
/// use cookiejwt_rocket::prelude::*;
/// use rocket::{Build, Rocket, get, post, routes};
///
/// #[get("/notes")]
/// fn notes() -> &'static str {
///     "only for users"
/// }
///
/// #[post("/notes")]
/// fn add_note() -> &'static str {
///     "only with this scope"
/// }
///
/// #[get("/keys")]
/// fn keys() -> &'static str {
///     "only five minutes after a login"
/// }
///
/// fn application(auth: &Authenticator) -> Rocket<Build> {
///     rocket::build()
///         .attach(auth.fairing())
///         .mount("/", auth.routes())
///         .mount("/", auth.require_login(routes![notes]).redirect_to("/login"))
///         .mount("/api", auth.require_scope("notes:write", routes![add_note]))
///         .mount("/api", auth.require_fresh_login(Duration::from_mins(5), routes![keys]))
///         .register("/", auth.catchers())
/// }
/// ```
///
/// Routes with two guards, one around the other, have to pass both.
pub trait RocketAuth {
    /// Lets guards ask who sent the request, and adds the cookies to every response. Attach one for
    /// each authenticator.
    fn fairing(&self) -> AuthFairing;

    /// `POST /api/auth/token/`, `…/refresh/`, …, `/api/auth/sessions/`, with and without the
    /// trailing slash. They match every method, so that the endpoints respond 405 themselves.
    ///
    /// Mount them at `/`. The prefix is
    /// [`AuthenticatorBuilder::prefix`](crate::AuthenticatorBuilder::prefix).
    fn routes(&self) -> Vec<Route>;

    /// The catchers, which send the refusals of the guards as `application/problem+json`.
    fn catchers(&self) -> Vec<Catcher>;

    /// The same routes, which respond 401 unless the user is logged in.
    ///
    /// They ask this authenticator only: a login at another user table does not open them, and
    /// without this authenticator's fairing the response is 500. Its built-in routes pass.
    fn require_login(&self, routes: impl Into<Vec<Route>>) -> GuardedRoutes;

    /// The same routes, which respond 401 `fresh_login_required` unless the user logged in at most
    /// `max_age` ago, in whole seconds (RFC 9470). In a handler use
    /// [`FreshLogin`](crate::FreshLogin).
    fn require_fresh_login(&self, max_age: Duration, routes: impl Into<Vec<Route>>) -> GuardedRoutes;

    /// The same routes, which respond 401 `proof_required` unless the user's session meets this
    /// [`Requirement`]: a second factor, a recent proof, a class (RFC 9470). In a handler use
    /// [`check_proofs`](Authenticator::check_proofs), or `meets` of the identity.
    ///
    /// With `redirect_to` the page learns in `require` which methods are the next step.
    fn require_proofs(&self, requirement: Requirement, routes: impl Into<Vec<Route>>) -> GuardedRoutes;

    /// The same routes, which respond 403 `insufficient_scope` unless the access token has this
    /// scope (RFC 6750 §3.1). In a handler use `has_scope`, `has_role` and `require_scope` of the
    /// identity.
    ///
    /// # Panics
    /// If it is not the name of a scope (RFC 6749 §3.3). A [`Scope`] in a constant is checked by
    /// the compiler.
    #[track_caller]
    fn require_scope<T: TryInto<Scope, Error: Display>>(
        &self,
        scope: T,
        routes: impl Into<Vec<Route>>,
    ) -> GuardedRoutes;

    /// The same routes, which respond 403 `insufficient_role` unless the array `roles` of the
    /// access token has this entry. The response does not contain it. In a handler use
    /// `require_role` of the identity.
    ///
    /// # Panics
    /// If the name is empty.
    #[track_caller]
    fn require_role(&self, role: impl Into<Arc<str>>, routes: impl Into<Vec<Route>>) -> GuardedRoutes;
}

impl RocketAuth for Authenticator {
    fn fairing(&self) -> AuthFairing {
        AuthFairing { auth: self.clone(), page: None }
    }

    fn routes(&self) -> Vec<Route> {
        routes::routes(self)
    }

    fn catchers(&self) -> Vec<Catcher> {
        catchers::catchers()
    }

    fn require_login(&self, routes: impl Into<Vec<Route>>) -> GuardedRoutes {
        GuardedRoutes { guard: Guard::login(self), routes: routes.into() }
    }

    fn require_fresh_login(&self, max_age: Duration, routes: impl Into<Vec<Route>>) -> GuardedRoutes {
        GuardedRoutes { guard: Guard::fresh_login(self, max_age), routes: routes.into() }
    }

    fn require_proofs(&self, requirement: Requirement, routes: impl Into<Vec<Route>>) -> GuardedRoutes {
        GuardedRoutes { guard: Guard::proofs(self, requirement), routes: routes.into() }
    }

    fn require_scope<T: TryInto<Scope, Error: Display>>(
        &self,
        scope: T,
        routes: impl Into<Vec<Route>>,
    ) -> GuardedRoutes {
        GuardedRoutes { guard: Guard::scope(self, scope), routes: routes.into() }
    }

    fn require_role(&self, role: impl Into<Arc<str>>, routes: impl Into<Vec<Route>>) -> GuardedRoutes {
        GuardedRoutes { guard: Guard::role(self, role), routes: routes.into() }
    }
}
