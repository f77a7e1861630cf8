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
        Self::read(&core, head, ip, auth.timestamp())
    }
}

impl Authenticator {
    /// Logs in a user whom you have verified yourself: in an OAuth callback, with a passkey or a
    /// magic link.
    ///
    /// A new session starts, and the session whose cookies came with the request is revoked. Send
    /// the returned cookies, or in token mode the tokens.
    ///
    /// After the new row is written, the user is read again through
    /// [`UserStore::find_by_id`](crate::UserStore::find_by_id), and must exist and be active. While
    /// the transaction that inserts the user is still open, the result is
    /// [`LoginError::UnknownSubject`]. The password hash is not checked.
    pub async fn login<U: AuthUser>(
        &self,
        user: &U,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        self.0.sessions.login(user, options, context).await?.committed().await
    }

    /// Logs in with a login name and a password. Unknown user, wrong password and disabled account
    /// take the same time and give the same error.
    ///
    /// White space around the login name is ignored, and name and password are normalized to NFC.
    pub async fn login_with_password(
        &self,
        login: &str,
        password: &str,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        self.0.sessions.login_with_password(login, password, options, context).await?.committed().await
    }

    /// Logs the same user in again with their password, before an action that requires a fresh
    /// login (OWASP ASVS 7.5.1, RFC 9470). Send the returned cookies.
    ///
    /// A new session starts, with a new `auth_time` and the `remember` of the current one. The
    /// current one ends when the new one is first presented, and after a minute at the latest.
    /// Until then it authenticates without rotating, so that a lost response or a second click does
    /// not log out a user who has just entered the correct password.
    pub async fn fresh_login(
        &self,
        who: &Identity,
        password: &str,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        self.0.sessions.fresh_login(who, password, context).await?.committed().await
    }

    /// Changes the password of this identity's user, by compare-and-swap of the hash that the
    /// current password was checked against. Send the returned cookies.
    ///
    /// Every other session of the user ends, and a new one starts with the `remember` of the
    /// current one, so a thief of a token or of the old password is logged out (OWASP ASVS 7.4.3).
    /// The current one ends when the new one is first presented, and after a minute at the latest,
    /// as with a [fresh login](Self::fresh_login). Of two simultaneous changes one succeeds; the
    /// other is refused with [`LoginError::InvalidCredentials`], because its current password is no
    /// longer valid. If an error is returned, nothing has changed, with one exception: if the user
    /// store fails during the swap and is still unavailable afterwards, the new password may be
    /// valid.
    pub async fn change_password(
        &self,
        who: &Identity,
        current: &str,
        new: &str,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        self.0.sessions.change_password(who, current, new, context).await?.committed().await
    }
}
