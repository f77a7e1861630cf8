//! Who receives events.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tracing::error;

use super::{event::Event, log::TARGET};

type Hook = Box<dyn Fn(&Event<'_>) + Send + Sync>;

/// Who receives events.
#[derive(Default)]
pub(crate) struct Hooks(Vec<Hook>);

impl Hooks {
    pub(crate) fn with(mut self, hook: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.0.push(Box::new(hook));
        self
    }

    /// One that panics takes no request down, and keeps nothing from the others.
    pub(super) fn tell(&self, event: &Event<'_>) {
        for hook in &self.0 {
            if catch_unwind(AssertUnwindSafe(|| hook(event))).is_err() {
                error!(target: TARGET, "a hook of `on_event` panicked");
            }
        }
    }
}
