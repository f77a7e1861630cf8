//! The public methods that begin sessions.

use std::net::IpAddr;

use cookiejwt_core::{
    Identity,
    driver::{Login, RequestHead},
};

use super::Authenticator;
use crate::{
    errors::LoginError,
    sessions::{LoginContext, LoginOptions},
    stores::AuthUser,
};

impl LoginContext {
    /// Reads the old session's cookies, the user agent, the mode, and the client's network address:
    /// `ip` is that of the peer, which is the client unless [trusted
    /// proxies](cookiejwt_core::ConfigBuilder::trusted_proxies) are configured.
    pub fn from_head(auth: &Authenticator, head: RequestHead<'_>, ip: Option<IpAddr>) -> Self {
        let core = auth.0.keys.core();
        auth.0.events.advice().on_login(&core, &head, ip);
        Self::read(&core, head, ip)
    }
}

impl Authenticator {
    /// Logs a user in whose right to do so was proved elsewhere: an OAuth callback, a passkey, a
    /// magic link.
    ///
    /// A new session begins, and the one whose cookies came in is revoked. Send the cookies, or in
    /// token mode the tokens.
    ///
    /// After the new row is written the user is read again through
    /// [`UserStore::find_by_id`](crate::UserStore::find_by_id), and has to be there and active:
    /// [`LoginError::UnknownSubject`] when the transaction that inserts them is still open. Their
    /// password hash plays no part.
    pub async fn login<U: AuthUser>(
        &self,
        user: &U,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        self.0.sessions.login(user, options, context).await
    }

    /// Logs in with a login name and a password. Unknown user, wrong password and disabled account
    /// take the same time and give the same error.
    ///
    /// White space at the ends of the login name does not count, and name and password are put into
    /// NFC.
    pub async fn login_with_password(
        &self,
        login: &str,
        password: &str,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        self.0.sessions.login_with_password(login, password, options, context).await
    }

    /// Logs the same user in again with their password, before something that needs a fresh login
    /// (OWASP ASVS 7.5.1, RFC 9470). Send the cookies.
    ///
    /// A new session begins, with a new `auth_time` and the `remember` of the present one. The
    /// present one ends when the new one is first presented, and after a minute at the latest:
    /// until then it authenticates without rotating, so that an answer that is lost, or a second
    /// click, does not log out a user who has just typed the right password.
    pub async fn fresh_login(
        &self,
        who: &Identity,
        password: &str,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        self.0.sessions.fresh_login(who, password, context).await
    }

    /// Changes the password of this identity's user, by compare-and-swap of the hash that the
    /// current one was checked against. Send the cookies.
    ///
    /// Every other session of the user ends, and a new one begins with the `remember` of the
    /// present one: a thief of a token or of the old password is logged out (OWASP ASVS 7.4.3). The
    /// present one ends when the new one is first presented, and after a minute at the latest, as
    /// at a [fresh login](Self::fresh_login). Of two changes at the same time one is made, and the
    /// other is refused with [`LoginError::InvalidCredentials`]: its current password is no longer
    /// valid. When an error is returned, nothing has changed; only a user store that goes away in
    /// the middle of the swap, and cannot be asked afterwards either, leaves open whether the new
    /// password counts.
    pub async fn change_password(
        &self,
        who: &Identity,
        current: &str,
        new: &str,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        self.0.sessions.change_password(who, current, new, context).await
    }

    /// What the CSRF table has decided, unless the request brings a better proof.
    pub(crate) fn may_begin(&self, context: &LoginContext, options: &LoginOptions) -> Result<(), LoginError> {
        self.0.sessions.may_begin(context, options)
    }
}
