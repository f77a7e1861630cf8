//! Links that are mailed to a user: how they are verified and minted.

use crate::{
    keys::Ring,
    token::{
        claims::{LinkClaims, MintError},
        jws::{Jws, MAX_HEADER_TOKEN, TokenFault, TokenKind},
        rules::TokenRules,
    },
};

/// The longest life in seconds.
pub(crate) const LONGEST_LINK: i64 = 7 * 86_400;
/// The longest purpose in bytes.
pub(crate) const LONGEST_PURPOSE: usize = 64;
/// The longest address in bytes: 64 before the `@`, and 255 after it (RFC 5321 §4.5.3.1).
pub(crate) const LONGEST_ABOUT: usize = 320;

/// Verifies and mints links.
pub(crate) struct LinkTokens {
    jws: Jws,
    rules: TokenRules,
}

impl LinkTokens {
    pub(crate) fn new(ring: Ring, rules: TokenRules) -> Self {
        Self { jws: Jws::new(TokenKind::Link, ring), rules }
    }

    /// The claims of a link that was made for this purpose and has not ended.
    pub(crate) fn verify(&self, token: &[u8], purpose: &str, now: i64) -> Result<LinkClaims, TokenFault> {
        let verified = self.jws.verify(token, MAX_HEADER_TOKEN)?;
        let claims = LinkClaims::read(verified.payload(), purpose, self.rules.expected())?;
        claims.check(self.rules.expected(), now)?;
        Ok(claims)
    }

    pub(crate) fn mint(&self, claims: &LinkClaims) -> Result<String, MintError> {
        let text = self.jws.sign(&claims.to_payload(self.rules.parties()))?;
        if text.len() > MAX_HEADER_TOKEN {
            return Err(MintError::TokenTooLong { length: text.len() });
        }
        Ok(text)
    }

    #[cfg(test)]
    pub(crate) fn jws(&self) -> &Jws {
        &self.jws
    }
}
