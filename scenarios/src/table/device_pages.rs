//! Device-bound sessions: the page that reloads itself, token mode, and forward authentication.

use cookiejwt_store::DeviceBinding;

use super::device::{navigation, offered, offering, unproved_problem};
use crate::{
    Request, Scenario,
    expected::{empty, me, problem, reloads, text},
    request::{get, post, request},
    scenario::Availability::Away,
};

const HTML: &str = "Accept: text/html,application/xhtml+xml,*/*;q=0.8";
const REFRESH: &str = "/api/auth/token/refresh/";

pub(super) fn scenarios() -> Vec<Scenario> {
    [reloaded(), not_reloaded(), token_mode(), forwarded()].concat()
}

fn marked(rule: &'static str, name: &'static str) -> Scenario {
    offered(rule, name).bind().prove()
}

/// A link on another site, followed with an expired access cookie.
fn link(path: &str) -> Request {
    navigation(get(path).line(HTML), "cross-site").cookie("{new.refresh}")
}

fn reloaded() -> Vec<Scenario> {
    let row = |name, request: Request| marked("reload page", name).send(request, reloads());
    vec![
        row("a link on another site", link("/me")),
        row("a link on another origin of the same site", {
            navigation(get("/me").line(HTML), "same-site").cookie("{new.refresh}")
        }),
        row("optional identity is an error, not nobody", link("/optional")),
        row("the current user", link("/user")),
        row("a guard that leads to the login page", link("/pages/notes")),
        row("a guard that requires a fresh login", link("/pages/keys")),
        row("a guard that requires a scope", link("/pages/writing")),
        row("a guard", link("/fresh-guarded")),
        row("no page of the application takes its place", link("/me").line("X-Page: yes")),
        row("a built-in route", link("/api/auth/sessions/")),
        row("the stores are away", link("/me")),
        marked("reload page", "HEAD").send(
            navigation(request("HEAD", "/me"), "cross-site").cookie("{new.refresh}"),
            reloads().without_body(),
        ),
        marked("reload page", "no store is asked").sessions(Away).users(Away).send(link("/me"), reloads()),
        marked("reload page", "a dead access cookie is cleared")
            .pass(306)
            .send(navigation(get("/me"), "cross-site").cookie("{new}"), reloads().clears_access()),
        marked("reload page", "the reload itself is not answered with another one")
            .send(navigation(get("/me"), "same-origin").cookie("{new.refresh}"), unproved_problem()),
        offered("reload page", "row x: the token is from before the binding")
            .bind()
            .pass(306)
            .send(navigation(get("/me"), "cross-site").cookie("{alice.refresh}"), reloads())
            .send(navigation(get("/optional"), "cross-site").cookie("{alice.refresh}"), reloads()),
    ]
}

fn not_reloaded() -> Vec<Scenario> {
    let row = |name, request: Request| marked("no reload page", name).send(request, unproved_problem());
    let ask = |site: &str| get("/me").site(site).cookie("{new.refresh}");
    let framed = |dest: &str| {
        let request = ask("cross-site").line("Sec-Fetch-Mode: navigate");
        request.line(format!("Sec-Fetch-Dest: {dest}"))
    };
    vec![
        row("from the address bar", navigation(get("/me"), "none").cookie("{new.refresh}")),
        row("a frame", framed("iframe")),
        row(
            "an image of another site",
            ask("cross-site").line("Sec-Fetch-Mode: no-cors").line("Sec-Fetch-Dest: image"),
        ),
        row("a fetch", ask("same-origin").line("Sec-Fetch-Mode: cors").line("Sec-Fetch-Dest: empty")),
        row("a prefetch", link("/me").line("Sec-Purpose: prefetch")),
        row("a browser without Fetch Metadata", get("/me").line(HTML).cookie("{new.refresh}")),
        marked("no reload page", "a form of another site")
            .send(navigation(post("/me"), "cross-site").cookie("{new.refresh}"), problem("csrf_failed")),
        marked("no reload page", "the access token is valid")
            .send(navigation(get("/me"), "cross-site").cookie("{new}"), me(1, 1, 5)),
        marked("no reload page", "a page for what is refused, as ever").send(
            ask("same-origin").line("X-Page: yes"),
            {
                let page = unproved_problem().field("content-type", "text/html; charset=utf-8");
                page.with_body("<p>device_proof_required at /me</p>")
            },
        ),
        marked("no reload page", "the login page, as ever").send(
            navigation(get("/pages/notes").line(HTML), "none").cookie("{new.refresh}"),
            empty(303).field("location", "/login?next=%2Fpages%2Fnotes").field("cache-control", "no-store"),
        ),
        marked("no reload page", "optional identity: nobody")
            .send(navigation(get("/optional"), "none").cookie("{new.refresh}"), text(200, "nobody")),
    ]
}

/// Nothing that was in a cookie is traded for tokens.
fn token_mode() -> Vec<Scenario> {
    let on = |rule, name| {
        offering(rule, name)
            .config(|config| config.device_bound(DeviceBinding::Offer).token_mode(true))
            .log_in("alice")
    };
    let trade = |token: &str| {
        let body = format!(r#"{{"refresh":"{token}"}}"#);
        post(REFRESH).json(&body).line("Cookiejwt-Mode: token")
    };
    vec![
        on("row s", "token mode: a marked refresh token")
            .bind()
            .prove()
            .send(trade("{new.refresh_token}"), unproved_problem()),
        on("row x", "token mode: a refresh token from before the binding")
            .bind()
            .send(trade("{alice.refresh_token}"), unproved_problem())
            .pass(306)
            .send(trade("{alice.refresh_token}"), unproved_problem()),
        on("row s", "token mode: never the page that reloads itself").bind().prove().send(
            navigation(get("/me"), "cross-site").cookie("{new.refresh}").line("Cookiejwt-Mode: token"),
            problem("not_authenticated"),
        ),
        on("row s", "a refresh token is no bearer")
            .bind()
            .prove()
            .send(get("/me").bearer("{new.refresh_token}"), problem("invalid_token")),
    ]
}

/// A proxy asks on behalf of other services.
fn forwarded() -> Vec<Scenario> {
    const VERIFY: &str = "/api/auth/token/verify/";
    const CONTINUE: &str = "/api/auth/token/continue/";
    let row = |name| {
        offering("forwarded", name)
            .config(|config| config.device_bound(DeviceBinding::Offer).trusted_proxies(1))
            .log_in("alice")
            .bind()
            .prove()
    };
    let ask = |path: &str, site: &str| {
        let request = get(path).line("X-Forwarded-For: 192.0.2.7").line("X-Forwarded-Method: GET");
        navigation(request, site).line("X-Forwarded-Uri: /page").cookie("{new.refresh}")
    };
    let to = |location: &str| empty(303).field("location", location).field("cache-control", "no-store");
    vec![
        row("no page for the proxy").send(ask(VERIFY, "cross-site"), unproved_problem()),
        row("a link leads to where the browser renews the session").send(
            ask("/api/auth/token/verify/?navigate", "cross-site"),
            to("/api/auth/token/continue/?next=%2Fpage"),
        ),
        row("there, the page reloads itself").send(
            navigation(get("/api/auth/token/continue/?next=/page"), "cross-site").cookie("{new.refresh}"),
            reloads(),
        ),
        row("and the reload leads back").send(
            navigation(get("/api/auth/token/continue/?next=/page"), "same-origin").cookie("{new}"),
            to("/page"),
        ),
        row("without a renewal it leads to the login page")
            .send(navigation(get(CONTINUE), "same-origin").cookie("{new.refresh}"), to("/login")),
    ]
}
