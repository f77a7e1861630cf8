//! Stores, passwords, endpoints and the driver that cookiejwt's framework adapters share.
//!
//! Applications depend on an adapter (`cookiejwt-axum`), which re-exports [`application`]. Use this
//! crate directly to implement a [`TokenStore`] for another database, or an adapter for another
//! framework.
//!
//! * [`UserStore`] is the one trait that every application implements, for its own user table.
//! * [`TokenStore`] keeps sessions: [`MemoryStore`], or `SeaOrmTokenStore` with the
//!   features `sqlite`, `postgres`, `mysql`.
//! * [`Authenticator`] joins the core's decisions with them.
//! * [`Verifier`] is for a service that only verifies the access tokens of another one.
//! * [`Slot`], [`Guard`] and [`Api`] are for adapters.
//! * `Authenticator::openapi` (feature `openapi`) is the OpenAPI document of the mounted routes.
//!
//! The [guide] explains how it all works.
//!
//! # Features
//!
//! * `sqlite`: sessions on SQLite, embedded, through SeaORM 2.
//! * `postgres`: sessions on PostgreSQL and compatible databases. The application chooses a TLS
//!   feature of SeaORM.
//! * `mysql`: sessions on MySQL, MariaDB and compatible databases. TLS as above.
//! * `django`: the password hashes of a Django user table.
//! * `session-cookie`: for adapters that let the web framework's own session follow the login.
//! * `rust-crypto` (default): pure-Rust signatures. RS256 and PS256 verify only.
//! * `aws-lc-rs`: faster ES256 and RSA, and the only backend that signs RS256 and PS256. It is used
//!   if both are on; without default features the other one is not compiled.
//! * `testing`: tokens and identities for the tests of an application.
//! * `conformance`: the tests that every `TokenStore` has to pass, for implementations for another
//!   database.
//! * `metrics`: counters through the facade `metrics`; `Event` lists them.
//! * `openapi`: the OpenAPI document of the mounted routes, for utoipa 6.
//! * `zxcvbn`: a policy that refuses new passwords that are easy to guess.
//! * `reqwest`: a [`Verifier`] fetches keys and revocations itself.
//! * `uuid`: `Subject` converts from and to `uuid::Uuid`.

#![cfg_attr(docsrs, feature(doc_cfg))]
// Each public enum and struct is open, or closed for a reason.
#![deny(clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod api;
pub mod application;
mod authenticator;
mod errors;
mod events;
pub mod guide;
mod keys;
mod passwords;
mod request;
mod routes;
mod runtime;
mod services;
mod sessions;
mod stores;
mod streams;
#[cfg(feature = "conformance")]
#[doc(hidden)]
pub mod token_store_tests;
mod verifier;

#[doc(inline)]
pub use crate::application::*;
#[cfg(feature = "conformance")]
#[doc(inline)]
pub use crate::token_store_tests as conformance;
/// Tokens and identities for the tests of an application.
#[cfg(feature = "testing")]
#[doc(inline)]
pub use cookiejwt_core::testing;
// What an adapter needs in addition.
pub use crate::{
    api::{Api, Body, Caller, MAX_BODY_BYTES},
    request::{
        AnyPending, AnySlot, Cookies, Departing, Departure, FrameworkSession, Guard, GuardOwner,
        GuardRefusal, LoggedIn, NoSession, Pending, Progress, Refused, Reply, RequestContext, SharedSlot,
        Slot, Slots, VerifierSlot, claims_of, missing_layer,
    },
    routes::Route,
    verifier::Waiting,
};
pub use cookiejwt_core::{
    CredentialSource, Decision, Identity,
    driver::{Headers, Logout, ResponseHeaders, SessionChange, Tokens},
};
