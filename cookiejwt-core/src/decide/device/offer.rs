//! Whether a session is offered, and what that means for its access token.

use crate::{
    decide::Core,
    device::DeviceOffer,
    session::{SessionId, Timestamp},
};

impl Core {
    /// The offer for a session that begins now, if sessions are offered.
    pub(crate) fn device_offer(&self, session: &SessionId, now: Timestamp) -> Option<DeviceOffer> {
        let offers = self.config().device_bound.offers();
        offers.then(|| DeviceOffer::new(&self.parts().challenges, session, now))
    }

    /// Whether an access token with this memory counts only beside its refresh cookie. Browsers
    /// renew only a cookie that has an age, and such a cookie outlives the browser.
    pub(crate) fn ends_with_browser(&self, remember: bool) -> bool {
        !remember && self.config().device_bound.renews()
    }
}
