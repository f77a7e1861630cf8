//! What a custom login or logout flow needs of its request.

use std::{net::IpAddr, sync::Arc};

use cookiejwt_core::{
    Identity, Problem, SessionId,
    driver::{Login, Mode, RequestHead, SetCookies, Tokens, Twins},
};

use super::{
    cookies::Cookies, framework_session::FrameworkSession, logged_in::LoggedIn, outbox::Outbox, slot::Slot,
};
use crate::{
    authenticator::Authenticator,
    errors::{LoginError, SessionCookieError},
    runtime::KeptHead,
    sessions::{Begun, LoginContext, LoginOptions, SessionInfo, Sessions, Unsent},
    stores::AuthUser,
};

/// What a custom login or logout flow needs of its request: the cookies, the client's address, the
/// user agent, and the fields that the CSRF check reads.
///
/// It keeps a copy of these fields. They are read when a method is called: creating a context
/// verifies nothing.
#[derive(Debug)]
pub struct RequestContext {
    auth: Authenticator,
    head: KeptHead,
    ip: Option<IpAddr>,
    outbox: Arc<Outbox>,
    session: Option<Box<dyn FrameworkSession>>,
}

impl RequestContext {
    /// Keeps what is needed of the head of this slot's request; `ip` is the network address of the
    /// peer.
    pub fn new(slot: &Slot, head: RequestHead<'_>, ip: Option<IpAddr>) -> Self {
        let (auth, outbox) = (slot.authenticator().clone(), Arc::clone(slot.outbox()));
        Self { auth, head: KeptHead::of(head), ip, outbox, session: None }
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

    pub(super) fn part(&self) -> &Sessions {
        &self.auth.0.sessions
    }

    pub(super) fn head(&self) -> RequestHead<'_> {
        self.head.head()
    }

    pub(super) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// The response to this request is not stored (`Cache-Control: no-store`), so that the back
    /// button does not show it after a logout.
    pub fn no_store(&self) {
        self.outbox.never_store();
    }

    /// Logs this user in. Verify who they are before you call it.
    pub async fn login<U: AuthUser>(&self, user: &U, options: LoginOptions) -> Result<LoggedIn, LoginError> {
        let begun = self.noting(self.part().login(user, options, self.login_context()).await)?;
        self.logged_in(begun).await
    }

    /// Logs this user in where the application has no response in its hands: the cookies are sent
    /// with whatever the response to this request is.
    pub async fn login_here<U: AuthUser>(
        &self,
        user: &U,
        options: LoginOptions,
    ) -> Result<Identity, LoginError> {
        let context = self.login_context();
        let failed = |error: &LoginError| self.auth.0.events.login_failed(error);
        self.may_log_in_here(context.mode).inspect_err(failed)?;
        let begun = self.noting(self.part().login(user, options, context).await)?;
        let logged_in = self.logged_in(begun).await?;
        let identity = logged_in.identity().clone();
        logged_in.into_cookies().send_here().inspect_err(failed)?;
        Ok(identity)
    }

    /// Whether cookies are what the request asks for, and can still be sent.
    fn may_log_in_here(&self, mode: Mode) -> Result<(), LoginError> {
        if mode != Mode::Cookie {
            return Err(LoginError::NeedsResponse);
        }
        if self.outbox.has_left() {
            return Err(LoginError::ResponseSent);
        }
        if self.session.is_none() && self.auth.config().sets_session_cookie() {
            return Err(SessionCookieError::Missing("call `login` instead of `login_here`").into());
        }
        Ok(())
    }

    /// Checks the password of the user with this login name and logs them in: what the login route
    /// does, for a handler of your own, such as that of an HTML form.
    pub async fn login_with_password(
        &self,
        login: &str,
        password: &str,
        options: LoginOptions,
    ) -> Result<LoggedIn, LoginError> {
        let context = self.login_context();
        let begun = self.part().login_with_password(login, password, options, context).await;
        let begun = self.noting(begun)?;
        self.logged_in(begun).await
    }

    /// Logs the same user in again, with their password.
    pub async fn fresh_login(&self, who: &Identity, password: &str) -> Result<LoggedIn, LoginError> {
        let begun = self.noting(self.part().fresh_login(who, password, self.login_context()).await)?;
        self.logged_in(begun).await
    }

    /// Changes the user's password: all their sessions end, and a new one starts.
    pub async fn change_password(
        &self,
        who: &Identity,
        current: &str,
        new: &str,
    ) -> Result<LoggedIn, LoginError> {
        let context = self.login_context();
        let begun = self.noting(self.part().change_password(who, current, new, context).await)?;
        self.logged_in(begun).await
    }

    pub(super) fn login_context(&self) -> LoginContext {
        LoginContext::from_head(&self.auth, self.head.head(), self.ip)
    }

    /// If the framework's session cannot follow, the new session is revoked.
    pub(super) async fn logged_in(&self, begun: Begun) -> Result<LoggedIn, LoginError> {
        let Begun { login, commit } = begun;
        let Login { identity, cookies, tokens, refresh_expires_at, .. } = login;
        let unsent = Unsent::new(commit);
        self.auth.follow(&cookies, self.session.as_deref()).await?;
        let cookies = self.cookies(cookies, Some((unsent, tokens)));
        Ok(LoggedIn::new(cookies, identity, refresh_expires_at))
    }

    /// The cookies are cleared, also if the framework's session cannot follow.
    async fn logged_out(&self, lines: SetCookies) -> Cookies {
        // A failure is in the log.
        let _ = self.auth.follow(&lines, self.session.as_deref()).await;
        self.cookies(lines, None)
    }

    fn cookies(&self, lines: SetCookies, login: Option<(Unsent, Option<Tokens>)>) -> Cookies {
        Cookies::new(self.auth.clone(), Arc::clone(&self.outbox), lines, login)
    }

    fn twins(&self) -> Twins {
        self.auth.core().twins(self.head.head())
    }

    /// Ends every session that a signed token of this request identifies, unless the CSRF check
    /// fails.
    pub async fn logout(&self) -> Result<Cookies, Problem> {
        let head = self.head.head();
        let logout = self.auth.core().logout(head, None).map_err(|denial| {
            self.auth.advise_on_denial(denial, &head);
            self.auth.csrf_refused(denial);
            Problem::CsrfFailed
        })?;
        let _ = self.auth.end_sessions(logout.sessions).await;
        Ok(self.logged_out(logout.cookies).await)
    }

    /// Ends every session of this user. If the store is unavailable, the response is 503 and
    /// nothing is cleared.
    pub async fn logout_everywhere(&self, who: &Identity) -> Result<Cookies, Problem> {
        self.auth.logout_everywhere(who).await?;
        let cookies = match self.auth.core().mode(self.head.head()) {
            Mode::Cookie => self.auth.core().logout_cookies().with_twins(self.twins()),
            Mode::Token(_) => SetCookies::default(),
        };
        Ok(self.logged_out(cookies).await)
    }

    /// The active sessions of this user, newest first.
    pub async fn sessions(&self, who: &Identity) -> Result<Vec<SessionInfo>, Problem> {
        Ok(self.auth.sessions(who).await?)
    }

    /// Ends one session of this user; 404 if they have no such session.
    pub async fn end_session(&self, who: &Identity, id: &SessionId) -> Result<Cookies, Problem> {
        let cookies = self.auth.end_session(who, id).await?.ok_or(Problem::NotFound)?;
        let cookies = cookies.with_twins(self.twins());
        Ok(self.logged_out(cookies).await)
    }

    /// Ends every session of this user except the current one, and returns how many there were.
    pub async fn end_other_sessions(&self, who: &Identity) -> Result<u64, Problem> {
        self.auth.end_other_sessions(who).await
    }
}

#[cfg(test)]
mod tests {
    use cookiejwt_core::{Secret, Subject, testing};

    use super::*;
    use crate::stores::MemoryStore;

    struct Alice;

    impl AuthUser for Alice {
        fn subject(&self) -> Subject {
            1.into()
        }

        fn password_hash(&self) -> Option<&str> {
            None
        }
    }

    struct Users;

    impl crate::stores::UserStore for Users {
        type User = Alice;
        type Error = std::convert::Infallible;

        async fn find_by_id(&self, _: &Subject) -> Result<Option<Alice>, Self::Error> {
            Ok(Some(Alice))
        }

        async fn find_by_login(&self, _: &str) -> Result<Option<Alice>, Self::Error> {
            Ok(Some(Alice))
        }

        async fn set_password_hash(&self, _: &Subject, _: &str, _: &str) -> Result<bool, Self::Error> {
            Ok(false)
        }
    }

    /// A context of a POST from another site, with these cookies: the CSRF check refuses it.
    fn of_another_site(auth: &Authenticator, cookies: &str) -> RequestContext {
        let request = http::Request::post("/").header("host", "shop.example").header("cookie", cookies);
        let request = request.header("sec-fetch-site", "cross-site").header("origin", "https://evil.example");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        RequestContext::new(&Slot::new(auth, "/"), (&parts).into(), None)
    }

    #[tokio::test]
    async fn nothing_of_the_request_is_read_before_a_method_needs_it() {
        let secret = Secret::from_base64("NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=").unwrap();
        let config = cookiejwt_core::Config::builder().secret(secret).issuer("https://id.example");
        let auth = Authenticator::builder(config.audience("shop").build().unwrap());
        let auth = auth.users(Users).tokens(MemoryStore::new()).build().unwrap();
        let login = auth.login(&Alice, LoginOptions::new(), LoginContext::default()).await.unwrap();
        let context = of_another_site(&auth, &testing::cookie_header(&login));
        assert_eq!(context.sessions(&login.identity).await.unwrap().len(), 1);
        assert_eq!(context.end_other_sessions(&login.identity).await.unwrap(), 0);
        assert_eq!(context.head.reads(), 0, "no cookie was parsed, so no signature was verified");
        assert_eq!(context.logout().await.unwrap_err(), Problem::CsrfFailed);
        assert_eq!(auth.sessions(&login.identity).await.unwrap().len(), 1, "the session still works");
    }
}
