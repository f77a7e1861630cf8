//! The built-in routes: login, logout and verify.

use crate::{
    Expected, Request, Scenario, Step,
    expected::{invalid_request, json, me, problem},
    request::{get, post, request},
    scenario::{Availability::Away, scenario},
};

const LOGIN: &str = "/api/auth/token/";
const LOGOUT: &str = "/api/auth/token/blacklist/";
const VERIFY: &str = "/api/auth/token/verify/";
const FORM: &str = "application/x-www-form-urlencoded";
const GOOD: &str = r#"{"username":"alice","password":"alice-pw"}"#;
const OUT: &[&str] = &["#1 logout #2"];

pub(super) fn scenarios() -> Vec<Scenario> {
    [login(), login_refused(), replaced(), logout(), verify(), methods()].concat()
}

fn alice(rule: &'static str, name: &'static str) -> Scenario {
    scenario(rule, name).log_in("alice")
}

fn logged_in() -> Expected {
    let body = r##"{"user_id":"1","session_id":"#1","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-02T12:00:00Z"}"##;
    json(body).sets(1, 3, 2).rows(&["#1 live #2"])
}

fn login() -> Vec<Scenario> {
    let good = |name, request: Request| scenario("login", name).send(request, logged_in());
    let padded = format!("{GOOD}{}", " ".repeat(16 * 1024 - GOOD.len()));
    vec![
        good("JSON", post(LOGIN).json(GOOD)),
        good("JSON with a charset", post(LOGIN).body("application/json; charset=utf-8", GOOD)),
        good("a form", post(LOGIN).body(FORM, "username=alice&password=alice-pw&remember=on")),
        good("without the trailing slash", post("/api/auth/token").json(GOOD)),
        good("a body of 16 KiB", post(LOGIN).json(&padded)),
        good("from the own page", post(LOGIN).site("same-origin").origin("https://app.example").json(GOOD)),
        scenario("login", "the cookies are good")
            .send(post(LOGIN).json(GOOD), logged_in())
            .keep("alice")
            .send(get("/me").cookie("{alice}"), me(1, 1, 3)),
    ]
}

fn login_refused() -> Vec<Scenario> {
    let bad = |name, request: Request, expected| scenario("login", name).send(request, expected);
    let body = |text: &str| post(LOGIN).json(text);
    let invalid = || problem("invalid_request");
    let wrong = || problem("invalid_credentials");
    vec![
        bad("a wrong password", body(r#"{"username":"alice","password":"x"}"#), wrong()),
        bad("an unknown user", body(r#"{"username":"nobody","password":"alice-pw"}"#), wrong()),
        scenario("login", "a disabled user").step(Step::Disable("alice")).send(body(GOOD), wrong()),
        bad("a missing field", body(r#"{"username":"alice"}"#), invalid()),
        bad("a blank field", body(r#"{"username":"","password":"alice-pw"}"#), invalid()),
        bad("garbage", body(r#"{"username":"alice""#), invalid()),
        bad("JSON that is not an object", body("[1]"), invalid()),
        bad("no body", body(""), invalid()),
        bad(
            "not UTF-8",
            post(LOGIN).body("application/json", b"{\"username\":\"\xff\",\"password\":\"x\"}"),
            invalid(),
        ),
        bad("a field twice", post(LOGIN).body(FORM, "username=alice&username=bob&password=x"), invalid()),
        bad("16 KiB and a byte", body(&" ".repeat(16 * 1024 + 1)), {
            invalid_request(413, "Payload Too Large")
        }),
        bad("text/plain, as a form of another site could send it", post(LOGIN).body("text/plain", GOOD), {
            invalid_request(415, "Unsupported Media Type")
        }),
        bad("multipart", post(LOGIN).body("multipart/form-data; boundary=x", GOOD), {
            invalid_request(415, "Unsupported Media Type")
        }),
        scenario("login", "users away").users(Away).send(body(GOOD), problem("unavailable")),
        scenario("login", "sessions away").sessions(Away).send(body(GOOD), problem("unavailable")),
        scenario("login", "tokens that cannot be minted")
            .step(Step::TooManyClaims("alice"))
            .send(body(GOOD), problem("server_error")),
    ]
}

fn replaced() -> Vec<Scenario> {
    let bob = r#"{"username":"bob","password":"bob-pw"}"#;
    let answer = |expires: &str, refresh: &str| {
        let body = format!(
            r##"{{"user_id":"2","session_id":"#4","access_expires_at":"{expires}","refresh_expires_at":"{refresh}"}}"##
        );
        json(&body).sets_for(2, 4, 6, 5).rows(&["#1 replaced #2", "#4 live #5"])
    };
    vec![
        alice("one line per name", "login as bob with alice's cookies: her session is replaced").send(
            post(LOGIN).cookie("{alice}").json(bob),
            answer("2026-01-01T12:05:00Z", "2026-01-02T12:00:00Z"),
        ),
        scenario(
            "one line per name",
            "login as bob with alice's expired access cookie: only bob's cookies are set",
        )
        .stale()
        .send(post(LOGIN).cookie("{alice}").json(bob), answer("2026-01-01T12:10:06Z", "2026-01-02T12:05:06Z"))
        .keep("bob")
        .send(get("/me").cookie("{bob}"), me(2, 4, 6)),
        alice("one line per name", "a failed login leaves the session alone")
            .send(
                post(LOGIN).cookie("{alice}").json(r#"{"username":"bob","password":"x"}"#),
                problem("invalid_credentials"),
            )
            .send(get("/me").cookie("{alice}"), me(1, 1, 3)),
    ]
}

fn logout() -> Vec<Scenario> {
    let out = || json("{}").clears();
    let with =
        |name, cookies: &str, expected| alice("logout", name).send(post(LOGOUT).cookie(cookies), expected);
    vec![
        with("both cookies", "{alice}", out().rows(OUT)),
        with("the access cookie alone", "{alice.access}", out().rows(OUT)),
        with("the refresh cookie alone", "{alice.refresh}", out().rows(OUT)),
        with("garbage", "__Host-access_token=x; __Host-refresh_token=y", out()),
        with("forged", "{alice.forged_access}; {alice.forged_refresh}", out()),
        scenario("logout", "nobody").send(post(LOGOUT), out()),
        alice("logout", "twice")
            .send(post(LOGOUT).cookie("{alice}"), out().rows(OUT))
            .send(post(LOGOUT).cookie("{alice}"), out()),
        alice("logout", "by the other name")
            .send(post("/api/auth/logout").cookie("{alice}"), out().rows(OUT)),
        alice("logout", "expired cookies revoke all the same")
            .pass(86_401)
            .send(post(LOGOUT).cookie("{alice}"), out().rows(OUT)),
        scenario("logout", "behind a stale access cookie: nothing rotates")
            .stale()
            .send(post(LOGOUT).cookie("{alice}"), out().rows(OUT)),
        alice("logout", "by header").send(post(LOGOUT).bearer("{alice.token}"), out().rows(OUT)),
        alice("logout", "by a refresh token in the body")
            .send(post(LOGOUT).json(r#"{"refresh":"{alice.refresh_token}"}"#), out().rows(OUT)),
        alice("logout", "a body that cannot be read is ignored")
            .send(post(LOGOUT).cookie("{alice}").json("{"), out().rows(OUT)),
        alice("logout", "a body that is too large is ignored")
            .send(post(LOGOUT).cookie("{alice}").json(&" ".repeat(17 * 1024)), out().rows(OUT)),
        alice("logout", "each value of a duplicated cookie")
            .log_in("bob")
            .send(post(LOGOUT).cookie("{alice.access}; {bob.access}"), {
                out().deletes_twins(true, false).rows(&["#1 logout #2", "#4 logout #5"])
            }),
        alice("logout", "sessions away: 503, cleared all the same, dead on this node")
            .sessions(Away)
            .send(post(LOGOUT).cookie("{alice}"), problem("unavailable").clears())
            .send(get("/me").cookie("{alice}"), problem("session_revoked").clears()),
    ]
}

fn verify() -> Vec<Scenario> {
    let body = r##"{"user_id":"1","session_id":"#1","expires_at":"2026-01-01T12:05:00Z"}"##;
    vec![
        alice("verify", "a valid access cookie").send(post(VERIFY).cookie("{alice}"), json(body)),
        alice("verify", "a bearer").send(post(VERIFY).bearer("{alice.token}"), json(body)),
        scenario("verify", "nobody").send(post(VERIFY), problem("not_authenticated")),
        alice("verify", "from another site")
            .send(post(VERIFY).site("cross-site").cookie("{alice}"), problem("csrf_failed")),
        scenario("verify", "refreshes").stale().send(post(VERIFY).cookie("{alice}"), {
            let body = r##"{"user_id":"1","session_id":"#1","expires_at":"2026-01-01T12:10:06Z"}"##;
            json(body).sets(1, 5, 4).rows(&["#1 live #4 after #2"])
        }),
    ]
}

/// A method that a route does not support, and those that it does.
pub(super) fn not_allowed(name: &'static str, method: &str, path: &str, allow: &str) -> Scenario {
    let expected = problem("method_not_allowed").field("allow", allow);
    let expected = if method == "HEAD" { expected.without_body() } else { expected };
    scenario("405", name).send(request(method, path), expected)
}

fn methods() -> Vec<Scenario> {
    let refused = |name, method: &str, path: &str| not_allowed(name, method, path, "POST");
    vec![
        refused("GET token/", "GET", LOGIN),
        refused("HEAD token/", "HEAD", LOGIN),
        refused("PUT token/", "PUT", LOGIN),
        refused("OPTIONS token/", "OPTIONS", LOGIN),
        refused("DELETE token/blacklist/", "DELETE", LOGOUT),
        not_allowed("PATCH token/verify/", "PATCH", VERIFY, "POST, GET, HEAD"),
        refused("GET logout", "GET", "/api/auth/logout"),
    ]
}
