//! One table of HTTP scenarios that runs unchanged through every adapter, over real sockets and
//! with raw bytes: `cargo test -p scenarios` prints it with one column per framework. "row m" and
//! "CSRF row 4" are rows of the tables of `cookiejwt_core::rules`
//! (`cookiejwt-core/docs/decide.md`).
//!
//! * [`World`] is what an application needs: a manual clock, stores that count calls and fail on
//!   demand, predictable ids. The tests of the other crates use it, too.
//! * [`table::all`] is the table; [`Scenario`] has the words in which it is written.
//! * [`run`](run::run) runs one scenario against one framework.
//! * [`Documented`] compares every response of a built-in route with the OpenAPI document of the
//!   application.

#![allow(missing_docs, reason = "not published; the names say it")]
#![allow(clippy::missing_panics_doc, reason = "a test helper panics where the test would")]

pub mod answer;
pub mod documented;
pub mod examples;
pub mod expected;
pub mod ids;
pub mod request;
pub mod run;
pub mod scenario;
pub mod session_cookie;
pub mod steps;
mod stores;
pub mod table;
mod users;
mod verifier;
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
/// The id of the pending login follows.
pub const PENDING: &str = "__Host-pending_";

/// What a handler returns for an authenticated user.
pub fn said(who: &cookiejwt_store::Identity) -> String {
    format!("{} {} {} {}", who.subject(), who.session_id(), who.token_id(), who.source().as_str())
}

/// What a handler returns for an optional identity.
pub fn said_of(who: Option<&cookiejwt_store::Identity>) -> String {
    who.map_or_else(|| "nobody".into(), said)
}

/// The application's page for what is refused, for a client that asks for one.
pub fn problem_page(
    problem: cookiejwt_store::Problem,
    head: cookiejwt_store::RequestHead<'_>,
) -> Option<String> {
    let is_asked = head.text(&http::HeaderName::from_static("x-page")) == Some("yes");
    is_asked.then(|| format!("<p>{} at {}</p>", problem.code(), head.path()))
}

/// What a handler returns for a list of sessions.
pub fn listed(sessions: &[cookiejwt_store::SessionInfo]) -> String {
    serde_json::to_string(sessions).expect("strings, times and a boolean")
}

/// Lets the tasks of this thread run that a handler has left behind.
pub async fn background() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// The custom claims that the handlers read.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Roles {
    pub roles: Vec<String>,
}

/// The scope that the handlers require.
pub const WRITE: cookiejwt_store::Scope = cookiejwt_store::Scope::new("notes:write");

/// The maximum age of a login where a fresh one is required.
pub const FRESH: std::time::Duration = std::time::Duration::from_mins(5);

/// The proof that the handlers require.
pub const CODE: cookiejwt_store::Requirement =
    cookiejwt_store::Requirement::method(cookiejwt_store::Method::OTP).within(FRESH);

/// What a public route returns that shows more to a user with a scope.
pub fn writes(who: Option<&cookiejwt_store::Identity>) -> &'static str {
    match who {
        None => "nobody",
        Some(who) if who.has_scope("notes:write") => "writer",
        Some(_) => "reader",
    }
}
