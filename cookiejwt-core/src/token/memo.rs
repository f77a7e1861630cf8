//! The memo of access tokens that were verified before.

use std::fmt;

use crate::token::access::AccessToken;

/// An access token whose signature was verified, as a [`VerifiedMemo`] keeps it.
///
/// There is no public constructor: what a memo returns was verified by the core before. Cloning is
/// cheap.
#[derive(Clone)]
pub struct VerifiedAccess(AccessToken);

impl VerifiedAccess {
    pub(crate) fn new(token: AccessToken) -> Self {
        Self(token)
    }

    pub(crate) fn into_token(self) -> AccessToken {
        self.0
    }

    /// The token as it was presented: the key under which it is remembered.
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

/// A whole `Cookie` field with a verified access token in it, as a [`VerifiedMemo`] keeps it.
///
/// A browser sends the same field for minutes. What its bytes contain never changes, so neither the
/// field has to be searched again nor the token compared. Cloning is cheap.
#[derive(Clone)]
pub struct VerifiedField(AccessToken);

impl VerifiedField {
    /// Longer fields are searched every time.
    const LONGEST: usize = 4096;

    /// Of the only field of a request, which has each name at most once and this access token.
    pub(crate) fn new(text: &[u8], token: &AccessToken) -> Option<Self> {
        (text.len() <= Self::LONGEST).then(|| Self(token.with_text(text)))
    }

    pub(crate) fn into_token(self) -> AccessToken {
        self.0
    }

    /// The field as it was received: what it is remembered by.
    pub fn text(&self) -> &[u8] {
        self.0.text()
    }

    /// About how many bytes it takes in memory, with the token, which may be remembered nowhere
    /// else.
    pub fn size(&self) -> usize {
        const OVERHEAD: usize = 512;
        self.0.text().len().saturating_add(self.0.payload().len()).saturating_add(OVERHEAD)
    }
}

impl fmt::Debug for VerifiedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedField")
            .field("session_id", &self.0.claims().session_id)
            .finish_non_exhaustive()
    }
}

/// A bounded memory of verified access tokens: the same token is presented hundreds of times within
/// minutes.
///
/// It remembers that a signature is valid, and nothing more. The core compares the whole token,
/// checks its times at every use and forgets a token that has ended; it still checks every time
/// whether the session is alive. Only tokens with a valid signature are remembered, so no one
/// without a key can fill it.
///
/// `cookiejwt-store` brings one; this trait is for custom drivers.
pub trait VerifiedMemo: Send + Sync {
    /// The entry of this token.
    fn recall(&self, token: &[u8]) -> Option<VerifiedAccess>;

    /// Keeps an entry, and drops others if necessary: both the number of entries and their bytes
    /// must be bounded.
    fn remember(&self, access: VerifiedAccess);

    /// Drops the entry of this token.
    fn forget(&self, token: &[u8]);

    /// The entry of this whole `Cookie` field. The core compares every byte of it.
    fn recall_field(&self, _field: &[u8]) -> Option<VerifiedField> {
        None
    }

    /// Keeps a field. The bounds of fields are separate from those of tokens: a client with one
    /// valid token can send any number of different fields, and must not drop the tokens of other
    /// users with them. By default no field is remembered.
    fn remember_field(&self, _field: VerifiedField) {}

    /// Drops the entry of this field.
    fn forget_field(&self, _field: &[u8]) {}
}

#[cfg(test)]
mod tests;
