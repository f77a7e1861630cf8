//! Devices that an account has logged in from before (OWASP, "Slow Down Online Guessing Attacks
//! with Device Cookies").
//!
//! A cookie that outlives the session marks such a device. It grants nothing: its holder still
//! needs the password, and only avoids the limits that others fill.

use std::fmt;

use crate::{
    keys::{HmacKey, with_lengths},
    request::{RequestHead, visit_pairs},
    response::Life,
    session::{Realm, SessionId, Subject},
    syntax::base64url,
};

/// How long a device is known: 180 days in seconds.
const LIFE: i64 = 180 * 86_400;
/// A cookie may be sent more than once, and no request may cost a hundred signatures.
const MOST_PRESENTED: usize = 4;
/// An id and a signature in base64url, with room to spare.
const LONGEST_VALUE: usize = 128;

/// One device of one account. It is the id of the session whose login made the device known: 128
/// random bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeviceId(Box<str>);

impl DeviceId {
    /// The id as it appears in the cookie.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
impl From<&str> for DeviceId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

/// The known devices that a request presented. They are checked once the user is known.
#[derive(Clone, Default)]
pub struct PresentedDevices(Vec<Box<str>>);

impl fmt::Debug for PresentedDevices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PresentedDevices({})", self.0.len())
    }
}

impl PresentedDevices {
    /// The cookies of this name in a request; a value that is too long is none.
    pub(crate) fn read(head: &RequestHead<'_>, name: &str) -> Self {
        let mut presented = Vec::new();
        visit_pairs(head, |pair| {
            let fits = |value: &&[u8]| value.len() <= LONGEST_VALUE && presented.len() < MOST_PRESENTED;
            let value = pair.value_of(name).filter(fits).and_then(|value| std::str::from_utf8(value).ok());
            presented.extend(value.map(Into::into));
        });
        Self(presented)
    }
}

/// Signs and verifies the values of the cookie.
pub(crate) struct KnownDevices {
    /// The first key signs.
    keys: Vec<HmacKey>,
    realm: Realm,
}

impl KnownDevices {
    pub(crate) fn new(keys: Vec<HmacKey>, realm: Realm) -> Self {
        Self { keys, realm }
    }

    /// See [`Core::known_device`](crate::Core::known_device).
    pub(crate) fn find(
        &self,
        presented: &PresentedDevices,
        subject: Option<&Subject>,
        password_hash: Option<&str>,
    ) -> Option<DeviceId> {
        let account = subject.zip(password_hash);
        let (subject, hash) = account.map_or(("", ""), |(subject, hash)| (subject.as_str(), hash));
        let mut known = None;
        for value in &presented.0 {
            let (id, mac) = value.split_once('.').unwrap_or((value, ""));
            let mac = base64url::decode(mac).unwrap_or_default();
            let message = message(&self.realm, subject, id, hash);
            if self.keys.iter().any(|key| key.verify(&message, &mac)) {
                known = account.map(|_| DeviceId(id.into()));
            }
        }
        known
    }

    /// The value of the cookie that makes the device of this session known, some 130 bytes.
    pub(crate) fn value(
        &self,
        session: &SessionId,
        subject: &Subject,
        password_hash: &str,
    ) -> Option<String> {
        let id = session.as_str();
        let mac = self.keys.first()?.sign(&message(&self.realm, subject.as_str(), id, password_hash));
        Some(format!("{id}.{}", base64url::encode(mac)))
    }

    /// The lifetime of a cookie that is set at `now` in seconds.
    pub(crate) fn life(now: i64) -> Life {
        Life { now, ends_at: now.saturating_add(LIFE) }
    }
}

fn message(realm: &Realm, subject: &str, id: &str, password_hash: &str) -> Vec<u8> {
    with_lengths([realm.as_str(), subject, id, password_hash].map(str::as_bytes))
}

#[cfg(test)]
mod tests;
