//! `rules.md` 2 and 3: which credentials are read, and how.

use cookiejwt_store::CredentialOrder;

use crate::{
    Scenario,
    expected::{Expected, empty, me, me_by_header, problem, text},
    request::{Request, get},
    scenario::scenario,
};

pub(super) fn scenarios() -> Vec<Scenario> {
    [as_they_come(), odd(), smuggled(), long(), header()].concat()
}

/// Somebody who holds valid cookies sends this to a public route.
fn public(name: &'static str, request: Request, expected: Expected) -> Scenario {
    scenario("2", name).log_in("alice").log_in("bob").send(request, expected)
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
            "access and refresh in fields of their own",
            public_route().cookie("{alice.refresh}").cookie("{alice.access}"),
            me(1, 1, 3),
        ),
        public(
            "a name of ours twice in one field is dead",
            public_route().cookie("{alice.access}; {bob.access}"),
            nobody().clears(),
        ),
        public(
            "a name of ours in each of two fields is dead",
            public_route().cookie("{alice.access}").cookie("{bob.access}"),
            nobody().clears(),
        ),
        public(
            "the same value twice is dead too",
            public_route().cookie("{alice.access}; {alice.access}"),
            nobody().clears(),
        ),
        scenario("2", "a neighbour that is not ASCII does no harm").log_in("alice").send_but_on_rocket(
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

fn odd() -> Vec<Scenario> {
    vec![
        public("pairs without a name", public_route().cookie(";;;=;= ;{alice.access};"), me(1, 1, 3)),
        public("blanks around the pair", public_route().cookie("a=1;\t {alice.access} \t;b=2"), me(1, 1, 3)),
        public("an empty field", public_route().line("Cookie:"), nobody()),
        public(
            "an empty value of ours is dead",
            public_route().cookie("__Host-access_token="),
            nobody().clears(),
        ),
        public(
            "quotes are no part of a token",
            public_route().cookie("__Host-access_token=\"{alice.token}\""),
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
        public(
            "in the name of the development",
            public_route().cookie("access_token={alice.token}"),
            nobody(),
        ),
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
    vec![
        public("a bearer", get("/me").bearer("{alice.token}"), me_by_header(1, 1, 3)),
        public("a bearer in other case", get("/me").line("authorization: bEARER {alice.token}"), {
            me_by_header(1, 1, 3)
        }),
        public("a bad cookie never blocks a good header", get("/me").cookie(dead).bearer("{bob.token}"), {
            me_by_header(2, 4, 6)
        }),
        public("cookie before header", get("/me").cookie("{alice}").bearer("{bob.token}"), me(1, 1, 3)),
        public("header before cookie", get("/me").cookie("{alice}").bearer("{bob.token}"), {
            me_by_header(2, 4, 6)
        })
        .config(|config| config.credentials(CredentialOrder::HeaderThenCookie)),
        public("cookie only", get("/me").bearer("{bob.token}"), problem("not_authenticated"))
            .config(|config| config.credentials(CredentialOrder::CookieOnly)),
        public("header only", get("/me").cookie("{alice}"), problem("not_authenticated"))
            .config(|config| config.credentials(CredentialOrder::HeaderOnly)),
        public(
            "a dead bearer goes on to the cookie",
            get("/me").cookie("{alice}").bearer("{bob.forged_token}"),
            me(1, 1, 3),
        ),
        public(
            "two Authorization fields are none",
            get("/me").bearer("{alice.token}").bearer("{alice.token}"),
            problem("not_authenticated"),
        ),
        public("another scheme is none", get("/me").line("Authorization: Basic YTpi"), {
            problem("not_authenticated")
        }),
        public("a bearer that is no token68 is dead", get("/me").bearer("{alice.token} x"), {
            problem("invalid_token")
        }),
        public("a refresh token is no bearer", get("/me").bearer("{alice.refresh_token}"), {
            problem("invalid_token")
        }),
        public("HEAD", crate::request::request("HEAD", "/me").cookie("{alice}"), {
            empty(200).field("content-type", "text/plain; charset=utf-8")
        }),
    ]
}
