//! Limits on password tries, and the devices that an account is known on.

use crate::{
    decide::{facade::Core, login::Login, pending::PendingLogin},
    request::{RequestHead, reads_cookies},
    session::Subject,
    throttle::{Buckets, DeviceId, KnownDevices, PasswordTry, PresentedDevices, Throttle, ThrottleBucket},
};

impl Core {
    /// The buckets of a try.
    ///
    /// An account is the user if there is one, so that no other spelling of the login name (a store
    /// may fold more than case) gives more tries, and so that every route with a password counts
    /// alike. From one network the login name counts as well, in lower case: a client that tries
    /// `Bob` and then `bob` sees the same whether there is a bob or not. A login name without a
    /// user costs as many buckets.
    ///
    /// A client that proves that the account has logged in there before is refused only by its own
    /// bucket: however many others guess, from anywhere, they cannot keep the owner out (OWASP,
    /// "Slow Down Online Guessing Attacks with Device Cookies"). The failures of such a client
    /// still count in the shared buckets.
    pub fn throttle_buckets(&self, throttle: &Throttle, tried: PasswordTry<'_>) -> Vec<ThrottleBucket> {
        Buckets { key: &self.parts().throttle, throttle }.of(tried)
    }

    /// The buckets of a further step of a login, which only wrong checks fill: five for each
    /// pending login, and ten for each account, which then gets another one every 15 minutes (OWASP
    /// ASVS 6.6.3).
    pub fn step_buckets(&self, pending: &PendingLogin, subject: Option<&Subject>) -> Vec<ThrottleBucket> {
        let throttle = &Throttle::off();
        Buckets { key: &self.parts().throttle, throttle }.of_step(&pending.id, subject)
    }

    /// Reads the cookies of known devices. There are none in token mode, where no cookie is read,
    /// and none if [`known_devices`](crate::ConfigBuilder::known_devices) is off.
    pub fn presented_devices<'a>(&self, head: impl Into<RequestHead<'a>>) -> PresentedDevices {
        let head = head.into();
        if !self.config().known_devices || !reads_cookies(&head, self.config()) {
            return PresentedDevices::default();
        }
        PresentedDevices::read(&head, self.config().device_name())
    }

    /// The presented device from which this account has logged in with its current password.
    ///
    /// A new password forgets all devices. The work is the same if there is no such user or no
    /// password.
    pub fn known_device(
        &self,
        presented: &PresentedDevices,
        subject: Option<&Subject>,
        password_hash: Option<&str>,
    ) -> Option<DeviceId> {
        self.parts().devices.find(presented, subject, password_hash)
    }

    /// Adds the cookie that makes this device known to a login, and replaces an earlier one. It
    /// does so only if the login is remembered, its tokens are sent in cookies, the user has a
    /// password that could be guessed, and no other user acts for them.
    pub fn remember_device(&self, login: Login, password_hash: Option<&str>) -> Login {
        let in_cookies = !login.cookies.is_empty() && self.config().credentials.reads_cookies();
        let is_theirs = login.identity.actor().is_none();
        let remembers = self.config().known_devices && login.record.remember && in_cookies && is_theirs;
        let Some(hash) = password_hash.filter(|_| remembers) else { return login };
        let parts = self.parts();
        let value = parts.devices.value(&login.record.id, &login.record.subject, hash);
        let until = KnownDevices::life(login.record.created_at.as_seconds());
        match value.and_then(|value| parts.cookies.device(&value, until).ok()) {
            Some(cookie) => Login { cookies: login.cookies.with_line(cookie), ..login },
            None => login,
        }
    }
}
