//! Pages without script: forms that post to the built-in routes, htmx, pages of the application for
//! what is refused, and pages that are not stored.

use crate::{
    Expected, Request, Scenario, Step,
    expected::{empty, invalid_request, json, no_content, problem, text},
    request::{get, post},
    scenario::{Availability::Away, scenario},
};

const FORM: &str = "application/x-www-form-urlencoded";
const HTML: &str = "Accept: text/html,application/xhtml+xml,*/*;q=0.8";
const LOGIN: &str = "/api/auth/token/";
const LOGOUT: &str = "/api/auth/logout/";
const FRESH: &str = "/api/auth/token/fresh/";
const PASSWORD: &str = "/api/auth/password/";
const GOOD: &str = "username=alice&password=alice-pw&remember=on";
const WRONG: &str = "username=alice&password=x";

pub(super) fn scenarios() -> Vec<Scenario> {
    let pages = [pages(), not_stored()].concat();
    [
        logins(),
        targets(),
        no_forms(),
        second_factors(),
        fresh(),
        passwords(),
        logouts(),
        sent_late(),
        htmx(),
        pages,
    ]
    .concat()
}

/// The form of a page, in a browser without Fetch Metadata.
fn form(path: &str, body: &str) -> Request {
    post(path).body(FORM, body).line(HTML)
}

/// The same in a browser of today.
fn navigation(path: &str, body: &str) -> Request {
    form(path, body).line("Sec-Fetch-Mode: navigate").line("Sec-Fetch-Dest: document").site("same-origin")
}

fn from(request: Request, page: &str) -> Request {
    request.line(format!("Referer: https://app.example{page}"))
}

fn to(location: &str) -> Expected {
    empty(303).field("location", location).field("cache-control", "no-store")
}

fn alice(rule: &'static str, name: &'static str) -> Scenario {
    scenario(rule, name).log_in("alice")
}

fn logged_in(expected: Expected) -> Expected {
    expected.sets(1, 3, 2).rows(&["#1 live #2"])
}

fn logins() -> Vec<Scenario> {
    let row = |name| scenario("form of a page", name);
    let failed = |error: &str| to(&format!("/login?error={error}"));
    let wrong = || form(LOGIN, WRONG);
    let throttled = (0..5)
        .fold(row("too many wrong passwords"), |row, _| row.send(wrong(), failed("invalid_credentials")));
    vec![
        row("a login").send(form(LOGIN, GOOD), logged_in(to("/home"))),
        row("a login with Fetch Metadata").send(navigation(LOGIN, GOOD), logged_in(to("/home"))),
        row("a wrong password").send(wrong(), failed("invalid_credentials")),
        row("a wrong password, and where to go").send(
            form(LOGIN, &format!("{WRONG}&next=/notes%3Fpage%3D2")),
            to("/login?error=invalid_credentials&next=%2Fnotes%3Fpage%3D2"),
        ),
        row("no password").send(form(LOGIN, "username=alice"), failed("invalid_request")),
        row("a form with files").send(
            post(LOGIN).body("multipart/form-data; boundary=x", "--x--").line(HTML),
            failed("invalid_request"),
        ),
        row("too large").send(form(LOGIN, &"a".repeat(20_000)), failed("invalid_request")),
        row("from another site: it says so on the page")
            .send(form(LOGIN, GOOD).site("cross-site").origin("https://evil.example"), failed("csrf_failed")),
        row("the users are away").users(Away).send(form(LOGIN, GOOD), failed("unavailable")),
        throttled.send(wrong(), to("/login?error=throttled&retry_after=30")).send(
            form(LOGIN, &format!("{WRONG}&next=/a")),
            to("/login?error=throttled&retry_after=30&next=%2Fa"),
        ),
    ]
}

fn targets() -> Vec<Scenario> {
    let row = |name| scenario("form of a page", name);
    let led = |location: &str| logged_in(to(location));
    let with = |next: &str| form(LOGIN, &format!("{GOOD}&next={next}"));
    vec![
        row("a hidden field").send(with("%2Fnotes%3Fa%3Db"), led("/notes?a=b")),
        row("a member of the query").send(form("/api/auth/token/?next=%2Fnotes", GOOD), led("/notes")),
        row("both: the field counts")
            .send(form("/api/auth/token/?next=%2Fquery", &format!("{GOOD}&next=%2Ffield")), led("/field")),
        row("another site").send(with("https%3A%2F%2Fevil.example"), led("/home")),
        row("another host").send(with("%2F%2Fevil.example"), led("/home")),
        row("a backslash").send(with("%2F%5Cevil.example"), led("/home")),
        row("a line break").send(with("%2Fa%0D%0ASet-Cookie%3A+a%3Db"), led("/home")),
        row("two of them").send(form(LOGIN, &format!("{GOOD}&next=/a&next=//evil.example")), led("/home")),
        row("another host in the query")
            .send(form("/api/auth/token/?next=//evil.example", GOOD), led("/home")),
        row("a failure keeps no way to another site").send(
            form(LOGIN, &format!("{WRONG}&next=//evil.example")),
            to("/login?error=invalid_credentials"),
        ),
        row("the page that it comes from is another site's").send(
            form(LOGIN, WRONG).line("Referer: https://evil.example/a"),
            to("/login?error=invalid_credentials"),
        ),
    ]
}

/// Who reads JSON gets JSON, as without pages.
fn no_forms() -> Vec<Scenario> {
    let row = |name| scenario("form of a page", name);
    let wrong = || problem("invalid_credentials");
    let script = |accept: &str| post(LOGIN).body(FORM, WRONG).line(format!("Accept: {accept}"));
    vec![
        row("JSON").send(post(LOGIN).json(r#"{"username":"alice","password":"x"}"#).line(HTML), wrong()),
        row("curl sends a form").send(script("*/*"), wrong()),
        row("a script sends a form").send(script("application/json, text/plain, */*"), wrong()),
        row("fetch sends a form, whatever it accepts").send(
            script("text/html")
                .line("Sec-Fetch-Mode: cors")
                .line("Sec-Fetch-Dest: empty")
                .site("same-origin"),
            wrong(),
        ),
        row("a form to a route without a page")
            .send(form("/api/auth/token/verify/", ""), problem("not_authenticated")),
        row("a form in token mode")
            .config(|config| config.token_mode(true))
            .send(form(LOGIN, WRONG).line("Cookiejwt-Mode: token"), wrong()),
        row("a form to a user table without pages").send(form("/staff/auth/token/", WRONG), wrong()),
        row("a link to the route")
            .send(get(LOGIN).line(HTML), problem("method_not_allowed").field("allow", "POST")),
        row("fetch sends a form with files").send(
            post(LOGIN).body("multipart/form-data; boundary=x", "--x--").line("Accept: */*"),
            invalid_request(415, "Unsupported Media Type"),
        ),
    ]
}

fn second_factors() -> Vec<Scenario> {
    const ACCESS: &str =
        "__Host-access_token=<at+jwt #6 of #4 for 1, 0..300>; Path=/; Secure; HttpOnly; SameSite=Lax";
    const REFRESH: &str =
        "__Host-refresh_token=<rt+jwt #5 of #4 for 1, 0..86400>; Path=/; Secure; HttpOnly; SameSite=Lax";
    let code = || post("/second-step").body(FORM, "code=123456&step=1").cookie("{one.pending}");
    let row = |name| scenario("form of a page", name).step(Step::Enrol("alice"));
    let after = |location: &str| empty(303).field("location", location);
    vec![
        row("a second factor follows, and the way on is kept")
            .send(form(LOGIN, &format!("{GOOD}&next=/notes")), to("/login/code").pending(1))
            .keep("one")
            .send(code(), after("/notes").sets(4, 6, 5).clears_pending(1).rows(&["#4 live #5"])),
        row("a second factor follows, and the box is not ticked")
            .send(form(LOGIN, "username=alice&password=alice-pw"), to("/login/code").pending(1))
            .keep("one")
            .send(code(), after("/").lines(ACCESS, REFRESH).clears_pending(1).rows(&["#4 live #5"])),
    ]
}

fn fresh() -> Vec<Scenario> {
    let ask = |body: &str| from(form(FRESH, body), "/keys?page=2").cookie("{alice}");
    let row = |name| alice("form of a page", name);
    let begun = |location: &str| to(location).sets(4, 6, 5).rows(&["#1 replaced #2", "#4 live #5"]);
    vec![
        row("a fresh login").send(ask("password=alice-pw&next=/keys"), begun("/keys")),
        row("a fresh login to nowhere else").send(ask("password=alice-pw"), begun("/home")),
        row("a fresh login with a wrong password: back to its page")
            .send(ask("password=x&next=/keys"), to("/keys?page=2&error=invalid_credentials&next=%2Fkeys")),
        row("a second failure takes the place of the first").send(
            from(form(FRESH, ""), "/keys?error=throttled&retry_after=9&a=b").cookie("{alice}"),
            to("/keys?a=b&error=invalid_request"),
        ),
        row("its page is unknown")
            .send(form(FRESH, "password=x").cookie("{alice}"), to("/login?error=invalid_credentials")),
        row("its page is another site's").send(
            form(FRESH, "password=x").line("Referer: https://evil.example/keys").cookie("{alice}"),
            to("/login?error=invalid_credentials"),
        ),
        row("nobody is logged in: back to the page after a login")
            .send(from(form(FRESH, "password=x&next=/b"), "/keys"), {
                to("/login?error=not_authenticated&next=%2Fkeys")
            }),
        row("an access token that ran out").pass(306).send(ask("password=x"), {
            to("/keys?page=2&error=invalid_credentials").sets(1, 5, 4).rows(&["#1 live #4 after #2"])
        }),
        row("from another site").send(ask("password=alice-pw").site("cross-site"), {
            to("/keys?page=2&error=csrf_failed").unasked()
        }),
    ]
}

fn passwords() -> Vec<Scenario> {
    let ask = |body: &str| from(form(PASSWORD, body), "/account").cookie("{alice}");
    let row = |name| alice("form of a page", name);
    vec![
        row("a new password").send(
            ask("current_password=alice-pw&new_password=another%20password&next=/account%3Fchanged"),
            to("/account?changed").sets(4, 6, 5).rows(&["#1 replaced #2", "#4 live #5"]),
        ),
        row("a new password that is too short").send(
            ask("current_password=alice-pw&new_password=short"),
            to("/account?error=password_refused&reason=too_short"),
        ),
        row("a new password, and the old one is wrong").send(
            ask("current_password=x&new_password=another%20password"),
            to("/account?error=invalid_credentials"),
        ),
    ]
}

fn logouts() -> Vec<Scenario> {
    let out = |location: &str| to(location).clears().rows(&["#1 logout #2"]);
    let ask = |body: &str| navigation(LOGOUT, body).cookie("{alice}");
    let row = |name| alice("form of a page", name);
    vec![
        row("a logout").send(ask(""), out("/login")),
        row("a logout, and where to go").send(ask("next=%2F"), out("/")),
        row("a logout that leads away").send(ask("next=%2F%2Fevil.example"), out("/login")),
        row("a logout under its other name")
            .send(navigation("/api/auth/token/blacklist/", "").cookie("{alice}"), out("/login")),
        scenario("form of a page", "a logout of nobody").send(navigation(LOGOUT, ""), to("/login").clears()),
        row("a logout from another site").send(
            form(LOGOUT, "").site("cross-site").origin("https://evil.example").cookie("{alice}"),
            to("/login?error=csrf_failed"),
        ),
        row("a logout while the sessions are away")
            .sessions(Away)
            .send(ask(""), to("/login?error=unavailable").clears()),
        row("a logout clears what is stored, where that is set")
            .config(|config| config.clear_site_data(true))
            .send(ask(""), out("/login").field("clear-site-data", "\"cache\""))
            .send(post(LOGOUT), json("{}").clears().field("clear-site-data", "\"cache\"")),
        row("an own logout clears it too").config(|config| config.clear_site_data(true)).send(
            post("/logout-own").cookie("{alice}"),
            empty(200).clears().field("clear-site-data", "\"cache\"").rows(&["#1 logout #2"]),
        ),
        scenario("form of a page", "stale cookies do not clear what is stored")
            .config(|config| config.clear_site_data(true))
            .send(get("/me").cookie("__Host-access_token=x"), problem("invalid_token").clears()),
    ]
}

/// A form of the application that is sent after the session has ended, or has to be refreshed.
fn sent_late() -> Vec<Scenario> {
    let notes = || from(navigation("/pages/notes", "text=typed"), "/pages/new?draft=1");
    let row = |name| scenario("redirect", name);
    vec![
        row("a form that is posted leads back to its page")
            .send(notes(), to("/login?next=%2Fpages%2Fnew%3Fdraft%3D1")),
        row("a form whose page is unknown").send(navigation("/pages/notes", "text=typed"), to("/login")),
        row("a form of another site's page").send(
            navigation("/pages/notes", "text=typed").line("Referer: https://evil.example/a"),
            to("/login"),
        ),
        row("a form on the login page itself")
            .send(from(navigation("/pages/notes", "text=typed"), "/login?next=%2Fa"), to("/login")),
        row("a form of an old browser")
            .send(from(form("/pages/notes", "text=typed"), "/pages/new"), to("/login?next=%2Fpages%2Fnew")),
        row("a form whose access token ran out is not lost")
            .stale()
            .send(notes().cookie("{alice}"), text(200, "page").sets(1, 5, 4).rows(&["#1 live #4 after #2"])),
        alice("redirect", "a form after a logout elsewhere")
            .step(Step::RevokedElsewhere("alice"))
            .pass(306)
            .send(notes().cookie("{alice}"), {
                to("/login?next=%2Fpages%2Fnew%3Fdraft%3D1").clears().rows(&["#1 logout #2"])
            }),
    ]
}

fn htmx() -> Vec<Scenario> {
    const BODY: &str = r##"{"user_id":"1","session_id":"#1","access_expires_at":"2026-01-01T12:05:00Z","refresh_expires_at":"2026-01-02T12:00:00Z"}"##;
    const PAGE: &str = "HX-Current-URL: https://app.example/pages/list?page=2#row-7";
    let row = |name| scenario("htmx", name);
    let ask = || get("/pages/notes").line("HX-Request: true").line("Accept: */*");
    let nobody = |page: &str| problem("not_authenticated").field("hx-redirect", page);
    let back = "/login?next=%2Fpages%2Flist%3Fpage%3D2";
    let boosted = |request: Request| request.line("HX-Request: true").line("HX-Boosted: true").line(PAGE);
    let wrong = || problem("invalid_credentials").field("hx-redirect", "/login?error=invalid_credentials");
    vec![
        row("a fragment: the page goes to the login").send(ask().line(PAGE), nobody(back)),
        row("a fragment for which htmx accepts HTML, without Fetch Metadata").send(
            get("/pages/notes").line("HX-Request: true").line("Accept: text/html").line(PAGE),
            nobody(back),
        ),
        row("a fragment that is posted")
            .send(post("/pages/notes").body(FORM, "a=b").line("HX-Request: true").line(PAGE), nobody(back)),
        row("a boosted link leads back to what it asks for")
            .send(boosted(get("/pages/notes")), nobody("/login?next=%2Fpages%2Fnotes")),
        row("a boosted form leads back to its page")
            .send(boosted(post("/pages/notes").body(FORM, "a=b")), nobody(back)),
        row("no page is named").send(ask(), nobody("/login")),
        row("another site's page is named")
            .send(ask().line("HX-Current-URL: https://evil.example/a"), nobody("/login")),
        row("a guard without a login page")
            .send(get("/private").line("HX-Request: true").line(PAGE), problem("not_authenticated")),
        row("403 stays 403").log_in("alice").send(
            get("/pages/writing").line("HX-Request: true").line(PAGE).cookie("{alice}"),
            problem("insufficient_scope"),
        ),
        row("a boosted login").send(boosted(post(LOGIN).body(FORM, GOOD)), {
            logged_in(json(BODY).field("hx-redirect", "/home"))
        }),
        row("a boosted login with a wrong password").send(boosted(post(LOGIN).body(FORM, WRONG)), wrong()),
        row("a boosted login that accepts HTML")
            .send(boosted(post(LOGIN).body(FORM, WRONG).line("Accept: text/html")), wrong()),
        row("a boosted logout")
            .log_in("alice")
            .send(boosted(post(LOGOUT).body(FORM, "")).cookie("{alice}"), {
                json("{}").clears().field("hx-redirect", "/login").rows(&["#1 logout #2"])
            }),
        row("a boosted new password").log_in("alice").send(
            boosted(post(PASSWORD).body(FORM, "current_password=alice-pw&new_password=another%20password"))
                .cookie("{alice}"),
            no_content().field("hx-redirect", "/home").sets(4, 6, 5).rows(&["#1 replaced #2", "#4 live #5"]),
        ),
    ]
}

/// The application's own page for what is refused; its clients ask for it with a field of their
/// own.
fn pages() -> Vec<Scenario> {
    let row = |name| scenario("on_problem", name);
    let ask = |request: Request| request.line("X-Page: yes");
    let page = |code: &str, path: &str| {
        let mut page = problem(code).field("content-type", "text/html; charset=utf-8");
        page.set_body(&format!("<p>{code} at {path}</p>"));
        page
    };
    let wrong = r#"{"username":"alice","password":"x"}"#;
    let throttled = (0..5).fold(row("too many wrong passwords"), |row, _| {
        row.send(ask(post(LOGIN).json(wrong)), page("invalid_credentials", LOGIN))
    });
    vec![
        row("a guard").send(ask(get("/private")), page("not_authenticated", "/private")),
        row("a guard that redirects scripts not")
            .send(ask(get("/pages/notes")), page("not_authenticated", "/pages/notes")),
        row("a redirect stays one")
            .send(ask(get("/pages/notes").line(HTML)), to("/login?next=%2Fpages%2Fnotes")),
        row("an extractor").send(ask(get("/me")), page("not_authenticated", "/me")),
        row("a handler")
            .log_in("alice")
            .send(ask(get("/write").cookie("{alice}")), page("insufficient_scope", "/write")),
        row("a built-in route")
            .send(ask(post("/api/auth/token/verify/")), page("not_authenticated", "/api/auth/token/verify/")),
        row("a request from another site")
            .log_in("alice")
            .send(ask(post("/me").site("cross-site").cookie("{alice}")), page("csrf_failed", "/me")),
        throttled.send(ask(post(LOGIN).json(wrong)), page("throttled", LOGIN).field("retry-after", "30")),
        row("a store that is away")
            .stale()
            .sessions(Away)
            .send(ask(get("/me").cookie("{alice}")), page("unavailable", "/me")),
        row("the cookies leave")
            .log_in("alice")
            .send(ask(get("/me").cookie("{alice.forged_access}")), page("invalid_token", "/me").clears()),
        row("the cookies of a refresh leave").stale().send(
            ask(get("/fresh").cookie("{alice}")),
            page("fresh_login_required", "/fresh").sets(1, 5, 4).rows(&["#1 live #4 after #2"]),
        ),
        row("no page for this client").send(get("/private"), problem("not_authenticated")),
        row("another status has no page")
            .log_in("alice")
            .send(ask(get("/missing").cookie("{alice}")), problem("not_found")),
        row("what is let pass has no page")
            .log_in("alice")
            .send(ask(get("/private").cookie("{alice}")), text(200, "private")),
    ]
}

fn not_stored() -> Vec<Scenario> {
    let row = |name| scenario("no_store", name);
    let page = || text(200, "not stored").field("cache-control", "no-store");
    vec![
        row("a guard").log_in("alice").send(get("/unstored").cookie("{alice}"), page()),
        row("a guard, behind a refresh").stale().send(get("/unstored").cookie("{alice}"), {
            page().sets(1, 5, 4).rows(&["#1 live #4 after #2"])
        }),
        row("a guard that refuses").send(get("/unstored"), problem("not_authenticated")),
        row("a handler").log_in("alice").send(get("/own-unstored").cookie("{alice}"), page().unasked()),
    ]
}
