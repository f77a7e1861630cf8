//! A login that is taken back.

use cookiejwt_core::{RevocationReason, SessionId};

use crate::authenticator::Authenticator;

/// A session whose cookies have not left yet. Unless they do it is revoked again, also when the client hangs up or a store
/// panics meanwhile: a session that nobody holds would stand in the user's list, and count for his limit.
#[must_use]
pub(crate) struct Unsent {
    auth: Authenticator,
    session: Option<SessionId>,
}

impl Unsent {
    /// Made before the row is: a store whose answer is lost may have written it.
    pub(crate) fn new(auth: &Authenticator, session: &SessionId) -> Self {
        Self { auth: auth.clone(), session: Some(session.clone()) }
    }

    /// The cookies leave.
    pub(crate) fn send(mut self) {
        self.session = None;
    }

    /// They do not. What fails is tried again in the background.
    pub(crate) async fn take_back(mut self, reason: RevocationReason) {
        if let Some(session) = self.session.take() {
            let _ = self.auth.revoke_session(session, reason).await;
        }
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        let Some(session) = self.session.take() else { return };
        // Without a runtime the process ends.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let auth = self.auth.clone();
            runtime.spawn(async move { auth.revoke_session(session, RevocationReason::Replaced).await });
        }
    }
}
