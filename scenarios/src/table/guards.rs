//! What a route can require besides a login: a fresh login, a scope or a role; and where anonymous
//! users are redirected.

use crate::{
    Expected, Request, Scenario, Step,
    expected::{empty, me, me_by_header, problem, text},
    request::{get, post, request},
    scenario::{Availability::Away, scenario},
};

const ROTATED: &str = "#1 live #4 after #2";
const HTML: &str = "Accept: text/html,application/xhtml+xml,*/*;q=0.8";
const WRITER: &str = r#"{"scope":"notes:read notes:write","roles":["reader","admin"]}"#;
const READER: &str = r#"{"scope":"notes:read","roles":["reader"]}"#;

pub(super) fn scenarios() -> Vec<Scenario> {
    [fresh(), redirects(), no_redirects(), scopes(), roles(), renewed(), recomputed(), optional()].concat()
}

fn alice(rule: &'static str, name: &'static str) -> Scenario {
    scenario(rule, name).log_in("alice")
}

fn with_claims(rule: &'static str, name: &'static str, claims: &'static str) -> Scenario {
    scenario(rule, name).step(Step::Claims("alice", claims)).log_in("alice")
}

fn refreshed(expected: Expected) -> Expected {
    expected.sets(1, 5, 4).rows(&[ROTATED])
}

fn fresh() -> Vec<Scenario> {
    let required = || problem("fresh_login_required");
    let at = |second, name| alice("fresh login", name).pass(second);
    let ask = || get("/fresh").cookie("{alice}");
    vec![
        scenario("fresh login", "anonymous").send(get("/fresh"), problem("not_authenticated")),
        at(0, "just logged in").send(ask(), me(1, 1, 3)),
        at(300, "at the boundary, behind a refresh").send(ask(), refreshed(me(1, 1, 5))),
        at(301, "a second behind it: the cookies of the refresh leave").send(ask(), refreshed(required())),
        at(300, "at the boundary, by header")
            .send(get("/fresh").bearer("{alice.token}"), me_by_header(1, 1, 3)),
        at(301, "a second behind it, by header").send(get("/fresh").bearer("{alice.token}"), required()),
        at(280, "a refresh does not make a login fresh")
            .send(get("/me").cookie("{alice}"), refreshed(me(1, 1, 5)))
            .keep("refreshed")
            .pass(21)
            .send(get("/fresh").cookie("{refreshed}"), required())
            .send(get("/me").cookie("{refreshed}"), me(1, 1, 5)),
        at(301, "a new login is fresh")
            .log_in_as("alice", "again")
            .send(get("/fresh").cookie("{again}"), me(1, 4, 6)),
        alice("fresh login", "invalid cookies")
            .send(get("/fresh").cookie("{alice.forged_access}"), problem("invalid_token").clears()),
        at(306, "sessions away").sessions(Away).send(ask(), problem("unavailable")),
        scenario("fresh login", "a guard, anonymous")
            .send(get("/fresh-guarded"), problem("not_authenticated")),
        at(0, "a guard, just logged in").send(get("/fresh-guarded").cookie("{alice}"), text(200, "fresh")),
        at(301, "a guard, too late").send(get("/fresh-guarded").cookie("{alice}"), refreshed(required())),
    ]
}

fn page(path: &str) -> Request {
    get(path).line(HTML)
}

fn navigation(path: &str) -> Request {
    page(path).line("Sec-Fetch-Mode: navigate").line("Sec-Fetch-Dest: document").site("none")
}

fn to_login(location: &str) -> Expected {
    empty(303).field("location", location).field("cache-control", "no-store")
}

fn redirects() -> Vec<Scenario> {
    const TO: &str = "/login?next=%2Fpages%2Fnotes";
    let row = |name| scenario("redirect", name);
    vec![
        row("an old browser").send(page("/pages/notes"), to_login(TO)),
        row("a navigation").send(navigation("/pages/notes"), to_login(TO)),
        row("HEAD").send(request("HEAD", "/pages/notes").line(HTML), to_login(TO)),
        row("the query is kept").send(
            navigation("/pages/notes?page=2&q=a%20b+c"),
            to_login("/login?next=%2Fpages%2Fnotes%3Fpage%3D2%26q%3Da%2520b%2Bc"),
        ),
        row("a query that must not be repeated is dropped")
            .send(navigation("/pages/notes?a=%0d%0aSet-Cookie:b"), to_login("/login")),
        alice("redirect", "dead cookies are cleared on the way")
            .send(navigation("/pages/notes").cookie("{alice.forged_access}"), to_login(TO).clears()),
        alice("redirect", "a session that was revoked")
            .send(post("/logout-own").cookie("{alice}"), empty(200).clears().rows(&["#1 logout #2"]))
            .send(navigation("/pages/notes").cookie("{alice}"), to_login(TO).clears()),
        alice("redirect", "too long ago: the cookies of the refresh leave")
            .pass(301)
            .send(navigation("/pages/keys").cookie("{alice}"), {
                refreshed(to_login("/login?next=%2Fpages%2Fkeys"))
            }),
        alice("redirect", "somebody stays")
            .send(navigation("/pages/notes").cookie("{alice}"), text(200, "page")),
        scenario("redirect", "somebody who is refreshed stays")
            .stale()
            .send(navigation("/pages/notes").cookie("{alice}"), refreshed(text(200, "page"))),
    ]
}

fn no_redirects() -> Vec<Scenario> {
    let nobody = || problem("not_authenticated");
    let row = |name| scenario("redirect", name);
    let mode = |mode, dest| {
        page("/pages/notes").line(format!("Sec-Fetch-Mode: {mode}")).line(format!("Sec-Fetch-Dest: {dest}"))
    };
    vec![
        row("a program").send(get("/pages/notes"), nobody()),
        row("a program that accepts anything").send(get("/pages/notes").line("Accept: */*"), nobody()),
        row("fetch, whatever it accepts").send(mode("cors", "empty"), nobody()),
        row("a frame").send(mode("navigate", "iframe"), nobody()),
        row("a frame of another site").send(mode("navigate", "iframe").site("cross-site"), nobody()),
        row("a frame of the same site")
            .send(mode("navigate", "iframe").site("same-site"), to_login("/login?next=%2Fpages%2Fnotes")),
        row("a navigation that a service worker forwards")
            .send(mode("navigate", "empty").site("cross-site"), to_login("/login?next=%2Fpages%2Fnotes")),
        row("a prerendered page: the browser asks again")
            .send(navigation("/pages/notes").line("Sec-Purpose: prefetch;prerender"), nobody()),
        scenario("redirect", "a prerendered page that is refreshed")
            .stale()
            .send(navigation("/pages/notes").line("Sec-Purpose: prefetch;prerender").cookie("{alice}"), {
                refreshed(text(200, "page"))
            }),
        row("a script that posts").send(post("/pages/notes").line(HTML), nobody()),
        scenario("redirect", "a prefetch that may not refresh: a navigation will").stale().send(
            mode("navigate", "document").site("same-site").line("Sec-Purpose: prefetch").cookie("{alice}"),
            problem("refresh_required"),
        ),
        alice("redirect", "a CSRF refusal stays 403").send(
            post("/pages/notes").line(HTML).site("cross-site").cookie("{alice}"),
            problem("csrf_failed"),
        ),
        scenario("redirect", "a store that is away stays 503")
            .stale()
            .sessions(Away)
            .send(navigation("/pages/notes").cookie("{alice}"), problem("unavailable")),
        scenario("redirect", "tokens that cannot be minted stay 500")
            .stale()
            .step(Step::TooManyClaims("alice"))
            .send(navigation("/pages/notes").cookie("{alice}"), problem("server_error")),
        alice("redirect", "a scope that is missing stays 403")
            .send(navigation("/pages/writing").cookie("{alice}"), problem("insufficient_scope")),
        scenario("redirect", "a guard for a scope, nobody")
            .send(navigation("/pages/writing"), to_login("/login?next=%2Fpages%2Fwriting")),
    ]
}

fn scopes() -> Vec<Scenario> {
    let missing = || problem("insufficient_scope");
    let written = || text(200, "written");
    let row = |name, claims, expected| {
        with_claims("scope", name, claims).send(get("/writing").cookie("{alice}"), expected)
    };
    vec![
        scenario("scope", "nobody").send(get("/writing"), problem("not_authenticated")),
        alice("scope", "no claim").send(get("/writing").cookie("{alice}"), missing()),
        row("a word of scope", WRITER, written()),
        row("an entry of scopes", r#"{"scopes":["notes:write"]}"#, written()),
        row("another word", READER, missing()),
        row("a word with the same prefix", r#"{"scope":"notes:writer"}"#, missing()),
        row("a role is not a scope", r#"{"roles":["notes:write"]}"#, missing()),
        row("an array instead of words", r#"{"scope":["notes:write"]}"#, missing()),
        row("one claim malformed", r#"{"scope":"notes:write","scopes":[1]}"#, missing()),
        with_claims("scope", "by header", WRITER).send(get("/writing").bearer("{alice.token}"), written()),
        with_claims("scope", "missing, by header", READER)
            .send(get("/writing").bearer("{alice.token}"), missing()),
        alice("scope", "invalid cookies")
            .send(get("/writing").cookie("{alice.forged_access}"), problem("invalid_token").clears()),
        with_claims("scope", "a CSRF refusal comes first", READER)
            .send(post("/writing").site("cross-site").cookie("{alice}"), problem("csrf_failed")),
        with_claims("scope", "sessions away", WRITER)
            .pass(306)
            .sessions(Away)
            .send(get("/writing").cookie("{alice}"), problem("unavailable")),
        with_claims("scope", "in a handler", WRITER).send(get("/write").cookie("{alice}"), written()),
        with_claims("scope", "in a handler, missing", READER)
            .send(get("/write").cookie("{alice}"), missing()),
        with_claims("scope", "behind two guards", WRITER)
            .send(get("/both").cookie("{alice}"), text(200, "both")),
        with_claims("scope", "behind two guards, one fulfilled", READER)
            .send(get("/both").cookie("{alice}"), missing()),
        with_claims("scope", "behind two guards, the other fulfilled", WRITER)
            .pass(301)
            .send(get("/both").cookie("{alice}"), refreshed(problem("fresh_login_required"))),
    ]
}

fn roles() -> Vec<Scenario> {
    vec![
        scenario("role", "a guard, anonymous").send(get("/admins"), problem("not_authenticated")),
        with_claims("role", "a guard, one that they have", WRITER)
            .send(get("/admins").cookie("{alice}"), text(200, "admins")),
        with_claims("role", "a guard, one that they do not have", READER)
            .send(get("/admins").cookie("{alice}"), problem("insufficient_role")),
        with_claims("role", "a guard, removed at the refresh", WRITER)
            .step(Step::Claims("alice", READER))
            .pass(306)
            .send(get("/admins").cookie("{alice}"), refreshed(problem("insufficient_role"))),
        with_claims("role", "required in a handler", WRITER)
            .send(get("/role").cookie("{alice}"), text(200, "admin")),
        with_claims("role", "required in a handler, missing", READER)
            .send(get("/role").cookie("{alice}"), problem("insufficient_role")),
        with_claims("role", "one that he has", WRITER)
            .send(get("/admin").cookie("{alice}"), text(200, "admin")),
        with_claims("role", "one that he has not", READER)
            .send(get("/admin").cookie("{alice}"), problem("not_found")),
    ]
}

/// Claims that change at once: the next request refreshes, with the same cookies.
fn renewed() -> Vec<Scenario> {
    let admins = || get("/admins").cookie("{alice}");
    let becomes = |name, before, after| {
        let changed = with_claims("renewed", name, before).step(Step::Claims("alice", after));
        changed.step(Step::Renew("alice"))
    };
    vec![
        becomes("a role that was taken away, and no one is logged out", WRITER, READER)
            .send(admins(), refreshed(problem("insufficient_role")))
            .keep("renewed")
            .send(get("/me").cookie("{renewed}"), me(1, 1, 5))
            .send(get("/admins").cookie("{renewed}"), problem("insufficient_role")),
        becomes("a role that was given", READER, WRITER)
            .send(admins(), refreshed(text(200, "admins")))
            .keep("renewed")
            .send(get("/admins").cookie("{renewed}"), text(200, "admins")),
        becomes("required in a handler", WRITER, READER)
            .send(get("/role").cookie("{alice}"), refreshed(problem("insufficient_role"))),
        becomes("another user keeps their token", WRITER, READER)
            .log_in("bob")
            .send(get("/me").cookie("{bob}"), me(2, 4, 6)),
        becomes("by header: as an expired one", WRITER, READER)
            .send(get("/admins").bearer("{alice.token}"), problem("invalid_token")),
        becomes("a request that may not refresh", WRITER, READER)
            .send(admins().site("cross-site"), problem("refresh_required")),
        becomes("sessions away: the old role does not come back", WRITER, READER)
            .sessions(Away)
            .send(admins(), problem("unavailable")),
        with_claims("renewed", "not called: the old role until the token ends", WRITER)
            .step(Step::Claims("alice", READER))
            .send(admins(), text(200, "admins")),
    ]
}

/// Claims are recomputed at each refresh.
fn recomputed() -> Vec<Scenario> {
    let becomes =
        |name, before, after| with_claims("recomputed", name, before).step(Step::Claims("alice", after));
    vec![
        becomes("a removed scope is gone after the refresh", WRITER, READER)
            .send(get("/writing").cookie("{alice}"), text(200, "written"))
            .pass(306)
            .send(get("/writing").cookie("{alice}"), refreshed(problem("insufficient_scope"))),
        becomes("a removed scope is gone in the handler, too", WRITER, READER)
            .pass(306)
            .send(get("/write").cookie("{alice}"), refreshed(problem("insufficient_scope"))),
        becomes("a removed role is gone after the refresh", WRITER, READER)
            .send(get("/admin").cookie("{alice}"), text(200, "admin"))
            .pass(306)
            .send(get("/admin").cookie("{alice}"), refreshed(problem("not_found"))),
        becomes("a granted scope is there after the refresh", READER, WRITER)
            .send(get("/writing").cookie("{alice}"), problem("insufficient_scope"))
            .pass(306)
            .send(get("/writing").cookie("{alice}"), refreshed(text(200, "written"))),
        becomes("a refresh by another route counts", WRITER, READER)
            .pass(306)
            .send(get("/me").cookie("{alice}"), refreshed(me(1, 1, 5)))
            .keep("refreshed")
            .send(get("/writing").cookie("{refreshed}"), problem("insufficient_scope")),
    ]
}

/// A public route that shows more to a user with a scope.
fn optional() -> Vec<Scenario> {
    let row = |name, claims| with_claims("optional scope", name, claims);
    let ask = || get("/optional-writing").cookie("{alice}");
    vec![
        scenario("optional scope", "anonymous").send(get("/optional-writing"), text(200, "nobody")),
        row("a user without it", READER).send(ask(), text(200, "reader")),
        row("a user with it", WRITER).send(ask(), text(200, "writer")),
        row("invalid cookies: anonymous, whatever they contain", WRITER)
            .send(get("/optional-writing").cookie("{alice.forged_access}"), text(200, "nobody").clears()),
        row("removed at the refresh", WRITER)
            .step(Step::Claims("alice", READER))
            .pass(306)
            .send(ask(), refreshed(text(200, "reader"))),
        row("a store outage still gets 503", WRITER)
            .pass(306)
            .sessions(Away)
            .send(ask(), problem("unavailable")),
    ]
}
