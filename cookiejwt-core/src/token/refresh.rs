//! Refresh tokens: how they are verified and minted.

use crate::{
    keys::Ring,
    token::{
        claims::{MintError, RefreshClaims},
        jws::{Jws, MAX_COOKIE_TOKEN, MAX_HEADER_TOKEN, TokenFault, TokenKind},
        rules::TokenRules,
    },
};

/// A refresh token that was just verified or just minted, with its text.
#[derive(Clone)]
pub(crate) struct RefreshToken {
    pub(crate) claims: RefreshClaims,
    pub(crate) text: String,
}

/// Verifies and mints refresh tokens.
pub(crate) struct RefreshTokens {
    jws: Jws,
    rules: TokenRules,
}

impl RefreshTokens {
    pub(crate) fn new(ring: Ring, rules: TokenRules) -> Self {
        Self { jws: Jws::new(TokenKind::Refresh, ring), rules }
    }

    /// Verifies the value of a cookie.
    pub(crate) fn in_cookie(&self, token: &[u8], now: i64) -> Result<RefreshToken, TokenFault> {
        self.verify(token, MAX_COOKIE_TOKEN, now)
    }

    /// Verifies the `refresh` of a body.
    pub(crate) fn in_body(&self, token: &[u8], now: i64) -> Result<RefreshToken, TokenFault> {
        self.verify(token, MAX_HEADER_TOKEN, now)
    }

    fn verify(&self, token: &[u8], longest: usize, now: i64) -> Result<RefreshToken, TokenFault> {
        let verified = self.jws.verify(token, longest)?;
        let claims = RefreshClaims::read(verified.payload(), self.rules.expected())?;
        claims.check(self.rules.expected(), now)?;
        Ok(RefreshToken { claims, text: String::from_utf8_lossy(token).into_owned() })
    }

    /// The claims of a token that we signed, expired or not.
    pub(crate) fn signed(&self, token: &[u8], longest: usize) -> Option<RefreshClaims> {
        let verified = self.jws.verify(token, longest).ok()?;
        RefreshClaims::read(verified.payload(), self.rules.expected()).ok()
    }

    pub(crate) fn mint(&self, claims: RefreshClaims) -> Result<RefreshToken, MintError> {
        let text = self.jws.sign(&claims.to_payload(self.rules.parties()))?;
        Ok(RefreshToken { claims, text })
    }

    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn jws(&self) -> &Jws {
        &self.jws
    }
}
