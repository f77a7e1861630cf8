//! Device-bound sessions: what their tokens do without a proof, rows g, s, u, v, x and r of
//! `cookiejwt_core::rules`.

use cookiejwt_store::DeviceBinding;

use crate::{
    Expected, Request, Scenario, Step,
    expected::{bound, challenged, json, me, me_by_header, problem, renewed, text},
    request::{delete, get, post, request},
    scenario::{Availability::Away, scenario},
};

pub(super) const BIND: &str = "/api/auth/device/";
pub(super) const RENEW: &str = "/api/auth/device/refresh/";
pub(super) const BOUND: &[&str] = &["#1 live #2 bound"];
pub(super) const RENEWED: &[&str] = &["#1 live #4 after #2 bound"];
const REFRESH: &str = "/api/auth/token/refresh/";

pub(super) fn scenarios() -> Vec<Scenario> {
    [near_end(), unproved(), refresh_route(), bound_meanwhile(), used_up(), brief(), required(), promises()]
        .concat()
}

/// Sessions are offered to the browser.
pub(super) fn offering(rule: &'static str, name: &'static str) -> Scenario {
    scenario(rule, name).config(|config| config.device_bound(DeviceBinding::Offer))
}

/// What the browser sends automatically.
pub(super) fn by_browser(path: &str) -> Request {
    let post = post(path).site("same-origin").origin("https://app.example");
    post.line("Sec-Fetch-Mode: no-cors").line("Sec-Fetch-Dest: empty")
}

/// It registers a key.
pub(super) fn registers(response: &str) -> Request {
    by_browser(BIND).line(format!("Secure-Session-Response: {response}"))
}

/// The first request of a renewal of alice's session.
pub(super) fn asks(cookies: &str) -> Request {
    by_browser(RENEW).line("Sec-Secure-Session-Id: {alice.session}").cookie(cookies)
}

/// The second one.
pub(super) fn proves(cookies: &str, response: &str) -> Request {
    asks(cookies).line(format!("Secure-Session-Response: {response}"))
}

impl Scenario {
    /// The browser binds alice's session 1 to its device.
    pub(super) fn bind(self) -> Self {
        self.send(registers("{alice.registers}"), bound(1).rows(BOUND))
    }

    /// It asks for a challenge, `{first…}`, for the first time, after the access token has expired.
    pub(super) fn challenge(self) -> Self {
        self.pass(306).send(asks("{alice.refresh}"), challenged(1, 306)).keep("first")
    }

    /// It renews the session: `{new…}` are refresh token 4, access token 5, and the next challenge.
    pub(super) fn prove(self) -> Self {
        let expected = renewed(1, 306).sets(1, 5, 4).rows(RENEWED);
        self.challenge().send(proves("{alice.refresh}", "{first.proves}"), expected).keep("new")
    }
}

/// Alice's session is offered, and not bound yet.
pub(super) fn offered(rule: &'static str, name: &'static str) -> Scenario {
    offering(rule, name).log_in("alice")
}

/// It is bound, and its tokens are from before the binding.
fn just_bound(rule: &'static str, name: &'static str) -> Scenario {
    offered(rule, name).bind()
}

/// It was renewed once: both tokens say that it is bound.
fn marked(rule: &'static str, name: &'static str) -> Scenario {
    just_bound(rule, name).prove()
}

pub(super) fn unproved_problem() -> Expected {
    problem("device_proof_required")
}

fn session(access_ends_at: &str, refresh_ends_at: &str) -> Expected {
    json(&format!(
        r##"{{"user_id":"1","session_id":"#1","access_expires_at":"{access_ends_at}","refresh_expires_at":"{refresh_ends_at}"}}"##
    ))
}

fn near_end() -> Vec<Scenario> {
    vec![
        marked("row g", "near the end of a marked token: nothing is rotated")
            .pass(280)
            .send(get("/me").cookie("{new}"), me(1, 1, 5)),
        just_bound("row x", "near the end of a token from before the binding: still authenticated")
            .pass(280)
            .send(get("/me").cookie("{alice}"), me(1, 1, 3)),
    ]
}

fn unproved() -> Vec<Scenario> {
    let row = |name| marked("row s", name);
    let ask = || get("/me").cookie("{new.refresh}");
    vec![
        row("the access cookie is absent").send(ask(), unproved_problem()),
        row("no store is asked").sessions(Away).users(Away).send(ask(), unproved_problem()),
        row("the access cookie is dead: it is cleared, so that the browser renews it")
            .pass(306)
            .send(get("/me").cookie("{new}"), unproved_problem().clears_access()),
        row("the access cookie is forged").send(
            get("/me").cookie("{new.forged_access}; {new.refresh}"),
            unproved_problem().clears_access(),
        ),
        row("the access cookie is early: it stays")
            .send(get("/me").cookie("{early.access}; {new.refresh}"), unproved_problem()),
        row("the claims were renewed: the access cookie is cleared")
            .step(Step::Renew("alice"))
            .send(get("/me").cookie("{new}"), unproved_problem().clears_access()),
        row("a request that changes something")
            .send(post("/me").site("same-origin").cookie("{new.refresh}"), unproved_problem()),
        row("HEAD").send(request("HEAD", "/me").cookie("{new.refresh}"), unproved_problem().without_body()),
        row("optional identity: nobody").send(get("/optional").cookie("{new.refresh}"), text(200, "nobody")),
        row("a prefetch").send(ask().line("Sec-Purpose: prefetch"), unproved_problem()),
        row("a valid bearer comes along").send(ask().bearer("{new.token}"), me_by_header(1, 1, 5)),
        row("from another site, by a script")
            .send(post("/me").site("cross-site").cookie("{new.refresh}"), problem("csrf_failed")),
        row("after a logout, row c")
            .send(
                post("/api/auth/logout/").cookie("{new}"),
                json("{}").clears().rows(&["#1 logout #4 after #2 bound"]),
            )
            .send(ask(), problem("session_revoked").clears()),
    ]
}

fn refresh_route() -> Vec<Scenario> {
    let ends = ("2026-01-01T12:10:06Z", "2026-01-02T12:05:06Z");
    vec![
        marked("row v", "the access token is valid")
            .send(post(REFRESH).cookie("{new}"), session(ends.0, ends.1)),
        marked("row v", "not a bearer")
            .send(post(REFRESH).cookie("{new.refresh}").bearer("{new.token}"), unproved_problem()),
        marked("row s", "the refresh route").send(post(REFRESH).cookie("{new.refresh}"), unproved_problem()),
        marked("row s", "the refresh route never sends the page that reloads itself").send(
            navigation(post(REFRESH), "same-site").origin("https://app.example").cookie("{new.refresh}"),
            problem("csrf_failed"),
        ),
        just_bound("row x", "the refresh route, the access token is valid")
            .send(post(REFRESH).cookie("{alice}"), session("2026-01-01T12:05:00Z", "2026-01-02T12:00:00Z")),
        just_bound("row x", "the refresh route, the access token has expired")
            .pass(306)
            .send(post(REFRESH).cookie("{alice.refresh}"), unproved_problem()),
    ]
}

/// A navigation of this origin.
pub(super) fn navigation(request: Request, site: &str) -> Request {
    request.line("Sec-Fetch-Mode: navigate").line("Sec-Fetch-Dest: document").site(site)
}

fn bound_meanwhile() -> Vec<Scenario> {
    vec![
        just_bound("row x", "the current token, copied before the binding, renews nothing and ends nothing")
            .pass(306)
            .send(get("/me").cookie("{alice.refresh}"), unproved_problem())
            .send(get("/me").cookie("{alice}"), unproved_problem())
            .send(asks("{alice.refresh}"), challenged(1, 306))
            .keep("first")
            .send(
                proves("{alice.refresh}", "{first.proves}"),
                renewed(1, 306).sets(1, 9, 8).rows(&["#1 live #8 after #2 bound"]),
            ),
        just_bound("row x", "by optional identity: nobody")
            .pass(306)
            .send(get("/optional").cookie("{alice.refresh}"), text(200, "nobody")),
        just_bound("row q", "the store is away")
            .pass(306)
            .sessions(Away)
            .send(get("/me").cookie("{alice.refresh}"), problem("unavailable")),
        marked("row x", "the token from before the renewal, whose successor is not received yet")
            .pass(3600)
            .send(get("/me").cookie("{alice.refresh}"), unproved_problem()),
        marked("row x", "the same, received, inside the leeway")
            .send(get("/me").cookie("{new}"), me(1, 1, 5))
            .step(Step::WriteReceipts)
            .pass(10)
            .send(get("/me").cookie("{alice.refresh}"), unproved_problem()),
    ]
}

fn used_up() -> Vec<Scenario> {
    let received = |name| {
        marked("row r", name).send(get("/me").cookie("{new}"), me(1, 1, 5)).step(Step::WriteReceipts).pass(11)
    };
    let ended = || problem("session_revoked").clears().rows(&["#1 reuse #4 after #2 bound"]);
    vec![
        received("a token from before the binding, later: the session ends")
            .send(get("/me").cookie("{alice.refresh}"), ended())
            .send(get("/me").cookie("{new}"), problem("session_revoked").clears())
            .send(proves("{new.refresh}", "{new.proves}"), crate::expected::over("#1").clears()),
        received("the refresh route").send(post(REFRESH).cookie("{alice.refresh}"), ended()),
        received("nothing happens to the marked one")
            .send(get("/me").cookie("{new.refresh}"), unproved_problem()),
    ]
}

/// Not remembered: the access cookie has an age, which the browser needs, and does not outlive it.
fn brief() -> Vec<Scenario> {
    const LOGIN: &str = r#"{"username":"alice","password":"alice-pw","remember":false}"#;
    const ACCESS: &str = "__Host-access_token=<at+jwt #3 of #1 for 1, 0..300>; Path=/; Secure; HttpOnly; SameSite=Lax; \
                          Max-Age=300; Expires=Thu, 01 Jan 2026 12:05:00 GMT";
    const REFRESH: &str =
        "__Host-refresh_token=<rt+jwt #2 of #1 for 1, 0..86400>; Path=/; Secure; HttpOnly; SameSite=Lax";
    let row = |name| {
        let login = session("2026-01-01T12:05:00Z", "2026-01-02T12:00:00Z").lines(ACCESS, REFRESH);
        offering("row u", name)
            .send(post("/api/auth/token/").json(LOGIN), login.offers(1, 0).rows(&["#1 live #2"]))
            .keep("alice")
    };
    let closed = || get("/me").cookie("{alice.access}");
    vec![
        row("the browser is open").send(get("/me").cookie("{alice}"), me(1, 1, 3)),
        row("the browser was closed: the access cookie alone is dead")
            .send(closed(), problem("invalid_token").clears()),
        row("another session's refresh cookie does not help")
            .log_in("bob")
            .send(get("/me").cookie("{alice.access}; {bob.refresh}"), me(2, 4, 8).sets_for(2, 4, 8, 7).rows(&["#1 live #2", "#4 live #7 after #5"])),
        row("a bearer is not concerned").send(get("/me").bearer("{alice.token}"), me_by_header(1, 1, 3)),
        row("a renewal remembers it").bind().challenge().send(
            proves("{alice.refresh}", "{first.proves}"),
            renewed(1, 306)
                .lines(
                    "__Host-access_token=<at+jwt #5 of #1 for 1, 306..606>; Path=/; Secure; HttpOnly; SameSite=Lax; \
                     Max-Age=300; Expires=Thu, 01 Jan 2026 12:10:06 GMT",
                    "__Host-refresh_token=<rt+jwt #4 of #1 for 1, 306..86706>; Path=/; Secure; HttpOnly; SameSite=Lax",
                )
                .rows(RENEWED),
        ),
    ]
}

/// An unbound session ends with its first access token.
fn required() -> Vec<Scenario> {
    let row = |name| {
        scenario("require", name).config(|config| config.device_bound(DeviceBinding::Require)).log_in("alice")
    };
    vec![
        row("an unbound session lives as long as its access token")
            .pass(280)
            .send(get("/me").cookie("{alice}"), me(1, 1, 3))
            .pass(26)
            .send(get("/me").cookie("{alice}"), unproved_problem().clears_access())
            .send(post(REFRESH).cookie("{alice.refresh}"), unproved_problem()),
        row("nothing is rotated")
            .send(post(REFRESH).cookie("{alice}"), session("2026-01-01T12:05:00Z", "2026-01-02T12:00:00Z")),
        row("a bound session is renewed").bind().prove().send(get("/me").cookie("{new}"), me(1, 1, 5)),
        row("no device proves an unbound session")
            .challenge()
            .send(proves("{alice.refresh}", "{first.proves}"), crate::expected::over("#1").clears()),
    ]
}

/// The built-in routes say so too.
fn promises() -> Vec<Scenario> {
    let refused = |name, request: Request| {
        marked("row s", name).send(request.cookie("{new.refresh}"), unproved_problem())
    };
    vec![
        refused("verify", post("/api/auth/token/verify/")),
        refused("verify, forwarded", get("/api/auth/token/verify/")),
        refused("continue", get("/api/auth/token/continue/")),
        refused("sessions", get("/api/auth/sessions/")),
        refused("ending the other sessions", delete("/api/auth/sessions/")),
        refused("ending one session", delete("/api/auth/sessions/{alice.session}/")),
        refused("a fresh login", post("/api/auth/token/fresh/").json(r#"{"password":"alice-pw"}"#)),
        refused("a new password", {
            post("/api/auth/password/")
                .json(r#"{"current_password":"alice-pw","new_password":"new password"}"#)
        }),
    ]
}
