//! Signs tokens without the library's code.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Signs what the library would never sign, with the library's own key: HKDF and HMAC as
/// documented, without its code.
pub struct Signer {
    key: [u8; 32],
}

impl Signer {
    /// The key of access tokens.
    pub fn access(secret: &[u8]) -> Self {
        let mut key = [0; 32];
        let derived = Hkdf::<Sha256>::new(None, secret).expand(b"cookiejwt/1 access", &mut key);
        derived.expect("HKDF can derive 32 bytes");
        Self { key }
    }

    pub fn kid(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.mac(b"cookiejwt/1 kid")[..9])
    }

    /// The header as the library writes it.
    pub fn header(&self) -> String {
        format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{}"}}"#, self.kid())
    }

    /// A token of these two parts.
    pub fn token(&self, header: &[u8], payload: &[u8]) -> String {
        self.sign(&format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload)))
    }

    /// A token of segments that are encoded already, or that no encoder produces.
    pub fn sign(&self, signed: &str) -> String {
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(self.mac(signed.as_bytes())))
    }

    fn mac(&self, message: &[u8]) -> Vec<u8> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("any length");
        mac.chain_update(message).finalize().into_bytes().to_vec()
    }
}
