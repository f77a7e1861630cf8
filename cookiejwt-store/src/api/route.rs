/// The most that is read of a body; a longer one is answered 413.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// One of the built-in endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Route {
    /// `POST token/`: username and password for cookies.
    Login,
    /// `POST token/refresh/`: the refresh cookie for new cookies.
    Refresh,
    /// `POST token/blacklist/` and `POST logout/`: ends the session and clears the cookies, always.
    Logout,
    /// `POST token/verify/`: who am I, and until when?
    Verify,
    /// `GET jwks.json`: the public keys.
    Jwks,
}

impl Route {
    /// Path under the prefix, without the trailing slash. The one route table.
    pub(super) const ALL: &[(&str, Self)] = &[
        ("token", Self::Login),
        ("token/refresh", Self::Refresh),
        ("token/blacklist", Self::Logout),
        ("logout", Self::Logout),
        ("token/verify", Self::Verify),
        ("jwks.json", Self::Jwks),
    ];

    /// The value of `Allow`.
    pub(super) const fn allow(self) -> &'static str {
        match self {
            Self::Login | Self::Refresh | Self::Logout | Self::Verify => "POST",
            Self::Jwks => "GET, HEAD",
        }
    }

    pub(super) fn allows(self, method: &str) -> bool {
        self.allow().split(", ").any(|allowed| allowed == method)
    }

    /// Whether the endpoint reads a body at all.
    pub const fn reads_body(self) -> bool {
        matches!(self, Self::Login | Self::Logout)
    }
}
