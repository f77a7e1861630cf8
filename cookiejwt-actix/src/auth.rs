//! What actix-web adds to an authenticator.

use std::{fmt::Display, sync::Arc, time::Duration};

use actix_web::web::ServiceConfig;
use cookiejwt_store::{Authenticator, Guard, Requirement, Scope};

use crate::{AuthMiddleware, GuardMiddleware, routes};

/// What actix-web adds to an [`Authenticator`]: the middleware, the routes, the guards.
///
/// Build the authenticator once, outside the closure of `HttpServer::new`: every worker runs that
/// closure, and the workers have to share the revoked sessions.
///
/// ```
/// use std::time::Duration;
///
/// use actix_web::{App, HttpServer, web};
/// use cookiejwt_actix::prelude::*;
///
/// async fn serve(auth: Authenticator) -> std::io::Result<()> {
///     let server = HttpServer::new(move || {
///         App::new()
///             .configure(auth.routes())
///             .service(web::scope("/pages").wrap(auth.require_login().redirect_to("/login")))
///             .service(web::scope("/notes").wrap(auth.require_scope("notes:write")))
///             .service(web::scope("/keys").wrap(auth.require_fresh_login(Duration::from_mins(5))))
///             .wrap(auth.middleware())
///     });
///     server.bind(("127.0.0.1", 3000))?.run().await
/// }
/// ```
///
/// A route with two guards has to pass both.
pub trait ActixAuth {
    /// Wraps all routes that ask who sent the request, and adds the cookies to every response,
    /// errors included.
    ///
    /// It answers the mounted routes before routing, except with `COOKIEJWT_SET_SESSION_COOKIE`.
    fn middleware(&self) -> AuthMiddleware;

    /// `POST /api/auth/token/`, `…/refresh/`, …, `/api/auth/sessions/`, with and without the
    /// trailing slash; for `App::configure`, in any order.
    ///
    /// The prefix is [`AuthenticatorBuilder::prefix`](crate::AuthenticatorBuilder::prefix), not
    /// `web::scope`.
    fn routes(&self) -> impl FnOnce(&mut ServiceConfig) + use<Self>;

    /// Responds 401 in the scope or resource that it wraps unless the user is logged in.
    ///
    /// It asks this authenticator only: a login at another user table does not open the route, and
    /// without this authenticator's middleware around it the response is 500. The built-in routes
    /// of this authenticator pass.
    fn require_login(&self) -> GuardMiddleware;

    /// Responds 401 `fresh_login_required` on the routes it wraps unless the user logged in at most
    /// `max_age` ago, in whole seconds (RFC 9470). In a handler use
    /// [`FreshLogin`](crate::FreshLogin).
    fn require_fresh_login(&self, max_age: Duration) -> GuardMiddleware;

    /// Responds 401 `proof_required` on the routes it wraps unless the user's session meets this
    /// [`Requirement`]: a second factor, a recent proof, a class (RFC 9470). In a handler use
    /// [`check_proofs`](Authenticator::check_proofs), or `meets` of the identity.
    ///
    /// With `redirect_to` the page learns in `require` which methods are the next step.
    fn require_proofs(&self, requirement: Requirement) -> GuardMiddleware;

    /// Responds 403 `insufficient_scope` on the routes it wraps unless the access token has this
    /// scope (RFC 6750 §3.1). In a handler use `has_scope`, `has_role` and `require_scope` of the
    /// identity.
    ///
    /// # Panics
    /// If it is not the name of a scope (RFC 6749 §3.3). A [`Scope`] in a constant is checked by
    /// the compiler.
    #[track_caller]
    fn require_scope<T: TryInto<Scope, Error: Display>>(&self, scope: T) -> GuardMiddleware;

    /// Responds 403 `insufficient_role` on the routes it wraps unless the array `roles` of the
    /// access token has this entry. The response does not contain it. In a handler use
    /// `require_role` of the identity.
    ///
    /// # Panics
    /// If the name is empty.
    #[track_caller]
    fn require_role(&self, role: impl Into<Arc<str>>) -> GuardMiddleware;
}

impl ActixAuth for Authenticator {
    fn middleware(&self) -> AuthMiddleware {
        AuthMiddleware { auth: self.clone(), page: None }
    }

    fn routes(&self) -> impl FnOnce(&mut ServiceConfig) + use<> {
        let auth = self.clone();
        move |config| routes::mount(&auth, config)
    }

    fn require_login(&self) -> GuardMiddleware {
        GuardMiddleware(Guard::login(self))
    }

    fn require_fresh_login(&self, max_age: Duration) -> GuardMiddleware {
        GuardMiddleware(Guard::fresh_login(self, max_age))
    }

    fn require_proofs(&self, requirement: Requirement) -> GuardMiddleware {
        GuardMiddleware(Guard::proofs(self, requirement))
    }

    fn require_scope<T: TryInto<Scope, Error: Display>>(&self, scope: T) -> GuardMiddleware {
        GuardMiddleware(Guard::scope(self, scope))
    }

    fn require_role(&self, role: impl Into<Arc<str>>) -> GuardMiddleware {
        GuardMiddleware(Guard::role(self, role))
    }
}
