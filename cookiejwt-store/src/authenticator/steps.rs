//! The public methods for logins of several steps.

use std::{error::Error, future::Future};

use cookiejwt_core::{
    Facts, Identity, Method,
    driver::{Login, PendingLogin, RequestHead, SealedPending},
};

use super::Authenticator;
use crate::{
    errors::LoginError,
    sessions::{Checked, LoginContext, LoginOptions, Proven},
    stores::AuthUser,
};

impl Authenticator {
    /// Checks a password as [`login_with_password`](Self::login_with_password) does, with the same
    /// limits and in the same time, and begins no session.
    pub async fn check_password<U: AuthUser>(
        &self,
        login: &str,
        password: &str,
        context: &LoginContext,
    ) -> Result<Proven<U>, LoginError> {
        self.0.sessions.check_password(login, password, context).await
    }

    /// The next step of a pending login: `check` says whether the proof is right.
    ///
    /// An error of `check` is 503 and costs nothing. `None` means that the proof is wrong, which
    /// counts: five wrong ones end the pending login, and an account has ten, then one every 15
    /// minutes (OWASP ASVS 6.6.3). A right one uses up the pending login, so that it cannot be
    /// presented again.
    ///
    /// ```
    /// use cookiejwt_store::{Authenticator, AuthUser, Checked, LoginContext, LoginError, Method, PendingLogin, Proven};
    ///
    /// # struct User;
    /// # impl AuthUser for User {
    /// #     fn subject(&self) -> cookiejwt_store::Subject { 1.into() }
    /// #     fn password_hash(&self) -> Option<&str> { None }
    /// # }
    /// # async fn totp_step(_: &PendingLogin, _: &str) -> Result<Option<u64>, std::io::Error> { Ok(None) }
    /// async fn second_step(
    ///     auth: &Authenticator,
    ///     pending: &PendingLogin,
    ///     code: &str,
    ///     context: &LoginContext,
    /// ) -> Result<Proven<User>, LoginError> {
    ///     // A code counts once: `totp_step` returns the time step that it belongs to.
    ///     let check = async {
    ///         Ok::<_, std::io::Error>(totp_step(pending, code).await?.map(|step| Checked::right().once(step)))
    ///     };
    ///     auth.prove(pending, Method::OTP, check, context).await
    /// }
    /// ```
    pub async fn prove<U: AuthUser, E: Into<Box<dyn Error + Send + Sync>>>(
        &self,
        pending: &PendingLogin,
        method: Method,
        check: impl Future<Output = Result<Option<Checked<U>>, E>>,
        context: &LoginContext,
    ) -> Result<Proven<U>, LoginError> {
        self.0.sessions.prove(pending, method, check, context).await
    }

    /// Begins a session with every proof of a login. The user is read again, as in
    /// [`login`](Self::login).
    pub async fn login_proven<U: AuthUser>(
        &self,
        proven: Proven<U>,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        self.0.sessions.login_proven(proven, options, context).await?.committed().await
    }

    /// Begins a session with the proofs of the present one and a new one, for a page that requires
    /// more (RFC 9470). The present session ends when the new one is first presented, as at a
    /// [fresh login](Self::fresh_login), and a user who abandons the step loses nothing.
    ///
    /// The proof of another user is [`LoginError::OtherUser`]. The absolute end does not move.
    pub async fn step_up<U: AuthUser>(
        &self,
        who: &Identity,
        proven: Proven<U>,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        self.0.sessions.step_up(who, proven, context).await?.committed().await
    }

    /// Begins a session of the same user with these facts in the place of the present one: another
    /// tenant. It is no proof, so the proofs keep their times.
    pub async fn switch(
        &self,
        who: &Identity,
        facts: &Facts,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        self.0.sessions.switch(who, facts, context).await?.committed().await
    }

    /// Leads a user who [acts](LoginOptions::acted_by) for another one back to their own session.
    ///
    /// A new session takes the place of the one from which they act, with its proofs and their
    /// times, its facts, its `remember` and its absolute end. Both that one and the acting session
    /// end when the new one is first presented, and after a minute at the latest, as at a
    /// [fresh login](Self::fresh_login). Send the returned cookies.
    ///
    /// It requires a refresh token of the acting session: its cookie in `head`, or in token mode
    /// `refresh`, which the client has sent in its body. An access token alone is not enough,
    /// because every service sees it that the client calls.
    ///
    /// # Errors
    ///
    /// [`LoginError::SessionRevoked`] when either session has ended, and the user logs in again;
    /// [`LoginError::NotActing`], and [`LoginError::Acting`] without a refresh token.
    pub async fn stop_acting<'a>(
        &self,
        who: &Identity,
        head: impl Into<RequestHead<'a>>,
        refresh: Option<&str>,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        let holds = self.0.keys.core().holds_refresh(head, refresh, who.session_id());
        self.0.sessions.stop_acting(who, holds, context).await?.committed().await
    }

    /// A pending login for this purpose, such as `oauth:google`; set its fields and
    /// [seal](Self::seal_pending) it.
    pub fn pending(&self, purpose: &str) -> Result<PendingLogin, LoginError> {
        let random = self.0.runtime.random_bytes().map_err(LoginError::Random)?;
        Ok(PendingLogin::new(purpose, random, self.timestamp()))
    }

    /// Seals a pending login for the client of this request. Send the cookies, or in token mode the
    /// text.
    pub fn seal_pending(
        &self,
        pending: &PendingLogin,
        context: &LoginContext,
    ) -> Result<SealedPending, LoginError> {
        self.0.sessions.seal(pending, context)
    }

    /// The pending login that a client in token mode has sent in a body.
    pub fn open_pending<'a>(&self, head: impl Into<RequestHead<'a>>, text: &str) -> Option<PendingLogin> {
        self.0.keys.core().open_pending(head, text, self.timestamp())
    }
}
