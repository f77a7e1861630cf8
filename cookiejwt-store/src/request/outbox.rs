//! What one request sends besides its decision.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cookiejwt_core::driver::{SessionChange, SetCookies};

use crate::sessions::Unsent;

/// The cookies of a login or logout in one request, for the response to it.
///
/// A handler fills it, and the layer around it writes it. If the response is never sent, what is
/// left in here is dropped, and with it the session of the login.
#[derive(Debug, Default)]
pub(super) struct Outbox(Mutex<Content>);

#[derive(Debug, Default)]
struct Content {
    sent: Option<Sent>,
    has_left: bool,
    never_stored: bool,
}

/// The lines, and what happens when they are sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    pub(super) lines: SetCookies,
    pub(super) unsent: Option<Unsent>,
}

impl Outbox {
    /// For a response whose head has left already.
    pub(super) fn closed() -> Self {
        Self(Mutex::new(Content { has_left: true, ..Content::default() }))
    }

    /// False if the head of the response has left already: then it is dropped.
    pub(super) fn put(&self, sent: Sent) -> bool {
        let mut content = self.content();
        if !content.has_left {
            let earlier = content.sent.take().map(|sent| sent.lines).unwrap_or_default();
            content.sent = Some(Sent { lines: earlier.and(sent.lines), unsent: sent.unsent });
        }
        !content.has_left
    }

    /// Adds lines that say nothing about a session, such as those of a pending login.
    pub(super) fn add(&self, lines: &SetCookies) {
        let mut content = self.content();
        if content.has_left || lines.is_empty() {
            return;
        }
        let Sent { lines: earlier, unsent } = content.sent.take().unwrap_or_default();
        content.sent = Some(Sent { lines: earlier.and(lines.clone()), unsent });
    }

    /// The response is not stored, whatever its handler says about caching.
    pub(super) fn never_store(&self) {
        self.content().never_stored = true;
    }

    pub(super) fn is_never_stored(&self) -> bool {
        self.content().never_stored
    }

    pub(super) fn has_left(&self) -> bool {
        self.content().has_left
    }

    pub(super) fn is_empty(&self) -> bool {
        self.content().sent.is_none()
    }

    pub(super) fn session_change(&self) -> Option<SessionChange> {
        self.content().sent.as_ref()?.lines.session_change().cloned()
    }

    pub(super) fn take(&self) -> Option<Sent> {
        self.content().sent.take()
    }

    /// The login that takes effect when the response is sent.
    pub(super) fn unsent(&self) -> Option<Unsent> {
        self.content().sent.as_ref()?.unsent.clone()
    }

    /// The head of the response is written now; the lines for it.
    pub(super) fn leave(&self) -> Option<SetCookies> {
        let mut content = self.content();
        content.has_left = true;
        let Sent { lines, unsent } = content.sent.clone()?;
        drop(content);
        if let Some(unsent) = unsent {
            unsent.sent();
        }
        Some(lines)
    }

    /// Nothing that is done while the lock is held can leave it half-written.
    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
