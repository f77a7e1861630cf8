//! The one place where a password is checked.

use std::sync::Arc;

use cookiejwt_core::{Subject, store::PasswordTry};
use tracing::Instrument as _;
use zeroize::Zeroizing;

use super::{
    hasher::PasswordMatch,
    part::Passwords,
    policy::Owner,
    queue::HashingSlot,
    throttle::{Admitted, Verdict},
};
use crate::{
    errors::{LoginError, StoreError},
    events::LoginRefusal,
    stores::{DynUser, FoundUser},
};

/// A user whose right to log in was proved.
pub(crate) struct ProvenUser<'u> {
    pub(crate) subject: Subject,
    pub(crate) user: UserOf<'u>,
    pub(crate) proof: Proof,
}

impl ProvenUser<'_> {
    /// What a policy for new passwords sees.
    pub(crate) fn owner(&self) -> Owner {
        let user = match &self.user {
            UserOf::Found(user) => Some(Arc::clone(user).into_any()),
            UserOf::Passed(_) => None,
        };
        Owner { subject: Some(self.subject.clone()), names: self.user.names(), user }
    }
}

/// The user of a login: read from the user store, or passed by the application.
pub(crate) enum UserOf<'u> {
    Found(Arc<dyn DynUser>),
    Passed(&'u (dyn DynUser + 'static)),
}

impl std::ops::Deref for UserOf<'_> {
    type Target = dyn DynUser + 'static;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Found(user) => &**user,
            Self::Passed(user) => *user,
        }
    }
}

/// How the right to log in was proved.
#[derive(Clone)]
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

    /// The error of a store that does not answer: after a custom login flow it may be waiting for
    /// the connection that the application's transaction holds.
    pub(crate) const fn no_answer(&self) -> &'static str {
        match self {
            Self::Password(_) => "it gives no answer",
            Self::Elsewhere(_) => {
                "it gives no answer; if the pool has one connection, commit the transaction that holds it before calling `login`"
            }
        }
    }
}

impl Passwords {
    /// Whether this is the user's password, throttled: at login, fresh login and password change.
    /// Unknown user, wrong password and disabled account take the same time and return the same
    /// error.
    ///
    /// In this order: check the buckets, and wait while other tries might fill them; wait for the
    /// turn to hash, and check the buckets again; hash and compare; charge the buckets; replace an
    /// outdated hash.
    pub(crate) async fn check(
        &self,
        user: Option<FoundUser>,
        password: &str,
        tried: PasswordTry<'_>,
    ) -> Result<ProvenUser<'static>, LoginError> {
        let admitted = self.admit(tried).await?;
        let slot = self.0.queue.slot().await?;
        if slot.has_waited {
            self.refuse_if_full(&admitted).await?;
        }
        // A hash that has begun cannot be stopped, so its result counts, whether or not the client
        // is still there.
        let (passwords, typed) = (self.clone(), Zeroizing::new(password.to_owned()));
        let task = async move { passwords.compare_and_charge(user, &typed, slot, admitted).await };
        let compared = tokio::spawn(task.in_current_span()).await;
        let (user, found) = compared.unwrap_or_else(|error| Err(StoreError::new(error).into()))?;
        let password_hash = match found {
            PasswordMatch::YesOutdated => self.rehash(&user, password).await,
            _ => user.password_hash,
        };
        let FoundUser { subject, user, .. } = user;
        Ok(ProvenUser { subject, user: UserOf::Found(user), proof: Proof::Password(password_hash) })
    }

    async fn compare_and_charge(
        &self,
        user: Option<FoundUser>,
        password: &str,
        slot: HashingSlot,
        admitted: Admitted,
    ) -> Result<(FoundUser, PasswordMatch), LoginError> {
        let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
        let found = self.0.queue.verify_in(slot, password, hash).await?;
        let refusal = match (&user, found) {
            (None, _) => Some(LoginRefusal::UnknownUser),
            (Some(user), PasswordMatch::Unreadable) if self.report_unreadable(user) => {
                Some(LoginRefusal::UnreadableHash)
            }
            (Some(_), PasswordMatch::No | PasswordMatch::Unreadable) => Some(LoginRefusal::WrongPassword),
            (Some(user), _) if !user.is_active => Some(LoginRefusal::Inactive),
            (Some(_), _) => None,
        };
        let ip = admitted.ip;
        self.charge(admitted, if refusal.is_some() { Verdict::Wrong } else { Verdict::Right }).await;
        if let Some(reason) = refusal {
            let subject = user.as_ref().map(|user| user.subject.as_str());
            self.0.events.login_refused(reason, subject, ip);
        }
        let user = user.filter(|_| refusal.is_none()).ok_or(LoginError::InvalidCredentials)?;
        Ok((user, found))
    }
}
