//! Login with JWTs in HTTP-only cookies for Rocket.
//!
//! An application adds one dependency, implements two small traits ([`AuthUser`] and [`UserStore`])
//! for its own user table, mounts the routes, registers the catchers and attaches the fairing:
//!
#![doc = "```no_run"]
#![doc = include_str!("../docs/quickstart.rs")]
#![doc = "```"]
//!
//! The [guide] continues from here.
//!
//! # Who sent the request
//!
//! * [`Identity`] requires an authenticated user and rejects with 401 otherwise. [`MaybeIdentity`]
//!   is for public routes, where requests with stale cookies are anonymous. Do not use
//!   `Option<Identity>`, in which Rocket also swallows a CSRF refusal (403) and an outage (503).
//! * [`FreshLogin<300>`](FreshLogin) requires that the user logged in within the last 300 seconds.
//! * [`CurrentUser<U>`] loads the user through the `UserStore`.
//! * [`Claims<T>`] is the token's custom claims as your own type.
//! * [`AuthContext`] logs users in and out from your own handlers (OAuth callbacks, passkeys, magic
//!   links).
//! * `has_scope`, `has_role`, `require_scope` and `require_role` of an identity check the token's
//!   claims `scope`, `scopes` and `roles`; `meets` checks how its user proved who they are.
//! * [`RocketAuth::require_login`], [`require_fresh_login`](RocketAuth::require_fresh_login),
//!   [`require_proofs`](RocketAuth::require_proofs), [`require_scope`](RocketAuth::require_scope)
//!   and [`require_role`](RocketAuth::require_role) protect lists of routes.
//! * [`AuthError`] is what handlers return: a [`Problem`] as a response.
//! * [`RocketVerifier`] is for a service that only verifies the access tokens of another one: see
//!   [services that only verify](guide::services).
//!
//! # The fairing
//!
//! Verification is lazy: nothing happens until a guard asks. The [fairing](RocketAuth::fairing)
//! then adds refreshed cookies to the response, whatever it is: 2xx, 4xx, 5xx, a redirect, or the
//! response of a catcher, also after a panic. Without the fairing every guard responds 500, and the
//! log contains the fix. Cookies that handlers add to Rocket's own `CookieJar` are not changed.
//!
//! Two user tables have two authenticators, and both fairings are attached. A guard for routes asks
//! its own authenticator only; without the fairing of that authenticator it responds 500, and the
//! log contains the fix. A request guard asks the authenticator of the guard for routes that
//! protects it, otherwise the fairing that was attached last. Ignition fails for two fairings whose
//! cookies have the same names, and for two of one authenticator.
//!
//! # A second route for anonymous requests
//!
//! [`Identity`], [`CurrentUser`] and [`Claims`] forward a 401 if another route has the same method
//! and path and a higher rank:
//!
//! ```
//! use cookiejwt_rocket::prelude::*;
//! use rocket::get;
//!
//! #[get("/")]
//! fn index(who: Identity) -> String {
//!     format!("hello, {}", who.subject())
//! }
//!
//! #[get("/", rank = 2)]
//! fn welcome() -> &'static str {
//!     "hello, stranger"
//! }
//! ```
//!
//! Without such a route the 401 is sent with its problem document; a `FileServer` or a page for all
//! other paths is not tried. 403 and 503 are never forwarded, and [`FreshLogin`] and the guards for
//! routes never forward.
//!
//! # The catchers
//!
//! A Rocket guard sets only the status of an error; a catcher writes the body.
//! [`RocketAuth::catchers`] returns catchers for the statuses that cookiejwt's guards use (401,
//! 403, 500 and 503), which respond with `application/problem+json`. If a cookiejwt guard refused
//! the request, the body contains its problem. If another part of the application caused the
//! status, the body is the general one for that status.
//!
//! To use your own catchers for some paths, register them at a longer base, such as
//! `.register("/pages", catchers![login_page])`: Rocket then prefers them. To use your own catcher
//! at the same base, remove cookiejwt's catcher for that status, because Rocket refuses to start
//! with two:
//!
//! ```
//! use cookiejwt_rocket::prelude::*;
//! use rocket::{Catcher, catch, catchers, response::Redirect};
//!
//! #[catch(401)]
//! fn login_page() -> Redirect {
//!     Redirect::to("/login")
//! }
//!
//! fn with_login_page(auth: &Authenticator) -> Vec<Catcher> {
//!     let mut catchers = auth.catchers();
//!     catchers.retain(|catcher| catcher.code != Some(401));
//!     catchers.extend(catchers![login_page]);
//!     catchers
//! }
//! ```
//!
//! # Limits of Rocket
//!
//! * Rocket drops header fields that are not UTF-8. One such `Cookie` field hides the other cookies
//!   in it, so that an authenticated user appears anonymous; such an `Origin` counts as absent.
//! * A request that Rocket cannot parse gets a 400 before any fairing, and no cookie.
//! * A form's field `_method` changes the method before any fairing or guard sees the request. It
//!   never makes a request safe: a request that contains a form is not safe, whatever its method.
//! * `X-Real-IP` is not trusted: the client's address is the address of the connection.
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
//! * `private-cookie`: a private cookie follows the login (`COOKIEJWT_SET_SESSION_COOKIE`). Rocket
//!   then needs a `secret_key` in production.
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
mod catchers;
mod fairing;
mod figment;
mod guarded_routes;
mod guards;
pub mod guide;
mod memory;
mod respond;
mod routes;
mod session_cookie;
#[cfg(feature = "testing")]
pub mod testing;
mod verifier;
mod view;

pub use cookiejwt_store::{self, application::*};

#[cfg(feature = "private-cookie")]
pub use crate::session_cookie::SessionCookie;
pub use crate::{
    auth::RocketAuth,
    fairing::AuthFairing,
    figment::FromFigment,
    guarded_routes::GuardedRoutes,
    guards::{
        AuthContext, AuthError, Claims, Cookies, CurrentUser, FreshLogin, Identity, LoggedIn, MaybeIdentity,
        WithCookies,
    },
    verifier::{RocketVerifier, VerifierFairing},
};

/// The few names that every application needs.
pub mod prelude {
    #[cfg(feature = "_sea-orm")]
    pub use crate::SeaOrmTokenStore;
    pub use crate::{
        AuthContext, AuthError, AuthUser, Authenticator, Claims, Config, Cookies, CurrentUser, FreshLogin,
        FromEnv as _, FromFigment as _, Identity, LoggedIn, LoginOptions, MaybeIdentity, MemoryStore, Method,
        PendingOptions, Problem, Requirement, RocketAuth as _, RocketVerifier as _, Scope, StoreError,
        Subject, UntilEnded as _, UserStore, WithCookies,
    };
}
