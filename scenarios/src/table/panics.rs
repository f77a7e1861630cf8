//! Application code that panics. Something inside our layer catches it, or the framework does; then
//! nothing is cleared, nothing is half done, and the server continues.

use crate::{
    Expected, Request, Scenario,
    expected::{json, me, problem},
    request::{get, post},
    scenario::{
        Availability::{Back, Panics},
        scenario,
    },
};

const ROTATED: &str = "#1 live #4 after #2";
const ROTATED_LATER: &str = "#1 live #6 after #2";

fn alice(name: &'static str) -> Scenario {
    scenario("every response, a panic", name).log_in("alice")
}

fn stale(name: &'static str) -> Scenario {
    scenario("every response, a panic", name).stale()
}

fn caught() -> Expected {
    problem("server_error")
}

fn me_now() -> Request {
    get("/me").cookie("{alice}")
}

pub(super) fn scenarios() -> Vec<Scenario> {
    [at_handlers(), at_endpoints()].concat()
}

fn at_handlers() -> Vec<Scenario> {
    vec![
        alice("a handler, and the next request")
            .send(get("/panics").cookie("{alice}"), caught())
            .send(get("/panics").cookie("{alice}"), caught())
            .send(me_now(), me(1, 1, 3)),
        stale("caught only by the framework: the rotation counts, and a retry gets the same successor")
            .uncaught(get("/panics-uncaught").cookie("{alice}"), &[ROTATED])
            .send(me_now(), me(1, 1, 7).sets(1, 7, 4).rows(&[ROTATED])),
        stale("users, at a refresh")
            .users(Panics)
            .send(me_now(), caught().unasked())
            .users(Back)
            .send(me_now(), me(1, 1, 5).sets(1, 5, 4).rows(&[ROTATED])),
        stale("sessions, at a refresh")
            .sessions(Panics)
            .send(me_now(), caught().unasked())
            .sessions(Back)
            .send(me_now(), me(1, 1, 7).sets(1, 7, 6).rows(&[ROTATED_LATER])),
        stale("users, at a guard")
            .users(Panics)
            .send(get("/private").cookie("{alice}"), caught().unasked())
            .users(Back)
            .send(me_now(), me(1, 1, 5).sets(1, 5, 4).rows(&[ROTATED])),
        alice("users, at CurrentUser")
            .users(Panics)
            .send(get("/user").cookie("{alice}"), caught())
            .users(Back)
            .send(me_now(), me(1, 1, 3)),
    ]
}

fn at_endpoints() -> Vec<Scenario> {
    let refresh = || post("/api/auth/token/refresh/").cookie("{alice}");
    let login = || post("/api/auth/token/").json(r#"{"username":"alice","password":"alice-pw"}"#);
    let logged_in = |session: &str| {
        json(&format!(
            r#"{{"user_id":"1","session_id":"{session}","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-02T12:00:00Z"}}"#
        ))
    };
    vec![
        alice("sessions, at the refresh route")
            .sessions(Panics)
            .send(refresh(), caught())
            .sessions(Back)
            .send(refresh(), logged_in("#1").sets(1, 7, 6).rows(&[ROTATED_LATER])),
        scenario("every response, a panic", "users, at a login")
            .users(Panics)
            .send(login(), caught())
            .users(Back)
            .send(login(), logged_in("#1").sets(1, 3, 2).rows(&["#1 live #2"])),
        alice("sessions, at a logout: it is retried, and the session ends on this node at once")
            .sessions(Panics)
            .send(post("/api/auth/token/blacklist/").cookie("{alice}"), problem("unavailable").clears())
            .sessions(Back)
            .send(me_now(), problem("session_revoked").clears()),
    ]
}
