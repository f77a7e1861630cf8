//! The offer to bind a session, which only the response that begins the session contains.

use http::{HeaderName, HeaderValue};

use super::instructions::BIND;
use crate::{
    decide::Core,
    session::{SessionId, Timestamp},
};

pub(crate) static REGISTRATION: HeaderName = HeaderName::from_static("secure-session-registration");

/// An offer to the browser: make a key, and register it for this session.
///
/// Whoever has its challenge can bind the session once, and gets nothing else for it. It is in a
/// field that scripts can read, so it must not be worth more.
#[derive(Clone, Debug)]
pub struct DeviceOffer {
    challenge: String,
}

impl DeviceOffer {
    /// The value of `Secure-Session-Registration`, for routes under this prefix, such as
    /// `/api/auth`.
    pub fn header(&self, prefix: &str) -> Option<HeaderValue> {
        let Self { challenge } = self;
        HeaderValue::try_from(format!("(ES256);path=\"{prefix}{BIND}\";challenge=\"{challenge}\"")).ok()
    }
}

impl Core {
    /// The offer for a session that begins now, if sessions are offered.
    pub(crate) fn device_offer(&self, session: &SessionId, now: Timestamp) -> Option<DeviceOffer> {
        let offers = self.config().device_bound.offers();
        offers.then(|| DeviceOffer { challenge: self.parts().challenges.registration(session, now) })
    }

    /// Whether an access token with this memory counts only beside its refresh cookie. Browsers
    /// renew only a cookie that has an age, and such a cookie outlives the browser.
    pub(crate) fn ends_with_browser(&self, remember: bool) -> bool {
        !remember && self.config().device_bound.renews()
    }
}
