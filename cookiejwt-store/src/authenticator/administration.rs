//! The public methods for administrators: sessions of any user of the realm.

use cookiejwt_core::{SessionId, Subject, store::RevocationReason};

use super::Authenticator;
use crate::{errors::StoreError, sessions::SessionInfo};

/// # Administration
///
/// These have no routes, and check no permission: call them from handlers that do (OWASP ASVS 5.0
/// 7.4.5).
impl Authenticator {
    /// The living sessions of a user, the newest first. None of them is the
    /// [current](SessionInfo::current) one.
    pub async fn sessions_of(&self, subject: &Subject) -> Result<Vec<SessionInfo>, StoreError> {
        self.0.sessions.list_of(subject).await
    }

    /// Ends one session of a user at once, with [`RevocationReason::Administrator`]; false when
    /// this user has no such session. One that had ended before counts as ended.
    ///
    /// The user is compared, so that an id that a form sends ends no other user's session.
    pub async fn end_session_of(&self, subject: &Subject, id: &SessionId) -> Result<bool, StoreError> {
        self.0.sessions.end_session_of(subject, id, RevocationReason::Administrator).await
    }

    /// Ends every session of a user at once; how many there were. Call it when a user is disabled,
    /// and always when a user is deleted: where an id is used again, the sessions would continue as
    /// the new user.
    pub async fn revoke_user(&self, subject: &Subject, reason: RevocationReason) -> Result<u64, StoreError> {
        self.0.sessions.revoke_user(subject, reason).await
    }

    /// Gives every session of a user new claims, such as roles that were given or taken away; how
    /// many sessions may have an access token. No one is logged out: from now on their access
    /// tokens count as expired, on this node at once and on every other one within a second, and
    /// the next request refreshes and gets the claims that the user has then.
    ///
    /// Call it after the change is committed: a refresh before that reads the old roles. When an
    /// error is returned, call it again. At the level
    /// [`AtRefresh`](cookiejwt_core::RevocationLevel::AtRefresh) other nodes accept the old access
    /// tokens until they expire. So does a service that only [verifies](crate::Verifier) and does
    /// not follow revocations.
    ///
    /// ```no_run
    /// # use cookiejwt_store::{Authenticator, StoreError, Subject};
    /// async fn dismiss(auth: &Authenticator, user: &Subject) -> Result<(), StoreError> {
    ///     // … DELETE FROM roles WHERE user = … AND role = 'admin'; COMMIT …
    ///     auth.renew_claims(user).await?;
    ///     Ok(())
    /// }
    /// ```
    pub async fn renew_claims(&self, subject: &Subject) -> Result<u64, StoreError> {
        self.0.sessions.renew_claims(subject).await
    }

    /// Ends every session of every user of this realm; how many there were. For an incident: the
    /// table of sessions has leaked, or an attacker had access to accounts (OWASP ASVS 5.0 7.4.5).
    ///
    /// The sessions end in batches of 500. Each batch counts at once on this node, and within a
    /// second on every other one. A user who logs in meanwhile may have to log in again. When an
    /// error is returned, some sessions have ended: call it again. It does not help against a
    /// leaked secret, with which anyone can sign tokens: replace the secret, which also ends every
    /// session.
    pub async fn revoke_everybody(&self, reason: RevocationReason) -> Result<u64, StoreError> {
        self.0.sessions.revoke_everybody(reason).await
    }
}
