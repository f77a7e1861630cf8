//! What outlives its request ends with its session: a stream and a WebSocket that have sent `open`
//! and wait.

use crate::{
    Expected, Request, Scenario, Step,
    expected::{empty, json, me, no_content, text},
    request::{delete, get, post},
    scenario::scenario,
};

const LOGOUT: &str = "/api/auth/token/blacklist/";
const OUT: &[&str] = &["#1 logout #2", "#4 live #5"];
const ENDED_BY_USER: &[&str] = &["#1 ended_by_user #2", "#4 live #5"];
const ALL_ENDED: &[&str] = &["#1 logout_everywhere #2", "#4 logout_everywhere #5"];

pub(super) fn scenarios() -> Vec<Scenario> {
    [ends("a stream", stream, text(200, "open")), ends("a WebSocket", socket, closed())].concat()
}

fn stream() -> Request {
    get("/follows").cookie("{alice}")
}

fn socket() -> Request {
    get("/ws-follows").upgrade().cookie("{alice}")
}

/// Two frames: a text, and a close frame with 1008 (RFC 6455 §7.4.1) and the code of a 401. The
/// first byte of each is not UTF-8.
fn closed() -> Expected {
    empty(101).with_body("\u{fffd}\u{4}open\u{fffd}\u{11}\u{3}\u{fffd}session_revoked")
}

/// Alice at her desk, with a second session.
fn follows(what: &'static str, name: &'static str, request: fn() -> Request) -> Scenario {
    scenario(what, name).log_in("alice").log_in_as("alice", "phone").follows(request())
}

fn ends(what: &'static str, request: fn() -> Request, over: Expected) -> Vec<Scenario> {
    let logout = || json("{}").clears();
    vec![
        follows(what, "ends with a logout", request)
            .send(post(LOGOUT).cookie("{alice}"), logout().rows(OUT))
            .is_over(over.clone()),
        follows(what, "ends when another device ends the session", request)
            .send(
                delete("/api/auth/sessions/{alice.session}/").cookie("{phone}"),
                no_content().rows(ENDED_BY_USER),
            )
            .is_over(over.clone()),
        follows(what, "ends when the user is logged out everywhere", request)
            .send(post("/logout-everywhere").cookie("{phone}"), empty(200).clears().rows(ALL_ENDED))
            .is_over(over.clone()),
        follows(what, "ends when another node ends the session", request)
            .step(Step::RevokedElsewhere("alice"))
            .step(Step::ReadFeed)
            .is_over(over.clone()),
        follows(what, "continues while another request refreshes the session", request)
            .pass(306)
            .send(
                get("/me").cookie("{alice}"),
                me(1, 1, 8).sets(1, 8, 7).rows(&["#1 live #7 after #2", "#4 live #5"]),
            )
            .keep("alice")
            .send(post(LOGOUT).cookie("{alice}"), logout().rows(&["#1 logout #7 after #2", "#4 live #5"]))
            .is_over(over),
    ]
}
