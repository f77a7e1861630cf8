//! Tests of `examples/proofs` against the running binary, with proofs that nobody here wrote: codes
//! of `oathtool`, passkeys of Chromium's virtual authenticator, and the identity provider
//! `oidc-provider`.
#![cfg(unix)]

#[path = "../../tests/common/mod.rs"]
mod common;

mod acting;
mod bound;
mod codes;
mod links;
mod passkeys;
mod provider;
mod stage;
