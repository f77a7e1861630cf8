//! The offer to bind a session, which only the response that begins the session contains.

use http::HeaderValue;

use crate::session::{SessionId, Timestamp};

use super::challenge::Challenges;

/// Under the prefix of the application.
const BIND: &str = "/device/";

/// An offer to the browser: make a key, and register it for this session.
///
/// Its challenge can bind the session once, and permits nothing else: scripts can read the field
/// that it is sent in.
#[derive(Clone, Debug)]
pub struct DeviceOffer {
    challenge: String,
}

impl DeviceOffer {
    pub(crate) fn new(challenges: &Challenges, session: &SessionId, now: Timestamp) -> Self {
        Self { challenge: challenges.registration(session, now) }
    }

    /// The value of `Secure-Session-Registration`, for routes under this prefix, such as
    /// `/api/auth`.
    pub fn header(&self, prefix: &str) -> Option<HeaderValue> {
        let Self { challenge } = self;
        HeaderValue::try_from(format!("(ES256);path=\"{prefix}{BIND}\";challenge=\"{challenge}\"")).ok()
    }
}
