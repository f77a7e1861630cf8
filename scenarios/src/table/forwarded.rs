//! Forward authentication: a proxy asks about requests that are meant for other services.

use crate::{
    Expected, Request, Scenario, Step,
    expected::{empty, json, me, problem},
    request::{get, post, request},
    scenario::{Availability::Away, scenario},
};

const VERIFY: &str = "/api/auth/token/verify/";
const NAVIGATE: &str = "/api/auth/token/verify/?navigate";
const CONTINUE: &str = "/api/auth/token/continue/";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
const ALICE: &str = r##"{"user_id":"1","session_id":"#1","expires_at":"2026-01-01T12:05:00Z"}"##;
/// Whose session it is, the session, and who acts in it.
const ACTING: [&str; 3] = ["1", "#4", "2"];
const ROTATED: &str = "#1 live #4 after #2";

pub(super) fn scenarios() -> Vec<Scenario> {
    [
        passes(),
        refused(),
        methods(),
        attacks(),
        navigates(),
        continues(),
        not_in_circles(),
        led_astray(),
        logs_in(),
        promises(),
    ]
    .concat()
}

fn proxied(rule: &'static str, name: &'static str) -> Scenario {
    scenario(rule, name).config(|config| config.trusted_proxies(1))
}

fn alice(name: &'static str) -> Scenario {
    proxied("forwarded", name).log_in("alice")
}

/// What the proxy asks about a request with this method.
fn ask(method: &str, path: &str) -> Request {
    get(path).line("X-Forwarded-For: 192.0.2.7").line(format!("X-Forwarded-Method: {method}"))
}

fn page(path: &str) -> Request {
    ask("GET", path).line("Sec-Fetch-Mode: navigate").line("Sec-Fetch-Dest: document").site("same-origin")
}

fn passed() -> Expected {
    json(ALICE).field("x-auth-user", "1").field("x-auth-session", "#1")
}

fn to(location: &str) -> Expected {
    empty(303).field("location", location).field("cache-control", "no-store")
}

fn passes() -> Vec<Scenario> {
    let row = |name, request: Request| alice(name).send(request.cookie("{alice}"), passed());
    let head = request("HEAD", VERIFY).line("X-Forwarded-For: 192.0.2.7").line("X-Forwarded-Method: GET");
    vec![
        row("a page", page(VERIFY)),
        row("without the trailing slash", ask("GET", "/api/auth/token/verify")),
        row("a link from another site", ask("GET", VERIFY).site("cross-site")),
        row("a change by the own page", ask("POST", VERIFY).site("same-origin")),
        row(
            "nginx",
            get(VERIFY).line("X-Forwarded-For: 192.0.2.7").line("X-Original-Method: GET").site("cross-site"),
        ),
        row("with `navigate`", page(NAVIGATE)),
        alice("HEAD has the fields too").send(head.cookie("{alice}"), passed().without_body()),
        alice("a bearer").send(ask("DELETE", VERIFY).bearer("{alice.token}"), passed()),
        proxied("forwarded", "scopes")
            .step(Step::Claims("alice", r#"{"scope":"notes:read notes:write"}"#))
            .log_in("alice")
            .send(page(VERIFY).cookie("{alice}"), passed().field("x-auth-scopes", "notes:read notes:write")),
        proxied("forwarded", "another user acts in the session")
            .log_in_by("bob", &["pwd", "otp"])
            .send(post("/act-for-alice").cookie("{bob}"), super::acting::begun())
            .keep("acting")
            .send(
                page(VERIFY).cookie("{acting}"),
                json(r##"{"user_id":"1","session_id":"#4","expires_at":"2026-01-01T12:05:00Z"}"##)
                    .field("x-auth-user", ACTING[0])
                    .field("x-auth-session", ACTING[1])
                    .field("x-auth-actor", ACTING[2]),
            ),
        scenario("forwarded", "the realm").log_in_staff("alice").send(
            page("/staff/auth/token/verify/").cookie("{staff}"),
            passed().field("x-auth-realm", "staff"),
        ),
    ]
}

fn refused() -> Vec<Scenario> {
    let stale = |name| proxied("forwarded", name).stale();
    vec![
        alice("nobody").send(page(VERIFY), problem("not_authenticated")),
        stale("expired: nothing is refreshed")
            .send(page(VERIFY).cookie("{alice}"), problem("refresh_required")),
        stale("expired, asked a hundred times: the session lives on")
            .at_once((0..100).map(|_| page(VERIFY).cookie("{alice}")), 401)
            .send(get("/me").cookie("{alice}"), me(1, 1, 5).sets(1, 5, 4).rows(&[ROTATED])),
        alice("near its end: nothing is refreshed").pass(280).send(page(VERIFY).cookie("{alice}"), passed()),
        alice("dead cookies are not cleared")
            .send(page(VERIFY).cookie("{alice.forged_access}"), problem("invalid_token")),
        alice("after a logout: nothing is cleared")
            .send(post("/api/auth/logout/").cookie("{alice}"), json("{}").clears().rows(&["#1 logout #2"]))
            .send(page(VERIFY).cookie("{alice}"), problem("session_revoked")),
        alice("after the end of the session")
            .pass(86_401)
            .send(page(VERIFY).cookie("{alice}"), problem("session_expired")),
    ]
}

fn methods() -> Vec<Scenario> {
    let csrf = || problem("csrf_failed");
    let row = |name, request: Request| alice(name).send(request.site("cross-site").cookie("{alice}"), csrf());
    let for_ = || get(VERIFY).line("X-Forwarded-For: 192.0.2.7");
    vec![
        row("a form of another site", ask("POST", VERIFY)),
        row("DELETE by another site", ask("DELETE", VERIFY)),
        row("a method in small letters", ask("get", VERIFY)),
        row("no method counts as POST", for_()),
        row("a method that is repeated counts as POST", ask("GET", VERIFY).line("X-Forwarded-Method: GET")),
        row("two that differ count as POST", ask("GET", VERIFY).line("X-Original-Method: POST")),
        row("a WebSocket counts as POST", ask("GET", VERIFY).line("Sec-Fetch-Mode: websocket")),
        row("a GET with a form counts as a change", ask("GET", VERIFY).line(FORM)),
        alice("a WebSocket of Chromium, by a sibling").send(
            ask("GET", VERIFY)
                .line("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
                .origin("https://evil.app.example")
                .cookie("{alice}"),
            csrf(),
        ),
        alice("a WebSocket of Chromium, by the own page").send(
            ask("GET", VERIFY)
                .line("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
                .origin("https://app.example")
                .cookie("{alice}"),
            passed(),
        ),
        alice("a form of another site, by a page").send(
            ask("POST", NAVIGATE).line("Sec-Fetch-Mode: navigate").site("cross-site").cookie("{alice}"),
            csrf(),
        ),
    ]
}

fn attacks() -> Vec<Scenario> {
    let stranger = |name| scenario("forwarded", name).log_in("alice");
    let untrusted = || ask("GET", NAVIGATE).line("X-Forwarded-Uri: /a").site("cross-site");
    vec![
        stranger("X-Forwarded-Method of a peer that is no trusted proxy")
            .send(untrusted().cookie("{alice}"), problem("csrf_failed")),
        alice("X-Forwarded-Method of a peer that goes past the proxy").send(
            get(VERIFY).line("X-Forwarded-Method: GET").site("cross-site").cookie("{alice}"),
            problem("csrf_failed"),
        ),
        alice("the client's own X-Auth-User is not repeated").send(
            page(VERIFY).line("X-Auth-User: 2").line("X-Auth-Scopes: admin").cookie("{alice}"),
            passed(),
        ),
        alice("the client's own X-Auth-User is nobody")
            .send(page(VERIFY).line("X-Auth-User: 2"), problem("not_authenticated")),
        alice("in token mode no cookie is read")
            .config(|config| config.trusted_proxies(1).token_mode(true))
            .send(page(VERIFY).line("Cookiejwt-Mode: token").cookie("{alice}"), problem("not_authenticated")),
    ]
}

fn navigates() -> Vec<Scenario> {
    const TO: &str = "/api/auth/token/continue/?next=%2Fapp%3Fa%3Db%26c";
    const URI: &str = "X-Forwarded-Uri: /app?a=b&c";
    let stale = |name, request: Request, expected| {
        proxied("navigate", name).stale().send(request.cookie("{alice}"), expected)
    };
    let required = || problem("refresh_required");
    let script = ask("GET", NAVIGATE).line("Sec-Fetch-Mode: cors").line("Sec-Fetch-Dest: empty");
    vec![
        stale("a page", page(NAVIGATE).line(URI), to(TO)),
        stale("nginx", page(NAVIGATE).line("X-Original-URI: /app?a=b&c"), to(TO)),
        stale("an old browser", ask("GET", NAVIGATE).line(URI).line("Accept: text/html"), to(TO)),
        stale("with a value", page("/api/auth/token/verify/?a&navigate=1").line(URI), to(TO)),
        stale("without a target", page(NAVIGATE), to(CONTINUE)),
        stale("two targets are none", page(NAVIGATE).line(URI).line(URI), to(CONTINUE)),
        stale("a target elsewhere", page(NAVIGATE).line("X-Forwarded-Uri: //evil.example"), to(CONTINUE)),
        stale("a script", script.line(URI), required()),
        stale(
            "a form that is posted",
            {
                ask("POST", NAVIGATE)
                    .line("Sec-Fetch-Mode: navigate")
                    .line("Sec-Fetch-Dest: document")
                    .line(URI)
            },
            required(),
        ),
        stale("a prefetch", page(NAVIGATE).line(URI).line("Sec-Purpose: prefetch"), required()),
        stale("without `navigate`", page("/api/auth/token/verify/?navigation").line(URI), required()),
        scenario("navigate", "nobody, and there is no login page")
            .send(page("/staff/auth/token/verify/?navigate").line(URI), problem("not_authenticated")),
        proxied("navigate", "nobody goes to the login page")
            .send(page(NAVIGATE).line(URI), to("/login?next=%2Fapp%3Fa%3Db%26c")),
        proxied("navigate", "a proxy that protects the login page sends nobody in circles")
            .send(page(NAVIGATE).line("X-Forwarded-Uri: /login/?next=%2Fapp"), problem("not_authenticated")),
        stale(
            "a proxy that protects `token/continue/` sends nobody in circles",
            page(NAVIGATE).line("X-Forwarded-Uri: /api/auth/token/continue/?next=%2Fapp"),
            required(),
        ),
        proxied("navigate", "the sessions are away: row h asks no store")
            .stale()
            .sessions(Away)
            .send(page(NAVIGATE).line(URI).cookie("{alice}"), to(TO)),
    ]
}

fn navigation(path: &str) -> Request {
    get(path).line("Sec-Fetch-Mode: navigate").line("Sec-Fetch-Dest: document")
}

fn continues() -> Vec<Scenario> {
    let back = "/api/auth/token/continue/?next=%2Fapp%3Fa%3Db%26c";
    let refreshed = |expected: Expected| expected.sets(1, 5, 4).rows(&[ROTATED]);
    let stale = |name, request: Request, expected| {
        scenario("continue", name).stale().send(request.cookie("{alice}"), expected)
    };
    let required = || problem("refresh_required");
    vec![
        stale("refreshes", navigation(back).site("same-origin"), refreshed(to("/app?a=b&c"))),
        stale("a link from another site", navigation(back).site("cross-site"), refreshed(to("/app?a=b&c"))),
        stale("an old browser", get(back).line("Accept: text/html"), refreshed(to("/app?a=b&c"))),
        stale("without `next`", navigation(CONTINUE), refreshed(to("/"))),
        scenario("continue", "another tab was faster")
            .log_in("alice")
            .send(navigation(back).cookie("{alice}"), to("/app?a=b&c")),
        stale(
            "an image",
            get(back).line("Sec-Fetch-Mode: no-cors").line("Sec-Fetch-Dest: image").site("same-origin"),
            required(),
        ),
        stale(
            "fetch",
            get(back).line("Sec-Fetch-Mode: cors").line("Sec-Fetch-Dest: empty").site("same-origin"),
            required(),
        ),
        stale(
            "a frame of another site",
            get(back).line("Sec-Fetch-Mode: navigate").line("Sec-Fetch-Dest: iframe").site("cross-site"),
            required(),
        ),
        stale(
            "a prerender",
            navigation(back).site("none").line("Sec-Purpose: prefetch;prerender"),
            required(),
        ),
        stale("a program", get(back), required()),
        super::endpoints::not_allowed("POST token/continue/", "POST", CONTINUE, "GET, HEAD"),
    ]
}

/// The refresh token is a few seconds old, was received, and its access token is lost: the client
/// would be sent back and forth if it got none.
fn not_in_circles() -> Vec<Scenario> {
    let back = "/api/auth/token/continue/?next=%2Fapp";
    let received = |name| {
        scenario("row p, late in the leeway", name)
            .stale()
            .send(get("/me").cookie("{alice}"), me(1, 1, 5).sets(1, 5, 4).rows(&[ROTATED]))
            .keep("new")
            .send(get("/me").cookie("{new}"), me(1, 1, 5))
            .step(Step::WriteReceipts)
            .pass(7)
    };
    vec![
        received("the access cookie alone")
            .send(get("/me").cookie("{new.refresh}"), me(1, 1, 7).sets_access(1, 7)),
        received("continue").send(navigation(back).cookie("{new.refresh}"), to("/app").sets_access(1, 7)),
        received("the refresh route").send(post("/api/auth/token/refresh/").cookie("{new.refresh}"), {
            let body = r##"{"user_id":"1","session_id":"#1","access_expires_at":"2026-01-01T12:10:13Z","refresh_expires_at":"2026-01-02T12:05:06Z"}"##;
            json(body).sets_access(1, 7)
        }),
    ]
}

/// Every way out of the site leads to `/` instead.
fn led_astray() -> Vec<Scenario> {
    [
        ("another host", "//evil.example"),
        ("another host, encoded", "%2F%2Fevil.example"),
        ("a URL", "https://evil.example/"),
        ("a URL of this host", "https://app.example/a"),
        ("a script", "javascript:alert(1)"),
        ("a backslash", "%2F%5Cevil.example"),
        ("a line break", "%2F%0D%0ASet-Cookie:%20a=b"),
        ("a detour", "%2F.%2F%2Fevil.example"),
        ("a path without its slash", "app"),
        ("nothing", ""),
        ("two of them", "%2Fa&next=%2Fb"),
    ]
    .into_iter()
    .map(|(name, next)| {
        let path = format!("/api/auth/token/continue/?next={next}");
        scenario("continue: led astray", name)
            .log_in("alice")
            .send(navigation(&path).cookie("{alice}"), to("/"))
    })
    .collect()
}

fn logs_in() -> Vec<Scenario> {
    const BACK: &str = "/api/auth/token/continue/?next=%2Fapp%3Fa%3Db%26c";
    const PAGE: &str = "/login?next=%2Fapp%3Fa%3Db%26c";
    let row = |name| scenario("continue: nothing to refresh", name);
    vec![
        row("the login page").send(navigation(BACK), to(PAGE)),
        row("a way back that leads elsewhere is dropped")
            .send(navigation("/api/auth/token/continue/?next=//evil.example"), to("/login")),
        row("not for a script").send(get(BACK), problem("not_authenticated")),
        row("no login page")
            .send(navigation("/staff/auth/token/continue/?next=/a"), problem("not_authenticated")),
    ]
}

/// What the document promises and the other rows do not cover.
fn promises() -> Vec<Scenario> {
    let back = || navigation(CONTINUE).cookie("{alice}");
    let row = |name| scenario("continue", name).log_in("alice");
    vec![
        row("a forged access cookie")
            .send(navigation(CONTINUE).cookie("{alice.forged_access}"), to("/login").clears()),
        row("after the end of the session").pass(86_401).send(back(), to("/login").clears()),
        row("after a logout")
            .send(post("/api/auth/logout/").cookie("{alice}"), json("{}").clears().rows(&["#1 logout #2"]))
            .send(back(), to("/login").clears()),
        row("a program, a forged access cookie")
            .send(get(CONTINUE).cookie("{alice.forged_access}"), problem("invalid_token").clears()),
        row("a program, after the end of the session")
            .pass(86_401)
            .send(get(CONTINUE).cookie("{alice}"), problem("session_expired").clears()),
        row("a program, after a logout")
            .send(post("/api/auth/logout/").cookie("{alice}"), json("{}").clears().rows(&["#1 logout #2"]))
            .send(get(CONTINUE).cookie("{alice}"), problem("session_revoked").clears()),
        row("a form of another site by GET")
            .send(back().line(FORM).site("cross-site"), problem("csrf_failed")),
        scenario("continue", "tokens that cannot be minted")
            .stale()
            .step(Step::TooManyClaims("alice"))
            .send(back(), problem("server_error")),
        scenario("continue", "the sessions are away")
            .stale()
            .sessions(Away)
            .send(back(), problem("unavailable")),
        proxied("forwarded", "a store that has to be asked is away")
            .config(|config| {
                config.trusted_proxies(1).revocation(cookiejwt_store::RevocationLevel::EveryRequest)
            })
            .log_in("alice")
            .sessions(Away)
            .send(page(VERIFY).cookie("{alice}"), problem("unavailable")),
    ]
}
