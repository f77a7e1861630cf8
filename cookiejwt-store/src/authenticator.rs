//! The authenticator: its parts, and the methods that belong to no single one.

mod administration;
mod background;
mod beside;
mod builder;
mod keys;
mod links;
mod login;
mod proofs;
mod readers;
mod report;
mod sessions;
mod steps;
mod streams;
mod twins;

use std::{fmt, sync::Arc};

use cookiejwt_core::{Config, Core, store::Timestamp};
use time::OffsetDateTime;

use self::background::Schedule;
pub use self::{builder::AuthenticatorBuilder, readers::RevokedReaders};
use crate::{
    errors::PasswordError,
    events::Events,
    keys::Keys,
    passwords::{Owner, Passwords},
    routes::Routes,
    runtime::Runtime,
    sessions::Sessions,
    stores::{Tokens, Users},
};

/// Joins the core's decisions with the stores, the clock and the random numbers.
///
/// Built once, shared by every request; cloning is cheap. The adapters add `layer()`, `routes()`
/// and `require_login()`.
///
/// ```
/// use cookiejwt_store::{Authenticator, Config, MemoryStore, Secret};
/// # use cookiejwt_store::{AuthUser, StoreError, Subject, UserStore};
/// # struct Nobody;
/// # struct User;
/// # impl AuthUser for User {
/// #     fn subject(&self) -> Subject { 1.into() }
/// #     fn password_hash(&self) -> Option<&str> { None }
/// # }
/// # impl UserStore for Nobody {
/// #     type User = User;
/// #     type Error = StoreError;
/// #     async fn find_by_id(&self, _: &Subject) -> Result<Option<User>, StoreError> { Ok(None) }
/// #     async fn find_by_login(&self, _: &str) -> Result<Option<User>, StoreError> { Ok(None) }
/// #     async fn set_password_hash(&self, _: &Subject, _: &str, _: &str) -> Result<bool, StoreError> { Ok(false) }
/// # }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config::builder()
///     .secret(Secret::from_base64("NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=")?)
///     .issuer("https://id.example")
///     .audience("shop")
///     .build()?;
/// let auth = Authenticator::builder(config).users(Nobody).tokens(MemoryStore::new()).build()?;
/// # let _ = auth;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Authenticator(pub(crate) Arc<Inner>);

/// The parts, which every clone shares.
pub(crate) struct Inner {
    pub(crate) users: Users,
    pub(crate) tokens: Tokens,
    pub(crate) keys: Keys,
    pub(crate) passwords: Passwords,
    pub(crate) sessions: Sessions,
    pub(crate) events: Events,
    pub(crate) runtime: Runtime,
    pub(crate) routes: Routes,
    pub(crate) readers: Option<RevokedReaders>,
    schedule: Schedule,
}

impl Authenticator {
    /// Returns the pure core, for decisions without a store. It has the current keys, and keeps
    /// them even if the authenticator replaces its own.
    pub fn core(&self) -> Core {
        Core::clone(&self.0.keys.core())
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        self.0.keys.config()
    }

    /// The current time.
    pub fn now(&self) -> OffsetDateTime {
        self.0.runtime.now()
    }

    /// Hashes a password for storage, at sign-up or when the user resets a forgotten password.
    ///
    /// Sign-up gets the rules from here: a password with fewer than 8 characters or more than 1024
    /// bytes, or one that a [`PasswordPolicy`](crate::PasswordPolicy) does not accept, is
    /// [`PasswordError::Refused`], which a handler answers with 400 (NIST SP 800-63B-4 §3.1.1.2).
    /// It is put into NFC first, so that the same word from another keyboard matches.
    pub async fn hash_password(&self, password: &str) -> Result<String, PasswordError> {
        self.0.passwords.hash_new(password, Owner::default()).await
    }

    /// The same for a user who is called so: login name, e-mail address, real name. A policy sees
    /// the names and can refuse a password that is made of them (OWASP ASVS 5.0 6.2.11).
    pub async fn hash_password_for(&self, names: &[&str], password: &str) -> Result<String, PasswordError> {
        self.0.passwords.hash_new(password, Owner::named(names)).await
    }

    /// Whether both are clones of one authenticator. Two that were built from the same settings are
    /// not.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn timestamp(&self) -> Timestamp {
        self.0.runtime.timestamp()
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("core", &self.core()).finish_non_exhaustive()
    }
}
