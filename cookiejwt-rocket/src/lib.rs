//! Login with JWTs in HTTP-only cookies for Rocket.
//!
//! One dependency, one trait ([`UserStore`](cookiejwt_store::UserStore)) for the application's own user table, the
//! routes mounted, the catchers registered, the fairing attached:
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
//!   "nobody"; not `Option<Identity>`, in which Rocket swallows a CSRF refusal (403) and an outage (503) too.
//! * [`FreshLogin<300>`](FreshLogin) demands somebody who has proved who he is at most 300 seconds ago.
//! * [`CurrentUser<U>`] loads the user through the `UserStore`.
//! * [`Claims<T>`] is the token's custom claims as a type of yours.
//! * [`AuthContext`] is for a login of one's own (OAuth, passkey) and for logging out.
//! * `has_scope`, `has_role` and `require_scope` of an identity read the token's claims `scope`, `scopes` and `roles`.
//! * [`RocketAuth::require_login`], [`require_fresh_login`](RocketAuth::require_fresh_login) and
//!   [`require_scope`](RocketAuth::require_scope) protect lists of routes.
//!
//! # The fairing
//!
//! Nothing is verified before one of them asks. The [fairing](RocketAuth::fairing) then writes the cookies to whatever
//! response leaves: 2xx, 4xx, 5xx, a redirect, the answer of a catcher, also after a panic. Without it every one of them
//! answers 500 and says so in the log. Cookies that handlers add to Rocket's own `CookieJar` are left alone.
//!
//! Two user tables have two authenticators, whose fairings stand side by side. A guard asks its own authenticator and no
//! other; without that one's fairing it answers 500, and the log says what to add. Behind a guard an extractor
//! asks the guard's authenticator, elsewhere the fairing that was attached last. Two fairings whose cookies have the same names, or two of one authenticator, are refused at ignition.
//!
//! # A second route for everybody else
//!
//! [`Identity`], [`CurrentUser`] and [`Claims`] forward a 401 when there is another route of the same method and path with
//! a higher rank, which is how Rocket says "else":
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
//! Without such a route the 401 stays a 401 with its problem document; a `FileServer` or a page for every other path is
//! not asked. 403 and 503 are never forwarded, and [`FreshLogin`] and the guards for routes refuse.
//!
//! # The catchers
//!
//! A guard of Rocket's can only choose a status; the body comes from a catcher. Ours answer the statuses that our guards
//! choose with `application/problem+json`: 401, 403, 500 and 503. They know which guard of ours refused last, and claim
//! nothing about a status that came from elsewhere.
//!
//! Catchers of your own go to a longer base, such as `.register("/pages", catchers![login_page])`, where they win. For
//! the same base leave one of ours out, because Rocket refuses two of them for one status:
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
//! * A header field that is not UTF-8 never reaches us. In a `Cookie` field it hides its neighbours, so that somebody
//!   looks like nobody; an `Origin` like that counts as absent.
//! * A request that Rocket itself cannot read is answered 400 before any fairing, and gets no cookie.
//! * A form's field `_method` changes the method before anybody else sees the request. It never makes a request safe:
//!   one that carries a form is not, whatever its method.
//! * `X-Real-IP` is not believed: the client's address is that of the connection.
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
//! * `private-cookie`: a private cookie follows the login (`COOKIEJWT_SET_SESSION_COOKIE`). Rocket then needs a
//!   `secret_key` in production.
//! * `aws-lc-rs`: faster ES256 and RSA, and the only backend that signs RS256 and PS256.
//! * `testing`: tokens and identities for the tests of an application.
//! * `metrics`: counters through the facade `metrics`; `Event` lists them.
//! * `openapi`: the OpenAPI document of the mounted routes, for utoipa 6.
//! * `uuid`: `Subject` converts from and to `uuid::Uuid`.

#![cfg_attr(docsrs, feature(doc_cfg))]

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
        AuthContext, AuthError, Claims, Cookies, CurrentUser, FreshLogin, Identity, MaybeIdentity, Tokens,
    },
    respond::WithCookies,
};

/// The few names that every application needs.
pub mod prelude {
    #[cfg(feature = "_sea-orm")]
    pub use crate::SeaOrmTokenStore;
    pub use crate::{
        AuthContext, AuthError, AuthUser, Authenticator, Claims, Config, Cookies, CurrentUser, FreshLogin,
        FromEnv as _, FromFigment as _, Identity, LoginOptions, MaybeIdentity, MemoryStore, Problem,
        RocketAuth as _, Scope, StoreError, Subject, Tokens, UserStore, WithCookies,
    };
}
