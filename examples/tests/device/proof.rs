use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto::verify};
use serde_json::Value;

/// What the browser sends in `Secure-Session-Response`.
#[derive(Debug)]
pub(crate) struct Proof {
    pub(crate) header: Value,
    pub(crate) payload: Value,
    pub(crate) signature: String,
    signed: String,
}

impl Proof {
    /// `None` unless it is a compact JWS.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let json = |part: &str| serde_json::from_slice(&bytes(part)?).ok();
        let (header, payload) = (json(header)?, json(payload)?);
        Some(Self { header, payload, signature: signature.to_owned(), signed: signed.to_owned() })
    }

    /// The challenge that it responds to.
    pub(crate) fn challenge(&self) -> &str {
        self.payload["jti"].as_str().unwrap_or_default()
    }

    /// Whether this key, a JWK, has signed it.
    pub(crate) fn is_signed_by(&self, key: &Value) -> bool {
        let part = |name: &str| key[name].as_str().unwrap_or_default();
        let key = DecodingKey::from_ec_components(part("x"), part("y")).expect("a key");
        verify(&self.signature, self.signed.as_bytes(), &key, Algorithm::ES256).expect("a signature")
    }
}

pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
