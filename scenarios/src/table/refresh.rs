//! Refreshing, rows k to r of `cookiejwt_core::rules`: rotation, reuse, the refresh route, outages.

use crate::{
    Request, Scenario, Step,
    expected::{json, me, me_by_header, problem, text},
    request::{get, post},
    scenario::{
        Availability::{Away, Back},
        scenario,
    },
};

const ROTATED: &str = "#1 live #4 after #2";

pub(super) fn scenarios() -> Vec<Scenario> {
    [rotated(), refused(), raced(), outages(), route(), hung_up()].concat()
}

fn alice(rule: &'static str, name: &'static str) -> Scenario {
    scenario(rule, name).log_in("alice")
}

fn stale(rule: &'static str, name: &'static str) -> Scenario {
    scenario(rule, name).stale()
}

fn me_now() -> Request {
    get("/me").cookie("{alice}")
}

fn rotated() -> Vec<Scenario> {
    let new = || me(1, 1, 5).sets(1, 5, 4).rows(&[ROTATED]);
    vec![
        stale("row m", "access expired").send(me_now(), new()),
        alice("row m", "access absent").send(get("/me").cookie("{alice.refresh}"), new()),
        alice("row m", "access invalid").send(get("/me").cookie("{alice.forged_access}; {alice.refresh}"), new()),
        alice("row m", "access early").send(get("/me").cookie("{early.access}; {alice.refresh}"), new()),
        alice("row m", "access of an unknown key").send(get("/me").cookie("{unknown.access}; {alice.refresh}"), new()),
        stale("row m", "the new cookies are valid, and rotate in turn")
            .send(me_now(), new())
            .keep("new")
            .send(get("/me").cookie("{new}"), me(1, 1, 5))
            .pass(306)
            .send(get("/me").cookie("{new}"), me(1, 1, 7).sets(1, 7, 6).rows(&["#1 live #6 after #4"])),
        stale("row m", "without remember, neither cookie has an age")
            .send(
                post("/api/auth/token/").json(r#"{"username":"alice","password":"alice-pw","remember":false}"#),
                json(
                    r##"{"user_id":"1","session_id":"#4","access_expires_at":"2026-01-01T12:10:06Z","refresh_expires_at":"2026-01-02T12:05:06Z"}"##,
                )
                .lines(
                    "__Host-access_token=<at+jwt #6 of #4 for 1, 306..606>; Path=/; Secure; HttpOnly; SameSite=Lax",
                    "__Host-refresh_token=<rt+jwt #5 of #4 for 1, 306..86706>; Path=/; Secure; HttpOnly; SameSite=Lax",
                )
                .rows(&["#1 live #2", "#4 live #5"]),
            )
            .keep("brief")
            .pass(306)
            .send(
                get("/me").cookie("{brief}"),
                me(1, 4, 8)
                    .lines(
                        "__Host-access_token=<at+jwt #8 of #4 for 1, 612..912>; Path=/; Secure; HttpOnly; SameSite=Lax",
                        "__Host-refresh_token=<rt+jwt #7 of #4 for 1, 612..87012>; Path=/; Secure; HttpOnly; SameSite=Lax",
                    )
                    .rows(&["#1 live #2", "#4 live #7 after #5"]),
            ),
    ]
}

fn refused() -> Vec<Scenario> {
    let ended = || problem("session_revoked").clears();
    vec![
        stale("row k", "the user is disabled")
            .step(Step::Disable("alice"))
            .send(me_now(), ended().rows(&["#1 user_inactive #2"])),
        stale("row k", "the user no longer exists")
            .step(Step::Delete("alice"))
            .send(me_now(), ended().rows(&["#1 user_inactive #2"])),
        stale("row l", "new tokens cannot be minted")
            .step(Step::TooManyClaims("alice"))
            .send(me_now(), problem("server_error")),
        alice("row l", "new tokens cannot be minted, the access token is still valid")
            .pass(280)
            .step(Step::TooManyClaims("alice"))
            .send(me_now(), me(1, 1, 3)),
        alice("row n", "no row").send(get("/me").cookie("{rowless.refresh}"), ended()),
        stale("row n", "revoked on another node")
            .step(Step::RevokedElsewhere("alice"))
            .send(me_now(), ended().rows(&["#1 logout #2"])),
        alice("row n", "replaced by a login: nothing is cleared")
            .send(
                post("/login-as-bob").cookie("{alice}"),
                text(200, "bob").sets_for(2, 4, 6, 5).rows(&["#1 replaced #2", "#4 live #5"]),
            )
            .send(me_now(), problem("session_revoked"))
            .pass(306)
            .send(me_now(), problem("session_revoked")),
    ]
}

#[allow(clippy::too_many_lines, reason = "one table")]
fn raced() -> Vec<Scenario> {
    let first = || me(1, 1, 5).sets(1, 5, 4).rows(&[ROTATED]);
    let reuse = || problem("session_revoked").clears().rows(&["#1 reuse #4 after #2"]);
    vec![
        stale("row o", "a second tab presents the parent: the same successor")
            .send(me_now(), first())
            .send(me_now(), me(1, 1, 7).sets(1, 7, 4)),
        stale("row o", "at the last moment of the leeway")
            .send(me_now(), first())
            .pass(10)
            .send(me_now(), me(1, 1, 7).sets_older(1, 7, 4, 306)),
        stale("row o'", "the response is lost, the parent after the leeway: the same successor")
            .send(me_now(), first())
            .pass(11)
            .send(me_now(), me(1, 1, 7).sets_older(1, 7, 4, 306))
            .keep("healed")
            .send(get("/me").cookie("{healed}"), me(1, 1, 7)),
        stale("row o'", "three times, nine seconds apart")
            .send(me_now(), first())
            .pass(9)
            .send(me_now(), me(1, 1, 7).sets_older(1, 7, 4, 306))
            .pass(9)
            .send(me_now(), me(1, 1, 9).sets_older(1, 9, 4, 306)),
        stale("row o'", "three hours later: another successor replaces it")
            .send(me_now(), first())
            .keep("lost")
            .pass(10_800)
            .send(me_now(), me(1, 1, 7).sets_older(1, 7, 6, 306).rows(&["#1 live #6 after #2"]))
            .send(
                get("/me").cookie("{lost.refresh}"),
                problem("session_revoked").clears().rows(&["#1 reuse #6 after #2"]),
            ),
        stale("row o'", "a renderer that cannot forward the cookies")
            .send(me_now(), first())
            .pass(20)
            .send(me_now(), me(1, 1, 7).sets_older(1, 7, 4, 306))
            .pass(20)
            .send(me_now(), me(1, 1, 9).sets_older(1, 9, 4, 306))
            .pass(20)
            .send(me_now(), me(1, 1, 11).sets_older(1, 11, 4, 306)),
        stale("row r", "the parent after the leeway of the receipt: reuse")
            .send(me_now(), first())
            .keep("new")
            .send(get("/me").cookie("{new}"), me(1, 1, 5))
            .step(Step::WriteReceipts)
            .pass(11)
            .send(me_now(), reuse())
            .send(get("/me").cookie("{new}"), problem("session_revoked").clears()),
        stale("row r", "the same, received by bearer")
            .send(me_now(), first())
            .keep("new")
            .send(get("/me").bearer("{new.token}"), me_by_header(1, 1, 5))
            .step(Step::WriteReceipts)
            .pass(11)
            .send(me_now(), reuse()),
        // Late in the leeway the store is asked before the lines are sent, and it knows that the
        // jar has received them.
        stale(
            "row o",
            "the parent inside the leeway of the receipt: authenticated, and the cookies in the jar stay",
        )
        .send(me_now(), first())
        .keep("new")
        .pass(9)
        .send(get("/me").cookie("{new}"), me(1, 1, 5))
        .step(Step::WriteReceipts)
        .pass(10)
        .send(me_now(), me(1, 1, 7)),
        stale("row r", "a grandparent inside the leeway")
            .send(me_now(), first())
            .keep("new")
            .pass(306)
            .send(get("/me").cookie("{new}"), me(1, 1, 7).sets(1, 7, 6).rows(&["#1 live #6 after #4"]))
            .send(me_now(), problem("session_revoked").clears().rows(&["#1 reuse #6 after #4"])),
        stale("row p", "the successor again at once: no second rotation")
            .send(me_now(), first())
            .keep("new")
            .pass(5)
            .send(get("/me").cookie("{new.refresh}"), me(1, 1, 7).sets_older(1, 7, 4, 306)),
        stale("row p", "the successor after the leeway, not presented before: one more leeway")
            .send(me_now(), first())
            .keep("new")
            .pass(20)
            .send(get("/me").cookie("{new.refresh}"), me(1, 1, 7).sets_older(1, 7, 4, 306)),
        stale("row p'", "the successor after two leeways rotates")
            .send(me_now(), first())
            .keep("new")
            .pass(21)
            .send(
                get("/me").cookie("{new.refresh}"),
                me(1, 1, 7).sets(1, 7, 6).rows(&["#1 live #6 after #4"]),
            ),
    ]
}

fn outages() -> Vec<Scenario> {
    let first = || me(1, 1, 5).sets(1, 5, 4).rows(&[ROTATED]);
    vec![
        stale("row q", "session store unavailable: cookies are not changed, and are valid afterwards")
            .sessions(Away)
            .send(me_now(), problem("unavailable"))
            .sessions(Back)
            .send(me_now(), me(1, 1, 7).sets(1, 7, 6).rows(&["#1 live #6 after #2"])),
        stale("row q", "user store unavailable: cookies are not changed")
            .users(Away)
            .send(me_now(), problem("unavailable"))
            .users(Back)
            .send(me_now(), me(1, 1, 7).sets(1, 7, 6).rows(&["#1 live #6 after #2"])),
        alice("row q", "user store unavailable, the access token is still valid")
            .pass(280)
            .users(Away)
            .send(me_now(), me(1, 1, 3)),
        alice("row q", "CurrentUser, user store unavailable")
            .users(Away)
            .send(get("/user").cookie("{alice}"), problem("unavailable")),
        stale("row m", "available again before the first request")
            .sessions(Away)
            .sessions(Back)
            .send(me_now(), first()),
    ]
}

fn route() -> Vec<Scenario> {
    let refresh = || post("/api/auth/token/refresh/");
    let body = r##"{"user_id":"1","session_id":"#1","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-02T12:00:00Z"}"##;
    let rotated = || json(body).sets(1, 5, 4).rows(&[ROTATED]);
    vec![
        alice("refresh", "both cookies").send(refresh().cookie("{alice}"), rotated()),
        alice("refresh", "the refresh cookie alone").send(refresh().cookie("{alice.refresh}"), rotated()),
        alice("refresh", "without the trailing slash")
            .send(post("/api/auth/token/refresh").cookie("{alice}"), rotated()),
        alice("refresh", "a bearer instead of the cookie")
            .send(refresh().bearer("{alice.token}"), problem("not_authenticated")),
        alice("refresh", "no cookie").send(refresh(), problem("not_authenticated")),
        alice("refresh", "the access cookie alone")
            .send(refresh().cookie("{alice.access}"), problem("not_authenticated")),
        alice("refresh", "early").send(refresh().cookie("{early.refresh}"), problem("invalid_token")),
        alice("refresh", "dead")
            .send(refresh().cookie("{alice.forged_refresh}"), problem("invalid_token").clears()),
        alice("refresh", "ended")
            .pass(86_400)
            .send(refresh().cookie("{alice}"), problem("session_expired").clears()),
        alice("refresh", "from another site")
            .send(refresh().site("cross-site").cookie("{alice}"), problem("csrf_failed")),
        alice("refresh", "from another site, with a bearer").send(
            refresh().site("cross-site").cookie("{alice}").bearer("{alice.token}"),
            problem("csrf_failed"),
        ),
        alice("refresh", "session store unavailable, access still valid")
            .sessions(Away)
            .send(refresh().cookie("{alice}"), problem("unavailable")),
        alice("refresh", "GET").send(get("/api/auth/token/refresh/").cookie("{alice}"), {
            problem("method_not_allowed").field("allow", "POST")
        }),
    ]
}

fn hung_up() -> Vec<Scenario> {
    vec![
        stale("rotation", "the client hangs up after the rotation: the next request heals")
            .hang_up(get("/holds").cookie("{alice}"), &[ROTATED])
            .pass(9)
            .send(me_now(), me(1, 1, 7).sets_older(1, 7, 4, 306)),
        stale("rotation", "the client hangs up and comes back after the leeway")
            .hang_up(get("/holds").cookie("{alice}"), &[ROTATED])
            .pass(11)
            .send(me_now(), me(1, 1, 7).sets_older(1, 7, 4, 306)),
    ]
}
