//! Tokens: how access and refresh tokens are signed, verified, read and remembered.

pub(crate) mod claims;
pub(crate) mod jws;
mod memo;
pub(crate) mod scope;

pub(crate) use self::{
    claims::{AccessClaims, Expected, Parties, RefreshClaims},
    jws::{Jws, MAX_COOKIE_TOKEN, MAX_HEADER_TOKEN, TokenKind, Verified},
    scope::{Roles, Scopes},
};
pub use self::{
    claims::{ClaimFault, CustomClaims, MintError},
    jws::TokenFault,
    memo::{VerifiedAccess, VerifiedMemo},
    scope::{Scope, ScopeError},
};
