//! CSRF: every row of the table of `cookiejwt_core::rules`, when a cookie is the credential.

use crate::{
    Expected, Request, Scenario,
    expected::{me, me_by_header, problem},
    request::{get, post, request},
    scenario::scenario,
};

const FORM: &str = "application/x-www-form-urlencoded";
const PARTNER: &str = "https://app.partner.example";

pub(super) fn scenarios() -> Vec<Scenario> {
    [safe(), fetch_metadata(), beside_ours(), other_sites(), origins(), login()].concat()
}

fn alice(rule: &'static str, name: &'static str, request: Request, expected: Expected) -> Scenario {
    scenario(rule, name).log_in("alice").send(request.cookie("{alice}"), expected)
}

fn allowed() -> Expected {
    me(1, 1, 3)
}

fn denied() -> Expected {
    problem("csrf_failed")
}

fn change() -> Request {
    post("/me")
}

fn safe() -> Vec<Scenario> {
    let row_1 = |case, request, expected| alice("CSRF row 1", case, request, expected);
    vec![
        row_1("GET from another site", get("/me").site("cross-site"), allowed()),
        row_1("HEAD from another site", request("HEAD", "/me").site("cross-site"), {
            allowed().without_body()
        }),
        row_1("OPTIONS from another site", request("OPTIONS", "/me").site("cross-site"), allowed()),
        row_1(
            "GET with the content type of a form",
            get("/me").site("cross-site").line("Content-Type: application/x-www-form-urlencoded"),
            denied(),
        ),
        row_1(
            "GET with the content type of a form, in other case and with parameters",
            get("/me").site("cross-site").line("Content-Type: Multipart/Form-Data; boundary=x"),
            denied(),
        ),
        row_1("a WebSocket from another site", get("/ws").site("cross-site").upgrade(), denied()),
        row_1(
            "a WebSocket from another site, by Origin alone",
            get("/ws").origin("https://evil.example").upgrade(),
            denied(),
        ),
        row_1(
            "method override in a header",
            post("/me").site("cross-site").line("X-HTTP-Method-Override: GET"),
            denied(),
        ),
        row_1(
            "method override in a form",
            post("/me").site("cross-site").body(FORM, "_method=GET"),
            denied(),
        ),
        alice(
            "CSRF row 2",
            "a bearer from another site",
            change().site("cross-site").bearer("{alice.token}"),
            me_by_header(1, 1, 3),
        ),
    ]
}

fn fetch_metadata() -> Vec<Scenario> {
    vec![
        alice("CSRF row 3", "two Sec-Fetch-Site", change().site("same-origin").site("same-origin"), denied()),
        alice(
            "CSRF row 3",
            "two Origins",
            change().site("same-origin").origin("http://app.example").origin("http://app.example"),
            denied(),
        ),
        scenario("CSRF row 3", "an Origin that is not ASCII")
            .log_in("alice")
            .send(change().cookie("{alice}").origin("http://äpp.example"), denied()),
        scenario("CSRF row 3", "an Origin that is not UTF-8 (on Rocket it never arrives)")
            .log_in("alice")
            .send_but_on_rocket(
                change().cookie("{alice}").line(b"Origin: http://\xe4pp.example"),
                denied(),
                allowed(),
            ),
        alice("CSRF row 4", "same-origin", change().site("same-origin"), allowed()),
        alice("CSRF row 4", "none", change().site("none"), allowed()),
        alice(
            "CSRF row 4",
            "same-origin, Origin is hidden",
            change().site("same-origin").origin("null"),
            allowed(),
        ),
        alice(
            "CSRF row 4",
            "same-origin, no public origin to compare with Origin",
            change().site("same-origin").origin("https://other.example"),
            allowed(),
        ),
    ]
}

/// What WebKit sends when our service worker forwards a form of another page.
fn beside_ours() -> Vec<Scenario> {
    let shop = |name, site: &str, origin: &str, expected| {
        let row = alice("CSRF row 4", name, change().site(site).origin(origin), expected);
        row.config(|config| config.public_origin("https://shop.example").trusted_origin(PARTNER))
    };
    vec![
        shop("same-origin, the public origin", "same-origin", "https://shop.example", allowed()),
        shop("same-origin, a trusted origin", "same-origin", PARTNER, allowed()),
        shop("same-origin, null", "same-origin", "null", allowed()),
        shop("same-origin, a sibling", "same-origin", "https://www.shop.example", denied()),
        shop("same-origin, another site", "same-origin", "https://evil.example", denied()),
        shop("none, another site", "none", "https://evil.example", denied()),
    ]
}

fn other_sites() -> Vec<Scenario> {
    let trusting = |scenario: Scenario| scenario.config(|config| config.trusted_origin(PARTNER));
    vec![
        alice("CSRF row 5", "cross-site", change().site("cross-site"), denied()),
        alice("CSRF row 5", "same-site", change().site("same-site"), denied()),
        alice("CSRF row 5", "an unknown value", change().site("same-planet"), denied()),
        alice("CSRF row 5", "an empty value", change().line("Sec-Fetch-Site:"), denied()),
        alice("CSRF row 5", "same-origin in other case", change().site("Same-Origin"), denied()),
        alice(
            "CSRF row 5",
            "cross-site from an origin that is not trusted",
            change().site("cross-site").origin(PARTNER),
            denied(),
        ),
        trusting(alice(
            "CSRF row 5",
            "cross-site from a trusted origin",
            change().site("cross-site").origin(PARTNER),
            allowed(),
        )),
        trusting(alice(
            "CSRF row 5",
            "same-site from a trusted origin",
            change().site("same-site").origin(PARTNER),
            allowed(),
        )),
        trusting(alice(
            "CSRF row 5",
            "cross-site from the trusted origin's neighbour",
            change().site("cross-site").origin("https://app.partner.example.evil.example"),
            denied(),
        )),
    ]
}

#[allow(clippy::too_many_lines, reason = "one table")]
fn origins() -> Vec<Scenario> {
    let public = |scenario: Scenario| scenario.config(|config| config.public_origin("https://shop.example"));
    vec![
        alice("CSRF row 6", "the own host", change().origin("https://app.example"), allowed()),
        alice(
            "CSRF row 6",
            "the own host in other case, default port",
            change().origin("HTTPS://App.Example:443"),
            allowed(),
        ),
        alice("CSRF row 6", "another port", change().origin("https://app.example:8443"), denied()),
        alice(
            "CSRF row 6",
            "the port of the Host field",
            change().line("Host: app.example:8443").origin("https://app.example:8443"),
            allowed(),
        ),
        alice("CSRF row 6", "the own host over plain http", change().origin("http://app.example"), denied()),
        alice(
            "CSRF row 6",
            "over plain http on a port",
            change().line("Host: app.example:8080").origin("http://app.example:8080"),
            denied(),
        ),
        alice(
            "CSRF row 6",
            "localhost over plain http",
            change().line("Host: localhost:3000").origin("http://localhost:3000"),
            allowed(),
        ),
        alice(
            "CSRF row 6",
            "an address of this machine over plain http",
            change().line("Host: 127.0.0.1:3000").origin("http://127.0.0.1:3000"),
            allowed(),
        ),
        alice(
            "CSRF row 6",
            "a private address over plain http",
            change().line("Host: 192.168.0.2:3000").origin("http://192.168.0.2:3000"),
            denied(),
        ),
        alice(
            "CSRF row 6",
            "two Host fields are ignored (actix-web itself responds with 400)",
            change().line("Host: app.example").line("Host: app.example").origin("https://app.example"),
            denied(),
        )
        .only(&["axum", "rocket"]),
        public(alice("CSRF row 6", "the public origin", change().origin("https://shop.example"), allowed())),
        public(alice(
            "CSRF row 6",
            "the host is not the public origin",
            change().origin("https://app.example"),
            denied(),
        )),
        alice("CSRF row 7", "another origin", change().origin("https://evil.example"), denied()),
        alice("CSRF row 7", "null", change().origin("null"), denied()),
        alice("CSRF row 7", "a subdomain", change().origin("http://www.app.example"), denied()),
        alice("CSRF row 8", "neither header: not a browser", change(), allowed()),
        alice("CSRF row 8", "neither header, strict", change(), denied())
            .config(|config| config.strict_browser_headers(true)),
    ]
}

fn login() -> Vec<Scenario> {
    let credentials = r#"{"username":"alice","password":"alice-pw"}"#;
    let nobody = |name, request: Request| scenario("CSRF", name).send(request, denied());
    vec![
        nobody("login from another site", post("/api/auth/token/").site("cross-site").json(credentials)),
        nobody("login by a form of another site", {
            post("/api/auth/token/").site("cross-site").body(FORM, "username=alice&password=alice-pw")
        }),
        nobody("login from another origin of an old browser", {
            post("/api/auth/token/").origin("https://evil.example").json(credentials)
        }),
        alice(
            "CSRF",
            "logout from another site: nothing is cleared",
            post("/api/auth/logout/").site("cross-site"),
            denied(),
        ),
        alice("CSRF", "a custom logout from another site", post("/logout-own").site("cross-site"), denied()),
    ]
}
