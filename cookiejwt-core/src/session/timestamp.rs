//! Points in time, in milliseconds.

use std::fmt;

use time::OffsetDateTime;

/// A point in time as whole milliseconds since the Unix epoch.
///
/// Rows hold times as `BIGINT` milliseconds, because date types differ between databases (MySQL
/// rounds them).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Later than everything.
    pub const MAX: Self = Self(i64::MAX);

    /// From milliseconds since the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the Unix epoch; saturates at the ends of the range.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This time moved by a number of milliseconds; saturates at the ends of the range.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// As a UTC date and time; the Unix epoch if it is outside the years that `time` supports.
    pub fn to_datetime(self) -> OffsetDateTime {
        let nanos = i128::from(self.0).saturating_mul(1_000_000);
        OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(time: OffsetDateTime) -> Self {
        // Every date of `time` fits; the division of 128 bits that nanoseconds need would cost more
        // than the rest.
        Self(time.unix_timestamp().saturating_mul(1000).saturating_add(i64::from(time.millisecond())))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

#[cfg(test)]
mod tests {
    use time::{UtcOffset, macros::datetime};

    use super::*;

    #[test]
    fn times_are_utc() {
        let noon = datetime!(2026-07-01 12:00:00.123 UTC);
        for (rule, time) in [
            ("UTC", noon),
            ("an offset to the east", datetime!(2026-07-01 14:00:00.123 +2)),
            ("an offset to the west, the day before", datetime!(2026-06-30 23:30:00.123 -12:30)),
        ] {
            let back = Timestamp::from(time).to_datetime();
            assert_eq!((back, back.offset()), (noon, UtcOffset::UTC), "{rule}");
        }
    }
}
