//! The one place where a password is checked.

use cookiejwt_core::{CustomClaims, PasswordTry, Subject};
use tracing::Instrument as _;
use zeroize::Zeroizing;

use crate::{
    Authenticator, LoginError, PasswordMatch, StoreError,
    event::LoginRefusal,
    password::HashingSlot,
    throttle::{Leave, Verdict},
    user_store::FoundUser,
};

/// Somebody whose right to log in was proved.
pub(crate) struct Proven {
    pub(crate) subject: Subject,
    pub(crate) claims: CustomClaims,
    /// What his row said while he proved it.
    pub(crate) password_hash: Option<String>,
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
        Ok(Proven { subject: user.subject, claims: user.claims?, password_hash })
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
            (Some(_), PasswordMatch::No) => Some(LoginRefusal::WrongPassword),
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

    /// The hash that stands in the table now. A failure to store a better one does not fail the login.
    async fn rehash(&self, user: &FoundUser, password: &str) -> Option<String> {
        let old = user.password_hash.clone()?;
        let Ok(new) = self.0.passwords.hash(password).await else { return Some(old) };
        match self.0.users.set_password_hash(&user.subject, &old, &new).await {
            Ok(true) => return Some(new),
            Ok(false) => {}
            Err(error) => self.store_failed("set_password_hash", &error),
        }
        self.swapped_meanwhile(&user.subject, &old, password).await.or(Some(old))
    }

    /// The hash that another login of the same user stored first, with a salt of its own; none when it belongs to
    /// another password.
    async fn swapped_meanwhile(&self, subject: &Subject, old: &str, password: &str) -> Option<String> {
        let user = self.told("find_by_id", self.0.users.find_by_id(subject).await).ok()??;
        let hash = user.password_hash.filter(|hash| hash != old)?;
        let found = self.0.passwords.verify(password, Some(&hash)).await.ok()?;
        (found != PasswordMatch::No).then_some(hash)
    }
}
