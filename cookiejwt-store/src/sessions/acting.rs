//! Acting for a user: a helper has a session of another user for a while, and then their own again.

use std::net::IpAddr;

use cookiejwt_core::{
    Actor, Facts, Identity, SessionId, Subject,
    driver::{ActorFault, ActorState, SessionTerms, UserState},
    store::SessionRecord,
};

use time::OffsetDateTime;

use super::{begun::Begun, login_context::LoginContext, login_options::LoginOptions, part::Sessions};
use crate::{
    errors::{LoginError, RECENT, StoreError},
    passwords::{Proof, ProvenUser, UserOf},
};

impl Sessions {
    /// Refuses what only the user themselves may do.
    pub(crate) fn require_no_actor(&self, who: &Identity) -> Result<(), LoginError> {
        who.require_no_actor().map_err(|problem| {
            self.0.events.guard_refused(who, problem);
            LoginError::Acting
        })
    }

    /// What the options of a login mean now. One who acts for the user keeps their own session: it
    /// is not among those that the login replaces.
    pub(super) async fn terms(
        &self,
        options: LoginOptions,
        context: &mut LoginContext,
    ) -> Result<SessionTerms, LoginError> {
        let (terms, actor) = options.terms(self.0.runtime.now())?;
        let Some(who) = actor else { return Ok(terms) };
        self.require_no_actor(&who)?;
        let actor = Actor::new(who.subject().clone(), who.session_id().clone());
        // Boxed, as all that only one who acts needs: the future of every login would be larger.
        let row = Box::pin(self.living_actor(&actor, context.ip())).await?;
        self.require_recent_proof(&row, who.auth_time())?;
        context.presented.retain(|id| id != actor.session_id());
        Ok(terms.acted_by(actor, &row))
    }

    /// A device-bound session becomes another one only for a user who has proved a moment ago who
    /// they are: the new session is not bound yet, and is offered to whoever asks for it.
    pub(super) fn require_recent_proof(
        &self,
        row: &SessionRecord,
        proved_at: Option<OffsetDateTime>,
    ) -> Result<(), LoginError> {
        let now = self.0.runtime.now();
        let is_recent = proved_at.is_some_and(|at| now - at <= RECENT);
        if row.device.is_none() || is_recent { Ok(()) } else { Err(LoginError::ProofTooOld) }
    }

    /// The row of the session from which another user acts, if that session is alive. Asked before
    /// the acting session is written and once more afterwards, because what ends the one does not
    /// know of the other.
    pub(super) async fn living_actor(
        &self,
        actor: &Actor,
        ip: Option<IpAddr>,
    ) -> Result<SessionRecord, LoginError> {
        if self.revoked_here(actor.session_id(), self.0.runtime.timestamp()).is_some() {
            return Err(self.session_ended(actor.subject(), ip));
        }
        let state = self.actor_state(actor).await?;
        match self.0.keys.core().check_actor(actor, &state, self.0.runtime.timestamp()) {
            Ok(row) => Ok(row.clone()),
            Err(ActorFault::Unavailable) => Err(StoreError::new("the user store is unavailable").into()),
            Err(ActorFault::Revoked(_) | ActorFault::Ended) => Err(self.session_ended(actor.subject(), ip)),
        }
    }

    /// What the stores say of the session from which another user acts.
    pub(crate) async fn actor_state(&self, actor: &Actor) -> Result<ActorState, StoreError> {
        let row = self.0.tokens.bounded().find(actor.session_id()).await?;
        let facts = row.as_ref().map(|row| SessionTerms::returning(row).facts).unwrap_or_default();
        let user = self.user_state(actor.subject(), &facts).await;
        Ok(ActorState { row, user })
    }

    /// What the user store says of the user of a session with these facts.
    pub(crate) async fn user_state(&self, subject: &Subject, facts: &Facts) -> UserState {
        match self.0.users.find_by_id(subject).await {
            Ok(None) => UserState::Gone,
            Ok(Some(user)) if !user.is_active => UserState::Inactive,
            Ok(Some(user)) => user.user.state(facts),
            Err(_) => UserState::Unavailable,
        }
    }

    /// Begins a session of the actor in the place of the one from which they act, and of the acting
    /// one. `holds_refresh`: whether the client has shown a refresh token of the acting session.
    pub(crate) async fn stop_acting(
        &self,
        who: &Identity,
        holds_refresh: bool,
        context: LoginContext,
    ) -> Result<Begun, LoginError> {
        let begun = self.return_to_actor(who, holds_refresh, context).await;
        begun.inspect_err(|error| self.0.events.login_failed(error))
    }

    /// Both sessions end within a minute, so that a lost response can be asked for again.
    async fn return_to_actor(
        &self,
        who: &Identity,
        holds_refresh: bool,
        mut context: LoginContext,
    ) -> Result<Begun, LoginError> {
        self.may_begin(&context, &LoginOptions::new())?;
        let actor = who.actor().ok_or(LoginError::NotActing)?;
        if !holds_refresh {
            self.require_no_actor(who)?;
        }
        let (ip, session) = (context.ip(), who.session_id());
        let acting = self.present_session(who.subject(), session, ip).await?;
        let row = self.living_actor(actor, ip).await?;
        for bound in [&acting, &row] {
            self.require_recent_proof(bound, Some(row.auth_time.to_datetime()))?;
        }
        let found = self.0.users.find_by_id(actor.subject()).await?;
        let found = found.ok_or_else(|| self.session_ended(actor.subject(), ip))?;
        let (user, proof) = (UserOf::Found(found.user), Proof::Elsewhere(found.password_hash));
        let proven = ProvenUser { subject: actor.subject().clone(), user, proof };
        let ended = [session, actor.session_id()];
        context.presented.retain(|id| !ended.contains(&id));
        let terms = SessionTerms::returning(&row);
        let (login, unsent) = self.create_session(&proven, terms, &context, Some(session.clone())).await?;
        let theirs = (actor.subject().clone(), actor.session_id().clone());
        let begun = self.begun(login, unsent, context, vec![of(who), theirs]).await?;
        Ok(Begun { commit: begun.commit.stops_acting(who), ..begun })
    }
}

/// The session of an identity.
pub(super) fn of(who: &Identity) -> (Subject, SessionId) {
    (who.subject().clone(), who.session_id().clone())
}
