//! The names of the registered claims, which no claim of an application has.

/// `jti` of the refresh token that an access token was issued with.
pub(super) const REFRESH_JTI: &str = "refresh_jti";
/// `sid` of the session that ends when this one is first presented.
pub(super) const REPLACES: &str = "replaces";
/// When a session began, in seconds, if that is not the time of its newest proof.
pub(super) const BEGAN_AT: &str = "began_at";
/// The idle life of a session in seconds, if it has one of its own.
pub(super) const REMEMBER_FOR: &str = "remember_for";
/// How often the claims of a session were renewed, if they were.
pub(super) const VERSION: &str = "version";
/// A keyed hash of what ends every session of a user when it changes.
pub(super) const STAMP: &str = "stamp";
/// That the device of a session proves itself at each renewal.
pub(super) const DEVICE_BOUND: &str = "device_bound";
/// Whether the cookies of a session outlive the browser.
pub(super) const REMEMBER: &str = "remember";
/// The facts of the application, in a refresh token.
pub(super) const FACTS: &str = "facts";

/// Names that custom claims and facts may not take: those of RFC 7519, ours, and those that other
/// specifications give a meaning that a reader would trust.
pub(super) const RESERVED: [&str; 27] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "amr",
    "acr",
    "act",
    "azp",
    "auth_time",
    "nonce",
    "proofs",
    "realm",
    "sid",
    BEGAN_AT,
    "session_exp",
    REMEMBER,
    REMEMBER_FOR,
    DEVICE_BOUND,
    "cnf",
    VERSION,
    STAMP,
    FACTS,
    REFRESH_JTI,
    REPLACES,
];

pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// What a user may do is not a fact of a session: a fact would win over the user's own claim.
pub(super) fn is_permission(name: &str) -> bool {
    ["scope", "scopes", "roles"].contains(&name)
}
