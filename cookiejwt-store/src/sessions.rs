//! Beginning and ending sessions.

use std::{net::IpAddr, time::Duration};

use cookiejwt_core::{
    ClientInfo, CsrfDenial, CustomClaims, Identity, Login, LoginRequest, RequestHead, Revocation,
    RevocationReason, SessionId, SetCookies, Subject,
};

use crate::{
    AuthUser, Authenticator, Event, LoginError, LoginRefusal, PasswordMatch, StoreError, event::printable,
    user_store::FoundUser,
};

/// Waits between the tries of a revocation that failed.
const RETRY_AFTER_SECONDS: [u64; 8] = [1, 2, 4, 8, 15, 30, 60, 120];

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
    /// Where the login comes from.
    pub client: ClientInfo,
}

impl LoginContext {
    /// Reads the old session's cookies and the user agent; `ip` is the client's network address.
    pub fn from_head(auth: &Authenticator, head: RequestHead<'_>, ip: Option<IpAddr>) -> Self {
        let presented = auth.0.core.presented_sessions(&head);
        // An IPv4 client of an IPv6 socket is an IPv4 client.
        let ip = ip.map(|ip| ip.to_canonical().to_string());
        Self { presented, client: ClientInfo::from_head(head, ip) }
    }

    /// The client's network address.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.client.ip.as_deref()?.parse().ok()
    }
}

/// What a logout did.
#[derive(Debug)]
#[must_use]
pub struct LoggedOut {
    /// Clears both cookies; sent in any case.
    pub cookies: SetCookies,
    /// Whether every named session is revoked in the store.
    pub revoked: Result<(), StoreError>,
}

impl Authenticator {
    /// Logs a user in whose right to do so was proved elsewhere: an OAuth callback, a passkey, a magic link.
    ///
    /// A new session begins, and the one whose cookies came in is revoked. Send the cookies.
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
        let user = self.0.users.find_by_login(login).await?;
        let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
        let found = self.0.passwords.verify(password, hash).await?;
        let refusal = match (&user, found) {
            (None, _) => Some(LoginRefusal::UnknownUser),
            (Some(_), PasswordMatch::No) => Some(LoginRefusal::WrongPassword),
            (Some(user), _) if !user.is_active => Some(LoginRefusal::Inactive),
            (Some(_), _) => None,
        };
        if let Some(reason) = refusal {
            let subject = user.as_ref().map(|user| user.subject.as_str());
            self.login_refused(reason, subject, context.ip());
        }
        let Some(user) = user.filter(|_| refusal.is_none()) else {
            return Err(LoginError::InvalidCredentials);
        };
        let password_hash = match found {
            PasswordMatch::YesOutdated => self.rehash(&user, password).await,
            _ => user.password_hash,
        };
        let proven = Proven { subject: user.subject, claims: user.claims?, password_hash };
        self.begin_session(proven, options, context).await
    }

    /// Ends the sessions named by the signed tokens that came in. Refused only by the CSRF table.
    pub async fn logout(
        &self,
        head: RequestHead<'_>,
        body_refresh: Option<&str>,
    ) -> Result<LoggedOut, CsrfDenial> {
        let logout = self.0.core.logout(head, body_refresh)?;
        let revoked = self.revoke_sessions(logout.sessions, RevocationReason::Logout).await;
        Ok(LoggedOut { cookies: logout.cookies, revoked })
    }

    /// Ends these sessions, and gives the lines that clear both cookies. A store that is away changes neither: the
    /// revocation is logged, remembered on this node, and tried again.
    pub async fn end_sessions(&self, sessions: Vec<SessionId>) -> SetCookies {
        let _ = self.revoke_sessions(sessions, RevocationReason::Logout).await;
        self.0.core.clear_cookies()
    }

    /// Ends every session of this identity's user, the present one too. Clear the cookies as well.
    pub async fn logout_everywhere(&self, identity: &Identity) -> Result<u64, StoreError> {
        self.revoke_user(identity.subject(), RevocationReason::LogoutEverywhere).await
    }

    /// Ends every session of a user at once, for instance when he is disabled; how many there were.
    pub async fn revoke_user(&self, subject: &Subject, reason: RevocationReason) -> Result<u64, StoreError> {
        let (auth, subject) = (self.clone(), subject.clone());
        let task = tokio::spawn(async move {
            let now = auth.timestamp();
            let sessions = auth.0.tokens.revoke_subject(&subject, reason, now).await?;
            let count = sessions.len() as u64;
            for session in sessions {
                auth.0.revoked.insert(session, reason, now);
            }
            Ok(count)
        });
        task.await.unwrap_or_else(|error| Err(StoreError::new(error)))
    }

    /// Ends one session at once.
    pub async fn revoke_session(&self, id: SessionId, reason: RevocationReason) -> Result<(), StoreError> {
        self.revoke_sessions(vec![id], reason).await
    }

    async fn revoke_sessions(&self, ids: Vec<SessionId>, reason: RevocationReason) -> Result<(), StoreError> {
        let at = self.timestamp();
        self.revoke(ids.into_iter().map(|session_id| Revocation { session_id, reason, at }).collect()).await
    }

    /// In a task of its own, so that a client that hangs up cannot cancel it. What fails stays in this node's revoked
    /// set and is tried again, a bounded number of times.
    pub(crate) async fn revoke(&self, revocations: Vec<Revocation>) -> Result<(), StoreError> {
        if revocations.is_empty() {
            return Ok(());
        }
        let (answer, answered) = tokio::sync::oneshot::channel();
        let auth = self.clone();
        tokio::spawn(async move {
            for revocation in &revocations {
                auth.0.revoked.insert(revocation.session_id.clone(), revocation.reason, auth.timestamp());
            }
            let first = auth.revoke_in_store(&revocations).await;
            let failed = first.is_err();
            // Nobody waits any more when the client has hung up.
            let _ = answer.send(first);
            if failed {
                auth.retry_revoking(&revocations).await;
            }
        });
        answered.await.unwrap_or_else(|error| Err(StoreError::new(error)))
    }

    /// Each is tried, so that one row that cannot be changed keeps no other session alive.
    async fn revoke_in_store(&self, revocations: &[Revocation]) -> Result<(), StoreError> {
        let mut result = Ok(());
        for revocation in revocations {
            match self.0.tokens.revoke(revocation).await {
                Ok(true) => {
                    let session = printable(revocation.session_id.as_str());
                    self.emit(Event::Revoked { session: &session, reason: revocation.reason });
                }
                Ok(false) => {}
                Err(error) => {
                    self.store_failed("revoke", &error);
                    result = result.and(Err(error));
                }
            }
        }
        result
    }

    async fn retry_revoking(&self, revocations: &[Revocation]) {
        for seconds in RETRY_AFTER_SECONDS {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            if self.revoke_in_store(revocations).await.is_ok() {
                return;
            }
        }
    }

    async fn begin_session(
        &self,
        proven: Proven,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        let Proven { subject, claims, password_hash } = proven;
        let ip = context.ip();
        let request = LoginRequest {
            subject: subject.clone(),
            claims,
            remember: options.remember,
            client: context.client,
            ids: self.0.random.login_ids().map_err(LoginError::Random)?,
        };
        let login = self.0.core.login(request, self.now())?;
        self.0.tokens.create(&login.record).await?;
        if let Err(error) = self.still_valid(&subject, password_hash.as_deref(), ip).await {
            let _ = self.revoke_session(login.record.id, RevocationReason::UserInactive).await;
            return Err(error);
        }
        // A failure is tried again in the background; the new session stands.
        let _ = self.revoke_sessions(context.presented, RevocationReason::Replaced).await;
        if let Err(error) = self.keep_to_limit(&subject).await {
            let _ = self.revoke_session(login.record.id, RevocationReason::Limit).await;
            return Err(error.into());
        }
        let (subject, session) = (printable(subject.as_str()), printable(login.record.id.as_str()));
        self.emit(Event::LoggedIn { subject: &subject, session: &session, ip });
        Ok(login)
    }

    /// Ends the oldest sessions of a user who has more than the limit. Of logins at the same time the last one sees them
    /// all, and all of them agree which are the oldest, so in the end the limit holds exactly.
    async fn keep_to_limit(&self, subject: &Subject) -> Result<(), StoreError> {
        let Some(limit) = self.0.core.config().max_sessions() else { return Ok(()) };
        let living = self.0.tokens.sessions_of(subject, self.timestamp()).await?;
        let surplus = living.into_iter().map(|session| session.id).skip(limit as usize).collect();
        self.revoke_sessions(surplus, RevocationReason::Limit).await
    }

    /// Reads the user again: a password change or a disabling that came between the check and the new row must not
    /// leave a session behind.
    async fn still_valid(
        &self,
        subject: &Subject,
        password_hash: Option<&str>,
        ip: Option<IpAddr>,
    ) -> Result<(), LoginError> {
        let user = self.0.users.find_by_id(subject).await?;
        match user {
            Some(user) if user.is_active && user.password_hash.as_deref() == password_hash => Ok(()),
            _ => {
                self.login_refused(LoginRefusal::ChangedMeanwhile, Some(subject.as_str()), ip);
                Err(LoginError::InvalidCredentials)
            }
        }
    }

    /// The hash that stands in the table now. A failure to store a better one does not fail the login.
    async fn rehash(&self, user: &FoundUser, password: &str) -> Option<String> {
        let old = user.password_hash.clone()?;
        let Ok(new) = self.0.passwords.hash(password).await else { return Some(old) };
        match self.0.users.set_password_hash(&user.subject, &old, &new).await {
            Ok(true) => return Some(new),
            Ok(false) => {}
            Err(error) => self.store_failed("set_password_hash", &error),
        }
        self.swapped_meanwhile(&user.subject, &old, password).await.or(Some(old))
    }

    /// The hash that another login of the same user stored first, with a salt of its own; none when it belongs to
    /// another password.
    async fn swapped_meanwhile(&self, subject: &Subject, old: &str, password: &str) -> Option<String> {
        let hash = self.0.users.find_by_id(subject).await.ok()??.password_hash.filter(|hash| hash != old)?;
        let found = self.0.passwords.verify(password, Some(&hash)).await.ok()?;
        (found != PasswordMatch::No).then_some(hash)
    }
}

/// Somebody whose right to log in was proved.
struct Proven {
    subject: Subject,
    claims: CustomClaims,
    /// What his row said while he proved it.
    password_hash: Option<String>,
}
