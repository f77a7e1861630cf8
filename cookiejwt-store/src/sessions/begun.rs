//! A session that has begun, and the sessions that end once its client has it.

use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use cookiejwt_core::{
    Identity, SessionId, Subject,
    driver::Login,
    store::{Revocation, RevocationReason},
};

use tokio::task::JoinHandle;

use super::{part::Sessions, unsent_login::UnsentLogin};
use crate::errors::LoginError;

/// A session that has begun and has ended no other one yet.
#[must_use]
pub(crate) struct Begun {
    pub(crate) login: Login,
    pub(crate) commit: Commit,
}

impl Begun {
    /// Ends the other sessions now, for a response that waits for it.
    pub(crate) async fn committed(self) -> Result<Login, LoginError> {
        self.commit.carry_out().await?;
        Ok(self.login)
    }
}

/// What happens when the client gets a new session. Unless it is carried out, the new session is
/// revoked and all others continue: a handler that fails after the login costs its user nothing.
#[must_use]
pub(crate) struct Commit {
    sessions: Sessions,
    unsent: UnsentLogin,
    login: LoginReport,
    superseded: Vec<(Subject, SessionId)>,
    replaced: Vec<SessionId>,
    surplus: Vec<SessionId>,
}

/// What the events of a login contain.
struct LoginReport {
    identity: Identity,
    /// The session in which its user has acted for another one until now.
    stopped: Option<Identity>,
    ip: Option<IpAddr>,
}

impl Commit {
    pub(super) fn new(sessions: &Sessions, login: &Login, unsent: UnsentLogin, ip: Option<IpAddr>) -> Self {
        let login = LoginReport { identity: login.identity.clone(), stopped: None, ip };
        let (superseded, replaced, surplus) = (Vec::new(), Vec::new(), Vec::new());
        Self { sessions: sessions.clone(), unsent, login, superseded, replaced, surplus }
    }

    /// These sessions of these users end within a minute.
    pub(super) fn superseding(self, superseded: Vec<(Subject, SessionId)>) -> Self {
        Self { superseded, ..self }
    }

    /// The session of this identity was one in which another user acts, who comes back from it.
    pub(super) fn stops_acting(self, who: &Identity) -> Self {
        let login = LoginReport { stopped: Some(who.clone()), ..self.login };
        Self { login, ..self }
    }

    /// The sessions whose cookies came in, and those over the limit.
    pub(super) fn ending(self, replaced: Vec<SessionId>, surplus: Vec<SessionId>) -> Self {
        Self { replaced, surplus, ..self }
    }

    /// Revocations that fail are tried again in the background; the new session stays.
    async fn carry_out(self) -> Result<(), LoginError> {
        let Self { sessions, unsent, login, superseded, replaced, surplus } = self;
        if let Err(error) = sessions.supersede_present(&superseded, login.ip).await {
            unsent.revoke(RevocationReason::Replaced).await;
            return Err(error);
        }
        let _ = sessions.revoke_sessions(replaced, RevocationReason::Replaced).await;
        let _ = sessions.revoke_sessions(surplus, RevocationReason::Limit).await;
        unsent.sent();
        let LoginReport { identity, stopped, ip } = login;
        sessions.0.events.session_began(&identity, ip);
        if let Some(who) = stopped {
            sessions.0.events.acting_ended(who.subject(), who.session_id(), who.actor());
        }
        Ok(())
    }

    /// In a separate task, so that a client that hangs up cannot cancel it. On this node the other
    /// sessions end at once.
    fn spawn(self) -> Option<JoinHandle<Result<(), LoginError>>> {
        self.sessions.remember(&self.revocations());
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            // The process ends.
            self.unsent.sent();
            return None;
        };
        Some(runtime.spawn(self.carry_out()))
    }

    fn revocations(&self) -> Vec<Revocation> {
        let at = self.sessions.0.runtime.timestamp();
        let ended = |ids: &[SessionId], reason| {
            ids.iter().map(move |id| Revocation::new(id.clone(), reason, at)).collect::<Vec<_>>()
        };
        let mut revocations = ended(&self.replaced, RevocationReason::Replaced);
        revocations.extend(ended(&self.surplus, RevocationReason::Limit));
        revocations
    }
}

/// The commit of a login whose response is not sent yet. Clones share it, and one that is sent is
/// enough.
#[derive(Clone)]
pub(crate) struct Unsent(Arc<Mutex<Option<Commit>>>);

impl Unsent {
    pub(crate) fn new(commit: Commit) -> Self {
        Self(Arc::new(Mutex::new(Some(commit))))
    }

    /// The response is sent now; the rest happens in the background.
    pub(crate) fn sent(&self) {
        drop(self.take().and_then(Commit::spawn));
    }

    /// The response is sent after this. What fails is in the log, and is tried again.
    pub(crate) async fn commit(&self) {
        if let Some(task) = self.take().and_then(Commit::spawn) {
            let _ = task.await;
        }
    }

    /// The response is not sent, and the caller revokes the new session.
    pub(crate) fn take_back(&self) {
        if let Some(commit) = self.take() {
            commit.unsent.sent();
        }
    }

    fn take(&self) -> Option<Commit> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsent").finish_non_exhaustive()
    }
}
