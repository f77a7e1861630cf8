//! Device-bound sessions: rows P1 to P19 of `cookiejwt_core::rules`.

use cookiejwt_store::DeviceBinding;

use super::{
    device::{BIND, BOUND, RENEW, RENEWED, asks, by_browser, offered, proves, registers},
    endpoints::not_allowed,
};
use crate::{
    Expected, Request, Scenario, Step,
    expected::{at_device, bound, challenged, challenged_of, json, me, over, renewed, text},
    request::{get, post, request},
    scenario::Availability::{Away, Back},
};

const LOGOUT: &str = "/api/auth/logout/";
/// The session of the tokens of `cookiejwt_core::testing`.
const TESTING: &str = "AQEBAQEBAQEBAQEBAQEBAQ";

pub(super) fn scenarios() -> Vec<Scenario> {
    [
        malformed(),
        no_cookie(),
        ended_here(),
        challenges(),
        rows_of_the_store(),
        rejected(),
        used_up(),
        users(),
        again(),
        renews(),
        methods(),
    ]
    .concat()
}

fn alice(rule: &'static str, name: &'static str) -> Scenario {
    offered(rule, name).bind()
}

/// With a challenge, `{first…}`.
fn asked(rule: &'static str, name: &'static str) -> Scenario {
    alice(rule, name).challenge()
}

/// With the proof that it asks for.
fn proof() -> Request {
    proves("{alice.refresh}", "{first.proves}")
}

fn done() -> Expected {
    renewed(1, 306).sets(1, 5, 4).rows(RENEWED)
}

/// Rows P1 to P3.
fn malformed() -> Vec<Scenario> {
    let bad = |name, request: Request| {
        alice("row P1", name).send(request.cookie("{alice.refresh}"), at_device("invalid_request"))
    };
    let with = |identifier: &str| by_browser(RENEW).line(format!("Sec-Secure-Session-Id: {identifier}"));
    vec![
        bad("no identifier", by_browser(RENEW)),
        bad("an empty one", with("")),
        bad("two", with("{alice.session}").line("Sec-Secure-Session-Id: {alice.session}")),
        bad("not base64url", with("a+b")),
        bad("a quotation mark", with("\"a\"b\"")),
        bad("longer than 64 characters", with(&"a".repeat(65))),
        alice("row P1", "token mode")
            .config(|config| config.device_bound(DeviceBinding::Offer).token_mode(true))
            .send(asks("{alice.refresh}").line("Cookiejwt-Mode: token"), at_device("invalid_request")),
        alice("row P2", "from another site").send(
            post(RENEW)
                .site("cross-site")
                .line("Sec-Secure-Session-Id: {alice.session}")
                .cookie("{alice.refresh}"),
            at_device("csrf_failed"),
        ),
        alice("row P3", "a token of a node whose clock is ahead")
            .send(asks("{early.refresh}"), at_device("unavailable")),
        alice("row P3", "a token of a node whose keys are ahead")
            .send(asks("{unknown.refresh}"), at_device("unavailable")),
    ]
}

/// Rows P4 and P5.
fn no_cookie() -> Vec<Scenario> {
    let over = |name, cookies: &str| alice("row P4", name).pass(306).send(asks(cookies), over("#1"));
    vec![
        over("another cookie", "theme=dark"),
        over("forged", "{alice.forged_refresh}"),
        alice("row P4", "none").send(
            by_browser(RENEW).line("Sec-Secure-Session-Id: {alice.session}"),
            crate::expected::over("#1"),
        ),
        alice("row P4", "a bearer is no cookie").send(
            by_browser(RENEW).line("Sec-Secure-Session-Id: {alice.session}").bearer("{alice.token}"),
            crate::expected::over("#1"),
        ),
        alice("row P4", "two sessions' cookies")
            .log_in("bob")
            .send(asks("{alice.refresh}; {bob.refresh}"), crate::expected::over("#1")),
        alice("row P4", "past the end of its token")
            .pass(86_400)
            .send(asks("{alice.refresh}"), crate::expected::over("#1")),
        alice("row P4", "the identifier is repeated as it came").send(
            by_browser(RENEW).line("Sec-Secure-Session-Id: \"other-one_\""),
            crate::expected::over("other-one_"),
        ),
        alice("row P5", "another user has logged in: the old identifier is over")
            .send(post("/login-as-bob").cookie("{alice}"), {
                let rows = ["#1 replaced #2 bound", "#4 live #5"];
                text(200, "bob").sets_for(2, 4, 6, 5).offers(4, 0).rows(&rows)
            })
            .keep("bob")
            .send(asks("{bob.refresh}"), crate::expected::over("#1"))
            .send(get("/me").cookie("{bob}"), me(2, 4, 6))
            .send(registers("{bob.registers}"), {
                bound(4).rows(&["#1 replaced #2 bound", "#4 live #5 bound"])
            }),
    ]
}

/// Row P6, and a logout before it.
fn ended_here() -> Vec<Scenario> {
    let out = || json("{}").clears().rows(&["#1 logout #2 bound"]);
    vec![
        alice("row P6", "after a logout here, with a copy of the cookie")
            .send(post(LOGOUT).cookie("{alice}"), out())
            .send(asks("{alice.refresh}"), over("#1").clears()),
        alice("row P4", "after a logout here, as a browser does: without the cookie")
            .send(post(LOGOUT).cookie("{alice}"), out())
            .send(by_browser(RENEW).line("Sec-Secure-Session-Id: {alice.session}"), over("#1")),
        alice("logout", "a stale browser logs out without a renewal")
            .pass(306)
            .send(post(LOGOUT).cookie("{alice.refresh}"), out()),
        alice("row P6", "replaced by a login, with the old cookie: nothing is cleared")
            .send(post("/login-as-bob").cookie("{alice}"), {
                let rows = ["#1 replaced #2 bound", "#4 live #5"];
                text(200, "bob").sets_for(2, 4, 6, 5).offers(4, 0).rows(&rows)
            })
            .keep("bob")
            .send(get("/me").cookie("{bob}"), me(2, 4, 6))
            .send(asks("{alice.refresh}"), over("#1")),
    ]
}

/// Rows P7 to P9.
fn challenges() -> Vec<Scenario> {
    vec![
        alice("row P7", "a challenge, and no store is asked")
            .pass(306)
            .sessions(Away)
            .users(Away)
            .send(asks("{alice.refresh}"), challenged(1, 306)),
        alice("row P7", "the identifier in quotes").send(
            by_browser(RENEW).line("Sec-Secure-Session-Id: \"{alice.session}\"").cookie("{alice.refresh}"),
            challenged(1, 0),
        ),
        alice("row P7", "a browser without Fetch Metadata").send(
            post(RENEW).line("Sec-Secure-Session-Id: {alice.session}").cookie("{alice.refresh}"),
            challenged(1, 0),
        ),
        asked("row P8", "two proofs: over, and the session stays")
            .send(proof().line("Secure-Session-Response: {first.proves}"), over("#1"))
            .send(proof(), done()),
        asked("row P8", "malformed: over, and the session stays")
            .send(proves("{alice.refresh}", "x"), over("#1"))
            .send(proof(), done()),
        alice("row P9", "the challenge of the registration")
            .pass(10)
            .send(proves("{alice.refresh}", "{alice.registers}"), challenged(1, 10)),
        asked("row P9", "of another session").log_in("bob").send(
            by_browser(RENEW)
                .line("Sec-Secure-Session-Id: {bob.session}")
                .cookie("{bob.refresh}")
                .line("Secure-Session-Response: {first.proves}"),
            challenged(4, 306),
        ),
        asked("row P9", "two lives of an access token later").pass(600).send(proof(), challenged(1, 906)),
        asked("row P17", "a second before two lives of an access token")
            .pass(599)
            .send(proof(), renewed(1, 905).sets(1, 5, 4).rows(RENEWED)),
    ]
}

/// Rows P10, P11 and P19.
fn rows_of_the_store() -> Vec<Scenario> {
    let unbound = "it is not bound: over, and the cookies are cleared";
    vec![
        asked("row P10", "the store is away, and back again: the same proof is good")
            .sessions(Away)
            .send(proof(), at_device("unavailable"))
            .sessions(Back)
            .send(proof(), done()),
        offered("row P11", unbound).challenge().send(proof(), over("#1").clears()),
        asked("row P11", "revoked on another node")
            .step(Step::RevokedElsewhere("alice"))
            .send(proof(), over("#1").clears().rows(&["#1 logout #2 bound"]))
            // It is not in the revoked set of this node yet.
            .send(asks("{alice.refresh}"), challenged(1, 306)),
        alice("row P11", "no row")
            .send(rowless(), challenged_of(TESTING, 0))
            .keep("other")
            .send(rowless().line("Secure-Session-Response: {other.proves}"), over(TESTING).clears()),
    ]
}

/// A valid refresh token of a session that the store does not have.
fn rowless() -> Request {
    by_browser(RENEW).line(format!("Sec-Secure-Session-Id: {TESTING}")).cookie("{marked.refresh}")
}

/// Row P12.
fn rejected() -> Vec<Scenario> {
    vec![
        asked("row P12", "another key: over, and the session stays")
            .send(proves("{alice.refresh}", "{first.other_proves}"), over("#1"))
            .send(proof(), done()),
        asked("row P12", "another signature")
            .send(proves("{alice.refresh}", "{first.forged_proves}"), over("#1"))
            .send(proof(), done()),
    ]
}

/// Row P13.
fn used_up() -> Vec<Scenario> {
    let renewed_once = |name| asked("row P13", name).send(proof(), done()).keep("new");
    vec![
        renewed_once("the proof once more, after the leeway: another challenge")
            .pass(11)
            .send(proof(), challenged(1, 317))
            .send(proves("{new.refresh}", "{first.proves}"), challenged(1, 317)),
        renewed_once("the challenge of the renewal itself is good for the next one, in one request")
            .pass(306)
            .send(proves("{new.refresh}", "{new.proves}"), {
                renewed(1, 612).sets(1, 7, 6).rows(&["#1 live #6 after #4 bound"])
            }),
        renewed_once("an older refresh token does, too: the proof decides")
            .pass(306)
            .send(asks("{alice.refresh}"), challenged(1, 612))
            .keep("second")
            .send(proves("{alice.refresh}", "{second.proves}"), {
                renewed(1, 612).sets(1, 7, 6).rows(&["#1 live #6 after #4 bound"])
            }),
    ]
}

/// Rows P14 and P15.
fn users() -> Vec<Scenario> {
    let gone = || over("#1").clears().rows(&["#1 user_inactive #2 bound"]);
    vec![
        asked("row P14", "the user is disabled").step(Step::Disable("alice")).send(proof(), gone()),
        asked("row P14", "the user no longer exists").step(Step::Delete("alice")).send(proof(), gone()),
        asked("row P15", "the user store is away, and back again")
            .users(Away)
            .send(proof(), at_device("unavailable"))
            .users(Back)
            .send(proof(), renewed(1, 306).sets(1, 7, 6).rows(&["#1 live #6 after #2 bound"])),
        asked("row P15", "new tokens cannot be minted")
            .step(Step::TooManyClaims("alice"))
            .send(proof(), at_device("server_error")),
    ]
}

/// Rows P16 and P18.
fn again() -> Vec<Scenario> {
    vec![
        asked("row P16", "the response was lost: the same proof, the same refresh token")
            .send(proof(), done())
            .pass(10)
            .send(proof(), renewed(1, 316).sets_older(1, 7, 4, 306)),
        asked("row P16", "at once: one rotation").at_once([proof(), proof(), proof()], 200),
        asked("row P16", "with a signature of another device: over")
            .send(proof(), done())
            .send(proves("{alice.refresh}", "{first.other_proves}"), over("#1")),
        asked("row P16", "the response was lost for an hour: another challenge, another token")
            .send(proof(), done())
            .pass(3600)
            .send(asks("{alice.refresh}"), challenged(1, 3906))
            .keep("second")
            .send(proves("{alice.refresh}", "{second.proves}"), {
                renewed(1, 3906).sets(1, 7, 6).rows(&["#1 live #6 after #4 bound"])
            }),
    ]
}

/// Row P17.
fn renews() -> Vec<Scenario> {
    vec![
        asked("row P17", "the new cookies are valid")
            .send(proof(), done())
            .keep("new")
            .send(get("/me").cookie("{new}"), me(1, 1, 5)),
        asked("row P17", "in quotes").send(proves("{alice.refresh}", "\"{first.proves}\""), done()),
        asked("row P17", "without the trailing slash").send(
            by_browser("/api/auth/device/refresh")
                .line("Sec-Secure-Session-Id: {alice.session}")
                .line("Secure-Session-Response: {first.proves}")
                .cookie("{alice.refresh}"),
            done(),
        ),
        alice("row P17", "while the access token is valid")
            .pass(180)
            .send(asks("{alice}"), challenged(1, 180))
            .keep("first")
            .send(proves("{alice}", "{first.proves}"), renewed(1, 180).sets(1, 5, 4).rows(RENEWED)),
        asked("row P17", "the claims are those of the user now")
            .step(Step::Claims("alice", r#"{"scope":"notes:write"}"#))
            .send(proof(), done())
            .keep("new")
            .send(get("/writing").cookie("{new}"), text(200, "written")),
    ]
}

fn methods() -> Vec<Scenario> {
    let refused = |name, method: &str, path: &str| {
        not_allowed(name, method, path, "POST").config(|config| config.device_bound(DeviceBinding::Offer))
    };
    let forms = "application/x-www-form-urlencoded";
    vec![
        refused("GET device/", "GET", BIND),
        refused("HEAD device/refresh/", "HEAD", RENEW),
        refused("GET device/refresh", "GET", "/api/auth/device/refresh"),
        refused("DELETE device/", "DELETE", BIND),
        refused("OPTIONS device/refresh/", "OPTIONS", RENEW),
        alice("row P1", "the form of a page gets no redirect").send(
            post(RENEW).body(forms, "x=y").line("Accept: text/html").line("X-Page: yes"),
            at_device("invalid_request"),
        ),
        alice("row B2", "the form of a page gets no redirect").send(
            request("POST", BIND).body(forms, "x=y").line("Accept: text/html").line("X-Page: yes"),
            at_device("invalid_request").rows(BOUND),
        ),
        alice("no page", "a registration that is refused")
            .send(registers("x").line("X-Page: yes"), at_device("invalid_token")),
        alice("no page", "a renewal from another site").send(
            post(RENEW)
                .site("cross-site")
                .line("Sec-Secure-Session-Id: {alice.session}")
                .line("X-Page: yes")
                .cookie("{alice.refresh}"),
            at_device("csrf_failed"),
        ),
        asked("no page", "a renewal without a store")
            .sessions(Away)
            .send(proof().line("X-Page: yes"), at_device("unavailable")),
    ]
}
