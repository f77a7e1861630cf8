//! The one place where a password is checked.

use std::net::IpAddr;

use cookiejwt_core::{CustomClaims, PasswordTry, Subject};

use crate::{Authenticator, LoginError, PasswordMatch, event::LoginRefusal, user_store::FoundUser};

/// Somebody whose right to log in was proved.
pub(crate) struct Proven {
    pub(crate) subject: Subject,
    pub(crate) claims: CustomClaims,
    pub(crate) proof: Proof,
}

/// How it was proved.
pub(crate) enum Proof {
    /// By a password, and this is the hash that it was checked against.
    Password(Option<String>),
    /// By the application.
    Elsewhere,
}

impl Proof {
    /// What a store says that does not answer: after a login of the application's own it may be waiting for the connection
    /// that the application's transaction holds.
    pub(crate) const fn no_answer(&self) -> &'static str {
        match self {
            Self::Password(_) => "it gives no answer",
            Self::Elsewhere => {
                "it gives no answer; if the pool has one connection, commit the transaction that holds it before calling `login`"
            }
        }
    }
}

impl Authenticator {
    /// Whether this is the user's password, throttled: at login, fresh login and password change. Unknown user, wrong
    /// password and disabled account take the same time and give the same error.
    pub(crate) async fn prove(
        &self,
        user: Option<FoundUser>,
        password: &str,
        tried: PasswordTry<'_>,
    ) -> Result<Proven, LoginError> {
        self.throttled(tried, self.check(user, password, tried.ip)).await
    }

    async fn check(
        &self,
        user: Option<FoundUser>,
        password: &str,
        ip: Option<IpAddr>,
    ) -> Result<Proven, LoginError> {
        let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
        let found = self.0.passwords.verify(password, hash).await?;
        let refusal = match (&user, found) {
            (None, _) => Some(LoginRefusal::UnknownUser),
            (Some(user), PasswordMatch::Unreadable) if self.tell_unreadable(user) => {
                Some(LoginRefusal::UnreadableHash)
            }
            (Some(_), PasswordMatch::No | PasswordMatch::Unreadable) => Some(LoginRefusal::WrongPassword),
            (Some(user), _) if !user.is_active => Some(LoginRefusal::Inactive),
            (Some(_), _) => None,
        };
        if let Some(reason) = refusal {
            let subject = user.as_ref().map(|user| user.subject.as_str());
            self.login_refused(reason, subject, ip);
        }
        let Some(user) = user.filter(|_| refusal.is_none()) else {
            return Err(LoginError::InvalidCredentials);
        };
        let password_hash = match found {
            PasswordMatch::YesOutdated => self.rehash(&user, password).await,
            _ => user.password_hash,
        };
        Ok(Proven { subject: user.subject, claims: user.claims?, proof: Proof::Password(password_hash) })
    }
}
