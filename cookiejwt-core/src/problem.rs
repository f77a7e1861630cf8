use http::StatusCode;

use crate::Refusal;

/// A failure as a client sees it: status, code, one fixed sentence, challenge. The one table of them all.
///
/// It becomes `application/problem+json` (RFC 9457). Nothing in it helps an attacker; why it happened stands in the
/// event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// No credential came in.
    NotAuthenticated,
    /// The credential is expired, forged or malformed.
    InvalidToken,
    /// A refresh would help, but this request may not trigger one.
    RefreshRequired,
    /// The session was revoked.
    SessionRevoked,
    /// The session has ended by itself.
    SessionExpired,
    /// Unknown user, wrong password or disabled account.
    InvalidCredentials,
    /// The request comes from another site.
    CsrfFailed,
    /// There is nothing here.
    NotFound,
    /// The route knows other methods only.
    MethodNotAllowed,
    /// A field is missing or cannot be read.
    InvalidRequest,
    /// The body is larger than 16 KiB.
    BodyTooLarge,
    /// The body is of another type.
    UnsupportedMediaType,
    /// Something of ours went wrong.
    ServerError,
    /// A store is away.
    Unavailable,
}

impl Problem {
    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::NotAuthenticated
            | Self::InvalidToken
            | Self::RefreshRequired
            | Self::SessionRevoked
            | Self::SessionExpired
            | Self::InvalidCredentials => StatusCode::UNAUTHORIZED,
            Self::CsrfFailed => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The stable code that programs compare.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotAuthenticated => "not_authenticated",
            Self::InvalidToken => "invalid_token",
            Self::RefreshRequired => "refresh_required",
            Self::SessionRevoked => "session_revoked",
            Self::SessionExpired => "session_expired",
            Self::InvalidCredentials => "invalid_credentials",
            Self::CsrfFailed => "csrf_failed",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::InvalidRequest | Self::BodyTooLarge | Self::UnsupportedMediaType => "invalid_request",
            Self::ServerError => "server_error",
            Self::Unavailable => "unavailable",
        }
    }

    /// The sentence for people, one per code; also what clients of Django REST Framework read.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::NotAuthenticated => "Authentication credentials were not provided.",
            Self::InvalidToken => "The token is not valid.",
            Self::RefreshRequired => "The access token has to be refreshed.",
            Self::SessionRevoked => "The session was ended.",
            Self::SessionExpired => "The session has expired.",
            Self::InvalidCredentials => "The username or the password is wrong.",
            Self::CsrfFailed => "The request was refused because it comes from another site.",
            Self::NotFound => "Not found.",
            Self::MethodNotAllowed => "This method is not allowed here.",
            Self::InvalidRequest | Self::BodyTooLarge | Self::UnsupportedMediaType => {
                "The request is not valid."
            }
            Self::ServerError => "The server failed to answer.",
            Self::Unavailable => "The service is not available at the moment.",
        }
    }

    /// The value of `WWW-Authenticate` that every 401 carries (RFC 9110 §11.6.1, RFC 6750 §3).
    pub const fn challenge(self) -> Option<&'static str> {
        match self {
            Self::NotAuthenticated | Self::InvalidCredentials => Some("Bearer realm=\"api\""),
            Self::InvalidToken | Self::RefreshRequired | Self::SessionRevoked | Self::SessionExpired => {
                Some("Bearer realm=\"api\", error=\"invalid_token\"")
            }
            _ => None,
        }
    }

    /// The body, ready to send as `application/problem+json`.
    pub fn to_json(self) -> String {
        let status = self.status();
        let body = Body {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: self.detail(),
            code: self.code(),
        };
        // Strings and a number cannot fail to serialise.
        serde_json::to_string(&body).unwrap_or_default()
    }
}

/// RFC 9457 §3.1, and the code.
#[derive(serde::Serialize)]
struct Body {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: &'static str,
    code: &'static str,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotAuthenticated => Self::NotAuthenticated,
            Refusal::InvalidToken => Self::InvalidToken,
            Refusal::RefreshRequired => Self::RefreshRequired,
            Refusal::SessionRevoked => Self::SessionRevoked,
            Refusal::SessionExpired => Self::SessionExpired,
            Refusal::CsrfFailed => Self::CsrfFailed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_what_the_wire_contract_says() {
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&Problem::CsrfFailed.to_json()).unwrap(),
            serde_json::json!({
                "type": "about:blank", "title": "Forbidden", "status": 403, "code": "csrf_failed",
                "detail": "The request was refused because it comes from another site.",
            })
        );
    }

    #[test]
    fn every_401_has_a_challenge_and_nothing_else_has() {
        for problem in [
            Problem::NotAuthenticated,
            Problem::InvalidToken,
            Problem::RefreshRequired,
            Problem::SessionRevoked,
            Problem::SessionExpired,
            Problem::InvalidCredentials,
            Problem::CsrfFailed,
            Problem::NotFound,
            Problem::MethodNotAllowed,
            Problem::InvalidRequest,
            Problem::BodyTooLarge,
            Problem::UnsupportedMediaType,
            Problem::ServerError,
            Problem::Unavailable,
        ] {
            assert_eq!(problem.challenge().is_some(), problem.status() == 401, "{problem:?}");
        }
    }
}
