use std::{env, io::Write as _, path::PathBuf};

use browser::{Door, Engine, Plain, Scripts};
use http::uri::Scheme;

use crate::common::{Home, PASSWORD, Request, Server, USER};

/// A running example, and the engine in which the story is told.
pub(crate) struct Stage {
    server: Server,
    /// The way to it over TLS, for an engine that keeps no `Secure` cookie of `http://localhost`.
    door: Option<Door>,
    engine: Engine,
}

/// Tells a story in every engine that is installed, and checks afterwards that the server logged no
/// error.
#[allow(clippy::needless_pass_by_value, reason = "a story is written in place")]
pub(crate) fn in_every_engine(variables: &[(&str, &str)], story: impl AsyncFn(&Stage)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for engine in Engine::ALL {
        if engine.is_there() {
            runtime.block_on(in_engine(engine, variables, &story));
        }
    }
}

async fn in_engine(engine: Engine, variables: &[(&str, &str)], story: impl AsyncFn(&Stage)) {
    println!("in {engine:?}");
    let home = Home::new();
    let server = home.start(variables);
    let door = match engine {
        Engine::WebKit => Some(Door::open(server.address(), Scheme::HTTPS).await),
        _ => None,
    };
    let stage = Stage { server, door, engine };
    story(&stage).await;
    let log = stage.server.kill();
    assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
}

/// A test that cannot run says so.
pub(crate) fn skipped(why: &str) {
    assert!(env::var_os("REQUIRE_ALL_TESTS").is_none_or(|all| all != "1"), "skipped: {why}");
    // Bypasses the capture of the test harness.
    writeln!(std::io::stderr(), "skipped: {why}").expect("standard error is open");
}

/// The script of this version of htmx, which `npm ci` in interop/ has put there.
pub(crate) fn htmx(version: &str) -> Option<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../interop/node_modules");
    let script = PathBuf::from(format!("{folder}/{version}/dist/htmx.min.js"));
    script.exists().then_some(script)
}

impl Stage {
    /// A new browser, with nothing open.
    pub(crate) async fn visitor(&self, scripts: Scripts) -> Plain {
        Plain::open(self.engine, scripts).await
    }

    /// With this page open, after a login on the way to it.
    pub(crate) async fn user_at(&self, path: &str, scripts: Scripts) -> Plain {
        let browser = self.visitor(scripts).await;
        browser.goto(&self.url(path)).await;
        log_in(&browser, PASSWORD).await;
        browser
    }

    /// A URL of the example, with `localhost` as a user would enter it.
    pub(crate) fn url(&self, path: &str) -> String {
        let http = || format!("http://localhost:{}{path}", self.server.address().port());
        self.door.as_ref().map_or_else(http, |door| door.url(path))
    }

    /// The user ends all their other sessions, on another device.
    pub(crate) fn others_end(&self) {
        let phone = self.server.login();
        let answer =
            Request::new(self.server.address(), "DELETE", "/api/auth/sessions/").cookies(&phone).send();
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

pub(crate) async fn log_in(browser: &Plain, password: &str) {
    browser.fill("Username", USER).await;
    browser.fill("Password", password).await;
    browser.click("Log in").await;
}
