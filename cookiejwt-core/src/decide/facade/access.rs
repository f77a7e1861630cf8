//! Access tokens: verified, remembered, minted.

use std::sync::Arc;

use super::Core;
use crate::token::{AccessClaims, CustomClaims, Expected, MintError, TokenFault, Verified, VerifiedAccess};

/// An access token that was just verified or just minted. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct AccessToken(Arc<AccessContent>);

struct AccessContent {
    claims: AccessClaims,
    payload: String,
    /// As it came in, for a memo to find it by; else empty.
    text: Box<[u8]>,
}

/// An access token that came in, and whether this node has seen it before.
pub(crate) struct Presentation {
    pub(crate) token: AccessToken,
    pub(crate) is_known: bool,
}

/// A just minted access token, with its text.
#[derive(Clone)]
pub(crate) struct MintedAccess {
    pub(crate) token: AccessToken,
    pub(crate) text: String,
}

impl AccessToken {
    /// Reads the claims of a token whose signature held, and checks them.
    pub(crate) fn read(
        verified: Verified,
        text: &[u8],
        expected: Expected<'_>,
        now: i64,
    ) -> Result<Self, TokenFault> {
        let claims = AccessClaims::read(verified.payload(), expected)?;
        claims.check(expected, now)?;
        Ok(Self::new(claims, verified.into_payload(), text))
    }

    fn new(claims: AccessClaims, payload: String, text: &[u8]) -> Self {
        Self(Arc::new(AccessContent { claims, payload, text: text.into() }))
    }

    pub(crate) fn claims(&self) -> &AccessClaims {
        &self.0.claims
    }

    pub(crate) fn payload(&self) -> &str {
        &self.0.payload
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.0.text
    }
}

impl Core {
    pub(crate) fn verify_access(
        &self,
        token: &[u8],
        longest: usize,
        now: i64,
    ) -> Result<Presentation, TokenFault> {
        let remembered = (token.len() <= longest).then(|| self.remembered(token)).flatten();
        if let Some(found) = remembered {
            found.claims().check(self.expected_access(), now).inspect_err(|_| self.forget(token))?;
            return Ok(Presentation { token: found, is_known: true });
        }
        let verified = self.0.access.verify(token, longest)?;
        let text = if self.0.memo.is_some() { token } else { &[] };
        let access = AccessToken::read(verified, text, self.expected_access(), now)?;
        if let Some(memo) = &self.0.memo {
            memo.remember(VerifiedAccess::new(access.clone()));
        }
        Ok(Presentation { token: access, is_known: false })
    }

    /// Every byte of the token is compared here, whatever the memo compares.
    fn remembered(&self, token: &[u8]) -> Option<AccessToken> {
        let found = self.0.memo.as_ref()?.recall(token)?.into_token();
        (found.text() == token).then_some(found)
    }

    fn forget(&self, token: &[u8]) {
        if let Some(memo) = &self.0.memo {
            memo.forget(token);
        }
    }

    pub(crate) fn mint_access(
        &self,
        claims: AccessClaims,
        custom: &CustomClaims,
    ) -> Result<MintedAccess, MintError> {
        let payload = claims.to_payload(self.parties(), custom);
        let text = self.0.access.sign(&payload)?;
        Ok(MintedAccess { token: AccessToken::new(claims, payload, &[]), text })
    }
}
