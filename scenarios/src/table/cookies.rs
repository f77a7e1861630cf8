//! Which credentials are read, and how; how tokens are verified.

use cookiejwt_store::CredentialOrder;

use crate::{
    Scenario,
    expected::{Expected, empty, json, me, me_by_header, problem, text},
    request::{Request, get, post},
    scenario::scenario,
};

const LOGIN: &str = "/api/auth/token/";
const LOGGED_IN: &str = r##"{"user_id":"1","session_id":"#1","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-02T12:00:00Z"}"##;
const REFRESHED: &str = r##"{"user_id":"1","session_id":"#1","access_expires_at":"2026-01-01T12:10:06Z","refresh_expires_at":"2026-01-02T12:05:06Z"}"##;
const GOOD: &str = r#"{"username":"alice","password":"alice-pw"}"#;

pub(super) fn scenarios() -> Vec<Scenario> {
    [as_they_come(), twice(), healed(), odd(), smuggled(), long(), header()].concat()
}

/// A client with valid cookies sends this to a public route.
fn public(name: &'static str, request: Request, expected: Expected) -> Scenario {
    scenario("reading", name).log_in("alice").log_in("bob").send(request, expected)
}

fn public_route() -> Request {
    get("/optional")
}

fn nobody() -> Expected {
    text(200, "nobody")
}

fn as_they_come() -> Vec<Scenario> {
    let neighbour = b"theme=\xff\xfe; {alice.access}; last=\x80";
    vec![
        public("one cookie", public_route().cookie("{alice.access}"), me(1, 1, 3)),
        public(
            "several fields are one list",
            public_route().cookie("a=1; b=2").cookie("{alice.access}").cookie("c=3"),
            me(1, 1, 3),
        ),
        public(
            "access and refresh in separate fields",
            public_route().cookie("{alice.refresh}").cookie("{alice.access}"),
            me(1, 1, 3),
        ),
        scenario("reading", "a neighbour that is not ASCII does no harm").log_in("alice").send_but_on_rocket(
            public_route().cookie(neighbour),
            me(1, 1, 3),
            nobody(),
        ),
        public(
            "a neighbour field that is not UTF-8 does no harm",
            public_route().cookie(b"a=\xe9").cookie("{alice.access}"),
            me(1, 1, 3),
        ),
        public(
            "a neighbour in UTF-8 does no harm",
            public_route().cookie("thème=dœux; {alice.access}"),
            me(1, 1, 3),
        ),
    ]
}

/// One of our names more than once: one valid value is used, two sessions are refused.
fn twice() -> Vec<Scenario> {
    let row = |name, cookies: &str, expected| public(name, public_route().cookie(cookies), expected);
    let alice = || me(1, 1, 3);
    let two_sessions = || nobody().clears().deletes_twins(true, false);
    vec![
        row("two sessions in one field are refused", "{alice.access}; {bob.access}", two_sessions()),
        public(
            "two sessions in two fields are refused",
            public_route().cookie("{alice.access}").cookie("{bob.access}"),
            two_sessions(),
        ),
        row(
            "two sessions next to junk are refused",
            "{alice.access}; __Host-access_token=x; {bob.access}",
            nobody().clears(),
        ),
        row("the same value twice", "{alice.access}; {alice.access}", alice()),
        row("next to junk", "__Host-access_token=x; {alice.access}; __Host-access_token=", alice()),
        row("next to a forged one", "{bob.forged_access}; {alice.access}", alice()),
        row("next to an early one", "{early.access}; {alice.access}", alice()),
        row("next to another deployment's", "{unknown.access}; {alice.access}", alice()),
        row("before another deployment's", "{alice.access}; {unknown.access}", alice()),
        row("next to another issuer's with our key", "{foreign.access}; {alice.access}", alice()),
        row("another deployment's alone", "{unknown}", nobody()),
        row("the fourth value", &("__Host-access_token=x; ".repeat(3) + "{alice.access}"), alice()),
        row(
            "a fifth is ignored",
            &("__Host-access_token=x; ".repeat(4) + "{alice.access}"),
            nobody().clears(),
        ),
        scenario("reading", "staging goes on beside production's cookies")
            .send(post(LOGIN).cookie("{unknown}").json(GOOD), {
                json(LOGGED_IN).sets(1, 3, 2).rows(&["#1 live #2"])
            })
            .keep("staging")
            .send(get("/me").cookie("{unknown}; {staging}"), me(1, 1, 3))
            .pass(306)
            .send(get("/me").cookie("{unknown}; {staging}"), {
                me(1, 1, 5).sets(1, 5, 4).rows(&["#1 live #4 after #2"])
            }),
    ]
}

/// Responses that set or clear a name that was sent more than once delete its duplicates first, if
/// they are ours.
fn healed() -> Vec<Scenario> {
    let rotated = || me(1, 1, 5).sets(1, 5, 4).rows(&["#1 live #4 after #2"]);
    let stale = |name| scenario("twins", name).stale();
    let alice = |name| scenario("twins", name).log_in("alice");
    vec![
        stale("a refresh").send(get("/me").cookie("{alice}; {alice}"), rotated().deletes_twins(true, true)),
        stale("a refresh, one name was sent twice")
            .send(get("/me").cookie("{alice}; {alice.refresh}"), rotated().deletes_twins(false, true)),
        stale("a refresh next to another deployment's: theirs stays")
            .send(get("/me").cookie("{alice}; {unknown}"), rotated()),
        stale("a refresh next to junk of unknown origin")
            .send(get("/me").cookie("{alice}; __Host-refresh_token=x"), rotated()),
        stale("the refresh route").send(post("/api/auth/token/refresh/").cookie("{alice}; {alice}"), {
            json(REFRESHED).sets(1, 5, 4).rows(&["#1 live #4 after #2"]).deletes_twins(true, true)
        }),
        alice("a response that sets nothing").send(get("/me").cookie("{alice}; {alice}"), me(1, 1, 3)),
        alice("a revoked session: row c")
            .send(post("/api/auth/logout/").cookie("{alice}"), {
                json("{}").clears().rows(&["#1 logout #2"])
            })
            .send(get("/me").cookie("{alice}; {alice.refresh}"), {
                problem("session_revoked").clears().deletes_twins(false, true)
            }),
        alice("a logout").send(post("/api/auth/logout/").cookie("{alice}; {alice}"), {
            json("{}").clears().rows(&["#1 logout #2"]).deletes_twins(true, true)
        }),
        alice("a custom logout").send(post("/logout-own").cookie("{alice}; {alice}"), {
            empty(200).clears().rows(&["#1 logout #2"]).deletes_twins(true, true)
        }),
        alice("a custom login").send(post("/login-as-bob").cookie("{alice}; {alice.access}"), {
            let rows = ["#1 replaced #2", "#4 live #5"];
            text(200, "bob").sets_for(2, 4, 6, 5).rows(&rows).deletes_twins(true, false)
        }),
        stale("a custom login after a refresh: each line once").send(
            post("/refreshed-login-as-bob").cookie("{alice}; {alice}"),
            text(200, "bob")
                .sets_for(2, 6, 8, 7)
                .rows(&["#1 replaced #4 after #2", "#6 live #7"])
                .deletes_twins(true, true),
        ),
    ]
}

fn odd() -> Vec<Scenario> {
    vec![
        public("pairs without a name", public_route().cookie(";;;=;= ;{alice.access};"), me(1, 1, 3)),
        public("blanks around the pair", public_route().cookie("a=1;\t {alice.access} \t;b=2"), me(1, 1, 3)),
        public("an empty field", public_route().line("Cookie:"), nobody()),
        public("an empty value is invalid", public_route().cookie("__Host-access_token="), nobody().clears()),
        public(
            "a value in quotes, as Java sends it",
            public_route().cookie("$Version=\"1\"; __Host-access_token=\"{alice.token}\";$Path=\"/\""),
            me(1, 1, 3),
        ),
        public(
            "two pairs of quotes are not accepted",
            public_route().cookie("__Host-access_token=\"\"{alice.token}\"\""),
            nobody().clears(),
        ),
        public(
            "a quote that never ends",
            public_route().cookie("__Host-access_token=\"{alice.token}"),
            nobody().clears(),
        ),
    ]
}

fn smuggled() -> Vec<Scenario> {
    vec![
        public(
            "smuggled by percent-encoding",
            public_route().cookie("%5F%5FHost-access_token={alice.token}"),
            nobody(),
        ),
        public(
            "smuggled by percent-encoding before ours",
            public_route().cookie("%5F%5FHost-access_token={bob.token}; {alice.access}"),
            me(1, 1, 3),
        ),
        public(
            "smuggled by a Unicode blank",
            public_route().cookie("\u{a0}__Host-access_token={alice.token}"),
            nobody(),
        ),
        public(
            "smuggled in other case",
            public_route().cookie("__host-access_token={alice.token}"),
            nobody(),
        ),
        public("smuggled by a dash", public_route().cookie("__Host_access_token={alice.token}"), nobody()),
        public("with the development name", public_route().cookie("access_token={alice.token}"), nobody()),
        public(
            "a token of the other kind is not cleared",
            public_route().cookie("__Host-access_token={alice.refresh_token}"),
            nobody(),
        ),
        public("in the query", get("/optional?access_token={alice.token}"), nobody()),
    ]
}

fn long() -> Vec<Scenario> {
    let padding = |bytes: usize| format!("pad={}", "x".repeat(bytes));
    let pairs = |count: usize| "n=x; ".repeat(count);
    vec![
        public(
            "16 KiB, ours first",
            public_route().cookie(format!("{{alice.access}}; {}", padding(16_384))),
            me(1, 1, 3),
        ),
        public(
            "16 KiB, ours last",
            public_route().cookie(format!("{}; {{alice.access}}", padding(16_384))),
            nobody(),
        ),
        public("200 pairs, ours last", public_route().cookie(pairs(199) + "{alice.access}"), me(1, 1, 3)),
        public("201 pairs, ours last", public_route().cookie(pairs(200) + "{alice.access}"), nobody()),
        public(
            "a token of 5000 characters",
            public_route().cookie(format!("__Host-access_token={}", "x".repeat(5000))),
            nobody().clears(),
        ),
    ]
}

fn header() -> Vec<Scenario> {
    let dead = "{alice.forged_access}";
    let bob = || me_by_header(2, 4, 6);
    vec![
        public("a bearer", get("/me").bearer("{alice.token}"), me_by_header(1, 1, 3)),
        public("a bearer in other case", get("/me").line("authorization: bEARER {alice.token}"), {
            me_by_header(1, 1, 3)
        }),
        public("an invalid cookie blocks no header", get("/me").cookie(dead).bearer("{bob.token}"), bob()),
        public("cookie before header", get("/me").cookie("{alice}").bearer("{bob.token}"), me(1, 1, 3)),
        public("header before cookie", get("/me").cookie("{alice}").bearer("{bob.token}"), {
            me_by_header(2, 4, 6)
        })
        .config(|config| config.credentials(CredentialOrder::HeaderThenCookie)),
        public(
            "cookie only",
            get("/me").bearer("{bob.token}"),
            problem("not_authenticated").asked_by(&["cookie"]),
        )
        .config(|config| config.credentials(CredentialOrder::CookieOnly)),
        public(
            "header only",
            get("/me").cookie("{alice}"),
            problem("not_authenticated").asked_by(&["authorization"]),
        )
        .config(|config| config.credentials(CredentialOrder::HeaderOnly)),
        public(
            "an invalid bearer falls back to the cookie",
            get("/me").cookie("{alice}").bearer("{bob.forged_token}"),
            me(1, 1, 3),
        ),
        public(
            "two Authorization fields are ignored",
            get("/me").bearer("{alice.token}").bearer("{alice.token}"),
            problem("not_authenticated"),
        ),
        public("another scheme is ignored", get("/me").line("Authorization: Basic YTpi"), {
            problem("not_authenticated")
        }),
        public("a bearer that is not a token68 is invalid", get("/me").bearer("{alice.token} x"), {
            problem("invalid_token")
        }),
        public("a refresh token is not a bearer", get("/me").bearer("{alice.refresh_token}"), {
            problem("invalid_token")
        }),
        public("HEAD", crate::request::request("HEAD", "/me").cookie("{alice}"), {
            empty(200).field("content-type", "text/plain; charset=utf-8")
        }),
    ]
}
