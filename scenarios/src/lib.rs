//! One table of HTTP scenarios, run over real sockets with raw bytes, unchanged, through every adapter: `cargo test -p
//! scenarios` prints it with one column per framework. "row m" and "CSRF row 4" are rows of the tables of
//! `cookiejwt_core::rules` (`cookiejwt-core/docs/decide.md`).
//!
//! * [`World`] is what an application stands on: a clock that is moved by hand, stores that count and fail on demand,
//!   ids that are known beforehand. The tests of the other crates use it too.
//! * [`table::all`] is the table; [`Scenario`] the words that it is written in.
//! * [`run`](run::run) plays one scenario against one framework.
//! * [`Documented`] holds every answer of a route of ours against the OpenAPI document of that very application.

#![allow(missing_docs, reason = "not published; the names say it")]
#![allow(clippy::missing_panics_doc, reason = "a test wants to hear at once what is wrong")]

pub mod answer;
pub mod documented;
pub mod examples;
pub mod expected;
pub mod ids;
pub mod request;
pub mod run;
pub mod scenario;
pub mod session_cookie;
mod stores;
pub mod table;
mod users;
mod world;

pub use crate::{
    answer::Answer,
    documented::Documented,
    expected::Expected,
    request::Request,
    scenario::{Scenario, Step},
    stores::{Counts, Gate, Watched},
    users::{PlainPasswords, User, Users},
    world::{Browser, World},
};

pub const ACCESS: &str = "__Host-access_token";
pub const REFRESH: &str = "__Host-refresh_token";
pub const DEVICE: &str = "__Host-known_device";

/// What a handler says of somebody who is logged in.
pub fn said(who: &cookiejwt_store::Identity) -> String {
    format!("{} {} {} {}", who.subject(), who.session_id(), who.token_id(), who.source().as_str())
}

/// What a handler says of anybody.
pub fn said_of(who: Option<&cookiejwt_store::Identity>) -> String {
    who.map_or_else(|| "nobody".into(), said)
}

/// What a handler says of the sessions.
pub fn listed(sessions: &[cookiejwt_store::SessionInfo]) -> String {
    serde_json::to_string(sessions).expect("strings, times and a boolean")
}

/// The custom claims that the handlers ask for.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Roles {
    pub roles: Vec<String>,
}

/// The scope that the handlers ask for.
pub const WRITE: cookiejwt_store::Scope = cookiejwt_store::Scope::new("notes:write");

/// How long ago a login may be where a fresh one is demanded.
pub const FRESH: std::time::Duration = std::time::Duration::from_mins(5);

/// What a public route says that shows more to somebody with a scope.
pub fn writes(who: Option<&cookiejwt_store::Identity>) -> &'static str {
    match who {
        None => "nobody",
        Some(who) if who.has_scope("notes:write") => "writer",
        Some(_) => "reader",
    }
}
