//! A login whose cookies are not sent yet, and which is revoked if they never are.

use cookiejwt_core::{SessionId, store::RevocationReason};

use super::part::Sessions;

/// A session whose cookies are not sent yet. Unless they are, it is revoked again, also when the
/// client hangs up or a store panics in between: otherwise a session that no client has would be in
/// the user's list, and count for their limit.
#[must_use]
pub(crate) struct UnsentLogin {
    sessions: Sessions,
    session: Option<SessionId>,
}

impl UnsentLogin {
    /// Made before the row is: a store whose answer is lost may have written it.
    pub(super) fn new(sessions: &Sessions, session: &SessionId) -> Self {
        Self { sessions: sessions.clone(), session: Some(session.clone()) }
    }

    /// The cookies are sent.
    pub(super) fn sent(mut self) {
        self.session = None;
    }

    /// They are not. A revocation that fails is tried again in the background.
    pub(super) async fn revoke(mut self, reason: RevocationReason) {
        if let Some(session) = self.session.take() {
            let _ = self.sessions.revoke_session(session, reason).await;
        }
    }
}

impl Drop for UnsentLogin {
    fn drop(&mut self) {
        let Some(session) = self.session.take() else { return };
        // Without a runtime the process ends.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let sessions = self.sessions.clone();
            runtime.spawn(async move { sessions.revoke_session(session, RevocationReason::Replaced).await });
        }
    }
}
