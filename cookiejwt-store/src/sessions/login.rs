//! Beginning sessions. A login with a password finds the user, checks the password (see
//! [`Passwords::check`](crate::passwords::Passwords::check)), writes the row, reads the user again,
//! and ends the sessions that the new one replaces.

use std::net::IpAddr;

use cookiejwt_core::{
    SessionId, Subject,
    driver::{CustomClaims, Login, LoginRequest},
    store::{PasswordTry, RevocationReason, Standing},
};

use super::{
    login_context::{LoginContext, LoginOptions},
    part::Sessions,
    pending_login::PendingLogin,
};
use crate::{
    errors::{LoginError, StoreError},
    events::{Event, LoginRefusal, printable},
    passwords::{Owner, Proof, Proven, login_name},
    stores::AuthUser,
};

impl Sessions {
    /// Begins a session for a user whose right to do so was proved elsewhere.
    pub(crate) async fn login<U: AuthUser>(
        &self,
        user: &U,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        self.login_proven(user, options, context).await.inspect_err(|error| self.0.events.login_failed(error))
    }

    async fn login_proven<U: AuthUser>(
        &self,
        user: &U,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        self.may_begin(&context, options)?;
        let (subject, claims) = (user.subject(), CustomClaims::new(&user.claims())?);
        let proof = Proof::Elsewhere(user.password_hash().map(Into::into));
        let proven = Proven { subject, claims, proof, owner: Owner::default() };
        if !user.is_active() {
            self.0.events.login_refused(LoginRefusal::Inactive, Some(proven.subject.as_str()), context.ip());
            return Err(LoginError::InvalidCredentials);
        }
        self.begin_session(proven, options, context).await
    }

    /// Begins a session after a password was checked.
    pub(crate) async fn login_with_password(
        &self,
        login: &str,
        password: &str,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        let login = self.check_and_login(login, password, options, context).await;
        login.inspect_err(|error| self.0.events.login_failed(error))
    }

    async fn check_and_login(
        &self,
        login: &str,
        password: &str,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        self.may_begin(&context, options)?;
        let (login, is_possible) = login_name(login);
        let user = if is_possible { self.0.users.find_by_login(&login).await? } else { None };
        let subject = user.as_ref().map(|user| user.subject.clone());
        let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
        let device = self.0.keys.core().known_device(&context.devices, subject.as_ref(), hash);
        let standing = device.as_ref().map_or(Standing::Stranger, Standing::KnownDevice);
        let tried =
            PasswordTry { login: Some(&login), subject: subject.as_ref(), ip: context.ip(), standing };
        let proven = self.0.passwords.check(user, password, tried).await?;
        self.begin_session(proven, options, context).await
    }

    /// What the CSRF table has decided, unless the request contains a better proof.
    pub(crate) fn may_begin(&self, context: &LoginContext, options: LoginOptions) -> Result<(), LoginError> {
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
        proven: Proven,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        let (login, pending) = self.create_session(proven, options, &context, None).await?;
        self.complete_login(login, pending, context).await
    }

    /// Writes the row of a new session, whose cookies are not sent yet. After an error no such
    /// session lives. A session that it supersedes ends when the new one is first presented.
    pub(super) async fn create_session(
        &self,
        proven: Proven,
        options: LoginOptions,
        context: &LoginContext,
        supersedes: Option<SessionId>,
    ) -> Result<(Login, PendingLogin), LoginError> {
        let Proven { subject, claims, proof, .. } = proven;
        let request = LoginRequest {
            subject: subject.clone(),
            claims,
            remember: options.remember,
            client: context.client.clone(),
            mode: context.mode,
            replaces: supersedes,
            ids: self.0.runtime.login_ids().map_err(LoginError::Random)?,
        };
        let core = self.0.keys.core_to_keep();
        let mut login =
            core.remember_device(core.login(request, self.0.runtime.now())?, proof.password_hash());
        login.cookies = login.cookies.with_twins(context.twins.clone());
        let pending = PendingLogin::new(self, &login.record.id);
        self.0.tokens.bounded_with(proof.no_answer()).create(&login.record).await?;
        if let Err(error) = self.still_valid(&subject, &proof, context.ip()).await {
            pending.revoke(RevocationReason::UserInactive).await;
            return Err(error);
        }
        Ok((login, pending))
    }

    /// Ends the sessions whose cookies came in, and those over the limit.
    pub(super) async fn complete_login(
        &self,
        login: Login,
        pending: PendingLogin,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        let ip = context.ip();
        // A failure is tried again in the background; the new session stays.
        let _ = self.revoke_sessions(context.presented, RevocationReason::Replaced).await;
        if let Err(error) = self.keep_to_limit(&login.record.subject).await {
            pending.revoke(RevocationReason::Limit).await;
            return Err(error.into());
        }
        pending.sent();
        self.report_login(&login, ip);
        Ok(login)
    }

    pub(super) fn report_login(&self, login: &Login, ip: Option<IpAddr>) {
        let (subject, session) = (&login.record.subject, &login.record.id);
        let (subject, session) = (printable(subject.as_str()), printable(session.as_str()));
        self.0.events.emit(Event::LoggedIn { subject: &subject, session: &session, ip });
    }

    /// Ends the oldest sessions of a user who has more than the limit. Of logins at the same time
    /// the last one sees them all, and all of them agree which are the oldest, so in the end the
    /// limit holds exactly.
    async fn keep_to_limit(&self, subject: &Subject) -> Result<(), StoreError> {
        let Some(limit) = self.0.keys.config().max_sessions() else { return Ok(()) };
        let surplus = self.living_sessions(subject).await?.into_iter().skip(limit as usize).collect();
        // A failure is tried again in the background, as with those that are replaced; the new
        // session stays.
        let _ = self.revoke_sessions(surplus, RevocationReason::Limit).await;
        Ok(())
    }

    /// Reads the user again: a disabling, or a password change after the password was checked, that
    /// came before the new row must not leave a session.
    async fn still_valid(
        &self,
        subject: &Subject,
        proof: &Proof,
        ip: Option<IpAddr>,
    ) -> Result<(), LoginError> {
        let user = self.0.users.bounded().find_by_id(subject).await?;
        let is_valid = match (&user, proof) {
            (None, Proof::Elsewhere(_)) => return Err(LoginError::UnknownSubject),
            (Some(user), Proof::Elsewhere(_)) => user.is_active,
            (Some(user), Proof::Password(checked)) => user.is_active && user.password_hash == *checked,
            (None, Proof::Password(_)) => false,
        };
        if !is_valid {
            self.0.events.login_refused(LoginRefusal::ChangedMeanwhile, Some(subject.as_str()), ip);
            return Err(LoginError::InvalidCredentials);
        }
        Ok(())
    }
}
