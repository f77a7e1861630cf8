//! How many passwords may be tried: the generic cell rate algorithm (GCRA) over plain numbers.
//!
//! A bucket fills by one interval with each try and drains with the time. What a store keeps of it is one number: when it
//! will be empty. A try passes when the bucket has room for it.

mod limits;

use std::net::IpAddr;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

pub use self::limits::{Throttle, ThrottleLimit};
use crate::{Core, Subject, Timestamp};

/// The name of a bucket: a keyed hash, because people type passwords into the field for the user name, and because a
/// database need not know who was guessed at.
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
pub enum ThrottleScope {
    /// One account, from one client network.
    AccountAndNetwork,
    /// One client network: an IPv4 address or an IPv6 /64.
    Network,
    /// One account, over all networks.
    Account,
}

impl ThrottleScope {
    /// As one word, for logs and counters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountAndNetwork => "account_and_network",
            Self::Network => "network",
            Self::Account => "account",
        }
    }
}

/// Somebody's try at a password, before it is checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct PasswordTry<'a> {
    /// The login name, where one was typed.
    pub login: Option<&'a str>,
    /// The user whose password it would be, if there is one.
    pub subject: Option<&'a Subject>,
    /// The client's network address, as far as it is known.
    pub ip: Option<IpAddr>,
}

/// One try for one bucket: counted when there is room for it.
///
/// A store applies it as ONE conditional statement. In full: a bucket that is not there, or with `drained_at <= latest`, gets
/// `drained_at = max(drained_at, now) + interval_millis`; any other is left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThrottleRequest {
    /// The bucket.
    pub bucket: BucketId,
    /// Which limit it belongs to.
    pub scope: ThrottleScope,
    /// The present time.
    pub now: Timestamp,
    /// What one try adds.
    pub interval_millis: i64,
    /// A bucket that drains later than this has no room.
    pub latest: Timestamp,
}

/// What the store saw when it tried to count: facts, no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThrottleOutcome {
    /// There was room, and the try is counted.
    Counted,
    /// There was none; when the bucket will be empty, as a fresh read found it.
    Full(Option<Timestamp>),
}

/// Takes a counted try back, because it was a right password or none was checked: `drained_at = drained_at - millis`, where
/// there is such a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThrottleRefund {
    /// The bucket.
    pub bucket: BucketId,
    /// What is taken back.
    pub millis: i64,
}

impl ThrottleRequest {
    /// Whether a bucket has room; for stores that hold buckets in memory.
    pub fn has_room(&self, drained_at: Option<Timestamp>) -> bool {
        drained_at.is_none_or(|drained_at| drained_at <= self.latest)
    }

    /// When a bucket with room will be empty after this try.
    pub fn counted(&self, drained_at: Option<Timestamp>) -> Timestamp {
        drained_at.map_or(self.now, |drained_at| drained_at.max(self.now)).plus_millis(self.interval_millis)
    }

    /// How long to wait for room, in whole seconds, at least one (RFC 9110 §10.2.3).
    pub fn retry_after_seconds(&self, drained_at: Option<Timestamp>) -> u32 {
        let millis = drained_at.map_or(0, |at| at.as_millis().saturating_sub(self.latest.as_millis()));
        u32::try_from(millis.saturating_add(999).div_euclid(1000).max(1)).unwrap_or(u32::MAX)
    }

    /// What is left of the counted try; nothing once it has drained. To take back more than that would make room that
    /// nobody has waited for.
    pub fn refund(&self, now: Timestamp) -> Option<ThrottleRefund> {
        let passed = now.as_millis().saturating_sub(self.now.as_millis()).max(0);
        let millis = self.interval_millis.saturating_sub(passed);
        (millis > 0).then(|| ThrottleRefund { bucket: self.bucket.clone(), millis })
    }
}

impl Core {
    /// The buckets that a try has to pass, in this order; those that counted it before one refuses give it back.
    ///
    /// An account is the user where there is one, so that no other spelling of his login name (a store may fold more than
    /// case) gives more tries, and so that every route with a password counts alike. From one network the login name counts as
    /// well, in lower case: who tries `Bob` and then `bob` sees the same whether there is a bob or not. A login name that
    /// nobody has costs as many buckets.
    pub fn throttle_requests(
        &self,
        throttle: &Throttle,
        tried: PasswordTry<'_>,
        now: Timestamp,
    ) -> Vec<ThrottleRequest> {
        let login = tried.login.map(|login| login.trim().to_lowercase());
        let account = match tried.subject {
            Some(subject) => Some(("subject", subject.as_str())),
            None => login.as_deref().map(|login| ("nobody", login)),
        };
        let login = login.as_deref().map(|login| ("login", login));
        let network = tried.ip.map(network);
        let network = network.as_deref();
        let (pair, by_network, by_account) = throttle.limits();
        let of_pair = [account, login].map(|name| {
            let (kind, name) = name?;
            Some((ThrottleScope::AccountAndNetwork, pair?, self.bucket(&["pair", kind, name, network?])))
        });
        let of_network = network.and_then(|network| {
            Some((ThrottleScope::Network, by_network?, self.bucket(&["network", network])))
        });
        let of_account = account.and_then(|(kind, name)| {
            Some((ThrottleScope::Account, by_account?, self.bucket(&["account", kind, name])))
        });
        let buckets = of_pair.into_iter().chain([of_network, of_account]).flatten();
        buckets.map(|(scope, limit, bucket)| limit.request(bucket, scope, now)).collect()
    }

    /// 128 bits of a keyed hash; lengths stand before the parts, so that no two lists give the same bytes.
    fn bucket(&self, parts: &[&str]) -> BucketId {
        let mut message = Vec::new();
        for part in parts {
            message.extend_from_slice(&(part.len() as u64).to_be_bytes());
            message.extend_from_slice(part.as_bytes());
        }
        let hash = self.throttle_key().sign(&message);
        let (half, _) = hash.split_at(16);
        BucketId(URL_SAFE_NO_PAD.encode(half).into())
    }
}

/// An IPv4 address, or the /64 of an IPv6 address: who has one of those has all of it.
fn network(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}/64")
        }
    }
}

#[cfg(test)]
mod tests;
