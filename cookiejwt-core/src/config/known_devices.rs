//! The settings of the cookie that makes a device known.

use super::{Config, ConfigBuilder};
use crate::session::Realm;

impl ConfigBuilder {
    /// Whether a login with `remember` sets the cookie `__Host-known_device`, which lives for 180
    /// days. Variable `COOKIEJWT_KNOWN_DEVICES`, default true.
    ///
    /// An attacker who guesses the password of an account from many networks fills its limit over
    /// all networks, and could keep the owner waiting as long as the attack lasts. A device from
    /// which the account has logged in before has its own limit instead (OWASP, "Slow Down Online
    /// Guessing Attacks with Device Cookies"). The cookie grants nothing: the password is still
    /// required. A new password forgets all devices; a logout does not.
    pub fn known_devices(mut self, on: bool) -> Self {
        self.no_known_devices = !on;
        self
    }
}

impl Config {
    /// Whether a login makes its device known, so that the guesses of others cannot keep the owner
    /// out on it.
    pub fn known_devices(&self) -> bool {
        self.known_devices
    }

    /// The name of the cookie that makes a device known.
    pub fn device_name(&self) -> &str {
        &self.cookies.device_name
    }
}

/// The name of the cookie. It is made only here.
pub(super) fn cookie_name(is_secure: bool, realm: &Realm) -> String {
    let prefix = if is_secure { "__Host-" } else { "" };
    let separator = if realm.is_empty() { "" } else { "_" };
    format!("{prefix}{realm}{separator}known_device")
}
