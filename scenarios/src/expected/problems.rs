//! Problem documents (RFC 9457).

use super::{Expected, answer};

/// The codes of the wire contract: status, title, sentence, challenge.
const PROBLEMS: &[(&str, u16, &str, &str, &str)] = &[
    ("not_authenticated", 401, "Unauthorized", "Authentication credentials were not provided.", PLAIN),
    ("invalid_token", 401, "Unauthorized", "The token is not valid.", INVALID),
    ("refresh_required", 401, "Unauthorized", "The access token must be refreshed.", INVALID),
    ("session_revoked", 401, "Unauthorized", "The session was ended.", INVALID),
    ("session_expired", 401, "Unauthorized", "The session has expired.", INVALID),
    ("invalid_credentials", 401, "Unauthorized", "Incorrect username or password.", PLAIN),
    ("device_proof_required", 401, "Unauthorized", "The browser has to prove its device.", INVALID),
    ("fresh_login_required", 401, "Unauthorized", "Recent authentication is required.", FRESH),
    ("proof_required", 401, "Unauthorized", "Additional authentication is required.", FRESH),
    ("second_factor_required", 401, "Unauthorized", "A second factor is required.", SECOND),
    ("other_user", 403, "Forbidden", "This is the proof of another user.", ""),
    ("acting", 403, "Forbidden", "Only the user themselves may do this.", ""),
    ("insufficient_role", 403, "Forbidden", "The user lacks the required role.", ""),
    ("insufficient_scope", 403, "Forbidden", "The access token lacks the required scope.", SCOPE),
    ("csrf_failed", 403, "Forbidden", "The request was refused because it comes from another site.", ""),
    ("not_found", 404, "Not Found", "Not found.", ""),
    ("method_not_allowed", 405, "Method Not Allowed", "This method is not allowed here.", ""),
    ("invalid_request", 400, "Bad Request", "The request is not valid.", ""),
    ("password_refused", 400, "Bad Request", "The new password is not accepted.", ""),
    ("throttled", 429, "Too Many Requests", "Too many attempts. Please wait before you try again.", ""),
    ("server_error", 500, "Internal Server Error", "An internal error occurred.", ""),
    ("unavailable", 503, "Service Unavailable", "The service is not available at the moment.", ""),
];
const PLAIN: &str = "Bearer realm=\"api\"";
const INVALID: &str = "Bearer realm=\"api\", error=\"invalid_token\"";
const SECOND: &str = "Bearer realm=\"api\", error=\"insufficient_user_authentication\"";
const FRESH: &str = "Bearer realm=\"api\", error=\"insufficient_user_authentication\", max_age=300";
const SCOPE: &str = "Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"notes:write\"";

/// A problem document.
pub fn problem(code: &str) -> Expected {
    let known = PROBLEMS.iter().find(|problem| problem.0 == code);
    let (code, status, title, detail, challenge) = *known.expect("a code of the wire contract");
    problem_of(status, title, detail, code).field("www-authenticate", challenge)
}

/// The problem document of a route that requires a code of the last five minutes.
pub fn code_required() -> Expected {
    let mut expected = problem("proof_required");
    expected.body = expected.body.replace('}', r#","methods":["otp"],"max_age":300}"#);
    expected
}

/// The response to a new password that is refused.
pub fn password_refused(reason: &str) -> Expected {
    let mut expected = problem("password_refused");
    expected.body = expected.body.replace('}', &format!(r#","reason":"{reason}"}}"#));
    expected
}

/// The response to a body that is too large or of another type.
pub fn invalid_request(status: u16, title: &str) -> Expected {
    problem_of(status, title, "The request is not valid.", "invalid_request")
}

fn problem_of(status: u16, title: &str, detail: &str, code: &str) -> Expected {
    let body = format!(
        r#"{{"type":"about:blank","title":"{title}","status":{status},"detail":"{detail}","code":"{code}"}}"#
    );
    answer(status, "application/problem+json", &body).field("cache-control", "no-store")
}
