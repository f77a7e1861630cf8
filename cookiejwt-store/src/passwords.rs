//! Passwords: hashed, checked, throttled, and rehashed.

mod argon2_memory;
mod argon2id;
#[cfg(feature = "django")]
mod django;
mod hash_format;
mod in_flight;
mod password_check;
mod rehash;
mod throttle;
mod typed;

pub use self::argon2id::{Argon2id, PasswordError, PasswordHasher, PasswordMatch};
#[cfg(feature = "django")]
pub use self::django::DjangoHashes;
pub(crate) use self::{
    argon2id::Passwords,
    password_check::{Proof, Proven},
    rehash::{StoredHashes, Swap},
    throttle::Throttling,
    typed::{TypedPassword, login_name},
};
