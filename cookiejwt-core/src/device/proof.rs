//! The proofs of devices: `dbsc+jwt`, compact JWS that are signed with the key of the device.

use serde_json::{Map, Value};

use super::fault::DeviceFault;
use crate::{
    keys::{device_key_of, is_signed_by_device},
    session::{DeviceKey, ProvedDevice, Timestamp},
    syntax::{base64url, strict_json},
};

const TYP: &str = "dbsc+jwt";
const ALG: &str = "ES256";
const LONGEST: usize = 2048;
/// Members that would change how the proof is read.
const FORBIDDEN: [&str; 4] = ["crit", "b64", "enc", "zip"];

/// A well-formed proof whose signature has not been verified yet.
pub(crate) struct PresentedProof {
    /// The challenge that it is over.
    pub(crate) challenge: String,
    header: Map<String, Value>,
    signed: String,
    signature: Vec<u8>,
}

/// A device that has proved itself. Made only where its signature was verified.
#[derive(Clone, Debug)]
pub(crate) struct DeviceProof(ProvedDevice);

impl DeviceProof {
    pub(crate) fn device(&self) -> &ProvedDevice {
        &self.0
    }
}

impl PresentedProof {
    /// Reads the shape. `aud`, `sub`, `iat` and `exp` are not looked at: browsers send none of
    /// them.
    pub(crate) fn read(text: &[u8]) -> Result<Self, DeviceFault> {
        Self::parse(text).ok_or(DeviceFault::Structure)
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok().filter(|text| text.len() <= LONGEST)?;
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let (header, mut payload) = (object(header)?, object(payload)?);
        let is = |name: &str, value: &str| header.get(name).and_then(Value::as_str) == Some(value);
        if !is("typ", TYP) || !is("alg", ALG) || FORBIDDEN.iter().any(|name| header.contains_key(*name)) {
            return None;
        }
        let signature = base64url::decode(signature).filter(|signature| signature.len() == 64)?;
        let Some(Value::String(challenge)) = payload.remove("jti") else { return None };
        Some(Self { challenge, signed: signed.into(), signature, header })
    }

    /// The key that a registration brings along, if the proof is signed with it.
    pub(crate) fn registers(&self) -> Result<DeviceKey, DeviceFault> {
        let key = self.key().ok_or(DeviceFault::Key)?;
        if self.is_signed_by(&key) { Ok(key) } else { Err(DeviceFault::Signature) }
    }

    /// The proof of a renewal. The key is that of the row; one in the proof is not looked at.
    pub(crate) fn proves(
        &self,
        key: &DeviceKey,
        challenged_at: Timestamp,
    ) -> Result<DeviceProof, DeviceFault> {
        if self.is_signed_by(key) {
            Ok(DeviceProof(ProvedDevice { key: key.clone(), challenged_at }))
        } else {
            Err(DeviceFault::Signature)
        }
    }

    fn key(&self) -> Option<DeviceKey> {
        let jwk = self.header.get("jwk")?.as_object()?;
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let is_public_p256 =
            text("kty") == Some("EC") && text("crv") == Some("P-256") && !jwk.contains_key("d");
        if is_public_p256 { device_key_of(text("x")?, text("y")?) } else { None }
    }

    fn is_signed_by(&self, key: &DeviceKey) -> bool {
        is_signed_by_device(key, self.signed.as_bytes(), &self.signature)
    }
}

/// An object of a segment, without duplicate members at any depth.
fn object(segment: &str) -> Option<Map<String, Value>> {
    let json = String::from_utf8(base64url::decode(segment)?).ok()?;
    strict_json::read_map(&json)
}
