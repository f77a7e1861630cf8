//! Tokens: how access tokens, refresh tokens and links are signed, verified, read, remembered and
//! spent.

mod access;
mod claims;
mod facts;
mod jws;
mod link;
mod memo;
mod method;
mod proofs;
mod refresh;
mod requirement;
mod reserved;
mod revocations;
mod row_facts;
mod rules;
mod scope;
mod spent;
mod stamp;

#[cfg(test)]
pub(crate) use self::jws::{Jws, TokenKind};
pub(crate) use self::{
    access::{AccessToken, AccessTokens, MintedAccess, Presentation},
    claims::{AccessClaims, LinkClaims, RefreshClaims, RevocationClaims},
    jws::{MAX_COOKIE_TOKEN, MAX_HEADER_TOKEN},
    link::{LONGEST_ABOUT, LONGEST_LINK, LONGEST_PURPOSE, LinkTokens},
    proofs::read_proofs,
    refresh::{RefreshToken, RefreshTokens},
    revocations::RevocationTokens,
    rules::TokenRules,
    scope::{has_role, has_scope, scopes},
    stamp::Stamps,
};
#[cfg(any(test, feature = "testing"))]
pub(crate) use self::{claims::Parties, jws::verify_any};
pub use self::{
    claims::{ClaimFault, CustomClaims, MintError},
    facts::{Actor, Facts},
    jws::TokenFault,
    memo::{VerifiedAccess, VerifiedField, VerifiedMemo},
    method::{Method, MethodError},
    proofs::Proofs,
    requirement::{AnyMethod, MissingProof, Requirement},
    revocations::Revocations,
    row_facts::RowFacts,
    scope::{Scope, ScopeError},
    spent::SpentId,
};
