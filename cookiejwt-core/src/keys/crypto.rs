//! The only file that touches cryptography: HMAC and HKDF from RustCrypto, asymmetric signatures
//! through jsonwebtoken's providers.
//!
//! The provider is named explicitly at every call. jsonwebtoken's process-wide default panics
//! inside a request when Cargo's feature unification turns on both of its backends, or none.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::{
    Algorithm as JwtAlgorithm, DecodingKey, DecodingKeyKind, EncodingKey,
    crypto::CryptoProvider,
    jwk::{EllipticCurve, ThumbprintHash},
};
use sha2::{Digest as _, Sha256};

use crate::{keys::roca, syntax::base64url};

#[cfg(feature = "aws-lc-rs")]
static PROVIDER: &CryptoProvider = &jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
#[cfg(all(feature = "rust-crypto", not(feature = "aws-lc-rs")))]
static PROVIDER: &CryptoProvider = &jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
#[cfg(not(any(feature = "rust-crypto", feature = "aws-lc-rs")))]
compile_error!("cookiejwt-core needs the feature `rust-crypto` (default) or `aws-lc-rs`");

/// How a token is signed (RFC 7518 §3.1, RFC 8037). Each key has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256; for one service that both signs and verifies.
    Hs256,
    /// Ed25519; for tokens that other services verify.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// RSASSA-PSS with SHA-256. Signing needs the feature `aws-lc-rs`.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256: legacy, disallowed by OWASP ASVS 5.0 appendix C. Signing
    /// needs the feature `aws-lc-rs`.
    Rs256,
}

impl Algorithm {
    /// One for each kind of key that a file may hold. RSA means PS256; RS256 must be requested by
    /// name.
    pub(crate) const BY_KIND: [Self; 3] = [Self::EdDsa, Self::Es256, Self::Ps256];

    /// The `alg` value, compared byte for byte.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }

    const fn of_jsonwebtoken(self) -> JwtAlgorithm {
        match self {
            Self::Hs256 => JwtAlgorithm::HS256,
            Self::EdDsa => JwtAlgorithm::EdDSA,
            Self::Es256 => JwtAlgorithm::ES256,
            Self::Ps256 => JwtAlgorithm::PS256,
            Self::Rs256 => JwtAlgorithm::RS256,
        }
    }
}

/// A key that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not PEM, or not a key of this algorithm.
    #[error("not a valid {} key in PEM format", .0.as_str())]
    Malformed(Algorithm),
    /// Not PEM, or a kind of key that no supported algorithm uses.
    #[error("not a valid Ed25519, P-256 or RSA key in PEM format")]
    Unknown,
    /// Numbers that do not form a key, such as a point that is not on its curve.
    #[error("the key parameters are not a valid {} key", .0.as_str())]
    Impossible(Algorithm),
    /// HS256 keys come from the secret.
    #[error("HS256 has no PEM keys; set the secret instead")]
    Symmetric,
    /// RSA below 2048 bits, or with an exponent other than 65537.
    #[error("RSA keys need at least 2048 bits and the exponent 65537")]
    WeakRsa,
    /// RSA from the library of CVE-2017-15361 (ROCA).
    #[error("this RSA key was made by a library whose keys are broken (CVE-2017-15361)")]
    Roca,
    /// The backend cannot sign this way.
    #[error("{} keys only verify in this build, because the pure-Rust RSA signs in variable time", .0.as_str())]
    CannotSign(Algorithm),
    /// A signature of the key does not verify.
    #[error("a signature made with this {} key does not verify", .0.as_str())]
    SelfTest(Algorithm),
}

/// Derives a separate key for one purpose (RFC 5869; the salt is empty, the secret is already
/// random).
pub(crate) fn derive(secret: &[u8], purpose: &str) -> HmacKey {
    HmacKey::new(&derive_bytes(secret, purpose))
}

/// The same as bytes, for a key of another kind.
pub(crate) fn derive_bytes(secret: &[u8], purpose: &str) -> zeroize::Zeroizing<[u8; 32]> {
    let mut key = zeroize::Zeroizing::new([0; 32]);
    let derived = Hkdf::<Sha256>::new(None, secret).expand(purpose.as_bytes(), key.as_mut_slice());
    debug_assert!(derived.is_ok(), "32 bytes are within HKDF's limit");
    key
}

/// A hash without a key, for a name that has to outlive every key.
pub(crate) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    Sha256::digest(with_lengths(parts)).into()
}

/// The parts as one message for a hash; each is preceded by its length, so that no two lists give
/// the same bytes.
pub(crate) fn with_lengths<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    parts.into_iter().fold(Vec::new(), |mut message, part| {
        message.extend_from_slice(&(part.len() as u64).to_be_bytes());
        message.extend_from_slice(part);
        message
    })
}

/// An HMAC key whose schedule is prepared once.
#[derive(Clone)]
pub(crate) struct HmacKey(Hmac<Sha256>);

impl HmacKey {
    fn new(key: &[u8; 32]) -> Self {
        // RFC 2104 §2: a key shorter than the block of 64 bytes is padded with zeros.
        let mut block = zeroize::Zeroizing::new([0; 64]);
        block.iter_mut().zip(key).for_each(|(slot, byte)| *slot = *byte);
        Self(Hmac::new((&*block).into()))
    }

    /// RFC 2104 §2: a key longer than the block is hashed first. The keys of this library never
    /// are.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn of_any_length(key: &[u8]) -> Self {
        let keyed = Hmac::new_from_slice(key);
        Self(keyed.unwrap_or_else(|_| Hmac::new((&[0; 64]).into())))
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 32] {
        self.0.clone().chain_update(message).finalize().into_bytes().into()
    }

    /// In constant time.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.clone().chain_update(message).verify_slice(signature).is_ok()
    }

    /// The same for a signature that was cut (RFC 2104 §5). The caller has checked its length.
    pub(crate) fn verify_left(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.clone().chain_update(message).verify_truncated_left(signature).is_ok()
    }
}

/// The private half of an asymmetric key.
#[derive(Clone)]
pub(crate) struct SigningPair {
    key: EncodingKey,
    public: VerifyingPublic,
}

/// The public half, with its members for a JWK document.
#[derive(Clone)]
pub(crate) struct VerifyingPublic {
    algorithm: Algorithm,
    key: DecodingKey,
    members: Members,
}

/// The members of a public JWK other than `alg`, `kid` and `use` (RFC 7518 §6, RFC 8037 §2), in
/// base64url.
#[derive(Clone)]
pub(crate) enum Members {
    Okp { x: String },
    Ec { x: String, y: String },
    Rsa { n: String, e: String },
}

impl SigningPair {
    pub(crate) fn from_pem(algorithm: Algorithm, pem: &[u8]) -> Result<Self, KeyError> {
        let malformed = |_| KeyError::Malformed(algorithm);
        let utils = &PROVIDER.key_utils;
        let (key, members) = match algorithm {
            Algorithm::Hs256 => return Err(KeyError::Symmetric),
            Algorithm::EdDsa => {
                let key = EncodingKey::from_ed_pem(pem).map_err(malformed)?;
                let x = (utils.ed_pub_components_from_private_key)(key.as_bytes(), &EllipticCurve::Ed25519);
                let x = base64url::encode(x.map_err(malformed)?);
                (key, Members::Okp { x })
            }
            Algorithm::Es256 => {
                let key = EncodingKey::from_ec_pem(pem).map_err(malformed)?;
                let public = (utils.ec_pub_components_from_private_key)(key.as_bytes(), JwtAlgorithm::ES256);
                let (_, x, y) = public.map_err(malformed)?;
                (key, Members::Ec { x: base64url::encode(x), y: base64url::encode(y) })
            }
            Algorithm::Ps256 | Algorithm::Rs256 => {
                let key = EncodingKey::from_rsa_pem(pem).map_err(malformed)?;
                let public = (utils.rsa_pub_components_from_private_key)(key.as_bytes());
                let (n, e) = public.map_err(malformed)?;
                (key, Members::rsa(&n, &e)?)
            }
        };
        let public = VerifyingPublic::from_members(algorithm, members)?;
        Ok(Self { key, public })
    }

    pub(crate) fn public(&self) -> &VerifyingPublic {
        &self.public
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let algorithm = self.public.algorithm;
        let rsa = matches!(algorithm, Algorithm::Ps256 | Algorithm::Rs256);
        if rsa && !cfg!(feature = "aws-lc-rs") {
            return Err(KeyError::CannotSign(algorithm));
        }
        let cannot = KeyError::CannotSign(algorithm);
        let signer =
            (PROVIDER.signer_factory)(&algorithm.of_jsonwebtoken(), &self.key).map_err(|_| cannot)?;
        signer.try_sign(message).map_err(|_| cannot)
    }
}

impl VerifyingPublic {
    pub(crate) fn from_pem(algorithm: Algorithm, pem: &[u8]) -> Result<Self, KeyError> {
        let malformed = |_| KeyError::Malformed(algorithm);
        let members = match algorithm {
            Algorithm::Hs256 => return Err(KeyError::Symmetric),
            Algorithm::EdDsa => {
                let key = DecodingKey::from_ed_pem(pem).map_err(malformed)?;
                Members::Okp { x: base64url::encode(point(algorithm, &key)?) }
            }
            Algorithm::Es256 => {
                let key = DecodingKey::from_ec_pem(pem).map_err(malformed)?;
                match point(algorithm, &key)? {
                    [4, xy @ ..] if xy.len() == 64 && names_p256(pem) => {
                        let (x, y) = xy.split_at(32);
                        Members::Ec { x: base64url::encode(x), y: base64url::encode(y) }
                    }
                    _ => return Err(KeyError::Malformed(algorithm)),
                }
            }
            Algorithm::Ps256 | Algorithm::Rs256 => {
                let key = DecodingKey::from_rsa_pem(pem).map_err(malformed)?;
                let der = point(algorithm, &key)?;
                let (n, e) =
                    (PROVIDER.key_utils.rsa_pub_components_from_public_key)(der).map_err(malformed)?;
                Members::rsa(&n, &e)?
            }
        };
        Self::from_members(algorithm, members)
    }

    /// Refuses a point that is not on its curve. Only the pure-Rust backend notices before a
    /// signature is checked; with aws-lc alone such a key is accepted, and verifies nothing.
    #[cfg_attr(
        not(feature = "rust-crypto"),
        expect(clippy::unnecessary_wraps, reason = "only the pure-Rust backend refuses")
    )]
    pub(crate) fn possible(self) -> Result<Self, KeyError> {
        #[cfg(feature = "rust-crypto")]
        {
            let provider = &jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
            let verifier = (provider.verifier_factory)(&self.algorithm.of_jsonwebtoken(), &self.key);
            verifier.map_err(|_| KeyError::Impossible(self.algorithm))?;
        }
        Ok(self)
    }

    pub(crate) fn from_members(algorithm: Algorithm, members: Members) -> Result<Self, KeyError> {
        let key = match &members {
            Members::Okp { x } => DecodingKey::from_ed_components(x),
            Members::Ec { x, y } => DecodingKey::from_ec_components(x, y),
            Members::Rsa { n, e } => DecodingKey::from_rsa_components(n, e),
        };
        let key = key.map_err(|_| KeyError::Malformed(algorithm))?;
        // jsonwebtoken's Ed25519 verifier indexes the first 32 bytes, so a short key must not get
        // that far.
        if let (Algorithm::EdDsa, DecodingKeyKind::SecretOrDer(bytes)) = (algorithm, key.kind())
            && bytes.len() != 32
        {
            return Err(KeyError::Malformed(algorithm));
        }
        Ok(Self { algorithm, key, members })
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        (PROVIDER.verifier_factory)(&self.algorithm.of_jsonwebtoken(), &self.key)
            .is_ok_and(|verifier| verifier.verify(message, &signature.to_vec()).is_ok())
    }

    /// The members that RFC 7638 §3.2 hashes, in its order.
    pub(crate) fn required_members(&self) -> Vec<(&'static str, &str)> {
        match &self.members {
            Members::Okp { x } => vec![("crv", "Ed25519"), ("kty", "OKP"), ("x", x)],
            Members::Ec { x, y } => vec![("crv", "P-256"), ("kty", "EC"), ("x", x), ("y", y)],
            Members::Rsa { n, e } => vec![("e", e), ("kty", "RSA"), ("n", n)],
        }
    }

    /// The JWK thumbprint (RFC 7638), which serves as `kid`.
    pub(crate) fn thumbprint(&self) -> String {
        let members: Vec<_> =
            self.required_members().iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
        let document = format!("{{{}}}", members.join(","));
        let digest = (PROVIDER.key_utils.compute_digest)(document.as_bytes(), ThumbprintHash::SHA256);
        base64url::encode(digest.unwrap_or_default())
    }
}

fn point(algorithm: Algorithm, key: &DecodingKey) -> Result<&[u8], KeyError> {
    key.try_get_as_bytes().map_err(|_| KeyError::Malformed(algorithm))
}

/// Whether the file specifies the curve P-256: jsonwebtoken would accept a point of secp256k1 as
/// one of P-256.
fn names_p256(pem: &[u8]) -> bool {
    const OBJECT_IDENTIFIER: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    let text = String::from_utf8_lossy(pem);
    let body: String = text.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).unwrap_or_default();
    der.windows(OBJECT_IDENTIFIER.len()).any(|bytes| bytes == OBJECT_IDENTIFIER)
}

impl Members {
    pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let n: Vec<u8> = n.iter().copied().skip_while(|byte| *byte == 0).collect();
        let short = n.len() < 256 || (n.len() == 256 && n.first() < Some(&0x80));
        if short || e != [1, 0, 1] {
            return Err(KeyError::WeakRsa);
        }
        if roca::is_broken(&n) {
            return Err(KeyError::Roca);
        }
        Ok(Self::Rsa { n: base64url::encode(n), e: base64url::encode(e) })
    }
}

impl fmt::Debug for SigningPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningPair({}, [redacted])", self.public.algorithm.as_str())
    }
}

impl fmt::Debug for VerifyingPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingPublic({})", self.algorithm.as_str())
    }
}
