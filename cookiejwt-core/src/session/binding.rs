//! Binding a session to a device, once.

use crate::session::{
    device_key::DeviceKey,
    ids::{Realm, SessionId},
    record::SessionRecord,
    timestamp::Timestamp,
};

/// Binds a session to the key of a device (W3C Device Bound Session Credentials).
///
/// A store applies it as ONE statement. The condition, in full: `id = session_id AND realm = realm
/// AND device_key IS NULL AND revoked_at IS NULL AND expires_at > now AND ends_at > now`. It sets
/// `device_key = key`, and nothing else. Nothing ever changes the key or removes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BindRequest {
    /// The row.
    pub session_id: SessionId,
    /// Must be the row's.
    pub realm: Realm,
    /// Becomes `device_key`.
    pub key: DeviceKey,
    /// The present time.
    pub now: Timestamp,
}

impl BindRequest {
    /// Binds this session of this realm to this key.
    pub fn new(session_id: SessionId, realm: Realm, key: DeviceKey, now: Timestamp) -> Self {
        Self { session_id, realm, key, now }
    }

    /// Whether the row meets the condition; for stores that keep rows in memory.
    pub fn matches(&self, row: &SessionRecord) -> bool {
        row.id == self.session_id && row.realm == self.realm && row.device.is_none() && row.is_alive(self.now)
    }

    /// Changes a row that [`matches`](Self::matches); for stores that keep rows in memory.
    pub fn apply(&self, row: &mut SessionRecord) {
        row.device = Some(self.key.clone());
    }
}
