//! The error of a store.

use std::error::Error;

use cookiejwt_core::Problem;

#[cfg(feature = "_sea-orm")]
use super::data::is_about_data;

/// A store that is unavailable, or whose response was lost.
///
/// The client gets 503, and the log contains the source. An unavailable store never clears a
/// cookie.
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
    /// Wraps the error of a driver, or a message.
    ///
    /// With one of the features `sqlite`, `postgres` and `mysql`, errors of SeaORM 2 and its sqlx
    /// that are about [the data](Self::data) are recognized automatically, even as the source of
    /// your own error.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        match source.into().downcast::<Self>() {
            Ok(error) => *error,
            Err(source) => Self { is_data: is_about_data(&*source), source },
        }
    }

    /// Wraps an error that means that the database cannot store or compare this value: NUL in a
    /// text, a letter that the column's character set does not have, a number out of range. It is
    /// not an outage.
    ///
    /// If [`find_by_login`](crate::UserStore::find_by_login) returns such an error, the user is
    /// unknown: 401 after one hash, counted by the throttle. With another driver, use this for
    /// errors of SQLSTATE class 22, or MySQL's 1267, 1366, 3854, 3988.
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

    /// Whether the database was available but could not store or compare a value.
    pub const fn is_data(&self) -> bool {
        self.is_data
    }
}

#[cfg(not(feature = "_sea-orm"))]
fn is_about_data(_: &(dyn Error + 'static)) -> bool {
    false
}

/// What the client may know; the reason is in the [`Event`](crate::Event).
impl From<StoreError> for Problem {
    fn from(_: StoreError) -> Self {
        Self::Unavailable
    }
}
