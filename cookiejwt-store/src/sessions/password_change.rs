//! A user who is logged in changes his password.

use std::net::IpAddr;

use cookiejwt_core::{Identity, Login, RevocationReason, SessionId, Subject};

use super::{
    login::{LoginContext, LoginOptions},
    pending_login::Unsent,
};
use crate::{
    authenticator::Authenticator,
    errors::{LoginError, StoreError},
    events::{Event, LoginRefusal, printable},
    passwords::{Proof, Proven, Swap, TypedPassword},
    runtime::patiently,
};

/// Everything that is known before anything is changed.
struct Change {
    proven: Proven,
    new_hash: String,
    present: SessionId,
    options: LoginOptions,
    context: LoginContext,
}

impl Authenticator {
    /// Changes the password of this identity's user, by compare-and-swap of the hash that the current one was checked
    /// against. Send the cookies.
    ///
    /// Every other session of the user ends, and a new one begins with the `remember` of the present one: whoever has stolen a
    /// token or the old password is out (OWASP ASVS 7.4.3). The present one ends when the new one is first presented, and after
    /// a minute at the latest, as at a [fresh login](Self::fresh_login). Of two changes at the same time one is made, and
    /// the other is refused with [`LoginError::InvalidCredentials`]: its current password is one no more. When an
    /// error is returned, nothing has changed; only a user store that goes away in the middle of the swap, and cannot be asked
    /// afterwards either, leaves open whether the new password counts.
    pub async fn change_password(
        &self,
        who: &Identity,
        current: &str,
        new: &str,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        let changed = self.prove_and_change(who, current, new, context).await;
        changed.inspect_err(|error| self.login_failed(error))
    }

    async fn prove_and_change(
        &self,
        who: &Identity,
        current: &str,
        new: &str,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        self.may_begin(&context, LoginOptions::new())?;
        TypedPassword::new(new)?;
        let present = self.present_session(who, &context).await?;
        let proven = self.prove_again(who, current, &context).await?;
        let new_hash = self.0.passwords.hash(new).await?;
        let options = LoginOptions::new().remember(present.remember);
        let ip = context.ip();
        let change = Change { proven, new_hash, present: present.id, options, context };
        let auth = self.clone();
        // A client that hangs up must not leave the old sessions alive beside the new password.
        let task = tokio::spawn(async move { auth.carry_out_change(change).await });
        let changed = task.await.unwrap_or_else(|error| Err(StoreError::new(error).into()));
        let (login, unsent) = changed?;
        unsent.send();
        self.logged_in(&login, ip);
        Ok(login)
    }

    /// The new session comes first, so that a store that is away is noticed before the password has changed. Nobody can stop
    /// this, so no question waits without end.
    async fn carry_out_change(&self, change: Change) -> Result<(Login, Unsent), LoginError> {
        let Change { proven, new_hash, present, options, context } = change;
        let subject = proven.subject.clone();
        let old_hash = match &proven.proof {
            Proof::Password(hash) => hash.clone(),
            Proof::Elsewhere(_) => None,
        };
        let ip = context.ip();
        let known = self.living_sessions(&subject).await?;
        let supersedes = Some(present.clone());
        let (login, unsent) = self.open_session(proven, options, &context, supersedes).await?;
        if let Err(error) = self.swap_password(&subject, old_hash.as_deref(), &new_hash, ip).await {
            unsent.take_back(RevocationReason::Replaced).await;
            return Err(error);
        }
        self.emit(Event::PasswordChanged { subject: &printable(subject.as_str()), ip });
        // Read again, for a login that was faster. A later one reads the user again, and finds the new hash.
        let mut others = self.living_sessions(&subject).await.unwrap_or(known);
        let mut replaced = context.presented;
        replaced.retain(|id| *id != present);
        others.retain(|id| *id != login.record.id && *id != present && !replaced.contains(id));
        // What fails is dead on this node, and is tried again in the background.
        let _ = self.supersede(present).await;
        let _ = self.revoke_sessions(replaced, RevocationReason::Replaced).await;
        let _ = self.revoke_sessions(others, RevocationReason::PasswordChanged).await;
        // The new password has forgotten every device; this one has just shown both.
        let login = self.0.core.load().remember_device(login, Some(&new_hash));
        Ok((login, unsent))
    }

    async fn swap_password(
        &self,
        subject: &Subject,
        old: Option<&str>,
        new: &str,
        ip: Option<IpAddr>,
    ) -> Result<(), LoginError> {
        let Some(old) = old else { return Err(LoginError::InvalidCredentials) };
        let swapped = self.swap_hash(subject, old, new).await;
        match swapped {
            Ok(Swap::Done) => return Ok(()),
            Ok(Swap::Cut) => return Err(LoginError::HashCut),
            Ok(Swap::Lost) | Err(_) => {}
        }
        // The answer may have been lost, or the store may have tried twice: nobody else makes a hash with this salt.
        let user = self.told("find_by_id", patiently(self.0.users.find_by_id(subject)).await);
        match (swapped, user) {
            (_, Ok(Some(user))) if user.password_hash.as_deref() == Some(new) => Ok(()),
            (Err(error), _) | (_, Err(error)) => Err(error.into()),
            _ => {
                self.login_refused(LoginRefusal::ChangedMeanwhile, Some(subject.as_str()), ip);
                Err(LoginError::InvalidCredentials)
            }
        }
    }
}
