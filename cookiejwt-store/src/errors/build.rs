//! Why an authenticator cannot be built.

use std::fmt;

use super::password::PasswordError;

/// An [`Authenticator`](crate::Authenticator) that cannot be built.
///
/// `Debug` prints what `Display` prints, so that a `main` that returns this error shows the
/// sentence.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The builder was given no user store.
    #[error("no user store; call `.users(…)` with your implementation of `UserStore`")]
    NoUserStore,
    /// Sessions are bound to devices, and the token store does not keep the keys of devices.
    #[error(
        "COOKIEJWT_DEVICE_BOUND is set, and the token store keeps no keys of devices; implement `TokenStore::bind` and \
         `keeps_devices`, or remove the setting"
    )]
    NoDevices,
    /// The builder was given no token store.
    #[error("no token store; call `.tokens(…)` with `MemoryStore::new()` or a `SeaOrmTokenStore`")]
    NoTokenStore,
    /// The prefix of the routes is no plain path, such as `/api/auth`.
    #[error("the prefix of the routes is {0:?}; write a path such as /api/auth, of letters, digits and -._~")]
    Prefix(String),
    /// A page is no path of the application itself.
    #[error(
        "the page {0:?} is no path of this application; write one such as \"/login\", without a fragment"
    )]
    Page(String),
    /// Pages after a login are set, and the login page is not.
    #[error(
        "`second_factor_page` and `after_login` have no effect without a login page; call `.login_page(…)` too"
    )]
    NoLoginPage,
    /// Two of the fields that tell a proxy who the user is have one name, or it is that of a field
    /// with another meaning.
    #[error("the identity header {0} is taken; choose a name of its own for each, such as x-auth-user")]
    IdentityHeaders(String),
    /// The framework's own session should follow the login, but no adapter was built with that
    /// feature.
    #[error(
        "COOKIEJWT_SET_SESSION_COOKIE is true; turn on the adapter's feature for it (`tower-sessions`, `actix-session`, \
         `private-cookie`), or remove the setting"
    )]
    SessionCookie,
    /// Another authenticator of this process accepts the same tokens, for another user table or
    /// under other names.
    #[error(
        "another authenticator of this process has the same secret, issuer, audience and realm, but other cookie names, \
         another prefix or another type of user, so that user 1 of one table is user 1 of the other; give each user table \
         a realm of its own: `.realm(\"staff\")`, COOKIEJWT_REALM"
    )]
    SharedRealm,
    /// Two realms of this process sign access tokens with one key for one audience.
    #[error(
        "another realm of this process signs access tokens with the same key for the same audience, and services that \
         verify them do not know realms; give each realm an audience of its own"
    )]
    SharedAudience,
    /// A skipped path covers a built-in route, where users could no longer log in or end a session.
    #[error(
        "COOKIEJWT_SKIP covers {0}, one of the routes of this library; leave it out: these routes need no login where \
         they can do without"
    )]
    Skip(String),
    /// The list of revocations cannot be verified, or is not complete.
    #[error("the route `revoked` needs {0}")]
    RevokedRoute(&'static str),
    /// The hasher does not verify what it has just hashed.
    #[error(
        "the password hasher does not read its own hash; let `verify` accept what `hash` makes, or new users cannot log in"
    )]
    PasswordHasher,
    /// Hashing the dummy password failed.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
