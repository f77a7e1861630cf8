//! Keys: the rings that sign and verify tokens, and how keys are read and published.

mod access_keys;
pub(crate) mod crypto;
pub(crate) mod jwks;
mod ring;
mod roca;

pub use self::{
    access_keys::AccessKeys,
    crypto::{Algorithm, KeyError},
    jwks::{JwkFault, Jwks, JwksError},
    ring::{PrivateKey, PublicKey},
};
pub(crate) use self::{
    crypto::{HmacKey, with_lengths},
    ring::{Key, KeyRing, Ring},
};
