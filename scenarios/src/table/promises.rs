//! What the OpenAPI document promises and the other rows do not cover.

use crate::{
    Expected, Request, Scenario, Step,
    expected::{json, problem},
    request::{delete, get, post},
    scenario::{Availability::Away, scenario},
};

const LOGOUT: &str = "/api/auth/logout/";
const REFRESH: &str = "/api/auth/token/refresh/";

pub(super) fn scenarios() -> Vec<Scenario> {
    [logout(), refresh(), guarded(), throttled()].concat()
}

fn alice(rule: &'static str, name: &'static str) -> Scenario {
    scenario(rule, name).log_in("alice")
}

fn stale(rule: &'static str, name: &'static str) -> Scenario {
    scenario(rule, name).stale()
}

fn logout() -> Vec<Scenario> {
    vec![
        alice("logout", "from another site").send(
            post("/api/auth/token/blacklist/").site("cross-site").cookie("{alice}"),
            problem("csrf_failed"),
        ),
        alice("logout", "by the other name, sessions away")
            .sessions(Away)
            .send(post(LOGOUT).cookie("{alice}"), problem("unavailable").clears()),
    ]
}

fn logged_out(scenario: Scenario, request: Request, expected: Expected) -> Scenario {
    let out = json("{}").clears().rows(&["#1 logout #2"]);
    scenario.send(post(LOGOUT).cookie("{alice}"), out).send(request.cookie("{alice}"), expected)
}

fn refresh() -> Vec<Scenario> {
    vec![
        logged_out(alice("refresh", "after a logout"), post(REFRESH), problem("session_revoked").clears()),
        alice("refresh", "tokens that cannot be minted")
            .step(Step::TooManyClaims("alice"))
            .send(post(REFRESH).cookie("{alice}"), problem("server_error")),
    ]
}

/// Every route that authenticates, and its response to an anonymous request.
fn guarded() -> Vec<Scenario> {
    type Ask = fn() -> Request;
    let routes: [(&str, Ask); 6] = [
        ("verify", || post("/api/auth/token/verify/")),
        ("sessions", || get("/api/auth/sessions/")),
        ("the other sessions", || delete("/api/auth/sessions/")),
        ("one session", || delete("/api/auth/sessions/{alice.session}/")),
        ("fresh", || post("/api/auth/token/fresh/").json(r#"{"password":"alice-pw"}"#)),
        ("password", || {
            let body = r#"{"current_password":"alice-pw","new_password":"new password"}"#;
            post("/api/auth/password/").json(body)
        }),
    ];
    routes.into_iter().flat_map(|(rule, ask)| refusals(rule, ask)).collect()
}

fn refusals(rule: &'static str, ask: fn() -> Request) -> Vec<Scenario> {
    let alices = || ask().cookie("{alice}");
    let mut rows = vec![
        alice(rule, "without a credential").send(ask(), problem("not_authenticated")),
        alice(rule, "a forged access cookie")
            .send(ask().cookie("{alice.forged_access}"), problem("invalid_token").clears()),
        stale(rule, "a prefetch does not refresh")
            .send(alices().line("Sec-Purpose: prefetch"), problem("refresh_required")),
        alice(rule, "after the end of the session")
            .pass(86_401)
            .send(alices(), problem("session_expired").clears()),
        logged_out(alice(rule, "after a logout"), ask(), problem("session_revoked").clears()),
        stale(rule, "a refresh that cannot be minted")
            .step(Step::TooManyClaims("alice"))
            .send(alices(), problem("server_error")),
        stale(rule, "a refresh, and the sessions are away")
            .sessions(Away)
            .send(alices(), problem("unavailable")),
    ];
    if !ask().start.starts_with("GET") {
        rows.push(
            alice(rule, "sent by another site").send(alices().site("cross-site"), problem("csrf_failed")),
        );
    }
    rows
}

fn throttled() -> Vec<Scenario> {
    let routes = [
        ("fresh", "/api/auth/token/fresh/", r#"{"password":"guess"}"#),
        ("password", "/api/auth/password/", r#"{"current_password":"guess","new_password":"new password"}"#),
    ];
    let rows = routes.map(|(rule, path, guess)| {
        let ask = || post(path).cookie("{alice}").json(guess);
        let five = (0..5).fold(alice(rule, "after five wrong passwords the sixth waits"), |scenario, _| {
            scenario.send(ask(), problem("invalid_credentials"))
        });
        five.send(ask(), problem("throttled").field("retry-after", "30"))
    });
    rows.into()
}
