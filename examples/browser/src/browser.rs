use std::{cell::RefCell, fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fantoccini::{Client, ClientBuilder, wd::WindowHandle};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::{
    Exchange, Look,
    chromedriver::{Chromedriver, Chromium},
    command::Extension,
    exchange::Exchanges,
};

/// How the console tells of a status: the answers themselves are checked.
const STATUS: &str = "Failed to load resource: the server responded with a status of";
const UNREACHABLE: &str = "net::ERR_CONNECTION_REFUSED";

/// A browser with a jar of its own; it ends when dropped.
#[derive(Debug)]
pub struct Browser {
    pub(crate) client: Client,
    look: Look,
    pub(crate) exchanges: RefCell<Exchanges>,
    complaints: RefCell<Vec<String>>,
    // In this order: the browser ends before its profile goes.
    driver: Chromedriver,
    _profile: Option<tempfile::TempDir>,
}

/// A cookie of the jar, with what only the browser knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// What no script may see.
    pub value: String,
    /// Its attributes: domain, path, `HttpOnly`, `Secure`, `SameSite`.
    pub attributes: (String, String, bool, bool, String),
    /// Whether it ends with the browser.
    pub session: bool,
}

impl Browser {
    /// A new one, as if it had been installed a moment ago.
    pub async fn open(chromium: &Chromium, look: Look) -> Self {
        let profile = tempfile::tempdir().expect("a temporary directory");
        let browser = Self::open_at(chromium, look, profile.path()).await;
        Self { _profile: Some(profile), ..browser }
    }

    /// One whose profile stays on disk, for another one to come back with.
    pub async fn open_at(chromium: &Chromium, look: Look, profile: &Path) -> Self {
        let mut driver = Chromedriver::start(chromium);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(chromium.capabilities(profile));
        let client = builder.connect(&driver.address).await.expect("chromium starts");
        driver.browser = client.capabilities().and_then(|known| known.get("goog:processID")?.as_u64());
        assert!(driver.browser.is_some(), "it could not be ended");
        let browser = Self {
            client,
            look,
            exchanges: RefCell::default(),
            complaints: RefCell::default(),
            driver,
            _profile: None,
        };
        browser.goto("about:blank").await;
        browser.look_like(look).await;
        browser
    }

    /// As when the power goes: no process of it can write anything down any more.
    pub fn crash(self) {
        drop(self.driver);
    }

    /// Closes the tab in front, whatever it is waiting for.
    pub async fn close_tab(&self) {
        self.client.close_window().await.expect("the tab is open");
    }

    /// Another tab, which is the one in front from now on.
    pub async fn new_tab(&self) -> WindowHandle {
        let tab = self.client.new_window(true).await.expect("a tab").handle;
        self.switch_to(&tab).await;
        self.look_like(self.look).await;
        tab
    }

    /// The tab in front.
    pub async fn tab(&self) -> WindowHandle {
        self.client.window().await.expect("a tab")
    }

    /// Brings this tab to the front.
    pub async fn switch_to(&self, tab: &WindowHandle) {
        self.client.switch_to_window(tab.clone()).await.expect("the tab is open");
    }

    /// Opens this address and waits until it has loaded.
    pub async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// As a person presses reload.
    pub async fn reload(&self) {
        self.client.refresh().await.expect("it reloads");
    }

    /// The page's own words: runs the body of an async function there and gives what it returns.
    pub async fn run(&self, script: &str) -> Value {
        let script = format!("return (async () => {{ {script} }})()");
        self.client.execute(&script, Vec::new()).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// The whole jar, over all sites, sorted by name.
    pub async fn jar(&self) -> Vec<Cookie> {
        let answer = self.devtools("Storage.getCookies", json!({})).await;
        let mut jar: Vec<_> = answer["cookies"].as_array().expect("a list").iter().map(cookie).collect();
        jar.sort_by(|one, other| one.name.cmp(&other.name));
        jar
    }

    /// The text of an answer's body.
    pub async fn body(&self, exchange: &Exchange) -> String {
        let answer = self.devtools("Network.getResponseBody", json!({ "requestId": exchange.id })).await;
        answer["body"].as_str().expect("text").to_owned()
    }

    /// Changes what the person looks at.
    pub async fn look_like(&self, look: Look) {
        for (command, parameters) in look.commands() {
            self.devtools(command, parameters).await;
        }
    }

    /// A PNG file of the whole page, or of what a person sees of it at first.
    pub async fn picture(&self, path: &Path, whole: bool) {
        // Out of the way: a button under the mouse looks different.
        let mouse = json!({ "type": "mouseMoved", "x": 0, "y": 0 });
        self.devtools("Input.dispatchMouseEvent", mouse).await;
        let answer = self.devtools("Page.captureScreenshot", json!({ "captureBeyondViewport": whole })).await;
        let picture = STANDARD.decode(answer["data"].as_str().expect("base64")).expect("base64");
        fs::write(path, picture).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// What the browser found wrong so far: errors of scripts, violations of the content security policy.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.log("browser").await;
        let loud =
            entries.iter().filter(|entry| ["SEVERE", "WARNING"].map(Value::from).contains(&entry["level"]));
        let texts = loud.map(|entry| entry["message"].as_str().unwrap_or_default());
        let news = texts.filter(|text| !text.contains(STATUS) && !text.contains(UNREACHABLE));
        self.complaints.borrow_mut().extend(news.map(String::from));
        self.complaints.borrow().clone()
    }

    /// Forgets the complaints so far, which the test has looked at.
    pub fn forgive(&self) {
        self.complaints.borrow_mut().clear();
    }

    /// A command of the Chrome `DevTools` Protocol, for the tab in front.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let answer = self.client.issue_cmd(Extension::devtools(command, &parameters)).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Reads what crossed the network since the last time.
    pub(crate) async fn observe(&self) {
        let entries = self.log("performance").await;
        let mut exchanges = self.exchanges.borrow_mut();
        for entry in &entries {
            exchanges.tell(entry);
        }
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.client.issue_cmd(Extension::log(kind)).await.expect("the log is on");
        entries.as_array().cloned().unwrap_or_default()
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
