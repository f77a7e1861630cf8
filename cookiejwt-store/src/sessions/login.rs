//! Beginning sessions. A login with a password finds the user, checks the password (see
//! [`Passwords::check`](crate::passwords::Passwords::check)), writes the row and reads the user
//! again. The sessions that the new one replaces end when its client gets it, see [`Begun`].

use std::sync::Arc;

use cookiejwt_core::{
    Identity, Method, SessionId, Subject,
    driver::{Login, LoginIds, LoginRequest, SessionTerms},
    fault::MintError,
    store::{PasswordTry, RevocationReason, RowFacts, SessionRecord, Standing},
};
use time::OffsetDateTime;

use super::{
    begun::{Begun, Commit},
    login_context::LoginContext,
    login_options::LoginOptions,
    part::Sessions,
    unsent_login::UnsentLogin,
};
use crate::{
    errors::{LoginError, StoreError},
    events::LoginRefusal,
    passwords::{Proof, ProvenUser, UserOf, login_name},
    stores::{AuthUser, FoundUser},
};

impl Sessions {
    /// Begins a session for a user whose right to do so was proved elsewhere.
    pub(crate) async fn login<U: AuthUser>(
        &self,
        user: &U,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Begun, LoginError> {
        self.login_elsewhere(user, options, context)
            .await
            .inspect_err(|error| self.0.events.login_failed(error))
    }

    async fn login_elsewhere<U: AuthUser>(
        &self,
        user: &U,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Begun, LoginError> {
        self.may_begin(&context, &options)?;
        let proof = Proof::Elsewhere(user.password_hash().map(Into::into));
        let proven = ProvenUser { subject: user.subject(), user: UserOf::Passed(user), proof };
        if !user.is_active() {
            self.0.events.login_refused(LoginRefusal::Inactive, Some(proven.subject.as_str()), context.ip());
            return Err(LoginError::InvalidCredentials);
        }
        self.begin_session(&proven, options, context).await
    }

    /// Begins a session after a password was checked.
    pub(crate) async fn login_with_password(
        &self,
        login: &str,
        password: &str,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Begun, LoginError> {
        let login = self.check_and_login(login, password, options, context).await;
        login.inspect_err(|error| self.0.events.login_failed(error))
    }

    async fn check_and_login(
        &self,
        login: &str,
        password: &str,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Begun, LoginError> {
        self.may_begin(&context, &options)?;
        let proven = self.password_of(login, password, &context).await?;
        self.begin_session(&proven, options.by(Method::PWD), context).await
    }

    /// The user with this login name, if this is their password.
    pub(super) async fn password_of(
        &self,
        login: &str,
        password: &str,
        context: &LoginContext,
    ) -> Result<ProvenUser<'static>, LoginError> {
        let (login, is_possible) = login_name(login);
        let user = if is_possible { self.0.users.find_by_login(&login).await? } else { None };
        let subject = user.as_ref().map(|user| user.subject.clone());
        let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
        let device = self.0.keys.core().known_device(&context.devices, subject.as_ref(), hash);
        let standing = device.as_ref().map_or(Standing::Stranger, Standing::KnownDevice);
        let tried =
            PasswordTry { login: Some(&login), subject: subject.as_ref(), ip: context.ip(), standing };
        self.0.passwords.check(user, password, tried).await
    }

    /// What the CSRF table has decided, unless the request contains a better proof.
    pub(super) fn may_begin(&self, context: &LoginContext, options: &LoginOptions) -> Result<(), LoginError> {
        match context.csrf {
            Err(denial) if !options.state_checked => {
                self.0.events.csrf_refused(denial);
                Err(LoginError::Csrf(denial))
            }
            _ => Ok(()),
        }
    }

    async fn begin_session(
        &self,
        proven: &ProvenUser<'_>,
        options: LoginOptions,
        mut context: LoginContext,
    ) -> Result<Begun, LoginError> {
        let terms = self.terms(options, &mut context).await?;
        let (login, unsent) = self.create_session(proven, terms, &context, None).await?;
        self.begun(login, unsent, context, Vec::new()).await
    }

    /// Writes the row of a new session, whose cookies are not sent yet. After an error no such
    /// session lives. A session that it supersedes ends when the new one is first presented.
    pub(super) async fn create_session(
        &self,
        proven: &ProvenUser<'_>,
        terms: SessionTerms,
        context: &LoginContext,
        supersedes: Option<SessionId>,
    ) -> Result<(Login, UnsentLogin), LoginError> {
        let ProvenUser { subject, user, proof } = proven;
        self.require_second_factor(proven, &terms, supersedes.as_ref(), context)?;
        let claims = user.claims_for(&terms.facts)?;
        let request = LoginRequest {
            subject: subject.clone(),
            claims: claims.clone(),
            terms: terms.clone().with_stamp(user.stamp()),
            client: context.client.clone(),
            mode: context.mode,
            replaces: supersedes,
            ids: self.0.runtime.login_ids().map_err(LoginError::Random)?,
        };
        let login = self.mint(request, self.0.runtime.now(), context, proof.password_hash())?;
        let unsent = UnsentLogin::new(self, &login.record.id);
        self.0.tokens.bounded_with(proof.no_answer()).create(&login.record).await?;
        let checked = self.still_valid(proven, &terms, &login, context).await;
        let login = checked.and_then(|user| {
            // They may have been renewed before the row was there to be found.
            let is_current = user.user.claims_for(&terms.facts)? == claims;
            Ok(if is_current { login } else { self.mint_again(&login, &user, terms, context)? })
        });
        match login {
            Ok(login) => Ok((login, unsent)),
            Err(error) => {
                let reason = match error {
                    LoginError::SecondFactorRequired(_) => RevocationReason::SecondFactor,
                    LoginError::SessionRevoked => RevocationReason::ActorEnded,
                    _ => RevocationReason::UserInactive,
                };
                unsent.revoke(reason).await;
                Err(error)
            }
        }
    }

    /// The tokens and the row of a new session, on their way to the client of this request.
    fn mint(
        &self,
        request: LoginRequest,
        now: OffsetDateTime,
        context: &LoginContext,
        password_hash: Option<&str>,
    ) -> Result<Login, MintError> {
        let core = self.0.keys.core_to_keep();
        let login = core.login(request, now)?.offered_under(&self.0.prefix);
        let mut login = core.remember_device(login, password_hash);
        login.cookies = login.cookies.with_twins(context.twins.clone());
        Ok(login)
    }

    /// The same session for a user who has changed after its row was written: with new claims, and
    /// with the new stamp, which would otherwise end it at its first refresh.
    pub(super) fn mint_again(
        &self,
        login: &Login,
        user: &FoundUser,
        terms: SessionTerms,
        context: &LoginContext,
    ) -> Result<Login, MintError> {
        let SessionRecord { id, current_jti, subject, created_at, .. } = login.record.clone();
        let access = login.identity.token_id().clone();
        let request = LoginRequest {
            subject,
            claims: user.user.claims_for(&terms.facts)?,
            terms: terms.with_stamp(user.user.stamp()),
            client: context.client.clone(),
            mode: context.mode,
            replaces: login.replaces().cloned(),
            ids: LoginIds { session: id, refresh: current_jti, access },
        };
        self.mint(request, created_at.to_datetime(), context, user.password_hash.as_deref())
    }

    /// A session that ends those whose cookies came in, and those over the limit, once its client
    /// has it. What it supersedes ends within a minute.
    pub(super) async fn begun(
        &self,
        login: Login,
        unsent: UnsentLogin,
        context: LoginContext,
        superseded: Vec<(Subject, SessionId)>,
    ) -> Result<Begun, LoginError> {
        let ip = context.ip();
        let replaced = context.presented;
        let ends =
            |id: &SessionId| replaced.contains(id) || superseded.iter().any(|(_, session)| session == id);
        let surplus = match self.over_the_limit(&login.identity, ends).await {
            Ok(surplus) => surplus,
            Err(error) => {
                unsent.revoke(RevocationReason::Limit).await;
                return Err(error.into());
            }
        };
        let commit = Commit::new(self, &login, unsent, ip).ending(replaced, surplus);
        Ok(Begun { login, commit: commit.superseding(superseded) })
    }

    /// The oldest sessions of a user who has more than the limit, without those that end anyway. Of
    /// logins at the same time the last one sees them all, and all of them agree which are the
    /// oldest, so in the end the limit holds exactly. A session in which another user acts neither
    /// counts nor ends another one.
    async fn over_the_limit(
        &self,
        who: &Identity,
        ends: impl Fn(&SessionId) -> bool,
    ) -> Result<Vec<SessionId>, StoreError> {
        let limit = self.0.keys.config().max_sessions().filter(|_| who.actor().is_none());
        let Some(limit) = limit else { return Ok(Vec::new()) };
        let mut living = self.living(who.subject()).await?;
        living.retain(|row| !ends(&row.id) && RowFacts::read(row.facts.as_deref()).acted_by.is_none());
        Ok(living.into_iter().skip(limit as usize).map(|row| row.id).collect())
    }

    /// Reads the user again: a disabling, a second factor, or a password change after the password
    /// was checked, that came before the new row must not leave a session. Nor must the end of the
    /// session from which another user acts.
    async fn still_valid(
        &self,
        proven: &ProvenUser<'_>,
        terms: &SessionTerms,
        login: &Login,
        context: &LoginContext,
    ) -> Result<FoundUser, LoginError> {
        let ProvenUser { subject, proof, .. } = proven;
        let user = self.0.users.bounded().find_by_id(subject).await?;
        let is_valid = match (&user, proof) {
            (None, Proof::Elsewhere(_)) => return Err(LoginError::UnknownSubject),
            (Some(user), Proof::Elsewhere(_)) => user.is_active,
            (Some(user), Proof::Password(checked)) => user.is_active && user.password_hash == *checked,
            (None, Proof::Password(_)) => false,
        };
        let Some(user) = user.filter(|_| is_valid) else {
            let (why, ip) = (LoginRefusal::ChangedMeanwhile, context.ip());
            self.0.events.login_refused(why, Some(subject.as_str()), ip);
            return Err(LoginError::InvalidCredentials);
        };
        if let Some(actor) = terms.facts.actor() {
            Box::pin(self.living_actor(actor, context.ip())).await?;
        }
        let (found, proof) = (UserOf::Found(Arc::clone(&user.user)), proof.clone());
        let proven = ProvenUser { subject: subject.clone(), user: found, proof };
        self.require_second_factor(&proven, terms, login.replaces(), context)?;
        Ok(user)
    }
}
