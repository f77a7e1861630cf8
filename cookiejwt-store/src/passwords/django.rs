//! The passwords of a Django user table.

mod hash;
#[cfg(test)]
mod tests;

use std::{fmt, hint::black_box};

use self::hash::DjangoHash;
use super::hasher::{PasswordHasher, PasswordMatch};
use crate::errors::PasswordError;

/// Takes the user table of a Django application as it is: a password is checked against Django's
/// hash, and the first login replaces that hash by one of the hasher inside.
///
/// It reads what Django's own `PASSWORD_HASHERS` can have written: `pbkdf2_sha256$…`,
/// `pbkdf2_sha1$…`, `argon2$…`, `bcrypt_sha256$…` and `scrypt$…`. Everything else goes to the
/// hasher inside. An unusable password (`!…`) matches nothing. A hash whose cost is out of bounds
/// (not within 1 000 and 10 000 000 iterations, 256 MiB, bcrypt cost 15) counts as one that cannot
/// be read, so that a planted row cannot stop the server.
///
/// ```
/// use cookiejwt_store::{Argon2id, DjangoHashes, PasswordHasher, PasswordMatch};
///
/// let hasher = DjangoHashes::new(Argon2id::default());
/// # let hasher = hasher.typical("pbkdf2_sha256$1000$cWK3JJCRhLEkF3q0Mnyeg6$0eRRJYVGZb+JTDUb3XuRmjWcyiZNJ40KSRm0KCeLuoA=").unwrap();
/// let hash = "pbkdf2_sha256$1000$cWK3JJCRhLEkF3q0Mnyeg6$0eRRJYVGZb+JTDUb3XuRmjWcyiZNJ40KSRm0KCeLuoA=";
/// assert_eq!(hasher.verify("pässwörd ☃ 🐎", hash), PasswordMatch::YesOutdated);
/// assert_eq!(hasher.verify("password", hash), PasswordMatch::No);
/// ```
///
/// # What the response time reveals
///
/// Django's PBKDF2 takes several times as long as argon2id. So that the time does not reveal which
/// names exist and which of them have not logged in yet (OWASP ASVS 6.3.8), every check costs the
/// same: one hash of the hasher inside and one [typical](Self::typical) of the table, for every
/// login name, whether it matches or not. That is about what each login cost in Django. For a
/// PBKDF2 row with fewer iterations, the missing ones are computed as well.
///
/// Two differences remain visible. Until its first login, a row with another algorithm or with more
/// iterations than the typical one takes a different time than an unknown name. And the first
/// successful login takes one hash more than the next.
///
/// A debug build takes seconds for each check, unless the manifest sets `opt-level = 3` in
/// `[profile.dev.package.pbkdf2]` and `[profile.dev.package.sha2]`.
///
/// Remove the wrapper once no row holds a Django hash. Each login then costs a single hash again.
#[derive(Clone)]
pub struct DjangoHashes<H> {
    inner: H,
    typical: DjangoHash,
}

impl<H: PasswordHasher> DjangoHashes<H> {
    /// `inner` hashes new passwords, and reads every hash that is not Django's.
    pub fn new(inner: H) -> Self {
        Self { inner, typical: DjangoHash::of_django_5_2() }
    }

    /// Sets the typical hash of your table, if it was not made by Django 5.2 with its defaults
    /// (PBKDF2 with 1 000 000 iterations). Pass a sample that belongs to no real user: what
    /// `make_password("x")` returns there.
    pub fn typical(self, sample: &str) -> Result<Self, PasswordError> {
        let typical = DjangoHash::read(sample)
            .ok_or_else(|| PasswordError::Hash("the typical hash is none that Django makes".into()))?;
        Ok(Self { typical, ..self })
    }
}

impl<H: PasswordHasher> PasswordHasher for DjangoHashes<H> {
    fn hash(&self, password: &str) -> Result<String, PasswordError> {
        self.inner.hash(password)
    }

    fn verify(&self, password: &str, hash: &str) -> PasswordMatch {
        let Some(stored) = DjangoHash::read(hash) else {
            black_box(self.typical.matches(password));
            let found = self.inner.verify(password, hash);
            // Django's mark of a password that cannot be used, whatever the hasher inside makes of
            // it.
            return if hash.starts_with('!') { PasswordMatch::No } else { found };
        };
        let matches = stored.matches(password);
        stored.fill_up_to(&self.typical, password);
        black_box(self.inner.hash(password)).ok();
        if matches { PasswordMatch::YesOutdated } else { PasswordMatch::No }
    }

    fn rest(&self) {
        self.inner.rest();
    }
}

impl<H: fmt::Debug> fmt::Debug for DjangoHashes<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DjangoHashes").field("inner", &self.inner).finish_non_exhaustive()
    }
}
