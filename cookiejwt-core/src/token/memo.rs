//! The memo of access tokens that were verified before.

use std::fmt;

use crate::token::access::AccessToken;

/// An access token whose signature held, as a [`VerifiedMemo`] keeps it.
///
/// There is no public constructor: what a memo gives back was verified by the core before. Cloning is cheap.
#[derive(Clone)]
pub struct VerifiedAccess(AccessToken);

impl VerifiedAccess {
    pub(crate) fn new(token: AccessToken) -> Self {
        Self(token)
    }

    pub(crate) fn into_token(self) -> AccessToken {
        self.0
    }

    /// The token as it came in: the key under which it is remembered.
    pub fn token(&self) -> &[u8] {
        self.0.text()
    }

    /// About how many bytes it takes in memory.
    pub fn size(&self) -> usize {
        const OVERHEAD: usize = 256;
        self.0.text().len().saturating_add(self.0.payload().len()).saturating_add(OVERHEAD)
    }
}

impl fmt::Debug for VerifiedAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedAccess")
            .field("session_id", &self.0.claims().session_id)
            .finish_non_exhaustive()
    }
}

/// A bounded memory of verified access tokens: the same token is presented hundreds of times in its few minutes.
///
/// It remembers that a signature held, and nothing more. The core compares the whole token, checks its times at every
/// use and forgets one that has ended; whether the session lives is asked every time, as without a memo. Only tokens whose
/// signature held are ever remembered, so nobody without a key can fill it.
///
/// `cookiejwt-store` brings one; this trait is for drivers of one's own.
pub trait VerifiedMemo: Send + Sync {
    /// The entry of this token.
    fn recall(&self, token: &[u8]) -> Option<VerifiedAccess>;

    /// Keeps an entry, and drops others where it must: both the number of entries and their bytes have to be bounded.
    fn remember(&self, access: VerifiedAccess);

    /// Drops the entry of this token.
    fn forget(&self, token: &[u8]);
}

#[cfg(test)]
mod tests;
