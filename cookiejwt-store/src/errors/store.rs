//! The error of a store.

use std::error::Error;

use cookiejwt_core::Problem;

#[cfg(feature = "_sea-orm")]
use super::data::is_about_data;

/// A store that could not be asked, or whose answer was lost.
///
/// It becomes 503 for the client; the source goes into the log. Nothing is cleared because a store
/// is away.
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
    /// With one of the features `sqlite`, `postgres` and `mysql`, errors of SeaORM 2 and its sqlx
    /// say by themselves whether they are about [the data](Self::data), also as the source of an
    /// error of yours.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        match source.into().downcast::<Self>() {
            Ok(error) => *error,
            Err(source) => Self { is_data: is_about_data(&*source), source },
        }
    }

    /// From an error that says that the database cannot take this value: NUL in a text, a letter
    /// that the column's character set does not have, a number out of range. It is no outage.
    ///
    /// A [`find_by_login`](crate::UserStore::find_by_login) that fails so has found nobody: 401
    /// after one hash, counted by the throttle. Say it where a driver of your own gives SQLSTATE
    /// class 22, or MySQL's 1267, 1366, 3854, 3988.
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
