//! The world of the scenarios, around axum applications.

#![allow(dead_code, unused_imports, reason = "each file of tests uses its own part of this")]

mod answer;

use axum::{Router, http::Request, routing::any};
use cookiejwt_axum::{AxumAuth as _, Identity, RequestHead};

pub(crate) use self::answer::{ACCESS, Answer, Leaving, REFRESH, get, post_json, request, send};
pub(crate) use scenarios::{Browser, Counts, PlainPasswords, User, Users, Watched, World};

/// The identity in a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) subject: String,
    pub(crate) session: String,
    pub(crate) token: String,
}

/// The identity of these cookies, without an application.
pub(crate) async fn who(world: &World, cookies: &str) -> Option<Who> {
    let (parts, ()) = Request::get("/").header("cookie", cookies).body(()).unwrap().into_parts();
    let decision = world.auth.authenticate(RequestHead::from(&parts)).await;
    decision.identity().cloned().map(|identity| Identity::from(identity).into())
}

impl From<Identity> for Who {
    fn from(identity: Identity) -> Self {
        Self {
            subject: identity.subject().to_string(),
            session: identity.session_id().as_str().to_owned(),
            token: identity.token_id().as_str().to_owned(),
        }
    }
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.subject, self.session, self.token)
    }
}

/// An application with the built-in routes and `/me`, which requires a login and returns the
/// identity.
pub(crate) fn me(world: &World) -> Router {
    let me = any(|who: Identity| async move { Who::from(who).to_string() });
    Router::new().route("/me", me).merge(world.auth.routes()).layer(world.auth.layer())
}
