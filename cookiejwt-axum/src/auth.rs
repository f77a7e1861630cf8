use axum::Router;
use cookiejwt_store::Authenticator;

use crate::{AuthLayer, RequireLoginLayer, routes};

/// What axum adds to an [`Authenticator`]: the layer, the routes, the guard.
///
/// ```
/// use axum::Router;
/// use cookiejwt_axum::prelude::*;
///
/// fn application(auth: &Authenticator) -> Router {
///     let private = Router::new().route_layer(auth.require_login());
///     Router::new().merge(private).merge(auth.routes()).layer(auth.layer())
/// }
/// ```
pub trait AxumAuth {
    /// Goes around everything that asks who it is; writes the cookies to whatever response leaves.
    fn layer(&self) -> AuthLayer;

    /// `POST /api/auth/token/`, `…/refresh/`, …, `/api/auth/sessions/`, with and without the trailing slash.
    fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S>;

    /// Answers 401 for everything behind it while nobody is logged in. For `Router::route_layer`, so that a path that
    /// does not exist stays 404.
    fn require_login(&self) -> RequireLoginLayer;
}

impl AxumAuth for Authenticator {
    fn layer(&self) -> AuthLayer {
        AuthLayer::new(self.clone())
    }

    fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        routes::routes(self)
    }

    fn require_login(&self) -> RequireLoginLayer {
        RequireLoginLayer::default()
    }
}
