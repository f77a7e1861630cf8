//! Why a login was refused.

/// Why a login was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoginRefusal {
    /// No user has this login name.
    UnknownUser,
    /// The password is wrong, or the user has none.
    WrongPassword,
    /// The hasher does not read the stored hash; see
    /// [`Event::UnreadableHash`](super::Event::UnreadableHash).
    UnreadableHash,
    /// The account is disabled.
    Inactive,
    /// The user was changed during the login.
    ChangedMeanwhile,
    /// The session that was to be replaced has ended.
    SessionEnded,
    /// A further proof, such as a code, is wrong.
    WrongProof,
    /// A further proof was used before.
    ReplayedProof,
}

impl LoginRefusal {
    /// The reason in logs and in the labels of metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown_user",
            Self::WrongPassword => "wrong_password",
            Self::UnreadableHash => "unreadable_hash",
            Self::Inactive => "inactive",
            Self::ChangedMeanwhile => "changed",
            Self::SessionEnded => "session_ended",
            Self::WrongProof => "wrong_proof",
            Self::ReplayedProof => "replayed_proof",
        }
    }
}
