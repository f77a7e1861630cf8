//! The operations of the routes: which methods, which status codes.

use cookiejwt_core::{Problem, Scope, driver::Mode};
use http::{Method, StatusCode};

/// For a body that cannot be read.
const BODY: &[Problem] = &[Problem::InvalidRequest, Problem::BodyTooLarge, Problem::UnsupportedMediaType];

/// For a password that is wrong, or is not checked.
const PASSWORD: &[Problem] = &[
    Problem::InvalidCredentials,
    Problem::SecondFactorRequired,
    // Whatever its duration is.
    Problem::Throttled { retry_after_seconds: 1 },
];

/// For a new password. Whatever the rule is.
const NEW_PASSWORD: &[Problem] = &[Problem::PasswordRefused { reason: "too_short" }];

/// For a refresh token that is missing or not accepted.
const REFRESH: &[Problem] = &[
    Problem::NotAuthenticated,
    Problem::InvalidToken,
    Problem::SessionRevoked,
    Problem::SessionExpired,
    Problem::DeviceProofRequired { reload: false },
];

/// For a route that requires a login.
const LOGIN: &[Problem] = &[
    Problem::NotAuthenticated,
    Problem::InvalidToken,
    Problem::RefreshRequired,
    Problem::SessionRevoked,
    Problem::SessionExpired,
    // Whether a page reloads itself or not.
    Problem::DeviceProofRequired { reload: false },
];

/// For a request from another site.
const CSRF: &[Problem] = &[Problem::CsrfFailed];

/// For what only the user themselves may do.
const OWN: &[Problem] = &[Problem::Acting];

/// For what only the readers of the list may have. Whichever their scope is.
const READERS: &[Problem] = &[Problem::InsufficientScope { scope: Scope::new("revocations") }];

/// For a key that is not bound.
const BINDING: &[Problem] =
    &[Problem::InvalidRequest, Problem::InvalidToken, Problem::SessionRevoked, Problem::SessionExpired];

/// For what is not the client's fault.
const SERVER: &[Problem] = &[Problem::ServerError, Problem::Unavailable];

/// One method of one endpoint. Requests are served from this table, and the OpenAPI document is
/// written from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    Login,
    Refresh,
    Logout,
    Verify,
    VerifyForwarded,
    Continue,
    FreshLogin,
    ListSessions,
    EndOtherSessions,
    EndSession,
    ChangePassword,
    Jwks,
    Revoked,
    BindDevice,
    RenewDevice,
}

impl Operation {
    pub(super) const fn method(self) -> Method {
        match self {
            Self::Login
            | Self::Refresh
            | Self::Logout
            | Self::Verify
            | Self::FreshLogin
            | Self::ChangePassword
            | Self::BindDevice
            | Self::RenewDevice => Method::POST,
            Self::EndOtherSessions | Self::EndSession => Method::DELETE,
            Self::VerifyForwarded | Self::Continue | Self::ListSessions | Self::Jwks | Self::Revoked => {
                Method::GET
            }
        }
    }

    pub(super) const fn reads_body(self, mode: Mode) -> bool {
        match self {
            Self::Refresh => matches!(mode, Mode::Token(_)),
            _ => matches!(self, Self::Login | Self::Logout | Self::FreshLogin | Self::ChangePassword),
        }
    }

    /// Whether the form of a page may ask for it, and is answered with another page.
    pub(super) const fn has_form(self) -> bool {
        matches!(self, Self::Login | Self::Logout | Self::FreshLogin | Self::ChangePassword)
    }

    /// The status of a success.
    pub(super) const fn success(self) -> StatusCode {
        match self {
            Self::EndSession | Self::ChangePassword => StatusCode::NO_CONTENT,
            Self::Continue => StatusCode::SEE_OTHER,
            Self::Login
            | Self::Refresh
            | Self::Logout
            | Self::Verify
            | Self::VerifyForwarded
            | Self::FreshLogin
            | Self::ListSessions
            | Self::EndOtherSessions
            | Self::Jwks
            | Self::Revoked
            | Self::BindDevice
            | Self::RenewDevice => StatusCode::OK,
        }
    }

    /// Everything that it can be refused with; in addition every route returns 405 for other
    /// methods.
    pub(super) fn problems(self) -> Vec<Problem> {
        let groups: &[&[Problem]] = match self {
            Self::Login => &[BODY, PASSWORD, CSRF, SERVER],
            Self::Refresh => &[BODY, REFRESH, CSRF, SERVER],
            Self::Logout => &[CSRF, &[Problem::Unavailable]],
            Self::FreshLogin => &[BODY, PASSWORD, LOGIN, CSRF, OWN, SERVER],
            Self::ChangePassword => &[BODY, NEW_PASSWORD, PASSWORD, LOGIN, CSRF, OWN, SERVER],
            Self::EndSession => &[LOGIN, CSRF, OWN, &[Problem::NotFound], SERVER],
            // A request that changes nothing may come from any site.
            Self::ListSessions => &[LOGIN, SERVER],
            Self::Verify | Self::Continue => &[LOGIN, CSRF, SERVER],
            // It mints nothing.
            Self::VerifyForwarded => &[LOGIN, CSRF, &[Problem::Unavailable]],
            Self::EndOtherSessions => &[LOGIN, CSRF, OWN, SERVER],
            Self::Jwks => &[],
            Self::Revoked => &[&[Problem::InvalidRequest], LOGIN, READERS, SERVER],
            Self::BindDevice => &[BINDING, &[Problem::Unavailable]],
            // The 403 is a challenge as well.
            Self::RenewDevice => &[&[Problem::InvalidRequest], CSRF, SERVER],
        };
        groups.concat()
    }

    /// Whether the response is 304, without a body, for a client that has it already
    /// (`If-None-Match`).
    pub(super) const fn has_entity_tag(self) -> bool {
        matches!(self, Self::Jwks)
    }

    /// Whether a user may be sent to another page instead.
    pub(super) const fn redirects(self) -> bool {
        matches!(self, Self::VerifyForwarded | Self::Continue)
    }

    /// The problems without token mode, where a refresh has no body.
    #[cfg(feature = "openapi")]
    pub(super) fn problems_without_token_mode(self) -> Vec<Problem> {
        let mut problems = self.problems();
        problems.retain(|problem| self != Self::Refresh || !BODY.contains(problem));
        problems
    }

    /// Whether the table contains this status: a response with another one is a bug.
    pub(super) fn can_answer(self, status: StatusCode) -> bool {
        // In token mode a new password has a body, the tokens.
        let in_token_mode = self == Self::ChangePassword && status == StatusCode::OK;
        let unchanged = status == StatusCode::NOT_MODIFIED && self.has_entity_tag();
        let elsewhere = status == StatusCode::SEE_OTHER && self.redirects();
        status == self.success()
            || elsewhere
            || in_token_mode
            || unchanged
            || self.problems().iter().any(|problem| problem.status() == status)
    }
}
