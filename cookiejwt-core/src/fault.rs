//! Why something was refused, in detail: for logs, and for whoever makes tokens and keys.
//!
//! What a client is told is a [`Problem`](crate::Problem), which says less.

pub use crate::{
    config::SharedTokens,
    decide::{ClaimsError, CsrfDenial},
    keys::{JwkFault, JwksError, KeyError},
    request::{CredentialFault, CredentialName, DuplicateCookie},
    token::{ClaimFault, MethodError, MintError, ScopeError, TokenFault},
};
