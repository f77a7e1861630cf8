//! The public methods that list and end sessions.

use cookiejwt_core::{
    Identity, Problem, SessionId,
    driver::{RequestHead, SetCookies},
    fault::CsrfDenial,
    store::RevocationReason,
};

use super::Authenticator;
use crate::{
    errors::StoreError,
    sessions::{LoggedOut, SessionInfo},
};

impl Authenticator {
    /// Ends the sessions that the request's signed tokens identify. Refused only by the CSRF check.
    pub async fn logout(
        &self,
        head: RequestHead<'_>,
        body_refresh: Option<&str>,
    ) -> Result<LoggedOut, CsrfDenial> {
        self.0.sessions.logout(head, body_refresh).await
    }

    /// Ends these sessions, and returns the lines that clear both cookies. An unavailable store
    /// changes neither: the revocation is logged, remembered on this node, and tried again.
    pub async fn end_sessions(&self, sessions: Vec<SessionId>) -> SetCookies {
        self.0.sessions.end_sessions(sessions).await
    }

    /// Ends every session of this identity's user, including the current one. Clear the cookies as
    /// well.
    ///
    /// # Errors
    ///
    /// [`Problem::Acting`] when another user acts in this session, and
    /// [`Problem::Unavailable`] when the store is unavailable.
    pub async fn logout_everywhere(&self, identity: &Identity) -> Result<u64, Problem> {
        self.0.sessions.logout_everywhere(identity).await
    }

    /// Ends one session at once.
    pub async fn revoke_session(&self, id: SessionId, reason: RevocationReason) -> Result<(), StoreError> {
        self.0.sessions.revoke_session(id, reason).await
    }

    /// Returns the active sessions of this identity's user, newest first.
    pub async fn sessions(&self, who: &Identity) -> Result<Vec<SessionInfo>, StoreError> {
        self.0.sessions.list(who).await
    }

    /// Ends one session of this identity's user. Returns `None` if they have no such session; one
    /// that has ended already counts as ended.
    ///
    /// The returned lines clear both cookies if it was the current session and a cookie contained
    /// it; otherwise there are none.
    ///
    /// # Errors
    ///
    /// [`Problem::Acting`] when another user acts in this session, and
    /// [`Problem::Unavailable`] when the store is unavailable.
    pub async fn end_session(&self, who: &Identity, id: &SessionId) -> Result<Option<SetCookies>, Problem> {
        self.0.sessions.end_session(who, id).await
    }

    /// Ends every session of this identity's user except the current one. Returns how many there
    /// were.
    ///
    /// # Errors
    ///
    /// [`Problem::Acting`] when another user acts in this session, and
    /// [`Problem::Unavailable`] when the store is unavailable.
    pub async fn end_other_sessions(&self, who: &Identity) -> Result<u64, Problem> {
        self.0.sessions.end_other_sessions(who).await
    }

    /// Polls the store for sessions that were revoked, here and on other nodes. Runs automatically
    /// every second at [`RevocationLevel::Feed`](cookiejwt_core::RevocationLevel::Feed).
    pub async fn poll_revocations(&self) -> Result<(), StoreError> {
        self.0.sessions.poll_revocations().await
    }

    /// Writes the recorded receipts, so that a used refresh token that comes back is recognised.
    /// Returns how many rows were changed. Runs automatically every second.
    pub async fn write_receipts(&self) -> Result<u64, StoreError> {
        self.0.sessions.write_receipts().await
    }

    /// Deletes the sessions that no longer have a valid token, in small batches. Returns how many
    /// there were. Runs automatically about once an hour; call it if the application has its own
    /// time for such work.
    ///
    /// A revoked session is also kept until then, so that the feed can report it. Names that were
    /// spent ([`TokenStore::spend`](crate::TokenStore::spend)) are deleted with them.
    pub async fn purge(&self) -> Result<u64, StoreError> {
        self.0.sessions.purge().await
    }
}
