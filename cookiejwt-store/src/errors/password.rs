//! The errors of a new password: what refuses it, and what keeps it from being hashed.

use std::error::Error;

use super::store::StoreError;

/// Upper bounds for the parameters of stored hashes, so that a planted row cannot exhaust the
/// memory.
pub(crate) const MAX_MEMORY_KIB: u32 = 1 << 18;
pub(crate) const MAX_PASSES: u32 = 16;
pub(crate) const MAX_LANES: u32 = 16;

/// Why a new password is not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordRefusal {
    /// A rule refuses it: the client gets 400 `password_refused` with this code as `reason`, and
    /// shows the user what to change (NIST SP 800-63B-4 §3.1.1.2).
    #[error("the new password is refused: {0}")]
    Rule(&'static str),
    /// The policy cannot decide: the client gets 503, the log has the reason, and nothing has
    /// changed.
    #[error("whether the new password is accepted is not known: {0}")]
    Undecided(StoreError),
}

impl PasswordRefusal {
    /// Fewer than 8 characters, counted in NFC.
    pub const TOO_SHORT: Self = Self::Rule("too_short");
    /// More than 1024 bytes, counted in NFC.
    pub const TOO_LONG: Self = Self::Rule("too_long");

    /// A rule refuses it. The code is for programs, such as `breached`; the page has the sentence
    /// for the user.
    pub const fn rule(code: &'static str) -> Self {
        Self::Rule(code)
    }

    /// The policy could not decide, because a service gave no answer. Return `Ok(())` instead where
    /// an outage of the other service must not keep users from changing their password.
    pub fn undecided(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Undecided(StoreError::new(error))
    }
}

/// Hashing that failed, or is at its limit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Too many logins are waiting already.
    #[error("too many logins are waiting for a hashing slot")]
    Busy,
    /// The hasher failed.
    #[error("the password cannot be hashed: {0}")]
    Hash(String),
    /// The new password is refused, by its length or by a
    /// [`PasswordPolicy`](crate::PasswordPolicy).
    #[error(transparent)]
    Refused(#[from] PasswordRefusal),
    /// Parameters beyond what [`Argon2id`](crate::Argon2id) reads again: one row with them could
    /// exhaust the memory of the server.
    #[error(
        "argon2id with m={m} KiB, t={t}, p={p} costs more than is ever verified; at most m={max_m} t={max_t} p={max_p}",
        max_m = MAX_MEMORY_KIB,
        max_t = MAX_PASSES,
        max_p = MAX_LANES
    )]
    TooCostly {
        /// Memory in KiB.
        m: u32,
        /// Passes.
        t: u32,
        /// Lanes.
        p: u32,
    },
    /// Parameters below the floor of the OWASP password storage cheat sheet.
    #[error("argon2id with m={m} KiB, t={t} is weaker than OWASP's floor (m=19456 t=2, or an equal pair)")]
    Weak {
        /// Memory in KiB.
        m: u32,
        /// Passes.
        t: u32,
    },
}

impl PasswordError {
    /// Whether trying again later may help.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy)
    }
}
