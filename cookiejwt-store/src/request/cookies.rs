//! What a custom login or logout flow hands to the framework.

use std::fmt;

use cookiejwt_core::driver::{Login, ResponseHeaders, SessionChange, SetCookies};

use super::framework_session::FrameworkSession;
use crate::{authenticator::Authenticator, errors::LoginError, sessions::Unsent};

/// The cookies of a custom login or logout flow.
///
/// If the cookies of a login are dropped without being sent, the new session is revoked: a handler
/// that fails after the login leaves no session.
#[derive(Clone)]
#[must_use = "the user is not logged in or out until the cookies are sent"]
pub struct Cookies {
    auth: Authenticator,
    lines: SetCookies,
    unsent: Option<Unsent>,
}

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookies").field("lines", &self.lines).finish_non_exhaustive()
    }
}

impl Cookies {
    pub(crate) async fn of_login(
        auth: Authenticator,
        login: Login,
        session: Option<Box<dyn FrameworkSession>>,
    ) -> Result<Self, LoginError> {
        auth.follow(&login.cookies, session.as_deref()).await?;
        let unsent = Some(Unsent::new(&auth.0.sessions, &login.record.id));
        Ok(Self { auth, lines: login.cookies, unsent })
    }

    /// The cookies are cleared, also if the framework's session cannot follow.
    pub(crate) async fn of_logout(
        auth: Authenticator,
        cookies: SetCookies,
        session: Option<Box<dyn FrameworkSession>>,
    ) -> Self {
        // A failure is in the log.
        let _ = auth.follow(&cookies, session.as_deref()).await;
        Self { auth, lines: cookies, unsent: None }
    }

    /// What becomes of the framework's own session, for an adapter that did not pass it before.
    pub fn session_change(&self) -> Option<&SessionChange> {
        self.lines.session_change()
    }

    /// The authenticator that made them.
    pub fn authenticator(&self) -> &Authenticator {
        &self.auth
    }

    /// The lines, for a [`Slot`](crate::Slot) to keep until the response is sent; from now on they
    /// count as sent.
    pub fn lines(&self) -> &SetCookies {
        self.sent();
        &self.lines
    }

    fn sent(&self) {
        if let Some(unsent) = &self.unsent {
            unsent.sent();
        }
    }

    /// Writes them into a response.
    pub fn write(&self, headers: &mut dyn ResponseHeaders) {
        self.sent();
        self.auth.0.keys.core().write_cookies(&self.lines, headers);
    }
}
