//! Login with JWTs in HTTP-only cookies for actix-web.
//!
//! An application adds one dependency, implements two small traits ([`AuthUser`] and [`UserStore`])
//! for its own user table, mounts the routes and wraps the application in the middleware:
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
//!   `Option<Identity>`, in which actix-web also swallows a CSRF refusal and an outage.
//! * [`FreshLogin<300>`](FreshLogin) requires that the user logged in within the last 300 seconds.
//! * [`CurrentUser<U>`] loads the user through the `UserStore`.
//! * [`Claims<T>`] is the token's custom claims as your own type.
//! * [`AuthContext`] logs users in and out from your own handlers (OAuth callbacks, passkeys, magic
//!   links).
//! * `has_scope`, `has_role`, `require_scope` and `require_role` of an identity check the token's
//!   claims `scope`, `scopes` and `roles`; `meets` checks how its user proved who they are.
//! * [`ActixAuth::require_login`], [`require_fresh_login`](ActixAuth::require_fresh_login),
//!   [`require_proofs`](ActixAuth::require_proofs), [`require_scope`](ActixAuth::require_scope) and
//!   [`require_role`](ActixAuth::require_role) protect whole scopes.
//! * [`AuthError`] is what handlers return: a [`Problem`] as a response.
//! * [`ActixVerifier`] is for a service that only verifies the access tokens of another one: see
//!   [services that only verify](guide::services).
//!
//! Verification is lazy: nothing happens until an extractor or guard asks. The middleware then adds
//! refreshed cookies to the response, whatever it is: 2xx, 4xx, 5xx, a redirect, or the response to
//! an error of another middleware.
//!
//! # The order of middleware
//!
//! In actix-web the middleware that is wrapped last is the outermost, so call
//! `.wrap(auth.middleware())` after the others. Wrap a middleware that turns panics or timeouts
//! into responses before it, so that its responses are sent with the cookies of a refresh too. Wrap
//! CORS after it.
//!
//! As soon as `App::configure(auth.routes())` has mounted the built-in routes, the middleware
//! answers them before routing. No scope, default service, catch-all or guard of the application
//! can take them over, whatever the order, and inner middleware does not see these requests. Two
//! cases are routed as usual: routes that are mounted in a scope, and
//! `COOKIEJWT_SET_SESSION_COOKIE`, where the session's middleware has to run inside. Then call
//! `.configure(auth.routes())` before anything that could match its paths.
//!
//! Two user tables have two authenticators, and both middlewares may wrap one application, in
//! either order. A guard asks its own authenticator only; without the middleware of that
//! authenticator it responds 500, and the log contains the fix. An extractor asks the innermost.
//! Two middlewares of one authenticator count as one.
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
//! * `actix-session`: the session of actix-session follows the login
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
mod headers;
mod middleware;
mod pages;
mod routes;
mod session_cookie;
#[cfg(feature = "testing")]
pub mod testing;
mod verifier;

pub use cookiejwt_store::{self, application::*};

pub use crate::{
    auth::ActixAuth,
    extract::{
        AuthContext, AuthError, Claims, Cookies, CurrentUser, FreshLogin, Identity, LoggedIn, MaybeIdentity,
        WithCookies,
    },
    guard::{GuardMiddleware, Guarded},
    middleware::{AuthFuture, AuthMiddleware, AuthService},
    verifier::{ActixVerifier, VerifierFuture, VerifierMiddleware, VerifierService},
};

/// The few names that every application needs.
pub mod prelude {
    #[cfg(feature = "_sea-orm")]
    pub use crate::SeaOrmTokenStore;
    pub use crate::{
        ActixAuth as _, ActixVerifier as _, AuthContext, AuthError, AuthUser, Authenticator, Claims, Config,
        Cookies, CurrentUser, FreshLogin, FromEnv as _, Identity, LoggedIn, LoginOptions, MaybeIdentity,
        MemoryStore, Method, PendingOptions, Problem, Requirement, Scope, StoreError, Subject,
        UntilEnded as _, UserStore, WithCookies,
    };
}
