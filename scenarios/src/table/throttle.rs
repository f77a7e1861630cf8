//! Throttling: how many password attempts are allowed.

use crate::{
    Expected, Request, Scenario, Step,
    expected::{invalid_request, json, problem},
    request::post,
    scenario::scenario,
    users::STAFF,
};

const LOGIN: &str = "/api/auth/token/";
const GOOD: &str = r#"{"username":"alice","password":"alice-pw"}"#;

pub(super) fn scenarios() -> Vec<Scenario> {
    [waits(), successes(), devices(), alike(), proxies()].concat()
}

fn try_of(name: &str) -> Request {
    post(LOGIN).json(&format!(r#"{{"username":"{name}","password":"guess"}}"#))
}

fn wrong() -> Expected {
    problem("invalid_credentials")
}

fn wait(seconds: &str) -> Expected {
    problem("throttled").field("retry-after", seconds)
}

fn behind(hops: &str, request: Request) -> Request {
    request.line(format!("X-Forwarded-For: {hops}"))
}

/// A logout of session 1.
fn gone() -> Expected {
    json("{}").clears().rows(&["#1 logout #2"])
}

/// Alice is session `session`, refresh token one more, access token two more.
fn is_in(second: &str, session: u64) -> Expected {
    let body = format!(
        r##"{{"user_id":"1","session_id":"#{session}","access_expires_at":"2026-01-01T12:05:{second}Z","refresh_expires_at":"2026-01-02T12:00:{second}Z"}}"##
    );
    json(&body).sets(session, session + 2, session + 1)
}

trait Tries {
    fn wrong(self, count: usize, request: &Request) -> Self;
}

impl Tries for Scenario {
    fn wrong(self, count: usize, request: &Request) -> Self {
        (0..count).fold(self, |scenario, _| scenario.send(request.clone(), wrong()))
    }
}

fn waits() -> Vec<Scenario> {
    let alice = || scenario("throttle", "five wrong passwords").wrong(5, &try_of("alice"));
    let named = |name, scenario: Scenario| Scenario { name, ..scenario };
    vec![
        named("the sixth waits", alice().send(try_of("alice"), wait("30"))),
        named("the right one waits as well", alice().send(post(LOGIN).json(GOOD), wait("30"))),
        named("a fraction of a second counts as one", alice().pass(29).send(try_of("alice"), wait("1"))),
        named(
            "after the interval one attempt is allowed",
            alice().pass(30).wrong(1, &try_of("alice")).send(try_of("alice"), wait("30")),
        ),
        named(
            "waiting, then logging in works",
            alice().pass(30).send(post(LOGIN).json(GOOD), is_in("30", 1).rows(&["#1 live #2"])),
        ),
        named("another account does not wait", alice().wrong(1, &try_of("bob"))),
        named("another spelling does not help", alice().send(try_of(" ALICE "), wait("30"))),
        named(
            "requests that are not logins do not count",
            (0..10)
                .fold(scenario("throttle", ""), |scenario, _| {
                    let missing = post(LOGIN).json(r#"{"username":"alice"}"#);
                    let unread = post(LOGIN).body("text/plain", GOOD);
                    scenario
                        .send(missing, problem("invalid_request"))
                        .send(unread, invalid_request(415, "Unsupported Media Type"))
                        .send(try_of("alice").site("cross-site"), problem("csrf_failed"))
                })
                .wrong(5, &try_of("alice"))
                .send(try_of("alice"), wait("30")),
        ),
        named(
            "a network waits for all its accounts",
            (0..30)
                .fold(scenario("throttle", ""), |scenario, index| {
                    scenario.wrong(1, &try_of(&format!("user {index}")))
                })
                .send(post(LOGIN).json(GOOD), wait("2")),
        ),
    ]
}

fn successes() -> Vec<Scenario> {
    let right = |session| is_in("00", session);
    let good = || post(LOGIN).json(GOOD);
    let staff = |name: &&str| post(LOGIN).json(&format!(r#"{{"username":"{name}","password":"{name}-pw"}}"#));
    vec![
        scenario("throttle", "a right password does not count as a failure")
            .wrong(4, &try_of("alice"))
            .send(good(), right(1).rows(&["#1 live #2"]))
            .send(good(), right(4).rows(&["#1 live #2", "#4 live #5"]))
            .wrong(1, &try_of("alice"))
            .send(try_of("alice"), wait("30")),
        scenario("throttle", "eight right logins at once from one address")
            .at_once((0..8).map(|_| good()), 200)
            .wrong(4, &try_of("alice"))
            .at_once((0..8).map(|_| good()), 200),
        scenario("throttle", "forty users at once from one address")
            .at_once(STAFF.iter().map(staff), 200)
            .at_once(STAFF.iter().map(staff), 200),
        scenario("throttle", "thirty logins of one account from one network")
            .at_once((0..30).map(|_| good()), 200)
            .send(good(), wait("10"))
            .at_once([staff(&STAFF[0])], 200)
            .pass(9)
            .send(good(), wait("1"))
            .pass(1)
            .at_once([good()], 200),
    ]
}

fn devices() -> Vec<Scenario> {
    let known = |name| {
        let first = is_in("00", 1).rows(&["#1 live #2"]);
        scenario("throttle", name).send(post(LOGIN).json(GOOD), first).keep("alice")
    };
    let by_device = |request: Request| request.cookie("{alice.device}");
    let logged_out = |name| known(name).send(post("/api/auth/logout/").cookie("{alice}"), gone());
    vec![
        logged_out("a known device does not wait for strangers")
            .wrong(5, &try_of("alice"))
            .send(post(LOGIN).json(GOOD), wait("30"))
            .send(by_device(post(LOGIN).json(GOOD)), is_in("00", 4).rows(&["#1 logout #2", "#4 live #5"])),
        logged_out("five wrong passwords from a known device")
            .wrong(5, &by_device(try_of("alice")))
            .send(by_device(post(LOGIN).json(GOOD)), wait("30")),
        logged_out("it does not count for another account")
            .wrong(5, &by_device(try_of("bob")))
            .send(by_device(try_of("bob")), wait("30")),
        known("a session does not wait for strangers")
            .wrong(5, &try_of("alice"))
            .send(try_of("alice"), wait("30"))
            .wrong(5, &post("/api/auth/token/fresh/").cookie("{alice}").json(r#"{"password":"guess"}"#))
            .send(
                post("/api/auth/token/fresh/").cookie("{alice}").json(r#"{"password":"alice-pw"}"#),
                wait("30"),
            ),
        scenario("throttle", "no device is known if that is switched off")
            .config(|config| config.known_devices(false))
            .send(post(LOGIN).json(GOOD), is_in("00", 1).forgets_the_device().rows(&["#1 live #2"])),
    ]
}

fn alike() -> Vec<Scenario> {
    vec![
        scenario("throttle", "an account that does not exist waits as well")
            .wrong(5, &try_of("nobody"))
            .send(try_of("nobody"), wait("30"))
            .pass(30)
            .wrong(1, &try_of("nobody"))
            .send(try_of("nobody"), wait("30")),
        scenario("throttle", "a disabled account waits as well")
            .step(Step::Disable("alice"))
            .wrong(5, &post(LOGIN).json(GOOD))
            .send(post(LOGIN).json(GOOD), wait("30")),
    ]
}

fn proxies() -> Vec<Scenario> {
    let with_one = |name| scenario("proxies", name).config(|config| config.trusted_proxies(1));
    let spoofed = |scenario: Scenario, real: &str| {
        (0..5).fold(scenario, |scenario, index| {
            scenario.wrong(1, &behind(&format!("203.0.113.{index}, {real}"), try_of("alice")))
        })
    };
    vec![
        spoofed(scenario("proxies", "without a trusted one the header is ignored"), "192.0.2.7")
            .send(behind("198.51.100.1", try_of("alice")), wait("30")),
        spoofed(with_one("forged entries on the left give no more attempts"), "192.0.2.7")
            .send(behind("203.0.113.9, 192.0.2.7", try_of("alice")), wait("30"))
            .send(behind("192.0.2.7:1234", try_of("alice")), wait("30"))
            .send(behind("192.0.2.7, 192.0.2.8", try_of("alice")), wrong()),
        with_one("several fields are one list")
            .wrong(5, &behind("192.0.2.7", behind("203.0.113.9", try_of("alice"))))
            .send(behind("192.0.2.7", try_of("alice")), wait("30")),
        with_one("an entry that is not an address is not a network")
            .wrong(7, &behind("unknown", try_of("alice"))),
        with_one("with a list that is too short the peer counts")
            .wrong(5, &try_of("alice"))
            .send(try_of("alice"), wait("30"))
            .wrong(1, &behind("192.0.2.7", try_of("alice"))),
    ]
}
