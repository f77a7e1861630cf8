//! Ending sessions.

use cookiejwt_core::{
    Identity, Problem, SessionId, Subject,
    driver::{RequestHead, SetCookies},
    fault::CsrfDenial,
    store::{RealmRevocation, Revocation, RevocationReason},
};

use super::part::Sessions;
use crate::{
    errors::StoreError,
    events::{Event, printable},
};

/// Sessions that are ended by one statement; few enough that no refresh waits long for its row.
const BATCH: u64 = 500;

/// What a logout did.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub struct LoggedOut {
    /// Clears both cookies; sent in any case. None in token mode.
    pub cookies: SetCookies,
    /// Whether every named session is revoked in the store.
    pub revoked: Result<(), StoreError>,
}

impl Sessions {
    /// Ends the sessions identified by the signed tokens of this request. Refused only by the CSRF
    /// table.
    pub(crate) async fn logout(
        &self,
        head: RequestHead<'_>,
        body_refresh: Option<&str>,
    ) -> Result<LoggedOut, CsrfDenial> {
        let logout = self.0.keys.core().logout(head, body_refresh)?;
        let revoked = self.revoke_sessions(logout.sessions, RevocationReason::Logout).await.map(drop);
        Ok(LoggedOut { cookies: logout.cookies, revoked })
    }

    /// Ends these sessions, and returns the lines that clear both cookies, also when the store is
    /// unavailable.
    pub(crate) async fn end_sessions(&self, sessions: Vec<SessionId>) -> SetCookies {
        let _ = self.revoke_sessions(sessions, RevocationReason::Logout).await;
        self.0.keys.core().logout_cookies()
    }

    /// Ends every session of this identity's user.
    pub(crate) async fn logout_everywhere(&self, identity: &Identity) -> Result<u64, Problem> {
        self.require_no_actor(identity).map_err(|error| error.problem())?;
        Ok(self.revoke_user(identity.subject(), RevocationReason::LogoutEverywhere).await?)
    }

    /// Ends every session of a user; how many there were.
    pub(crate) async fn revoke_user(
        &self,
        subject: &Subject,
        reason: RevocationReason,
    ) -> Result<u64, StoreError> {
        let (sessions, subject) = (self.clone(), subject.clone());
        let task = tokio::spawn(async move {
            let (tokens, realm) = (sessions.0.tokens.bounded(), sessions.0.keys.config().realm());
            let now = sessions.0.runtime.timestamp();
            let revoked = tokens.revoke_subject(realm, &subject, reason, now).await?;
            let count = revoked.len() as u64;
            for session in revoked {
                let id = printable(session.as_str());
                sessions.0.events.emit(Event::Revoked { session: &id, reason });
                sessions.0.revoked.insert(session, reason, now);
            }
            Ok(count)
        });
        task.await.unwrap_or_else(|error| Err(StoreError::new(error)))
    }

    /// Ends every session of the realm; how many there were. In a separate task, as for one user.
    pub(crate) async fn revoke_everybody(&self, reason: RevocationReason) -> Result<u64, StoreError> {
        let sessions = self.clone();
        let task = tokio::spawn(async move { sessions.revoke_realm(reason).await });
        task.await.unwrap_or_else(|error| Err(StoreError::new(error)))
    }

    /// This node remembers those that may have an access token, as every other node does that reads
    /// the feed.
    async fn revoke_realm(&self, reason: RevocationReason) -> Result<u64, StoreError> {
        let (realm, at) = (self.0.keys.config().realm().clone(), self.0.runtime.timestamp());
        let revocation = RealmRevocation { realm, reason, at, idle_before: self.0.revoked.idle_before(at) };
        let (tokens, mut count, mut after) = (self.0.tokens.bounded(), 0, None);
        loop {
            let batch = tokens.revoke_realm(&revocation, after.as_ref(), BATCH).await?;
            count += batch.sessions.len() as u64;
            for session in batch.sessions {
                // An idle session may have a socket, which needs no access token.
                self.0.revoked.waiting().revoked(&session.id, session.reason, session.at, at);
                if session.at == at {
                    self.0.revoked.insert(session.id, reason, at);
                }
            }
            after = batch.next;
            if after.is_none() {
                self.0.events.emit(Event::EverySessionRevoked { sessions: count, reason });
                return Ok(count);
            }
        }
    }

    /// Ends one session.
    pub(crate) async fn revoke_session(
        &self,
        id: SessionId,
        reason: RevocationReason,
    ) -> Result<(), StoreError> {
        self.revoke_sessions(vec![id], reason).await.map(drop)
    }

    /// Ends these sessions; how many of them were alive.
    pub(crate) async fn revoke_sessions(
        &self,
        ids: Vec<SessionId>,
        reason: RevocationReason,
    ) -> Result<u64, StoreError> {
        let at = self.0.runtime.timestamp();
        self.revoke(ids.into_iter().map(|id| Revocation::new(id, reason, at)).collect()).await
    }

    /// In a separate task, so that a client that hangs up cannot cancel it. What fails stays in
    /// this node's revoked set and is tried again, bounded in number and time.
    pub(crate) async fn revoke(&self, revocations: Vec<Revocation>) -> Result<u64, StoreError> {
        if revocations.is_empty() {
            return Ok(0);
        }
        let (answer, answered) = tokio::sync::oneshot::channel();
        let sessions = self.clone();
        tokio::spawn(async move {
            sessions.remember(&revocations);
            // After the client has hung up, no request waits.
            let _ = answer.send(sessions.revoke_each(revocations).await);
        });
        answered.await.unwrap_or_else(|error| Err(StoreError::new(error)))
    }

    /// These sessions end on this node, whether or not the store can be asked.
    pub(super) fn remember(&self, revocations: &[Revocation]) {
        for Revocation { session_id, reason, at, .. } in revocations {
            let now = self.0.runtime.timestamp();
            self.0.revoked.insert_from(session_id.clone(), *reason, (*at).max(now), now);
        }
    }

    /// Each is tried, so that one row that cannot be changed keeps no other session alive; how many
    /// were alive. What failed is tried again later.
    async fn revoke_each(&self, revocations: Vec<Revocation>) -> Result<u64, StoreError> {
        let (mut result, mut failed) = (Ok(0), Vec::new());
        for revocation in revocations {
            match self.revoke_in_store(&revocation).await {
                Ok(was_alive) => {
                    self.0.retries.done(&revocation);
                    result = result.map(|count| count + u64::from(was_alive));
                }
                Err(error) => {
                    failed.push(revocation);
                    result = result.and(Err(error));
                }
            }
        }
        self.revoke_later(failed);
        result
    }

    /// Whether it was alive.
    pub(crate) async fn revoke_in_store(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        let was_alive = self.0.tokens.bounded().revoke(revocation).await?;
        if was_alive {
            let session = printable(revocation.session_id.as_str());
            self.0.events.emit(Event::Revoked { session: &session, reason: revocation.reason });
        }
        Ok(was_alive)
    }
}
