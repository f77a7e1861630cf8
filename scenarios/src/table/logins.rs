//! Custom logins and CSRF; names and passwords as users type them.

use crate::{
    Expected, Request, Scenario,
    expected::{json, me, password_refused, problem, text},
    request::{get, post},
    scenario::scenario,
};

const LOGIN: &str = "/api/auth/token/";
const FRESH: &str = "/api/auth/token/fresh/";
const PASSWORD: &str = "/api/auth/password/";
const OWN: &str = "/login-as-bob";
const BARE: &str = "/bare-login-as-bob";
const HERE: &str = "/login-here-as-bob";
const CALLBACK: &str = "/callback-as-bob";
const FORM: &str = "application/x-www-form-urlencoded";
const EVIL: &str = "https://evil.example";
const PARTNER: &str = "https://app.partner.example";

pub(super) fn scenarios() -> Vec<Scenario> {
    [own_refused(), own_allowed(), own_responses(), own_proofs()]
        .into_iter()
        .chain([names(), passwords(), too_long(), remember()])
        .flatten()
        .collect()
}

fn denied() -> Expected {
    problem("csrf_failed")
}

/// No login happens, and alice stays logged in.
fn refused(name: &'static str, request: Request) -> Scenario {
    scenario("custom login", name)
        .log_in("alice")
        .send(request.cookie("{alice}"), denied())
        .send(get("/me").cookie("{alice}"), me(1, 1, 3))
}

fn own_refused() -> Vec<Scenario> {
    vec![
        refused("from another site", post(OWN).site("cross-site").origin(EVIL)),
        refused("by a form of another site", post(OWN).site("cross-site").body(FORM, "name=bob")),
        refused("from a sibling", post(OWN).site("same-site")),
        refused("from another origin of an old browser", post(OWN).origin(EVIL)),
        refused("from an opaque origin", post(OWN).origin("null")),
        refused("by GET from another site", get(OWN).site("cross-site")),
        refused("by GET from an e-mail", get(OWN).site("none")),
        refused("by GET from the own page", get(OWN).site("same-origin")),
        refused("by GET of an old browser", get(OWN)),
        scenario("custom login", "from another site, anonymous").send(post(OWN).site("cross-site"), denied()),
        scenario("custom login", "by GET, anonymous").send(get(OWN).site("none"), denied()),
        scenario("custom login", "a bearer next to cookies")
            .log_in("alice")
            .send(post(OWN).site("cross-site").cookie("{alice}").bearer("{alice.token}"), denied()),
        scenario("custom login", "without a page, from another site in cookie mode")
            .config(|config| config.token_mode(true))
            .send(post("/bare-login-as-bob").site("cross-site"), denied()),
    ]
}

fn own_allowed() -> Vec<Scenario> {
    let bob = || text(200, "bob").sets_for(2, 1, 3, 2).rows(&["#1 live #2"]);
    let nobody = |name, request: Request| scenario("custom login", name).send(request, bob());
    let replaces = |name, request: Request| {
        let bob = text(200, "bob").sets_for(2, 4, 6, 5).rows(&["#1 replaced #2", "#4 live #5"]);
        scenario("custom login", name).log_in("alice").send(request.cookie("{alice}"), bob)
    };
    vec![
        nobody("from the own page", post(OWN).site("same-origin").origin("http://app.example")),
        nobody("from a client that is not a browser", post(OWN)),
        nobody("from a trusted origin", post(OWN).site("cross-site").origin(PARTNER))
            .config(|config| config.trusted_origin(PARTNER)),
        nobody("a callback by GET whose state was compared", get(CALLBACK).site("cross-site")),
        nobody("a callback by a form of the provider whose state was compared", {
            post(CALLBACK).site("cross-site").origin(EVIL).body(FORM, "state=x&code=y")
        }),
        replaces("a callback replaces the session", get(CALLBACK).site("cross-site")),
        scenario("custom login", "by a bearer alone, which no browser sends automatically")
            .log_in("alice")
            .send(
                post(OWN).site("cross-site").bearer("{alice.token}"),
                text(200, "bob").sets_for(2, 4, 6, 5).rows(&["#1 live #2", "#4 live #5"]),
            ),
    ]
}

/// The response of a custom login: alone, without a response to hold, and dropped.
fn own_responses() -> Vec<Scenario> {
    let both: &[&str] = &["#1 replaced #2", "#4 live #5"];
    let alice = |name| scenario("custom login", name).log_in("alice");
    vec![
        scenario("custom login", "alone, it responds as the route does")
            .send(post(BARE), logged_in(2))
            .keep("bob")
            .send(get("/me").cookie("{bob}"), me(2, 1, 3)),
        alice("alone, in another user's browser")
            .send(post(BARE).cookie("{alice}"), body(2, 4).sets_for(2, 4, 6, 5).rows(both)),
        alice("without a response to hold")
            .send(post(HERE).cookie("{alice}"), text(200, "2").sets_for(2, 4, 6, 5).rows(both)),
        alice("without a response to hold, from another site")
            .send(post(HERE).cookie("{alice}").site("cross-site"), denied()),
        alice("dropped: its session ends, and the previous one continues")
            .send(
                post("/drops-login").cookie("{alice}"),
                problem("not_found").rows(&["#1 live #2", "#4 replaced #5"]),
            )
            .send(get("/me").cookie("{alice}"), me(1, 1, 3)),
    ]
}

/// Fresh login and new password through `AuthContext`, by a method that the identity's own check
/// lets pass.
fn own_proofs() -> Vec<Scenario> {
    vec![
        refused("a fresh login by GET", get("/own-fresh").site("cross-site")),
        refused("a fresh login by GET of the own page", get("/own-fresh").site("same-origin")),
        refused("a new password by GET", get("/own-password").site("cross-site")),
        refused("a new password by GET of the own page", get("/own-password").site("same-origin")),
        refused("a fresh login from another site", post("/own-fresh").site("cross-site")),
        refused("a new password from another site", post("/own-password").site("cross-site")),
        scenario("custom login", "a fresh login from the own page").log_in("alice").send(
            post("/own-fresh").site("same-origin").cookie("{alice}"),
            body(1, 4).sets(4, 6, 5).rows(&["#1 replaced #2", "#4 live #5"]),
        ),
    ]
}

fn logged_in(subject: u64) -> Expected {
    body(subject, 1).sets_for(subject, 1, 3, 2).rows(&["#1 live #2"])
}

fn body(subject: u64, session: u64) -> Expected {
    json(&format!(
        r##"{{"user_id":"{subject}","session_id":"#{session}","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-02T12:00:00Z"}}"##
    ))
}

fn credentials(name: &str, password: &str) -> Request {
    post(LOGIN).json(&format!(r#"{{"username":"{name}","password":"{password}"}}"#))
}

fn names() -> Vec<Scenario> {
    let is = |name, subject, request: Request| scenario("names", name).send(request, logged_in(subject));
    let nobody = |name, request: Request| {
        let tries = (0..5).fold(scenario("names", name), |scenario, _| {
            scenario.send(request.clone(), problem("invalid_credentials"))
        });
        tries.send(request, problem("throttled").field("retry-after", "30"))
    };
    vec![
        is("a blank after it", 1, credentials("alice ", "alice-pw")),
        is("a blank before it", 1, credentials(" alice", "alice-pw")),
        is("no-break spaces", 1, credentials("\u{a0}alice\u{a0}", "alice-pw")),
        is("a line feed after it", 1, credentials(r"alice\r\n", "alice-pw")),
        is("decomposed letters", 3, credentials("zoe\u{308}", "zo\u{eb}-pw")),
        is("composed letters", 3, credentials("zo\u{eb}", "zo\u{eb}-pw")),
        is("in a form", 1, post(LOGIN).body(FORM, "username=+alice%C2%A0&password=alice-pw&remember=on")),
        nobody("NUL is an unknown user, and counts", credentials(r"al\u0000ice", "alice-pw")),
        nobody("a control character inside", credentials(r"al\u0007ice", "alice-pw")),
        nobody("NUL in a form", post(LOGIN).body(FORM, "username=alice%00&password=alice-pw")),
    ]
}

fn passwords() -> Vec<Scenario> {
    let is =
        |name, password| scenario("passwords", name).send(credentials("zo\u{eb}", password), logged_in(3));
    vec![
        is("decomposed letters", "zoe\u{308}-pw"),
        scenario("passwords", "nothing is trimmed")
            .send(credentials("alice", "alice-pw "), problem("invalid_credentials")),
        scenario("passwords", "decomposed letters, unknown user")
            .send(credentials("nobody", "zoe\u{308}-pw"), problem("invalid_credentials")),
    ]
}

/// 1025 bytes at each route that takes a password.
fn too_long() -> Vec<Scenario> {
    let long = "x".repeat(1025);
    let alice = |name| scenario("passwords", name).log_in("alice");
    vec![
        scenario("passwords", "1025 bytes, login")
            .send(credentials("alice", &long), problem("invalid_credentials")),
        alice("1025 bytes, fresh login").send(
            post(FRESH).cookie("{alice}").json(&format!(r#"{{"password":"{long}"}}"#)),
            problem("invalid_credentials"),
        ),
        alice("1025 bytes, the current one of a change").send(
            post(PASSWORD)
                .cookie("{alice}")
                .json(&format!(r#"{{"current_password":"{long}","new_password":"new pass"}}"#)),
            problem("invalid_credentials"),
        ),
        alice("1025 bytes, the new one of a change").send(
            post(PASSWORD)
                .cookie("{alice}")
                .json(&format!(r#"{{"current_password":"alice-pw","new_password":"{long}"}}"#)),
            password_refused("too_long"),
        ),
    ]
}

fn remember() -> Vec<Scenario> {
    const ACCESS: &str =
        "__Host-access_token=<at+jwt #3 of #1 for 1, 0..300>; Path=/; Secure; HttpOnly; SameSite=Lax";
    const REFRESH: &str =
        "__Host-refresh_token=<rt+jwt #2 of #1 for 1, 0..86400>; Path=/; Secure; HttpOnly; SameSite=Lax";
    let ask = |remember: &str| {
        post(LOGIN).json(&format!(r#"{{"username":"alice","password":"alice-pw","remember":{remember}}}"#))
    };
    let yes = |name, word| scenario("remember", name).send(ask(word), logged_in(1));
    let no = |name, word| scenario("remember", name).send(ask(word), logged_in(1).lines(ACCESS, REFRESH));
    let bad = |name, word| scenario("remember", name).send(ask(word), problem("invalid_request"));
    vec![
        yes("null is absent", "null"),
        yes("true", "true"),
        yes("the word true", r#""true""#),
        yes("the word on", r#""on""#),
        yes("the word 1", r#""1""#),
        no("false", "false"),
        no("the word false", r#""false""#),
        no("the word off", r#""off""#),
        no("the word 0", r#""0""#),
        bad("another word", r#""yes""#),
        bad("another case", r#""True""#),
        bad("nothing", r#""""#),
        bad("a number", "1"),
        bad("a list", "[true]"),
        bad("an object", "{}"),
    ]
}
