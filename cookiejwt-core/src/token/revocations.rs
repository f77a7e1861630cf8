//! Lists of revocations for services that only verify: how they are verified and minted.

use crate::{
    keys::Ring,
    session::{RevocationReason, SessionId, Timestamp},
    token::{
        claims::{MintError, RevocationClaims},
        jws::{Jws, TokenFault, TokenKind},
        rules::TokenRules,
    },
};

/// The age in seconds after which a list is not accepted any more.
pub(crate) const LONGEST_REVOCATIONS: i64 = 60;
/// The longest list in bytes, a signed one.
const MAX_BYTES: usize = 1024 * 1024;

/// Which sessions have ended and whose claims were renewed: what an issuer tells the services that
/// verify its access tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "drivers construct it")]
pub struct Revocations {
    /// The cursor of the question, as it was asked.
    pub since: Option<String>,
    /// The cursor of the next question. Only the issuer reads it.
    pub next: String,
    /// Access tokens from this second or earlier are dead, whichever session they are of: there
    /// were too many to list.
    pub before: Option<Timestamp>,
    /// Sessions that have ended, and why.
    pub revoked: Vec<(SessionId, RevocationReason)>,
    /// Sessions whose access tokens of a lower version are dead.
    pub renewed: Vec<(SessionId, i64)>,
}

impl Revocations {
    /// The most sessions in one list.
    pub const MOST: usize = 4000;
}

/// Verifies and mints lists of revocations.
pub(crate) struct RevocationTokens {
    jws: Jws,
    rules: TokenRules,
}

impl RevocationTokens {
    /// With the keys of access tokens, which are the ones that other services know.
    pub(crate) fn new(access: Ring, rules: TokenRules) -> Self {
        Self { jws: Jws::new(TokenKind::Revocations, access), rules }
    }

    /// The list, if it is the answer to this question and was made just now.
    pub(crate) fn verify(
        &self,
        token: &[u8],
        since: Option<&str>,
        now: i64,
    ) -> Result<Revocations, TokenFault> {
        let verified = self.jws.verify(token, MAX_BYTES)?;
        RevocationClaims::read(verified.payload(), since, self.rules.expected(), now)
    }

    pub(crate) fn mint(&self, claims: &RevocationClaims) -> Result<String, MintError> {
        let text = self.jws.sign(&claims.to_payload(self.rules.parties()))?;
        if text.len() > MAX_BYTES {
            return Err(MintError::TokenTooLong { length: text.len() });
        }
        Ok(text)
    }
}
