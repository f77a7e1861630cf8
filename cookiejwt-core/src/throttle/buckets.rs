//! How many passwords may be tried: the generic cell rate algorithm (GCRA) over plain numbers.
//!
//! A bucket fills by one interval with each failure and drains with time. A store keeps one number
//! per bucket: when it will be empty. A try reads its buckets before the password is hashed, and
//! writes to them only if the password was wrong.

use std::net::IpAddr;

use crate::{
    keys::{HmacKey, with_lengths},
    session::{SessionId, Subject, Timestamp},
    syntax::base64url,
    throttle::{
        known_device::DeviceId,
        limits::{Throttle, ThrottleLimit},
        networks::networks,
    },
};

/// Passwords of one account that one node checks at once for one client network, device or session.
const IN_FLIGHT_PER_ACCOUNT_AND_NETWORK: u32 = 5;
/// Passwords of one account that one node checks at once.
const IN_FLIGHT_PER_ACCOUNT: u32 = 20;
/// Passwords from one client network that one node checks at once.
const IN_FLIGHT_PER_NETWORK: u32 = 30;

/// Codes of one account that one node checks at once.
const IN_FLIGHT_PER_STEP: u32 = 1;
/// Five, and no sixth in the ten minutes that a pending login lives.
const WRONG_PER_PENDING: ThrottleLimit = ThrottleLimit::of_minutes(5, 20);
/// Ten, then one in fifteen minutes.
const WRONG_PER_ACCOUNT: ThrottleLimit = ThrottleLimit::of_minutes(10, 15);

/// The name of a bucket: a keyed hash, because users type passwords into the field for the user
/// name, and because a database does not need to know whose password was guessed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketId(Box<str>);

impl BucketId {
    /// 22 characters of URL-safe base64.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for BucketId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

/// Which limit a bucket belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ThrottleScope {
    /// One account, from one client network.
    AccountAndNetwork,
    /// One device that the account has logged in from before.
    KnownDevice,
    /// One session that is alive.
    Session,
    /// One account, over all networks.
    Account,
    /// One client network: an IPv4 address, or an IPv6 /64, /56 or /48.
    Network,
    /// Successful logins of one account from one client network.
    Logins,
    /// One login that is not complete.
    PendingLogin,
    /// The second factors of one account.
    SecondFactor,
}

impl ThrottleScope {
    /// As one word, for logs and counters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountAndNetwork => "account_and_network",
            Self::KnownDevice => "known_device",
            Self::Session => "session",
            Self::Account => "account",
            Self::Network => "network",
            Self::Logins => "logins",
            Self::PendingLogin => "pending_login",
            Self::SecondFactor => "second_factor",
        }
    }
}

/// What the client of a try presents in addition to the password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing<'a> {
    /// Nothing.
    #[default]
    Stranger,
    /// That the account has logged in from this device before; see
    /// [`Core::known_device`](crate::Core::known_device).
    KnownDevice(&'a DeviceId),
    /// A session of the account that is alive.
    Session(&'a SessionId),
}

/// A try at a password, before it is checked.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "drivers construct it")]
pub struct PasswordTry<'a> {
    /// The login name, if one was typed.
    pub login: Option<&'a str>,
    /// The user whose password it would be, if there is one.
    pub subject: Option<&'a Subject>,
    /// The client's network address, if it is known.
    pub ip: Option<IpAddr>,
    /// What the client presents in addition to the password.
    pub standing: Standing<'a>,
}

/// One bucket that a try may fill.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThrottleBucket {
    /// Its name.
    pub id: BucketId,
    /// Which limit it belongs to.
    pub scope: ThrottleScope,
    /// Whether it refuses the try when it is full. A bucket that does not refuse only counts.
    pub refuses: bool,
    /// How many tries one node checks for it at once. The next one waits and is not refused.
    pub most_in_flight: Option<u32>,
    limit: ThrottleLimit,
}

impl ThrottleBucket {
    /// A bucket that refuses, with this limit. The driver takes those of
    /// [`Core::throttle_buckets`](crate::Core::throttle_buckets); this is for the tests of a store.
    pub fn new(id: BucketId, scope: ThrottleScope, limit: ThrottleLimit) -> Self {
        Self { id, scope, refuses: true, most_in_flight: None, limit }
    }

    fn in_flight(self, most: u32) -> Self {
        Self { most_in_flight: Some(most), ..self }
    }

    /// Whether a success fills it, and not a failure.
    pub fn counts_successes(&self) -> bool {
        self.scope == ThrottleScope::Logins
    }

    /// How many tries may fail before the bucket is full. `drained_at` is when the bucket will be
    /// empty; `None` if the store has no such bucket.
    pub fn room(&self, drained_at: Option<Timestamp>, now: Timestamp) -> u32 {
        let free = self.limit.capacity_millis().saturating_sub(filled(drained_at, now)).max(0);
        let room = free.checked_div(self.limit.interval_millis()).unwrap_or(0);
        u32::try_from(room).unwrap_or(u32::MAX)
    }

    /// How long to wait for room, in whole seconds, at least one (RFC 9110 §10.2.3).
    pub fn retry_after_seconds(&self, drained_at: Option<Timestamp>, now: Timestamp) -> u32 {
        let needed = filled(drained_at, now).saturating_add(self.limit.interval_millis());
        let millis = needed.saturating_sub(self.limit.capacity_millis());
        u32::try_from(millis.saturating_add(999).div_euclid(1000).max(1)).unwrap_or(u32::MAX)
    }

    /// What one failure writes, or one success where the bucket counts those.
    pub fn charge(&self, now: Timestamp) -> ThrottleCharge {
        let fullest = self.limit.capacity_millis().saturating_mul(2);
        ThrottleCharge {
            bucket: self.id.clone(),
            now,
            interval_millis: self.limit.interval_millis(),
            latest: now.plus_millis(fullest),
        }
    }
}

/// The names in a try.
struct Names<'a> {
    subject: Option<&'a Subject>,
    login: Option<String>,
}

impl<'a> Names<'a> {
    fn of(tried: PasswordTry<'a>) -> Self {
        let login = tried.login.map(|login| login.trim().to_lowercase());
        Self { subject: tried.subject, login }
    }

    /// The user, or the login name if no user has it.
    fn account(&self) -> Option<(&str, &str)> {
        let nobody = || self.login.as_deref().map(|login| ("nobody", login));
        self.subject.map(|subject| ("subject", subject.as_str())).or_else(nobody)
    }

    fn login(&self) -> Option<(&str, &str)> {
        self.login.as_deref().map(|login| ("login", login))
    }
}

/// How much of the bucket is filled, in milliseconds.
fn filled(drained_at: Option<Timestamp>, now: Timestamp) -> i64 {
    drained_at.map_or(0, |at| at.as_millis().saturating_sub(now.as_millis()).max(0))
}

/// Counts one try in one bucket, whether there is room or not: the password has been checked by
/// now.
///
/// A store applies it as ONE statement: a bucket that does not exist gets `now + interval_millis`;
/// any other `max(drained_at, min(max(drained_at, now) + interval_millis, latest))`. Nodes that
/// check passwords at the same moment may fill a bucket beyond its capacity. The debt is paid off
/// before the next try, so the rate holds over time, and it ends at one capacity, so no user waits
/// for hours.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThrottleCharge {
    /// The bucket.
    pub bucket: BucketId,
    /// The present time.
    pub now: Timestamp,
    /// What one try adds.
    pub interval_millis: i64,
    /// The bucket is not filled beyond this.
    pub latest: Timestamp,
}

impl ThrottleCharge {
    /// When the bucket will be empty after this try; for stores that keep buckets in memory.
    pub fn applied_to(&self, drained_at: Option<Timestamp>) -> Timestamp {
        let before = drained_at.unwrap_or(self.now);
        let filled = before.max(self.now).plus_millis(self.interval_millis);
        before.max(filled.min(self.latest))
    }
}

/// Makes the buckets of a try; see [`Core::throttle_buckets`](crate::Core::throttle_buckets).
pub(crate) struct Buckets<'a> {
    pub(crate) key: &'a HmacKey,
    pub(crate) throttle: &'a Throttle,
}

impl Buckets<'_> {
    pub(crate) fn of(&self, tried: PasswordTry<'_>) -> Vec<ThrottleBucket> {
        let own = self.own_bucket(tried.standing);
        let refuses = own.is_none();
        let of_strangers = self.buckets_of_strangers(tried).into_iter();
        let of_strangers = of_strangers.map(|bucket| ThrottleBucket { refuses, ..bucket });
        own.into_iter().chain(of_strangers).chain(self.successes(tried)).collect()
    }

    fn own_bucket(&self, standing: Standing<'_>) -> Option<ThrottleBucket> {
        let (scope, name) = match standing {
            Standing::Stranger => return None,
            Standing::KnownDevice(id) => (ThrottleScope::KnownDevice, ["device", id.as_str()]),
            Standing::Session(id) => (ThrottleScope::Session, ["session", id.as_str()]),
        };
        let bucket = ThrottleBucket::new(self.bucket(&name), scope, self.throttle.known_limit()?);
        Some(bucket.in_flight(IN_FLIGHT_PER_ACCOUNT_AND_NETWORK))
    }

    /// In the order of their scopes: a try that waits for a place in one of them holds places only
    /// in earlier ones, so no two tries wait for each other.
    fn buckets_of_strangers(&self, tried: PasswordTry<'_>) -> Vec<ThrottleBucket> {
        let names = Names::of(tried);
        let networks = tried.ip.map(networks).unwrap_or_default();
        let of_pairs = [names.account(), names.login()].map(|name| {
            let ((kind, name), network) = (name?, networks.first()?);
            let id = self.bucket(&["pair", kind, name, &network.name]);
            let bucket =
                ThrottleBucket::new(id, ThrottleScope::AccountAndNetwork, self.throttle.pair_limit()?);
            Some(bucket.in_flight(IN_FLIGHT_PER_ACCOUNT_AND_NETWORK))
        });
        let of_account = names.account().and_then(|(kind, name)| {
            let id = self.bucket(&["account", kind, name]);
            let bucket = ThrottleBucket::new(id, ThrottleScope::Account, self.throttle.account_limit()?);
            Some(bucket.in_flight(IN_FLIGHT_PER_ACCOUNT))
        });
        let of_networks = networks.iter().filter_map(|network| {
            let id = self.bucket(&["network", &network.name]);
            let limit = self.throttle.network_limit()?.times(network.times);
            let bucket = ThrottleBucket::new(id, ThrottleScope::Network, limit);
            Some(bucket.in_flight(IN_FLIGHT_PER_NETWORK.saturating_mul(network.times)))
        });
        of_pairs.into_iter().chain([of_account]).flatten().chain(of_networks).collect()
    }

    fn successes(&self, tried: PasswordTry<'_>) -> Option<ThrottleBucket> {
        let names = Names::of(tried);
        let ((kind, name), networks) = (names.account()?, networks(tried.ip?));
        let id = self.bucket(&["logins", kind, name, &networks.first()?.name]);
        Some(ThrottleBucket::new(id, ThrottleScope::Logins, self.throttle.logins_limit()?))
    }

    /// The buckets of a further step of a login. An account has one of its own for them, so that
    /// strangers who do not know the password cannot fill it. They count even where passwords are
    /// not throttled: a code of six digits is soon guessed.
    pub(crate) fn of_step(&self, pending: &str, subject: Option<&Subject>) -> Vec<ThrottleBucket> {
        let of_pending = self.bucket(&["pending", pending]);
        let of_pending = ThrottleBucket::new(of_pending, ThrottleScope::PendingLogin, WRONG_PER_PENDING);
        let of_account = subject.map(|subject| {
            let id = self.bucket(&["second factor", subject.as_str()]);
            ThrottleBucket::new(id, ThrottleScope::SecondFactor, WRONG_PER_ACCOUNT)
        });
        let of_pending = of_pending.in_flight(IN_FLIGHT_PER_STEP);
        let of_account = of_account.map(|bucket| bucket.in_flight(IN_FLIGHT_PER_STEP));
        std::iter::once(of_pending).chain(of_account).collect()
    }

    /// 128 bits of a keyed hash; each part is preceded by its length, so that no two lists give the
    /// same bytes.
    fn bucket(&self, parts: &[&str]) -> BucketId {
        let hash = self.key.sign(&with_lengths(parts.iter().map(|part| part.as_bytes())));
        let (half, _) = hash.split_at(16);
        BucketId(base64url::encode(half).into())
    }
}

#[cfg(test)]
mod tests;
