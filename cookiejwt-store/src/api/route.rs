use cookiejwt_core::Mode;
use http::{HeaderValue, Method};

use super::operation::Operation;

/// The most that is read of a body; a longer one is answered 413.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// One of the built-in endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Route {
    /// `POST token/`: username and password for cookies, or in token mode for tokens.
    Login,
    /// `POST token/refresh/`: the refresh cookie for new cookies, or in token mode the refresh token for new tokens.
    Refresh,
    /// `POST token/blacklist/` and `POST logout/`: ends the session and clears the cookies, always.
    Logout,
    /// `POST token/verify/`: who am I, and until when?
    Verify,
    /// `POST token/fresh/`: the password once more for a new session.
    FreshLogin,
    /// `GET sessions/`: the user's sessions; `DELETE sessions/`: ends all but the present one.
    Sessions,
    /// `DELETE sessions/{id}/`: ends one session.
    Session,
    /// `POST password/`: the current password and a new one; ends all sessions and begins a new one.
    Password,
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
        ("token/fresh", Self::FreshLogin),
        ("sessions", Self::Sessions),
        ("sessions/{id}", Self::Session),
        ("password", Self::Password),
        ("jwks.json", Self::Jwks),
    ];

    /// What can be done at this endpoint, one operation per method.
    pub(super) const fn operations(self) -> &'static [Operation] {
        match self {
            Self::Login => &[Operation::Login],
            Self::Refresh => &[Operation::Refresh],
            Self::Logout => &[Operation::Logout],
            Self::Verify => &[Operation::Verify],
            Self::FreshLogin => &[Operation::FreshLogin],
            Self::Sessions => &[Operation::ListSessions, Operation::EndOtherSessions],
            Self::Session => &[Operation::EndSession],
            Self::Password => &[Operation::ChangePassword],
            Self::Jwks => &[Operation::Jwks],
        }
    }

    /// What this method does here; HEAD is GET whose content is not sent (RFC 9110 §9.3.2).
    pub(super) fn operation(self, method: &str) -> Option<Operation> {
        let method = if method == Method::HEAD { Method::GET.as_str() } else { method };
        self.operations().iter().copied().find(|operation| operation.method() == method)
    }

    /// The value of `Allow`.
    pub(super) fn allow(self) -> HeaderValue {
        let methods = self.operations().iter().map(|operation| match operation.method() {
            Method::GET => "GET, HEAD".to_owned(),
            method => method.to_string(),
        });
        // Methods are ASCII.
        HeaderValue::try_from(methods.collect::<Vec<_>>().join(", ")).unwrap_or(HeaderValue::from_static(""))
    }

    pub(super) fn reads_body(self, mode: Mode) -> bool {
        self.operations().iter().any(|operation| operation.reads_body(mode))
    }
}
