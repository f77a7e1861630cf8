//! What keeps a login from happening.

use cookiejwt_core::{
    Problem,
    fault::{CsrfDenial, MintError},
};

use super::{
    framework_session::SessionCookieError,
    password::{PasswordError, PasswordRefusal},
    store::StoreError,
};

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
    /// The column of the password hashes holds less than a whole hash, so the new password was not
    /// stored.
    #[error("the column of the password hashes is too short: make it VARCHAR(255) or TEXT")]
    HashCut,
    /// The session that a fresh login or a new password was to replace has ended.
    #[error("the session was ended")]
    SessionRevoked,
    /// The new password is refused, by its length or by a
    /// [`PasswordPolicy`](crate::PasswordPolicy).
    #[error(transparent)]
    PasswordRefused(PasswordRefusal),
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
    SessionCookie(#[from] SessionCookieError),
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

/// A new password that is refused is a mistake of the client's, wherever it is noticed.
impl From<PasswordError> for LoginError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Refused(refusal) => Self::PasswordRefused(refusal),
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
            LoginError::PasswordRefused(PasswordRefusal::Rule(reason)) => Self::PasswordRefused { reason },
            LoginError::TokenMode | LoginError::CookieMode => Self::InvalidRequest,
            LoginError::Store(_) | LoginError::PasswordRefused(PasswordRefusal::Undecided(_)) => {
                Self::Unavailable
            }
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
