use cookiejwt_store::Authenticator;
use rocket::{Catcher, Route};

use crate::{AuthFairing, catchers, require_login, routes};

/// What Rocket adds to an [`Authenticator`]: the fairing, the routes, the catchers, the guard.
///
/// ```
/// use cookiejwt_rocket::prelude::*;
/// use rocket::{Build, Rocket, get, routes};
///
/// #[get("/settings")]
/// fn settings() -> &'static str {
///     "only for somebody"
/// }
///
/// fn application(auth: &Authenticator) -> Rocket<Build> {
///     rocket::build()
///         .attach(auth.fairing())
///         .mount("/", auth.routes())
///         .mount("/", auth.require_login(routes![settings]))
///         .register("/", auth.catchers())
/// }
/// ```
pub trait RocketAuth {
    /// Lets everything else ask who it is; writes the cookies to whatever response leaves.
    fn fairing(&self) -> AuthFairing;

    /// `POST /api/auth/token/`, `…/refresh/`, …, `/api/auth/sessions/`, with and without the trailing slash. Each is
    /// there for every method, so that the endpoints answer 405 themselves.
    fn routes(&self) -> Vec<Route>;

    /// Answers what the guards refuse, with `application/problem+json`.
    fn catchers(&self) -> Vec<Catcher>;

    /// The same routes, which answer 401 while nobody is logged in.
    fn require_login(&self, routes: Vec<Route>) -> Vec<Route>;
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

    fn require_login(&self, routes: Vec<Route>) -> Vec<Route> {
        require_login::require_login(routes)
    }
}
