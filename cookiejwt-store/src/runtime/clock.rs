//! The clock of the system, and one that tests move.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::SystemTime,
};

use cookiejwt_core::store::Timestamp;
use time::{Duration, OffsetDateTime};

/// Where the time comes from, so that tests can move it.
pub trait Clock: Send + Sync + 'static {
    /// The present time in UTC.
    fn now(&self) -> OffsetDateTime;

    /// The same in milliseconds, which every request asks for.
    fn timestamp(&self) -> Timestamp {
        self.now().into()
    }
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "applications construct it, and it has no settings")]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }

    /// Without the calendar.
    fn timestamp(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let millis = since.ok().and_then(|since| i64::try_from(since.as_millis()).ok());
        millis.map_or_else(|| self.now().into(), Timestamp::from_millis)
    }
}

/// A clock that does not move until a test moves it; clones share it.
///
/// ```
/// use cookiejwt_store::{Clock, ManualClock};
/// use time::{Duration, OffsetDateTime};
///
/// let clock = ManualClock::at(OffsetDateTime::UNIX_EPOCH);
/// clock.advance(Duration::minutes(5));
/// assert_eq!(clock.now().unix_timestamp(), 300);
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// Starts at this time, to the millisecond.
    pub fn at(time: OffsetDateTime) -> Self {
        Self(Arc::new(AtomicI64::new(Timestamp::from(time).as_millis())))
    }

    /// Moves by this much; backwards when it is negative.
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.whole_milliseconds()).unwrap_or(i64::MAX);
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> OffsetDateTime {
        self.timestamp().to_datetime()
    }

    fn timestamp(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}
