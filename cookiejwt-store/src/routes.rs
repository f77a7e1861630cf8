//! Where the built-in routes are, and which of them are served. What they do is in the room `api`.

mod identity_headers;
mod pages;
mod route;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

pub(crate) use self::pages::{Pages, is_page};
pub use self::{identity_headers::IdentityHeaders, route::Route};
use crate::keys::Keys;

/// The built-in routes of one authenticator.
pub(crate) struct Routes {
    pub(crate) prefix: String,
    keys: Keys,
    pub(crate) pages: Option<Pages>,
    password_login: bool,
    password_route: bool,
    revoked_route: bool,
    pub(crate) identity_headers: IdentityHeaders,
    is_mounted: AtomicBool,
}

/// The routes that an application may leave out. Two start a session for a password alone, one
/// changes the application's own table, and one is for other services.
#[derive(Clone, Copy)]
pub(crate) struct Optional {
    pub(crate) password_login: bool,
    pub(crate) password_route: bool,
    pub(crate) revoked_route: bool,
}

impl Routes {
    /// Under this prefix, with the optional ones that are switched on.
    pub(crate) fn new(prefix: String, keys: Keys, optional: Optional) -> Self {
        let Optional { password_login, password_route, revoked_route } = optional;
        let is_mounted = AtomicBool::new(false);
        let identity_headers = IdentityHeaders::default();
        Self {
            prefix,
            keys,
            pages: None,
            password_login,
            password_route,
            revoked_route,
            identity_headers,
            is_mounted,
        }
    }

    /// Browsers' forms are answered with these pages.
    pub(crate) fn with_pages(self, pages: Option<Pages>) -> Self {
        Self { pages, ..self }
    }

    /// With other names of the fields that say who the user is.
    pub(crate) fn with_identity_headers(self, identity_headers: IdentityHeaders) -> Self {
        Self { identity_headers, ..self }
    }

    /// Every path under the prefix, with and without the trailing slash, and its route.
    pub(crate) fn paths(&self) -> Vec<(String, Route)> {
        Route::ALL
            .iter()
            .filter(|(_, route)| self.serves(*route))
            .flat_map(|(path, route)| {
                let path = format!("{}/{path}", self.prefix);
                let slashed = format!("{path}/");
                // A file has no slash after its name.
                let slashed = (*route != Route::Jwks).then_some((slashed, *route));
                [Some((path, *route)), slashed].into_iter().flatten()
            })
            .collect()
    }

    /// From now on an adapter serves them.
    pub(crate) fn mount(&self) {
        self.is_mounted.store(true, Relaxed);
    }

    /// The route at this path, as it stood on the wire.
    pub(crate) fn route_at(&self, path: &str) -> Option<Route> {
        let path = path.strip_prefix(self.prefix.as_str())?.strip_prefix('/')?;
        Route::at(path).filter(|route| self.serves(*route))
    }

    /// Whether there is a route at this path, and an adapter has mounted it.
    pub(crate) fn is_mounted_at(&self, path: &str) -> bool {
        self.route_at(path).is_some() && self.is_mounted.load(Relaxed)
    }

    /// Whether the configuration has this route at all.
    pub(crate) fn serves(&self, route: Route) -> bool {
        match route {
            Route::Jwks => self.keys.core().jwks().is_some(),
            Route::Login | Route::FreshLogin => self.password_login,
            Route::Password => self.password_route,
            Route::Revoked => self.revoked_route,
            Route::Device => self.keys.config().device_bound().offers(),
            Route::DeviceRefresh => self.keys.config().device_bound().renews(),
            _ => true,
        }
    }
}
