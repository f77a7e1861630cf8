//! Attacks whose bytes go through each framework's own parsing of header fields.
//! `cookiejwt-core/tests/attacks` has all attacks; here are those for which the transport matters,
//! and some of each other kind.

use crate::{
    Scenario,
    expected::{Expected, me, me_by_header, problem, text},
    request::{Request, get, post},
    scenario::scenario,
};

/// `{"alg":"none","typ":"at+jwt"}` and an empty object.
const UNSIGNED: &str = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.e30.";

pub(super) fn scenarios() -> Vec<Scenario> {
    [cookies(), bearers(), tokens()].concat()
}

fn attack(rule: &'static str, name: &'static str, request: Request, expected: Expected) -> Scenario {
    scenario(rule, name).log_in("alice").log_in("bob").send(request, expected)
}

fn public() -> Request {
    get("/optional")
}

fn nobody() -> Expected {
    text(200, "nobody")
}

fn cookies() -> Vec<Scenario> {
    let name = |case, request| attack("cookie names", case, request, nobody());
    vec![
        name("a byte order mark before the name", public().cookie("\u{feff}{alice.access}")),
        name("an em space before the name", public().cookie("\u{2003}{alice.access}")),
        name(
            "an ideographic space after the name",
            public().cookie("__Host-access_token\u{3000}={alice.token}"),
        ),
        name("a quoted name", public().cookie("\"__Host-access_token\"={alice.token}")),
        name("a nameless pair", public().cookie("={alice.access}")),
        name("the form of RFC 2109", public().cookie("$Version=1, {alice.access}")),
        attack(
            "cookie names",
            "an encoded value",
            public().cookie("__Host-access_token=%65{alice.token}"),
            nobody().clears(),
        ),
        attack(
            "duplicated cookies",
            "three of one name, in three fields",
            public().cookie("__Host-access_token=x").cookie("{alice.access}").cookie("{bob.access}"),
            nobody().clears(),
        ),
        attack(
            "duplicated cookies",
            "a planted refresh cookie next to a valid access cookie has no effect",
            public().cookie("{alice.access}").cookie("{bob.refresh}"),
            me(1, 1, 3),
        ),
        attack(
            "malformed neighbours",
            "a neighbour whose quote never ends",
            public().cookie("a=\"b; {alice.access}"),
            me(1, 1, 3),
        ),
        attack(
            "malformed neighbours",
            "a neighbour with broken percent-encoding",
            public().cookie("a=%zz%; %=%; {alice.access}"),
            me(1, 1, 3),
        ),
    ]
}

fn bearers() -> Vec<Scenario> {
    let by_both = || post("/me").site("cross-site").cookie("{alice}");
    let dead = || problem("invalid_token");
    vec![
        attack(
            "bearers",
            "a list of bearers",
            get("/me").bearer("{alice.token}, Bearer {alice.token}"),
            dead(),
        ),
        attack("bearers", "a quoted bearer", get("/me").bearer("\"{alice.token}\""), dead()),
        attack("bearers", "a bearer as a parameter", get("/me").bearer("token={alice.token}"), dead()),
        attack("bearers", "Bearer without a token", get("/me").line("Authorization: Bearer"), dead()),
        attack("bearers", "a longer scheme", get("/me").line("Authorization: Bearers {alice.token}"), {
            problem("not_authenticated")
        }),
        attack(
            "bearers",
            "a token in the query",
            get("/me?access_token={alice.token}&token={alice.token}"),
            problem("not_authenticated"),
        ),
        attack(
            "CSRF with a bearer",
            "Basic does not skip the CSRF check",
            by_both().line("Authorization: Basic YTpi"),
            problem("csrf_failed"),
        ),
        attack(
            "CSRF with a bearer",
            "junk does not skip the CSRF check",
            by_both().bearer("junk"),
            problem("csrf_failed"),
        ),
        attack(
            "CSRF with a bearer",
            "a valid bearer is used instead of the cookie",
            by_both().bearer("{bob.token}"),
            me_by_header(2, 4, 6),
        ),
    ]
}

fn tokens() -> Vec<Scenario> {
    let presented =
        |token: &str| [public().cookie(format!("__Host-access_token={token}")), get("/me").bearer(token)];
    let both = |rule, name, token: &str| {
        let [by_cookie, by_header] = presented(token);
        attack(rule, name, by_cookie, nobody().clears()).send(by_header, problem("invalid_token"))
    };
    vec![
        both("segments", "a fourth segment", "{alice.token}.x"),
        both("segments", "five segments", "{alice.token}.x.y"),
        both("segments", "no segment at all", "x"),
        both("segments", "dots", &".".repeat(8000)),
        both("base64url", "padding", "{alice.token}="),
        both("alg none", "alg none", UNSIGNED),
        both("alg none", "alg none with a signature", &format!("{UNSIGNED}AAAA")),
    ]
}
