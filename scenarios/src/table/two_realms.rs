//! Two user tables in one application: each guard belongs to its own table, whatever the order of
//! the layers, and no guard applies to a built-in route.

use crate::{
    Expected, Scenario, Step,
    expected::{json, me, problem, text},
    request::{get, post, request},
    scenario::{Availability::Away, scenario},
};

const ROTATED: &str = "#1 live #4 after #2";
const WRITER: &str = r#"{"scope":"notes:write"}"#;
/// Rocket's fairings wrap everything, so no path there has them in the other order.
const NESTED: &[&str] = &["axum", "actix-web"];

pub(super) fn scenarios() -> Vec<Scenario> {
    [guards(), forgotten(), extractors(), built_in(), ranked()].concat()
}

/// A customer who may write, just logged in.
fn customer(rule: &'static str, name: &'static str) -> Scenario {
    scenario(rule, name).step(Step::Claims("alice", WRITER)).log_in("alice")
}

/// The same, with a staff member logged in in the same browser.
fn both(rule: &'static str, name: &'static str) -> Scenario {
    customer(rule, name).log_in_staff("bob")
}

fn page() -> Expected {
    text(200, "page")
}

fn nobody() -> Expected {
    problem("not_authenticated")
}

fn guards() -> Vec<Scenario> {
    let customer = |name| customer("two realms", name);
    let both = |name| both("two realms", name);
    vec![
        customer("a customer is anonymous at the staff's require_login")
            .send(get("/staff/page").cookie("{alice}"), nobody())
            .send(get("/both/staff").cookie("{alice}"), nobody())
            .send(get("/reversed/staff").cookie("{alice}"), nobody()),
        customer("a customer is anonymous at the staff's require_fresh_login")
            .send(get("/staff/fresh").cookie("{alice}"), nobody()),
        customer("a customer is anonymous at the staff's require_scope")
            .send(get("/staff/writing").cookie("{alice}"), nobody()),
        customer("a customer's bearer is anonymous for the staff")
            .send(get("/both/staff").bearer("{alice.token}"), problem("invalid_token")),
        customer("a customer passes the customers' guard, whichever layer is the inner one")
            .send(get("/both/customers").cookie("{alice}"), page())
            .send(get("/reversed/customers").cookie("{alice}"), page()),
        both("the staff passes the staff's guard, whichever layer is the inner one")
            .send(get("/staff/page").cookie("{staff}"), page())
            .send(get("/both/staff").cookie("{staff}"), page())
            .send(get("/reversed/staff").cookie("{staff}"), page())
            .send(get("/staff/fresh").cookie("{staff}"), page())
            .send(get("/staff/writing").cookie("{staff}"), problem("insufficient_scope")),
        both("the staff is anonymous at the customers' guard")
            .send(get("/both/customers").cookie("{staff}"), nobody())
            .send(get("/reversed/customers").cookie("{staff}"), nobody()),
        both("a browser with both logins is both")
            .send(get("/both/customers").cookie("{alice}; {staff}"), page())
            .send(get("/both/staff").cookie("{alice}; {staff}"), page())
            .send(get("/reversed/staff").cookie("{staff}; {alice}"), page()),
        both("each refreshes its own cookies")
            .pass(306)
            .send(get("/both/customers").cookie("{alice}; {staff}"), page().sets(1, 5, 4).rows(&[ROTATED])),
        both("an outage for customers does not affect the staff")
            .pass(301)
            .sessions(Away)
            .send(get("/both/staff").bearer("{staff.token}"), page()),
    ]
}

/// A missing layer results in 500 with the fix in the log; the guard never lets the request pass.
fn forgotten() -> Vec<Scenario> {
    let paths = ["/forgotten/page", "/forgotten/fresh", "/forgotten/writing"];
    let rows = |name, cookies: Option<&'static str>| {
        paths.into_iter().fold(both("missing layer", name), |scenario, path| {
            let request = cookies.map_or_else(|| get(path), |cookies| get(path).cookie(cookies));
            scenario.send(request, problem("server_error"))
        })
    };
    vec![
        rows("guards whose layer is missing, anonymous", None),
        rows("guards whose layer is missing, a customer", Some("{alice}")),
        rows("guards whose layer is missing, both other logins", Some("{alice}; {staff}")),
    ]
}

fn extractors() -> Vec<Scenario> {
    let both = |name| both("extractors", name);
    vec![
        both("they ask the nearest layer")
            .send(get("/both/who").cookie("{alice}; {staff}"), me(2, 1, 3))
            .send(get("/both/who").cookie("{alice}"), text(200, "nobody"))
            .only(NESTED),
        both("the other order").send(get("/reversed/who").cookie("{alice}; {staff}"), me(1, 1, 3)),
    ]
}

/// The staff's routes are protected by the staff's `require_login`; on actix-web also by a guarded
/// scope around them.
fn built_in() -> Vec<Scenario> {
    let login = |body: &str| post("/staff/auth/token/").json(body);
    let cleared = |name: &str| {
        format!(
            "__Host-staff_{name}_token=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
        )
    };
    let row = |name| scenario("guarded routes", name);
    vec![
        row("login with a guard: the password decides")
            .send(login(r#"{"username":"alice","password":"wrong"}"#), problem("invalid_credentials")),
        row("login with a guard, without the slash")
            .send(post("/staff/auth/token").json("{"), crate::expected::invalid_request(400, "Bad Request")),
        row("refresh with a guard").send(post("/staff/auth/token/refresh/"), nobody()),
        row("logout with a guard").log_in_staff("bob").send(
            post("/staff/auth/logout/").cookie("{staff}"),
            json("{}").foreign(&cleared("access")).foreign(&cleared("refresh")).field("vary", "cookie"),
        ),
        row("another method with a guard gets 405, not 401").send(
            request("PUT", "/staff/auth/logout/"),
            problem("method_not_allowed").field("allow", "POST"),
        ),
        customer("guarded routes", "a route that protects itself still does")
            .send(get("/staff/auth/sessions/").cookie("{alice}"), nobody())
            .send(post("/staff/auth/token/verify/").cookie("{alice}"), nobody()),
        customer("guarded routes", "what only looks like a built-in route is guarded")
            .send(get("/staff/page/").cookie("{alice}"), nobody())
            .only(&["rocket"]),
    ]
}

/// Rocket's idiom: a second route of the same path for requests that the first one forwards.
fn ranked() -> Vec<Scenario> {
    let row = |name| scenario("ranked routes", name).only(&["rocket"]);
    let alice = |name| row(name).log_in("alice");
    vec![
        row("anonymous: the second route").send(get("/ranked"), text(200, "nobody")),
        alice("authenticated: the first").send(get("/ranked").cookie("{alice}"), me(1, 1, 3)),
        alice("invalid cookies: the second, and they are cleared")
            .send(get("/ranked").cookie("{alice.forged_access}"), text(200, "nobody").clears()),
        row("refreshed: the first")
            .stale()
            .send(get("/ranked").cookie("{alice}"), me(1, 1, 5).sets(1, 5, 4).rows(&[ROTATED])),
        row("an outage still gets 503")
            .stale()
            .sessions(Away)
            .send(get("/ranked").cookie("{alice}"), problem("unavailable")),
        row("no second route: the problem").send(get("/me"), nobody()),
        row("HEAD").send(request("HEAD", "/ranked"), text(200, "nobody").without_body()),
    ]
}
