//! A service that only verifies: the routes below `/orders` ask a verifier, which follows the
//! issuer's revocations. It writes no cookie, whatever is decided.

use cookiejwt_store::{ConfigBuilder, PrivateKey};

use crate::{
    Expected, Scenario, Step,
    expected::{code_required, empty, json, me, me_by_header, problem, text},
    request::{Request, get, post},
    scenario::scenario,
};

const ED25519: &str = include_str!("../../../cookiejwt-core/tests/keys/ed25519.pem");
const KEYS: &str = r#"{"keys":[{"alg":"EdDSA","crv":"Ed25519","kid":"Ce9dcCQdmfe3d2unk30bqJkdbUUxztnwCatUEvzBF4g","kty":"OKP","use":"sig","x":"XwPI0ecSvV7YBUrG3NMs8qe-GC2HeuF_6Xak6-K-Apo"}]}"#;
const CLAIMS: &str = r#"{"scope":"notes:write","roles":["reader"]}"#;
const HTML: &str = "Accept: text/html";
/// Rocket's fairings wrap everything, so there only a guard makes the verifier the nearest.
const NESTED: &[&str] = &["axum", "actix-web"];

pub(super) fn scenarios() -> Vec<Scenario> {
    [keys(), valid(), refused(), ended(), streams(), guards(), elsewhere()].concat()
}

fn asymmetric(config: ConfigBuilder) -> ConfigBuilder {
    config.signing_key(PrivateKey::from_any_pem(ED25519).expect("a key"))
}

fn row(name: &'static str) -> Scenario {
    scenario("verifier", name).config(asymmetric)
}

fn alice(name: &'static str) -> Scenario {
    row(name).step(Step::Claims("alice", CLAIMS)).log_in("alice")
}

fn ask() -> Request {
    get("/orders/me")
}

/// Where it gets the issuer's keys from.
fn keys() -> Vec<Scenario> {
    const PATH: &str = "/api/auth/jwks.json";
    let public = |expected: Expected| expected.field("cache-control", "max-age=300, public").unasked();
    let document = || empty(200).field("content-type", "application/jwk-set+json").with_body(KEYS);
    vec![
        row("the keys").send(get(PATH), public(document())),
        row("the keys, which it has already").send(get(PATH).line("If-None-Match: *"), public(empty(304))),
        row("the keys cannot be written")
            .send(post(PATH), problem("method_not_allowed").field("allow", "GET, HEAD")),
    ]
}

fn valid() -> Vec<Scenario> {
    vec![
        row("anonymous").send(ask(), problem("not_authenticated")),
        alice("by cookie").send(ask().cookie("{alice}"), me(1, 1, 3)),
        alice("by bearer").send(ask().bearer("{alice.token}"), me_by_header(1, 1, 3)),
        alice("the cookie decides before the bearer")
            .log_in("bob")
            .send(ask().cookie("{bob}").bearer("{alice.token}"), me(2, 4, 6)),
        alice("claims").send(get("/orders/claims").cookie("{alice}"), text(200, "reader")),
        alice("MaybeIdentity")
            .only(NESTED)
            .send(get("/orders/optional"), text(200, "nobody"))
            .send(get("/orders/optional").cookie("{alice}"), me(1, 1, 3))
            .send(get("/orders/optional").cookie("{alice.forged_access}"), text(200, "nobody")),
    ]
}

fn refused() -> Vec<Scenario> {
    vec![
        alice("from another site, by cookie")
            .send(post("/orders/me").site("cross-site").cookie("{alice}"), problem("csrf_failed")),
        alice("from another site, by bearer")
            .send(post("/orders/me").site("cross-site").bearer("{alice.token}"), me_by_header(1, 1, 3)),
        alice("a forged token, nothing is cleared")
            .send(ask().cookie("{alice.forged_access}"), problem("invalid_token")),
        alice("expired, with a good refresh cookie: nothing rotates")
            .pass(306)
            .send(ask().cookie("{alice}"), problem("invalid_token")),
        alice("the refresh token of its session")
            .send(ask().bearer("{alice.refresh_token}"), problem("invalid_token")),
    ]
}

fn ended() -> Vec<Scenario> {
    let out = || json("{}").clears().rows(&["#1 logout #2"]);
    let log_out = || post("/api/auth/logout/").cookie("{alice}");
    vec![
        alice("a logout, before and after the list is read")
            .send(ask().cookie("{alice}"), me(1, 1, 3))
            .send(log_out(), out())
            .send(ask().cookie("{alice}"), me(1, 1, 3))
            .step(Step::VerifierAsks)
            .send(ask().cookie("{alice}"), problem("session_revoked"))
            .send(ask().bearer("{alice.token}"), problem("session_revoked")),
        alice("a logout before the first request, which asks the issuer")
            .send(log_out(), out())
            .send(ask().cookie("{alice}"), problem("session_revoked")),
        alice("renewed claims: the client refreshes at the issuer")
            .step(Step::Renew("alice"))
            .send(ask().cookie("{alice}"), problem("invalid_token")),
    ]
}

/// What outlives its request: it has sent `open`, and waits.
fn streams() -> Vec<Scenario> {
    let stream = || get("/orders/follows").cookie("{alice}");
    let socket = || get("/orders/ws-follows").upgrade().cookie("{alice}");
    let out = || json("{}").clears().rows(&["#1 logout #2"]);
    let log_out = || post("/api/auth/logout/").cookie("{alice}");
    // A close frame with 1008 (RFC 6455 §7.4.1) and the code of a 401; its length comes first.
    let closed = |length, code: &str| {
        empty(101).with_body(&format!("\u{fffd}\u{4}open\u{fffd}{length}\u{3}\u{fffd}{code}"))
    };
    vec![
        alice("a stream ends with a logout, when the list is read")
            .follows(stream())
            .send(log_out(), out())
            .step(Step::VerifierAsks)
            .is_over(text(200, "open")),
        alice("a WebSocket ends with a logout, when the list is read")
            .follows(socket())
            .send(log_out(), out())
            .step(Step::VerifierAsks)
            .is_over(closed('\u{11}', "session_revoked")),
        alice("a stream ends with its access token").follows(stream()).pass(305).is_over(text(200, "open")),
        alice("a WebSocket ends with its access token")
            .follows(socket())
            .pass(305)
            .is_over(closed('\u{f}', "invalid_token")),
    ]
}

fn guards() -> Vec<Scenario> {
    let page = || get("/orders/page").line(HTML);
    let to_login = |location| empty(303).field("location", location).field("cache-control", "no-store");
    vec![
        alice("require_scope").send(get("/orders/writing").cookie("{alice}"), text(200, "written")),
        row("require_scope, without it")
            .log_in("alice")
            .send(get("/orders/writing").cookie("{alice}"), problem("insufficient_scope")),
        alice("require_fresh_login")
            .send(get("/orders/fresh").cookie("{alice}"), text(200, "fresh"))
            .pass(301)
            .send(get("/orders/fresh").cookie("{alice}"), problem("fresh_login_required")),
        alice("require_proofs").send(get("/orders/code").cookie("{alice}"), code_required()),
        row("redirect_to").send(page(), to_login("/login?next=%2Forders%2Fpage")),
    ]
}

/// What needs the issuer's stores is a mistake of the program.
fn elsewhere() -> Vec<Scenario> {
    let mistake = || -> Expected { problem("server_error") };
    vec![
        alice("CurrentUser").send(get("/orders/user").cookie("{alice}"), mistake()),
        alice("AuthContext").send(get("/orders/context").cookie("{alice}"), mistake()),
        alice("the issuer's own routes ask its authenticator")
            .send(get("/me").cookie("{alice}"), me(1, 1, 3))
            .send(get("/orders/me").cookie("{alice}"), me(1, 1, 3)),
    ]
}
