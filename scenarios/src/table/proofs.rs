//! Routes that require a proof by a certain method: a code of the last five minutes.

use crate::{
    Expected, Request, Scenario,
    expected::{code_required, empty, problem, text},
    request::{get, post},
    scenario::{Availability::Away, scenario},
};

const BOTH: &[&str] = &["pwd", "otp"];
const PASSWORD: &[&str] = &["pwd"];
const ROTATED: &str = "#1 live #4 after #2";

pub(super) fn scenarios() -> Vec<Scenario> {
    [guard(), redirects(), handlers()].concat()
}

fn row(name: &'static str) -> Scenario {
    scenario("proofs", name)
}

fn alice(name: &'static str, methods: &'static [&'static str]) -> Scenario {
    row(name).log_in_by("alice", methods)
}

fn refreshed(expected: Expected) -> Expected {
    expected.sets(1, 5, 4).rows(&[ROTATED])
}

fn guard() -> Vec<Scenario> {
    let ask = || get("/code").cookie("{alice}");
    let passes = || text(200, "code");
    vec![
        row("anonymous").send(get("/code"), problem("not_authenticated")),
        alice("a code", BOTH).send(ask(), passes()),
        alice("a code, the first of two proofs", &["otp", "pwd"]).send(ask(), passes()),
        alice("a code, at the boundary, behind a refresh", BOTH).pass(300).send(ask(), refreshed(passes())),
        alice("a code, a second behind it: the cookies of the refresh leave", BOTH)
            .pass(301)
            .send(ask(), refreshed(code_required())),
        alice("another method", PASSWORD).send(ask(), code_required()),
        row("an unnamed login").log_in("alice").send(ask(), code_required()),
        alice("by header", BOTH).send(get("/code").bearer("{alice.token}"), passes()),
        alice("another method, by header", PASSWORD)
            .send(get("/code").bearer("{alice.token}"), code_required()),
        alice("invalid cookies", BOTH)
            .send(get("/code").cookie("{alice.forged_access}"), problem("invalid_token").clears()),
        alice("a CSRF refusal comes first", PASSWORD)
            .send(post("/code").site("cross-site").cookie("{alice}"), problem("csrf_failed")),
        alice("sessions away", BOTH).pass(306).sessions(Away).send(ask(), problem("unavailable")),
    ]
}

fn navigation(path: &str) -> Request {
    let page = get(path).line("Accept: text/html").line("Sec-Fetch-Mode: navigate");
    page.line("Sec-Fetch-Dest: document").site("none")
}

fn to(location: &str) -> Expected {
    empty(303).field("location", location).field("cache-control", "no-store")
}

fn redirects() -> Vec<Scenario> {
    let ask = || navigation("/pages/code?a=b").cookie("{alice}");
    let to_code = || to("/login?require=otp&max_age=300&next=%2Fpages%2Fcode%3Fa%3Db");
    vec![
        row("a page, anonymous: a login comes first")
            .send(navigation("/pages/code"), to("/login?next=%2Fpages%2Fcode")),
        alice("a page", BOTH).send(ask(), text(200, "page")),
        alice("a page, another method", PASSWORD).send(ask(), to_code()),
        alice("a page, too long ago: the cookies of the refresh leave", BOTH)
            .pass(301)
            .send(ask(), refreshed(to_code())),
        alice("a script gets the problem", PASSWORD)
            .send(get("/pages/code").cookie("{alice}"), code_required()),
    ]
}

fn handlers() -> Vec<Scenario> {
    let (pay, meets) = (|| get("/pay").cookie("{alice}"), || get("/meets").cookie("{alice}"));
    vec![
        alice("in a handler", BOTH).send(pay(), text(200, "paid")).send(meets(), text(200, "true")),
        alice("in a handler, another method", PASSWORD)
            .send(pay(), code_required())
            .send(meets(), text(200, "false")),
        alice("in a handler, a second behind it", BOTH)
            .pass(301)
            .send(pay(), refreshed(code_required()))
            .keep("refreshed")
            .send(get("/meets").cookie("{refreshed}"), text(200, "false")),
    ]
}
