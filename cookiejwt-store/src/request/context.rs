//! What a custom login or logout flow needs to know of its request.

use std::net::IpAddr;

use cookiejwt_core::{
    CsrfDenial, Identity, Login, Logout, Mode, Problem, RequestHead, SessionId, SetCookies, Subject, Tokens,
};

use super::{cookies::Cookies, framework_session::FrameworkSession, slot::Slot};
use crate::{
    authenticator::Authenticator,
    errors::LoginError,
    events::LoginRefusal,
    sessions::{LoginContext, LoginOptions, SessionInfo},
    stores::AuthUser,
};

/// What a login or logout of one's own needs to know of its request: the old session, the client's address, the user
/// agent, and what the CSRF table says.
#[derive(Debug)]
pub struct RequestContext {
    auth: Authenticator,
    login: LoginContext,
    logout: Result<Logout, CsrfDenial>,
    session: Option<Box<dyn FrameworkSession>>,
}

impl RequestContext {
    /// Reads the head of this slot's request; `ip` is the client's network address.
    pub fn new(slot: &Slot, head: RequestHead<'_>, ip: Option<IpAddr>) -> Self {
        let auth = slot.authenticator().clone();
        let login = LoginContext::from_head(&auth, head, ip);
        let logout = auth.core().logout(head, None);
        let _ = logout.as_ref().inspect_err(|denial| auth.advise_on_denial(**denial, &head));
        Self { auth, login, logout, session: None }
    }

    /// With the framework's own session, which then follows before the cookies are handed out.
    #[must_use]
    pub fn with_session(self, session: impl FrameworkSession + 'static) -> Self {
        Self { session: Some(Box::new(session)), ..self }
    }

    /// The authenticator that decides here.
    pub fn authenticator(&self) -> &Authenticator {
        &self.auth
    }

    /// Whether the request asks for tokens, and may have them.
    pub fn is_token_mode(&self) -> bool {
        self.login.mode != Mode::Cookie
    }

    /// Logs this user in, with cookies. Who he is must have been proved before.
    pub async fn login<U: AuthUser>(self, user: &U, options: LoginOptions) -> Result<Cookies, LoginError> {
        self.auth.may_begin(&self.login, options)?;
        self.refuse_token_mode(&user.subject())?;
        let login = self.auth.login(user, options, self.login).await?;
        Cookies::of_login(self.auth, login, self.session).await
    }

    /// Logs this user in, with tokens. Who he is must have been proved before.
    pub async fn login_tokens<U: AuthUser>(
        self,
        user: &U,
        options: LoginOptions,
    ) -> Result<Tokens, LoginError> {
        self.auth.may_begin(&self.login, options)?;
        if !self.is_token_mode() {
            self.wrong_mode(&user.subject());
            return Err(LoginError::CookieMode);
        }
        let Login { tokens, .. } = self.auth.login(user, options, self.login).await?;
        tokens.ok_or(LoginError::CookieMode)
    }

    fn refuse_token_mode(&self, subject: &Subject) -> Result<(), LoginError> {
        if self.is_token_mode() {
            self.wrong_mode(subject);
            return Err(LoginError::TokenMode);
        }
        Ok(())
    }

    fn wrong_mode(&self, subject: &Subject) {
        self.auth.login_refused(LoginRefusal::WrongMode, Some(subject.as_str()), self.login.ip());
    }

    /// Ends every session that a signed token of this request names, unless the CSRF table refuses it.
    pub async fn logout(self) -> Result<Cookies, Problem> {
        let logout = self.logout.map_err(|denial| {
            self.auth.csrf_refused(denial);
            Problem::CsrfFailed
        })?;
        let _ = self.auth.end_sessions(logout.sessions).await;
        Ok(Cookies::of_logout(self.auth, logout.cookies, self.session).await)
    }

    /// Ends every session of this user. A store that is away is 503 and clears nothing.
    pub async fn logout_everywhere(self, who: &Identity) -> Result<Cookies, Problem> {
        self.auth.logout_everywhere(who).await?;
        let cookies = match self.login.mode {
            Mode::Cookie => self.auth.core().logout_cookies().with_twins(self.login.twins),
            Mode::Token(_) => SetCookies::default(),
        };
        Ok(Cookies::of_logout(self.auth, cookies, self.session).await)
    }

    /// Logs the same user in again, with his password.
    pub async fn fresh_login(self, who: &Identity, password: &str) -> Result<Cookies, LoginError> {
        self.auth.may_begin(&self.login, LoginOptions::new())?;
        self.refuse_token_mode(who.subject())?;
        let login = self.auth.fresh_login(who, password, self.login).await?;
        Cookies::of_login(self.auth, login, self.session).await
    }

    /// Changes the user's password: every session of his ends, and a new one begins.
    pub async fn change_password(
        self,
        who: &Identity,
        current: &str,
        new: &str,
    ) -> Result<Cookies, LoginError> {
        self.auth.may_begin(&self.login, LoginOptions::new())?;
        self.refuse_token_mode(who.subject())?;
        let login = self.auth.change_password(who, current, new, self.login).await?;
        Cookies::of_login(self.auth, login, self.session).await
    }

    /// The living sessions of this user, the newest first.
    pub async fn sessions(&self, who: &Identity) -> Result<Vec<SessionInfo>, Problem> {
        Ok(self.auth.sessions(who).await?)
    }

    /// Ends one session of this user; 404 when he has no such session.
    pub async fn end_session(self, who: &Identity, id: &SessionId) -> Result<Cookies, Problem> {
        let cookies = self.auth.end_session(who, id).await?.ok_or(Problem::NotFound)?;
        let cookies = cookies.with_twins(self.login.twins);
        Ok(Cookies::of_logout(self.auth, cookies, self.session).await)
    }

    /// Ends every session of this user but the present one; how many there were.
    pub async fn end_other_sessions(&self, who: &Identity) -> Result<u64, Problem> {
        Ok(self.auth.end_other_sessions(who).await?)
    }
}
