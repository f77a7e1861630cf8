//! Links that are mailed to a user: made, opened, and used once.

use std::{fmt, sync::Arc, time::Duration};

use cookiejwt_core::{
    Subject,
    driver::{LinkRequest, VerifiedLink},
    fault::{MintError, TokenFault},
    store::{Realm, RevocationReason, SpentId, Timestamp, TokenId},
};
use time::OffsetDateTime;

use super::{part::Sessions, prove::Proven};
use crate::{
    errors::{LoginError, StoreError},
    events::{Event, LinkRefusal, printable},
    passwords::{Owner, TypedPassword},
    stores::AuthUser,
};

/// A node whose clock is behind opens a link a little longer than the others.
const CLOCKS_MILLIS: i64 = 600_000;

/// A link that is not signed yet.
#[must_use = "`sign` makes the link"]
pub struct NewLink<'a> {
    sessions: &'a Sessions,
    purpose: &'a str,
    about: Option<&'a str>,
    subject: Subject,
    binding: Option<String>,
    life: Duration,
}

impl<'a> NewLink<'a> {
    /// Which address it is made for, in 1 to 320 bytes: [`Opened::about`] returns it.
    ///
    /// The token contains it readably, and only that mailbox receives it.
    pub fn about(self, address: &'a str) -> Self {
        Self { about: Some(address), ..self }
    }

    /// Signs the token. It asks no store, so it takes as long for every user.
    ///
    /// # Errors
    ///
    /// [`MintError::LinkLife`] for a life of less than a second or more than seven days,
    /// [`MintError::LinkText`] for a purpose or an address that is empty or too long, and
    /// [`LoginError::Random`].
    pub fn sign(self) -> Result<Link, LoginError> {
        let signed = self.signed();
        signed.inspect_err(|error| self.sessions.0.events.login_failed(error))
    }

    fn signed(&self) -> Result<Link, LoginError> {
        let Sessions(parts) = self.sessions;
        let id = TokenId::from_random(parts.runtime.random_bytes().map_err(LoginError::Random)?);
        let binding = self.binding.clone();
        let request = LinkRequest {
            purpose: self.purpose,
            subject: self.subject.clone(),
            about: self.about,
            binding: binding.ok_or_else(|| MintError::Random("no key to bind with".into()))?,
            life: self.life,
            id,
        };
        let now = parts.runtime.now();
        let token = parts.keys.core().mint_link(&request, now)?;
        Ok(Link { token, expires_at: now + Duration::from_secs(self.life.as_secs()) })
    }
}

impl fmt::Debug for NewLink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewLink").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

/// The token of a link. `Display` writes it, and `Debug` does not.
///
/// It consists of letters, digits, `-`, `_` and two dots, so a URL takes it as it is (RFC 7515
/// §7.1). Whoever has it can do what it is for.
#[derive(Clone)]
pub struct Link {
    token: String,
    expires_at: OffsetDateTime,
}

impl Link {
    /// When it ends.
    pub fn expires_at(&self) -> OffsetDateTime {
        self.expires_at
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.token)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link(expires {}, [redacted])", self.expires_at)
    }
}

/// A link that opens, and is not used yet.
#[must_use = "an opened link has done nothing until it is used"]
pub struct Opened<U> {
    user: Arc<U>,
    password_hash: Option<String>,
    link: VerifiedLink,
    purpose: String,
    realm: Realm,
}

impl<U> Opened<U> {
    /// The user as they are now.
    pub fn user(&self) -> &U {
        &self.user
    }

    /// Which address it was made for; see [`NewLink::about`]. A link that was mailed to it proves
    /// this address, and no other one.
    pub fn about(&self) -> Option<&str> {
        self.link.about.as_deref()
    }
}

impl<U: AuthUser> Opened<U> {
    /// What a policy for new passwords sees.
    fn owner(&self) -> Owner {
        let (subject, user) = (Some(self.link.subject.clone()), Arc::clone(&self.user));
        Owner { subject, names: self.user.names(), user: Some(user) }
    }
}

impl<U> fmt::Debug for Opened<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (purpose, subject) = (&self.purpose, &self.link.subject);
        f.debug_struct("Opened").field("purpose", purpose).field("subject", subject).finish_non_exhaustive()
    }
}

/// A link that was used just now.
pub struct SpentLink<U> {
    user: Arc<U>,
    about: Option<String>,
}

impl<U> SpentLink<U> {
    /// The user as they were when it was opened.
    pub fn user(&self) -> &U {
        &self.user
    }

    /// Which address it was made for; see [`Opened::about`].
    pub fn about(&self) -> Option<&str> {
        self.about.as_deref()
    }
}

impl<U> SpentLink<U> {
    fn of(opened: Opened<U>) -> Self {
        Self { user: opened.user, about: opened.link.about }
    }
}

impl<U> fmt::Debug for SpentLink<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpentLink").field("about", &self.about).finish_non_exhaustive()
    }
}

impl Sessions {
    pub(crate) fn link<'a, U: AuthUser>(&'a self, purpose: &'a str, user: &U, life: Duration) -> NewLink<'a> {
        let subject = user.subject();
        let binding = self.0.keys.core().binding(&subject, user.password_hash(), user.stamp());
        NewLink { sessions: self, purpose, about: None, subject, binding, life }
    }

    pub(crate) async fn open_link<U: AuthUser>(
        &self,
        purpose: &str,
        token: &str,
    ) -> Result<Opened<U>, LoginError> {
        let opened = self.opened(purpose, token).await;
        opened.inspect_err(|error| self.0.events.login_failed(error))
    }

    async fn opened<U: AuthUser>(&self, purpose: &str, token: &str) -> Result<Opened<U>, LoginError> {
        let (core, now) = (self.0.keys.core(), self.0.runtime.timestamp());
        let link = core.open_link(purpose, token, now).map_err(|fault| {
            let is_old = fault == TokenFault::Expired;
            self.refused(purpose, if is_old { LinkRefusal::Expired } else { LinkRefusal::Invalid })
        })?;
        let user = self.0.users.find_by_id(&link.subject).await?;
        let user = user.filter(|user| user.is_active);
        let user = user.ok_or_else(|| self.refused(purpose, LinkRefusal::NoUser))?;
        let (password_hash, stamp) = (user.password_hash, user.user.stamp());
        if !core.is_bound(&link.binding, &link.subject, password_hash.as_deref(), stamp.as_deref()) {
            return Err(self.refused(purpose, LinkRefusal::Changed));
        }
        let (user, purpose) = (self.of_type(user.user)?, purpose.to_owned());
        let opened =
            Opened { user, password_hash, link, purpose, realm: self.0.keys.config().realm().clone() };
        let (purpose, subject) = (printable(&opened.purpose), printable(opened.link.subject.as_str()));
        self.0.events.emit(Event::LinkOpened { purpose: &purpose, subject: &subject });
        Ok(opened)
    }

    fn refused(&self, purpose: &str, reason: LinkRefusal) -> LoginError {
        self.0.events.emit(Event::LinkRefused { purpose: &printable(purpose), reason });
        LoginError::LinkEnded
    }

    /// Proves by the link who the user is.
    pub(crate) async fn prove_link<U: AuthUser>(&self, opened: Opened<U>) -> Result<Proven<U>, LoginError> {
        self.spend_once(&opened).await?;
        let (subject, hash) = (opened.link.subject.clone(), opened.password_hash.clone());
        // Only a policy for passwords gets to share it.
        let user = Arc::into_inner(opened.user).ok_or(LoginError::UnknownSubject)?;
        Ok(Proven::by_link(subject, user, hash, self.0.runtime.now()))
    }

    /// Uses the link up.
    pub(crate) async fn spend_link<U: AuthUser>(
        &self,
        opened: Opened<U>,
    ) -> Result<SpentLink<U>, LoginError> {
        self.spend_once(&opened).await?;
        Ok(SpentLink::of(opened))
    }

    async fn spend_once<U>(&self, opened: &Opened<U>) -> Result<(), LoginError> {
        self.require_open(opened)?;
        if self.0.tokens.spend(&spent_id(opened), spent_until(opened)).await? {
            self.report_spent(opened);
            return Ok(());
        }
        Err(self.refused(&opened.purpose, LinkRefusal::Used))
    }

    /// A handler may keep a link for long, or give it to the authenticator of other users.
    fn require_open<U>(&self, opened: &Opened<U>) -> Result<(), LoginError> {
        if opened.realm != *self.0.keys.config().realm() {
            return Err(self.refused(&opened.purpose, LinkRefusal::Invalid));
        }
        if self.0.runtime.timestamp() >= opened.link.expires_at {
            return Err(self.refused(&opened.purpose, LinkRefusal::Expired));
        }
        Ok(())
    }

    fn report_spent<U>(&self, opened: &Opened<U>) {
        let (purpose, subject) = (printable(&opened.purpose), printable(opened.link.subject.as_str()));
        self.0.events.emit(Event::LinkSpent { purpose: &purpose, subject: &subject });
    }

    /// Sets the password of a user who has forgotten theirs, and ends their sessions.
    pub(crate) async fn set_password<U: AuthUser>(
        &self,
        opened: Opened<U>,
        new: &str,
    ) -> Result<SpentLink<U>, LoginError> {
        let set = self.check_and_set(opened, new).await;
        set.inspect_err(|error| self.0.events.login_failed(error))
    }

    async fn check_and_set<U: AuthUser>(
        &self,
        opened: Opened<U>,
        new: &str,
    ) -> Result<SpentLink<U>, LoginError> {
        self.require_open(&opened)?;
        let typed = TypedPassword::new(new)?;
        let accepted = self.0.passwords.accept(&typed, opened.owner()).await;
        accepted.map_err(LoginError::PasswordRefused)?;
        let new_hash = self.0.passwords.hash(new).await?;
        let sessions = self.clone();
        // A client that hangs up must not leave the old sessions alive next to the new password.
        let task = tokio::spawn(async move {
            sessions.swap_and_end(&opened, &new_hash).await?;
            Ok(SpentLink::of(opened))
        });
        task.await.unwrap_or_else(|error| Err(StoreError::new(error).into()))
    }

    /// The sessions are read first, so that an unavailable store is noticed before the password has
    /// changed. The swap is what counts once: with another hash the link is bound to nothing. No
    /// client can end this, so every question has a time limit.
    async fn swap_and_end<U>(&self, opened: &Opened<U>, new_hash: &str) -> Result<(), LoginError> {
        let subject = &opened.link.subject;
        let known = self.living_sessions(subject).await?;
        if !self.swap_password(subject, opened.password_hash.as_deref(), new_hash).await? {
            return Err(self.refused(&opened.purpose, LinkRefusal::Changed));
        }
        self.0.events.emit(Event::PasswordChanged { subject: &printable(subject.as_str()), ip: None });
        // Read again, for a login that was faster. A later one reads the user again, and finds the
        // new hash.
        let ended = self.living_sessions(subject).await.unwrap_or(known);
        // A revocation that fails counts on this node, and is tried again in the background.
        let _ = self.revoke_sessions(ended, RevocationReason::PasswordChanged).await;
        // Should the old hash come back, out of a backup, the link does not.
        let _ = self.0.tokens.bounded().spend(&spent_id(opened), spent_until(opened)).await;
        self.report_spent(opened);
        Ok(())
    }
}

fn spent_id<U>(opened: &Opened<U>) -> SpentId {
    SpentId::new(&opened.realm, "link", &[opened.link.id.as_str()])
}

fn spent_until<U>(opened: &Opened<U>) -> Timestamp {
    opened.link.expires_at.plus_millis(CLOCKS_MILLIS)
}
