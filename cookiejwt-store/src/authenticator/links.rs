//! The public methods for links that are mailed to a user.

use std::time::Duration;

use super::Authenticator;
use crate::{
    errors::LoginError,
    sessions::{NewLink, Opened, Proven, SpentLink},
    stores::AuthUser,
};

/// # Links
///
/// A link proves access to the mailbox of the user: for a forgotten password, for a new
/// address, for a login without a password. The [guide](crate::guide::links) has the pages around
/// it.
impl Authenticator {
    /// A link for this user and this purpose, such as `reset`; [`sign`](NewLink::sign) makes it. It
    /// lives for `life`, from one second to seven days; parts of a second do not count.
    ///
    /// It ends early when the password hash or the [`stamp`](AuthUser::stamp) of the user changes:
    /// a new password ends every link that was mailed before it, and so does the login that
    /// replaces an outdated hash. Nothing is stored. Give each thing a purpose of its own: what was
    /// made to verify an address must not reset a password (OWASP ASVS 5.0 6.6.2).
    ///
    /// ```
    /// use std::time::Duration;
    /// use cookiejwt_store::{Authenticator, AuthUser, LoginError};
    ///
    /// fn reset_url<U: AuthUser>(auth: &Authenticator, user: &U, address: &str) -> Result<String, LoginError> {
    ///     let link = auth.link("reset", user, Duration::from_hours(1)).about(address).sign()?;
    ///     Ok(format!("https://shop.example/reset#{link}"))
    /// }
    /// # struct User;
    /// # impl AuthUser for User {
    /// #     fn subject(&self) -> cookiejwt_store::Subject { 1.into() }
    /// #     fn password_hash(&self) -> Option<&str> { None }
    /// # }
    /// # let _ = reset_url::<User>;
    /// ```
    pub fn link<'a, U: AuthUser>(&'a self, purpose: &'a str, user: &U, life: Duration) -> NewLink<'a> {
        self.0.sessions.link(purpose, user, life)
    }

    /// Opens a link, which does not use it up: programs that scan mails open every link, and a page
    /// may be loaded twice. White space around the token does not count.
    ///
    /// `U` is [`UserStore::User`](crate::UserStore::User). The user is read, has to be active, and
    /// to have the password hash and the stamp for which the link was made.
    ///
    /// # Errors
    ///
    /// [`LoginError::LinkEnded`] (401 `invalid_token`) whatever is wrong with the link; the
    /// [`Event::LinkRefused`](crate::Event::LinkRefused) says what. [`LoginError::Store`] (503)
    /// when the user cannot be read.
    pub async fn open_link<U: AuthUser>(&self, purpose: &str, token: &str) -> Result<Opened<U>, LoginError> {
        self.0.sessions.open_link(purpose, token).await
    }

    /// Sets the password of the user of a link, and ends every session of theirs (OWASP ASVS 5.0
    /// 7.4.3). It begins none, so a second factor stays required (OWASP ASVS 5.0 6.4.3).
    ///
    /// In this order: the length and every [`PasswordPolicy`](crate::PasswordPolicy); the hash; the
    /// compare-and-swap against the hash for which the link was made, so that of fifty uses at once
    /// one counts, and every link that was mailed before ends; the sessions; the note that the link
    /// was used. A user without a password gets their first one through
    /// [`UserStore::set_first_password_hash`](crate::UserStore::set_first_password_hash).
    ///
    /// If an error is returned, nothing has changed and the link still opens, unless it is
    /// [`LoginError::LinkEnded`]. There is one exception, as with
    /// [`change_password`](Self::change_password): if the user store fails during the swap and is
    /// still unavailable afterwards, the new password may be valid. Sessions that cannot be ended
    /// at once are ended in the background.
    ///
    /// # Errors
    ///
    /// [`LoginError::PasswordRefused`], with which the page asks again;
    /// [`LoginError::LinkEnded`]; [`LoginError::FirstPassword`]; [`LoginError::HashCut`];
    /// [`LoginError::Store`] and [`LoginError::Password`] (503).
    pub async fn set_password<U: AuthUser>(
        &self,
        opened: Opened<U>,
        new: &str,
    ) -> Result<SpentLink<U>, LoginError> {
        self.0.sessions.set_password(opened, new).await
    }

    /// Uses a link up as a proof of who its user is, by
    /// [`Method::LINK`](cookiejwt_core::Method::LINK): for a login without a password, with
    /// [`login_proven`](Self::login_proven), which asks for a second factor as every login does.
    ///
    /// # Errors
    ///
    /// [`LoginError::LinkEnded`] when it was used before; [`LoginError::Store`] (503), and then it
    /// may be used up.
    pub async fn prove_link<U: AuthUser>(&self, opened: Opened<U>) -> Result<Proven<U>, LoginError> {
        self.0.sessions.prove_link(opened).await
    }

    /// Uses a link up for anything else, such as to verify the address that it is
    /// [about](Opened::about). Change your rows after it.
    ///
    /// # Errors
    ///
    /// As [`prove_link`](Self::prove_link).
    pub async fn spend_link<U: AuthUser>(&self, opened: Opened<U>) -> Result<SpentLink<U>, LoginError> {
        self.0.sessions.spend_link(opened).await
    }
}
