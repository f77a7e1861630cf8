//! The public methods that list and end sessions.

use cookiejwt_core::{
    Identity, SessionId, Subject,
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
    /// Ends the sessions named by the signed tokens that came in. Refused only by the CSRF table.
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

    /// Ends every session of this identity's user, the present one too. Clear the cookies as well.
    pub async fn logout_everywhere(&self, identity: &Identity) -> Result<u64, StoreError> {
        self.0.sessions.logout_everywhere(identity).await
    }

    /// Ends every session of a user at once, for instance when the user is disabled; how many there
    /// were.
    pub async fn revoke_user(&self, subject: &Subject, reason: RevocationReason) -> Result<u64, StoreError> {
        self.0.sessions.revoke_user(subject, reason).await
    }

    /// Ends one session at once.
    pub async fn revoke_session(&self, id: SessionId, reason: RevocationReason) -> Result<(), StoreError> {
        self.0.sessions.revoke_session(id, reason).await
    }

    /// The living sessions of this identity's user, the newest first.
    pub async fn sessions(&self, who: &Identity) -> Result<Vec<SessionInfo>, StoreError> {
        self.0.sessions.list(who).await
    }

    /// Ends one session of this identity's user; `None` when they have no such session. One that
    /// had ended before counts as ended.
    ///
    /// The lines clear both cookies if it was the present session and a cookie contained it;
    /// otherwise there are none.
    pub async fn end_session(
        &self,
        who: &Identity,
        id: &SessionId,
    ) -> Result<Option<SetCookies>, StoreError> {
        self.0.sessions.end_session(who, id).await
    }

    /// Ends every session of this identity's user but the present one; how many there were.
    pub async fn end_other_sessions(&self, who: &Identity) -> Result<u64, StoreError> {
        self.0.sessions.end_other_sessions(who).await
    }

    /// Asks the store what was revoked, here and on other nodes. Runs automatically every second at
    /// [`RevocationLevel::Feed`](cookiejwt_core::RevocationLevel::Feed).
    pub async fn poll_revocations(&self) -> Result<(), StoreError> {
        self.0.sessions.poll_revocations().await
    }

    /// Writes the receipts that were noted, so that a used-up refresh token that comes back is
    /// recognised; how many rows were changed. Runs automatically every second.
    pub async fn write_receipts(&self) -> Result<u64, StoreError> {
        self.0.sessions.write_receipts().await
    }

    /// Deletes the sessions that no longer have a valid token, in small batches. Returns how many
    /// there were. Runs automatically about once an hour; call it if the application has its own
    /// time for such work.
    ///
    /// A session that was revoked stays until then too, so that the feed knows of it.
    pub async fn purge(&self) -> Result<u64, StoreError> {
        self.0.sessions.purge().await
    }
}
