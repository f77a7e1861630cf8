//! Why a login fails.

use std::time::Duration;

use cookiejwt_core::{
    Facts, Problem,
    fault::{CsrfDenial, MintError},
};

use super::{
    framework_session::SessionCookieError,
    password::{PasswordError, PasswordRefusal},
    second_factor::SecondFactor,
    store::StoreError,
};

/// How old the proof may be with which a device-bound session becomes another one.
pub(crate) const RECENT: Duration = Duration::from_mins(5);

/// A login that failed. No session remains.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// Unknown user, wrong password, or disabled account. All three look the same.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// The CSRF check does not allow this request to start a session; see
    /// [`LoginOptions::state_checked`](crate::LoginOptions::state_checked).
    #[error("this request must not start a session: {0}")]
    Csrf(CsrfDenial),
    /// The user store does not find the user whom the application logs in.
    #[error(
        "`find_by_id` does not find the user who logs in: commit the transaction that inserted the user before calling `login`, and \
         let `find_by_id` read from the primary"
    )]
    UnknownSubject,
    /// The column of the password hashes is too short for a hash, so the new password was not
    /// stored.
    #[error("the column of the password hashes is too short: make it VARCHAR(255) or TEXT")]
    HashCut,
    /// The session that the fresh login or the new password would have replaced has ended; or the
    /// session from which another user acts.
    #[error("the session was ended")]
    SessionRevoked,
    /// The new password is refused, by its length or by a
    /// [`PasswordPolicy`](crate::PasswordPolicy).
    #[error(transparent)]
    PasswordRefused(PasswordRefusal),
    /// `login_here` has no response to put tokens into; call `login` for a request in token mode.
    #[error("a request in token mode needs a response: call `login` instead of `login_here`")]
    NeedsResponse,
    /// `login_here` came too late for the cookies: the head of the response was sent already.
    #[error("the head of the response was sent before `login_here`")]
    ResponseSent,
    /// Too many passwords were tried; none was checked.
    #[error("too many passwords were tried; wait {retry_after_seconds} s")]
    Throttled {
        /// How long to wait, at least 1.
        retry_after_seconds: u32,
    },
    /// The user needs a second factor, and their client has a pending login now.
    #[error("a second factor is required")]
    SecondFactorRequired(Box<SecondFactor>),
    /// The pending login has ended: it is too old, was used, belongs to another client, or its user
    /// has changed their password.
    #[error("the pending login has ended")]
    PendingEnded,
    /// The link does not open, or opens no more: it is no link of this application, was made for
    /// something else or for another realm, is too old, was used, or its user has a new password
    /// or stamp, is disabled or gone.
    #[error("the link has ended")]
    LinkEnded,
    /// The user has no password yet, and the user store does not store a first one.
    #[error("the user has no password: implement `UserStore::set_first_password_hash`")]
    FirstPassword,
    /// A proof of another user than the one who is logged in.
    #[error("the proof is that of another user")]
    OtherUser,
    /// Another user acts in this session, and only the user themselves may do this. Also for one
    /// who acts already and would act for a further user, and for one who comes back from acting
    /// without a refresh token.
    #[error("another user acts in this session")]
    Acting,
    /// The session is bound to a device, and its user has given no proof in the last five minutes.
    /// A new session is offered to whoever asks, so it must not be had for a stolen cookie.
    #[error("the session is bound to a device: its user has to log in again first")]
    ProofTooOld,
    /// No other user acts in the session that
    /// [`stop_acting`](crate::Authenticator::stop_acting) was to end.
    #[error("no other user acts in this session")]
    NotActing,
    /// The facts of the session are too large for its tokens.
    #[error("the facts of the session have {length} bytes of JSON, more than {}", Facts::LONGEST)]
    FactsTooLarge {
        /// The facts in bytes of JSON.
        length: usize,
    },
    /// The tokens cannot be minted.
    #[error(transparent)]
    Mint(MintError),
    /// A store is unavailable.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Hashing is at its limit, or failed.
    #[error(transparent)]
    Password(PasswordError),
    /// The framework's own session could not be updated.
    #[error(transparent)]
    SessionCookie(#[from] SessionCookieError),
    /// The operating system provides no random numbers.
    #[error("no random numbers: {0}")]
    Random(getrandom::Error),
}

impl LoginError {
    /// What the client may know. The reason is in the [`Event`](crate::Event).
    pub fn problem(&self) -> Problem {
        self.into()
    }
}

impl From<MintError> for LoginError {
    fn from(error: MintError) -> Self {
        match error {
            MintError::FactsTooLarge { length } => Self::FactsTooLarge { length },
            error => Self::Mint(error),
        }
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
            LoginError::NeedsResponse | LoginError::NotActing => Self::InvalidRequest,
            LoginError::Store(_) | LoginError::PasswordRefused(PasswordRefusal::Undecided(_)) => {
                Self::Unavailable
            }
            LoginError::SecondFactorRequired(_) => Self::SecondFactorRequired,
            LoginError::PendingEnded | LoginError::LinkEnded => Self::InvalidToken,
            LoginError::OtherUser => Self::OtherUser,
            LoginError::Acting => Self::Acting,
            LoginError::ProofTooOld => Self::FreshLoginRequired { max_age: RECENT },
            LoginError::SessionCookie(error) => error.into(),
            LoginError::Password(error) if error.is_busy() => Self::Unavailable,
            LoginError::Mint(_)
            | LoginError::FactsTooLarge { .. }
            | LoginError::Random(_)
            | LoginError::Password(_)
            | LoginError::UnknownSubject
            | LoginError::ResponseSent
            | LoginError::FirstPassword
            | LoginError::HashCut => Self::ServerError,
        }
    }
}
