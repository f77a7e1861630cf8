//! A user who is logged in changes their password.

use std::net::IpAddr;

use cookiejwt_core::{
    Identity, SessionId, Subject,
    driver::{Login, SessionTerms},
    store::RevocationReason,
};

use super::{
    begun::{Begun, Commit},
    login_context::LoginContext,
    login_options::LoginOptions,
    part::Sessions,
    unsent_login::UnsentLogin,
};
use crate::{
    errors::{LoginError, StoreError},
    events::{Event, LoginRefusal, printable},
    passwords::{Proof, ProvenUser, Swap, TypedPassword},
    stores::FoundUser,
};

/// Everything that is known before anything is changed.
struct Change {
    proven: ProvenUser<'static>,
    new_hash: String,
    present: SessionId,
    terms: SessionTerms,
    context: LoginContext,
}

impl Sessions {
    /// Changes the password, and begins a session that takes the place of all others.
    pub(crate) async fn change_password(
        &self,
        who: &Identity,
        current: &str,
        new: &str,
        context: LoginContext,
    ) -> Result<Begun, LoginError> {
        let changed = self.check_and_change(who, current, new, context).await;
        changed.inspect_err(|error| self.0.events.login_failed(error))
    }

    async fn check_and_change(
        &self,
        who: &Identity,
        current: &str,
        new: &str,
        context: LoginContext,
    ) -> Result<Begun, LoginError> {
        self.may_begin(&context, &LoginOptions::new())?;
        self.require_no_actor(who)?;
        let typed = TypedPassword::new(new)?;
        let present = self.present_session(who.subject(), who.session_id(), context.ip()).await?;
        let proven = self.check_own_password(who, current, &context).await?;
        let accepted = self.0.passwords.accept(&typed, proven.owner()).await;
        accepted.map_err(LoginError::PasswordRefused)?;
        let new_hash = self.0.passwords.hash(new).await?;
        let terms = self.terms_after_password(who, &present);
        let ip = context.ip();
        let change = Change { proven, new_hash, present: present.id, terms, context };
        let sessions = self.clone();
        // A client that hangs up must not leave the old sessions alive next to the new password.
        let task = tokio::spawn(async move { sessions.apply(change).await });
        let changed = task.await.unwrap_or_else(|error| Err(StoreError::new(error).into()));
        let (login, unsent) = changed?;
        // With the new password every other session has ended already.
        let commit = Commit::new(self, &login, unsent, ip);
        Ok(Begun { login, commit })
    }

    /// The new session comes first, so that an unavailable store is noticed before the password has
    /// changed. No client can end this, so every question has a time limit.
    async fn apply(&self, change: Change) -> Result<(Login, UnsentLogin), LoginError> {
        let Change { proven, new_hash, present, terms, context } = change;
        let subject = proven.subject.clone();
        let old_hash = match &proven.proof {
            Proof::Password(hash) => hash.clone(),
            Proof::Elsewhere(_) => None,
        };
        let ip = context.ip();
        let known = self.living_sessions(&subject).await?;
        let supersedes = Some(present.clone());
        let (login, unsent) = self.create_session(&proven, terms.clone(), &context, supersedes).await?;
        if let Err(error) = self.swap_own_password(&subject, old_hash.as_deref(), &new_hash, ip).await {
            unsent.revoke(RevocationReason::Replaced).await;
            return Err(error);
        }
        self.0.events.emit(Event::PasswordChanged { subject: &printable(subject.as_str()), ip });
        // The new password may have moved the stamp of the user.
        let user = self.0.users.bounded().find_by_id(&subject).await.ok().flatten();
        let again = user.map(|user| self.mint_again(&login, &user, terms, &context));
        let login = again.and_then(Result::ok).unwrap_or(login);
        // Read again, for a login that was faster. A later one reads the user again, and finds the
        // new hash.
        let mut others = self.living_sessions(&subject).await.unwrap_or(known);
        let mut replaced = context.presented;
        replaced.retain(|id| *id != present);
        others.retain(|id| *id != login.record.id && *id != present && !replaced.contains(id));
        // A revocation that fails counts on this node, and is tried again in the background.
        let _ = self.supersede([present]).await;
        let _ = self.revoke_sessions(replaced, RevocationReason::Replaced).await;
        let _ = self.revoke_sessions(others, RevocationReason::PasswordChanged).await;
        // The new password has forgotten every device; this one has just shown both.
        let login = self.0.keys.core().remember_device(login, Some(&new_hash));
        Ok((login, unsent))
    }

    async fn swap_own_password(
        &self,
        subject: &Subject,
        old: Option<&str>,
        new: &str,
        ip: Option<IpAddr>,
    ) -> Result<(), LoginError> {
        if old.is_some() && self.swap_password(subject, old, new).await? {
            return Ok(());
        }
        self.0.events.login_refused(LoginRefusal::ChangedMeanwhile, Some(subject.as_str()), ip);
        Err(LoginError::InvalidCredentials)
    }

    /// Whether the new hash is in the place of the old one, or of none; otherwise another password
    /// came first.
    pub(super) async fn swap_password(
        &self,
        subject: &Subject,
        old: Option<&str>,
        new: &str,
    ) -> Result<bool, LoginError> {
        let swapped = self.0.passwords.swap_hash(subject, old, new).await;
        match swapped {
            Ok(Swap::Done) => return Ok(true),
            Ok(Swap::Cut) => return Err(LoginError::HashCut),
            Ok(Swap::Lost) | Err(_) => {}
        }
        // The answer may have been lost, or the store may have tried twice: no other request makes
        // a hash with this salt.
        let user = self.0.users.bounded().find_by_id(subject).await;
        let hash = |user: &FoundUser| user.password_hash.clone();
        match (swapped, user) {
            (_, Ok(Some(user))) if hash(&user).as_deref() == Some(new) => Ok(true),
            (Err(error), _) | (_, Err(error)) => Err(error.into()),
            (_, Ok(Some(user))) if old.is_none() && hash(&user).is_none() => Err(LoginError::FirstPassword),
            _ => Ok(false),
        }
    }
}
