use browser::{Browser, DeviceEvent, DeviceEventKind, Door, Exchange};

use crate::script::{ACCESS, DEVICE, RENEWAL, Script};

/// A site of its own, with the scripted server behind its door.
pub(crate) struct Site {
    pub(crate) script: Script,
    pub(crate) door: Door,
}

impl Site {
    pub(crate) async fn open(name: &str) -> Self {
        let script = Script::default();
        let door = Door::site(name, script.start().await).await;
        Self { script, door }
    }

    /// A site where the browser is logged in and has registered.
    pub(crate) async fn bound(name: &str, browser: &Browser) -> Self {
        let site = Self::open(name).await;
        site.binds(browser).await;
        site
    }

    /// Opens the page, logs in and waits until the browser has registered.
    pub(crate) async fn binds(&self, browser: &Browser) -> DeviceEvent {
        self.visit(browser).await;
        let seen = browser.device_events().await.len();
        log_in(browser).await;
        let event = browser.device_event(seen, DeviceEventKind::Creation, &self.door.origin()).await;
        assert!(event.succeeded, "{event:?}");
        event
    }

    pub(crate) async fn visit(&self, browser: &Browser) {
        browser.goto(&self.door.url("/")).await;
        browser.watch_devices().await;
    }

    /// The access cookie reaches its age.
    pub(crate) async fn expire(&self, browser: &Browser) {
        browser.delete_cookie(&self.door.url("/"), ACCESS).await;
    }

    /// The page asks who the user is. Returns what came through the door until the answer.
    pub(crate) async fn me(&self, browser: &Browser) -> Vec<Exchange> {
        let seen = self.door.seen();
        browser.run("await fetch('/me')").await;
        self.until_answered(seen, "/me").await
    }

    /// What came through the door after `seen`, as soon as a request to this path is answered.
    pub(crate) async fn until_answered(&self, seen: usize, path: &str) -> Vec<Exchange> {
        self.door.answer(seen, "GET", path).await;
        self.door.requests(seen)
    }

    /// Waits until the browser has tried to register.
    pub(crate) async fn registration(&self) -> Exchange {
        self.door.answer(0, "POST", DEVICE).await
    }
}

pub(crate) async fn log_in(browser: &Browser) {
    assert_eq!(browser.run("return (await fetch('/login', { method: 'POST' })).status").await, 200);
}

/// The page has a link to this path, and the user follows it. Returns what comes through the door
/// until the answer.
pub(crate) async fn follow(browser: &Browser, site: &Site, path: &str) -> Vec<Exchange> {
    let seen = site.door.seen();
    browser.run(&format!("setTimeout(() => {{ location.href = '{}' }})", site.door.url(path))).await;
    site.until_answered(seen, path).await
}

/// What came through a door, in short: `device200` is a registration with that answer, `r403` a
/// renewal, `me200` a request to that path.
pub(crate) fn in_short(exchanges: &[Exchange]) -> String {
    let short = |exchange: &Exchange| match exchange.path.as_str() {
        RENEWAL => format!("r{}", exchange.status),
        DEVICE => format!("device{}", exchange.status),
        path => format!("{}{}", path.trim_matches('/'), exchange.status),
    };
    exchanges.iter().map(short).collect::<Vec<_>>().join(" ")
}

/// Why the browser says that it did not renew.
pub(crate) fn skipped(exchanges: &[Exchange]) -> Option<&str> {
    exchanges.last()?.sent.get("secure-session-skipped").map(String::as_str)
}
