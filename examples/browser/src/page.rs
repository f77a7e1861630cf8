//! Operates a page as a user does.

use std::time::{Duration, Instant};

use fantoccini::{Client, Locator, elements::Element, key::Key, wd::WindowHandle};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(20);

/// Checks until the condition holds, with a long timeout: for what happens in a page without a
/// user.
pub async fn until<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, ask).await
}

/// The same with another timeout.
pub async fn until_within<T>(patience: Duration, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "this did not happen: {what}");
        tokio::time::sleep(TICK).await;
    }
}

/// The active tab of a browser, of whichever engine: what a user does and sees.
#[derive(Debug)]
pub struct Page {
    pub(crate) client: Client,
}

impl Page {
    /// The active tab.
    pub async fn tab(&self) -> WindowHandle {
        self.client.window().await.expect("a tab")
    }

    /// Makes this tab the active one.
    pub async fn switch_to(&self, tab: &WindowHandle) {
        self.client.switch_to_window(tab.clone()).await.expect("the tab is open");
    }

    /// Opens another tab and makes it the active one.
    pub async fn new_tab(&self) -> WindowHandle {
        let tab = self.client.new_window(true).await.expect("a tab").handle;
        self.switch_to(&tab).await;
        tab
    }

    /// Closes the active tab, even if it waits for a response.
    pub async fn close_tab(&self) {
        self.client.close_window().await.expect("the tab is open");
    }

    /// Opens this address and waits until it has loaded.
    pub async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Reloads the page as a user would.
    pub async fn reload(&self) {
        self.client.refresh().await.expect("it reloads");
    }

    /// Presses the back button.
    pub async fn back(&self) {
        self.client.back().await.expect("there is a page before this one");
    }

    /// The address of the page.
    pub async fn address(&self) -> String {
        self.client.current_url().await.expect("a page").into()
    }

    /// Runs the body of an async function in the page and returns its result.
    pub async fn run(&self, script: &str) -> Value {
        let script = format!("return (async () => {{ {script} }})()");
        self.client.execute(&script, Vec::new()).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Replaces the text in the field with this label.
    pub async fn fill(&self, label: &str, text: &str) {
        let field = self.field(label).await;
        field.clear().await.expect("it can be written to");
        field.send_keys(text).await.expect("it can be written to");
    }

    /// The text in the field with this label.
    pub async fn value(&self, label: &str) -> String {
        let value = self.field(label).await.prop("value").await.expect("a field");
        value.unwrap_or_default()
    }

    /// Presses a button by its accessible name.
    pub async fn click(&self, button: &str) {
        let button = self.button(button).await;
        button.click().await.unwrap_or_else(|error| panic!("it cannot be pressed: {error}"));
    }

    /// Toggles the check box with this label.
    pub async fn tick(&self, label: &str) {
        self.field(label).await.click().await.unwrap_or_else(|error| panic!("{label}: {error}"));
    }

    /// Presses a key in the focused element.
    pub async fn key(&self, key: Key) {
        let focus = self.client.active_element().await.expect("something has the focus");
        focus.send_keys(&char::from(key).to_string()).await.expect("it takes keys");
    }

    /// Waits until the element shows this text.
    pub async fn reads(&self, selector: &str, text: &str) {
        let what = format!("{selector} reads “{text}”");
        until(&what, async || self.text(selector).await.contains(text).then_some(())).await;
    }

    /// The visible text of the first such element; empty if it is not shown.
    pub async fn text(&self, selector: &str) -> String {
        let script = "const found = document.querySelector(arguments[0]); return found?.checkVisibility() ? found.innerText : ''";
        let text = self.client.execute(script, vec![selector.into()]).await;
        text.expect("the page answers").as_str().unwrap_or_default().to_owned()
    }

    /// Whether such an element is visible.
    pub async fn shows(&self, selector: &str) -> bool {
        let script = "return document.querySelector(arguments[0])?.checkVisibility() ?? false";
        self.client.execute(script, vec![selector.into()]).await.expect("the page answers")
            == Value::Bool(true)
    }

    async fn field(&self, label: &str) -> Element {
        let labels = format!("//label[starts-with(normalize-space(), '{label}')]");
        visible(&self.client, &format!("//*[@id = {labels}/@for] | {labels}//input")).await
    }

    async fn button(&self, name: &str) -> Element {
        let path = format!("//button[normalize-space() = '{name}' or @aria-label = '{name}']");
        visible(&self.client, &path).await
    }
}

/// The first visible one on the page.
pub(crate) async fn visible(client: &Client, path: &str) -> Element {
    until(path, async || {
        for element in client.find_all(Locator::XPath(path)).await.ok()? {
            if element.is_displayed().await.unwrap_or(false) {
                return Some(element);
            }
        }
        None
    })
    .await
}
