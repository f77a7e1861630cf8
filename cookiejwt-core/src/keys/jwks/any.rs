//! The keys of third-party test vectors.

use crate::syntax::base64url;
use serde_json::{Map, Value};

use super::{Jwk, JwkFault, JwksError, MAX_KID, read_keys};
use crate::{
    keys::{
        crypto::HmacKey,
        ring::{Key, Ring},
    },
    syntax::strict_json,
};

/// RFC 7518 §3.2: as long as the hash, at least.
const MIN_SECRET: usize = 32;

/// The keys of a vector: one JWK or a set of them, either public or symmetric.
pub(crate) fn keys_of_vectors(text: &str) -> Result<Ring, JwksError> {
    let document = strict_json::read_map(text).ok_or(JwksError::Malformed)?;
    let keys = match document.get("keys") {
        None => vec![document],
        Some(keys) => serde_json::from_value(keys.clone()).map_err(|_| JwksError::Malformed)?,
    };
    let is_symmetric = |jwk: &Map<String, Value>| jwk.get("kty").is_some_and(|kty| kty == "oct");
    if keys.iter().all(is_symmetric) { read_keys(&keys, Jwk::shared) } else { read_keys(&keys, Jwk::named) }
}

impl Jwk<'_> {
    fn named(&self) -> Result<Key, JwkFault> {
        Ok(Key::named(self.any_kid()?, self.public()?))
    }

    fn shared(&self) -> Result<Key, JwkFault> {
        if !self.verifies() {
            return Err(JwkFault::Use);
        }
        if self.0.get("alg").is_some_and(|alg| alg != "HS256") {
            return Err(JwkFault::Algorithm);
        }
        let secret = base64url::decode(self.text("k")?).ok_or(JwkFault::Member("k"))?;
        if secret.len() < MIN_SECRET {
            return Err(JwkFault::Member("k"));
        }
        Ok(Key::shared(self.any_kid()?, HmacKey::of_any_length(&secret)))
    }

    /// Empty when there is none.
    fn any_kid(&self) -> Result<String, JwkFault> {
        let kid = self.0.get("kid").map_or(Ok(""), |_| self.text("kid"))?;
        if kid.len() <= MAX_KID { Ok(kid.to_owned()) } else { Err(JwkFault::Kid) }
    }
}
