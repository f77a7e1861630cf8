use std::{fmt::Display, time::Duration};

use cookiejwt_store::{Authenticator, Guard, Scope};
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
///     "only for somebody"
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
/// Routes behind two of them, one around the other, have to fulfil both.
pub trait RocketAuth {
    /// Lets everything else ask who it is; writes the cookies to whatever response leaves. Those of several authenticators
    /// stand side by side.
    fn fairing(&self) -> AuthFairing;

    /// `POST /api/auth/token/`, `…/refresh/`, …, `/api/auth/sessions/`, with and without the trailing slash. Each is
    /// there for every method, so that the endpoints answer 405 themselves.
    fn routes(&self) -> Vec<Route>;

    /// Answers what the guards refuse, with `application/problem+json`.
    fn catchers(&self) -> Vec<Catcher>;

    /// The same routes, which answer 401 while nobody is logged in.
    ///
    /// They ask this authenticator and no other: a login at another user table does not open them, and without this
    /// authenticator's fairing the answer is 500. Its built-in routes pass.
    fn require_login(&self, routes: impl Into<Vec<Route>>) -> GuardedRoutes;

    /// The same routes, which answer 401 `fresh_login_required` unless the user has proved who he is at most this long ago,
    /// in whole seconds (RFC 9470). For a handler there is [`FreshLogin`](crate::FreshLogin).
    fn require_fresh_login(&self, max_age: Duration, routes: impl Into<Vec<Route>>) -> GuardedRoutes;

    /// The same routes, which answer 403 `insufficient_scope` unless the access token carries this scope (RFC 6750 §3.1).
    /// In a handler there are `has_scope`, `has_role` and `require_scope` of the identity.
    ///
    /// # Panics
    /// When it is no name of a scope (RFC 6749 §3.3). A [`Scope`] in a constant is checked by the compiler.
    #[track_caller]
    fn require_scope<T: TryInto<Scope, Error: Display>>(
        &self,
        scope: T,
        routes: impl Into<Vec<Route>>,
    ) -> GuardedRoutes;
}

impl RocketAuth for Authenticator {
    fn fairing(&self) -> AuthFairing {
        AuthFairing(self.clone())
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

    fn require_scope<T: TryInto<Scope, Error: Display>>(
        &self,
        scope: T,
        routes: impl Into<Vec<Route>>,
    ) -> GuardedRoutes {
        GuardedRoutes { guard: Guard::scope(self, scope), routes: routes.into() }
    }
}
