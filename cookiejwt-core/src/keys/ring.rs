//! Key rings: one key signs, all of them verify.

use std::fmt;

use crate::syntax::base64url;
use serde_json::{Map, Value};

use crate::{
    keys::{
        crypto::{self, Algorithm, HmacKey, KeyError, SigningPair, VerifyingPublic},
        seal::Sealer,
    },
    session::Realm,
};

const ACCESS: &str = "cookiejwt/1 access";
const REFRESH: &str = "cookiejwt/1 refresh";
const CSRF: &str = "cookiejwt/1 csrf";
const THROTTLE: &str = "cookiejwt/1 throttle";
const KNOWN_DEVICE: &str = "cookiejwt/1 known-device";
const STAMP: &str = "cookiejwt/1 stamp";
const PENDING: &str = "cookiejwt/1 pending";
const LINK: &str = "cookiejwt/1 link";
const DEVICE: &str = "cookiejwt/1 device";

/// A private key that signs access tokens; refresh tokens stay with the secret.
///
/// ```
/// use cookiejwt_core::{Algorithm, PrivateKey};
///
/// let error = PrivateKey::from_pem(Algorithm::EdDsa, "no key").unwrap_err();
/// assert_eq!(error.to_string(), "not a valid EdDSA key in PEM format");
/// ```
#[derive(Clone, Debug)]
pub struct PrivateKey(SigningPair);

impl PrivateKey {
    /// Reads a PEM file: PKCS#8, or PKCS#1 for RSA.
    pub fn from_pem(algorithm: Algorithm, pem: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        SigningPair::from_pem(algorithm, pem.as_ref()).map(Self)
    }

    /// Reads a PEM file whose kind of key determines the algorithm: `EdDSA` for Ed25519, ES256 for
    /// P-256, PS256 for RSA.
    ///
    /// RS256 is legacy, so it must be requested with [`from_pem`](Self::from_pem).
    pub fn from_any_pem(pem: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        by_kind(|algorithm| Self::from_pem(algorithm, pem.as_ref()))
    }

    /// The public half, for another node's ring.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.public().clone())
    }

    /// Signs and verifies once, so that a key that cannot sign is found at startup.
    pub(crate) fn self_test(&self) -> Result<(), KeyError> {
        let probe = b"cookiejwt self test";
        let signature = self.0.sign(probe)?;
        let public = self.0.public();
        if public.verify(probe, &signature) { Ok(()) } else { Err(KeyError::SelfTest(public.algorithm())) }
    }
}

/// A public key that verifies access tokens.
#[derive(Clone, Debug)]
pub struct PublicKey(VerifyingPublic);

impl PublicKey {
    /// Reads a PEM file: SPKI, or PKCS#1 for RSA.
    pub fn from_pem(algorithm: Algorithm, pem: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        VerifyingPublic::from_pem(algorithm, pem.as_ref()).map(Self)
    }

    /// Reads a PEM file whose kind of key determines the algorithm, as [`PrivateKey::from_any_pem`]
    /// does.
    pub fn from_any_pem(pem: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        by_kind(|algorithm| Self::from_pem(algorithm, pem.as_ref()))
    }

    /// The JWK thumbprint (RFC 7638), which is the `kid` of its tokens.
    pub fn thumbprint(&self) -> String {
        self.0.thumbprint()
    }

    /// The algorithm that it is bound to.
    pub fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }
}

/// The algorithm whose key it is; a weak key is reported as weak, not as malformed.
fn by_kind<K>(read: impl Fn(Algorithm) -> Result<K, KeyError>) -> Result<K, KeyError> {
    let found =
        Algorithm::BY_KIND.map(read).into_iter().find(|key| !matches!(key, Err(KeyError::Malformed(_))));
    found.unwrap_or(Err(KeyError::Unknown))
}

/// One key of a ring: what signs or verifies, and the `kid` that selects it.
#[derive(Clone)]
pub(crate) struct Key {
    kid: String,
    material: Material,
}

#[derive(Clone)]
enum Material {
    Hmac(HmacKey),
    Private(Box<SigningPair>),
    Public(Box<VerifyingPublic>),
}

impl Key {
    fn derived(secret: &[u8], label: &str) -> Self {
        let key = crypto::derive(secret, label);
        // A label of the derived key, not a hash of the secret that could be searched for.
        let label = key.sign(b"cookiejwt/1 kid");
        let kid = base64url::encode(label.first_chunk::<9>().map_or(&label[..], |head| &head[..]));
        Self { kid, material: Material::Hmac(key) }
    }

    fn private(key: PrivateKey) -> Self {
        Self { kid: key.0.public().thumbprint(), material: Material::Private(Box::new(key.0)) }
    }

    fn public(key: PublicKey) -> Self {
        Self { kid: key.0.thumbprint(), material: Material::Public(Box::new(key.0)) }
    }

    /// A key of another service, with the `kid` that the service gave it.
    pub(crate) fn named(kid: String, key: VerifyingPublic) -> Self {
        Self { kid, material: Material::Public(Box::new(key)) }
    }

    /// A key that is shared with the signer, with the signer's `kid`.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn shared(kid: String, key: HmacKey) -> Self {
        Self { kid, material: Material::Hmac(key) }
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.public_half().map_or(Algorithm::Hs256, VerifyingPublic::algorithm)
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.material {
            Material::Hmac(key) => Ok(key.sign(message).to_vec()),
            Material::Private(pair) => pair.sign(message),
            Material::Public(key) => Err(KeyError::CannotSign(key.algorithm())),
        }
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Hmac(key) => key.verify(message, signature),
            Material::Private(pair) => pair.public().verify(message, signature),
            Material::Public(key) => key.verify(message, signature),
        }
    }

    fn public_half(&self) -> Option<&VerifyingPublic> {
        match &self.material {
            Material::Hmac(_) => None,
            Material::Private(pair) => Some(pair.public()),
            Material::Public(key) => Some(key),
        }
    }
}

/// The keys of one kind of token: one that signs, and all that verify. The signing key comes first;
/// a verifier has only public keys, which never sign.
#[derive(Clone)]
pub(crate) struct Ring {
    signing: Key,
    verifying: Vec<Key>,
}

impl Ring {
    /// A key that is already in the ring is not added again: no two keys of a set share a `kid`
    /// (RFC 7517 §4.5).
    pub(crate) fn new(signing: Key, verifying: impl Iterator<Item = Key>) -> Self {
        verifying.fold(Self { signing, verifying: Vec::new() }, |mut ring, key| {
            if ring.find(&key.kid).is_none() {
                ring.verifying.push(key);
            }
            ring
        })
    }

    pub(crate) fn signing(&self) -> &Key {
        &self.signing
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.signing).chain(&self.verifying)
    }

    /// The `kid` of each key, that of the signing key first.
    pub(crate) fn kids(&self) -> impl Iterator<Item = &str> {
        self.keys().map(Key::kid)
    }

    /// Exact match in memory; no other key is ever tried.
    pub(crate) fn find(&self, kid: &str) -> Option<&Key> {
        self.keys().find(|key| key.kid == kid)
    }
}

/// Every key of the library, separate by purpose (RFC 8725 §3.12 in its revision: exclusive kinds
/// of tokens).
#[derive(Clone)]
pub(crate) struct KeyRing {
    pub(crate) access: Ring,
    pub(crate) refresh: Ring,
    pub(crate) csrf: HmacKey,
    pub(crate) throttle: HmacKey,
    /// The first key signs.
    pub(crate) devices: Vec<HmacKey>,
    /// The first key signs.
    pub(crate) stamps: Vec<HmacKey>,
    pub(crate) pending: Sealer,
    pub(crate) links: Ring,
    /// For challenges to the devices of bound sessions; the first key signs.
    pub(crate) challenges: Vec<HmacKey>,
}

/// What the keys of a ring are made from.
pub(crate) struct KeyMaterial<'a> {
    pub(crate) secret: &'a [u8],
    pub(crate) previous: Vec<&'a [u8]>,
    pub(crate) signing: Option<&'a PrivateKey>,
    pub(crate) verifying: &'a [PublicKey],
}

impl KeyRing {
    /// Every key is of one realm, so that a token of another realm has an unknown `kid`.
    pub(crate) fn new(material: &KeyMaterial<'_>, realm: &Realm) -> Self {
        let derived = |secret, purpose| Key::derived(secret, &label(purpose, realm));
        let previous = |purpose| material.previous.iter().map(move |secret| derived(secret, purpose));
        let publics = material.verifying.iter().cloned().map(Key::public);
        let access = match material.signing {
            Some(key) => Ring::new(Key::private(key.clone()), publics),
            None => Ring::new(derived(material.secret, ACCESS), publics.chain(previous(ACCESS))),
        };
        let refresh = Ring::new(derived(material.secret, REFRESH), previous(REFRESH));
        let links = Ring::new(derived(material.secret, LINK), previous(LINK));
        let derive = |secret, purpose| crypto::derive(secret, &label(purpose, realm));
        let of_all = |purpose| {
            let secrets = std::iter::once(&material.secret).chain(&material.previous);
            secrets.map(|secret| derive(secret, purpose)).collect()
        };
        let (devices, stamps, challenges) = (of_all(KNOWN_DEVICE), of_all(STAMP), of_all(DEVICE));
        let secrets = std::iter::once(&material.secret).chain(&material.previous);
        let pending = Sealer::new(secrets.map(|secret| crypto::derive_bytes(secret, &label(PENDING, realm))));
        let (csrf, throttle) = (derive(material.secret, CSRF), derive(material.secret, THROTTLE));
        Self { access, refresh, csrf, throttle, devices, stamps, pending, links, challenges }
    }

    /// The JWKS document (RFC 7517 §5): public keys only; `None` when every key is symmetric.
    pub(crate) fn jwks(&self) -> Option<String> {
        let all = self.access.keys();
        let keys: Vec<Value> = all.filter_map(|key| Some(jwk(key, key.public_half()?))).collect();
        (!keys.is_empty()).then(|| serde_json::json!({ "keys": keys }).to_string())
    }
}

/// The info of HKDF (RFC 5869 §3.2). A realm contains no space, so no two pairs give the same
/// label.
fn label(purpose: &str, realm: &Realm) -> String {
    if realm.is_empty() { purpose.to_owned() } else { format!("{purpose} {realm}") }
}

fn jwk(key: &Key, public: &VerifyingPublic) -> Value {
    let mut jwk: Map<String, Value> =
        public.required_members().into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    jwk.insert("kid".into(), key.kid.clone().into());
    jwk.insert("alg".into(), public.algorithm().as_str().into());
    jwk.insert("use".into(), "sig".into());
    Value::Object(jwk)
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing(signing {:?}, [redacted])", self.access.signing.kid)
    }
}

#[cfg(test)]
mod tests;
