//! A running Chromium: tabs, cookies, complaints.

use std::{cell::RefCell, fs, ops::Deref, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fantoccini::{ClientBuilder, wd::WindowHandle};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::{
    DeviceEvent, Exchange, Look, Page,
    chromedriver::{Chromedriver, Chromium},
    command::Extension,
    exchange::Exchanges,
    page::until,
};

/// How the console reports an error status. These messages are ignored: the responses are checked.
const STATUS: &str = "Failed to load resource: the server responded with a status of";
const UNREACHABLE: &str = "net::ERR_CONNECTION_REFUSED";

/// A browser with its own cookie jar; closed when dropped.
#[derive(Debug)]
pub struct Browser {
    page: Page,
    look: Look,
    pub(crate) exchanges: RefCell<Exchanges>,
    complaints: RefCell<Vec<String>>,
    pub(crate) devices: RefCell<Vec<DeviceEvent>>,
    // Dropped in this order: the browser ends before its profile is deleted.
    driver: Chromedriver,
    _profile: Option<tempfile::TempDir>,
}

/// A stored cookie, with what only the browser knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value, which no script may see.
    pub value: String,
    /// Its attributes: domain, path, `HttpOnly`, `Secure`, `SameSite`.
    pub attributes: (String, String, bool, bool, String),
    /// Whether it is deleted when the browser closes.
    pub session: bool,
}

impl Browser {
    /// Opens a browser with a new profile.
    pub async fn open(chromium: &Chromium, look: Look) -> Self {
        let profile = tempfile::tempdir().expect("a temporary directory");
        let browser = Self::open_at(chromium, look, profile.path()).await;
        Self { _profile: Some(profile), ..browser }
    }

    /// Opens a browser whose profile stays on disk, so that a later one can use it again.
    pub async fn open_at(chromium: &Chromium, look: Look, profile: &Path) -> Self {
        let mut driver = Chromedriver::start(chromium);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(chromium.capabilities(profile));
        let client = builder.connect(&driver.address).await.expect("chromium starts");
        driver.browser = client.capabilities().and_then(|known| known.get("goog:processID")?.as_u64());
        assert!(driver.browser.is_some(), "chromedriver did not report the browser's process");
        let browser = Self {
            page: Page { client },
            look,
            exchanges: RefCell::default(),
            complaints: RefCell::default(),
            devices: RefCell::default(),
            driver,
            _profile: None,
        };
        browser.goto("about:blank").await;
        browser.look_like(look).await;
        browser
    }

    /// Kills the browser as a power failure would: none of its processes can write anything
    /// afterwards.
    pub fn crash(self) {
        drop(self.driver);
    }

    /// Closes it as a user would: what it knows is in its profile afterwards.
    pub async fn close(self) {
        self.page.client.clone().close().await.expect("it closes");
    }

    /// Opens another tab and makes it the active one.
    pub async fn new_tab(&self) -> WindowHandle {
        let tab = self.page.new_tab().await;
        self.look_like(self.look).await;
        tab
    }

    /// All cookies of all sites, sorted by name.
    pub async fn jar(&self) -> Vec<Cookie> {
        let answer = self.devtools("Storage.getCookies", json!({})).await;
        let mut jar: Vec<_> = answer["cookies"].as_array().expect("a list").iter().map(cookie).collect();
        jar.sort_by(|one, other| one.name.cmp(&other.name));
        jar
    }

    /// Stores cookies of another browser for the page at this address, as a thief would.
    pub async fn put_cookies(&self, url: &str, cookies: &[Cookie]) {
        for cookie in cookies {
            let (_, path, http_only, secure, same_site) = &cookie.attributes;
            let mut parameters = json!({
                "name": cookie.name, "value": cookie.value, "url": url,
                "path": path, "httpOnly": http_only, "secure": secure,
            });
            if !same_site.is_empty() {
                parameters["sameSite"] = json!(same_site);
            }
            let answer = self.devtools("Network.setCookie", parameters).await;
            assert_eq!(answer["success"], true, "{cookie:?}");
        }
    }

    /// Presses a button and waits for the response to the request that it sends.
    pub async fn press(&self, button: &str, method: &str, path: &str) -> Exchange {
        let seen = self.seen().await;
        self.click(button).await;
        self.answer(seen, method, path).await
    }

    /// How many requests have been seen so far: where [`answer`](Self::answer) starts to search.
    pub async fn seen(&self) -> usize {
        self.observe().await;
        self.exchanges.borrow().len()
    }

    /// Waits for the response to a request that was sent after `seen`.
    pub async fn answer(&self, seen: usize, method: &str, path: &str) -> Exchange {
        until(&format!("an answer to {method} {path}"), async || {
            self.observe().await;
            self.exchanges.borrow().find(seen, method, path)
        })
        .await
    }

    /// Every response to a request that was sent after `seen`.
    pub async fn answers(&self, seen: usize) -> Vec<Exchange> {
        self.observe().await;
        self.exchanges.borrow().since(seen)
    }

    /// The text of a response's body.
    pub async fn body(&self, exchange: &Exchange) -> String {
        let answer = self.devtools("Network.getResponseBody", json!({ "requestId": exchange.id })).await;
        answer["body"].as_str().expect("text").to_owned()
    }

    /// Changes the device that the page is shown on.
    pub async fn look_like(&self, look: Look) {
        for (command, parameters) in look.commands() {
            self.devtools(command, parameters).await;
        }
    }

    /// A PNG file of the whole page, or of the part that is visible at first.
    pub async fn picture(&self, path: &Path, whole: bool) {
        // Moves the mouse away: a button under it looks different.
        let mouse = json!({ "type": "mouseMoved", "x": 0, "y": 0 });
        self.devtools("Input.dispatchMouseEvent", mouse).await;
        let answer = self.devtools("Page.captureScreenshot", json!({ "captureBeyondViewport": whole })).await;
        let picture = STANDARD.decode(answer["data"].as_str().expect("base64")).expect("base64");
        fs::write(path, picture).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// What the browser has complained about so far: script errors and violations of the content
    /// security policy.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.log("browser").await;
        let loud =
            entries.iter().filter(|entry| ["SEVERE", "WARNING"].map(Value::from).contains(&entry["level"]));
        let texts = loud.map(|entry| entry["message"].as_str().unwrap_or_default());
        let news = texts.filter(|text| !text.contains(STATUS) && !text.contains(UNREACHABLE));
        self.complaints.borrow_mut().extend(news.map(String::from));
        self.complaints.borrow().clone()
    }

    /// Discards the complaints so far, which the test has checked.
    pub fn forgive(&self) {
        self.complaints.borrow_mut().clear();
    }

    /// A command of the Chrome `DevTools` Protocol, for the active tab.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let answer = self.client.issue_cmd(Extension::devtools(command, &parameters)).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Reads the network events since the last call.
    pub(crate) async fn observe(&self) {
        let entries = self.log("performance").await;
        let mut exchanges = self.exchanges.borrow_mut();
        for entry in &entries {
            exchanges.tell(entry);
            self.devices.borrow_mut().extend(DeviceEvent::read(entry));
        }
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.client.issue_cmd(Extension::log(kind)).await.expect("the log is on");
        entries.as_array().cloned().unwrap_or_default()
    }
}

impl Deref for Browser {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}

fn cookie(cookie: &Value) -> Cookie {
    let text = |name: &str| cookie[name].as_str().unwrap_or_default().to_owned();
    let is = |name: &str| cookie[name] == true;
    Cookie {
        name: text("name"),
        value: text("value"),
        attributes: (text("domain"), text("path"), is("httpOnly"), is("secure"), text("sameSite")),
        session: is("session"),
    }
}
