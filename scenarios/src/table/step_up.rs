//! A user with a session: a second factor that is set up meanwhile, a further proof, another
//! tenant.

use crate::{
    Expected, Request, Scenario, Step,
    expected::{
        code_required, json, me, no_content, problem, second_factor_required, second_factor_required_alone,
        text,
    },
    request::{get, post},
    scenario::{Availability::Away, scenario},
};

const FORM: &str = "application/x-www-form-urlencoded";
const FRESH: &str = r#"{"password":"alice-pw"}"#;
const CHANGE: &str = r#"{"current_password":"alice-pw","new_password":"a new password"}"#;
const BOTH: &[&str] = &["pwd", "otp"];
const PASSWORD: &[&str] = &["pwd"];
const SECOND: &[&str] = &["#1 replaced #2", "#4 live #5"];
const REPLACED: &[&str] = &["#1 replaced #2", "#7 live #8"];

pub(super) fn scenarios() -> Vec<Scenario> {
    [enrolled(), doors(), both_proofs(), step_up(), switch()].concat()
}

/// Alice has a session by her password, and sets up a code.
fn enrolled_beside(name: &'static str) -> Scenario {
    scenario("second factor", name).log_in_by("alice", PASSWORD).step(Step::Enrol("alice"))
}

fn fresh() -> Request {
    post("/api/auth/token/fresh/").json(FRESH).cookie("{alice}")
}

fn change() -> Request {
    post("/api/auth/password/").json(CHANGE).cookie("{alice}")
}

fn body(session: u64) -> Expected {
    let begun = json(&format!(
        r##"{{"user_id":"1","session_id":"#{session}","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-02T12:00:00Z"}}"##
    ));
    begun.sets(session, session + 2, session + 1)
}

fn code() -> Request {
    post("/second-step").body(FORM, "code=123456&step=1")
}

/// A session from before the second factor was set up.
fn enrolled() -> Vec<Scenario> {
    let required = || second_factor_required().pending(4);
    let finished = || {
        let done = crate::expected::empty(303).field("location", "/");
        done.sets(7, 9, 8).clears_pending(4).rows(REPLACED)
    };
    let ended = |name, request: Request| {
        enrolled_beside(name).pass(306).send(
            request.cookie("{alice}"),
            problem("session_revoked").clears().rows(&["#1 second_factor #2"]),
        )
    };
    vec![
        enrolled_beside("a fresh login requires the code, beside the session only")
            .send(fresh(), required())
            .keep("one")
            .send(get("/me").cookie("{alice}"), me(1, 1, 3))
            .send(code().cookie("{one.pending}"), problem("invalid_token"))
            .send(code().cookie("{alice}; {one.pending}"), finished())
            .keep("new")
            .send(get("/proofs").cookie("{new}"), text(200, "pwd otp")),
        enrolled_beside("a new password requires the code, and the old one stays")
            .send(change(), required())
            .send(post("/api/auth/token/").json(r#"{"username":"alice","password":"alice-pw"}"#), {
                second_factor_required().pending(7)
            }),
        enrolled_beside("a wrong password says nothing of it").send(
            post("/api/auth/token/fresh/").json(r#"{"password":"x"}"#).cookie("{alice}"),
            problem("invalid_credentials"),
        ),
        enrolled_beside("another tenant requires the code")
            .send(post("/switch").cookie("{alice}"), second_factor_required_alone().pending(4)),
        ended("row k: a page", get("/me")),
        ended("row k: the list of sessions", get("/api/auth/sessions/")),
        ended("row k: a refresh", post("/api/auth/token/refresh/")),
        enrolled_beside("a step-up continues the session")
            .send(post("/step-up").cookie("{alice}").body(FORM, "code=123456&step=1"), {
                body(7).clears_pending(4).rows(REPLACED)
            })
            .keep("new")
            .pass(306)
            .send(get("/me").cookie("{new}"), {
                me(1, 7, 11).sets(7, 11, 10).rows(&["#1 replaced #2", "#7 live #10 after #8"])
            }),
    ]
}

/// Custom logins of a user with a second factor.
fn doors() -> Vec<Scenario> {
    let bob = |name| scenario("second factor", name).step(Step::Enrol("bob"));
    let required = || second_factor_required_alone().pending(1);
    vec![
        bob("a custom login with a page").send(post("/login-as-bob"), required()),
        bob("a custom login alone").send(post("/bare-login-as-bob"), required()),
        bob("a custom login without a response").send(post("/login-here-as-bob"), required()),
        bob("a custom login whose state was compared")
            .send(get("/callback-as-bob").site("cross-site"), required())
            .keep("one")
            .send(code().cookie("{one.pending}"), {
                let done = crate::expected::empty(303).field("location", "/");
                done.sets_for(2, 4, 6, 5).clears_pending(1).rows(&["#4 live #5"])
            })
            .keep("bob")
            .send(get("/proofs").cookie("{bob}"), text(200, "otp")),
    ]
}

fn both_proofs() -> Vec<Scenario> {
    let alice = |name| scenario("second factor", name).log_in_by("alice", BOTH).step(Step::Enrol("alice"));
    vec![
        alice("a session with both proofs: a fresh login")
            .send(fresh(), body(4).rows(SECOND))
            .keep("new")
            .send(get("/proofs").cookie("{new}"), text(200, "pwd otp")),
        alice("a session with both proofs: a new password")
            .send(change(), no_content().sets(4, 6, 5).rows(SECOND))
            .keep("new")
            .send(get("/proofs").cookie("{new}"), text(200, "pwd otp")),
        alice("a session with both proofs: a refresh")
            .pass(306)
            .send(get("/me").cookie("{alice}"), me(1, 1, 5).sets(1, 5, 4).rows(&["#1 live #4 after #2"])),
    ]
}

fn up(form: &str) -> Request {
    post("/step-up").body(FORM, form)
}

fn step_up() -> Vec<Scenario> {
    let alice = |name| scenario("step-up", name).log_in_by("alice", PASSWORD);
    let begun = |name| {
        let begin = post("/begin-step-up").cookie("{alice}");
        alice(name).send(begin, text(200, "a code, please").pending(4)).keep("one")
    };
    let good = || up("code=123456&step=1");
    let code = || get("/code").cookie("{alice}");
    vec![
        begun("in two requests")
            .send(code(), code_required())
            .send(good().cookie("{alice}; {one.pending}"), body(7).clears_pending(4).rows(REPLACED))
            .keep("new")
            .send(get("/code").cookie("{new}"), text(200, "code"))
            .send(get("/proofs").cookie("{new}"), text(200, "pwd otp")),
        alice("in one request").send(good().cookie("{alice}"), body(7).clears_pending(4).rows(REPLACED)),
        begun("a wrong code: nothing is lost")
            .send(up("code=000000").cookie("{alice}; {one.pending}"), problem("invalid_credentials"))
            .send(get("/me").cookie("{alice}"), me(1, 1, 3))
            .send(good().cookie("{alice}; {one.pending}"), body(7).clears_pending(4).rows(REPLACED)),
        begun("sessions away: nothing is lost")
            .sessions(Away)
            .send(good().cookie("{alice}; {one.pending}"), problem("unavailable"))
            .sessions(crate::scenario::Availability::Back)
            .send(good().cookie("{alice}; {one.pending}"), body(7).clears_pending(4).rows(REPLACED)),
        alice("the proof of another user")
            .send(up("code=123456&user=bob").cookie("{alice}"), problem("other_user").pending(4)),
        begun("from another site")
            .send(good().site("cross-site").cookie("{alice}; {one.pending}"), problem("csrf_failed")),
        begun("beside another session: it begins one of its own").log_in("bob").send(
            up("code=000000").cookie("{bob}; {one.pending}"),
            problem("invalid_credentials").pending(10),
        ),
        begun("the old session lives until the new one is presented")
            .send(good().cookie("{alice}; {one.pending}"), body(7).clears_pending(4).rows(REPLACED))
            .keep("new")
            .send(get("/me").cookie("{alice}"), me(1, 1, 3))
            .send(get("/me").cookie("{new}"), me(1, 7, 9))
            .pass(61)
            .send(get("/me").cookie("{alice}"), problem("session_revoked")),
    ]
}

fn switch() -> Vec<Scenario> {
    let alice = |name| scenario("switch", name).log_in_by("alice", BOTH);
    let ask = || post("/switch").cookie("{alice}");
    let switched = |name| alice(name).send(ask(), body(4).rows(SECOND)).keep("new");
    vec![
        switched("the proofs stay")
            .send(get("/proofs").cookie("{new}"), text(200, "pwd otp at umbrella"))
            .send(get("/code").cookie("{new}"), text(200, "code")),
        alice("it is no proof, and needs none")
            .step(Step::Enrol("alice"))
            .pass(200)
            .send(ask(), {
                let begun = json(
                    r##"{"user_id":"1","session_id":"#4","access_expires_at":"2026-01-01T12:08:20Z","refresh_expires_at":"2026-01-02T12:03:20Z"}"##,
                );
                begun.sets(4, 6, 5).rows(SECOND)
            })
            .keep("new")
            .pass(101)
            .send(get("/code").cookie("{new}"), code_required()),
        switched("after a refresh").pass(306).send(get("/proofs").cookie("{new}"), {
            text(200, "pwd otp at umbrella").sets(4, 8, 7).rows(&["#1 replaced #2", "#4 live #7 after #5"])
        }),
        alice("from another site")
            .send(ask().site("cross-site"), problem("csrf_failed"))
            .send(get("/me").cookie("{alice}"), me(1, 1, 3)),
        alice("sessions away")
            .send(get("/me").cookie("{alice}"), me(1, 1, 3))
            .sessions(Away)
            .send(ask(), problem("unavailable"))
            .send(get("/me").cookie("{alice}"), me(1, 1, 3)),
        scenario("switch", "anonymous").send(post("/switch"), problem("not_authenticated")),
    ]
}
