//! Mails with links. This example writes them into its log.

use std::time::{Duration, Instant};

use cookiejwt_store::{AuthUser as _, Authenticator};
use quick_cache::sync::Cache;
use std::sync::Arc;

use crate::{ProofsError, Settings, Users};

/// The next mail of the same kind to the same address.
const PAUSE: Duration = Duration::from_secs(20);

/// Sends mails.
#[derive(Clone, Debug)]
pub struct Mails {
    auth: Authenticator,
    users: Users,
    settings: Settings,
    sent: Arc<Cache<(&'static str, String), Instant>>,
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailedLink {
    /// A login without a password.
    Login,
    /// A new password.
    Reset,
}

impl MailedLink {
    /// The purpose of the link.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Reset => "reset",
        }
    }

    const fn page(self) -> &'static str {
        match self {
            Self::Login => "/login/link",
            Self::Reset => "/reset",
        }
    }

    const fn life(self) -> Duration {
        match self {
            Self::Login => Duration::from_mins(10),
            Self::Reset => Duration::from_hours(1),
        }
    }
}

impl Mails {
    pub(crate) fn new(auth: Authenticator, users: Users, settings: &Settings) -> Self {
        Self { auth, users, settings: settings.clone(), sent: Arc::new(Cache::new(10_000)) }
    }

    /// Sends a link to this address if it is a user's. It returns at once: how long the search for
    /// the user takes must not tell a stranger who has an account.
    pub fn send(&self, kind: MailedLink, address: &str) {
        let (mails, address) = (self.clone(), address.trim().to_owned());
        tokio::spawn(async move {
            if let Err(error) = mails.send_now(kind, address).await {
                tracing::error!(%error, "a mail was not sent");
            }
        });
    }

    async fn send_now(&self, kind: MailedLink, address: String) -> Result<(), ProofsError> {
        let key = (kind.purpose(), address);
        if self.sent.get(&key).is_some_and(|at| at.elapsed() < PAUSE) {
            return Ok(());
        }
        let Some(user) = self.users.with_address(&key.1).await? else { return Ok(()) };
        let Some(address) = &user.address else { return Ok(()) };
        let link = self.auth.link(kind.purpose(), &user, kind.life()).sign()?;
        let url = self.settings.public_url(&format!("{}?token={link}", kind.page()));
        // A real application would call its mail service here.
        tracing::info!(to = address, subject = %user.subject(), "mail: open {url}");
        self.sent.insert(key, Instant::now());
        Ok(())
    }
}
