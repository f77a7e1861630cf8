//! Authentication: every row of the table of `cookiejwt_core::rules`, in order. The first row that
//! matches decides.

use cookiejwt_store::{ConfigBuilder, RevocationLevel};
use std::time::Duration;

use crate::{
    Scenario, Step,
    expected::{json, me, me_by_header, problem, text},
    request::{Request, get, post, request},
    scenario::{
        Availability::{Away, Back},
        scenario,
    },
};

/// A second before an access token ends: near expiry, and still valid.
const NEAR_EXPIRY: i64 = 280;

pub(super) fn scenarios() -> Vec<Scenario> {
    [valid(), revoked(), near_expiry(), not_permitted(), unusable(), optional()].concat()
}

fn every_request(config: ConfigBuilder) -> ConfigBuilder {
    config.revocation(RevocationLevel::EveryRequest)
}

fn at_refresh(config: ConfigBuilder) -> ConfigBuilder {
    config.revocation(RevocationLevel::AtRefresh)
}

fn alice(rule: &'static str, name: &'static str) -> Scenario {
    scenario(rule, name).log_in("alice")
}

fn stale(rule: &'static str, name: &'static str) -> Scenario {
    scenario(rule, name).stale()
}

fn valid() -> Vec<Scenario> {
    let foreign_post = || post("/me").site("cross-site").cookie("{alice}");
    vec![
        alice("row a", "our cookie, CSRF denies").send(foreign_post(), problem("csrf_failed")),
        stale("row a", "stale cookies, CSRF denies: nothing rotates")
            .send(foreign_post(), problem("csrf_failed")),
        alice("row a", "invalid cookies, CSRF denies: nothing is cleared")
            .send(post("/me").site("cross-site").cookie("{alice.forged_access}"), problem("csrf_failed")),
        alice("row a", "CSRF denies, a valid bearer decides")
            .log_in("bob")
            .send(foreign_post().bearer("{bob.token}"), me_by_header(2, 4, 6)),
        alice("row b", "a bearer alone").send(get("/me").bearer("{alice.token}"), me_by_header(1, 1, 3)),
        alice("row b", "a bearer next to invalid cookies: none is cleared")
            .send(get("/me").cookie("{alice.forged_access}").bearer("{alice.token}"), me_by_header(1, 1, 3)),
        alice("row b", "a bearer whose session was revoked")
            .send(post("/api/auth/logout/").bearer("{alice.token}"), {
                json("{}").clears().rows(&["#1 logout #2"])
            })
            .send(get("/me").bearer("{alice.token}"), problem("session_revoked")),
        alice("row b", "a bearer, the store is unavailable")
            .config(every_request)
            .sessions(Away)
            .send(get("/me").bearer("{alice.token}"), problem("unavailable")),
        alice("row e", "a valid access cookie").send(get("/me").cookie("{alice}"), me(1, 1, 3)),
        alice("row e", "a valid access cookie, two requests of the same session")
            .send(get("/me").cookie("{alice.access}"), me(1, 1, 3))
            .send(get("/user").cookie("{alice.access}"), text(200, "alice")),
        scenario("row f", "no credential").send(get("/me"), problem("not_authenticated")),
        scenario("row f", "only other cookies").send(get("/me").cookie("a=b"), problem("not_authenticated")),
    ]
}

fn revoked() -> Vec<Scenario> {
    let ended = || problem("session_revoked").clears();
    let log_out = || post("/api/auth/token/blacklist/").cookie("{alice}");
    let out = || json("{}").clears().rows(&["#1 logout #2"]);
    vec![
        alice("row c", "revoked on this node")
            .send(log_out(), out())
            .send(get("/me").cookie("{alice}"), ended()),
        alice("row c", "revoked on this node, access expired")
            .send(log_out(), out())
            .pass(306)
            .send(get("/me").cookie("{alice}"), ended()),
        alice("row c", "AtRefresh: the access token stays valid")
            .config(at_refresh)
            .send(log_out(), out())
            .send(get("/me").cookie("{alice}"), me(1, 1, 3))
            .pass(306)
            .send(get("/me").cookie("{alice}"), ended()),
        alice("row c", "EveryRequest: revoked in the store")
            .config(every_request)
            .step(Step::RevokedElsewhere("alice"))
            .send(get("/me").cookie("{alice}"), ended()),
        alice("row c", "EveryRequest: the store has no row")
            .config(every_request)
            .send(get("/me").cookie("{rowless.access}"), ended()),
        alice("row c", "Feed: loaded before another node revoked")
            .send(get("/me").cookie("{alice}"), me(1, 1, 3))
            .step(Step::RevokedElsewhere("alice"))
            .send(get("/me").cookie("{alice}"), me(1, 1, 3)),
        alice("row d", "EveryRequest: the store is unavailable")
            .config(every_request)
            .sessions(Away)
            .send(get("/me").cookie("{alice}"), problem("unavailable")),
        alice("row d", "Feed before its first load: the store is unavailable, then back")
            .sessions(Away)
            .send(get("/me").cookie("{alice}"), problem("unavailable"))
            .sessions(Back)
            .send(get("/me").cookie("{alice}"), me(1, 1, 3)),
        alice("row d", "Feed after its first load: the store is unavailable")
            .send(get("/me").cookie("{alice}"), me(1, 1, 3))
            .sessions(Away)
            .send(get("/me").cookie("{alice}"), me(1, 1, 3)),
    ]
}

fn near_expiry() -> Vec<Scenario> {
    let near = |name| alice("row g", name).pass(NEAR_EXPIRY);
    vec![
        near("near expiry, without refresh token").send(get("/me").cookie("{alice.access}"), me(1, 1, 3)),
        near("near expiry, refresh token invalid")
            .send(get("/me").cookie("{alice.access}; {alice.forged_refresh}"), me(1, 1, 3)),
        near("near expiry, refresh token early")
            .send(get("/me").cookie("{alice.access}; {early.refresh}"), me(1, 1, 3)),
        near("near expiry, refresh token of another session")
            .log_in("bob")
            .send(get("/me").cookie("{alice.access}; {bob.refresh}"), me(1, 1, 3)),
        near("near expiry, from an image on another site")
            .send(get("/me").site("cross-site").cookie("{alice}"), me(1, 1, 3)),
        near("near expiry: refreshed ahead")
            .send(get("/me").cookie("{alice}"), me(1, 1, 5).sets(1, 5, 4).rows(&["#1 live #4 after #2"])),
        near("near expiry, the store is unavailable: the request continues")
            .send(get("/open"), text(200, "open"))
            .config(at_refresh)
            .sessions(Away)
            .send(get("/me").cookie("{alice}"), me(1, 1, 3)),
        alice("row e", "not near expiry: nothing is refreshed")
            .pass(260)
            .send(get("/me").cookie("{alice}"), me(1, 1, 3)),
    ]
}

fn not_permitted() -> Vec<Scenario> {
    let refused = || problem("refresh_required");
    let me_now = || get("/me").cookie("{alice}");
    let rotated = || me(1, 1, 5).sets(1, 5, 4).rows(&["#1 live #4 after #2"]);
    vec![
        stale("row h", "from an image on another site").send(me_now().site("cross-site"), refused()),
        stale("row h", "from another origin of the same site").send(me_now().site("same-site"), refused()),
        stale("row h", "OPTIONS").send(request("OPTIONS", "/me").cookie("{alice}"), refused()),
        stale("row h", "prefetch without a source").send(prepared(me_now()), refused()),
        stale("row h", "prerender, for a sibling").send(prepared(me_now().site("same-site")), refused()),
        stale("row h", "prerendered navigation from a sibling")
            .send(prepared(navigation(me_now().site("same-site"), "document")), refused()),
        stale("row h", "prerender, from a trusted origin")
            .config(|config| config.trusted_origin("https://app.partner.example"))
            .send(prepared(me_now().site("cross-site").origin("https://app.partner.example")), refused()),
        stale("row m", "prerender of an own page").send(prepared(me_now().site("none")), rotated()),
        stale("row m", "a script of a prerendered page")
            .send(prepared(me_now().site("same-origin")), rotated()),
        stale("row m", "a prerendered public page")
            .send(prepared(get("/optional").site("none").cookie("{alice}")), rotated()),
        stale("row h", "two Sec-Fetch-Site")
            .send(me_now().site("same-origin").site("same-origin"), refused()),
        stale("row h", "a frame on another site")
            .send(navigation(me_now().site("cross-site"), "iframe"), refused()),
        stale("row m", "a frame of the same site")
            .send(navigation(me_now().site("same-site"), "iframe"), rotated()),
        stale("row m", "a frame of a frameset of the same site")
            .send(navigation(me_now().site("same-site"), "frame"), rotated()),
        stale("row h", "an object of the same site")
            .send(navigation(me_now().site("same-site"), "object"), refused()),
        stale("row m", "a public page in a frame of the same site")
            .send(navigation(get("/optional").site("same-site").cookie("{alice}"), "iframe"), rotated()),
        stale("row m", "a link on another site, forwarded by a service worker")
            .send(navigation(me_now().site("cross-site"), "empty"), rotated()),
        stale("row h", "a script request from another site is not a navigation").send(
            me_now().site("cross-site").line("Sec-Fetch-Mode: cors").line("Sec-Fetch-Dest: empty"),
            refused(),
        ),
        stale("row m", "a link on another site")
            .send(navigation(me_now().site("cross-site"), "document"), rotated()),
        stale("row m", "a trusted origin")
            .config(|config| config.trusted_origin("https://app.partner.example"))
            .send(me_now().site("cross-site").origin("https://app.partner.example"), rotated()),
        stale("row m", "the own origin").send(me_now().site("same-origin"), rotated()),
        stale("row m", "typed in by the user").send(me_now().site("none"), rotated()),
    ]
}

/// As a browser prerenders a page.
fn prepared(request: Request) -> Request {
    request.line("Sec-Purpose: prefetch;prerender")
}

fn navigation(request: Request, destination: &str) -> Request {
    request.line("Sec-Fetch-Mode: navigate").line(format!("Sec-Fetch-Dest: {destination}"))
}

fn unusable() -> Vec<Scenario> {
    let with =
        |rule, name, cookies: &str, expected| alice(rule, name).send(get("/me").cookie(cookies), expected);
    let invalid = || problem("invalid_token");
    vec![
        with("row i", "access early", "{early.access}", invalid()),
        with("row i", "refresh early", "{early.refresh}", invalid()),
        with("row i", "both of an unknown key", "{unknown}", invalid()),
        with("row i", "access early next to an invalid refresh token", "{early.access}; {alice.forged_refresh}", {
            invalid()
        }),
        with("row i", "refresh early next to an invalid access token", "{alice.forged_access}; {early.refresh}", {
            invalid()
        }),
        with("row j", "access invalid", "{alice.forged_access}", invalid().clears()),
        with("row j", "refresh invalid", "{alice.forged_refresh}", invalid().clears()),
        with("row j", "both invalid", "{alice.forged_access}; {alice.forged_refresh}", invalid().clears()),
        with("row j", "of another issuer", "{foreign}", invalid().clears()),
        alice("row j", "access expired, no refresh token")
            .pass(306)
            .send(get("/me").cookie("{alice.access}"), invalid().clears()),
        alice("row j", "refresh token authentic but expired")
            .pass(86_401)
            .send(get("/me").cookie("{alice}"), problem("session_expired").clears()),
        alice("row j", "the session's absolute end")
            .config(|config| {
                let (hour, less) = (Duration::from_hours(1), Duration::from_mins(50));
                config.session_max_age(hour).refresh_max_age(less)
            })
            .pass(2940)
            .send(get("/me").cookie("{alice}"), {
                me(1, 1, 5).rows(&["#1 live #4 after #2"]).lines(
                    "__Host-access_token=<at+jwt #5 of #1 for 1, 2940..3240>; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=300; Expires=Thu, 01 Jan 2026 12:54:00 GMT",
                    "__Host-refresh_token=<rt+jwt #4 of #1 for 1, 2940..3600>; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=660; Expires=Thu, 01 Jan 2026 13:00:00 GMT",
                )
            })
            .keep("new")
            .pass(660)
            .send(get("/me").cookie("{new}"), problem("session_expired").clears()),
        alice("row j'", "only an invalid bearer").send(get("/me").bearer("{alice.forged_token}"), invalid()),
        alice("row j'", "only an expired bearer").pass(306).send(get("/me").bearer("{alice.token}"), invalid()),
    ]
}

fn optional() -> Vec<Scenario> {
    let nobody = || text(200, "nobody");
    vec![
        scenario("optional identity", "anonymous").send(get("/optional"), nobody()),
        alice("optional identity", "authenticated").send(get("/optional").cookie("{alice}"), me(1, 1, 3)),
        alice("optional identity", "invalid cookies: anonymous, and they are cleared")
            .send(get("/optional").cookie("{alice.forged_access}"), nobody().clears()),
        alice("optional identity", "early cookies: anonymous")
            .send(get("/optional").cookie("{early}"), nobody()),
        alice("optional identity", "a revoked session: anonymous")
            .send(post("/api/auth/logout/").cookie("{alice}"), json("{}").clears().rows(&["#1 logout #2"]))
            .send(get("/optional").cookie("{alice}"), nobody().clears()),
        stale("optional identity", "a refresh is not permitted: anonymous")
            .send(get("/optional").site("cross-site").cookie("{alice}"), nobody()),
        stale("optional identity", "a prerendered page that may not refresh gets 401, and asks again").send(
            prepared(get("/optional").site("same-site").cookie("{alice}")),
            problem("refresh_required"),
        ),
        alice("optional identity", "a prerendered page without cookies")
            .send(prepared(get("/optional").site("same-site")), nobody()),
        alice("optional identity", "a prerendered page with invalid cookies")
            .send(prepared(get("/optional").site("none").cookie("{alice.forged_access}")), nobody().clears()),
        stale("optional identity", "refreshed").send(get("/optional").cookie("{alice}"), {
            me(1, 1, 5).sets(1, 5, 4).rows(&["#1 live #4 after #2"])
        }),
        alice("optional identity", "a CSRF refusal still gets 403")
            .send(post("/optional").site("cross-site").cookie("{alice}"), problem("csrf_failed")),
        stale("optional identity", "a store outage still gets 503")
            .sessions(Away)
            .send(get("/optional").cookie("{alice}"), problem("unavailable")),
        stale("optional identity", "tokens that cannot be minted still get 500")
            .step(Step::TooManyClaims("alice"))
            .send(get("/optional").cookie("{alice}"), problem("server_error")),
        alice("optional identity", "an invalid bearer: anonymous")
            .send(get("/optional").bearer("{alice.forged_token}"), nobody()),
    ]
}
