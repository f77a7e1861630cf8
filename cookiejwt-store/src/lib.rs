//! Stores, passwords, endpoints and the driver behind cookiejwt's framework adapters.
//!
//! Applications add an adapter (`cookiejwt-axum`), which re-exports everything here. Use this crate by itself to
//! implement a [`TokenStore`] for another database, or an adapter for another framework.
//!
//! * [`UserStore`] is the one trait that an application implements, for its own user table.
//! * [`TokenStore`] keeps sessions: [`MemoryStore`], or `SeaOrmTokenStore` with the
//!   features `sqlite`, `postgres`, `mysql`.
//! * [`Authenticator`] joins the core's decisions with them.
//! * [`Slot`], [`Guard`] and [`Api`] are what an adapter needs.
//! * `Authenticator::openapi` (feature `openapi`) is the OpenAPI document of the mounted routes.
//!
//! The [guide] explains how it all works.
//!
//! # Features
//!
//! * `sqlite`: sessions on SQLite, embedded, through SeaORM 2.
//! * `postgres`: sessions on PostgreSQL and what speaks its protocol. TLS is the application's choice: a feature of its
//!   own SeaORM.
//! * `mysql`: sessions on MySQL, MariaDB and what speaks their protocol. TLS as above.
//! * `django`: the password hashes of a Django user table.
//! * `session-cookie`: for adapters that let the web framework's own session follow the login.
//! * `aws-lc-rs`: faster ES256 and RSA, and the only backend that signs RS256 and PS256.
//! * `testing`: tokens and identities for the tests of an application.
//! * `conformance`: the facts that every `TokenStore` has to make true, for the tests of whoever implements one.
//! * `metrics`: counters through the facade `metrics`; `Event` lists them.
//! * `openapi`: the OpenAPI document of the mounted routes, for utoipa 6.
//! * `uuid`: `Subject` converts from and to `uuid::Uuid`.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod adapter;
mod advice;
mod api;
mod authenticator;
mod background;
mod beside;
mod buckets;
mod clock;
mod clock_skew;
#[cfg(feature = "conformance")]
pub mod conformance;
mod cookies;
mod departing;
#[cfg(feature = "django")]
mod django;
mod driver;
mod env;
mod error;
mod event;
mod feed;
mod fresh_login;
mod guard;
pub mod guide;
mod hash_format;
mod in_flight;
mod keys;
mod keys_dir;
mod lent_memory;
mod login;
mod memo;
mod memory;
mod password;
mod password_change;
mod patience;
mod pending;
mod proof;
mod pulse;
mod random;
mod receipts;
mod rehash;
mod revoked;
#[cfg(feature = "_sea-orm")]
pub mod sea_orm_store;
mod session_cookie;
mod session_list;
mod sessions;
mod slot;
mod slots;
mod throttle;
mod token_store;
mod twins;
mod typed;
mod unsent;
mod user_store;

pub use cookiejwt_core::{self as core, *};

#[cfg(feature = "openapi")]
pub use crate::api::openapi;
#[cfg(feature = "django")]
pub use crate::django::DjangoHashes;
#[cfg(feature = "_sea-orm")]
pub use crate::sea_orm_store::SeaOrmTokenStore;
pub use crate::{
    adapter::RequestContext,
    api::{Api, Body, Caller, MAX_BODY_BYTES, Reply, Route},
    authenticator::{Authenticator, AuthenticatorBuilder},
    clock::{Clock, ManualClock, SystemClock},
    cookies::Cookies,
    departing::Departing,
    driver::{Pending, Progress},
    env::{FromEnv, env_vars},
    error::{BuildError, LoginError, StoreError},
    event::{Event, LoginRefusal},
    guard::{Guard, GuardRefusal},
    keys_dir::ReadKeys,
    login::{LoginContext, LoginOptions},
    memory::MemoryStore,
    password::{Argon2id, PasswordError, PasswordHasher, PasswordMatch},
    session_cookie::{FrameworkSession, NoSession, SESSION_USER_KEY, SessionCookieError},
    session_list::SessionInfo,
    sessions::LoggedOut,
    slot::Slot,
    slots::Slots,
    token_store::{RevokedSession, TokenStore},
    user_store::{AuthUser, UserStore},
};
