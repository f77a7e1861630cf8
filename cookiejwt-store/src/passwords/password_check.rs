//! The one place where a password is checked.

use cookiejwt_core::{CustomClaims, PasswordTry, Subject};
use tracing::Instrument as _;
use zeroize::Zeroizing;

use super::{
    hasher::PasswordMatch,
    queue::HashingSlot,
    throttle::{Leave, Verdict},
};
use crate::{
    authenticator::Authenticator,
    errors::{LoginError, StoreError},
    events::LoginRefusal,
    stores::FoundUser,
};

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
    /// By the application; the hash of the user's password plays no part but for the device.
    Elsewhere(Option<String>),
}

impl Proof {
    /// The hash of the user's password.
    pub(crate) fn password_hash(&self) -> Option<&str> {
        match self {
            Self::Password(hash) | Self::Elsewhere(hash) => hash.as_deref(),
        }
    }

    /// What a store says that does not answer: after a login of the application's own it may be waiting for the connection
    /// that the application's transaction holds.
    pub(crate) const fn no_answer(&self) -> &'static str {
        match self {
            Self::Password(_) => "it gives no answer",
            Self::Elsewhere(_) => {
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
        let leave = self.leave_to_try(tried).await?;
        let slot = self.0.passwords.slot().await?;
        if slot.has_waited {
            self.look_again(&leave).await?;
        }
        let (auth, typed) = (self.clone(), Zeroizing::new(password.to_owned()));
        // A hash that has begun cannot be stopped, so what it finds counts, whether the client is still there or not.
        let task = async move { auth.check(user, &typed, slot, leave).await };
        let checked = tokio::spawn(task.in_current_span()).await;
        let (user, found) = checked.unwrap_or_else(|error| Err(StoreError::new(error).into()))?;
        let password_hash = match found {
            PasswordMatch::YesOutdated => self.rehash(&user, password).await,
            _ => user.password_hash,
        };
        Ok(Proven { subject: user.subject, claims: user.claims?, proof: Proof::Password(password_hash) })
    }

    async fn check(
        &self,
        user: Option<FoundUser>,
        password: &str,
        slot: HashingSlot,
        leave: Leave,
    ) -> Result<(FoundUser, PasswordMatch), LoginError> {
        let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
        let found = self.0.passwords.verify_in(slot, password, hash).await?;
        let refusal = match (&user, found) {
            (None, _) => Some(LoginRefusal::UnknownUser),
            (Some(user), PasswordMatch::Unreadable) if self.tell_unreadable(user) => {
                Some(LoginRefusal::UnreadableHash)
            }
            (Some(_), PasswordMatch::No | PasswordMatch::Unreadable) => Some(LoginRefusal::WrongPassword),
            (Some(user), _) if !user.is_active => Some(LoginRefusal::Inactive),
            (Some(_), _) => None,
        };
        let ip = leave.ip;
        self.settle(leave, if refusal.is_some() { Verdict::Wrong } else { Verdict::Right }).await;
        if let Some(reason) = refusal {
            let subject = user.as_ref().map(|user| user.subject.as_str());
            self.login_refused(reason, subject, ip);
        }
        let user = user.filter(|_| refusal.is_none()).ok_or(LoginError::InvalidCredentials)?;
        Ok((user, found))
    }
}
