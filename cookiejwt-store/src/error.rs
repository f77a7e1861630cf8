use std::error::Error;

use cookiejwt_core::{CsrfDenial, MintError, Problem};

use crate::passwords::PasswordError;
#[cfg(feature = "_sea-orm")]
use crate::stores::is_about_data;

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
#[error("the store failed: {source}")]
pub struct StoreError {
    source: Box<dyn Error + Send + Sync>,
    is_data: bool,
}

impl StoreError {
    /// From the error of a driver, or a sentence.
    ///
    /// With one of the features `sqlite`, `postgres` and `mysql`, errors of SeaORM 2 and its sqlx say by themselves whether they are
    /// about [the data](Self::data), also as the source of an error of yours.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let source = source.into();
        let is_data = is_about_data(&*source);
        Self { source, is_data }
    }

    /// From an error that says that the database cannot take this value: NUL in a text, a letter that the column's character set
    /// does not have, a number out of range. It is no outage.
    ///
    /// A [`find_by_login`](crate::UserStore::find_by_login) that fails so has found nobody: 401 after one hash, counted by the
    /// throttle. Say it where a driver of your own gives SQLSTATE class 22, or MySQL's 1267, 1366, 3854, 3988.
    ///
    /// ```
    /// use cookiejwt_store::StoreError;
    ///
    /// assert!(StoreError::data("invalid byte sequence for encoding \"UTF8\": 0x00").is_data());
    /// assert!(!StoreError::new("connection refused").is_data());
    /// ```
    pub fn data(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: source.into(), is_data: true }
    }

    /// Whether the database was there and could not take a value.
    pub const fn is_data(&self) -> bool {
        self.is_data
    }
}

#[cfg(not(feature = "_sea-orm"))]
fn is_about_data(_: &(dyn Error + 'static)) -> bool {
    false
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
    /// The hasher does not verify what it has just hashed.
    #[error(
        "the password hasher does not read its own hash; let `verify` accept what `hash` makes, or nobody who signs up can log in"
    )]
    PasswordHasher,
    /// Hashing the dummy password failed.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

/// A login that did not happen. No session was left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// Unknown user, wrong password, or disabled account: the three read the same.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// The CSRF table refused to begin a session by this request; see
    /// [`LoginOptions::state_checked`](crate::LoginOptions::state_checked).
    #[error("the request may not log anybody in: {0}")]
    Csrf(CsrfDenial),
    /// The user store does not know the user whom the application logs in.
    #[error(
        "`find_by_id` does not find the user who logs in: commit the transaction that inserted the user before calling `login`, and \
         let `find_by_id` read from the primary"
    )]
    UnknownSubject,
    /// The column of the password hashes holds less than a whole hash, so the new password was not stored.
    #[error("the column of the password hashes is too short: make it VARCHAR(255) or TEXT")]
    HashCut,
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
    Password(PasswordError),
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

/// The length of a new password is a mistake of the client's, wherever it is noticed.
impl From<PasswordError> for LoginError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Length => Self::PasswordLength,
            error => Self::Password(error),
        }
    }
}

impl From<&LoginError> for Problem {
    fn from(error: &LoginError) -> Self {
        match error {
            LoginError::InvalidCredentials => Self::InvalidCredentials,
            LoginError::SessionRevoked => Self::SessionRevoked,
            LoginError::Csrf(_) => Self::CsrfFailed,
            LoginError::Throttled { retry_after_seconds } => {
                Self::Throttled { retry_after_seconds: *retry_after_seconds }
            }
            LoginError::PasswordLength | LoginError::TokenMode | LoginError::CookieMode => {
                Self::InvalidRequest
            }
            LoginError::Store(_) => Self::Unavailable,
            LoginError::SessionCookie(error) => error.into(),
            LoginError::Password(error) if error.is_busy() => Self::Unavailable,
            LoginError::Mint(_)
            | LoginError::Random(_)
            | LoginError::Password(_)
            | LoginError::UnknownSubject
            | LoginError::HashCut => Self::ServerError,
        }
    }
}
