//! What axum adds to an authenticator.

use std::{fmt::Display, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router, ServiceExt,
    extract::{Request, connect_info::IntoMakeServiceWithConnectInfo},
};
use cookiejwt_store::{Authenticator, Guard, Requirement, Scope};
use tower_layer::Layer as _;

use crate::{AuthLayer, AuthService, GuardLayer, routes};

/// What axum adds to an [`Authenticator`]: the layer, the routes, the guards.
///
/// ```
/// use std::time::Duration;
///
/// use axum::{Router, routing::{get, post}};
/// use cookiejwt_axum::prelude::*;
///
/// fn application(auth: &Authenticator) -> Router {
///     let pages = Router::new()
///         .route("/notes", get(async || "only for users"))
///         .route_layer(auth.require_login().redirect_to("/login"));
///     let writing = Router::new()
///         .route("/api/notes", post(async || "only with this scope"))
///         .route_layer(auth.require_scope("notes:write"));
///     let careful = Router::new()
///         .route("/api/keys", get(async || "only five minutes after a login"))
///         .route_layer(auth.require_fresh_login(Duration::from_mins(5)));
///     Router::new().merge(pages).merge(writing).merge(careful).merge(auth.routes()).layer(auth.layer())
/// }
/// ```
///
/// A route with two guards has to pass both.
pub trait AxumAuth {
    /// Wraps all routes that ask who sent the request, and adds the cookies to every response.
    fn layer(&self) -> AuthLayer;

    /// The application for `axum::serve`: the layer around the router as a whole, which boxes
    /// nothing, and the client's network address, which the limits on passwords need.
    ///
    /// Merge [`routes`](Self::routes) into the router yourself. To compose other layers around this
    /// one, use [`layer`](Self::layer) and `into_make_service_with_connect_info::<SocketAddr>()`.
    /// Call `with_state(())` on the router first, or it makes its route anew for each request.
    ///
    /// ```no_run
    /// use axum::Router;
    /// use cookiejwt_axum::prelude::*;
    ///
    /// async fn run(auth: Authenticator, routes: Router) -> std::io::Result<()> {
    ///     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    ///     axum::serve(listener, auth.serve(routes.merge(auth.routes()))).await
    /// }
    /// ```
    fn serve(&self, routes: Router) -> IntoMakeServiceWithConnectInfo<AuthService<Router>, SocketAddr>;

    /// `POST /api/auth/token/`, `…/refresh/`, …, `/api/auth/sessions/`, with and without the
    /// trailing slash.
    ///
    /// Merge them into the outermost router. The prefix is
    /// [`AuthenticatorBuilder::prefix`](crate::AuthenticatorBuilder::prefix), not `Router::nest`.
    fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S>;

    /// Responds 401 on the routes it wraps unless the user is logged in. Use it with
    /// `Router::route_layer`, so that a path that does not exist is still 404.
    ///
    /// It asks this authenticator only: a login at another user table does not open the route, and
    /// without this authenticator's layer around it the response is 500. The built-in routes of
    /// this authenticator pass.
    fn require_login(&self) -> GuardLayer;

    /// Responds 401 `fresh_login_required` on the routes it wraps unless the user logged in at most
    /// `max_age` ago, in whole seconds (RFC 9470). In a handler use
    /// [`FreshLogin`](crate::FreshLogin).
    fn require_fresh_login(&self, max_age: Duration) -> GuardLayer;

    /// Responds 401 `proof_required` on the routes it wraps unless the user's session meets this
    /// [`Requirement`]: a second factor, a recent proof, a class (RFC 9470). In a handler use
    /// [`check_proofs`](Authenticator::check_proofs), or `meets` of the identity.
    ///
    /// With `redirect_to` the page learns in `require` which methods are the next step.
    fn require_proofs(&self, requirement: Requirement) -> GuardLayer;

    /// Responds 403 `insufficient_scope` on the routes it wraps unless the access token has this
    /// scope (RFC 6750 §3.1). In a handler use `has_scope`, `has_role` and `require_scope` of the
    /// identity.
    ///
    /// # Panics
    /// If it is not the name of a scope (RFC 6749 §3.3). A [`Scope`] in a constant is checked by
    /// the compiler.
    #[track_caller]
    fn require_scope<T: TryInto<Scope, Error: Display>>(&self, scope: T) -> GuardLayer;

    /// Responds 403 `insufficient_role` on the routes it wraps unless the array `roles` of the
    /// access token has this entry. The response does not contain it. In a handler use
    /// `require_role` of the identity.
    ///
    /// # Panics
    /// If the name is empty.
    #[track_caller]
    fn require_role(&self, role: impl Into<Arc<str>>) -> GuardLayer;
}

impl AxumAuth for Authenticator {
    fn layer(&self) -> AuthLayer {
        AuthLayer::new(self.clone())
    }

    fn serve(&self, routes: Router) -> IntoMakeServiceWithConnectInfo<AuthService<Router>, SocketAddr> {
        // As axum does before it serves a router: otherwise each request makes its route anew.
        let routes = routes.with_state(());
        ServiceExt::<Request>::into_make_service_with_connect_info(self.layer().layer(routes))
    }

    fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        routes::routes(self)
    }

    fn require_login(&self) -> GuardLayer {
        GuardLayer(Guard::login(self))
    }

    fn require_fresh_login(&self, max_age: Duration) -> GuardLayer {
        GuardLayer(Guard::fresh_login(self, max_age))
    }

    fn require_proofs(&self, requirement: Requirement) -> GuardLayer {
        GuardLayer(Guard::proofs(self, requirement))
    }

    fn require_scope<T: TryInto<Scope, Error: Display>>(&self, scope: T) -> GuardLayer {
        GuardLayer(Guard::scope(self, scope))
    }

    fn require_role(&self, role: impl Into<Arc<str>>) -> GuardLayer {
        GuardLayer(Guard::role(self, role))
    }
}
