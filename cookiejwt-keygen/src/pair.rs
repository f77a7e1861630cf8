//! Creates key pairs and other random bytes.

use cookiejwt_store::PublicKey;
use ed25519_dalek::{
    SigningKey,
    pkcs8::{EncodePrivateKey as _, KeypairBytes, spki::EncodePublicKey as _, spki::der::pem::LineEnding},
};
use zeroize::Zeroizing;

use crate::KeygenError;

/// The kind of key to create. RSA keys are larger and slower; create them with `openssl genpkey`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Ed25519, which signs `EdDSA`: small, fast, the default choice.
    EdDsa,
    /// P-256, which signs ES256: for verifiers without EdDSA.
    Es256,
}

impl Kind {
    /// Parses the word of the command line.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "eddsa" => Some(Self::EdDsa),
            "es256" => Some(Self::Es256),
            _ => None,
        }
    }
}

/// A private key and its public half, in PEM form (PKCS#8 and SPKI).
pub struct Pair {
    /// The private key.
    pub private: Zeroizing<String>,
    /// The public key.
    pub public: String,
    kid: String,
}

impl Pair {
    /// Creates a random pair.
    pub fn random(kind: Kind) -> Result<Self, KeygenError> {
        let (private, public) = match kind {
            Kind::EdDsa => ed25519()?,
            Kind::Es256 => p256()?,
        };
        let thumbprint = PublicKey::from_any_pem(&public).map_err(encoding)?.thumbprint();
        Ok(Self { private, public, kid: thumbprint })
    }

    /// Returns the `kid` of its tokens: the JWK thumbprint (RFC 7638).
    pub fn kid(&self) -> String {
        self.kid.clone()
    }
}

/// Random bytes from the operating system.
pub(crate) fn random() -> Result<Zeroizing<[u8; 32]>, KeygenError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes)?;
    Ok(bytes)
}

fn ed25519() -> Result<(Zeroizing<String>, String), KeygenError> {
    let key = SigningKey::from_bytes(&*random()?);
    // Without the public half: it is optional (RFC 8410 §7), and older readers reject it.
    let bytes = KeypairBytes { secret_key: key.to_bytes(), public_key: None };
    let private = bytes.to_pkcs8_pem(LineEnding::LF).map_err(encoding)?;
    Ok((private, key.verifying_key().to_public_key_pem(LineEnding::LF).map_err(encoding)?))
}

fn p256() -> Result<(Zeroizing<String>, String), KeygenError> {
    use p256::{SecretKey, pkcs8::EncodePrivateKey as _, pkcs8::EncodePublicKey as _};
    // Almost every 32 bytes are a valid key.
    let key = loop {
        if let Ok(key) = SecretKey::from_slice(&*random()?) {
            break key;
        }
    };
    let private = key.to_pkcs8_pem(LineEnding::LF).map_err(encoding)?;
    Ok((private, key.public_key().to_public_key_pem(LineEnding::LF).map_err(encoding)?))
}

fn encoding(error: impl std::fmt::Display) -> KeygenError {
    KeygenError::Encoding(error.to_string())
}
