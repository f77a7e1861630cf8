//! Login with JWTs in HTTP-only cookies for axum, and for any tower HTTP service.
//!
//! One dependency, one trait ([`UserStore`](cookiejwt_store::UserStore)) for the application's own user table, the
//! routes mounted, the layer around them:
//!
#![doc = "```no_run"]
#![doc = include_str!("../docs/quickstart.rs")]
#![doc = "```"]
//!
//! The [guide] goes on from here.
//!
//! # Asking who it is
//!
//! * [`Identity`] demands somebody: 401 by itself. `Option<Identity>` and [`MaybeIdentity`] are for public routes, where
//!   stale cookies mean "nobody".
//! * [`FreshLogin<300>`](FreshLogin) demands somebody who has proved who he is at most 300 seconds ago.
//! * [`CurrentUser<U>`] loads the user through the `UserStore`.
//! * [`Claims<T>`] is the token's custom claims as a type of yours.
//! * [`AuthContext`] is for a login of one's own (OAuth, passkey) and for logging out.
//! * `has_scope`, `has_role` and `require_scope` of an identity read the token's claims `scope`, `scopes` and `roles`.
//! * [`AxumAuth::require_login`], [`require_fresh_login`](AxumAuth::require_fresh_login) and
//!   [`require_scope`](AxumAuth::require_scope) protect whole routers.
//!
//! Nothing is verified before one of them asks. The layer then writes the cookies to whatever response leaves: 2xx,
//! 4xx, 5xx, a redirect, the answer of a panic that a layer inside ours caught.
//!
//! # The order of layers
//!
//! [`AxumAuth::layer`] goes around everything that asks; with axum, `.layer()` wraps what was added before it, so call
//! it after the routes. Layers that turn panics or timeouts into responses go inside it, so that the cookies of a
//! refresh leave with their answers too.
//!
//! Two user tables have two authenticators, and their layers may both stand around one router, in either order. A guard
//! asks its own authenticator and no other; without that one's layer it answers 500, and the log says what to add. An
//! extractor asks the innermost layer. Two layers of one authenticator are one.
//!
//! A guard never stands in front of the built-in routes of its own authenticator, which protect themselves: with
//! `require_login` around everything, people can still log in.
//!
//! axum puts each route's layers into boxes. Where every microsecond counts, put the layer around the router as a whole: it does the
//! same with less to allocate and to move.
//!
//! ```no_run
//! use std::net::SocketAddr;
//!
//! use axum::{Router, ServiceExt, extract::Request};
//! use cookiejwt_axum::prelude::*;
//! use tower::Layer;
//!
//! async fn serve(auth: Authenticator, routes: Router) -> std::io::Result<()> {
//!     let app = auth.layer().layer(routes.merge(auth.routes()));
//!     let app = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(app);
//!     axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3000").await?, app).await
//! }
//! ```
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
//! * `tower-sessions`: the session of tower-sessions follows the login (`COOKIEJWT_SET_SESSION_COOKIE`).
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
mod layer;
mod routes;
mod session_cookie;
#[cfg(feature = "testing")]
pub mod testing;

pub use cookiejwt_store::{self, application::*};

pub use crate::{
    auth::AxumAuth,
    extract::{
        AuthContext, AuthError, Claims, Cookies, CurrentUser, FreshLogin, Identity, MaybeIdentity, Tokens,
    },
    guard::{GuardLayer, Guarded},
    layer::{AuthFuture, AuthLayer, AuthService},
};

/// The few names that every application needs.
pub mod prelude {
    #[cfg(feature = "_sea-orm")]
    pub use crate::SeaOrmTokenStore;
    pub use crate::{
        AuthContext, AuthError, AuthUser, Authenticator, AxumAuth as _, Claims, Config, Cookies, CurrentUser,
        FreshLogin, FromEnv as _, Identity, LoginOptions, MaybeIdentity, MemoryStore, Problem, Scope,
        StoreError, Subject, Tokens, UserStore,
    };
}

/// The README's samples compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
