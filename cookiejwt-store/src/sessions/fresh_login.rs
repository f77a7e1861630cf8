//! A user who is logged in proves again who they are.

use std::net::IpAddr;

use cookiejwt_core::{
    Identity, Method, SessionId, Subject,
    driver::SessionTerms,
    store::{PasswordTry, Revocation, RevocationReason, SessionRecord, Standing},
};

use super::{acting, begun::Begun, login_context::LoginContext, login_options::LoginOptions, part::Sessions};
use crate::{
    errors::{LoginError, StoreError},
    events::LoginRefusal,
    passwords::ProvenUser,
};

/// How long a session is still accepted whose successor was not presented yet.
const SUPERSEDED_MILLIS: i64 = 60_000;

impl Sessions {
    /// Begins a session for the same user, which supersedes the present one.
    pub(crate) async fn fresh_login(
        &self,
        who: &Identity,
        password: &str,
        context: LoginContext,
    ) -> Result<Begun, LoginError> {
        self.check_and_replace(who, password, context)
            .await
            .inspect_err(|error| self.0.events.login_failed(error))
    }

    async fn check_and_replace(
        &self,
        who: &Identity,
        password: &str,
        context: LoginContext,
    ) -> Result<Begun, LoginError> {
        self.may_begin(&context, &LoginOptions::new())?;
        self.require_no_actor(who)?;
        let present = self.present_session(who.subject(), who.session_id(), context.ip()).await?;
        let proven = self.check_own_password(who, password, &context).await?;
        let terms = self.terms_after_password(who, &present);
        self.replace_with(who, &proven, terms, context).await
    }

    /// Begins a session in the place of the present one, which ends when the new one is first
    /// presented.
    pub(super) async fn replace_with(
        &self,
        who: &Identity,
        proven: &ProvenUser<'_>,
        terms: SessionTerms,
        mut context: LoginContext,
    ) -> Result<Begun, LoginError> {
        let present = who.session_id();
        context.presented.retain(|id| id != present);
        let (login, unsent) = self.create_session(proven, terms, &context, Some(present.clone())).await?;
        self.begun(login, unsent, context, vec![acting::of(who)]).await
    }

    /// What a session has that takes the place of this one after its user gave their password.
    pub(super) fn terms_after_password(&self, who: &Identity, present: &SessionRecord) -> SessionTerms {
        SessionTerms::succeeding(who, present).proved(Method::PWD, self.0.runtime.now())
    }

    /// Lets these sessions end in a minute, unless the one that takes their place is presented
    /// before.
    pub(super) async fn supersede(
        &self,
        sessions: impl IntoIterator<Item = SessionId>,
    ) -> Result<u64, StoreError> {
        let at = self.0.runtime.timestamp().plus_millis(SUPERSEDED_MILLIS);
        let superseded = |session| Revocation::new(session, RevocationReason::Superseded, at);
        self.revoke(sessions.into_iter().map(superseded).collect()).await
    }

    /// The same for sessions that must not have ended meanwhile. What the store cannot do now is
    /// tried again.
    pub(super) async fn supersede_present(
        &self,
        present: &[(Subject, SessionId)],
        ip: Option<IpAddr>,
    ) -> Result<(), LoginError> {
        let ended = self.supersede(present.iter().map(|(_, session)| session.clone())).await;
        if ended.is_ok_and(|count| count < present.len() as u64) {
            for (subject, session) in present {
                self.present_session(subject, session, ip).await?;
            }
        }
        Ok(())
    }

    /// The row of this session of this user, which another node may have revoked a moment ago.
    pub(super) async fn present_session(
        &self,
        subject: &Subject,
        session: &SessionId,
        ip: Option<IpAddr>,
    ) -> Result<SessionRecord, LoginError> {
        if self.0.revoked.reason(session, self.0.runtime.timestamp()).is_some() {
            return Err(self.session_ended(subject, ip));
        }
        let row = self.0.tokens.find(session).await?;
        let is_theirs =
            |row: &SessionRecord| row.subject == *subject && row.realm == *self.0.keys.config().realm();
        row.filter(|row| is_theirs(row) && row.revoked_by(self.0.runtime.timestamp()).is_none())
            .ok_or_else(|| self.session_ended(subject, ip))
    }

    pub(super) async fn check_own_password(
        &self,
        who: &Identity,
        password: &str,
        context: &LoginContext,
    ) -> Result<ProvenUser<'static>, LoginError> {
        let user = self.0.users.find_by_id(who.subject()).await?;
        let standing = Standing::Session(who.session_id());
        let tried = PasswordTry { login: None, subject: Some(who.subject()), ip: context.ip(), standing };
        self.0.passwords.check(user, password, tried).await
    }

    pub(super) fn session_ended(&self, subject: &Subject, ip: Option<IpAddr>) -> LoginError {
        self.0.events.login_refused(LoginRefusal::SessionEnded, Some(subject.as_str()), ip);
        LoginError::SessionRevoked
    }
}
