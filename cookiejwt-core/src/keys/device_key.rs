//! What the text of a device's key stands for.

use crate::{
    keys::crypto::{Algorithm, Members, VerifyingPublic},
    session::DeviceKey,
    syntax::base64url,
};

const ES256: &str = "ES256";
/// A coordinate of P-256 in base64url without padding.
const COORDINATE: usize = 43;

/// The key of these coordinates, if they are the canonical ones of a point on P-256.
pub(crate) fn device_key_of(x: &str, y: &str) -> Option<DeviceKey> {
    let key = DeviceKey::from(format!("{ES256}.{x}.{y}"));
    public(&key).and_then(|public| public.possible().ok()).map(|_| key)
}

/// Whether the device of this key has signed the message (ES256: r and s, 64 bytes).
pub(crate) fn is_signed_by_device(key: &DeviceKey, message: &[u8], signature: &[u8]) -> bool {
    signature.len() == 64 && public(key).is_some_and(|public| public.verify(message, signature))
}

fn public(key: &DeviceKey) -> Option<VerifyingPublic> {
    let (algorithm, coordinates) = key.as_str().split_once('.')?;
    let (x, y) = coordinates.split_once('.')?;
    let is_canonical =
        |text: &str| text.len() == COORDINATE && base64url::decode(text).is_some_and(|it| it.len() == 32);
    if algorithm != ES256 || !is_canonical(x) || !is_canonical(y) {
        return None;
    }
    let members = Members::Ec { x: x.into(), y: y.into() };
    VerifyingPublic::from_members(Algorithm::Es256, members).ok()
}
