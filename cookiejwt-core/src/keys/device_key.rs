//! The public key of a device, as the row of a session keeps it.

use std::fmt;

use crate::keys::crypto::{Algorithm, Members, VerifyingPublic};

const ES256: &str = "ES256";
/// A coordinate of P-256 in base64url without padding.
const COORDINATE: usize = 43;

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

    /// The key of these coordinates, if they are the canonical ones of a point on P-256.
    pub(crate) fn of_coordinates(x: &str, y: &str) -> Option<Self> {
        let key = Self(format!("{ES256}.{x}.{y}").into());
        key.public().and_then(|public| public.possible().ok()).map(|_| key)
    }

    /// Whether the device has signed this message (ES256: r and s, 64 bytes).
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        signature.len() == 64 && self.public().is_some_and(|public| public.verify(message, signature))
    }

    fn public(&self) -> Option<VerifyingPublic> {
        let (algorithm, coordinates) = self.0.split_once('.')?;
        let (x, y) = coordinates.split_once('.')?;
        let is_canonical = |text: &str| {
            text.len() == COORDINATE
                && crate::syntax::base64url::decode(text).is_some_and(|it| it.len() == 32)
        };
        if algorithm != ES256 || !is_canonical(x) || !is_canonical(y) {
            return None;
        }
        let members = Members::Ec { x: x.into(), y: y.into() };
        VerifyingPublic::from_members(Algorithm::Es256, members).ok()
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
