//! Why something was refused, in detail: for logs, and for code that creates tokens and keys.
//!
//! A client receives a [`Problem`](crate::Problem), which contains less.

pub use crate::{
    config::SharedTokens,
    decide::{ClaimsError, CsrfDenial, DeviceReason},
    device::{DeviceEnd, DeviceFault, Skipped},
    keys::{JwkFault, JwksError, KeyError},
    request::{CredentialFault, CredentialName, DuplicateCookie},
    token::{ClaimFault, MethodError, MintError, ScopeError, TokenFault},
};
