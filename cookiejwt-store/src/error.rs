use std::error::Error;

use cookiejwt_core::{MintError, Problem};

/// A store that could not be asked, or whose answer was lost.
///
/// It becomes 503 for the client; the source goes into the log. Nothing is cleared because a store is away.
///
/// ```
/// use cookiejwt_store::StoreError;
///
/// let error = StoreError::new("connection refused");
/// assert_eq!(error.to_string(), "the store failed: connection refused");
/// ```
#[derive(Debug, thiserror::Error)]
#[error("the store failed: {0}")]
pub struct StoreError(#[source] Box<dyn Error + Send + Sync>);

impl StoreError {
    /// From the error of a driver, or a sentence.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// What the client may know of it; why it happened stands in the [`Event`](crate::Event).
impl From<StoreError> for Problem {
    fn from(_: StoreError) -> Self {
        Self::Unavailable
    }
}

#[cfg(feature = "_sea-orm")]
impl From<sea_orm::DbErr> for StoreError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::new(error)
    }
}

/// An [`Authenticator`](crate::Authenticator) that cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The builder was given no user store.
    #[error("no user store; call `.users(…)` with your implementation of `UserStore`")]
    NoUserStore,
    /// The builder was given no token store.
    #[error("no token store; call `.tokens(…)` with `MemoryStore::new()` or a `SeaOrmTokenStore`")]
    NoTokenStore,
    /// The prefix of the routes is no plain path, such as `/api/auth`.
    #[error("the prefix of the routes is {0:?}; write a path such as /api/auth, of letters, digits and -._~")]
    Prefix(String),
    /// The framework's own session is to follow the login, and no adapter here was built for it.
    #[error(
        "COOKIEJWT_SET_SESSION_COOKIE is true; turn on the adapter's feature for it (`tower-sessions`, `actix-session`, \
         `private-cookie`), or remove the setting"
    )]
    SessionCookie,
    /// Another authenticator of this process accepts the same tokens, for another user table or under other names.
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
    /// A path that is skipped covers one of our own routes, where nobody could log in, or end a session, any more.
    #[error(
        "COOKIEJWT_SKIP covers {0}, one of the routes of this library; leave it out: these routes need no login where \
         they can do without"
    )]
    Skip(String),
    /// Hashing the dummy password failed.
    #[error(transparent)]
    Password(#[from] crate::PasswordError),
}

/// A login that did not happen. No session was left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// Unknown user, wrong password, or disabled account: the three read the same.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// The session that a fresh login or a new password was to replace has ended.
    #[error("the session was ended")]
    SessionRevoked,
    /// The new password has fewer than 8 characters, or more than 1024 bytes.
    #[error("a password has at least 8 characters and at most 1024 bytes")]
    PasswordLength,
    /// The request asks for tokens, and the route gives cookies only.
    #[error("the request is in token mode; answer it with `login_tokens`")]
    TokenMode,
    /// The request does not ask for tokens, so that none may stand in a body.
    #[error("the request is not in token mode; answer it with `login`")]
    CookieMode,
    /// Too many passwords were tried; none was checked.
    #[error("too many passwords were tried; wait {retry_after_seconds} s")]
    Throttled {
        /// How long to wait, at least 1.
        retry_after_seconds: u32,
    },
    /// The tokens cannot be minted.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// A store is away.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Hashing is at its limit, or failed.
    #[error(transparent)]
    Password(#[from] crate::PasswordError),
    /// The framework's own session could not follow.
    #[error(transparent)]
    SessionCookie(#[from] crate::SessionCookieError),
    /// The operating system gave no random numbers.
    #[error("no random numbers: {0}")]
    Random(getrandom::Error),
}

impl LoginError {
    /// What the client may know of it; why it happened stands in the [`Event`](crate::Event).
    pub fn report(&self) -> Problem {
        self.into()
    }
}

impl From<&LoginError> for Problem {
    fn from(error: &LoginError) -> Self {
        match error {
            LoginError::InvalidCredentials => Self::InvalidCredentials,
            LoginError::SessionRevoked => Self::SessionRevoked,
            LoginError::Throttled { retry_after_seconds } => {
                Self::Throttled { retry_after_seconds: *retry_after_seconds }
            }
            LoginError::PasswordLength | LoginError::TokenMode | LoginError::CookieMode => {
                Self::InvalidRequest
            }
            LoginError::Store(_) => Self::Unavailable,
            LoginError::SessionCookie(error) => error.into(),
            LoginError::Password(error) if error.is_busy() => Self::Unavailable,
            LoginError::Mint(_) | LoginError::Random(_) | LoginError::Password(_) => Self::ServerError,
        }
    }
}
