//! Logins of several steps: a password and a code, a journey to an identity provider.

use crate::{
    Expected, Request, Scenario, Step,
    expected::{
        empty, json, me, me_by_header, problem, second_factor_required, second_factor_required_alone,
        second_factor_required_text, text,
    },
    request::{get, post},
    scenario::{
        Availability::{Away, Back},
        scenario,
    },
};

const LOGIN: &str = "/api/auth/token/";
const FORM: &str = "application/x-www-form-urlencoded";
const GOOD: &str = r#"{"username":"alice","password":"alice-pw"}"#;

pub(super) fn scenarios() -> Vec<Scenario> {
    [complete(), codes(), strangers(), tabs(), journeys(), mixed_up(), token_mode(), away()].concat()
}

fn login() -> Request {
    post(LOGIN).json(GOOD)
}

/// Alice has set up a code.
fn enrolled(name: &'static str) -> Scenario {
    scenario("second factor", name).step(Step::Enrol("alice"))
}

fn required(pending: u64) -> Expected {
    second_factor_required().pending(pending)
}

/// Her password was right: the pending login is number 1, and `{one.pending}` is its cookie.
fn begun(name: &'static str) -> Scenario {
    enrolled(name).send(login(), required(1)).keep("one")
}

/// The same and a second pending login, number 4: `{two.pending}`.
fn begun_twice(name: &'static str) -> Scenario {
    begun(name).pass(1).send(login().cookie("{one.pending}"), required(4)).keep("two")
}

fn code(form: &str) -> Request {
    post("/second-step").body(FORM, form)
}

/// The right code of the first step of time.
fn right() -> Request {
    code("code=123456&step=1")
}

fn to(location: &str) -> Expected {
    empty(303).field("location", location)
}

/// The session of this number, and the pending login is cleared.
fn logged_in(session: u64, pending: u64) -> Expected {
    to("/").sets(session, session + 2, session + 1).clears_pending(pending)
}

fn ended() -> Expected {
    problem("invalid_token")
}

fn wrong() -> Expected {
    problem("invalid_credentials")
}

fn complete() -> Vec<Scenario> {
    const ACCESS: &str =
        "__Host-access_token=<at+jwt #6 of #4 for 1, 0..300>; Path=/; Secure; HttpOnly; SameSite=Lax";
    const REFRESH: &str =
        "__Host-refresh_token=<rt+jwt #5 of #4 for 1, 0..86400>; Path=/; Secure; HttpOnly; SameSite=Lax";
    let first: &[&str] = &["#4 live #5"];
    let own = |form: &str| post("/own-login").body(FORM, form);
    vec![
        begun("a password and a code")
            .send(right().cookie("{one.pending}"), logged_in(4, 1).rows(first))
            .keep("alice")
            .send(get("/proofs").cookie("{alice}"), text(200, "pwd otp"))
            .send(get("/code").cookie("{alice}"), text(200, "code"))
            .pass(306)
            .send(get("/me").cookie("{alice}"), me(1, 4, 8).sets(4, 8, 7).rows(&["#4 live #7 after #5"])),
        enrolled("not remembered")
            .send(
                post(LOGIN).json(r#"{"username":"alice","password":"alice-pw","remember":false}"#),
                required(1),
            )
            .keep("one")
            .send(right().cookie("{one.pending}"), {
                to("/").lines(ACCESS, REFRESH).clears_pending(1).rows(first)
            }),
        enrolled("a wrong password says nothing of it")
            .send(post(LOGIN).json(r#"{"username":"alice","password":"x"}"#), wrong()),
        enrolled("an own page: the pending login leaves with the page of the application")
            .send(own("username=alice&password=alice-pw"), {
                text(401, "a second factor is required").pending(1)
            })
            .keep("one")
            .send(right().cookie("{one.pending}"), logged_in(4, 1).rows(first)),
        enrolled("an own page, a wrong password")
            .send(own("username=alice&password=x"), text(401, "invalid credentials")),
        scenario("second factor", "an own page, a user without").send(own("username=bob&password=bob-pw"), {
            text(200, "welcome").sets_for(2, 1, 3, 2).rows(&["#1 live #2"])
        }),
        begun("from the own page, beside the session of another user")
            .log_in("bob")
            .send(right().site("same-origin").cookie("{bob}; {one.pending}"), {
                logged_in(7, 1).rows(&["#4 replaced #5", "#7 live #8"])
            }),
    ]
}

fn codes() -> Vec<Scenario> {
    let guess = |pending| code("code=000000").cookie(pending);
    let guesses = |scenario: Scenario, pending: &'static str| {
        (0..5).fold(scenario, |scenario, _| scenario.send(guess(pending), wrong()))
    };
    let five = |name| guesses(begun(name), "{one.pending}");
    vec![
        begun("a wrong code, and then the right one")
            .send(guess("{one.pending}"), wrong())
            .send(right().cookie("{one.pending}"), logged_in(4, 1).rows(&["#4 live #5"])),
        five("five wrong codes end a pending login, and not the next one")
            .send(right().cookie("{one.pending}"), ended())
            .send(login(), required(4))
            .keep("two")
            .send(right().cookie("{two.pending}"), logged_in(7, 4).rows(&["#7 live #8"])),
        guesses(five("ten wrong codes").send(login(), required(4)).keep("two"), "{two.pending}")
            .send(login(), required(7))
            .keep("three")
            .send(right().cookie("{three.pending}"), problem("throttled").field("retry-after", "900"))
            .pass(900)
            .send(login(), required(10))
            .keep("four")
            .send(right().cookie("{four.pending}"), logged_in(13, 10).rows(&["#13 live #14"])),
        begun("a pending login counts once")
            .send(right().cookie("{one.pending}"), logged_in(4, 1).rows(&["#4 live #5"]))
            .send(code("code=123456&step=2").cookie("{one.pending}"), ended()),
        begun_twice("a code counts once, whatever the pending login")
            .send(right().cookie("{one.pending}"), logged_in(7, 1).rows(&["#7 live #8"]))
            .send(right().cookie("{two.pending}"), wrong())
            .send(code("code=123456&step=2").cookie("{two.pending}"), {
                logged_in(10, 4).rows(&["#7 live #8", "#10 live #11"])
            }),
        begun("after ten minutes").pass(600).send(right().cookie("{one.pending}"), ended()),
        begun("a second before")
            .pass(599)
            .send(right().cookie("{one.pending}"), logged_in(4, 1).rows(&["#4 live #5"])),
        begun("a user who is disabled")
            .step(Step::Disable("alice"))
            .send(right().cookie("{one.pending}"), ended()),
        begun("the code of another user").send(code("code=123456&user=bob").cookie("{one.pending}"), wrong()),
    ]
}

/// Whoever has only the code, or only the pending login.
fn strangers() -> Vec<Scenario> {
    let denied = || problem("not_authenticated");
    let with = |request: Request| request.cookie("{one.pending}");
    let new = r#"{"current_password":"alice-pw","new_password":"a new password"}"#;
    vec![
        begun("a code without its pending login").send(right(), ended()),
        begun("a code from another site, whose request has no cookie")
            .send(right().site("cross-site").origin("https://evil.example"), ended()),
        begun("a pending login that was changed").send(right().cookie("{one.forged_pending}"), ended()),
        begun("a pending login under another name")
            .send(right().cookie("__Host-pending_AAAAAAAAAAAAAAAAAAAAAA={one.pending_text}"), ended()),
        begun("a pending login is no session")
            .send(with(get("/me")), denied())
            .send(with(get("/optional")), text(200, "nobody"))
            .send(with(get("/private")), denied())
            .send(with(get("/api/auth/sessions/")), denied())
            .send(with(post("/api/auth/token/verify/")), denied())
            .send(with(post("/api/auth/token/refresh/")), denied())
            .send(with(post("/api/auth/password/").json(new)), denied())
            .send(with(post("/api/auth/token/fresh/").json(r#"{"password":"alice-pw"}"#)), denied())
            .send(with(post("/step-up").body(FORM, "code=123456")), denied())
            .send(with(post("/switch")), denied()),
        begun("a pending login is no bearer").send(get("/me").bearer("{one.pending_text}"), ended()),
    ]
}

fn tabs() -> Vec<Scenario> {
    let cookies = "{one.pending}; {two.pending}";
    let journey = || post("/begin");
    let four = (1..=4).fold(scenario("pending logins", "at most four: the oldest goes with the fifth"), {
        |scenario, number| {
            let (name, first) = ([("one"), ("two"), ("three"), ("four")][number - 1], 3 * number as u64 - 2);
            let to = to(&format!("/authorize?state=#{first}")).pending(first);
            scenario.pass(1).send(journey(), to).keep(name)
        }
    });
    vec![
        begun_twice("two tabs: the newest pending login, and then the other one")
            .send(right().cookie(cookies), logged_in(7, 4).rows(&["#7 live #8"]))
            .keep("alice")
            .send(code("code=123456&step=2").cookie("{one.pending}; {alice}"), {
                logged_in(10, 1).rows(&["#7 replaced #8", "#10 live #11"])
            }),
        four.pass(1).send(
            journey().cookie("{one.pending}; {two.pending}; {three.pending}; {four.pending}"),
            to("/authorize?state=#13").clears_pending(1).pending(13),
        ),
    ]
}

/// `{one.pending}` is the cookie of a journey to the identity provider, `{one.state}` its state.
fn away_on(name: &'static str) -> Scenario {
    let begun = to("/authorize?state=#1").pending(1);
    scenario("identity provider", name).send(post("/begin"), begun).keep("one")
}

fn callback(state: &str) -> Request {
    get(&format!("/callback?state={state}&code=x")).site("cross-site")
}

fn bob(session: u64) -> Expected {
    to("/notes").sets_for(2, session, session + 2, session + 1)
}

fn journeys() -> Vec<Scenario> {
    let back = || callback("{one.state}");
    let form = |scenario: Scenario| {
        let begun = to("/authorize?state=#1").cross_site_pending(1);
        scenario.send(post("/begin").body(FORM, "form_post=1"), begun).keep("one")
    };
    let answers = || {
        let request = post("/callback?state={one.state}").site("cross-site");
        request.origin("https://id.example").body(FORM, "code=x")
    };
    let both = "{one.pending}; {two.pending}";
    vec![
        away_on("a callback logs in by its pending login")
            .send(back().cookie("{one.pending}"), bob(4).clears_pending(1).rows(&["#4 live #5"]))
            .keep("bob")
            .send(get("/proofs").cookie("{bob}"), text(200, "fed"))
            .send(back().cookie("{one.pending}"), ended()),
        away_on("a callback that replaces the session of this browser").log_in("alice").send(
            back().cookie("{alice}; {one.pending}"),
            bob(7).clears_pending(1).rows(&["#4 replaced #5", "#7 live #8"]),
        ),
        away_on("the callback of another browser").send(back(), ended()),
        away_on("the callback of another browser that is logged in")
            .log_in("alice")
            .send(back().cookie("{alice}"), ended())
            .send(get("/me").cookie("{alice}"), me(1, 4, 6)),
        away_on("another state")
            .send(callback("AAAAAAAAAAAAAAAAAAAAAA").cookie("{one.pending}"), ended())
            .send(callback("").cookie("{one.pending}"), ended()),
        away_on("two tabs: each callback finds its own")
            .pass(1)
            .send(post("/begin").cookie("{one.pending}"), to("/authorize?state=#4").pending(4))
            .keep("two")
            .send(back().cookie(both), bob(7).clears_pending(1).rows(&["#7 live #8"]))
            .send(callback("{two.state}").cookie(both), {
                bob(10).clears_pending(4).rows(&["#7 live #8", "#10 live #11"])
            })
            .send(callback("{two.state}").cookie("{one.pending}"), ended()),
        form(scenario("identity provider", "an answer by a form of the provider")).send(
            answers().cookie("{one.pending}"),
            bob(4).clears_cross_site_pending(1).rows(&["#4 live #5"]),
        ),
        form(scenario("identity provider", "an answer by a form in another browser"))
            .send(answers(), ended()),
        away_and_then_a_code(back()),
    ]
}

fn away_and_then_a_code(back: Request) -> Scenario {
    away_on("a user with a second factor: the provider is the first proof")
        .step(Step::Enrol("bob"))
        .send(back.cookie("{one.pending}"), second_factor_required_alone().pending(4))
        .keep("two")
        .send(right().cookie("{two.pending}"), bob(7).clears_pending(4).rows(&["#7 live #8"]))
        .keep("bob")
        .send(get("/proofs").cookie("{bob}"), text(200, "fed otp"))
}

fn mixed_up() -> Vec<Scenario> {
    vec![
        away_on("a journey is no first step of a code").send(right().cookie("{one.pending}"), ended()),
        begun("a password is no journey").send(callback("{one.state}").cookie("{one.pending}"), ended()),
        begun("a password is no step-up")
            .send(login(), required(4))
            .keep("two")
            .send(right().cookie("{two.pending}"), logged_in(7, 4).rows(&["#7 live #8"]))
            .keep("alice")
            // It begins one of its own, and leaves the other one as it is.
            .send(
                post("/step-up").cookie("{alice}; {one.pending}").body(FORM, "code=000000"),
                wrong().pending(10),
            ),
    ]
}

fn asks(request: Request) -> Request {
    request.line("Cookiejwt-Mode: token")
}

fn by_text(form: &str) -> Request {
    post("/second-step-tokens").body(FORM, format!("pending={{one.pending_text}}&{form}"))
}

fn token_mode() -> Vec<Scenario> {
    let on = |name| enrolled(name).config(|config| config.token_mode(true));
    let begun_by_text = |name| on(name).send(asks(login()), second_factor_required_text()).keep("one");
    let begun_by_cookie = |name| on(name).send(login(), required(1)).keep("one");
    let tokens = json(
        r#"{"access":"<at+jwt #6 of #4 for 1, 0..300>","refresh":"<rt+jwt #5 of #4 for 1, 0..86400>","token_type":"Bearer","expires_in":300}"#,
    );
    let good = "code=123456&step=1";
    vec![
        begun_by_text("token mode: a password and a code")
            .send(asks(by_text(good)), tokens.clone().rows(&["#4 live #5"]))
            .keep("app")
            .send(asks(get("/proofs").bearer("{app.token}")), text(200, "pwd otp"))
            .send(asks(get("/me").bearer("{app.token}")), me_by_header(1, 4, 6))
            .send(asks(by_text("code=123456&step=2")), ended()),
        begun_by_text("token mode: a wrong code, and then the right one from another site")
            .send(asks(by_text("code=000000")), wrong())
            .send(asks(by_text(good).site("cross-site")), tokens.rows(&["#4 live #5"])),
        begun_by_text("token mode: another text")
            .send(asks(post("/second-step-tokens").body(FORM, good)), ended())
            .send(asks(post("/second-step-tokens").body(FORM, "pending=x&code=123456")), ended()),
        begun_by_text("a text that a page brings in cookie mode").send(by_text(good), ended()),
        begun_by_text("a text as a cookie")
            .send(right().cookie("__Host-pending_AAAAAAAAAAAAAAAAAAAAAQ={one.pending_text}"), ended()),
        begun_by_cookie("the text of a cookie in token mode").send(asks(by_text(good)), ended()),
        begun_by_cookie("a cookie in token mode").send(asks(right().cookie("{one.pending}")), ended()),
        on("token mode: an own page").send(
            asks(post("/own-login").body(FORM, "username=alice&password=alice-pw")),
            text(401, "a second factor is required"),
        ),
    ]
}

/// Nothing is used up while a store is unavailable.
fn away() -> Vec<Scenario> {
    let unavailable = || problem("unavailable");
    let succeeds = |scenario: Scenario| {
        scenario.send(right().cookie("{one.pending}"), logged_in(4, 1).rows(&["#4 live #5"]))
    };
    let fails = |scenario: Scenario| scenario.send(right().cookie("{one.pending}"), unavailable());
    vec![
        succeeds(fails(begun("sessions away").sessions(Away)).sessions(Back)),
        succeeds(fails(begun("users away").users(Away)).users(Back)),
        succeeds((0..6).fold(begun("the keys of the codes away: it costs nothing"), |scenario, _| {
            scenario.send(code("code=away").cookie("{one.pending}"), unavailable())
        })),
        away_on("sessions away at the callback")
            .sessions(Away)
            .send(callback("{one.state}").cookie("{one.pending}"), unavailable())
            .sessions(Back)
            .send(callback("{one.state}").cookie("{one.pending}"), {
                bob(4).clears_pending(1).rows(&["#4 live #5"])
            }),
    ]
}
