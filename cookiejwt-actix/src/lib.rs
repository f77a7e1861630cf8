//! Login with JWTs in HTTP-only cookies for actix-web.
//!
//! One dependency, one trait ([`UserStore`](cookiejwt_store::UserStore)) for the application's own user table, the
//! routes mounted, the middleware around them:
//!
#![doc = "```no_run"]
#![doc = include_str!("../docs/quickstart.rs")]
#![doc = "```"]
//!
//! The [guide] goes on from here.
//!
//! # Asking who it is
//!
//! * [`Identity`] demands somebody: 401 by itself. [`MaybeIdentity`] is for public routes, where stale cookies mean
//!   "nobody"; not `Option<Identity>`, in which actix-web swallows a CSRF refusal and an outage too.
//! * [`FreshLogin<300>`](FreshLogin) demands somebody who has proved who he is at most 300 seconds ago.
//! * [`CurrentUser<U>`] loads the user through the `UserStore`.
//! * [`Claims<T>`] is the token's custom claims as a type of yours.
//! * [`AuthContext`] is for a login of one's own (OAuth, passkey) and for logging out.
//! * `has_scope`, `has_role` and `require_scope` of an identity read the token's claims `scope`, `scopes` and `roles`.
//! * [`ActixAuth::require_login`], [`require_fresh_login`](ActixAuth::require_fresh_login) and
//!   [`require_scope`](ActixAuth::require_scope) protect whole scopes.
//!
//! Nothing is verified before one of them asks. The middleware then writes the cookies to whatever response leaves: 2xx,
//! 4xx, 5xx, a redirect, the answer to an error of another middleware.
//!
//! # The order of middleware
//!
//! In actix-web the middleware that is wrapped last is the outermost, so call `.wrap(auth.middleware())` after the
//! others. One that turns panics or timeouts into responses goes inside it, before it in the text, so that the cookies
//! of a refresh leave with its answers too. CORS goes outside.
//!
//! The middleware answers the built-in routes itself, before routing, as soon as `App::configure(auth.routes())` has mounted
//! them: no scope, default service, catch-all or guard of the application stands in the way, whatever the order. So what is
//! wrapped inside does not see those requests. Two cases are routed like anything else: routes that were mounted in a scope,
//! and `COOKIEJWT_SET_SESSION_COOKIE`, where the session's middleware has to run inside ours. Then `.configure(auth.routes())`
//! goes before whatever could swallow its paths.
//!
//! Two user tables have two authenticators, and their middleware may both be around one application, in either order. A
//! guard asks its own authenticator and no other; without that one's middleware it answers 500, and the log says what to
//! add. An extractor asks the innermost. Two middlewares of one authenticator are one.
//!
//! # OpenAPI
//!
//! With the feature `openapi`, `auth.document(&mut openapi)` adds the mounted routes to the application's own document
//! (utoipa 6); the module `openapi` has an example.
//!
//! # Features
//!
//! * `sqlite`: sessions on SQLite, embedded, through SeaORM 2.
//! * `postgres`: sessions on PostgreSQL and what speaks its protocol.
//! * `mysql`: sessions on MySQL, MariaDB and what speaks their protocol.
//! * `django`: the password hashes of a Django user table.
//! * `actix-session`: the session of actix-session follows the login (`COOKIEJWT_SET_SESSION_COOKIE`).
//! * `aws-lc-rs`: faster ES256 and RSA, and the only backend that signs RS256 and PS256.
//! * `testing`: tokens and identities for the tests of an application.
//! * `metrics`: counters through the facade `metrics`; `Event` lists them.
//! * `openapi`: the OpenAPI document of the mounted routes, for utoipa 6.
//! * `uuid`: `Subject` converts from and to `uuid::Uuid`.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth;
mod extract;
mod guard;
pub mod guide;
mod headers;
mod middleware;
mod routes;
mod session_cookie;
#[cfg(feature = "testing")]
pub mod testing;

pub use cookiejwt_store::{self, application::*};

pub use crate::{
    auth::ActixAuth,
    extract::{
        AuthContext, AuthError, Claims, Cookies, CurrentUser, FreshLogin, Identity, MaybeIdentity, Tokens,
        WithCookies,
    },
    guard::{GuardMiddleware, Guarded},
    middleware::{AuthFuture, AuthMiddleware, AuthService},
};

/// The few names that every application needs.
pub mod prelude {
    #[cfg(feature = "_sea-orm")]
    pub use crate::SeaOrmTokenStore;
    pub use crate::{
        ActixAuth as _, AuthContext, AuthError, AuthUser, Authenticator, Claims, Config, Cookies,
        CurrentUser, FreshLogin, FromEnv as _, Identity, LoginOptions, MaybeIdentity, MemoryStore, Problem,
        Scope, StoreError, Subject, Tokens, UserStore,
    };
}
