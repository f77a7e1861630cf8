//! Device-bound sessions, as Chromium's `DevTools` report and change them.

use serde_json::{Value, json};

use crate::{Browser, page::until};

/// What the browser reports about a device-bound session.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceEvent {
    /// What happened.
    pub kind: DeviceEventKind,
    /// Whether the browser calls it a success.
    pub succeeded: bool,
    /// The site, such as `https://story.test`.
    pub site: String,
    /// The identifier of the session; empty if the browser does not report it.
    pub session: String,
    /// How it ended, in the words of the browser.
    pub result: String,
    /// Everything that it reports.
    pub details: Value,
}

/// The kinds of a [`DeviceEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceEventKind {
    /// A registration; its result is that of the request.
    Creation,
    /// A renewal.
    Refresh,
    /// The browser has deleted a session; the result is the reason.
    Termination,
    /// A challenge of the server.
    Challenge,
}

impl DeviceEvent {
    /// From an entry of chromedriver's performance log.
    pub(crate) fn read(entry: &Value) -> Option<Self> {
        let entry: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
        let (event, details) = (&entry["message"]["method"], &entry["message"]["params"]);
        if event != "Network.deviceBoundSessionEventOccurred" {
            return None;
        }
        let (kind, result) = DeviceEventKind::NAMES
            .into_iter()
            .find_map(|(kind, part, result)| Some((kind, details.get(part)?.get(result)?.as_str()?)))?;
        let text = |name: &str| details[name].as_str().unwrap_or_default().to_owned();
        Some(Self {
            kind,
            succeeded: details["succeeded"] == true,
            site: text("site"),
            session: text("sessionId"),
            result: result.to_owned(),
            details: details.clone(),
        })
    }
}

impl DeviceEventKind {
    const NAMES: [(Self, &str, &str); 4] = [
        (Self::Creation, "creationEventDetails", "fetchResult"),
        (Self::Refresh, "refreshEventDetails", "refreshResult"),
        (Self::Termination, "terminationEventDetails", "deletionReason"),
        (Self::Challenge, "challengeEventDetails", "challengeResult"),
    ];
}

impl Browser {
    /// From now on the active tab reports on device-bound sessions. Requires that it has a page
    /// open.
    pub async fn watch_devices(&self) {
        self.devtools("Network.enableDeviceBoundSessions", json!({ "enable": true })).await;
    }

    /// Everything reported on device-bound sessions so far, also those of other sites.
    pub async fn device_events(&self) -> Vec<DeviceEvent> {
        self.observe().await;
        self.devices.borrow().clone()
    }

    /// Waits until something of this kind is reported for the site of this origin, ignoring the
    /// first `seen` events.
    pub async fn device_event(&self, seen: usize, kind: DeviceEventKind, origin: &str) -> DeviceEvent {
        let is_it = |event: &DeviceEvent| event.kind == kind && is_of(&event.site, origin);
        until(&format!("{kind:?} at {origin}"), async || {
            self.device_events().await.into_iter().skip(seen).find(is_it)
        })
        .await
    }

    /// Deletes one cookie of the page at this address. A browser renews a bound session for the
    /// next request if its access cookie is missing.
    pub async fn delete_cookie(&self, url: &str, name: &str) {
        self.devtools("Network.deleteCookies", json!({ "name": name, "url": url })).await;
    }

    /// The browser forgets a device-bound session and its key, as if it had been lost.
    pub async fn lose_device_session(&self, event: &DeviceEvent) {
        let key = json!({ "site": event.site, "id": event.session });
        self.devtools("Network.deleteDeviceBoundSession", json!({ "key": key })).await;
    }
}

/// A site has no port.
fn is_of(site: &str, origin: &str) -> bool {
    origin.strip_prefix(site).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}
