//! The limits on password tries.

use std::time::Duration;

/// A number of tries at once, then one per interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleLimit {
    burst: u32,
    interval_millis: i64,
}

impl ThrottleLimit {
    const LONGEST_INTERVAL: Duration = Duration::from_secs(86_400);
    const LARGEST_BURST: u32 = 1_000_000;

    /// `burst` tries at once, then one per `interval`. `None` if no user could ever log in (no try
    /// at all), if it would limit nothing (an interval below a millisecond), or if it exceeds a
    /// million tries or a day.
    pub fn new(burst: u32, interval: Duration) -> Option<Self> {
        let interval_millis = i64::try_from(interval.as_millis()).ok().filter(|millis| *millis > 0)?;
        let fits = (1..=Self::LARGEST_BURST).contains(&burst) && interval <= Self::LONGEST_INTERVAL;
        fits.then_some(Self { burst, interval_millis })
    }

    pub(super) const fn of_minutes(burst: u32, minutes: i64) -> Self {
        Self::seconds(burst, minutes.saturating_mul(60))
    }

    const fn seconds(burst: u32, seconds: i64) -> Self {
        Self { burst, interval_millis: seconds.saturating_mul(1000) }
    }

    /// How much a full bucket holds.
    pub(super) fn capacity_millis(self) -> i64 {
        i64::from(self.burst).saturating_mul(self.interval_millis)
    }

    /// What one try adds.
    pub(super) const fn interval_millis(self) -> i64 {
        self.interval_millis
    }

    /// A multiple of this limit, at once and over time.
    pub(super) fn times(self, times: u32) -> Self {
        let interval_millis = self.interval_millis.checked_div(times.into()).unwrap_or(0).max(1);
        Self { burst: self.burst.saturating_mul(times), interval_millis }
    }
}

/// How many wrong passwords are checked before the next try has to wait: seconds for an honest
/// user, never hours.
///
/// | limit | at once | then one per |
/// |---|---|---|
/// | one account from one client network (an IPv4 address, an IPv6 /64) | 5 | 30 s |
/// | one client network (an IPv4 address, an IPv6 /64) | 30 | 2 s |
/// | one IPv6 /56, four times that | 120 | 0.5 s |
/// | one IPv6 /48, sixteen times that | 480 | 0.125 s |
/// | one account, over all networks | 100 | 5 s |
/// | one known device or one living session, instead of all of these | 5 | 30 s |
/// | successful logins of one account from one client network | 30 | 10 s |
///
/// All limits but the last count only failures, and a right password is never refused because
/// others log in at the same moment. Without a client address the limits by network are off: with
/// all clients in one bucket, one of them could lock out the others.
///
/// ```
/// use std::time::Duration;
///
/// use cookiejwt_core::store::{Throttle, ThrottleLimit};
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
    known: Option<ThrottleLimit>,
    logins: Option<ThrottleLimit>,
}

impl Throttle {
    /// The limits of the table.
    pub const fn new() -> Self {
        Self {
            account_and_network: Some(ThrottleLimit::seconds(5, 30)),
            network: Some(ThrottleLimit::seconds(30, 2)),
            account: Some(ThrottleLimit::seconds(100, 5)),
            known: Some(ThrottleLimit::seconds(5, 30)),
            logins: Some(ThrottleLimit::seconds(30, 10)),
        }
    }

    /// No limit, for an application that has a rate limiter in front of the routes that check
    /// passwords.
    pub const fn off() -> Self {
        Self { account_and_network: None, network: None, account: None, known: None, logins: None }
    }

    /// Whether there is no limit at all.
    pub const fn is_off(&self) -> bool {
        self.account_and_network.is_none()
            && self.network.is_none()
            && self.account.is_none()
            && self.known.is_none()
            && self.logins.is_none()
    }

    /// Another limit for one account from one client network.
    pub const fn account_and_network(self, limit: ThrottleLimit) -> Self {
        Self { account_and_network: Some(limit), ..self }
    }

    /// Another limit for one client network. An IPv6 /56 has four times this one, and a /48 sixteen
    /// times.
    pub const fn network(self, limit: ThrottleLimit) -> Self {
        Self { network: Some(limit), ..self }
    }

    /// Another limit for one account over all networks.
    pub const fn account(self, limit: ThrottleLimit) -> Self {
        Self { account: Some(limit), ..self }
    }

    /// Another limit for one known device, and for one living session. Without a limit, both are
    /// treated like any other client.
    pub const fn known(self, limit: ThrottleLimit) -> Self {
        Self { known: Some(limit), ..self }
    }

    /// Another limit for the successful logins of one account from one client network. A test suite
    /// that logs one user in more often than this from one machine needs a larger one.
    pub const fn logins(self, limit: ThrottleLimit) -> Self {
        Self { logins: Some(limit), ..self }
    }

    pub(super) const fn pair_limit(&self) -> Option<ThrottleLimit> {
        self.account_and_network
    }

    pub(super) const fn network_limit(&self) -> Option<ThrottleLimit> {
        self.network
    }

    pub(super) const fn account_limit(&self) -> Option<ThrottleLimit> {
        self.account
    }

    pub(super) const fn known_limit(&self) -> Option<ThrottleLimit> {
        self.known
    }

    pub(super) const fn logins_limit(&self) -> Option<ThrottleLimit> {
        self.logins
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new()
    }
}
