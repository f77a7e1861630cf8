//! The operations of the routes: which methods, which status codes.

use cookiejwt_core::{Mode, Problem};
use http::{Method, StatusCode};

/// What a body can be refused with.
#[cfg(feature = "openapi")]
const BODY_PROBLEMS: [Problem; 3] =
    [Problem::InvalidRequest, Problem::BodyTooLarge, Problem::UnsupportedMediaType];

const REFRESH_PROBLEMS: &[Problem] = &[
    Problem::InvalidRequest,
    Problem::BodyTooLarge,
    Problem::UnsupportedMediaType,
    Problem::NotAuthenticated,
    Problem::InvalidToken,
    Problem::SessionRevoked,
    Problem::SessionExpired,
    Problem::CsrfFailed,
    Problem::ServerError,
    Problem::Unavailable,
];

/// A request that changes nothing may come from anywhere.
const LISTS_SESSIONS: &[Problem] = &[
    Problem::NotAuthenticated,
    Problem::InvalidToken,
    Problem::RefreshRequired,
    Problem::SessionRevoked,
    Problem::SessionExpired,
    Problem::ServerError,
    Problem::Unavailable,
];

/// One method of one endpoint. Requests are served from this table, and the OpenAPI document is written from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    Login,
    Refresh,
    Logout,
    Verify,
    FreshLogin,
    ListSessions,
    EndOtherSessions,
    EndSession,
    ChangePassword,
    Jwks,
}

/// Of the routes that ask somebody who is logged in for his password.
const ASKS_PASSWORD: &[Problem] = &[
    Problem::InvalidRequest,
    Problem::InvalidCredentials,
    Problem::NotAuthenticated,
    Problem::InvalidToken,
    Problem::RefreshRequired,
    Problem::SessionRevoked,
    Problem::SessionExpired,
    Problem::CsrfFailed,
    Problem::BodyTooLarge,
    Problem::UnsupportedMediaType,
    // However long it is.
    Problem::Throttled { retry_after_seconds: 1 },
    Problem::ServerError,
    Problem::Unavailable,
];

const ENDS_SESSION: &[Problem] = &[
    Problem::NotAuthenticated,
    Problem::InvalidToken,
    Problem::RefreshRequired,
    Problem::SessionRevoked,
    Problem::SessionExpired,
    Problem::CsrfFailed,
    Problem::NotFound,
    Problem::ServerError,
    Problem::Unavailable,
];

impl Operation {
    pub(super) const fn method(self) -> Method {
        match self {
            Self::Login
            | Self::Refresh
            | Self::Logout
            | Self::Verify
            | Self::FreshLogin
            | Self::ChangePassword => Method::POST,
            Self::EndOtherSessions | Self::EndSession => Method::DELETE,
            Self::ListSessions | Self::Jwks => Method::GET,
        }
    }

    pub(super) const fn reads_body(self, mode: Mode) -> bool {
        match self {
            Self::Refresh => matches!(mode, Mode::Token(_)),
            _ => matches!(self, Self::Login | Self::Logout | Self::FreshLogin | Self::ChangePassword),
        }
    }

    /// The status when all went well.
    pub(super) const fn success(self) -> StatusCode {
        match self {
            Self::EndSession | Self::ChangePassword => StatusCode::NO_CONTENT,
            Self::Login
            | Self::Refresh
            | Self::Logout
            | Self::Verify
            | Self::FreshLogin
            | Self::ListSessions
            | Self::EndOtherSessions
            | Self::Jwks => StatusCode::OK,
        }
    }

    /// Everything that it can be refused with; beside it, every route answers other methods with 405.
    pub(super) const fn problems(self) -> &'static [Problem] {
        match self {
            Self::Login => &[
                Problem::InvalidRequest,
                Problem::InvalidCredentials,
                Problem::CsrfFailed,
                Problem::BodyTooLarge,
                Problem::UnsupportedMediaType,
                Problem::Throttled { retry_after_seconds: 1 },
                Problem::ServerError,
                Problem::Unavailable,
            ],
            Self::Refresh => REFRESH_PROBLEMS,
            Self::Logout => &[Problem::CsrfFailed, Problem::Unavailable],
            Self::FreshLogin | Self::ChangePassword => ASKS_PASSWORD,
            Self::EndSession => ENDS_SESSION,
            Self::ListSessions => LISTS_SESSIONS,
            Self::Verify | Self::EndOtherSessions => &[
                Problem::NotAuthenticated,
                Problem::InvalidToken,
                Problem::RefreshRequired,
                Problem::SessionRevoked,
                Problem::SessionExpired,
                Problem::CsrfFailed,
                Problem::ServerError,
                Problem::Unavailable,
            ],
            Self::Jwks => &[],
        }
    }

    /// Whether it is answered 304, without a body, to whoever has it already (`If-None-Match`).
    pub(super) const fn has_entity_tag(self) -> bool {
        matches!(self, Self::Jwks)
    }

    /// The problems of a configuration in which nobody can ask for token mode: a refresh has no body then.
    #[cfg(feature = "openapi")]
    pub(super) fn problems_without_token_mode(self) -> Vec<Problem> {
        let problems = self.problems().iter().copied();
        problems.filter(|problem| self != Self::Refresh || !BODY_PROBLEMS.contains(problem)).collect()
    }

    /// Whether the table knows this status: an answer that it does not know is a mistake of ours.
    pub(super) fn can_answer(self, status: StatusCode) -> bool {
        // In token mode a new password has a body, the tokens.
        let in_token_mode = self == Self::ChangePassword && status == StatusCode::OK;
        let unchanged = status == StatusCode::NOT_MODIFIED && self.has_entity_tag();
        status == self.success()
            || in_token_mode
            || unchanged
            || self.problems().iter().any(|problem| problem.status() == status)
    }
}
