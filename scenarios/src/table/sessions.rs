//! The built-in routes: listing sessions, ending one, ending all others.

use super::endpoints::not_allowed;
use crate::{
    Expected, Scenario,
    expected::{json, me, no_content, problem, text},
    request::{delete, get, post, request},
    scenario::{Availability::Away, scenario},
};

const SESSIONS: &str = "/api/auth/sessions/";
const PHONE: &str = "/api/auth/sessions/{phone.session}/";
const PRESENT: &str = "/api/auth/sessions/{alice.session}/";
const PHONE_ENDED: &[&str] = &["#1 live #2", "#4 ended_by_user #5"];
const PRESENT_ENDED: &[&str] = &["#1 ended_by_user #2"];

pub(super) fn scenarios() -> Vec<Scenario> {
    [list(), list_refused(), end(), end_refused(), end_others(), methods(), own_routes()].concat()
}

fn alice(name: &'static str) -> Scenario {
    scenario("sessions", name).log_in("alice")
}

/// Her second session, a minute later.
fn two(name: &'static str) -> Scenario {
    alice(name).pass(60).log_in_as("alice", "phone")
}

fn stale(name: &'static str) -> Scenario {
    scenario("sessions", name).stale()
}

fn item(id: u64, created: &str, last_seen: &str, current: bool) -> String {
    format!(
        r##"{{"id":"#{id}","created_at":"2026-01-01T{created}Z","last_seen_at":"2026-01-01T{last_seen}Z","user_agent":null,"ip":null,"methods":[],"acted_by":null,"device_bound":false,"current":{current}}}"##
    )
}

fn only(last_seen: &str) -> Expected {
    json(&format!("[{}]", item(1, "12:00:00", last_seen, true)))
}

/// After a request that has authenticated, so that only the endpoint itself meets the unavailable
/// store.
fn loaded(name: &'static str) -> Scenario {
    two(name).send(get("/me").cookie("{alice}"), me(1, 1, 3)).sessions(Away)
}

fn list() -> Vec<Scenario> {
    let both =
        format!("[{},{}]", item(4, "12:01:00", "12:01:00", true), item(1, "12:00:00", "12:00:00", false));
    let device = r##"[{"id":"#1","created_at":"2026-01-01T12:00:00Z","last_seen_at":"2026-01-01T12:00:00Z","user_agent":"Surf/1.0","ip":"127.0.0.1","methods":["pwd"],"acted_by":null,"device_bound":false,"current":true}]"##;
    let login = r##"{"user_id":"1","session_id":"#1","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-02T12:00:00Z"}"##;
    vec![
        two("the user's own, newest first").log_in("bob").send(get(SESSIONS).cookie("{phone}"), json(&both)),
        alice("without the trailing slash")
            .send(get("/api/auth/sessions").cookie("{alice}"), only("12:00:00")),
        alice("by header").send(get(SESSIONS).bearer("{alice.token}"), only("12:00:00")),
        alice("HEAD").send(request("HEAD", SESSIONS).cookie("{alice}"), only("12:00:00").without_body()),
        alice("last_seen_at is that of the last refresh")
            .pass(200)
            .send(get(SESSIONS).cookie("{alice}"), only("12:00:00")),
        stale("refreshes").send(get(SESSIONS).cookie("{alice}"), {
            only("12:05:06").sets(1, 5, 4).rows(&["#1 live #4 after #2"])
        }),
        two("neither ended nor expired ones")
            .send(delete(PHONE).cookie("{alice}"), no_content().rows(PHONE_ENDED))
            .send(get(SESSIONS).cookie("{alice}"), only("12:00:00")),
        scenario("sessions", "the device of the login")
            .send(
                post("/api/auth/token/")
                    .line("User-Agent: Surf/1.0")
                    .json(r#"{"username":"alice","password":"alice-pw"}"#),
                json(login).sets(1, 3, 2).rows(&["#1 live #2"]),
            )
            .keep("alice")
            .send(get(SESSIONS).cookie("{alice}"), json(device)),
    ]
}

fn list_refused() -> Vec<Scenario> {
    vec![
        scenario("sessions", "anonymous").send(get(SESSIONS), problem("not_authenticated")),
        alice("invalid cookies")
            .send(get(SESSIONS).cookie("{alice.forged_access}"), problem("invalid_token").clears()),
        stale("an image on another site")
            .send(get(SESSIONS).site("cross-site").cookie("{alice}"), problem("refresh_required")),
        loaded("session store unavailable").send(get(SESSIONS).cookie("{alice}"), problem("unavailable")),
        alice("session store unavailable before its first load")
            .sessions(Away)
            .send(get(SESSIONS).cookie("{alice}"), problem("unavailable")),
    ]
}

fn end() -> Vec<Scenario> {
    let ended = |expected: Expected| expected.rows(PRESENT_ENDED);
    vec![
        two("another one: ends at once")
            .send(delete(PHONE).cookie("{alice}"), no_content().rows(PHONE_ENDED))
            .send(get("/me").cookie("{phone}"), problem("session_revoked").clears())
            .send(get("/me").cookie("{alice}"), me(1, 1, 3)),
        two("without the trailing slash").send(
            delete("/api/auth/sessions/{phone.session}").cookie("{alice}"),
            no_content().rows(PHONE_ENDED),
        ),
        two("twice")
            .send(delete(PHONE).cookie("{alice}"), no_content().rows(PHONE_ENDED))
            .send(delete(PHONE).cookie("{alice}"), no_content()),
        alice("the current one: the cookies are cleared")
            .send(delete(PRESENT).cookie("{alice}"), ended(no_content().clears()))
            .send(get("/me").cookie("{alice}"), problem("session_revoked").clears()),
        alice("the current one by header: nothing is cleared")
            .send(delete(PRESENT).bearer("{alice.token}"), ended(no_content())),
        stale("the current one after a refresh: cleared").send(
            delete(PRESENT).cookie("{alice}"),
            no_content().clears().rows(&["#1 ended_by_user #4 after #2"]),
        ),
    ]
}

fn end_refused() -> Vec<Scenario> {
    let bobs = "/api/auth/sessions/{bob.session}/";
    let strange = |name, segment: &str| {
        let path = format!("/api/auth/sessions/{segment}/");
        alice(name).send(delete(&path).cookie("{alice}"), problem("not_found"))
    };
    vec![
        alice("another user's: 404")
            .log_in("bob")
            .send(delete(bobs).cookie("{alice}"), problem("not_found"))
            .send(get("/me").cookie("{bob}"), me(2, 4, 6)),
        strange("one that does not exist: 404", "AAAAAAAAAAAAAAAAAAAAAA"),
        strange("a strange id: 404", "%2e%2e%2f%00"),
        strange("a long id: 404", &"A".repeat(3000)),
        alice("another user's, after a refresh: the cookies are sent")
            .log_in("bob")
            .pass(306)
            .send(delete(bobs).cookie("{alice}"), {
                problem("not_found").sets(1, 8, 7).rows(&["#1 live #7 after #2", "#4 live #5"])
            }),
        two("ending, anonymous").send(delete(PHONE), problem("not_authenticated")),
        two("ending, invalid cookies")
            .send(delete(PHONE).cookie("{alice.forged_access}"), problem("invalid_token").clears()),
        two("ending from another site")
            .send(delete(PHONE).site("cross-site").cookie("{alice}"), problem("csrf_failed")),
        two("ending by header from another site")
            .send(delete(PHONE).site("cross-site").bearer("{alice.token}"), no_content().rows(PHONE_ENDED)),
        loaded("ending, session store unavailable")
            .send(delete(PHONE).cookie("{alice}"), problem("unavailable")),
        loaded("ending the current one, session store unavailable: nothing is cleared")
            .send(delete(PRESENT).cookie("{alice}"), problem("unavailable")),
    ]
}

fn end_others() -> Vec<Scenario> {
    let three = |name| two(name).log_in_as("alice", "tablet").log_in("bob");
    let ended = &["#1 live #2", "#4 ended_by_user #5", "#7 ended_by_user #8", "#10 live #11"];
    let revoked = |count: u64| json(&format!(r#"{{"revoked":{count}}}"#));
    vec![
        three("all but the current one")
            .send(delete(SESSIONS).cookie("{alice}"), revoked(2).rows(ended))
            .send(get("/me").cookie("{phone}"), problem("session_revoked").clears())
            .send(get("/me").cookie("{tablet}"), problem("session_revoked").clears())
            .send(get("/me").cookie("{bob}"), me(2, 10, 12))
            .send(get("/me").cookie("{alice}"), me(1, 1, 3))
            .send(delete("/api/auth/sessions").cookie("{alice}"), revoked(0)),
        three("all but the current one, by header")
            .send(delete(SESSIONS).bearer("{alice.token}"), revoked(2).rows(ended)),
        stale("all but the current one, after a refresh").send(
            delete(SESSIONS).cookie("{alice}"),
            revoked(0).sets(1, 5, 4).rows(&["#1 live #4 after #2"]),
        ),
        two("ending the others, anonymous").send(delete(SESSIONS), problem("not_authenticated")),
        two("ending the others from another site")
            .send(delete(SESSIONS).site("same-site").cookie("{alice}"), problem("csrf_failed")),
        loaded("ending the others, session store unavailable")
            .send(delete(SESSIONS).cookie("{alice}"), problem("unavailable")),
    ]
}

fn methods() -> Vec<Scenario> {
    let one = "/api/auth/sessions/x/";
    vec![
        not_allowed("POST sessions/", "POST", SESSIONS, "GET, HEAD, DELETE"),
        not_allowed("OPTIONS sessions/", "OPTIONS", SESSIONS, "GET, HEAD, DELETE"),
        not_allowed("PUT sessions", "PUT", "/api/auth/sessions", "GET, HEAD, DELETE"),
        not_allowed("GET sessions/{id}/", "GET", one, "DELETE"),
        not_allowed("HEAD sessions/{id}/", "HEAD", one, "DELETE"),
        not_allowed("POST sessions/{id}", "POST", "/api/auth/sessions/x", "DELETE"),
    ]
}

/// The same through `AuthContext`.
fn own_routes() -> Vec<Scenario> {
    let list = format!("[{}]", item(1, "12:00:00", "12:00:00", true));
    vec![
        alice("a custom route: the list").send(get("/own-sessions").cookie("{alice}"), text(200, &list)),
        alice("a custom route: the current one").send(post("/own-end").cookie("{alice}"), {
            crate::expected::empty(200).clears().rows(PRESENT_ENDED)
        }),
        two("a custom route: the others")
            .send(post("/own-end-others").cookie("{alice}"), text(200, "1").rows(PHONE_ENDED)),
        loaded("a custom route, session store unavailable")
            .send(get("/own-sessions").cookie("{alice}"), problem("unavailable")),
    ]
}
