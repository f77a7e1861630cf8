//! The paths of the routes.

/// One of the built-in endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Route {
    /// `POST token/`: username and password for cookies, or in token mode for tokens.
    Login,
    /// `POST token/refresh/`: the refresh cookie for new cookies, or in token mode the refresh
    /// token for new tokens.
    Refresh,
    /// `POST token/blacklist/` and `POST logout/`: ends the session and clears the cookies, always.
    Logout,
    /// `POST token/verify/`: who am I, and until when? `GET token/verify/`: the same for a proxy in
    /// front of another service, which never refreshes.
    Verify,
    /// `GET token/continue/`: refreshes, and leads the user back to the page of the other service.
    Continue,
    /// `POST token/fresh/`: the password once more for a new session.
    FreshLogin,
    /// `GET sessions/`: the user's sessions; `DELETE sessions/`: ends all but the present one.
    Sessions,
    /// `DELETE sessions/{id}/`: ends one session.
    Session,
    /// `POST password/`: the current password and a new one; ends all sessions and begins a new
    /// one.
    Password,
    /// `GET jwks.json`: the public keys.
    Jwks,
    /// `GET revoked`: the sessions that have ended, for services that only verify.
    Revoked,
    /// `POST device/`: the browser registers the key of a device-bound session.
    Device,
    /// `POST device/refresh/`: the browser proves the key, for new cookies.
    DeviceRefresh,
}

impl Route {
    /// Path under the prefix, without the trailing slash. The one route table.
    pub(super) const ALL: &[(&str, Self)] = &[
        ("token", Self::Login),
        ("token/refresh", Self::Refresh),
        ("token/blacklist", Self::Logout),
        ("logout", Self::Logout),
        ("token/verify", Self::Verify),
        ("token/continue", Self::Continue),
        ("token/fresh", Self::FreshLogin),
        ("sessions", Self::Sessions),
        ("sessions/{id}", Self::Session),
        ("password", Self::Password),
        ("jwks.json", Self::Jwks),
        ("revoked", Self::Revoked),
        ("device", Self::Device),
        ("device/refresh", Self::DeviceRefresh),
    ];

    /// The route at this path under the prefix, with or without the trailing slash. Byte by byte:
    /// what a router would have to decode first is no route here.
    pub(super) fn at(path: &str) -> Option<Self> {
        let known =
            |path: &str| Self::ALL.iter().find(|(pattern, _)| is_at(pattern, path)).map(|(_, route)| *route);
        match path.strip_suffix('/') {
            // A file has no slash after its name.
            Some(path) => known(path).filter(|route| *route != Self::Jwks),
            None => known(path),
        }
    }
}

/// Whether a path fits a pattern, whose parameter is one segment.
fn is_at(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(expected), Some(segment)) if expected == segment && !expected.starts_with('{') => {}
            (Some(expected), Some(segment)) if expected.starts_with('{') && !segment.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_routes_are() {
        for (path, route) in [
            ("token", Some(Route::Login)),
            ("token/", Some(Route::Login)),
            ("token//", None),
            ("/token", None),
            ("tok%65n", None),
            ("TOKEN", None),
            ("token/refresh", Some(Route::Refresh)),
            ("token/refresh/x", None),
            ("sessions", Some(Route::Sessions)),
            ("sessions/", Some(Route::Sessions)),
            ("sessions/abc", Some(Route::Session)),
            ("sessions/abc/", Some(Route::Session)),
            ("sessions//", None),
            ("sessions/{id}", Some(Route::Session)),
            ("sessions/a/b", None),
            ("jwks.json", Some(Route::Jwks)),
            ("jwks.json/", None),
            ("", None),
            ("/", None),
            ("other", None),
        ] {
            assert_eq!(Route::at(path), route, "{path:?}");
        }
    }
}
