#![allow(dead_code, reason = "one of the two test binaries uses a part of it")]

use std::net::{SocketAddr, TcpListener};

use browser::{Browser, DeviceEvent, DeviceEventKind::Creation, Door, Exchange};
use serde_json::json;

use crate::common::{ACCESS, Home, LOGIN, LOGOUT, PASSWORD, Server, USER};

pub(crate) const DEVICE: &str = "/api/auth/device/";
pub(crate) const RENEWAL: &str = "/api/auth/device/refresh/";
pub(crate) const ME: &str = "/api/me";

/// A page that sends no requests: a picture has no icon.
pub(crate) const QUIET: &str = "/favicon.svg";

/// The example, which offers device-bound sessions, as a site of its own.
pub(crate) struct Site {
    pub(crate) door: Door,
    pub(crate) server: Server,
    pub(crate) home: Home,
}

/// An address that nothing listens on yet.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port")
}

impl Site {
    pub(crate) async fn open(name: &str) -> Self {
        Self::open_with(name, &[]).await
    }

    pub(crate) async fn open_with(name: &str, variables: &[(&str, &str)]) -> Self {
        let home = Home::new();
        let server = home.start(&[&[("COOKIEJWT_DEVICE_BOUND", "offer")], variables].concat());
        Self { door: Door::site(name, server.address()).await, server, home }
    }

    /// A site where the browser has logged in and registered, with a quiet page open.
    pub(crate) async fn bound(name: &str, browser: &Browser) -> Self {
        let site = Self::open(name).await;
        site.binds(browser).await;
        site
    }

    /// Stops the server, and checks that it logged no error until then.
    pub(crate) fn closes(self) {
        let log = self.server.kill();
        assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
    }

    pub(crate) async fn visit(&self, browser: &Browser, path: &str) {
        browser.goto(&self.door.url(path)).await;
        browser.watch_devices().await;
    }

    /// Opens a quiet page, logs in and waits until the browser has registered.
    pub(crate) async fn binds(&self, browser: &Browser) -> DeviceEvent {
        self.visit(browser, QUIET).await;
        self.binds_as(browser, USER, true).await
    }

    /// The page logs this user in. Returns as soon as the browser has registered.
    pub(crate) async fn binds_as(&self, browser: &Browser, user: &str, remember: bool) -> DeviceEvent {
        let seen = browser.device_events().await.len();
        assert_eq!(browser.run(&login(user, remember)).await, 200);
        self.has_bound(browser, seen).await
    }

    /// Waits until the browser has registered, ignoring the first `seen` events.
    pub(crate) async fn has_bound(&self, browser: &Browser, seen: usize) -> DeviceEvent {
        let event = browser.device_event(seen, Creation, &self.door.origin()).await;
        assert!(event.succeeded, "{event:?}\n{}", self.server.log());
        event
    }

    /// The access cookie reaches its age.
    pub(crate) async fn expire(&self, browser: &Browser) {
        browser.delete_cookie(&self.door.url("/"), ACCESS).await;
    }

    /// The page asks who the user is. Returns what came through the door until the answer.
    pub(crate) async fn me(&self, browser: &Browser) -> Vec<Exchange> {
        let seen = self.door.seen();
        browser.run(&format!("await fetch('{ME}')")).await;
        self.until_answered(seen, ME).await
    }

    /// The same with an access cookie that has reached its age, in short.
    pub(crate) async fn me_later(&self, browser: &Browser) -> String {
        self.expire(browser).await;
        in_short(&self.me(browser).await)
    }

    /// What came through the door after `seen`, as soon as a request to this path is answered.
    pub(crate) async fn until_answered(&self, seen: usize, path: &str) -> Vec<Exchange> {
        self.door.answer(seen, "GET", path).await;
        self.door.requests(seen)
    }
}

/// The body of an async function that logs a user in and returns the status.
fn login(user: &str, remember: bool) -> String {
    let body = json!({ "username": user, "password": PASSWORD, "remember": remember }).to_string();
    format!(
        "return (await fetch('{LOGIN}', {{ method: 'POST', body: JSON.stringify({body}), \
         headers: {{ 'Content-Type': 'application/json' }} }})).status"
    )
}

/// The code of the problem that the page is told when it asks who the user is.
pub(crate) async fn code(browser: &Browser) -> String {
    let code = browser.run(&format!("return (await (await fetch('{ME}')).json()).code")).await;
    code.as_str().unwrap_or_default().to_owned()
}

/// What came through a door, in short: `device200` is a registration with that answer, `r403` a
/// renewal, `me200` a request to that path.
pub(crate) fn in_short(exchanges: &[Exchange]) -> String {
    let short = |exchange: &Exchange| {
        let path = match exchange.path.as_str() {
            RENEWAL => "r",
            DEVICE => "device",
            LOGOUT => "logout",
            path => path.trim_start_matches("/api").trim_matches('/'),
        };
        format!("{path}{}", exchange.status)
    };
    exchanges.iter().map(short).collect::<Vec<_>>().join(" ")
}

/// Why the browser says that it did not renew.
pub(crate) fn skipped(exchanges: &[Exchange]) -> Option<&str> {
    exchanges.last()?.sent.get("secure-session-skipped").map(String::as_str)
}
