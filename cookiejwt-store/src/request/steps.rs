//! Logins of several steps in a handler.

use std::{error::Error, future::Future};

use cookiejwt_core::{
    Facts, Identity, Method,
    driver::{PendingLogin, SealedPending},
};

use super::{context::RequestContext, logged_in::LoggedIn};
use crate::{
    errors::LoginError,
    sessions::{Checked, LoginOptions, PendingOptions, Proven},
    stores::AuthUser,
};

impl RequestContext {
    /// Checks a password as the login route does, and begins no session.
    pub async fn check_password<U: AuthUser>(
        &self,
        login: &str,
        password: &str,
    ) -> Result<Proven<U>, LoginError> {
        self.part().check_password(login, password, &self.login_context()).await
    }

    /// Begins a login of several steps: its cookie is sent with whatever the response to this
    /// request is. In token mode the text of the result belongs into the body.
    pub fn begin(&self, options: PendingOptions) -> Result<(PendingLogin, SealedPending), LoginError> {
        let failed = |error: &LoginError| self.authenticator().0.events.login_failed(error);
        let pending = self.part().begin(options).inspect_err(failed)?;
        let sealed = self.part().seal(&pending, &self.login_context()).inspect_err(failed)?;
        self.outbox().add(&sealed.cookies);
        Ok((pending, sealed))
    }

    /// The newest pending login of this purpose whose cookie came with the request.
    pub fn pending(&self, purpose: &str) -> Option<PendingLogin> {
        self.presented().into_iter().find(|pending| pending.purpose == purpose)
    }

    /// The pending login of this purpose and id whose cookie came with the request; the id is also
    /// the `state` of OAuth (RFC 6749 §10.12).
    pub fn pending_with_id(&self, purpose: &str, id: &str) -> Option<PendingLogin> {
        self.presented().into_iter().find(|pending| pending.purpose == purpose && pending.id == id)
    }

    /// The pending login of this purpose that a client in token mode has sent in its body.
    pub fn open_pending(&self, purpose: &str, text: &str) -> Option<PendingLogin> {
        let (core, now) = (self.authenticator().core(), self.authenticator().timestamp());
        core.open_pending(self.head(), text, now).filter(|pending| pending.purpose == purpose)
    }

    fn presented(&self) -> Vec<PendingLogin> {
        self.authenticator().core().presented_pendings(self.head(), self.authenticator().timestamp())
    }

    /// The next step of a pending login.
    pub async fn prove<U: AuthUser, E: Into<Box<dyn Error + Send + Sync>>>(
        &self,
        pending: &PendingLogin,
        method: Method,
        check: impl Future<Output = Result<Option<Checked<U>>, E>>,
    ) -> Result<Proven<U>, LoginError> {
        self.part().prove(pending, method, check, &self.login_context()).await
    }

    /// Logs a user in with every proof of their login.
    pub async fn login_proven<U: AuthUser>(
        &self,
        proven: Proven<U>,
        options: LoginOptions,
    ) -> Result<LoggedIn, LoginError> {
        let begun = self.part().login_proven(proven, options, self.login_context()).await;
        self.logged_in(self.noting(begun)?).await
    }

    /// Adds a proof to the session of a user who is logged in.
    pub async fn step_up<U: AuthUser>(
        &self,
        who: &Identity,
        proven: Proven<U>,
    ) -> Result<LoggedIn, LoginError> {
        let begun = self.part().step_up(who, proven, self.login_context()).await;
        self.logged_in(self.noting(begun)?).await
    }

    /// Gives the session of a user who is logged in other facts, such as another tenant.
    pub async fn switch(&self, who: &Identity, facts: &Facts) -> Result<LoggedIn, LoginError> {
        let begun = self.part().switch(who, facts, self.login_context()).await;
        self.logged_in(self.noting(begun)?).await
    }

    /// Leads a user who acts for another one back to their own session. In token mode the client
    /// has sent the refresh token of the acting session in its body.
    pub async fn stop_acting(&self, who: &Identity, refresh: Option<&str>) -> Result<LoggedIn, LoginError> {
        let holds = self.authenticator().core().holds_refresh(self.head(), refresh, who.session_id());
        let begun = self.part().stop_acting(who, holds, self.login_context()).await;
        self.logged_in(self.noting(begun)?).await
    }

    /// The pending login of a user who has to prove more is sent with whatever the response is.
    pub(super) fn noting<T>(&self, login: Result<T, LoginError>) -> Result<T, LoginError> {
        if let Err(LoginError::SecondFactorRequired(second)) = &login {
            self.outbox().add(&second.sealed.cookies);
        }
        login
    }
}
