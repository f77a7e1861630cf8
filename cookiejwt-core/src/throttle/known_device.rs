//! Devices that an account has logged in from before (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
//!
//! A cookie that outlives the session says so. It opens nothing: who shows it still needs the password, and is only spared
//! the limits that strangers fill.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    config::{Config, ConfigBuilder},
    decide::{Core, Login},
    keys::with_lengths,
    request::{RequestHead, visit_pairs},
    response::Life,
    session::{Realm, Subject},
};

/// How long a device is known: 180 days in seconds.
const LIFE: i64 = 180 * 86_400;
/// A cookie's name may come more than once, and nobody's requests may cost a hundred signatures.
const MOST_PRESENTED: usize = 4;
/// An id and a signature in base64url, with room to spare.
const LONGEST_VALUE: usize = 128;

/// The name of the cookie. The one place where it is made.
pub(crate) fn cookie_name(is_secure: bool, realm: &Realm) -> String {
    let prefix = if is_secure { "__Host-" } else { "" };
    let separator = if realm.is_empty() { "" } else { "_" };
    format!("{prefix}{realm}{separator}known_device")
}

/// One device of one account. It is the id of the session whose login made the device known: 128 random bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeviceId(Box<str>);

impl DeviceId {
    /// The id as it stands in the cookie.
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

/// What a request presented as known devices, not yet checked: whose they are is known when the user is.
#[derive(Clone, Default)]
pub struct PresentedDevices(Vec<Box<str>>);

impl fmt::Debug for PresentedDevices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PresentedDevices({})", self.0.len())
    }
}

impl ConfigBuilder {
    /// Whether a login with `remember` sets the cookie `__Host-known_device`, which lives for 180 days. Variable
    /// `COOKIEJWT_KNOWN_DEVICES`, default true.
    ///
    /// Whoever guesses at an account from many networks fills its limit over all networks, and could keep the owner waiting
    /// for as long as they go on. A device that the account has logged in from before has a limit of its own instead (OWASP,
    /// "Slow Down Online Guessing Attacks with Device Cookies"). The cookie opens nothing: the password is still needed. A
    /// new password forgets all devices, and logging out does not.
    pub fn known_devices(mut self, on: bool) -> Self {
        self.no_known_devices = !on;
        self
    }
}

impl Config {
    /// Whether a login makes its device known, so that no stranger's guesses keep the owner out there.
    pub fn known_devices(&self) -> bool {
        self.known_devices
    }

    /// The name of the cookie that makes a device known.
    pub fn device_name(&self) -> &str {
        &self.cookies.device_name
    }
}

impl Core {
    /// Reads the cookies that name known devices. None in token mode, where no cookie is read, and none when
    /// [`known_devices`](crate::ConfigBuilder::known_devices) is off.
    pub fn presented_devices(&self, head: &RequestHead<'_>) -> PresentedDevices {
        let mut presented = Vec::new();
        if !self.config().known_devices || !self.reads_cookies(head) {
            return PresentedDevices::default();
        }
        visit_pairs(head, &mut |pair| {
            let value = pair.value_of(self.config().device_name());
            let fits = |value: &&[u8]| value.len() <= LONGEST_VALUE && presented.len() < MOST_PRESENTED;
            let value = value.filter(fits).and_then(|value| std::str::from_utf8(value).ok());
            presented.extend(value.map(Into::into));
        });
        PresentedDevices(presented)
    }

    /// Which of the presented devices this account has logged in from, with the password that it has now.
    ///
    /// A new password forgets all devices. The work is the same when there is no such user, or no password.
    pub fn known_device(
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
            let mac = URL_SAFE_NO_PAD.decode(mac).unwrap_or_default();
            let message = message(&self.config().realm, subject, id, hash);
            if self.device_keys().iter().any(|key| key.verify(&message, &mac)) {
                known = account.map(|_| DeviceId(id.into()));
            }
        }
        known
    }

    /// Adds the cookie that makes this device known to a login, in place of one that is there already. Only where the login
    /// asked to be remembered, its tokens leave in cookies, and the user has a password that could be guessed.
    pub fn remember_device(&self, login: Login, password_hash: Option<&str>) -> Login {
        let in_cookies = !login.cookies.is_empty() && self.config().credentials.reads_cookies();
        let remembers = self.config().known_devices && login.record.remember && in_cookies;
        let Some(hash) = password_hash.filter(|_| remembers) else { return login };
        let Some(key) = self.device_keys().first() else { return login };
        let id = login.record.id.as_str();
        let mac = key.sign(&message(&self.config().realm, login.record.subject.as_str(), id, hash));
        let value = format!("{id}.{}", URL_SAFE_NO_PAD.encode(mac));
        // Some 130 bytes: it always fits.
        let now = login.record.created_at.as_seconds();
        let until = Life { now, ends_at: now.saturating_add(LIFE) };
        let Ok(line) = self.cookie_writer().device(&value, until) else { return login };
        Login { cookies: login.cookies.with_device(line), ..login }
    }
}

fn message(realm: &Realm, subject: &str, id: &str, password_hash: &str) -> Vec<u8> {
    with_lengths([realm.as_str(), subject, id, password_hash].map(str::as_bytes))
}

#[cfg(test)]
mod tests;
