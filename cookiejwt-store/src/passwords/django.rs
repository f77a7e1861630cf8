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
/// # What the time of an answer says
///
/// Django's PBKDF2 takes several times as long as argon2id. So that the time does not reveal which
/// names exist and which of them have not logged in yet (OWASP ASVS 6.3.8), every check costs the
/// same: one hash of the hasher inside and one [typical](Self::typical) of the table, for every
/// login name, whether it matches or not. That is about what each login cost in Django. A row of
/// PBKDF2 with fewer iterations is filled up.
///
/// Two things still show. A row of another algorithm or with more iterations than the typical one
/// takes another time than an unknown name, until its first login. And a first login that succeeds
/// takes one hash more than the next.
///
/// A debug build takes seconds for each check, unless the manifest says
/// `[profile.dev.package.pbkdf2]` and `[profile.dev.package.sha2]` with `opt-level = 3`.
///
/// Leave the wrapper out as soon as no row begins with a name of Django's any more: then logins get
/// cheap again.
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

    /// What the rows of your table look like, when they do not come from Django 5.2 with its
    /// defaults (PBKDF2 with 1 000 000 iterations). Give a sample, of no real user: what
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
}

impl<H: fmt::Debug> fmt::Debug for DjangoHashes<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DjangoHashes").field("inner", &self.inner).finish_non_exhaustive()
    }
}
