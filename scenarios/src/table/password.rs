//! The built-in routes: fresh login and password change.

use super::endpoints::not_allowed;
use crate::{
    Expected, Request, Scenario, Step,
    expected::{invalid_request, json, me, no_content, password_refused, problem},
    request::{get, post},
    scenario::{Availability::Away, scenario},
};

const FRESH: &str = "/api/auth/token/fresh/";
const PASSWORD: &str = "/api/auth/password/";
const LOGIN: &str = "/api/auth/token/";
const FORM: &str = "application/x-www-form-urlencoded";
const GOOD_FRESH: &str = r#"{"password":"alice-pw"}"#;
const GOOD_CHANGE: &str = r#"{"current_password":"alice-pw","new_password":"new pass"}"#;
const RENEWED: &[&str] = &["#1 replaced #2", "#4 live #5"];
const ROTATED: &[&str] = &["#1 live #4 after #2"];

pub(super) fn scenarios() -> Vec<Scenario> {
    [fresh(), fresh_old_session(), change(), new_passwords(), remembering(), methods(), own_routes()]
        .into_iter()
        .chain([ask_both(), refused_both(), away_both()])
        .flatten()
        .collect()
}

fn alice(rule: &'static str, name: &'static str) -> Scenario {
    scenario(rule, name).log_in("alice")
}

/// The two routes, each with a valid body.
fn both() -> [(&'static str, &'static str, &'static str); 2] {
    [("fresh", FRESH, GOOD_FRESH), ("password", PASSWORD, GOOD_CHANGE)]
}

/// The response to a valid request.
fn renewed(rule: &str, session: u64) -> Expected {
    let body = format!(
        r##"{{"user_id":"1","session_id":"#{session}","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-02T12:00:00Z"}}"##
    );
    let answer = if rule == "fresh" { json(&body) } else { no_content() };
    answer.sets(session, session + 2, session + 1)
}

fn fresh() -> Vec<Scenario> {
    let good = |name, request: Request| {
        alice("fresh", name).send(request.cookie("{alice}"), renewed("fresh", 4).rows(RENEWED))
    };
    vec![
        good("a form", post(FRESH).body(FORM, "password=alice-pw")),
        good("without the trailing slash", post("/api/auth/token/fresh").json(GOOD_FRESH)),
        alice("fresh", "the other sessions stay").log_in_as("alice", "phone").send(
            post(FRESH).cookie("{alice}").json(GOOD_FRESH),
            renewed("fresh", 7).rows(&["#1 replaced #2", "#4 live #5", "#7 live #8"]),
        ),
        scenario("fresh", "behind a refresh: the new session and nothing else").stale().send(
            post(FRESH).cookie("{alice}").json(GOOD_FRESH),
            json(r##"{"user_id":"1","session_id":"#6","access_expires_at":"2026-01-01T12:10:06Z","refresh_expires_at":"2026-01-02T12:05:06Z"}"##)
                .sets(6, 8, 7)
                .rows(&["#1 replaced #4 after #2", "#6 live #7"]),
        ),
        alice("fresh", "by alice's header beside bob's cookies: both are replaced")
            .log_in("bob")
            .send(
                post(FRESH).cookie("{bob.refresh}").bearer("{alice.token}").json(GOOD_FRESH),
                renewed("fresh", 7).rows(&["#1 replaced #2", "#4 replaced #5", "#7 live #8"]),
            ),
    ]
}

fn fresh_old_session() -> Vec<Scenario> {
    let replaced = |name| {
        alice("fresh", name)
            .send(post(FRESH).cookie("{alice}").json(GOOD_FRESH), renewed("fresh", 4).rows(RENEWED))
            .keep("new")
    };
    vec![
        replaced("the old access token is valid until the new one is presented, and then clears nothing")
            .send(get("/me").cookie("{alice}"), me(1, 1, 3))
            .send(get("/me").cookie("{new}"), me(1, 4, 6))
            .send(get("/me").cookie("{alice}"), problem("session_revoked")),
        replaced("the response is lost: the old refresh token is valid for a minute, and nothing is set")
            .pass(59)
            .send(get("/me").cookie("{alice.refresh}"), me(1, 1, 8))
            .pass(1)
            .send(get("/me").cookie("{alice}"), problem("session_revoked"))
            .send(get("/me").cookie("{alice.refresh}"), problem("session_revoked")),
        replaced("twice with the same cookies: both responses are valid").send(
            post(FRESH).cookie("{alice}").json(GOOD_FRESH),
            renewed("fresh", 7).rows(&["#1 replaced #2", "#4 live #5", "#7 live #8"]),
        ),
        replaced("twice with the same cookies, after the new one was presented")
            .send(get("/me").cookie("{new}"), me(1, 4, 6))
            .send(post(FRESH).cookie("{alice}").json(GOOD_FRESH), problem("session_revoked")),
        alice("fresh", "the session was ended on another node a moment ago")
            .send(get("/me").cookie("{alice}"), me(1, 1, 3))
            .step(Step::RevokedElsewhere("alice"))
            .send(post(FRESH).cookie("{alice}").json(GOOD_FRESH), {
                problem("session_revoked").rows(&["#1 logout #2"])
            }),
    ]
}

fn change() -> Vec<Scenario> {
    let three = |name| alice("password", name).log_in_as("alice", "phone").log_in("bob");
    let changed = &["#1 replaced #2", "#10 live #11", "#4 password_changed #5", "#7 live #8"];
    let rows = &[changed[0], changed[2], changed[3], changed[1]];
    let login =
        |password: &str| post(LOGIN).json(&format!(r#"{{"username":"alice","password":"{password}"}}"#));
    let logged_in = r##"{"user_id":"1","session_id":"#13","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-02T12:00:00Z"}"##;
    let after = [rows.as_slice(), &["#13 live #14"]].concat();
    vec![
        three("every session of the user ends, and a new one starts")
            .send(post(PASSWORD).cookie("{alice}").json(GOOD_CHANGE), renewed("password", 10).rows(rows))
            .keep("new")
            .send(get("/me").cookie("{new}"), me(1, 10, 12))
            .send(get("/me").cookie("{phone}"), problem("session_revoked").clears())
            .send(get("/me").cookie("{alice}"), problem("session_revoked"))
            .send(get("/me").cookie("{bob}"), me(2, 7, 9))
            .send(login("alice-pw"), problem("invalid_credentials"))
            .send(login("new pass"), json(logged_in).sets(13, 15, 14).rows(&after)),
        three("refresh tokens of the other sessions are invalid, too")
            .send(post(PASSWORD).cookie("{alice}").json(GOOD_CHANGE), renewed("password", 10).rows(rows))
            .pass(306)
            .send(get("/me").cookie("{alice}"), problem("session_revoked"))
            .send(get("/me").cookie("{phone}"), problem("session_revoked").clears()),
        alice("password", "a form").send(
            post(PASSWORD).cookie("{alice}").body(FORM, "current_password=alice-pw&new_password=new+pass"),
            renewed("password", 4).rows(RENEWED),
        ),
        alice("password", "without the trailing slash").send(
            post("/api/auth/password").cookie("{alice}").json(GOOD_CHANGE),
            renewed("password", 4).rows(RENEWED),
        ),
        scenario("password", "behind a refresh: the new session and nothing else").stale().send(
            post(PASSWORD).cookie("{alice}").json(GOOD_CHANGE),
            no_content().sets(6, 8, 7).rows(&["#1 replaced #4 after #2", "#6 live #7"]),
        ),
        alice("password", "twice: the second time the current one is wrong")
            .send(post(PASSWORD).cookie("{alice}").json(GOOD_CHANGE), renewed("password", 4).rows(RENEWED))
            .keep("new")
            .send(post(PASSWORD).cookie("{new}").json(GOOD_CHANGE), problem("invalid_credentials")),
    ]
}

fn new_passwords() -> Vec<Scenario> {
    let to = |name, new: &str, expected| {
        let body = format!(r#"{{"current_password":"alice-pw","new_password":"{new}"}}"#);
        alice("password", name).send(post(PASSWORD).cookie("{alice}").json(&body), expected)
    };
    let good = || renewed("password", 4).rows(RENEWED);
    let bad = || password_refused("too_short");
    vec![
        to("seven characters are too few", "1234567", bad()),
        to("eight are enough", "12345678", good()),
        to("characters, not bytes: seven", "äöüäöüä", bad()),
        to("characters, not bytes: eight", "äöüäöüäö", good()),
        to("1024 bytes", &"x".repeat(1024), good()),
        to("1025 bytes", &"x".repeat(1025), password_refused("too_long")),
        to("blanks count, and nothing is trimmed", "        ", good()),
        scenario("password", "too short behind a refresh: the cookies leave").stale().send(
            post(PASSWORD)
                .cookie("{alice}")
                .json(r#"{"current_password":"alice-pw","new_password":"short"}"#),
            bad().sets(1, 5, 4).rows(ROTATED),
        ),
    ]
}

fn ask_both() -> Vec<Scenario> {
    let rows = both().map(|(rule, route, good)| {
        let good = |request: Request| request.json(good);
        vec![
            alice(rule, "by cookie")
                .send(good(post(route).cookie("{alice}")), renewed(rule, 4).rows(RENEWED)),
            alice(rule, "by header")
                .send(good(post(route).bearer("{alice.token}")), renewed(rule, 4).rows(RENEWED)),
            alice(rule, "from the own page").send(
                good(post(route).cookie("{alice}").site("same-origin").origin("https://app.example")),
                renewed(rule, 4).rows(RENEWED),
            ),
            scenario(rule, "nobody").send(good(post(route)), problem("not_authenticated")),
            alice(rule, "dead cookies")
                .send(good(post(route).cookie("{alice.forged_access}")), problem("invalid_token").clears()),
            alice(rule, "from another site")
                .send(good(post(route).site("cross-site").cookie("{alice}")), problem("csrf_failed")),
            scenario(rule, "from another site, nobody")
                .send(good(post(route).site("cross-site")), problem("csrf_failed")),
            alice(rule, "from another site by header: the answer would set cookies")
                .send(good(post(route).site("cross-site").bearer("{alice.token}")), problem("csrf_failed")),
            alice(rule, "a user who was disabled")
                .step(Step::Disable("alice"))
                .send(good(post(route).cookie("{alice}")), problem("invalid_credentials")),
            alice(rule, "a user who is gone")
                .step(Step::Delete("alice"))
                .send(good(post(route).cookie("{alice}")), problem("invalid_credentials")),
            alice(rule, "tokens that cannot be minted")
                .step(Step::TooManyClaims("alice"))
                .send(good(post(route).cookie("{alice}")), problem("server_error")),
        ]
    });
    rows.concat()
}

fn refused_both() -> Vec<Scenario> {
    let rows = both().map(|(rule, route, good)| {
        let wrong = good.replace("alice-pw", "guess");
        let cookie = || post(route).cookie("{alice}");
        let bad = |name, request: Request, expected| alice(rule, name).send(request, expected);
        vec![
            bad("a wrong password", cookie().json(&wrong), problem("invalid_credentials")),
            scenario(rule, "a wrong password behind a refresh: the cookies leave")
                .stale()
                .send(cookie().json(&wrong), problem("invalid_credentials").sets(1, 5, 4).rows(ROTATED)),
            bad("a missing field", cookie().json(r#"{"current_password":"alice-pw"}"#), {
                problem("invalid_request")
            }),
            bad("a blank field", cookie().json(&good.replace("alice-pw", "")), problem("invalid_request")),
            bad("JSON that is not an object", cookie().json(r#"["alice-pw"]"#), problem("invalid_request")),
            bad("no body", cookie().json(""), problem("invalid_request")),
            bad("16 KiB and a byte", cookie().json(&" ".repeat(16 * 1024 + 1)), {
                invalid_request(413, "Payload Too Large")
            }),
            bad("text/plain", cookie().body("text/plain", good), {
                invalid_request(415, "Unsupported Media Type")
            }),
            scenario(rule, "a bad body of nobody").send(post(route).json(""), problem("not_authenticated")),
        ]
    });
    rows.concat()
}

fn away_both() -> Vec<Scenario> {
    let rows = both().map(|(rule, route, good)| {
        let loaded = |name| alice(rule, name).send(get("/me").cookie("{alice}"), me(1, 1, 3));
        let ask = || post(route).cookie("{alice}").json(good);
        vec![
            loaded("session store unavailable").sessions(Away).send(ask(), problem("unavailable")),
            loaded("user store unavailable").users(Away).send(ask(), problem("unavailable")),
        ]
    });
    rows.concat()
}

/// "Remember me" of the login applies to every session that replaces it.
fn remembering() -> Vec<Scenario> {
    const ACCESS: &str =
        "__Host-access_token=<at+jwt #6 of #4 for 1, 0..300>; Path=/; Secure; HttpOnly; SameSite=Lax";
    const REFRESH: &str =
        "__Host-refresh_token=<rt+jwt #5 of #4 for 1, 0..86400>; Path=/; Secure; HttpOnly; SameSite=Lax";
    const LATER_ACCESS: &str =
        "__Host-access_token=<at+jwt #8 of #4 for 1, 306..606>; Path=/; Secure; HttpOnly; SameSite=Lax";
    const LATER_REFRESH: &str =
        "__Host-refresh_token=<rt+jwt #7 of #4 for 1, 306..86706>; Path=/; Secure; HttpOnly; SameSite=Lax";
    let first = r##"{"user_id":"1","session_id":"#1","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-02T12:00:00Z"}"##;
    let login = r#"{"username":"alice","password":"alice-pw","remember":false}"#;
    let rows = both().map(|(rule, route, good)| {
        let forgotten = json(first).lines(
            "__Host-access_token=<at+jwt #3 of #1 for 1, 0..300>; Path=/; Secure; HttpOnly; SameSite=Lax",
            "__Host-refresh_token=<rt+jwt #2 of #1 for 1, 0..86400>; Path=/; Secure; HttpOnly; SameSite=Lax",
        );
        scenario(rule, "a login that is not to be remembered stays so")
            .send(post(LOGIN).json(login), forgotten.rows(&["#1 live #2"]))
            .keep("alice")
            .send(
                post(route).cookie("{alice}").json(good),
                renewed(rule, 4).lines(ACCESS, REFRESH).rows(RENEWED),
            )
            .keep("new")
            .pass(306)
            .send(
                get("/me").cookie("{new}"),
                me(1, 4, 8).lines(LATER_ACCESS, LATER_REFRESH).rows(&[RENEWED[0], "#4 live #7 after #5"]),
            )
    });
    rows.into()
}

fn methods() -> Vec<Scenario> {
    let refused = |name, method: &str, path: &str| not_allowed(name, method, path, "POST");
    vec![
        refused("GET token/fresh/", "GET", FRESH),
        refused("HEAD token/fresh/", "HEAD", FRESH),
        refused("DELETE password/", "DELETE", PASSWORD),
        refused("OPTIONS password", "OPTIONS", "/api/auth/password"),
    ]
}

/// The same through `AuthContext`.
fn own_routes() -> Vec<Scenario> {
    let own = |rule, name, path| {
        let renewed = renewed("fresh", 4).rows(RENEWED);
        alice(rule, name).send(post(path).cookie("{alice}"), renewed)
    };
    vec![
        own("fresh", "a custom route", "/own-fresh"),
        own("password", "a custom route", "/own-password"),
        scenario("fresh", "a custom route behind a refresh: the new session wins")
            .stale()
            .send(post("/own-fresh").cookie("{alice}"), {
                json(r##"{"user_id":"1","session_id":"#6","access_expires_at":"2026-01-01T12:10:06Z","refresh_expires_at":"2026-01-02T12:05:06Z"}"##)
                    .sets(6, 8, 7)
                    .rows(&["#1 replaced #4 after #2", "#6 live #7"])
            }),
        alice("password", "a custom route, twice")
            .send(post("/own-password").cookie("{alice}"), renewed("fresh", 4).rows(RENEWED))
            .keep("new")
            .send(post("/own-password").cookie("{new}"), problem("invalid_credentials")),
    ]
}
