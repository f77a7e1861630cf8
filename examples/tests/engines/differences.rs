//! What the engines do differently: one column of the guide's table for each.

use std::{path::Path, time::Duration};

use browser::{Engine, Exchange, Session, Terms};
use http::uri::Scheme;
use serde_json::json;

use crate::{
    common::{PASSWORD, REFRESH, USER},
    house::House,
};

/// What was observed in one engine, in the order of the rows.
pub(crate) type Column = Vec<(&'static str, String)>;

/// Longer than the leeway that the server is started with.
const LEEWAY: (&str, &str) = ("COOKIEJWT_REUSE_LEEWAY", "1");

pub(crate) async fn column(engine: Engine) -> Column {
    let mut column = Column::new();
    kept(engine, &mut column).await;
    fetch_metadata(engine, Scheme::HTTP, &mut column).await;
    fetch_metadata(engine, Scheme::HTTPS, &mut column).await;
    prepared(engine, &mut column).await;
    back(engine, &mut column).await;
    crash(engine, &mut column).await;
    column
}

/// The body of an async function that signs the user of the tests in and returns the status.
fn login() -> String {
    let body = json!({ "username": USER, "password": PASSWORD, "remember": true }).to_string();
    format!(
        "return (await fetch('/api/auth/token/', {{ method: 'POST', body: JSON.stringify({body}), \
         headers: {{ 'Content-Type': 'application/json' }} }})).status"
    )
}

/// A quiet page with a user who has signed in.
async fn signed_in(house: &House, page: &Session) {
    page.goto(&house.door.url("/health")).await;
    assert_eq!(page.run(&login()).await, 200);
}

/// The answer to one request of a script of the page.
async fn ask(house: &House, page: &Session, method: &str, path: &str) -> Exchange {
    let seen = house.door.seen();
    page.run(&format!("await fetch('{path}', {{ method: '{method}' }}).catch(() => {{}})")).await;
    house.answer(seen, method, path).await
}

async fn kept(engine: Engine, column: &mut Column) {
    for (row, scheme, variables) in [
        ("cookies of `http://localhost` are kept", Scheme::HTTP, &[][..]),
        ("the same with `COOKIEJWT_SECURE=false`", Scheme::HTTP, &[("COOKIEJWT_SECURE", "false")]),
        ("cookies of `https://localhost` are kept", Scheme::HTTPS, &[]),
    ] {
        let house = House::open(scheme, variables).await;
        let page = engine.open(Terms::default()).await;
        signed_in(&house, &page).await;
        let kept = ask(&house, &page, "GET", "/api/me").await.status == 200;
        column.push((row, if kept { "yes" } else { "no" }.into()));
        house.closes();
    }
}

/// `site, mode, dest` and `Origin` of a request.
fn metadata(sent: &Exchange, house: &House) -> String {
    let field = |name: &str| sent.sent.get(name).map_or("–", String::as_str);
    let origin = match field("origin") {
        "–" => "no `Origin`",
        "null" => "`Origin: null`",
        origin if house.door.url("/").starts_with(origin) => "own `Origin`",
        _ => "foreign `Origin`",
    };
    let fetch = ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"].map(field);
    match fetch {
        ["–", "–", "–"] => format!("nothing; {origin}"),
        [site, mode, dest] => format!("{site}, {mode}, {dest}; {origin}"),
    }
}

/// One way for a page to send a request.
struct Way {
    rows: [&'static str; 2],
    method: &'static str,
    path: &'static str,
    foreign: bool,
    script: &'static str,
}

const FORM: &str = "const form = document.createElement('form'); form.method = 'post'; \
    form.action = arguments_target; document.documentElement.append(form); form.submit();";
const LINK: &str = "const link = document.createElement('a'); link.href = arguments_target; \
    document.documentElement.append(link); link.click();";

const WAYS: [Way; 6] = [
    Way {
        rows: ["http: a link", "https: a link"],
        method: "GET",
        path: "/api/optional",
        foreign: false,
        script: LINK,
    },
    Way {
        rows: ["http: `fetch`, POST", "https: `fetch`, POST"],
        method: "POST",
        path: "/api/demo/expire",
        foreign: false,
        script: "fetch(arguments_target, { method: 'POST' });",
    },
    Way {
        rows: ["http: a form, POST", "https: a form, POST"],
        method: "POST",
        path: "/api/demo/expire",
        foreign: false,
        script: FORM,
    },
    Way {
        rows: ["http: `EventSource`", "https: `EventSource`"],
        method: "GET",
        path: "/api/me",
        foreign: false,
        script: "new EventSource(arguments_target);",
    },
    Way {
        rows: ["http: a link of another site", "https: a link of another site"],
        method: "GET",
        path: "/api/optional",
        foreign: true,
        script: LINK,
    },
    Way {
        rows: ["http: a form of another site, POST", "https: a form of another site, POST"],
        method: "POST",
        path: "/api/demo/expire",
        foreign: true,
        script: FORM,
    },
];

async fn fetch_metadata(engine: Engine, scheme: Scheme, column: &mut Column) {
    let secure = scheme == Scheme::HTTPS;
    let house = House::open(scheme, &[]).await;
    let page = engine.open(Terms::default()).await;
    for way in WAYS {
        let from = house.door.url("/health");
        // To a browser, 127.0.0.1 and localhost are two sites.
        let from = if way.foreign { from.replace("localhost", "127.0.0.1") } else { from };
        page.goto(&from).await;
        let seen = house.door.seen();
        let target = house.door.url(way.path);
        page.run(&way.script.replace("arguments_target", &format!("'{target}'"))).await;
        let sent = house.answer(seen, way.method, way.path).await;
        let [http, https] = way.rows;
        column.push((if secure { https } else { http }, metadata(&sent, &house)));
    }
    house.closes();
}

/// Pages that a browser loads ahead: it sends `Sec-Purpose`, or no request.
async fn prepared(engine: Engine, column: &mut Column) {
    let house = House::open(Scheme::HTTPS, &[]).await;
    let page = engine.open(Terms::default()).await;
    for (row, script) in [
        (
            "`<link rel=prefetch>`",
            "const link = document.createElement('link'); link.rel = 'prefetch'; link.href = '/api/optional'; \
             document.head.append(link);",
        ),
        (
            "speculation rules, prerender",
            "const rules = document.createElement('script'); rules.type = 'speculationrules'; \
             rules.textContent = '{\"prerender\":[{\"urls\":[\"/api/optional\"],\"eagerness\":\"immediate\"}]}'; \
             document.head.append(rules);",
        ),
    ] {
        page.goto(&house.door.url("/health")).await;
        let seen = house.door.seen();
        page.run(script).await;
        // A later request of the page that has come: one that the browser wants to send ahead has
        // left before it, or does not come.
        page.run("await new Promise((go) => setTimeout(go, 1500)); await fetch('/api/me')").await;
        let sent = house.answered(seen, "GET", "/api/optional");
        let purpose = sent.map(|sent| sent.sent.get("sec-purpose").cloned().unwrap_or_else(|| "–".into()));
        let purpose = purpose.map(|purpose| format!("`Sec-Purpose: {purpose}`"));
        column.push((row, purpose.unwrap_or_else(|| "no request".into())));
    }
    house.closes();
}

/// A private page that is left by a link, and then the session ends in another tab.
async fn back(engine: Engine, column: &mut Column) {
    let house = House::open(Scheme::HTTPS, &[]).await;
    let page = engine.open(Terms::default()).await;
    signed_in(&house, &page).await;
    page.goto(&house.door.url("/api/me")).await;
    page.goto(&house.door.url("/health")).await;
    page.run("await fetch('/api/auth/token/blacklist/', { method: 'POST' })").await;
    let seen = house.door.seen();
    page.back().await;
    let text = page.run("return document.documentElement.innerText").await;
    let shown = text.as_str().unwrap_or_default().contains(USER);
    let asked = house.answered(seen, "GET", "/api/me").is_some();
    let what = match (shown, asked) {
        (true, false) => "shown, not asked for",
        (true, true) => "shown",
        (false, _) => "asked for again: 401",
    };
    column.push(("Back to a private page after a logout", what.into()));
    house.closes();
}

/// The browser is killed a second after a refresh, and opened again after the leeway.
async fn crash(engine: Engine, column: &mut Column) {
    let row = "a crash 1 s after a refresh leaves";
    if engine == Engine::WebKit {
        column.push((row, "not tried: its driver gives it no profile".into()));
        return;
    }
    let house = House::open(Scheme::HTTPS, &[LEEWAY]).await;
    let profile = tempfile::tempdir().expect("a temporary directory");
    let terms = Terms { profile: Some(profile.path()), ..Terms::default() };
    let page = engine.open(terms).await;
    signed_in(&house, &page).await;
    written(engine, profile.path()).await;
    assert_eq!(ask(&house, &page, "POST", "/api/demo/expire").await.status, 204);
    let renewed = ask(&house, &page, "GET", "/api/me").await;
    assert_eq!((renewed.status, renewed.set_cookies.len()), (200, 2), "{renewed:?}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    page.crash();
    let page = engine.open(terms).await;
    page.goto(&house.door.url("/health")).await;
    let after = ask(&house, &page, "GET", "/api/me").await;
    assert_eq!(after.status, 200, "nobody is logged out: {after:?}");
    let new = renewed.set_cookies.iter().find_map(|line| line.strip_prefix(&format!("{REFRESH}=")));
    let new = new.and_then(|line| line.split(';').next()).expect("a refresh cookie");
    let sent = after.sent.get("cookie").map_or("", String::as_str);
    let which = if sent.contains(new) { "the new cookie" } else { "the old cookie; answered once more" };
    column.push((row, which.into()));
    house.closes();
}

/// Waits until the login is on the disk, so that the crash loses the refresh alone.
async fn written(engine: Engine, profile: &Path) {
    let files = match engine {
        Engine::Chromium => &["Default/Cookies", "Default/Network/Cookies"][..],
        Engine::Firefox => &["cookies.sqlite", "cookies.sqlite-wal"],
        Engine::WebKit => &[],
    };
    let has_cookie = |file: &&str| {
        let content = std::fs::read(profile.join(file)).unwrap_or_default();
        content.windows(REFRESH.len()).any(|bytes| bytes == REFRESH.as_bytes())
    };
    browser::until_within(Duration::from_mins(1), "the cookies are on the disk", async || {
        files.iter().any(has_cookie).then_some(())
    })
    .await;
}
