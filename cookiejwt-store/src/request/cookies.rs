//! What a custom login or logout flow hands to the framework.

use std::{fmt, sync::Arc};

use cookiejwt_core::driver::{ResponseHeaders, SessionChange, SetCookies, Tokens};

use super::{
    outbox::{Outbox, Sent},
    reply::Reply,
};
use crate::{authenticator::Authenticator, errors::LoginError, sessions::Unsent};

/// The cookies of a custom login or logout flow; of a login in token mode, the tokens.
///
/// If those of a login are dropped without being sent, the new session is revoked: a handler that
/// fails after the login leaves no session, and the previous one continues.
#[derive(Clone)]
#[must_use = "the user is not logged in or out until the cookies are sent"]
pub struct Cookies {
    auth: Authenticator,
    outbox: Arc<Outbox>,
    sent: Sent,
    tokens: Option<Tokens>,
}

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookies").field("lines", &self.sent.lines).finish_non_exhaustive()
    }
}

impl Cookies {
    pub(super) fn new(
        auth: Authenticator,
        outbox: Arc<Outbox>,
        lines: SetCookies,
        login: Option<(Unsent, Option<Tokens>)>,
    ) -> Self {
        let (unsent, tokens) = login.unzip();
        Self { auth, outbox, sent: Sent { lines, unsent }, tokens: tokens.flatten() }
    }

    /// What becomes of the framework's own session, for an adapter that did not pass it before.
    pub fn session_change(&self) -> Option<&SessionChange> {
        self.sent.lines.session_change()
    }

    /// The authenticator that made them.
    pub fn authenticator(&self) -> &Authenticator {
        &self.auth
    }

    /// The lines. To look at them sends nothing.
    pub fn lines(&self) -> &SetCookies {
        &self.sent.lines
    }

    /// Hands them to the [`Slot`](crate::Slot) of their request, whose layer sends them with the
    /// response, also when that becomes another one on its way out. In token mode, the reply with
    /// the tokens, which takes the place of the application's own response.
    pub fn send(self) -> Option<Reply> {
        let Self { outbox, sent, tokens, .. } = self;
        outbox.put(sent);
        tokens.as_ref().map(Reply::tokens)
    }

    /// The same for a login whose caller has no response: an error if the head has left.
    pub(super) fn send_here(self) -> Result<(), LoginError> {
        if self.outbox.put(self.sent) { Ok(()) } else { Err(LoginError::ResponseSent) }
    }

    /// Writes them into a response, and ends the sessions that a login replaces.
    pub fn write(&self, headers: &mut dyn ResponseHeaders) {
        if let Some(unsent) = &self.sent.unsent {
            unsent.sent();
        }
        self.auth.0.keys.core().write_cookies(&self.sent.lines, headers);
    }
}
