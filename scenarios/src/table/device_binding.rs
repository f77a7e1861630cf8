//! Device-bound sessions: the offer of a login, and rows B1 to B9 of `cookiejwt_core::rules`.

use cookiejwt_store::DeviceBinding;

use super::device::{BIND, BOUND, asks, by_browser, offered, offering, proves, registers};
use crate::{
    Expected, Request, Scenario, Step,
    expected::{at_device, bound, challenged, empty, json, no_content, problem, renewed, text},
    request::{get, post},
    scenario::{
        Availability::{Away, Back},
        scenario,
    },
};

const LOGIN: &str = "/api/auth/token/";
const GOOD: &str = r#"{"username":"alice","password":"alice-pw"}"#;
const FORM: &str = "application/x-www-form-urlencoded";
const REPLACED: &[&str] = &["#1 replaced #2", "#4 live #5"];

pub(super) fn scenarios() -> Vec<Scenario> {
    [offers(), offered_after_steps(), no_offers(), malformed(), refused(), binds(), ended(), second_key()]
        .concat()
}

fn begun(session: u64) -> Expected {
    json(&format!(
        r##"{{"user_id":"1","session_id":"#{session}","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-02T12:00:00Z"}}"##
    ))
    .sets(session, session + 2, session + 1)
}

/// Every response that begins a session.
fn offers() -> Vec<Scenario> {
    let bob = |expected: Expected| expected.sets_for(2, 1, 3, 2).offers(1, 0).rows(&["#1 live #2"]);
    let own = |name, request: Request, expected| offering("offer", name).send(request, bob(expected));
    let again = |name, request: Request, expected: Expected| {
        offered("offer", name).send(request.cookie("{alice}"), expected.offers(4, 0).rows(REPLACED))
    };
    let form = |path: &str| post(path).body(FORM, "username=alice&password=alice-pw");
    vec![
        offering("offer", "a login, and the challenge is the one to register with")
            .send(post(LOGIN).json(GOOD), begun(1).offers(1, 0).rows(&["#1 live #2"]))
            .keep("alice")
            .bind(),
        offering("offer", "a login by the form of a page").send(
            post(LOGIN)
                .body(FORM, "username=alice&password=alice-pw&remember=on")
                .line("Accept: text/html,*/*;q=0.8"),
            empty(303).field("location", "/home").sets(1, 3, 2).offers(1, 0).rows(&["#1 live #2"]),
        ),
        again("a fresh login", post("/api/auth/token/fresh/").json(r#"{"password":"alice-pw"}"#), begun(4)),
        again(
            "a new password",
            post("/api/auth/password/").json(r#"{"current_password":"alice-pw","new_password":"new pass"}"#),
            no_content().sets(4, 6, 5),
        ),
        again("a custom fresh login", post("/own-fresh"), begun(4)),
        again("a custom new password", post("/own-password"), begun(4)),
        own("a custom login with a page", post("/login-as-bob"), text(200, "bob")),
        own("a custom login alone", post("/bare-login-as-bob"), {
            json(
                r##"{"user_id":"2","session_id":"#1","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-02T12:00:00Z"}"##,
            )
        }),
        own("a custom login whose cookies the layer writes", post("/login-here-as-bob"), text(200, "2")),
        own("a callback from another site", get("/callback-as-bob").site("cross-site"), text(200, "bob")),
        offering("offer", "a custom form")
            .send(form("/own-login"), text(200, "welcome").sets(1, 3, 2).offers(1, 0).rows(&["#1 live #2"])),
    ]
}

/// The last of several steps, another tenant, and a session in which another user acts.
fn offered_after_steps() -> Vec<Scenario> {
    vec![
        offering("offer", "a second step")
            .step(Step::Enrol("alice"))
            .send(post(LOGIN).json(GOOD), crate::expected::second_factor_required().pending(1))
            .keep("one")
            .send(post("/second-step").body(FORM, "code=123456&step=1").cookie("{one.pending}"), {
                let done = empty(303).field("location", "/").sets(4, 6, 5).clears_pending(1);
                done.offers(4, 0).rows(&["#4 live #5"])
            }),
    ]
}

fn no_offers() -> Vec<Scenario> {
    let refused = r#"{"username":"alice","password":"x"}"#;
    let token = r#"{"access":"<at+jwt #3 of #1 for 1, 0..300>","refresh":"<rt+jwt #2 of #1 for 1, 0..86400>","token_type":"Bearer","expires_in":300}"#;
    vec![
        offering("offer", "none with a refused login")
            .send(post(LOGIN).json(refused), problem("invalid_credentials")),
        offering("offer", "none in token mode")
            .config(|config| config.device_bound(DeviceBinding::Offer).token_mode(true))
            .send(
                post(LOGIN).json(GOOD).line("Cookiejwt-Mode: token"),
                json(token).rows(&["#1 live #2"]),
            ),
        offering("offer", "none with a refresh").stale().send(
            post("/api/auth/token/refresh/").cookie("{alice}"),
            json(r##"{"user_id":"1","session_id":"#1","access_expires_at":"2026-01-01T12:10:06Z","refresh_expires_at":"2026-01-02T12:05:06Z"}"##)
                .sets(1, 5, 4)
                .rows(&["#1 live #4 after #2"]),
        ),
        offering("offer", "none with a login whose cookies are dropped").send(
            post("/drops-login"),
            problem("not_found").rows(&["#1 replaced #2"]),
        ),
        scenario("offer", "none with `keep`")
            .config(|config| config.device_bound(DeviceBinding::Keep))
            .send(post(LOGIN).json(GOOD), begun(1).rows(&["#1 live #2"])),
    ]
}

/// Row B2.
fn malformed() -> Vec<Scenario> {
    let bad = |name, request: Request| offered("row B2", name).send(request, at_device("invalid_request"));
    let response = "Secure-Session-Response: {alice.registers}";
    let mode = |name, mode: &str| {
        let line = format!("Sec-Fetch-Mode: {mode}");
        bad(name, post(BIND).site("same-origin").line(line).line(response))
    };
    vec![
        bad("no response", by_browser(BIND)),
        bad("two responses", registers("{alice.registers}").line(response)),
        mode("a script in the mode cors", "cors"),
        mode("a script in the mode same-origin", "same-origin"),
        mode("a navigation", "navigate"),
    ]
}

/// Row B3.
fn refused() -> Vec<Scenario> {
    let bad =
        |name, response: &str| offered("row B3", name).send(registers(response), at_device("invalid_token"));
    vec![
        bad("garbage", "x"),
        bad("garbage in three parts", "e30.e30.e30"),
        bad("not UTF-8 as a text", "\u{fc}"),
        bad("another signature", "{alice.forged_registers}"),
        bad("with commas", "{alice.registers}, {alice.registers}"),
        offered("row B3", "the challenge of a renewal")
            .send(asks("{alice.refresh}"), challenged(1, 0))
            .keep("first")
            .send(registers("{first.proves}"), at_device("invalid_token")),
        offered("row B3", "at the end of five minutes")
            .pass(300)
            .send(registers("{alice.registers}"), at_device("invalid_token")),
        offered("row B5", "a second before the end of five minutes").pass(299).bind(),
        offered("row B3", "no store is asked")
            .sessions(Away)
            .send(registers("x"), at_device("invalid_token")),
    ]
}

/// Rows B5, B6 and B9.
fn binds() -> Vec<Scenario> {
    let row = |name| offered("row B5", name);
    let good = |name, request: Request| row(name).send(request, bound(1).rows(BOUND));
    let response = "Secure-Session-Response: {alice.registers}";
    vec![
        good("with the cookies of the login, which stay", registers("{alice.registers}").cookie("{alice}")),
        good("with cookies of nobody", registers("{alice.registers}").cookie("{alice.forged_refresh}")),
        good("without the trailing slash", by_browser("/api/auth/device").line(response)),
        good("in quotes", registers("\"{alice.registers}\"")),
        good("a browser without Fetch Metadata", post(BIND).line(response)),
        good("with a body that nobody reads", registers("{alice.registers}").json("{")),
        row("with another user's cookies: they stay")
            .log_in("bob")
            .send(registers("{alice.registers}").cookie("{bob}"), {
                bound(1).rows(&["#1 live #2 bound", "#4 live #5"])
            }),
        row("the skipped paths are in the instructions")
            .config(|config| config.device_bound(DeviceBinding::Offer).skip("/skipped").skip("/assets"))
            .send(registers("{alice.registers}"), bound(1).skipping(1, &["/skipped", "/assets"]).rows(BOUND)),
        row("hosts of the same site are in the instructions")
            .config(|config| {
                let config = config.device_bound(DeviceBinding::Offer).trusted_origin("https://www.app.example");
                config.trusted_origin("https://partner.example").trusted_origin("https://app.example:8443")
            })
            .send(registers("{alice.registers}"), {
                bound(1).initiated_by(1, r#""www.app.example","app.example""#).rows(BOUND)
            }),
        offered("row B6", "the same key again: the network stack repeats a POST")
            .bind()
            .pass(299)
            .send(registers("{alice.registers}"), bound(1)),
        offered("row B9", "the store is away, and back again")
            .sessions(Away)
            .send(registers("{alice.registers}"), at_device("unavailable"))
            .sessions(Back)
            .bind(),
        offered("row B5", "the list says so").bind().send(
            get("/api/auth/sessions/").cookie("{alice}"),
            json(r##"[{"id":"#1","created_at":"2026-01-01T12:00:00Z","last_seen_at":"2026-01-01T12:00:00Z","user_agent":null,"ip":null,"methods":[],"acted_by":null,"device_bound":true,"current":true}]"##),
        ),
    ]
}

/// Rows B4 and B8.
fn ended() -> Vec<Scenario> {
    let row = |rule, name| offered(rule, name);
    vec![
        row("row B4", "after a logout on this node, with the store away")
            .send(post("/api/auth/logout/").cookie("{alice}"), {
                json("{}").clears().rows(&["#1 logout #2"])
            })
            .sessions(Away)
            .send(registers("{alice.registers}"), at_device("session_revoked")),
        row("row B8", "after a logout on another node")
            .step(Step::RevokedElsewhere("alice"))
            .send(registers("{alice.registers}"), at_device("session_revoked").rows(&["#1 logout #2"])),
        offering("row B8", "past its end")
            .step(Step::LogInBriefly { user: "alice", seconds: 60 })
            .pass(60)
            .send(registers("{alice.registers}"), at_device("session_expired")),
        offering("row B5", "a second before its end")
            .step(Step::LogInBriefly { user: "alice", seconds: 60 })
            .pass(59)
            .bind(),
        offered("row B8", "replaced by another login")
            .send(post(LOGIN).json(GOOD).cookie("{alice}"), begun(4).offers(4, 0).rows(REPLACED))
            .keep("again")
            .send(get("/me").cookie("{again}"), crate::expected::me(1, 4, 6))
            .send(registers("{alice.registers}"), at_device("session_revoked"))
            .send(registers("{again.registers}"), bound(4).rows(&["#1 replaced #2", "#4 live #5 bound"])),
    ]
}

/// Row B7.
fn second_key() -> Vec<Scenario> {
    vec![
        offered("row B7", "another key: the session stays with the first one")
            .bind()
            .send(registers("{alice.other_registers}"), at_device("invalid_token"))
            .prove(),
        offered("row B7", "a thief was faster: the session is theirs to prove, and they have no cookie")
            .send(registers("{alice.other_registers}"), bound(1).rows(BOUND))
            .send(registers("{alice.registers}"), at_device("invalid_token"))
            .challenge()
            .send(proves("{alice.refresh}", "{first.proves}"), crate::expected::over("#1"))
            .send(proves("theme=dark", "{first.other_proves}"), crate::expected::over("#1"))
            .send(proves("{alice.refresh}", "{first.other_proves}"), {
                renewed(1, 306).sets(1, 5, 4).rows(&["#1 live #4 after #2 bound"])
            }),
    ]
}
