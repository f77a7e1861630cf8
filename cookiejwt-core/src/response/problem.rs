//! Problem documents (RFC 9457): every failure that a client can see.

use std::{borrow::Cow, time::Duration};

use http::StatusCode;

use crate::{
    session::EndReason,
    token::{MissingProof, Scope},
};

/// A failure as a client sees it: status, code, one fixed sentence, challenge. One table defines
/// all of them.
///
/// It becomes `application/problem+json` (RFC 9457). It contains nothing that helps an attacker;
/// the event has the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// No credential was sent.
    NotAuthenticated,
    /// The credential is expired, forged or malformed.
    InvalidToken,
    /// A refresh would help, but this request may not trigger one.
    RefreshRequired,
    /// The session was revoked.
    SessionRevoked,
    /// The session has expired.
    SessionExpired,
    /// The session is bound to a device, which has to prove itself: the browser does so by itself.
    DeviceProofRequired {
        /// Whether a page that reloads itself helps: a browser does not hold back a navigation that
        /// another site has started.
        reload: bool,
    },
    /// Unknown user, wrong password or disabled account.
    InvalidCredentials,
    /// The password is right, and a second factor has to follow (RFC 9470 §3).
    SecondFactorRequired,
    /// The user has to prove again who they are, because they last did so longer ago than the route
    /// allows (RFC 9470 §3).
    FreshLoginRequired {
        /// How long ago is allowed; whole seconds.
        max_age: Duration,
    },
    /// The user has to prove in another way who they are, or again (RFC 9470 §3).
    ProofRequired {
        /// What would be the next step.
        missing: MissingProof,
    },
    /// A proof is that of another user than the one who is logged in.
    OtherUser,
    /// Another user acts in this session, and only the user themselves may do this.
    Acting,
    /// The request comes from another site.
    CsrfFailed,
    /// The access token does not have the scope that the route requires (RFC 6750 §3.1).
    InsufficientScope {
        /// The scope.
        scope: Scope,
    },
    /// The user does not have the role that the route requires. The response does not contain it.
    InsufficientRole,
    /// The resource does not exist.
    NotFound,
    /// The route does not support this method.
    MethodNotAllowed,
    /// A field is missing or cannot be read.
    InvalidRequest,
    /// A rule refuses the new password (NIST SP 800-63B-4 §3.1.1.2: the user is told why).
    PasswordRefused {
        /// The code of the rule: the member `reason`.
        reason: &'static str,
    },
    /// The body is larger than 16 KiB.
    BodyTooLarge,
    /// The body has an unsupported type.
    UnsupportedMediaType,
    /// Too many passwords were tried.
    Throttled {
        /// How long to wait: the value of `Retry-After`, at least 1.
        retry_after_seconds: u32,
    },
    /// The server failed.
    ServerError,
    /// A store is unavailable.
    Unavailable,
}

impl Problem {
    /// Every code.
    pub const CODES: [&'static str; 22] = [
        "not_authenticated",
        "invalid_token",
        "refresh_required",
        "session_revoked",
        "session_expired",
        "device_proof_required",
        "invalid_credentials",
        "csrf_failed",
        "not_found",
        "method_not_allowed",
        "fresh_login_required",
        "proof_required",
        "second_factor_required",
        "other_user",
        "acting",
        "insufficient_scope",
        "insufficient_role",
        "invalid_request",
        "password_refused",
        "throttled",
        "server_error",
        "unavailable",
    ];

    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        self.row().0
    }

    /// The stable code that programs compare.
    pub const fn code(self) -> &'static str {
        self.row().1
    }

    /// The sentence for users, one per code; also what clients of Django REST Framework read.
    pub const fn detail(self) -> &'static str {
        self.row().2
    }

    /// The sentence of a code, for a page that is shown again with `?error=<code>`; `None` for
    /// every other text, which anyone may have written into the link.
    ///
    /// ```
    /// use cookiejwt_core::Problem;
    ///
    /// assert_eq!(Problem::detail_of("invalid_credentials"), Some("Incorrect username or password."));
    /// assert_eq!(Problem::detail_of("Call 555-0100 to unlock your account"), None);
    /// ```
    pub fn detail_of(code: &str) -> Option<&'static str> {
        let known = ONE_OF_EACH.iter().find(|problem| problem.code() == code);
        known.map(|problem| problem.detail()).or_else(|| (code == PROOF.0).then_some(PROOF.1))
    }

    /// Status, code and detail.
    const fn row(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        const U: S = S::UNAUTHORIZED;
        const F: S = S::FORBIDDEN;
        const INVALID: (&str, &str) = ("invalid_request", "The request is not valid.");
        match self {
            Self::NotAuthenticated => {
                (U, "not_authenticated", "Authentication credentials were not provided.")
            }
            Self::InvalidToken => (U, "invalid_token", "The token is not valid."),
            Self::RefreshRequired => (U, "refresh_required", "The access token must be refreshed."),
            Self::SessionRevoked => (U, "session_revoked", "The session was ended."),
            Self::SessionExpired => (U, "session_expired", "The session has expired."),
            Self::DeviceProofRequired { .. } => {
                (U, "device_proof_required", "The browser has to prove its device.")
            }
            Self::InvalidCredentials => (U, "invalid_credentials", "Incorrect username or password."),
            Self::SecondFactorRequired => (U, "second_factor_required", "A second factor is required."),
            Self::FreshLoginRequired { .. } => {
                (U, "fresh_login_required", "Recent authentication is required.")
            }
            Self::ProofRequired { .. } => (U, PROOF.0, PROOF.1),
            Self::OtherUser => (F, "other_user", "This is the proof of another user."),
            Self::Acting => (F, "acting", "Only the user themselves may do this."),
            Self::CsrfFailed => {
                (F, "csrf_failed", "The request was refused because it comes from another site.")
            }
            Self::InsufficientScope { .. } => {
                (F, "insufficient_scope", "The access token lacks the required scope.")
            }
            Self::InsufficientRole => (F, "insufficient_role", "The user lacks the required role."),
            Self::NotFound => (S::NOT_FOUND, "not_found", "Not found."),
            Self::MethodNotAllowed => {
                (S::METHOD_NOT_ALLOWED, "method_not_allowed", "This method is not allowed here.")
            }
            Self::InvalidRequest => (S::BAD_REQUEST, INVALID.0, INVALID.1),
            Self::PasswordRefused { .. } => {
                (S::BAD_REQUEST, "password_refused", "The new password is not accepted.")
            }
            Self::BodyTooLarge => (S::PAYLOAD_TOO_LARGE, INVALID.0, INVALID.1),
            Self::UnsupportedMediaType => (S::UNSUPPORTED_MEDIA_TYPE, INVALID.0, INVALID.1),
            Self::Throttled { .. } => {
                (S::TOO_MANY_REQUESTS, "throttled", "Too many attempts. Please wait before you try again.")
            }
            Self::ServerError => (S::INTERNAL_SERVER_ERROR, "server_error", "An internal error occurred."),
            Self::Unavailable => {
                (S::SERVICE_UNAVAILABLE, "unavailable", "The service is not available at the moment.")
            }
        }
    }

    /// The value of `WWW-Authenticate` that every 401 carries (RFC 9110 §11.6.1, RFC 6750 §3), and
    /// the 403 of a scope that is missing.
    pub fn challenge(self) -> Option<Cow<'static, str>> {
        match self {
            Self::NotAuthenticated | Self::InvalidCredentials => Some("Bearer realm=\"api\"".into()),
            Self::InvalidToken
            | Self::RefreshRequired
            | Self::SessionRevoked
            | Self::SessionExpired
            | Self::DeviceProofRequired { .. } => {
                Some("Bearer realm=\"api\", error=\"invalid_token\"".into())
            }
            Self::SecondFactorRequired => Some(step_up(None, &[])),
            Self::FreshLoginRequired { max_age } => Some(step_up(Some(max_age.as_secs()), &[])),
            Self::ProofRequired { missing } => {
                Some(step_up(missing.max_age(), &missing.acr_values().collect::<Vec<_>>()))
            }
            Self::InsufficientScope { scope } => {
                Some(format!("Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"{scope}\"").into())
            }
            _ => None,
        }
    }

    /// The value of `Retry-After` in seconds (RFC 9110 §10.2.3).
    pub const fn retry_after_seconds(self) -> Option<u32> {
        match self {
            Self::Throttled { retry_after_seconds } => Some(retry_after_seconds),
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
            missing: self.missing(),
            reason: match self {
                Self::PasswordRefused { reason } => Some(reason),
                _ => None,
            },
        };
        // Strings and a number cannot fail to serialise.
        serde_json::to_string(&body).unwrap_or_default()
    }

    const fn missing(self) -> Option<MissingProof> {
        match self {
            Self::ProofRequired { missing } => Some(missing),
            _ => None,
        }
    }
}

/// The refusal that the next request of a session gets that has ended for this reason; its code
/// suits the close frame of a WebSocket.
impl From<EndReason> for Problem {
    fn from(reason: EndReason) -> Self {
        match reason {
            EndReason::Revoked(_) => Self::SessionRevoked,
            EndReason::Expired => Self::SessionExpired,
            EndReason::TokenExpired => Self::InvalidToken,
            EndReason::Unknown => Self::Unavailable,
        }
    }
}

/// Code and sentence of the only problem whose parts are known at run time only.
const PROOF: (&str, &str) = ("proof_required", "Additional authentication is required.");

/// One problem of every other code.
const ONE_OF_EACH: [Problem; 21] = [
    Problem::NotAuthenticated,
    Problem::InvalidToken,
    Problem::RefreshRequired,
    Problem::SessionRevoked,
    Problem::SessionExpired,
    Problem::DeviceProofRequired { reload: false },
    Problem::InvalidCredentials,
    Problem::SecondFactorRequired,
    Problem::FreshLoginRequired { max_age: Duration::ZERO },
    Problem::OtherUser,
    Problem::Acting,
    Problem::CsrfFailed,
    Problem::InsufficientScope { scope: Scope::new("any") },
    Problem::InsufficientRole,
    Problem::NotFound,
    Problem::MethodNotAllowed,
    Problem::InvalidRequest,
    Problem::PasswordRefused { reason: "" },
    Problem::Throttled { retry_after_seconds: 1 },
    Problem::ServerError,
    Problem::Unavailable,
];

/// The challenge of RFC 9470 §3.
fn step_up(max_age: Option<u64>, acr_values: &[&str]) -> Cow<'static, str> {
    let max_age = max_age.map(|seconds| format!(", max_age={seconds}")).unwrap_or_default();
    let classes = acr_values.join(" ");
    let classes = if classes.is_empty() { classes } else { format!(", acr_values=\"{classes}\"") };
    let error = "insufficient_user_authentication";
    format!("Bearer realm=\"api\", error=\"{error}\"{max_age}{classes}").into()
}

/// RFC 9457 §3.1, the code, and the reason of those that have one.
#[derive(serde::Serialize)]
struct Body {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: &'static str,
    code: &'static str,
    #[serde(flatten)]
    missing: Option<MissingProof>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{Facts, Requirement};

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
    fn every_code_has_a_sentence_and_no_other_text_has_one() {
        for code in Problem::CODES {
            assert!(Problem::detail_of(code).is_some_and(|detail| detail.ends_with('.')), "{code}");
        }
        for text in
            ["", "INVALID_CREDENTIALS", "invalid_credentials ", "Incorrect username or password.", "<b>"]
        {
            assert_eq!(Problem::detail_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_refused_password_has_a_reason() {
        let problem = Problem::PasswordRefused { reason: "too_short" };
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&problem.to_json()).unwrap(),
            serde_json::json!({
                "type": "about:blank", "title": "Bad Request", "status": 400, "code": "password_refused",
                "detail": "The new password is not accepted.", "reason": "too_short",
            })
        );
    }

    const FRESH: Problem = Problem::FreshLoginRequired { max_age: Duration::from_mins(5) };
    const SCOPE: Problem = Problem::InsufficientScope { scope: Scope::new("notes:write") };

    /// What a session without any proof gets.
    fn proof(requirement: &Requirement) -> Problem {
        let missing = requirement.missing(&Facts::new(), None, 0, 0).unwrap();
        Problem::ProofRequired { missing }
    }

    #[test]
    fn a_missing_proof_is_in_the_body() {
        let recent = Requirement::named("otp").within(Duration::from_mins(5));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&proof(&recent).to_json()).unwrap(),
            serde_json::json!({
                "type": "about:blank", "title": "Unauthorized", "status": 401, "code": "proof_required",
                "detail": "Additional authentication is required.", "methods": ["otp"], "max_age": 300,
            })
        );
    }

    #[test]
    fn a_problem_is_small_enough_for_every_result() {
        assert!(size_of::<Problem>() < 128, "{}", size_of::<Problem>());
    }

    #[test]
    fn challenges_of_the_wire_contract() {
        let (code, gold) = (Requirement::named("otp"), Requirement::acr("urn:gold"));
        let recent = code.within(Duration::from_mins(5));
        for (problem, challenge) in [
            (Problem::NotAuthenticated, "Bearer realm=\"api\""),
            (Problem::SessionRevoked, "Bearer realm=\"api\", error=\"invalid_token\""),
            (FRESH, "Bearer realm=\"api\", error=\"insufficient_user_authentication\", max_age=300"),
            (proof(&code), "Bearer realm=\"api\", error=\"insufficient_user_authentication\""),
            (proof(&recent), "Bearer realm=\"api\", error=\"insufficient_user_authentication\", max_age=300"),
            (
                proof(&gold.or(Requirement::acr("silver")).or(recent)),
                "Bearer realm=\"api\", error=\"insufficient_user_authentication\", max_age=300, \
                 acr_values=\"urn:gold silver\"",
            ),
            (SCOPE, "Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"notes:write\""),
        ] {
            assert_eq!(problem.challenge().unwrap(), challenge, "{problem:?}");
        }
    }

    #[test]
    fn every_401_has_a_challenge_and_beside_them_a_missing_scope_alone() {
        for problem in [
            Problem::NotAuthenticated,
            Problem::InvalidToken,
            Problem::RefreshRequired,
            Problem::SessionRevoked,
            Problem::SessionExpired,
            Problem::DeviceProofRequired { reload: true },
            Problem::InvalidCredentials,
            FRESH,
            proof(&Requirement::named("otp")),
            SCOPE,
            Problem::InsufficientRole,
            Problem::SecondFactorRequired,
            Problem::OtherUser,
            Problem::CsrfFailed,
            Problem::NotFound,
            Problem::MethodNotAllowed,
            Problem::InvalidRequest,
            Problem::PasswordRefused { reason: "too_short" },
            Problem::BodyTooLarge,
            Problem::UnsupportedMediaType,
            Problem::Throttled { retry_after_seconds: 1 },
            Problem::ServerError,
            Problem::Unavailable,
        ] {
            let expected = problem.status() == 401 || problem == SCOPE;
            assert_eq!(problem.challenge().is_some(), expected, "{problem:?}");
            assert!(Problem::CODES.contains(&problem.code()), "{problem:?}");
        }
    }
}
