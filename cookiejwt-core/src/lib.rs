//! Pure decisions for login with JWTs in HTTP-only cookies.
//!
//! This crate decides, and does nothing else. It reads the head of a request and the time that you
//! pass, and returns values: who is asking, which `Set-Cookie` lines must be sent, what a store has
//! to be asked. It has no clock, no random numbers, no sockets, no environment and no framework, so
//! that every rule can be tested by calling one function:
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
//! The steps of a request:
//!
//! 1. [`Core::authenticate`] returns an [`Assessment`]: settled, or in need of a session check or a
//!    refresh.
//! 2. [`SessionCheck::resolve`] takes what is known about the session.
//! 3. [`RefreshAttempt::with_user`] takes what is known about the user and returns a [`Rotation`].
//! 4. [`Rotation::complete`] takes the answer of the store and returns the [`Decision`].
//!
//! [`Assessment`]: driver::Assessment
//! [`SessionCheck::resolve`]: driver::SessionCheck::resolve
//! [`RefreshAttempt::with_user`]: driver::RefreshAttempt::with_user
//! [`Rotation`]: driver::Rotation
//! [`Rotation::complete`]: driver::Rotation::complete
//!
//! Each step consumes the one before it, so an answer that is out of order or is given twice does
//! not compile. `cookiejwt-store` drives these steps; `cookiejwt-axum` connects them to a
//! framework. What each step decides is documented in [`rules`].
//!
//! A service that only checks its access tokens needs only this crate and the public keys:
//! [`Verifier::new`].
//!
//! The crate root exports what the tests of an application and a verifying service use. The rest is
//! in modules: [`driver`], [`store`], [`fault`], and `testing` with its feature.
//!
//! # Features
//!
//! * `rust-crypto` (default): pure-Rust signatures. RS256 and PS256 verify only.
//! * `aws-lc-rs`: the same through aws-lc-rs, which also signs RS256 and PS256. Both together are
//!   fine.
//! * `testing`: fixed keys and a mint of tokens for the tests of an application.
//! * `uuid`: [`Subject`] converts from and to `uuid::Uuid`.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]
// Each public enum and struct is open, or closed for a reason.
#![deny(clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod config;
mod decide;
mod device;
pub mod driver;
pub mod fault;
#[cfg(any(test, feature = "testing"))]
mod internal;
mod keys;
mod request;
mod response;
#[doc = include_str!("../docs/decide.md")]
pub mod rules {}
mod session;
pub mod store;
mod syntax;
#[cfg(feature = "testing")]
pub mod testing;
mod throttle;
mod token;

pub use crate::{
    config::{
        Config, ConfigBuilder, ConfigError, ConfigErrorKind, CredentialOrder, DeviceBinding, Expect,
        RevocationLevel, SameSite, Secret,
    },
    decide::{Core, CredentialSource, Decision, Identity, Outcome, Reason, Refusal, Verifier},
    keys::{AccessKeys, Algorithm, Jwks, PrivateKey, PublicKey},
    response::{Problem, next_path},
    session::{SessionId, Subject},
    token::{Actor, AnyMethod, Facts, Method, MissingProof, Proofs, Requirement, Scope},
};
