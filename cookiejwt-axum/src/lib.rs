//! Login with JWTs in HTTP-only cookies for axum and any tower HTTP service.
//!
//! An application adds one dependency, implements two small traits ([`AuthUser`] and [`UserStore`])
//! for its own user table, mounts the routes and wraps the router in the layer:
//!
#![doc = "```no_run"]
#![doc = include_str!("../docs/quickstart.rs")]
#![doc = "```"]
//!
//! The [guide] continues from here.
//!
//! # Who sent the request
//!
//! * [`Identity`] requires an authenticated user and rejects with 401 otherwise. `Option<Identity>`
//!   and [`MaybeIdentity`] are for public routes, where requests with stale cookies are anonymous.
//! * [`FreshLogin<300>`](FreshLogin) requires that the user logged in within the last 300 seconds.
//! * [`CurrentUser<U>`] loads the user through the `UserStore`.
//! * [`Claims<T>`] is the token's custom claims as your own type.
//! * [`AuthContext`] logs users in and out from your own handlers (OAuth callbacks, passkeys, magic
//!   links).
//! * `has_scope`, `has_role`, `require_scope` and `require_role` of an identity check the token's
//!   claims `scope`, `scopes` and `roles`; `meets` checks how its user proved who they are.
//! * [`AxumAuth::require_login`], [`require_fresh_login`](AxumAuth::require_fresh_login),
//!   [`require_proofs`](AxumAuth::require_proofs), [`require_scope`](AxumAuth::require_scope) and
//!   [`require_role`](AxumAuth::require_role) protect whole routers.
//! * [`AuthError`] is what handlers return: a [`Problem`] as a response.
//! * [`AxumVerifier`] is for a service that only verifies the access tokens of another one: see
//!   [services that only verify](guide::services).
//!
//! Verification is lazy: nothing happens until an extractor or guard asks. The layer then adds
//! refreshed cookies to the response, whatever it is: 2xx, 4xx, 5xx, a redirect, or the response to
//! a panic that an inner layer caught.
//!
//! # The order of layers
//!
//! [`AxumAuth::layer`] wraps every route that asks who sent the request. In axum, `.layer()` wraps
//! what was added before it, so call it after the routes. Add layers that turn panics or timeouts
//! into responses before it, so that their responses are sent with the cookies of a refresh too.
//!
//! Two user tables have two authenticators, and both layers may wrap one router, in either order. A
//! guard asks its own authenticator only; without the layer of that authenticator it responds 500,
//! and the log contains the fix. An extractor asks the innermost layer. Two layers of one
//! authenticator count as one.
//!
//! A guard never protects the built-in routes of its own authenticator, because they protect
//! themselves: with `require_login` around the whole router, users can still log in.
//!
//! axum boxes the layers of each route. [`AxumAuth::serve`] wraps the router as a whole instead:
//! the result is the same, with fewer allocations, and it passes the client's address along.
//!
//! # OpenAPI
//!
//! With the feature `openapi`, `auth.document(&mut openapi)` adds the mounted routes to the
//! application's own document (utoipa 6); the module `openapi` has an example.
//!
//! # Features
//!
//! * `sqlite`: sessions on SQLite, embedded, through SeaORM 2.
//! * `postgres`: sessions on PostgreSQL and compatible databases.
//! * `mysql`: sessions on MySQL, MariaDB and compatible databases.
//! * `django`: the password hashes of a Django user table.
//! * `tower-sessions`: the session of tower-sessions follows the login
//!   (`COOKIEJWT_SET_SESSION_COOKIE`).
//! * `rust-crypto` (default): pure-Rust signatures. RS256 and PS256 verify only.
//! * `aws-lc-rs`: faster ES256 and RSA, and the only backend that signs RS256 and PS256. It is used
//!   if both are on; without default features the other one is not compiled.
//! * `testing`: tokens and identities for the tests of an application.
//! * `metrics`: counters through the facade `metrics`; `Event` lists them.
//! * `openapi`: the OpenAPI document of the mounted routes, for utoipa 6.
//! * `zxcvbn`: a policy that refuses new passwords that are easy to guess.
//! * `reqwest`: a [`Verifier`] fetches keys and revocations itself.
//! * `uuid`: `Subject` converts from and to `uuid::Uuid`.

#![cfg_attr(docsrs, feature(doc_cfg))]
// Each public enum and struct is open, or closed for a reason.
#![deny(clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod auth;
mod extract;
mod guard;
pub mod guide;
mod layer;
mod pages;
mod routes;
mod session_cookie;
#[cfg(feature = "testing")]
pub mod testing;
mod verifier;

pub use cookiejwt_store::{self, application::*};

pub use crate::{
    auth::AxumAuth,
    extract::{
        AuthContext, AuthError, Claims, Cookies, CurrentUser, FreshLogin, Identity, LoggedIn, MaybeIdentity,
        WithCookies,
    },
    guard::{GuardLayer, Guarded},
    layer::{AuthFuture, AuthLayer, AuthService},
    pages::{Pages, PagesFuture, PagesLayer},
    verifier::{AxumVerifier, VerifierFuture, VerifierLayer, VerifierService},
};

/// The few names that every application needs.
pub mod prelude {
    #[cfg(feature = "_sea-orm")]
    pub use crate::SeaOrmTokenStore;
    pub use crate::{
        AuthContext, AuthError, AuthUser, Authenticator, AxumAuth as _, AxumVerifier as _, Claims, Config,
        Cookies, CurrentUser, FreshLogin, FromEnv as _, Identity, LoggedIn, LoginOptions, MaybeIdentity,
        MemoryStore, Method, PendingOptions, Problem, Requirement, Scope, StoreError, Subject,
        UntilEnded as _, UserStore, WithCookies,
    };
}

/// The README's samples compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
