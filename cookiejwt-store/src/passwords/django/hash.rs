//! The hash formats of Django.

use std::{fmt::Write as _, hint::black_box, ops::RangeInclusive};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pbkdf2::{Algorithm, Params, pbkdf2_hmac_array, pbkdf2_hmac_with_params};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::passwords::{Argon2id, PasswordHasher as _};

/// Bounds for stored costs, so that a planted row cannot exhaust the server. At most ten times
/// Django's default of today.
const ITERATIONS: RangeInclusive<u32> = Params::MIN_ROUNDS..=10_000_000;
const MAX_BCRYPT_COST: u32 = 15;
const MAX_SCRYPT_BYTES: u64 = 256 << 20;
const MAX_SCRYPT_LANES: u32 = 16;

/// One stored hash of Django's, as its `PASSWORD_HASHERS` write it: `algorithm$…`.
#[derive(Clone)]
pub(super) enum DjangoHash {
    Pbkdf2Sha256 {
        iterations: u32,
        salt: String,
        key: [u8; 32],
    },
    Pbkdf2Sha1 {
        iterations: u32,
        salt: String,
        key: [u8; 20],
    },
    /// In PHC form.
    Argon2(String),
    /// bcrypt of the SHA-256, in hexadecimal digits.
    BcryptSha256(String),
    Scrypt {
        params: scrypt::Params,
        salt: String,
        key: [u8; 64],
    },
}

impl DjangoHash {
    /// What the default of Django 5.2 costs; it belongs to no password.
    pub(super) fn of_django_5_2() -> Self {
        Self::Pbkdf2Sha256 { iterations: 1_000_000, salt: "typical".into(), key: [0; 32] }
    }

    /// None for a hash that is not Django's, is malformed, or costs too much.
    pub(super) fn read(hash: &str) -> Option<Self> {
        let (algorithm, rest) = hash.split_once('$')?;
        match algorithm {
            "pbkdf2_sha256" => {
                pbkdf2(rest).map(|(iterations, salt, key)| Self::Pbkdf2Sha256 { iterations, salt, key })
            }
            "pbkdf2_sha1" => {
                pbkdf2(rest).map(|(iterations, salt, key)| Self::Pbkdf2Sha1 { iterations, salt, key })
            }
            "argon2" => Some(format!("${rest}")).filter(|phc| Argon2id::can_read(phc)).map(Self::Argon2),
            "bcrypt_sha256" => {
                let parts: bcrypt::HashParts = rest.parse().ok()?;
                (parts.get_cost() <= MAX_BCRYPT_COST).then(|| Self::BcryptSha256(rest.into()))
            }
            "scrypt" => scrypt(rest),
            _ => None,
        }
    }

    pub(super) fn matches(&self, password: &str) -> bool {
        let bytes = password.as_bytes();
        match self {
            Self::Pbkdf2Sha256 { iterations, salt, key } => {
                pbkdf2_sha256(bytes, salt, *iterations).is_some_and(|made| same(&made, key))
            }
            Self::Pbkdf2Sha1 { iterations, salt, key } => {
                same(&pbkdf2_hmac_array::<Sha1, 20>(bytes, salt.as_bytes(), *iterations), key)
            }
            Self::Argon2(phc) => Argon2id::default().verify(password, phc).is_match(),
            Self::BcryptSha256(hash) => bcrypt::verify(sha256_digits(bytes), hash).unwrap_or(false),
            Self::Scrypt { params, salt, key } => {
                let mut made = [0; 64];
                let done = scrypt::scrypt(bytes, salt.as_bytes(), params, &mut made);
                done.is_ok() && same(&made, key)
            }
        }
    }

    /// Spends what this one costs less than the typical one, where the two can be compared.
    pub(super) fn fill_up_to(&self, typical: &Self, password: &str) {
        if let Self::Pbkdf2Sha256 { iterations: spent, salt, .. } = self
            && let Self::Pbkdf2Sha256 { iterations: typical, .. } = typical
        {
            black_box(pbkdf2_sha256(password.as_bytes(), salt, typical.saturating_sub(*spent)));
        }
    }
}

/// `iterations$salt$key`, the key in base64.
fn pbkdf2<const N: usize>(rest: &str) -> Option<(u32, String, [u8; N])> {
    let [iterations, salt, key] = fields(rest)?;
    let iterations = iterations.parse().ok().filter(|iterations| ITERATIONS.contains(iterations))?;
    Some((iterations, salt.into(), decoded(key)?))
}

/// `n$salt$r$p$key`.
fn scrypt(rest: &str) -> Option<DjangoHash> {
    let [n, salt, r, p, key] = fields(rest)?;
    let (n, r, p): (u64, u32, u32) = (n.parse().ok()?, r.parse().ok()?, p.parse().ok()?);
    let bytes = n.checked_mul(u64::from(r))?.checked_mul(128)?;
    if !n.is_power_of_two() || bytes > MAX_SCRYPT_BYTES || p > MAX_SCRYPT_LANES {
        return None;
    }
    let params = scrypt::Params::new(u8::try_from(n.ilog2()).ok()?, r, p).ok()?;
    Some(DjangoHash::Scrypt { params, salt: salt.into(), key: decoded(key)? })
}

fn fields<const N: usize>(rest: &str) -> Option<[&str; N]> {
    rest.split('$').collect::<Vec<_>>().try_into().ok()
}

fn decoded<const N: usize>(key: &str) -> Option<[u8; N]> {
    STANDARD.decode(key).ok()?.try_into().ok()
}

/// None for fewer iterations than there are bounds for.
fn pbkdf2_sha256(password: &[u8], salt: &str, iterations: u32) -> Option<[u8; 32]> {
    let params = Params::new(iterations).ok()?;
    let mut key = [0; 32];
    pbkdf2_hmac_with_params(password, salt.as_bytes(), Algorithm::Pbkdf2Sha256, params, &mut key);
    Some(key)
}

fn sha256_digits(password: &[u8]) -> String {
    let mut digits = String::with_capacity(64);
    for byte in Sha256::digest(password) {
        // A string takes everything.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

fn same(made: &[u8], key: &[u8]) -> bool {
    made.ct_eq(key).into()
}
