//! A browser that is operated by standard `WebDriver` commands only, with or without JavaScript, so
//! that a story is the same in every engine.

use std::ops::Deref;

use fantoccini::Locator;
use url::Url;

use crate::{
    engine::{Engine, Scripts, Session, Terms},
    page::{Page, until, visible},
};

/// A browser with a profile of its own; closed when dropped.
#[derive(Debug)]
pub struct Plain(Session);

impl Plain {
    /// Opens a browser of this engine.
    pub async fn open(engine: Engine, scripts: Scripts) -> Self {
        Self(engine.open(Terms { scripts, ..Terms::default() }).await)
    }

    /// Presses the button or follows the link of this name.
    pub async fn click(&self, name: &str) {
        let path = format!("//button[normalize-space() = '{name}'] | //a[normalize-space() = '{name}']");
        let button = visible(&self.client, &path).await;
        button.click().await.unwrap_or_else(|error| panic!("{name}: {error}"));
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
        let url: Url = self.address().await.parse().expect("an address");
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

/// What a user does in every browser.
impl Deref for Plain {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.0
    }
}
