//! Passwords: hashed, checked, throttled, and rehashed.

mod argon2_memory;
mod argon2id;
#[cfg(feature = "django")]
mod django;
mod hash_format;
mod hasher;
mod in_flight;
mod part;
mod password_check;
mod policy;
mod queue;
mod rehash;
mod throttle;
mod typed;
#[cfg(feature = "zxcvbn")]
mod zxcvbn;

#[cfg(feature = "django")]
pub use self::django::DjangoHashes;
#[cfg(feature = "zxcvbn")]
pub use self::zxcvbn::Zxcvbn;
pub use self::{
    argon2id::Argon2id,
    hasher::{PasswordHasher, PasswordMatch},
    policy::{NewPassword, PasswordPolicy},
};
pub(crate) use self::{
    part::Passwords,
    password_check::{Proof, ProvenUser, UserOf},
    policy::{Owner, Policies},
    rehash::Swap,
    typed::{TypedPassword, login_name},
};
