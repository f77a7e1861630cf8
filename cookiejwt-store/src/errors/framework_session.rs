//! The error of the web framework's own session.

use cookiejwt_core::Problem;

use super::store::StoreError;

/// Why the framework's own session could not be changed by a login or a logout.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionCookieError {
    /// The application has no middleware that creates the framework's session.
    #[error("COOKIEJWT_SET_SESSION_COOKIE is true, but the request has no session of the framework; {0}")]
    Missing(&'static str),
    /// The store of the framework's sessions failed.
    #[error("the session of the framework: {0}")]
    Store(#[from] StoreError),
}

impl SessionCookieError {
    /// Writes the error to the log, and returns what the client may know of it.
    pub fn log_and_problem(&self) -> Problem {
        tracing::error!("{self}");
        self.into()
    }
}

impl From<&SessionCookieError> for Problem {
    fn from(error: &SessionCookieError) -> Self {
        match error {
            SessionCookieError::Missing(_) => Self::ServerError,
            SessionCookieError::Store(_) => Self::Unavailable,
        }
    }
}
