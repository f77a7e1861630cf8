//! Keys: the rings that sign and verify tokens, and how keys are read and published.

mod access_keys;
mod crypto;
mod device_key;
mod jwks;
mod jwks_document;
mod ring;
mod roca;
mod seal;

#[cfg(any(test, feature = "testing"))]
pub(crate) use self::crypto::SigningPair;
#[cfg(any(test, feature = "testing"))]
pub(crate) use self::jwks::keys_of_vectors;
pub use self::{
    access_keys::AccessKeys,
    crypto::{Algorithm, KeyError},
    jwks::{JwkFault, Jwks, JwksError},
    ring::{PrivateKey, PublicKey},
};
pub(crate) use self::{
    crypto::{HmacKey, digest, with_lengths},
    device_key::{device_key_of, is_signed_by_device},
    jwks_document::JwksDocument,
    ring::{Key, KeyMaterial, KeyRing, Ring},
    seal::{NONCE, Sealer},
};
