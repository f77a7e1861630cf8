//! Access tokens: how they are verified, remembered and minted.

use std::sync::Arc;

use crate::{
    keys::Ring,
    session::{Receipt, Sighting},
    token::{
        claims::{AccessClaims, CustomClaims, MintError, Parties},
        jws::{Jws, MAX_COOKIE_TOKEN, MAX_HEADER_TOKEN, TokenFault, TokenKind},
        memo::{VerifiedAccess, VerifiedField, VerifiedMemo},
        rules::TokenRules,
    },
};

/// An access token that was just verified or just minted. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct AccessToken(Arc<Entry>);

struct Entry {
    content: Arc<AccessContent>,
    /// What a memo finds it by: the token as it was presented, or the whole field with it;
    /// otherwise empty.
    text: Box<[u8]>,
}

struct AccessContent {
    claims: AccessClaims,
    payload: String,
}

/// An access token that was presented, and whether this node has seen it before.
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
    fn new(claims: AccessClaims, payload: String, text: &[u8]) -> Self {
        let content = Arc::new(AccessContent { claims, payload });
        Self(Arc::new(Entry { content, text: text.into() }))
    }

    /// The same token, found by another text.
    pub(crate) fn with_text(&self, text: &[u8]) -> Self {
        Self(Arc::new(Entry { content: Arc::clone(&self.0.content), text: text.into() }))
    }

    pub(crate) fn claims(&self) -> &AccessClaims {
        &self.0.content.claims
    }

    pub(crate) fn payload(&self) -> &str {
        &self.0.content.payload
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.0.text
    }
}

impl Presentation {
    /// What the token proves when no memo knew it; almost no token proves anything.
    pub(crate) fn sighting(&self) -> Option<Box<Sighting>> {
        let AccessClaims { session_id, refresh_jti, replaces, .. } = self.token.claims();
        if self.is_known || (refresh_jti.is_none() && replaces.is_none()) {
            return None;
        }
        let receipt = refresh_jti.clone();
        let receipt = receipt.map(|refresh_jti| Receipt { session_id: session_id.clone(), refresh_jti });
        Some(Box::new(Sighting { receipt, replaces: replaces.clone() }))
    }
}

/// Verifies, remembers and mints access tokens.
pub(crate) struct AccessTokens {
    jws: Jws,
    rules: TokenRules,
    memo: Option<Box<dyn VerifiedMemo>>,
}

impl AccessTokens {
    pub(crate) fn new(ring: Ring, rules: TokenRules, memo: Option<Box<dyn VerifiedMemo>>) -> Self {
        Self { jws: Jws::new(TokenKind::Access, ring), rules, memo }
    }

    /// The `kid` of each key, that of the signing key first.
    pub(crate) fn kids(&self) -> impl Iterator<Item = &str> {
        self.jws.kids()
    }

    pub(crate) fn parties(&self) -> Parties<'_> {
        self.rules.parties()
    }

    /// Verifies the value of a cookie.
    pub(crate) fn in_cookie(&self, token: &[u8], now: i64) -> Result<Presentation, TokenFault> {
        self.verify(token, MAX_COOKIE_TOKEN, now)
    }

    /// Verifies the token of an `Authorization` field.
    pub(crate) fn in_header(&self, token: &[u8], now: i64) -> Result<Presentation, TokenFault> {
        self.verify(token, MAX_HEADER_TOKEN, now)
    }

    fn verify(&self, token: &[u8], longest: usize, now: i64) -> Result<Presentation, TokenFault> {
        let remembered = (token.len() <= longest).then(|| self.remembered(token)).flatten();
        if let Some(found) = remembered {
            let checked = found.claims().check(self.rules.expected(), now);
            if let (Err(_), Some(memo)) = (checked, &self.memo) {
                memo.forget(token);
            }
            return checked.map(|()| Presentation { token: found, is_known: true });
        }
        let verified = self.jws.verify(token, longest)?;
        let claims = AccessClaims::read(verified.payload(), self.rules.expected())?;
        claims.check(self.rules.expected(), now)?;
        let text = if self.memo.is_some() { token } else { &[] };
        let access = AccessToken::new(claims, verified.into_payload(), text);
        if let Some(memo) = &self.memo {
            memo.remember(VerifiedAccess::new(access.clone()));
        }
        Ok(Presentation { token: access, is_known: false })
    }

    /// The access token of a whole `Cookie` field that has come before, if it is valid now;
    /// otherwise the field is forgotten. Compares every byte of it, whatever the memo compares.
    pub(crate) fn recall_field(&self, field: &[u8], now: i64) -> Option<AccessToken> {
        let memo = self.memo.as_ref()?;
        let found = memo.recall_field(field).filter(|found| found.text() == field)?;
        let token = found.into_token();
        if token.claims().check(self.rules.expected(), now).is_err() {
            memo.forget_field(field);
            return None;
        }
        Some(token)
    }

    /// Remembers a field with this token in it.
    pub(crate) fn remember_field(&self, field: impl FnOnce() -> Option<VerifiedField>) {
        if let Some(memo) = &self.memo
            && let Some(field) = field()
        {
            memo.remember_field(field);
        }
    }

    /// Compares every byte of the token, whatever the memo compares.
    fn remembered(&self, token: &[u8]) -> Option<AccessToken> {
        let found = self.memo.as_ref()?.recall(token)?.into_token();
        (found.text() == token).then_some(found)
    }

    /// The claims of a token that we signed, expired or not.
    pub(crate) fn signed(&self, token: &[u8], longest: usize) -> Option<AccessClaims> {
        let verified = self.jws.verify(token, longest).ok()?;
        AccessClaims::read(verified.payload(), self.rules.expected()).ok()
    }

    pub(crate) fn mint(
        &self,
        claims: AccessClaims,
        custom: &CustomClaims,
    ) -> Result<MintedAccess, MintError> {
        let payload = claims.to_payload(self.parties(), custom);
        let text = self.jws.sign(&payload)?;
        Ok(MintedAccess { token: AccessToken::new(claims, payload, &[]), text })
    }

    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn jws(&self) -> &Jws {
        &self.jws
    }
}
