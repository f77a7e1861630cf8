//! Beginning sessions.

use std::net::IpAddr;

use cookiejwt_core::{
    ClientInfo, CsrfDenial, CustomClaims, Login, LoginRequest, Mode, PasswordTry, PresentedDevices,
    RequestHead, RevocationReason, SessionId, Standing, Subject, Twins,
};

use super::pending_login::Unsent;
use crate::{
    authenticator::Authenticator,
    errors::{LoginError, StoreError},
    events::{Event, LoginRefusal, printable},
    passwords::{Proof, Proven, login_name},
    runtime::{patiently, patiently_saying},
    stores::{AuthUser, FoundUser},
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
    state_checked: bool,
}

impl LoginOptions {
    /// Cookies outlive the browser.
    pub const fn new() -> Self {
        Self { remember: true, state_checked: false }
    }

    /// Whether the cookies outlive the browser; without it neither has `Max-Age`.
    #[must_use]
    pub const fn remember(self, remember: bool) -> Self {
        Self { remember, ..self }
    }

    /// Says that this request proves by itself that the user of this browser has begun the login, so that the CSRF table need
    /// not: an OAuth callback whose `state` the application has compared with the one that **this browser** brought, in a cookie
    /// of its own (RFC 6749 §10.12).
    ///
    /// Without it a GET never begins a session, and neither does a POST from another site (`response_mode=form_post`): the answer
    /// is 403 `csrf_failed`. A `state` that is merely one that the server has handed out proves nothing, because an attacker has
    /// one as well. A link in a mail has no such proof; let its page show a button that POSTs.
    ///
    /// ```
    /// use cookiejwt_store::LoginOptions;
    ///
    /// let after_oauth = LoginOptions::new().state_checked();
    /// # let _ = after_oauth;
    /// ```
    #[must_use]
    pub const fn state_checked(self) -> Self {
        Self { state_checked: true, ..self }
    }
}

impl Default for LoginOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// What a login needs to know of its request.
///
/// By default there is no request, as in a test: no session is replaced, and the CSRF table has nothing to refuse.
#[derive(Clone, Debug)]
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
    /// What the CSRF table says of a login by this request.
    csrf: Result<(), CsrfDenial>,
}

impl Default for LoginContext {
    fn default() -> Self {
        Self {
            presented: Vec::new(),
            twins: Twins::default(),
            client: ClientInfo::default(),
            mode: Mode::default(),
            devices: PresentedDevices::default(),
            csrf: Ok(()),
        }
    }
}

impl LoginContext {
    /// Reads the old session's cookies, the user agent, the mode, and the client's network address: `ip` is that of the peer,
    /// which is the client unless [trusted proxies](cookiejwt_core::ConfigBuilder::trusted_proxies) stand between.
    pub fn from_head(auth: &Authenticator, head: RequestHead<'_>, ip: Option<IpAddr>) -> Self {
        let core = auth.0.core.load();
        auth.0.advice.on_login(&core, &head, ip);
        let ip = core.client_address(&head, ip).map(|ip| ip.to_string());
        let csrf = core.check_login_csrf(&head).map(drop);
        let presented = core.presented_sessions(&head);
        let devices = core.presented_devices(&head);
        let twins = core.twins(&head);
        Self {
            presented,
            twins,
            client: ClientInfo::from_head(head, ip),
            mode: core.mode(head),
            devices,
            csrf,
        }
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
    ///
    /// After the new row is written the user is read again through [`UserStore::find_by_id`](crate::UserStore::find_by_id), and has
    /// to be there and active: [`LoginError::UnknownSubject`] when the transaction that inserts them is still open. Their password
    /// hash plays no part.
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
        self.may_begin(&context, options)?;
        let (subject, claims) = (user.subject(), CustomClaims::new(&user.claims())?);
        let proof = Proof::Elsewhere(user.password_hash().map(Into::into));
        let proven = Proven { subject, claims, proof };
        if !user.is_active() {
            self.login_refused(LoginRefusal::Inactive, Some(proven.subject.as_str()), context.ip());
            return Err(LoginError::InvalidCredentials);
        }
        self.begin_session(proven, options, context).await
    }

    /// Logs in with a login name and a password. Unknown user, wrong password and disabled account take the same time
    /// and give the same error.
    ///
    /// White space at the ends of the login name does not count, and name and password are put into NFC.
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
        self.may_begin(&context, options)?;
        let (login, is_possible) = login_name(login);
        let user = if is_possible { self.user_called(&login).await? } else { None };
        let subject = user.as_ref().map(|user| user.subject.clone());
        let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
        let device = self.0.core.load().known_device(&context.devices, subject.as_ref(), hash);
        let standing = device.as_ref().map_or(Standing::Stranger, Standing::KnownDevice);
        let tried =
            PasswordTry { login: Some(&login), subject: subject.as_ref(), ip: context.ip(), standing };
        let proven = self.prove(user, password, tried).await?;
        self.begin_session(proven, options, context).await
    }

    /// A name that the database cannot even compare belongs to nobody. An outage would be a false alarm, and free of any limit.
    async fn user_called(&self, name: &str) -> Result<Option<FoundUser>, StoreError> {
        match self.0.users.find_by_login(name).await {
            Err(error) if error.is_data() => {
                tracing::debug!("the user table cannot compare this login name: an unknown user");
                Ok(None)
            }
            answer => self.told("find_by_login", answer),
        }
    }

    /// What the CSRF table says, unless the request brings a better proof.
    pub(crate) fn may_begin(&self, context: &LoginContext, options: LoginOptions) -> Result<(), LoginError> {
        match context.csrf {
            Err(denial) if !options.state_checked => {
                self.csrf_refused(denial);
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
        let Proven { subject, claims, proof } = proven;
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
        let mut login = core.remember_device(core.login(request, self.now())?, proof.password_hash());
        login.cookies = login.cookies.with_twins(context.twins.clone());
        let unsent = Unsent::new(self, &login.record.id);
        let created = patiently_saying(proof.no_answer(), self.0.tokens.create(&login.record)).await;
        self.told("create", created)?;
        if let Err(error) = self.still_valid(&subject, &proof, context.ip()).await {
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

    /// Reads the user again: a disabling, or a password change after the password was checked, that came before the new row
    /// must not leave a session behind.
    async fn still_valid(
        &self,
        subject: &Subject,
        proof: &Proof,
        ip: Option<IpAddr>,
    ) -> Result<(), LoginError> {
        let user = self.told("find_by_id", patiently(self.0.users.find_by_id(subject)).await)?;
        let is_valid = match (&user, proof) {
            (None, Proof::Elsewhere(_)) => return Err(LoginError::UnknownSubject),
            (Some(user), Proof::Elsewhere(_)) => user.is_active,
            (Some(user), Proof::Password(checked)) => user.is_active && user.password_hash == *checked,
            (None, Proof::Password(_)) => false,
        };
        if !is_valid {
            self.login_refused(LoginRefusal::ChangedMeanwhile, Some(subject.as_str()), ip);
            return Err(LoginError::InvalidCredentials);
        }
        Ok(())
    }
}
