//! Runs a story in Chromium, or reports that it is skipped.

use crate::{Browser, Chromium, Engine, Look};

/// Runs a story in a Chromium that was prepared for it; skips it as
/// [`Engine::is_there`] says.
pub fn in_chromium(prepared: impl FnOnce(Chromium) -> Chromium, story: impl AsyncFnOnce(&Browser)) {
    with_chromium(prepared, async |chromium| story(&Browser::open(chromium, Look::DESKTOP).await).await);
}

/// The same for a story that opens its browsers.
pub fn with_chromium(prepared: impl FnOnce(Chromium) -> Chromium, story: impl AsyncFnOnce(&Chromium)) {
    if !Engine::Chromium.is_there() {
        return;
    }
    let chromium = prepared(Chromium::installed().expect("it is there"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(story(&chromium));
}
