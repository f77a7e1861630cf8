//! Token mode: clients without cookies ask for tokens, and cookies are ignored.

use crate::{
    Expected, Request, Scenario, Step,
    expected::{empty, invalid_request, json, me, me_by_header, problem, text},
    request::{get, post},
    scenario::{Availability::Away, scenario},
};

const LOGIN: &str = "/api/auth/token/";
const REFRESH: &str = "/api/auth/token/refresh/";
const LOGOUT: &str = "/api/auth/token/blacklist/";
const VERIFY: &str = "/api/auth/token/verify/";
const FORM: &str = "application/x-www-form-urlencoded";
const GOOD: &str = r#"{"username":"alice","password":"alice-pw"}"#;
const REFRESH_BODY: &str = r#"{"refresh":"{app.refresh_token}"}"#;
const BEGUN: &[&str] = &["#1 live #2"];
const ROTATED: &[&str] = &["#1 live #4 after #2"];

pub(super) fn scenarios() -> Vec<Scenario> {
    [
        login(),
        doubtful(),
        refresh(),
        refresh_refused(),
        scripts(),
        routes(),
        passwords(),
        logout(),
        own_logins(),
    ]
    .concat()
}

fn on(name: &'static str) -> Scenario {
    scenario("token mode", name).config(|config| config.token_mode(true))
}

/// `{app…}` are the tokens of a command line: session 1, refresh token 2, access token 3.
fn app(name: &'static str) -> Scenario {
    on(name).send(asks(post(LOGIN).json(GOOD)), tokens(1, 1, 3, 2, [0, 0]).rows(BEGUN)).keep("app")
}

/// A browser's session 1 next to the command line's session 4, refresh token 5, access token 6.
fn both(name: &'static str) -> Scenario {
    let rows: &[&str] = &["#1 live #2", "#4 live #5"];
    let login = tokens(1, 4, 6, 5, [0, 0]).rows(rows);
    on(name).log_in("alice").send(asks(post(LOGIN).cookie("{alice}").json(GOOD)), login).keep("app")
}

fn asks(request: Request) -> Request {
    request.line("Cookiejwt-Mode: token")
}

fn by_body(body: &str) -> Request {
    asks(post(REFRESH).json(body))
}

/// Who and which tokens, and the seconds at which access and refresh token were issued.
fn tokens(subject: u64, session: u64, access: u64, refresh: u64, issued: [i64; 2]) -> Expected {
    let [at, since] = issued;
    json(&format!(
        r#"{{"access":"<at+jwt #{access} of #{session} for {subject}, {at}..{}>","refresh":"<rt+jwt #{refresh} of #{session} for {subject}, {since}..{}>","token_type":"Bearer","expires_in":300}}"#,
        at + 300,
        since + 86_400,
    ))
}

fn login() -> Vec<Scenario> {
    let verified = r##"{"user_id":"1","session_id":"#1","expires_at":"2026-01-01T12:05:00Z"}"##;
    let good = |name, request: Request| on(name).send(request, tokens(1, 1, 3, 2, [0, 0]).rows(BEGUN));
    vec![
        app("login, and the bearer is valid")
            .send(asks(get("/me").bearer("{app.token}")), me_by_header(1, 1, 3))
            .send(get("/me").bearer("{app.token}"), me_by_header(1, 1, 3))
            .send(asks(post(VERIFY).bearer("{app.token}")), json(verified)),
        good("login by a form", asks(post(LOGIN).body(FORM, "username=alice&password=alice-pw"))),
        good("login, the name of the field in another case", {
            post(LOGIN).json(GOOD).line("COOKIEJWT-MODE: token")
        }),
        good("login from another site: no cookie is set", asks(post(LOGIN).site("cross-site").json(GOOD))),
        both("login next to cookies: they are not read, their session stays valid")
            .send(get("/me").cookie("{alice}"), me(1, 1, 3)),
        on("a wrong password").send(
            asks(post(LOGIN).json(r#"{"username":"alice","password":"x"}"#)),
            problem("invalid_credentials"),
        ),
        on("login, session store unavailable")
            .sessions(Away)
            .send(asks(post(LOGIN).json(GOOD)), problem("unavailable")),
    ]
}

/// Everything that is not token mode is cookie mode.
fn doubtful() -> Vec<Scenario> {
    let cookies = || {
        let body = r##"{"user_id":"1","session_id":"#1","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-02T12:00:00Z"}"##;
        json(body).sets(1, 3, 2).rows(BEGUN)
    };
    let off = |name| scenario("token mode", name);
    let login = || post(LOGIN).json(GOOD);
    vec![
        off("off: login sets cookies").send(asks(login()), cookies()),
        off("off: from another site").send(asks(login().site("cross-site")), problem("csrf_failed")),
        off("off: cookies are read")
            .log_in("alice")
            .send(asks(get("/me").cookie("{alice}")), me(1, 1, 3))
            .send(asks(post("/me").site("cross-site").cookie("{alice}")), problem("csrf_failed"))
            .send(
                asks(post(REFRESH).json(r#"{"refresh":"{alice.refresh_token}"}"#)),
                problem("not_authenticated"),
            ),
        on("not requested: login sets cookies").send(login(), cookies()),
        on("another value: cookies").send(login().line("Cookiejwt-Mode: Token"), cookies()),
        on("requested twice: cookies").send(asks(asks(login())), cookies()),
        on("requested twice, from another site")
            .log_in("alice")
            .send(asks(asks(post("/me").site("cross-site").cookie("{alice}"))), problem("csrf_failed")),
        app("not requested: a refresh token in a body is ignored")
            .send(post(REFRESH).json(REFRESH_BODY), problem("not_authenticated")),
    ]
}

fn refresh() -> Vec<Scenario> {
    let first = || tokens(1, 1, 5, 4, [306, 306]).rows(ROTATED);
    let rotated = |name| app(name).pass(306).send(by_body(REFRESH_BODY), first());
    vec![
        rotated("refresh, and the new bearer is valid")
            .keep("new")
            .send(asks(get("/me").bearer("{new.token}")), me_by_header(1, 1, 5)),
        app("refresh by a form, from another site")
            .pass(306)
            .send(asks(post(REFRESH).site("cross-site").body(FORM, "refresh={app.refresh_token}")), first()),
        both("refresh next to cookies: they are not read").pass(306).send(
            by_body(REFRESH_BODY).cookie("{alice}"),
            tokens(1, 4, 8, 7, [306, 306]).rows(&["#1 live #2", "#4 live #7 after #5"]),
        ),
        rotated("row o: the parent inside the leeway: the same successor")
            .pass(10)
            .send(by_body(REFRESH_BODY), tokens(1, 1, 7, 4, [316, 306])),
        rotated("row p: the successor again at once: no second rotation")
            .keep("new")
            .send(by_body(r#"{"refresh":"{new.refresh_token}"}"#), tokens(1, 1, 7, 4, [306, 306])),
        rotated("row o': the response is lost, the parent 15 s later: the same successor")
            .pass(15)
            .send(by_body(REFRESH_BODY), tokens(1, 1, 7, 4, [321, 306])),
        rotated("row r: the parent after the leeway of the receipt: reuse")
            .keep("new")
            .send(asks(get("/me").bearer("{new.token}")), me_by_header(1, 1, 5))
            .step(Step::WriteReceipts)
            .pass(11)
            .send(by_body(REFRESH_BODY), problem("session_revoked").rows(&["#1 reuse #4 after #2"]))
            .send(by_body(r#"{"refresh":"{new.refresh_token}"}"#), problem("session_revoked"))
            .send(asks(get("/me").bearer("{new.token}")), problem("session_revoked")),
    ]
}

fn refresh_refused() -> Vec<Scenario> {
    let bad = |name, request: Request, expected| on(name).log_in("alice").send(request, expected);
    let unread = || invalid_request(415, "Unsupported Media Type");
    let long = format!(r#"{{"refresh":"{}"}}"#, "x".repeat(16 * 1024));
    vec![
        bad("refresh without a body", asks(post(REFRESH)), unread()),
        bad("refresh, text/plain", asks(post(REFRESH).body("text/plain", REFRESH_BODY)), unread()),
        bad("refresh, no member", by_body("{}"), problem("invalid_request")),
        bad("refresh, blank", by_body(r#"{"refresh":" "}"#), problem("invalid_request")),
        bad("refresh, not a string", by_body(r#"{"refresh":1}"#), problem("invalid_request")),
        bad("refresh, too large", by_body(&long), invalid_request(413, "Payload Too Large")),
        bad("refresh, garbage", by_body(r#"{"refresh":"x"}"#), problem("invalid_token")),
        bad("refresh, an access token", by_body(r#"{"refresh":"{alice.token}"}"#), problem("invalid_token")),
        bad("row i: early", by_body(r#"{"refresh":"{early.refresh_token}"}"#), problem("invalid_token")),
        app("row j: expired").pass(86_400).send(by_body(REFRESH_BODY), problem("session_expired")),
        app("row k: the user is disabled")
            .step(Step::Disable("alice"))
            .send(by_body(REFRESH_BODY), problem("session_revoked").rows(&["#1 user_inactive #2"])),
        app("row q: session store unavailable")
            .sessions(Away)
            .send(by_body(REFRESH_BODY), problem("unavailable")),
        app("405").send(asks(get(REFRESH)), problem("method_not_allowed").field("allow", "POST")),
    ]
}

/// A script in a page sends the field; the browser adds the cookies. It gets no token, and nothing
/// changes.
fn scripts() -> Vec<Scenario> {
    let script = |name, request: Request, expected| {
        on(name).log_in("alice").send(asks(request.site("same-origin").cookie("{alice}")), expected)
    };
    let refresh = || post(REFRESH);
    vec![
        script("a script: refresh without a body", refresh(), invalid_request(415, "Unsupported Media Type")),
        script("a script: refresh", refresh().json("{}"), problem("invalid_request")),
        script("a script: refresh with anything", refresh().json(r#"{"refresh":"x"}"#), {
            problem("invalid_token")
        }),
        script("a script: verify", post(VERIFY), problem("not_authenticated")),
        script("a script: a custom login", post("/refreshed-bare-login-as-bob"), {
            problem("not_authenticated")
        }),
    ]
}

fn routes() -> Vec<Scenario> {
    let cookies = |name, request: Request, expected| on(name).stale().send(asks(request), expected);
    let of = |request: Request| asks(request.cookie("{alice}").bearer("{app.token}"));
    vec![
        cookies("a page: no transparent refresh", get("/me").cookie("{alice}"), {
            problem("not_authenticated")
        }),
        cookies("a public page: anonymous", get("/optional").cookie("{alice}"), text(200, "nobody")),
        cookies("invalid cookies are not cleared", get("/me").cookie("{alice.forged_access}"), {
            problem("not_authenticated")
        }),
        cookies(
            "CSRF row 2: no row of the CSRF table",
            post("/optional").site("cross-site").cookie("{alice}"),
            text(200, "nobody"),
        ),
        both("a bearer next to cookies: the bearer")
            .send(of(get("/me")), me_by_header(1, 4, 6))
            .send(of(post("/me").site("cross-site")), me_by_header(1, 4, 6))
            .send(of(get("/private")), text(200, "private"))
            .send(of(get("/user")), text(200, "alice")),
        both("an invalid bearer next to cookies")
            .send(asks(get("/me").cookie("{alice}").bearer("{app.forged_token}")), problem("invalid_token")),
        app("CurrentUser, disabled").step(Step::Disable("alice")).send(
            asks(get("/user").bearer("{app.token}")),
            problem("session_revoked").rows(&["#1 user_inactive #2"]),
        ),
    ]
}

/// The routes that ask for the password again return new tokens.
fn passwords() -> Vec<Scenario> {
    let fresh = || asks(post("/api/auth/token/fresh/").json(r#"{"password":"alice-pw"}"#));
    let change = || {
        let body = r#"{"current_password":"alice-pw","new_password":"a new password"}"#;
        asks(post("/api/auth/password/").json(body))
    };
    let replaced: &[&str] = &["#1 replaced #2", "#4 live #5"];
    vec![
        app("a fresh login by bearer")
            .send(fresh().bearer("{app.token}"), tokens(1, 4, 6, 5, [0, 0]).rows(replaced)),
        app("a new password by bearer")
            .send(change().bearer("{app.token}"), tokens(1, 4, 6, 5, [0, 0]).rows(replaced)),
        on("a script: a fresh login")
            .log_in("alice")
            .send(fresh().site("same-origin").cookie("{alice}"), problem("not_authenticated")),
        on("a script: a new password")
            .log_in("alice")
            .send(change().site("same-origin").cookie("{alice}"), problem("not_authenticated")),
    ]
}

fn logout() -> Vec<Scenario> {
    let out = |state| json("{}").rows(&["#1 live #2", state]);
    let logout = || asks(post(LOGOUT).cookie("{alice}"));
    vec![
        both("logout by bearer: cookies are neither read nor cleared")
            .send(logout().bearer("{app.token}"), out("#4 logout #5"))
            .send(asks(get("/me").bearer("{app.token}")), problem("session_revoked"))
            .send(get("/me").cookie("{alice}"), me(1, 1, 3)),
        both("logout by body").send(logout().json(REFRESH_BODY), out("#4 logout #5")),
        both("logout from another site")
            .send(logout().site("cross-site").bearer("{app.token}"), out("#4 logout #5")),
        both("logout by cookies ends nothing").send(logout(), json("{}")),
        app("logout, session store unavailable")
            .sessions(Away)
            .send(asks(post(LOGOUT).bearer("{app.token}")), problem("unavailable"))
            .send(asks(get("/me").bearer("{app.token}")), problem("session_revoked")),
        both("a custom logout")
            .send(asks(post("/logout-own").cookie("{alice}").bearer("{app.token}")), {
                empty(200).rows(&["#1 live #2", "#4 logout #5"])
            })
            .send(get("/me").cookie("{alice}"), me(1, 1, 3)),
        both("logout everywhere: every session, no cookie is cleared").send(
            asks(post("/logout-everywhere").cookie("{alice}").bearer("{app.token}")),
            empty(200).rows(&["#1 logout_everywhere #2", "#4 logout_everywhere #5"]),
        ),
    ]
}

/// The mode of the request decides how a custom login responds, whatever its handler.
fn own_logins() -> Vec<Scenario> {
    let bob = || tokens(2, 1, 3, 2, [0, 0]).rows(BEGUN);
    let cookies = || {
        let body = r##"{"user_id":"2","session_id":"#1","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-02T12:00:00Z"}"##;
        json(body).sets_for(2, 1, 3, 2).rows(BEGUN)
    };
    vec![
        on("a custom login")
            .send(asks(post("/bare-login-as-bob")), bob())
            .keep("bob")
            .send(asks(get("/me").bearer("{bob.token}")), me_by_header(2, 1, 3)),
        on("a custom login, not requested").send(post("/bare-login-as-bob"), cookies()),
        on("a custom login with a page: the tokens take its place").send(asks(post("/login-as-bob")), bob()),
        on("a custom login without a response: no session starts")
            .send(asks(post("/login-here-as-bob")), problem("invalid_request")),
        scenario("token mode", "off: a custom login").send(asks(post("/bare-login-as-bob")), cookies()),
        on("a custom login next to cookies: their session continues").log_in("alice").send(
            asks(post("/bare-login-as-bob").cookie("{alice}")),
            tokens(2, 4, 6, 5, [0, 0]).rows(&["#1 live #2", "#4 live #5"]),
        ),
    ]
}
