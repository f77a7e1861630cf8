//! How passwords are hashed and compared: the trait of a hasher.

use crate::errors::PasswordError;

/// Whether a password belongs to a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new answer must break every hasher that wraps another")]
pub enum PasswordMatch {
    /// It does.
    Yes,
    /// It does, but the hash was made with outdated parameters.
    YesOutdated,
    /// It does not.
    No,
    /// The hash is of a format that the hasher does not read, or costs more than it accepts. The
    /// client receives the response for a wrong password; the log reports it once for each format.
    Unreadable,
}

impl PasswordMatch {
    /// Whether the password belongs to the hash.
    pub const fn is_match(self) -> bool {
        matches!(self, Self::Yes | Self::YesOutdated)
    }
}

/// Hashes and checks passwords. Runs on a thread that may block.
pub trait PasswordHasher: Send + Sync + 'static {
    /// Returns a hash for storage, with a fresh salt. [`verify`](Self::verify) must accept it,
    /// otherwise no [`Authenticator`](crate::Authenticator) can be built.
    fn hash(&self, password: &str) -> Result<String, PasswordError>;

    /// Compares in constant time. A stored hash that cannot be read is
    /// [`PasswordMatch::Unreadable`], after as much work as any other.
    fn verify(&self, password: &str, hash: &str) -> PasswordMatch;

    /// No password will be hashed for a while: memory that only hashing needs can be given back.
    ///
    /// It is called when an [`Authenticator`](crate::Authenticator) was built, which hashes one
    /// password, and when none has come for a minute or two. A hasher that wraps another passes it
    /// on. By default nothing happens.
    fn rest(&self) {}
}
