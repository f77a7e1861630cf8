//! What a handler does; the cookies of a refresh are sent with every response, with one line per
//! name.

use cookiejwt_store::CredentialOrder;

use crate::{
    Expected, Request, Scenario, Step,
    expected::{empty, me, problem, text},
    request::{get, post, request},
    scenario::{Availability::Away, scenario},
};

const ROTATED: &str = "#1 live #4 after #2";
const EVERYWHERE: &[&str] = &["axum", "actix-web", "rocket"];

pub(super) fn scenarios() -> Vec<Scenario> {
    [behaviours(), own_cookies(), own_logins(), guards(), skipped()].concat()
}

fn alice(rule: &'static str, name: &'static str) -> Scenario {
    scenario(rule, name).log_in("alice")
}

fn stale(rule: &'static str, name: &'static str) -> Scenario {
    scenario(rule, name).stale()
}

/// A request to this path that is refreshed.
fn refreshed(name: &'static str, request: Request, expected: Expected) -> Scenario {
    stale("every response", name).send(request.cookie("{alice}"), expected.sets(1, 5, 4).rows(&[ROTATED]))
}

fn behaviours() -> Vec<Scenario> {
    vec![
        refreshed("success", get("/me"), me(1, 1, 5)),
        refreshed("a handler's 404", get("/missing"), problem("not_found")),
        refreshed("a handler's 500", get("/fails"), problem("server_error")),
        refreshed("an error after the handler or the guard", get("/fails-late"), problem("server_error")),
        refreshed("a panic", get("/panics"), problem("server_error")),
        refreshed("a redirect", get("/redirects"), empty(303).field("location", "/elsewhere")),
        refreshed("a streaming body", get("/streams"), text(200, "one two three")),
        refreshed("HEAD", request("HEAD", "/me"), me(1, 1, 5).without_body()),
        refreshed("POST", post("/me"), me(1, 1, 5)),
        refreshed("a WebSocket", get("/ws").upgrade(), empty(101)).only(EVERYWHERE),
        alice("row e", "a WebSocket with a valid access cookie")
            .send(get("/ws").upgrade().cookie("{alice}"), empty(101)),
        scenario("row f", "an anonymous WebSocket").send(get("/ws").upgrade(), problem("not_authenticated")),
        stale("lazy", "a handler that does not ask settles nothing")
            .send(get("/open").cookie("{alice}"), text(200, "open"))
            .send(get("/open").cookie("{alice.forged_access}"), text(200, "open")),
        stale("lazy", "nothing is asked, and the store is away")
            .sessions(Away)
            .send(get("/open").cookie("{alice}"), text(200, "open")),
    ]
}

fn own_cookies() -> Vec<Scenario> {
    let caching = |expected: Expected, cache_control, vary| {
        expected.field("cache-control", cache_control).field("vary", vary)
    };
    let foreign = || text(200, "done").foreign("theme=dark").foreign("size=big");
    vec![
        alice("caching", "cookies of the application alone, which says how to cache")
            .send(get("/sets-cookies").cookie("{alice}"), caching(foreign(), "private", "accept")),
        alice("caching", "nobody asks, nothing is said").send(
            get("/open").cookie("{alice}"),
            text(200, "open").field("vary", "").field("cache-control", ""),
        ),
        alice("caching", "only cookies are read")
            .config(|config| config.credentials(CredentialOrder::CookieOnly))
            .send(get("/me").cookie("{alice}"), me(1, 1, 3).asked_by(&["cookie"])),
        alice("caching", "only the header is read")
            .config(|config| config.credentials(CredentialOrder::HeaderOnly))
            .send(get("/optional").cookie("{alice}"), text(200, "nobody").asked_by(&["authorization"])),
        stale("caching", "cookies of the application beside ours").send(
            get("/sets-cookies").cookie("{alice}"),
            caching(foreign(), "no-store, private", "accept, cookie").sets(1, 5, 4).rows(&[ROTATED]),
        ),
        stale("one line per name", "a line that the handler sets with our name wins").send(
            get("/writes-access").cookie("{alice}"),
            text(200, "done")
                .sets_refresh_beside("__Host-access_token=mine; Path=/; Secure", 1, 4)
                .rows(&[ROTATED]),
        ),
    ]
}

fn own_logins() -> Vec<Scenario> {
    let bob = |access, refresh| text(200, "bob").sets_for(2, access - 2, access, refresh);
    vec![
        scenario("taste", "a login of one's own")
            .send(post("/login-as-bob"), text(200, "bob").sets_for(2, 1, 3, 2).rows(&["#1 live #2"])),
        stale("one line per name", "login as bob with alice's stale cookies: only bob's cookies are set")
            .send(post("/login-as-bob").cookie("{alice}"), bob(6, 5).rows(&["#1 replaced #2", "#4 live #5"]))
            .keep("bob")
            .send(get("/me").cookie("{bob}"), me(2, 4, 6)),
        stale("one line per name", "login as bob after alice's refresh: the handler wins").send(
            post("/refreshed-login-as-bob").cookie("{alice}"),
            bob(8, 7).rows(&["#1 replaced #4 after #2", "#6 live #7"]),
        ),
        alice("taste", "a logout of one's own")
            .send(post("/logout-own").cookie("{alice}"), empty(200).clears().rows(&["#1 logout #2"]))
            .send(get("/me").cookie("{alice}"), problem("session_revoked").clears()),
        stale("taste", "a logout of one's own with stale cookies")
            .send(post("/logout-own").cookie("{alice}"), empty(200).clears().rows(&["#1 logout #2"])),
        alice("taste", "a logout of one's own, sessions away: cleared all the same")
            .sessions(Away)
            .send(post("/logout-own").cookie("{alice}"), empty(200).clears()),
        alice("taste", "logout everywhere")
            .log_in_as("alice", "phone")
            .log_in("bob")
            .send(
                post("/logout-everywhere").cookie("{alice}"),
                empty(200).clears().rows(&[
                    "#1 logout_everywhere #2",
                    "#4 logout_everywhere #5",
                    "#7 live #8",
                ]),
            )
            .send(get("/me").cookie("{phone}"), problem("session_revoked").clears())
            .send(get("/me").cookie("{bob}"), me(2, 7, 9)),
        stale("taste", "logout everywhere behind a refresh: cleared").send(
            post("/logout-everywhere").cookie("{alice}"),
            empty(200).clears().rows(&["#1 logout_everywhere #4 after #2"]),
        ),
        alice("taste", "logout everywhere, sessions away: nothing is cleared")
            .send(get("/me").cookie("{alice}"), me(1, 1, 3))
            .sessions(Away)
            .send(post("/logout-everywhere").cookie("{alice}"), problem("unavailable")),
    ]
}

fn guards() -> Vec<Scenario> {
    vec![
        scenario("guard", "require_login, nobody").send(get("/private"), problem("not_authenticated")),
        alice("guard", "require_login, somebody")
            .send(get("/private").cookie("{alice}"), text(200, "private")),
        stale("guard", "require_login refreshes")
            .send(get("/private").cookie("{alice}"), text(200, "private").sets(1, 5, 4).rows(&[ROTATED])),
        alice("guard", "require_login, dead cookies")
            .send(get("/private").cookie("{alice.forged_access}"), problem("invalid_token").clears()),
        stale("guard", "require_login, sessions away")
            .sessions(Away)
            .send(get("/private").cookie("{alice}"), problem("unavailable")),
        alice("guard", "CurrentUser").send(get("/user").cookie("{alice}"), text(200, "alice")),
        alice("guard", "CurrentUser by header")
            .send(get("/user").bearer("{alice.token}"), text(200, "alice")),
        alice("guard", "CurrentUser who is disabled").step(Step::Disable("alice")).send(
            get("/user").cookie("{alice}"),
            problem("session_revoked").clears().rows(&["#1 user_inactive #2"]),
        ),
        alice("guard", "CurrentUser who is gone, by header: nothing is cleared")
            .step(Step::Delete("alice"))
            .send(get("/user").bearer("{alice.token}"), {
                problem("session_revoked").rows(&["#1 user_inactive #2"])
            }),
        alice("guard", "CurrentUser of another type")
            .send(get("/wrong-user").cookie("{alice}"), problem("server_error")),
        alice("guard", "Claims").send(get("/claims").cookie("{alice}"), text(200, "reader")),
        scenario("guard", "Claims of nobody").send(get("/claims"), problem("not_authenticated")),
        alice("guard", "Claims of another type")
            .send(get("/wrong-claims").cookie("{alice}"), problem("server_error")),
    ]
}

fn skipped() -> Vec<Scenario> {
    let skipping = |name| stale("skipped paths", name).config(|config| config.skip("/skipped"));
    vec![
        skipping("a route that requires a login")
            .send(get("/skipped/me").cookie("{alice}"), problem("not_authenticated")),
        skipping("public").send(get("/skipped/optional").cookie("{alice}"), text(200, "nobody")),
        skipping("by header").send(get("/skipped/me").bearer("{alice.token}"), problem("not_authenticated")),
        skipping("a segment with the same prefix").send(get("/skippedmore/optional").cookie("{alice}"), {
            me(1, 1, 5).sets(1, 5, 4).rows(&[ROTATED])
        }),
        skipping("a query changes nothing")
            .send(get("/skipped/me?x=/me").cookie("{alice}"), problem("not_authenticated")),
    ]
}
