use std::time::Duration;

use super::{BucketId, ThrottleRequest, ThrottleScope};
use crate::Timestamp;

/// So many tries at once, then one per interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleLimit {
    burst: u32,
    interval_millis: i64,
}

impl ThrottleLimit {
    const LONGEST_INTERVAL: Duration = Duration::from_secs(86_400);
    const LARGEST_BURST: u32 = 1_000_000;

    /// `burst` tries at once, then one per `interval`. `None` when nobody could ever log in (no try at all), when it would
    /// limit nothing (an interval below a millisecond), or when it is beyond a million tries or a day.
    pub fn new(burst: u32, interval: Duration) -> Option<Self> {
        let interval_millis = i64::try_from(interval.as_millis()).ok().filter(|millis| *millis > 0)?;
        let fits = (1..=Self::LARGEST_BURST).contains(&burst) && interval <= Self::LONGEST_INTERVAL;
        fits.then_some(Self { burst, interval_millis })
    }

    const fn seconds(burst: u32, seconds: i64) -> Self {
        Self { burst, interval_millis: seconds.saturating_mul(1000) }
    }

    /// One try for a bucket with this limit. The driver makes them through
    /// [`Core::throttle_requests`](crate::Core::throttle_requests); this is for the tests of a store.
    pub fn request(self, bucket: BucketId, scope: ThrottleScope, now: Timestamp) -> ThrottleRequest {
        let room = i64::from(self.burst).saturating_sub(1).saturating_mul(self.interval_millis);
        let latest = now.plus_millis(room);
        ThrottleRequest { bucket, scope, now, interval_millis: self.interval_millis, latest }
    }
}

/// How many wrong passwords are checked before the next one has to wait: seconds for an honest user, never hours.
///
/// | limit | at once | then one per |
/// |---|---|---|
/// | one account from one client network (an IPv4 address, an IPv6 /64) | 5 | 30 s |
/// | one client network | 30 | 2 s |
/// | one account, over all networks | 100 | 5 s |
///
/// Without a client address the limits by network are off: everybody in one bucket would shut everybody out.
///
/// ```
/// use std::time::Duration;
///
/// use cookiejwt_core::{Throttle, ThrottleLimit};
///
/// let stricter = Throttle::new().account_and_network(ThrottleLimit::new(3, Duration::from_secs(60)).unwrap());
/// assert_ne!(stricter, Throttle::default());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Throttle {
    account_and_network: Option<ThrottleLimit>,
    network: Option<ThrottleLimit>,
    account: Option<ThrottleLimit>,
}

impl Throttle {
    /// The limits of the table.
    pub const fn new() -> Self {
        Self {
            account_and_network: Some(ThrottleLimit::seconds(5, 30)),
            network: Some(ThrottleLimit::seconds(30, 2)),
            account: Some(ThrottleLimit::seconds(100, 5)),
        }
    }

    /// No limit, for an application that has a rate limiter in front of the routes that check passwords.
    pub const fn off() -> Self {
        Self { account_and_network: None, network: None, account: None }
    }

    /// Whether there is no limit at all.
    pub const fn is_off(&self) -> bool {
        self.account_and_network.is_none() && self.network.is_none() && self.account.is_none()
    }

    /// Another limit for one account from one client network.
    pub const fn account_and_network(self, limit: ThrottleLimit) -> Self {
        Self { account_and_network: Some(limit), ..self }
    }

    /// Another limit for one client network.
    pub const fn network(self, limit: ThrottleLimit) -> Self {
        Self { network: Some(limit), ..self }
    }

    /// Another limit for one account over all networks.
    pub const fn account(self, limit: ThrottleLimit) -> Self {
        Self { account: Some(limit), ..self }
    }

    pub(super) const fn limits(
        &self,
    ) -> (Option<ThrottleLimit>, Option<ThrottleLimit>, Option<ThrottleLimit>) {
        (self.account_and_network, self.network, self.account)
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new()
    }
}
