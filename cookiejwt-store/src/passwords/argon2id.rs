//! argon2id, the default way to hash passwords.

use std::{fmt, sync::Arc};

use argon2::{
    Params,
    password_hash::{CustomizedPasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};

use super::{
    argon2_memory::{Hashing, Memory},
    hasher::{PasswordHasher, PasswordMatch},
    typed::MAX_PASSWORD_BYTES,
};
use crate::errors::{MAX_LANES, MAX_MEMORY_KIB, MAX_PASSES, PasswordError, PasswordRefusal};

/// RFC 9106 §3.1: 16 bytes are recommended.
const SALT_BYTES: usize = 16;

/// argon2id (RFC 9106) with the parameters of the OWASP password storage cheat sheet: 19 456 KiB,
/// two passes, one lane.
///
/// ```
/// use cookiejwt_store::{Argon2id, PasswordHasher, PasswordMatch};
///
/// let hash = Argon2id::default().hash("correct horse").unwrap();
/// assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
/// assert_eq!(Argon2id::default().verify("correct horse", &hash), PasswordMatch::Yes);
/// ```
#[derive(Clone)]
pub struct Argon2id {
    params: Params,
    memory: Arc<Memory>,
}

impl Default for Argon2id {
    fn default() -> Self {
        Self::with(Params::default())
    }
}

impl Argon2id {
    /// Memory in KiB and passes that OWASP calls equal.
    const FLOOR: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];

    /// With other parameters: memory in KiB, passes and lanes. Refused below OWASP's floor, and
    /// above 262 144 KiB, 16 passes or 16 lanes, which no stored hash may cost.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, PasswordError> {
        let strong = Self::FLOOR.iter().any(|(m, t)| memory_kib >= *m && passes >= *t);
        if !strong {
            return Err(PasswordError::Weak { m: memory_kib, t: passes });
        }
        let params = Params::new(memory_kib, passes, lanes, None)
            .map_err(|error| PasswordError::Hash(error.to_string()))?;
        if !Self::is_within_bounds(&params) {
            return Err(PasswordError::TooCostly { m: memory_kib, t: passes, p: lanes });
        }
        Ok(Self::with(params))
    }

    fn with(params: Params) -> Self {
        Self { memory: Arc::new(Memory::new(&params)), params }
    }

    fn read(hash: &str) -> Option<(PasswordHash, Params)> {
        let hash = PasswordHash::new(hash).ok()?;
        let params = Params::try_from(&hash).ok().filter(Self::is_within_bounds)?;
        Some((hash, params))
    }

    /// Whether a stored hash is one that can be checked.
    #[cfg(feature = "django")]
    pub(crate) fn can_read(hash: &str) -> bool {
        Self::read(hash).is_some()
    }

    fn is_within_bounds(params: &Params) -> bool {
        params.m_cost() <= MAX_MEMORY_KIB && params.t_cost() <= MAX_PASSES && params.p_cost() <= MAX_LANES
    }

    fn is_current(&self, hash: &PasswordHash, params: &Params) -> bool {
        let costs = |p: &Params| (p.m_cost(), p.t_cost(), p.p_cost());
        hash.algorithm == argon2::ARGON2ID_IDENT && costs(params) == costs(&self.params)
    }
}

impl fmt::Debug for Argon2id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Argon2id").field(&self.params).finish()
    }
}

impl PasswordHasher for Argon2id {
    fn hash(&self, password: &str) -> Result<String, PasswordError> {
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(PasswordRefusal::TOO_LONG.into());
        }
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(|error| PasswordError::Hash(error.to_string()))?;
        let hashing = Hashing(&self.memory);
        let hash =
            hashing.hash_password_customized(password.as_bytes(), &salt, None, None, self.params.clone());
        hash.map(|hash| hash.to_string()).map_err(|error| PasswordError::Hash(error.to_string()))
    }

    fn verify(&self, password: &str, hash: &str) -> PasswordMatch {
        let Some((hash, params)) = Self::read(hash) else {
            // As long as a real comparison, so that the duration of the response reveals nothing
            // about the row.
            let _ = self.hash(password);
            return PasswordMatch::Unreadable;
        };
        match Hashing(&self.memory).verify_password(password.as_bytes(), &hash) {
            Ok(()) if self.is_current(&hash, &params) => PasswordMatch::Yes,
            Ok(()) => PasswordMatch::YesOutdated,
            Err(_) => PasswordMatch::No,
        }
    }

    /// Gives back the 19 MiB of each password that was hashed at a time.
    fn rest(&self) {
        self.memory.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn parameters_below_the_floor_are_refused() {
        for (m, t, accepted) in
            [(19_456, 2, true), (19_455, 2, false), (47_104, 1, true), (7_168, 5, true), (1 << 20, 0, false)]
        {
            assert_eq!(Argon2id::new(m, t, 1).is_ok(), accepted, "m={m} t={t}");
        }
    }

    /// A hasher that does not read its own hashes would lock out every new user.
    #[test]
    fn parameters_that_are_not_read_again_are_refused() {
        for (rule, m, t, p, accepted) in [
            ("the most memory", 262_144, 1, 1, true),
            ("a KiB more", 262_145, 1, 1, false),
            ("twice as much", 524_288, 1, 1, false),
            ("the most passes", 19_456, 16, 1, true),
            ("one more", 19_456, 17, 1, false),
            ("the most lanes", 19_456, 2, 16, true),
            ("one more", 19_456, 2, 17, false),
        ] {
            let made = Argon2id::new(m, t, p);
            assert_eq!(made.is_ok(), accepted, "{rule}");
            let stored = format!(
                "$argon2id$v=19$m={m},t={t},p={p}$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
            );
            assert_eq!(Argon2id::read(&stored).is_some(), accepted, "{rule}: as it is read");
            if let Err(error) = made {
                assert!(matches!(error, PasswordError::TooCostly { .. }), "{rule}: {error:?}");
                assert!(error.to_string().ends_with("at most m=262144 t=16 p=16"), "{error}");
            }
        }
        let long = "x".repeat(MAX_PASSWORD_BYTES + 1);
        assert!(
            matches!(
                Argon2id::default().hash(&long),
                Err(PasswordError::Refused(PasswordRefusal::Rule("too_long")))
            ),
            "a long password"
        );
    }

    #[test]
    fn stored_hashes() {
        let today = Argon2id::default();
        let stronger = Argon2id::new(19_456, 3, 1).unwrap();
        let hash = today.hash("pässword").unwrap();
        assert_ne!(hash, today.hash("pässword").unwrap(), "each has a salt of its own");
        for (rule, hasher, password, hash, expected) in [
            ("right", &today, "pässword", hash.as_str(), PasswordMatch::Yes),
            ("other parameters", &stronger, "pässword", &hash, PasswordMatch::YesOutdated),
            ("wrong", &today, "password", &hash, PasswordMatch::No),
            ("not a hash", &today, "pässword", "plain", PasswordMatch::Unreadable),
            ("another format", &today, "x", "pbkdf2_sha256$1000$salt$hash", PasswordMatch::Unreadable),
            (
                "planted parameters that would exhaust the memory",
                &today,
                "x",
                "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
                PasswordMatch::Unreadable,
            ),
        ] {
            assert_eq!(hasher.verify(password, hash), expected, "{rule}");
        }
    }

    #[test]
    fn a_hasher_takes_passwords_exactly_as_they_come() {
        let hasher = Argon2id::default();
        let long = "x".repeat(72);
        for (rule, chosen, typed) in [
            ("the 73rd byte", format!("{long}a"), format!("{long}b")),
            ("upper case", "Password".into(), "password".into()),
            ("a blank before it", " password".into(), "password".into()),
            ("a blank behind it", "password ".into(), "password".into()),
            ("what stands behind NUL", "pass\0word".into(), "pass\0other".into()),
            ("another form of the same letter", "\u{e9}".into(), "e\u{301}".into()),
        ] {
            let hash = hasher.hash(&chosen).unwrap();
            assert_eq!(hasher.verify(&chosen, &hash), PasswordMatch::Yes, "{rule}");
            assert_eq!(hasher.verify(&typed, &hash), PasswordMatch::No, "{rule}");
        }
    }
}
