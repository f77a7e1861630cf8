//! Pure decisions for login with JWTs in HTTP-only cookies.
//!
//! This crate decides; it does nothing else. It reads the head of a request and the time that you pass in, and
//! answers with values: who is asking, which `Set-Cookie` lines must leave, what has to be asked of a store. It
//! has no clock, no random numbers, no sockets, no environment and no framework, so that every rule can be tested
//! by calling one function:
//!
//! ```
//! # #[cfg(feature = "testing")] {
//! use cookiejwt_core::testing;
//!
//! let core = testing::core();
//! let cookie = testing::access("42").expired().cookie();
//! let (parts, ()) = http::Request::get("/").header("cookie", cookie).body(()).unwrap().into_parts();
//! assert!(core.authenticate(&parts, testing::NOW).is_refused());
//! # }
//! ```
//!
//! The way of a request:
//!
//! 1. [`Core::authenticate`] gives an [`Assessment`]: settled, or in need of a session check, or of a refresh.
//! 2. [`SessionCheck::resolve`] takes what is known about the session.
//! 3. [`RefreshAttempt::with_user`] takes what is known about the user and gives a [`Rotation`].
//! 4. [`Rotation::complete`] takes what the store answered and gives the [`Decision`].
//!
//! Each step consumes the one before it, so an answer that is out of order or given twice does not compile.
//! `cookiejwt-store` drives these steps; `cookiejwt-axum` brings them to a framework. What each step decides is written in
//! [`rules`].
//!
//! Another service that only checks our access tokens needs this crate alone, and the public keys: [`Core::verifier`].
//!
//! # Features
//!
//! * `rust-crypto` (default): pure-Rust signatures. RS256 and PS256 verify only.
//! * `aws-lc-rs`: the same through aws-lc-rs, which also signs RS256 and PS256. Both together are fine.
//! * `testing`: fixed keys and a mint of tokens for the tests of an application.
//! * `uuid`: [`Subject`] converts from and to `uuid::Uuid`.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod authenticate;
mod claims;
mod client_address;
mod config;
mod cookie;
mod core;
mod crypto;
mod csrf;
mod decision;
mod departure;
mod duplicates;
mod head;
mod identity;
mod ids;
mod jwks;
mod jws;
mod keys;
mod known_device;
mod login;
mod logout;
mod memo;
mod mode;
mod next_path;
mod problem;
mod refresh;
mod roca;
#[doc = include_str!("../docs/decide.md")]
pub mod rules {}
mod scope;
mod session;
mod session_change;
mod sighting;
mod strict_json;
#[cfg(test)]
mod test_keys;
#[cfg(feature = "testing")]
pub mod testing;
mod throttle;
mod timestamp;
mod tokens;
mod verifier;

pub use crate::{
    authenticate::{Assessment, Resolution, SessionCheck, SessionStatus},
    claims::{ClaimFault, CustomClaims, MintError},
    config::{
        Config, ConfigBuilder, ConfigError, ConfigProblem, CredentialOrder, Expect, RevocationLevel,
        SameSite, Secret, SharedTokens,
    },
    cookie::{ResponseHeaders, SetCookie, SetCookies, Twins},
    core::Core,
    crypto::{Algorithm, KeyError},
    csrf::{CsrfCleared, CsrfDenial},
    decision::{CredentialFault, CredentialName, Decision, Outcome, Reason, Refusal, Settlement},
    departure::Departure,
    duplicates::DuplicateCookie,
    head::{Headers, RequestHead},
    identity::{ClaimsError, CredentialSource, Identity},
    ids::{LoginIds, Realm, RefreshIds, SessionId, Subject, TokenId},
    jwks::{JwkFault, Jwks, JwksError},
    jws::TokenFault,
    keys::{AccessKeys, PrivateKey, PublicKey},
    known_device::{DeviceId, PresentedDevices},
    login::{ClientInfo, Login, LoginRequest},
    logout::Logout,
    memo::{VerifiedAccess, VerifiedMemo},
    mode::{Mode, TokenMode},
    next_path::next_path,
    problem::Problem,
    refresh::{LateAnswer, LateRequest, RefreshAttempt, RefreshStep, Rotation, RotationStep, UserState},
    scope::{Scope, ScopeError},
    session::{
        AnswerLateRequest, ChangeOutcome, Receipt, ReplaceRequest, Revocation, RevocationReason,
        RotationOutcome, RotationRequest, SessionRecord, SettleRequest,
    },
    session_change::SessionChange,
    sighting::Sighting,
    throttle::{
        BucketId, PasswordTry, Standing, Throttle, ThrottleBucket, ThrottleCharge, ThrottleLimit,
        ThrottleScope,
    },
    timestamp::Timestamp,
    tokens::Tokens,
    verifier::Verifier,
};
