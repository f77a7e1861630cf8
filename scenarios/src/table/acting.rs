//! Acting for a user: bob of the support staff has a session of alice's for a while.

use crate::{
    Expected, Request, Scenario, Step,
    expected::{json, me, me_by_header, problem, text},
    request::{delete, get, post},
    scenario::{
        Availability::{Away, Back},
        scenario,
    },
};

const FORM: &str = "application/x-www-form-urlencoded";
const LOGIN: &str = "/api/auth/token/";
const SESSIONS: &str = "/api/auth/sessions/";
/// Bob's own session, and the one in which bob acts.
const BOTH: &[&str] = &["#1 live #2", "#4 live #5"];
const ACCESS: &str = "__Host-access_token=<at+jwt #6 of #4 for 1, 0..300>; Path=/; Secure; HttpOnly; SameSite=Lax; \
                      Max-Age=300; Expires=Thu, 01 Jan 2026 12:05:00 GMT";
const REFRESH: &str = "__Host-refresh_token=<rt+jwt #5 of #4 for 1, 0..1800>; Path=/; Secure; HttpOnly; \
                       SameSite=Lax; Max-Age=1800; Expires=Thu, 01 Jan 2026 12:30:00 GMT";

pub(super) fn scenarios() -> Vec<Scenario> {
    [act(), refused(), doors(), ends(), back(), no_way_back(), token_mode()].concat()
}

fn bob(name: &'static str) -> Scenario {
    scenario("acting", name).log_in_by("bob", &["pwd", "otp"])
}

fn ask() -> Request {
    post("/act-for-alice").cookie("{bob}")
}

/// No device becomes known, and both sessions live.
pub(super) fn begun() -> Expected {
    json(
        r##"{"user_id":"1","session_id":"#4","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-01T12:30:00Z"}"##,
    )
    .lines(ACCESS, REFRESH)
    .rows(BOTH)
}

/// Bob acts for alice; `{acting}` are the cookies.
fn acting(name: &'static str) -> Scenario {
    bob(name).send(ask(), begun()).keep("acting")
}

fn act() -> Vec<Scenario> {
    let item = |id, methods, acted_by, current| {
        format!(
            r##"{{"id":"#{id}","created_at":"2026-01-01T12:00:00Z","last_seen_at":"2026-01-01T12:00:00Z","user_agent":null,"ip":{ip},"methods":[{methods}],"acted_by":{acted_by},"device_bound":false,"current":{current}}}"##,
            ip = if id == 4 { r#""127.0.0.1""# } else { "null" },
        )
    };
    let list = format!("[{}]", item(4, "", r#""2""#, true));
    vec![
        acting("the handlers see alice, and who acts for her")
            .send(get("/me").cookie("{acting}"), me(1, 4, 6))
            .send(get("/proofs").cookie("{acting}"), text(200, "acted by 2"))
            .send(get("/me").cookie("{bob}"), me(2, 1, 3))
            .send(get("/proofs").cookie("{bob}"), text(200, "pwd otp")),
        acting("alice's list shows it").send(get(SESSIONS).cookie("{acting}"), json(&list)),
        acting("after a refresh").pass(306).send(get("/proofs").cookie("{acting}"), {
            const ACCESS: &str = "__Host-access_token=<at+jwt #8 of #4 for 1, 306..606>; Path=/; Secure; HttpOnly; \
                                  SameSite=Lax; Max-Age=300; Expires=Thu, 01 Jan 2026 12:10:06 GMT";
            const REFRESH: &str = "__Host-refresh_token=<rt+jwt #7 of #4 for 1, 306..1800>; Path=/; Secure; \
                                   HttpOnly; SameSite=Lax; Max-Age=1494; Expires=Thu, 01 Jan 2026 12:30:00 GMT";
            text(200, "acted by 2").lines(ACCESS, REFRESH).rows(&["#1 live #2", "#4 live #7 after #5"])
        }),
        acting("it is never fresh")
            .send(get("/code").cookie("{acting}"), crate::expected::code_required())
            .send(get("/fresh").cookie("{acting}"), problem("fresh_login_required")),
        bob("a user with a second factor").step(Step::Enrol("alice")).send(ask(), begun()),
    ]
}

fn refused() -> Vec<Scenario> {
    vec![
        scenario("acting", "anonymous").send(post("/act-for-alice"), problem("not_authenticated")),
        bob("from another site").send(ask().site("cross-site"), problem("csrf_failed")),
        bob("a user who is disabled")
            .step(Step::Disable("alice"))
            .send(ask(), problem("invalid_credentials")),
        bob("an actor who is disabled").step(Step::Disable("bob")).send(ask(), problem("session_revoked")),
        bob("an actor whose session has ended elsewhere")
            .send(get("/me").cookie("{bob}"), me(2, 1, 3))
            .step(Step::RevokedElsewhere("bob"))
            .send(ask(), problem("session_revoked").rows(&["#1 logout #2"])),
        bob("sessions away")
            .send(get("/me").cookie("{bob}"), me(2, 1, 3))
            .sessions(Away)
            .send(ask(), problem("unavailable"))
            .sessions(Back)
            .send(ask(), begun()),
        bob("users away").users(Away).send(ask(), problem("unavailable")).users(Back).send(ask(), begun()),
    ]
}

/// What only alice herself may do.
fn doors() -> Vec<Scenario> {
    let door = |name, request: Request| {
        acting(name)
            .send(request.cookie("{acting}"), problem("acting"))
            .send(get("/me").cookie("{acting}"), me(1, 4, 6))
    };
    vec![
        door("a fresh login", post("/api/auth/token/fresh/").json(r#"{"password":"alice-pw"}"#)),
        door(
            "a fresh login with a wrong password",
            post("/api/auth/token/fresh/").json(r#"{"password":"x"}"#),
        ),
        door("a new password", {
            post("/api/auth/password/").json(r#"{"current_password":"alice-pw","new_password":"new pass"}"#)
        }),
        door("ending her other sessions", delete(SESSIONS)),
        acting("ending one of her sessions")
            .log_in("alice")
            .send(delete("/api/auth/sessions/{alice.session}/").cookie("{acting}"), problem("acting")),
        door("ending a session that is none", delete("/api/auth/sessions/none/")),
        door("a step-up", post("/step-up").body(FORM, "code=123456&step=1")),
        door("the beginning of a step-up", post("/begin-step-up")),
        door("another tenant", post("/switch")),
        door("acting again", post("/act-for-alice")),
        acting("by a bearer, too").send(post("/switch").bearer("{acting.token}"), problem("acting")),
    ]
}

fn ends() -> Vec<Scenario> {
    let gone = || problem("session_revoked").clears();
    vec![
        acting("a logout ends the acting session only")
            .send(post("/api/auth/token/blacklist/").cookie("{acting}"), {
                json("{}").clears().rows(&["#1 live #2", "#4 logout #5"])
            })
            .send(get("/me").cookie("{bob}"), me(2, 1, 3)),
        acting("with the session of the actor")
            .send(post("/api/auth/token/blacklist/").cookie("{bob}"), {
                json("{}").clears().rows(&["#1 logout #2", "#4 live #5"])
            })
            .send(get("/me").cookie("{acting}"), gone())
            .send(get("/me").bearer("{acting.token}"), problem("session_revoked")),
        acting("with the session of the actor, at a refresh")
            .step(Step::RevokedElsewhere("bob"))
            .pass(306)
            .send(post("/api/auth/token/refresh/").cookie("{acting}"), {
                gone().rows(&["#1 logout #2", "#4 actor_ended #5"])
            }),
        acting("with the actor")
            .step(Step::Disable("bob"))
            .pass(306)
            .send(get("/me").cookie("{acting}"), gone().rows(&["#1 live #2", "#4 actor_ended #5"])),
        acting("after half an hour")
            .pass(1800)
            .send(get("/me").cookie("{acting}"), problem("session_expired").clears()),
        acting("not when a store is away")
            .pass(306)
            .sessions(Away)
            .send(get("/me").cookie("{acting}"), problem("unavailable")),
    ]
}

fn stop() -> Request {
    post("/stop-acting").body(FORM, "").cookie("{acting}")
}

/// Bob has session 7 in the place of both.
fn returned() -> Expected {
    json(
        r##"{"user_id":"2","session_id":"#7","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-02T12:00:00Z"}"##,
    )
    .sets_for(2, 7, 9, 8)
    .rows(&["#1 replaced #2", "#4 replaced #5", "#7 live #8"])
}

fn back() -> Vec<Scenario> {
    vec![
        acting("bob comes back with his proofs")
            .send(stop(), returned())
            .keep("back")
            .send(get("/proofs").cookie("{back}"), text(200, "pwd otp"))
            .send(get("/me").cookie("{acting}"), problem("session_revoked"))
            .pass(61)
            .send(get("/me").cookie("{bob}"), problem("session_revoked")),
        acting("a second click")
            .send(stop(), returned())
            .send(stop(), {
                json(
                    r##"{"user_id":"2","session_id":"#10","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-02T12:00:00Z"}"##,
                )
                .sets_for(2, 10, 12, 11)
                .rows(&["#1 replaced #2", "#4 replaced #5", "#7 live #8", "#10 live #11"])
            }),
    ]
}

fn no_way_back() -> Vec<Scenario> {
    vec![
        bob("no one acts")
            .send(post("/stop-acting").body(FORM, "").cookie("{bob}"), problem("invalid_request")),
        acting("an access token alone does not lead back").send(
            post("/stop-acting").body(FORM, "").cookie("{acting.access}"),
            problem("acting"),
        ),
        acting("nor does a bearer").send(
            post("/stop-acting").body(FORM, "").bearer("{acting.token}"),
            problem("acting"),
        ),
        acting("from another site").send(stop().site("cross-site"), problem("csrf_failed")),
        acting("to a session that has ended")
            .send(get("/me").cookie("{acting}"), me(1, 4, 6))
            .step(Step::RevokedElsewhere("bob"))
            .send(stop(), problem("session_revoked").rows(&["#1 logout #2", "#4 live #5"])),
        acting("sessions away")
            .send(get("/me").cookie("{acting}"), me(1, 4, 6))
            .sessions(Away)
            .send(stop(), problem("unavailable"))
            .sessions(Back)
            .send(stop(), returned()),
        acting("a login in between replaces the acting session only").send(
            post(LOGIN).json(r#"{"username":"alice","password":"alice-pw"}"#).cookie("{acting}"),
            json(
                r##"{"user_id":"1","session_id":"#7","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-02T12:00:00Z"}"##,
            )
            .sets(7, 9, 8)
            .rows(&["#1 live #2", "#4 replaced #5", "#7 live #8"]),
        ),
    ]
}

fn asks(request: Request) -> Request {
    request.line("Cookiejwt-Mode: token")
}

/// Of this user; session, refresh token, access token; when the refresh token ends.
fn tokens(subject: u64, [session, refresh, access]: [u64; 3], end: u64) -> Expected {
    json(&format!(
        r#"{{"access":"<at+jwt #{access} of #{session} for {subject}, 0..300>","refresh":"<rt+jwt #{refresh} of #{session} for {subject}, 0..{end}>","token_type":"Bearer","expires_in":300}}"#,
    ))
}

/// A command line, which keeps the tokens of both sessions: `{app…}` and `{acting…}`.
fn app(name: &'static str) -> Scenario {
    scenario("acting", name)
        .config(|config| config.token_mode(true))
        .send(asks(post(LOGIN).json(r#"{"username":"bob","password":"bob-pw"}"#)), {
            tokens(2, [1, 2, 3], 86_400).rows(&["#1 live #2"])
        })
        .keep("app")
        .send(asks(post("/act-for-alice").bearer("{app.token}")), tokens(1, [4, 5, 6], 1800).rows(BOTH))
        .keep("acting")
}

fn token_mode() -> Vec<Scenario> {
    let stop = |body: &str| asks(post("/stop-acting").body(FORM, body).bearer("{acting.token}"));
    vec![
        app("token mode: it keeps both")
            .send(asks(get("/me").bearer("{acting.token}")), me_by_header(1, 4, 6))
            .send(asks(get("/me").bearer("{app.token}")), me_by_header(2, 1, 3)),
        app("token mode: the way back")
            .send(stop("refresh={acting.refresh_token}"), {
                tokens(2, [7, 8, 9], 86_400).rows(&["#1 replaced #2", "#4 replaced #5", "#7 live #8"])
            })
            .keep("back")
            .send(asks(get("/me").bearer("{back.token}")), me_by_header(2, 7, 9)),
        app("token mode: no way back without the refresh token")
            .send(stop(""), problem("acting"))
            .send(stop("refresh={app.refresh_token}"), problem("acting"))
            .send(stop("refresh={acting.token}"), problem("acting")),
        app("token mode: a refresh keeps the actor")
            .send(asks(post("/api/auth/token/refresh/").json(r#"{"refresh":"{acting.refresh_token}"}"#)), {
                tokens(1, [4, 7, 8], 1800).rows(&["#1 live #2", "#4 live #7 after #5"])
            })
            .keep("next")
            .send(asks(post("/switch").bearer("{next.token}")), problem("acting")),
        app("token mode: a fresh login").send(
            asks(post("/api/auth/token/fresh/").json(r#"{"password":"alice-pw"}"#).bearer("{acting.token}")),
            problem("acting"),
        ),
        app("token mode: a logout").send(
            asks(post("/api/auth/token/blacklist/").bearer("{acting.token}")),
            json("{}").rows(&["#1 live #2", "#4 logout #5"]),
        ),
        app("token mode: ending a session")
            .send(asks(delete(SESSIONS).bearer("{acting.token}")), problem("acting")),
        app("token mode: the end of the other session")
            .send(
                asks(post("/api/auth/token/blacklist/").bearer("{app.token}")),
                json("{}").rows(&["#1 logout #2", "#4 live #5"]),
            )
            .send(asks(get("/me").bearer("{acting.token}")), problem("session_revoked")),
    ]
}
