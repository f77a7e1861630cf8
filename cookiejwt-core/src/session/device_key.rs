//! The public key of a device, as the row of a session keeps it.

use std::fmt;

/// The public key of the device that a session is bound to (W3C Device Bound Session Credentials):
/// `ES256.<x>.<y>`, the coordinates of RFC 7518 §6.2.1.
///
/// A store keeps the text and compares it byte by byte. A text that is no key stays what it is and
/// verifies nothing, so a row with one is never taken for an unbound session.
///
/// ```
/// use cookiejwt_core::store::DeviceKey;
///
/// let stored = "ES256.f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU.x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
/// assert_eq!(DeviceKey::from(stored).as_str(), stored);
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DeviceKey(Box<str>);

impl DeviceKey {
    /// The longest text in bytes: the size of the column.
    pub const MAX_LENGTH: usize = 512;

    /// The text as a store keeps it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for DeviceKey {
    fn from(stored: &str) -> Self {
        Self(stored.into())
    }
}

impl From<String> for DeviceKey {
    fn from(stored: String) -> Self {
        Self(stored.into())
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceKey({})", self.0)
    }
}
