//! What a custom login or logout flow hands to the framework.

use cookiejwt_core::{Login, ResponseHeaders, SessionChange, SetCookies};

use super::framework_session::FrameworkSession;
use crate::{authenticator::Authenticator, errors::LoginError};

/// The cookies of a custom login or logout flow.
#[derive(Clone, Debug)]
#[must_use = "nobody is logged in or out until the cookies are sent"]
pub struct Cookies {
    auth: Authenticator,
    cookies: SetCookies,
}

impl Cookies {
    pub(crate) async fn of_login(
        auth: Authenticator,
        login: Login,
        session: Option<Box<dyn FrameworkSession>>,
    ) -> Result<Self, LoginError> {
        auth.follow(&login.cookies, session.as_deref()).await?;
        Ok(Self { auth, cookies: login.cookies })
    }

    /// The cookies are cleared, also if the framework's session cannot follow.
    pub(crate) async fn of_logout(
        auth: Authenticator,
        cookies: SetCookies,
        session: Option<Box<dyn FrameworkSession>>,
    ) -> Self {
        // A failure is in the log.
        let _ = auth.follow(&cookies, session.as_deref()).await;
        Self { auth, cookies }
    }

    /// What becomes of the framework's own session, for an adapter that did not pass it before.
    pub fn session_change(&self) -> Option<&SessionChange> {
        self.cookies.session_change()
    }

    /// The authenticator that made them.
    pub fn authenticator(&self) -> &Authenticator {
        &self.auth
    }

    /// The lines, for a [`Slot`](crate::Slot) to keep until the response is sent.
    pub fn lines(&self) -> &SetCookies {
        &self.cookies
    }

    /// Writes them into a response.
    pub fn write(&self, headers: &mut dyn ResponseHeaders) {
        self.auth.0.keys.core().write_cookies(&self.cookies, headers);
    }
}
