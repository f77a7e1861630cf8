//! The pace at which old rows are deleted.

use std::time::Duration;

/// Rows per statement; few enough that no lock is held long.
pub(crate) const PURGE_BATCH: u64 = 500;
pub(crate) const PURGE_PAUSE: Duration = Duration::from_millis(100);
