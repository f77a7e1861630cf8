//! When a cookie ends.

use std::fmt;

use time::OffsetDateTime;

pub(super) const EPOCH: &str = "Thu, 01 Jan 1970 00:00:00 GMT";

/// The lifetime of a cookie that outlives the browser.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    /// The second at which it is sent.
    pub(crate) now: i64,
    /// The second at which it ends.
    pub(crate) ends_at: i64,
}

/// `Max-Age` and `Expires`: Java's `CookieManager` takes a cookie with only `Max-Age` for an RFC
/// 2965 cookie, and sends it back in quotes, with `$Version` before it.
impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let max_age = self.ends_at.saturating_sub(self.now).max(0);
        let ends_at = OffsetDateTime::from_unix_timestamp(self.now.saturating_add(max_age));
        write!(f, "; Max-Age={max_age}; Expires=")?;
        match ends_at {
            Ok(ends_at) => write_date(ends_at, f),
            Err(_) => f.write_str(EPOCH),
        }
    }
}

/// An IMF-fixdate (RFC 9110 §5.6.7), which is always in UTC.
fn write_date(time: OffsetDateTime, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let [weekday, month] = [time.weekday().to_string(), time.month().to_string()];
    let (day, year, (hour, minute, second)) = (time.day(), time.year(), time.to_hms());
    write!(f, "{weekday:.3}, {day:02} {month:.3} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}
