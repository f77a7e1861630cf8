//! The secret from which all symmetric keys are derived.

use std::fmt;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

use super::{ConfigError, ConfigErrorKind};

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

const MAKE_ONE: &str = "make one with `openssl rand -base64 32`";
const MINIMUM: usize = 32;
const LONGEST_PATTERN: usize = 10;

/// Samples from tutorials and word lists that are long enough to be accepted as a secret.
const WELL_KNOWN: [&str; 12] = [
    "your-256-bit-secret",
    "your-384-bit-secret",
    "your-512-bit-secret",
    "a-string-secret-at-least-256-bits-long",
    "your-secret-key-change-it-in-production",
    "django-insecure-",
    "this-is-a-very-secret-key-that-is-at-least-32-bytes",
    "change-me-change-me-change-me-change-me",
    "super-secret-key-that-is-long-enough-for-hs256",
    "thisisasecretkeythatshouldbechanged",
    "01234567890123456789012345678901",
    "0123456789abcdef0123456789abcdef",
];

/// The master secret, from which the keys for access tokens, refresh tokens and CSRF tokens are
/// derived (HKDF-SHA-256, RFC 5869).
///
/// At least 32 random bytes (RFC 7518 §3.2). It is never printed, and is wiped from memory when
/// dropped.
///
/// ```
/// use cookiejwt_core::Secret;
///
/// let secret = Secret::from_base64("NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=").unwrap();
/// assert_eq!(format!("{secret:?}"), "Secret([redacted])");
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Reads standard or URL-safe base64; padding is optional, surrounding white space is trimmed.
    pub fn from_base64(text: &str) -> Result<Self, ConfigError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(refuse(ConfigErrorKind::Empty, "is empty"));
        }
        refuse_sample(text.as_bytes())?;
        let decoded = STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text));
        Self::from_bytes(decoded.map_err(|_| refuse(ConfigErrorKind::Malformed, "is not base64"))?)
    }

    /// From at least 32 raw bytes, which must be random.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Result<Self, ConfigError> {
        let bytes = Zeroizing::new(bytes.into());
        refuse_key_file(&bytes)?;
        if bytes.len() < MINIMUM {
            let what = format!("has {} bytes after decoding and needs at least {MINIMUM}", bytes.len());
            return Err(ConfigError::new(SETTING, ConfigErrorKind::Insecure, what, MAKE_ONE));
        }
        if is_pattern(&bytes) {
            return Err(refuse(ConfigErrorKind::Insecure, "repeats a short pattern"));
        }
        refuse_sample(&bytes)?;
        Ok(Self(bytes))
    }

    /// The secret of the `testing` module, which [`from_bytes`](Self::from_bytes) refuses.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn of_the_testing_module() -> Self {
        Self(Zeroizing::new(TESTING.to_vec()))
    }

    /// Whether it is the secret of the `testing` module.
    pub(crate) fn is_published(&self) -> bool {
        self.0.as_slice() == TESTING
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

/// Known to anyone who can read this file.
const TESTING: &[u8] = b"cookiejwt testing secret, never for production";

const SETTING: &str = "COOKIEJWT_SECRET";

fn refuse(problem: ConfigErrorKind, what: &'static str) -> ConfigError {
    ConfigError::new(SETTING, problem, what, MAKE_ONE)
}

fn refuse_sample(bytes: &[u8]) -> Result<(), ConfigError> {
    if bytes == TESTING {
        return Err(refuse(ConfigErrorKind::Insecure, "is the published key of the testing module"));
    }
    let lower = bytes.to_ascii_lowercase();
    if WELL_KNOWN.iter().any(|sample| lower.starts_with(sample.as_bytes())) {
        return Err(refuse(ConfigErrorKind::Insecure, "is a well-known sample"));
    }
    Ok(())
}

/// A public key used as an HMAC secret would let anyone sign (CVE-2016-10555 and many similar
/// ones).
fn refuse_key_file(bytes: &[u8]) -> Result<(), ConfigError> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let looks_like_key = text.starts_with(b"-----BEGIN")
        || text.starts_with(b"ssh-")
        || text.starts_with(b"ecdsa-sha2-")
        || (text.starts_with(b"{") && text.windows(5).any(|w| w == b"\"kty\""))
        || is_der_sequence(bytes)
        || is_openssh_blob(bytes);
    if looks_like_key {
        let what = "is a PEM, DER, JWK or OpenSSH key, not a random secret";
        return Err(refuse(ConfigErrorKind::Insecure, what));
    }
    Ok(())
}

/// A DER SEQUENCE that spans the whole input, as every PKCS and SPKI key does.
fn is_der_sequence(bytes: &[u8]) -> bool {
    let length = match bytes {
        [0x30, short, rest @ ..] if *short < 0x80 => usize::from(*short) == rest.len(),
        [0x30, 0x81, length, rest @ ..] => usize::from(*length) == rest.len(),
        [0x30, 0x82, high, low, rest @ ..] => usize::from(u16::from_be_bytes([*high, *low])) == rest.len(),
        _ => false,
    };
    length && bytes.len() >= MINIMUM
}

/// The base64 part of an OpenSSH public key: its kind as a string with its length before it (RFC
/// 4253 §6.6).
fn is_openssh_blob(bytes: &[u8]) -> bool {
    matches!(bytes, [0, 0, 0, _, kind @ ..] if kind.starts_with(b"ssh-") || kind.starts_with(b"ecdsa-sha2-"))
}

fn is_pattern(bytes: &[u8]) -> bool {
    (1..=LONGEST_PATTERN)
        .any(|period| bytes.iter().zip(bytes.iter().skip(period)).all(|(left, right)| left == right))
}
