//! Beginning sessions.

use std::net::IpAddr;

use cookiejwt_core::{
    ClientInfo, CustomClaims, Login, LoginRequest, Mode, PasswordTry, PresentedDevices, RequestHead,
    RevocationReason, SessionId, Standing, Subject, Twins,
};

use crate::{
    AuthUser, Authenticator, LoginError, StoreError,
    event::{Event, LoginRefusal, printable},
    patience::patiently,
    proof::Proven,
    unsent::Unsent,
};

/// Choices of one login.
///
/// ```
/// use cookiejwt_store::LoginOptions;
///
/// let this_browser_only = LoginOptions::new().remember(false);
/// # let _ = this_browser_only;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LoginOptions {
    remember: bool,
}

impl LoginOptions {
    /// Cookies outlive the browser.
    pub const fn new() -> Self {
        Self { remember: true }
    }

    /// Whether the cookies outlive the browser; without it neither has `Max-Age`.
    #[must_use]
    pub const fn remember(self, remember: bool) -> Self {
        Self { remember }
    }
}

impl Default for LoginOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// What a login needs to know of its request.
#[derive(Clone, Debug, Default)]
pub struct LoginContext {
    /// The sessions whose signed cookies came in; a login replaces them.
    pub presented: Vec<SessionId>,
    /// The lines that delete cookies of ours which stand beside those that a login sets.
    pub twins: Twins,
    /// Where the login comes from.
    pub client: ClientInfo,
    /// How the tokens are to leave: as cookies, or in token mode for the body.
    pub mode: Mode,
    /// The cookies of known devices that came in; a login with a password looks which of them is the account's.
    pub devices: PresentedDevices,
}

impl LoginContext {
    /// Reads the old session's cookies, the user agent, the mode, and the client's network address: `ip` is that of the peer,
    /// which is the client unless [trusted proxies](cookiejwt_core::ConfigBuilder::trusted_proxies) stand between.
    pub fn from_head(auth: &Authenticator, head: RequestHead<'_>, ip: Option<IpAddr>) -> Self {
        let core = auth.0.core.load();
        auth.0.advice.on_login(&core, &head, ip);
        let ip = core.client_address(&head, ip).map(|ip| ip.to_string());
        let (presented, twins) = (core.presented_sessions(&head), core.twins(&head));
        let devices = core.presented_devices(&head);
        Self { presented, twins, client: ClientInfo::from_head(head, ip), mode: core.mode(head), devices }
    }

    /// The client's network address.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.client.ip.as_deref()?.parse().ok()
    }
}

impl Authenticator {
    /// Logs a user in whose right to do so was proved elsewhere: an OAuth callback, a passkey, a magic link.
    ///
    /// A new session begins, and the one whose cookies came in is revoked. Send the cookies, or in token mode the tokens.
    pub async fn login<U: AuthUser>(
        &self,
        user: &U,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        self.login_proven(user, options, context).await.inspect_err(|error| self.login_failed(error))
    }

    async fn login_proven<U: AuthUser>(
        &self,
        user: &U,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        let proven = Proven {
            subject: user.subject(),
            claims: CustomClaims::new(&user.claims())?,
            password_hash: user.password_hash().map(Into::into),
        };
        if !user.is_active() {
            self.login_refused(LoginRefusal::Inactive, Some(proven.subject.as_str()), context.ip());
            return Err(LoginError::InvalidCredentials);
        }
        self.begin_session(proven, options, context).await
    }

    /// Logs in with a login name and a password. Unknown user, wrong password and disabled account take the same time
    /// and give the same error.
    pub async fn login_with_password(
        &self,
        login: &str,
        password: &str,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        let login = self.check_and_login(login, password, options, context).await;
        login.inspect_err(|error| self.login_failed(error))
    }

    async fn check_and_login(
        &self,
        login: &str,
        password: &str,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        let user = self.told("find_by_login", self.0.users.find_by_login(login).await)?;
        let subject = user.as_ref().map(|user| user.subject.clone());
        let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
        let device = self.0.core.load().known_device(&context.devices, subject.as_ref(), hash);
        let standing = device.as_ref().map_or(Standing::Stranger, Standing::KnownDevice);
        let tried = PasswordTry { login: Some(login), subject: subject.as_ref(), ip: context.ip(), standing };
        let proven = self.prove(user, password, tried).await?;
        self.begin_session(proven, options, context).await
    }

    async fn begin_session(
        &self,
        proven: Proven,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        let (login, unsent) = self.open_session(proven, options, &context, None).await?;
        self.take_over(login, unsent, context).await
    }

    /// The row of a new session, whose cookies have not left yet. On an error there is none that lives. A session that it
    /// supersedes ends when the new one is first presented.
    pub(crate) async fn open_session(
        &self,
        proven: Proven,
        options: LoginOptions,
        context: &LoginContext,
        supersedes: Option<SessionId>,
    ) -> Result<(Login, Unsent), LoginError> {
        let Proven { subject, claims, password_hash } = proven;
        let request = LoginRequest {
            subject: subject.clone(),
            claims,
            remember: options.remember,
            client: context.client.clone(),
            mode: context.mode,
            replaces: supersedes,
            ids: self.0.random.login_ids().map_err(LoginError::Random)?,
        };
        let core = self.0.core.load_full();
        let mut login = core.remember_device(core.login(request, self.now())?, password_hash.as_deref());
        login.cookies = login.cookies.with_twins(context.twins.clone());
        let unsent = Unsent::new(self, &login.record.id);
        self.told("create", patiently(self.0.tokens.create(&login.record)).await)?;
        if let Err(error) = self.still_valid(&subject, password_hash.as_deref(), context.ip()).await {
            unsent.take_back(RevocationReason::UserInactive).await;
            return Err(error);
        }
        Ok((login, unsent))
    }

    /// Ends the sessions whose cookies came in, and those over the limit.
    pub(crate) async fn take_over(
        &self,
        login: Login,
        unsent: Unsent,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        let ip = context.ip();
        // A failure is tried again in the background; the new session stands.
        let _ = self.revoke_sessions(context.presented, RevocationReason::Replaced).await;
        if let Err(error) = self.keep_to_limit(&login.record.subject).await {
            unsent.take_back(RevocationReason::Limit).await;
            return Err(error.into());
        }
        unsent.send();
        self.logged_in(&login, ip);
        Ok(login)
    }

    pub(crate) fn logged_in(&self, login: &Login, ip: Option<IpAddr>) {
        let (subject, session) = (&login.record.subject, &login.record.id);
        let (subject, session) = (printable(subject.as_str()), printable(session.as_str()));
        self.emit(Event::LoggedIn { subject: &subject, session: &session, ip });
    }

    /// Ends the oldest sessions of a user who has more than the limit. Of logins at the same time the last one sees them
    /// all, and all of them agree which are the oldest, so in the end the limit holds exactly.
    async fn keep_to_limit(&self, subject: &Subject) -> Result<(), StoreError> {
        let Some(limit) = self.config().max_sessions() else { return Ok(()) };
        let surplus = self.living_sessions(subject).await?.into_iter().skip(limit as usize).collect();
        // A failure is tried again in the background, as with those that are replaced; the new session stands.
        let _ = self.revoke_sessions(surplus, RevocationReason::Limit).await;
        Ok(())
    }

    /// Reads the user again: a password change or a disabling that came between the check and the new row must not
    /// leave a session behind.
    async fn still_valid(
        &self,
        subject: &Subject,
        password_hash: Option<&str>,
        ip: Option<IpAddr>,
    ) -> Result<(), LoginError> {
        let user = self.told("find_by_id", patiently(self.0.users.find_by_id(subject)).await)?;
        match user {
            Some(user) if user.is_active && user.password_hash.as_deref() == password_hash => Ok(()),
            _ => {
                self.login_refused(LoginRefusal::ChangedMeanwhile, Some(subject.as_str()), ip);
                Err(LoginError::InvalidCredentials)
            }
        }
    }
}
