//! A browser that is operated by standard `WebDriver` commands only, with or without JavaScript, so
//! that a story is the same in every engine.

use std::ops::Deref;

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use url::Url;

use crate::{
    chromedriver::{Chromedriver, Chromium},
    page::{field, until, visible},
};

/// The engines in which a story can be told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Engine {
    /// Chromium, through chromedriver.
    Chromium(Chromium),
}

/// Whether pages may run scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scripts {
    /// As usual.
    Run,
    /// As if the user had switched JavaScript off for every site.
    Off,
}

/// A browser with a profile of its own; closed when dropped.
#[derive(Debug)]
pub struct Plain {
    client: Client,
    // Dropped in this order: the browser ends before its profile is deleted.
    _driver: Chromedriver,
    _profile: tempfile::TempDir,
}

impl Engine {
    /// Those that are installed.
    pub fn installed() -> Vec<Self> {
        Chromium::installed().map(Self::Chromium).into_iter().collect()
    }

    /// Its name, for what a test prints.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Chromium(_) => "chromium",
        }
    }

    /// Opens a browser.
    pub async fn open(&self, scripts: Scripts) -> Plain {
        let profile = tempfile::tempdir().expect("a temporary directory");
        let Self::Chromium(chromium) = self;
        let mut capabilities = chromium.capabilities(profile.path());
        if scripts == Scripts::Off {
            let off = json!({ "profile.managed_default_content_settings.javascript": 2 });
            capabilities["goog:chromeOptions"]["prefs"] = off;
        }
        let mut driver = Chromedriver::start(chromium);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        let client = builder.connect(&driver.address).await.expect("the browser starts");
        driver.browser = client.capabilities().and_then(|known| known.get("goog:processID")?.as_u64());
        Plain { client, _driver: driver, _profile: profile }
    }
}

impl Plain {
    /// Opens this address and waits until it has loaded.
    pub async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Replaces the text in the field with this label.
    pub async fn fill(&self, label: &str, text: &str) {
        let field = field(&self.client, label).await;
        field.clear().await.expect("it can be written to");
        field.send_keys(text).await.expect("it can be written to");
    }

    /// Presses the button or follows the link of this name.
    pub async fn click(&self, name: &str) {
        let path = format!("//button[normalize-space() = '{name}'] | //a[normalize-space() = '{name}']");
        let button = visible(&self.client, &path).await;
        button.click().await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    /// Goes back in the history.
    pub async fn back(&self) {
        self.client.back().await.expect("there is a page before");
    }

    /// Waits until the page at this path and query is shown, with this text.
    pub async fn is_at(&self, place: &str, text: &str) {
        until(&format!("{place} reads “{text}”"), async || {
            (self.place().await == place && self.text().await.contains(text)).then_some(())
        })
        .await;
    }

    /// Waits until the page has this text.
    pub async fn reads(&self, text: &str) {
        until(&format!("the page reads “{text}”"), async || {
            self.text().await.contains(text).then_some(())
        })
        .await;
    }

    /// Path and query of the present address.
    pub async fn place(&self) -> String {
        let url: Url = self.client.current_url().await.expect("an address");
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{query}", url.path())
    }

    /// The visible text of the page.
    pub async fn text(&self) -> String {
        // The page may be replaced while it is read.
        let Ok(body) = self.client.find(Locator::Css("body")).await else { return String::new() };
        body.text().await.unwrap_or_default()
    }

    /// The names of the cookies of the present page, sorted.
    pub async fn cookies(&self) -> Vec<String> {
        let cookies = self.client.get_all_cookies().await.expect("cookies");
        let mut names: Vec<_> = cookies.iter().map(|cookie| cookie.name().to_owned()).collect();
        names.sort_unstable();
        names
    }

    /// Deletes a cookie, as its expiry would.
    pub async fn forget(&self, cookie: &str) {
        self.client.delete_cookie(cookie).await.expect("it is deleted");
    }
}

/// What only some stories need.
impl Deref for Plain {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}
