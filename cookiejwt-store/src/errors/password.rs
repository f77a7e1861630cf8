//! The error of hashing a password.

/// Upper bounds for the parameters of stored hashes, so that a planted row cannot exhaust the
/// memory.
pub(crate) const MAX_MEMORY_KIB: u32 = 1 << 18;
pub(crate) const MAX_PASSES: u32 = 16;
pub(crate) const MAX_LANES: u32 = 16;

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
    /// A new password has fewer than 8 characters or more than 1024 bytes, counted in NFC.
    #[error("a password has at least 8 characters and at most 1024 bytes")]
    Length,
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
