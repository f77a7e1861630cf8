//! Reading a JWKS document (RFC 7517 §5), strictly: anything that is not understood is refused, not
//! ignored.

#[cfg(any(test, feature = "testing"))]
mod any;

use std::fmt;

use crate::syntax::base64url;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    keys::{
        crypto::{Algorithm, KeyError, Members as KeyMembers, VerifyingPublic},
        ring::{Key, Ring},
    },
    syntax::strict_json,
};

#[cfg(any(test, feature = "testing"))]
pub(crate) use self::any::keys_of_vectors;

const MAX_BYTES: usize = 64 * 1024;
const MAX_KEYS: usize = 64;
const MAX_KID: usize = 128;
/// The members of private and of symmetric keys (RFC 7518 §6, RFC 9964).
const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// The public keys of a service that issues access tokens, from its `jwks.json`.
///
/// The whole document is refused if any key in it is wrong: a private or symmetric key, an unknown
/// kind or algorithm, an algorithm that does not fit the curve, a use other than signatures, a weak
/// or impossible key, a `kid` that is missing or appears twice. `kid` and `alg` come from the
/// document, never from a token (RFC 8725 §3.1 and §3.10).
///
/// It fetches nothing: pass the text from a file, or from your own HTTPS client, which must not
/// follow redirects to another host. Keep the current keys when a new document is refused.
///
/// ```
/// use cookiejwt_core::Jwks;
///
/// let error = Jwks::from_json(r#"{"keys":[{"kty":"oct","kid":"1","k":"c2VjcmV0"}]}"#).unwrap_err();
/// assert_eq!(error.to_string(), "key 0 of the JWKS document is private or symmetric");
/// ```
#[derive(Clone)]
pub struct Jwks(Ring);

/// A JWKS document that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwksError {
    /// Longer than 64 KiB.
    #[error("the JWKS document is longer than 64 KiB")]
    TooLong,
    /// No JSON object with an array `keys`, or one with duplicate members.
    #[error("not a JWKS document")]
    Malformed,
    /// Without any key no token could be verified.
    #[error("the JWKS document has no key")]
    Empty,
    /// More than 64 keys.
    #[error("the JWKS document has more than 64 keys")]
    TooMany,
    /// One of its keys is refused; they are counted from 0.
    #[error("key {index} of the JWKS document {fault}")]
    Key {
        /// Which.
        index: usize,
        /// Why.
        fault: JwkFault,
    },
}

/// Why a key of a JWKS document is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwkFault {
    /// A member that it needs is missing or has the wrong JSON type.
    #[error("has no proper member {0:?}")]
    Member(&'static str),
    /// It has members of a private or a symmetric key.
    #[error("is private or symmetric")]
    Private,
    /// `use` is present and not `sig`, or `key_ops` is present and does not contain `verify` (RFC
    /// 7517 §4.2 and §4.3).
    #[error("is not for verifying signatures")]
    Use,
    /// `kty`, `crv` and `alg` are not supported, or do not fit each other.
    #[error("has a kty, crv and alg that are not known together")]
    Algorithm,
    /// An RSA key without `alg` would let the token choose between two algorithms.
    #[error("is an RSA key without alg")]
    Ambiguous,
    /// `kid` is longer than 128 bytes or contains characters other than letters, digits and `-._~`.
    #[error("has a kid that is too long or has strange characters")]
    Kid,
    /// Another key has the same `kid`.
    #[error("has the kid of another key")]
    DuplicateKid,
    /// Its numbers do not form a key, or form a weak one.
    #[error("is refused: {0}")]
    Key(KeyError),
}

impl Jwks {
    /// Reads the text of a document.
    pub fn from_json(text: &str) -> Result<Self, JwksError> {
        if text.len() > MAX_BYTES {
            return Err(JwksError::TooLong);
        }
        // Serde keeps the last of two members with the same name, so two readers could see two
        // different keys.
        strict_json::read_object(text, strict_json::Unread).map_err(|_| JwksError::Malformed)?;
        let Document { keys } = serde_json::from_str(text).map_err(|_| JwksError::Malformed)?;
        read_keys(&keys, Jwk::read).map(Self)
    }

    /// The `kid` of each key, in the order of the document.
    pub fn kids(&self) -> Vec<&str> {
        self.0.kids().collect()
    }

    pub(crate) fn into_ring(self) -> Ring {
        self.0
    }
}

fn read_keys<'a>(
    keys: &'a [Map<String, Value>],
    read: impl Fn(&Jwk<'a>) -> Result<Key, JwkFault>,
) -> Result<Ring, JwksError> {
    if keys.len() > MAX_KEYS {
        return Err(JwksError::TooMany);
    }
    let mut found: Vec<Key> = Vec::with_capacity(keys.len());
    for (index, jwk) in keys.iter().enumerate() {
        let key = read(&Jwk(jwk)).map_err(|fault| JwksError::Key { index, fault })?;
        if found.iter().any(|other| other.kid() == key.kid()) {
            return Err(JwksError::Key { index, fault: JwkFault::DuplicateKid });
        }
        found.push(key);
    }
    let mut found = found.into_iter();
    found.next().map(|first| Ring::new(first, found)).ok_or(JwksError::Empty)
}

impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Jwks").field(&self.kids()).finish()
    }
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Map<String, Value>>,
}

struct Jwk<'a>(&'a Map<String, Value>);

impl Jwk<'_> {
    fn read(&self) -> Result<Key, JwkFault> {
        let key = self.public()?;
        Ok(Key::named(self.kid()?.to_owned(), key))
    }

    fn public(&self) -> Result<VerifyingPublic, JwkFault> {
        if PRIVATE.iter().any(|member| self.0.contains_key(*member)) {
            return Err(JwkFault::Private);
        }
        if !self.verifies() {
            return Err(JwkFault::Use);
        }
        let algorithm = self.algorithm()?;
        let public = VerifyingPublic::from_members(algorithm, self.members(algorithm)?);
        public.and_then(VerifyingPublic::possible).map_err(|error| match error {
            KeyError::Malformed(algorithm) => JwkFault::Key(KeyError::Impossible(algorithm)),
            error => JwkFault::Key(error),
        })
    }

    fn verifies(&self) -> bool {
        let use_fits = self.0.get("use").is_none_or(|value| value == "sig");
        let operations_fit = self.0.get("key_ops").is_none_or(|value| {
            value
                .as_array()
                .is_some_and(|operations| operations.iter().any(|operation| operation == "verify"))
        });
        use_fits && operations_fit
    }

    /// Follows from the kind of key. `alg` must agree, and decides between the two RSA algorithms.
    fn algorithm(&self) -> Result<Algorithm, JwkFault> {
        let alg = self.0.get("alg").map(|_| self.text("alg")).transpose()?;
        let crv = self.0.get("crv").map(|_| self.text("crv")).transpose()?;
        match (self.text("kty")?, crv, alg) {
            ("OKP", Some("Ed25519"), None | Some("EdDSA")) => Ok(Algorithm::EdDsa),
            ("EC", Some("P-256"), None | Some("ES256")) => Ok(Algorithm::Es256),
            ("RSA", None, Some("PS256")) => Ok(Algorithm::Ps256),
            ("RSA", None, Some("RS256")) => Ok(Algorithm::Rs256),
            ("RSA", None, None) => Err(JwkFault::Ambiguous),
            _ => Err(JwkFault::Algorithm),
        }
    }

    fn members(&self, algorithm: Algorithm) -> Result<KeyMembers, JwkFault> {
        match algorithm {
            Algorithm::EdDsa => Ok(KeyMembers::Okp { x: self.number("x", Some(32))? }),
            Algorithm::Es256 => {
                Ok(KeyMembers::Ec { x: self.number("x", Some(32))?, y: self.number("y", Some(32))? })
            }
            Algorithm::Ps256 | Algorithm::Rs256 => {
                let decoded =
                    |name| base64url::decode(self.number(name, None)?).ok_or(JwkFault::Member(name));
                KeyMembers::rsa(&decoded("n")?, &decoded("e")?).map_err(JwkFault::Key)
            }
            Algorithm::Hs256 => Err(JwkFault::Private),
        }
    }

    /// Canonical base64url of this many bytes.
    fn number(&self, name: &'static str, length: Option<usize>) -> Result<String, JwkFault> {
        let text = self.text(name)?;
        let bytes = base64url::decode(text).ok_or(JwkFault::Member(name))?;
        let fits = length.map_or(!bytes.is_empty(), |length| bytes.len() == length);
        if fits { Ok(text.to_owned()) } else { Err(JwkFault::Member(name)) }
    }

    fn kid(&self) -> Result<&str, JwkFault> {
        let kid = self.text("kid")?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let fits = !kid.is_empty() && kid.len() <= MAX_KID && kid.bytes().all(plain);
        if fits { Ok(kid) } else { Err(JwkFault::Kid) }
    }

    fn text(&self, name: &'static str) -> Result<&str, JwkFault> {
        self.0.get(name).and_then(Value::as_str).ok_or(JwkFault::Member(name))
    }
}

#[cfg(test)]
mod tests;
