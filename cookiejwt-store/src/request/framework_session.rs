//! The web framework's own session follows the login.

use std::{fmt, future::ready, pin::Pin};

use cookiejwt_core::{
    Problem,
    driver::{SessionChange, SetCookies},
    store::RevocationReason,
};

use super::reply::Reply;
use crate::{authenticator::Authenticator, errors::SessionCookieError};

/// The key in the framework's session for the id of the user that it is bound to.
pub const SESSION_USER_KEY: &str = "cookiejwt_user_id";

/// The framework's own session of one request, for an adapter to a framework that has to await it.
pub trait FrameworkSession: fmt::Debug + Send + Sync {
    /// At [`Begins`](SessionChange::Begins): drops the data unless the change
    /// [keeps](SessionChange::keeps_data_of) it, takes a fresh id, and writes the user's id to
    /// [`SESSION_USER_KEY`]. At [`Ends`](SessionChange::Ends): destroys the session.
    fn carry_out<'a>(
        &'a self,
        change: &'a SessionChange,
    ) -> Pin<Box<dyn Future<Output = Result<(), SessionCookieError>> + Send + 'a>>;
}

/// For an adapter without sessions: refuses logins, with the cure in the log. A logout has nothing
/// to end.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "adapters construct it")]
pub struct NoSession(pub &'static str);

impl FrameworkSession for NoSession {
    fn carry_out<'a>(
        &'a self,
        change: &'a SessionChange,
    ) -> Pin<Box<dyn Future<Output = Result<(), SessionCookieError>> + Send + 'a>> {
        Box::pin(ready(match change {
            SessionChange::Begins { .. } => Err(SessionCookieError::Missing(self.0)),
            SessionChange::Ends => Ok(()),
        }))
    }
}

impl Authenticator {
    /// Lets the framework's session follow an endpoint's reply. If it cannot, the new cookiejwt
    /// session is revoked and the login fails; a logout still clears the cookies, and returns 503.
    pub async fn change_session(&self, reply: Reply, session: &dyn FrameworkSession) -> Reply {
        let Some(change) = reply.session_change() else { return reply };
        let Err(error) = self.apply_session_change(change, session).await else { return reply };
        if let SessionChange::Begins { .. } = change {
            return Reply::problem((&error).into());
        }
        // As when the token store is unavailable.
        let mut failed = Reply::problem(Problem::Unavailable);
        self.core().write_cookies(&self.core().clear_cookies(), &mut failed.headers);
        failed
    }

    /// The same for the cookies of a custom login or logout flow.
    pub(crate) async fn follow(
        &self,
        cookies: &SetCookies,
        session: Option<&dyn FrameworkSession>,
    ) -> Result<(), SessionCookieError> {
        let (Some(change), Some(session)) = (cookies.session_change(), session) else { return Ok(()) };
        self.apply_session_change(change, session).await
    }

    async fn apply_session_change(
        &self,
        change: &SessionChange,
        session: &dyn FrameworkSession,
    ) -> Result<(), SessionCookieError> {
        let result = session.carry_out(change).await;
        if let Err(error) = &result {
            match error {
                SessionCookieError::Store(error) => self.0.events.store_failed("session_cookie", error),
                SessionCookieError::Missing(_) => tracing::error!("{error}"),
            }
            self.drop_login(change).await;
        }
        result
    }

    /// Revokes the session of a login whose cookies will not be sent.
    pub async fn drop_login(&self, change: &SessionChange) {
        if let SessionChange::Begins { session, .. } = change {
            let _ = self.revoke_session(session.clone(), RevocationReason::Logout).await;
        }
    }
}
