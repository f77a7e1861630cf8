//! Tokens: how access and refresh tokens are signed, verified, read, remembered and spent.

mod access;
mod claims;
mod jws;
mod memo;
mod refresh;
mod rules;
mod scope;
mod spent;

#[cfg(test)]
pub(crate) use self::jws::{Jws, TokenKind};
pub(crate) use self::{
    access::{AccessToken, AccessTokens, MintedAccess, Presentation},
    claims::{AccessClaims, RefreshClaims},
    jws::{MAX_COOKIE_TOKEN, MAX_HEADER_TOKEN},
    refresh::{RefreshToken, RefreshTokens},
    rules::TokenRules,
    scope::{has_role, has_scope},
};
#[cfg(any(test, feature = "testing"))]
pub(crate) use self::{claims::Parties, jws::verify_any};
pub use self::{
    claims::{ClaimFault, CustomClaims, MintError},
    jws::TokenFault,
    memo::{VerifiedAccess, VerifiedMemo},
    scope::{Scope, ScopeError},
    spent::SpentId,
};
