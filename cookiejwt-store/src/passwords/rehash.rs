//! Password hashes in the application's table: a better one replaces an old one, and is read back
//! once.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
};

use cookiejwt_core::Subject;

use super::{hash_format::hash_format, part::Passwords};
use crate::{errors::StoreError, events::Event, stores::FoundUser};

/// What this process knows of the hashes in the table.
#[derive(Debug, Default)]
pub(crate) struct StoredHashes {
    /// Formats that the hasher does not read, and that were reported.
    unreadable: Mutex<BTreeSet<&'static str>>,
    column: AtomicU8,
}

/// What becomes of a hash in its column.
const UNKNOWN: u8 = 0;
const WHOLE: u8 = 1;
const CUT: u8 = 2;

impl StoredHashes {
    fn is_new(&self, format: &'static str) -> bool {
        self.unreadable.lock().unwrap_or_else(PoisonError::into_inner).insert(format)
    }

    fn column(&self) -> u8 {
        self.column.load(Ordering::Relaxed)
    }
}

/// What became of a compare-and-swap of a password hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Swap {
    /// The new hash counts.
    Done,
    /// The old one was there no more.
    Lost,
    /// The column does not hold the new one; the old one counts.
    Cut,
}

impl Passwords {
    /// The hash that is in the table now. A failure to store a better one does not fail the login.
    pub(super) async fn rehash(&self, user: &FoundUser, password: &str) -> Option<String> {
        let old = user.password_hash.clone()?;
        let Ok(new) = self.hash(password).await else { return Some(old) };
        let (passwords, subject) = (self.clone(), user.subject.clone());
        let (from, to) = (old.clone(), new.clone());
        // A client that hangs up must not leave a hash that its column has cut.
        let task = tokio::spawn(async move { passwords.swap_hash(&subject, Some(&from), &to).await });
        match task.await {
            Ok(Ok(Swap::Done)) => Some(new),
            Ok(Ok(Swap::Cut)) => Some(old),
            _ => self.swapped_meanwhile(&user.subject, &old, password).await.or(Some(old)),
        }
    }

    /// Stores a new hash in the place of the old one, or of none, and reads the row once in the
    /// life of the process: a column that is too short cuts it on some databases without an error,
    /// and then that password would never match again. No client can end this, so every question
    /// has a time limit.
    pub(crate) async fn swap_hash(
        &self,
        subject: &Subject,
        old: Option<&str>,
        new: &str,
    ) -> Result<Swap, StoreError> {
        if self.0.hashes.column() == CUT {
            return Ok(Swap::Cut);
        }
        let users = self.0.users.bounded();
        let swapped = match old {
            Some(old) => users.set_password_hash(subject, old, new).await,
            None => users.set_first_password_hash(subject, new).await,
        };
        let may_be_stored = !matches!(swapped, Ok(false));
        if may_be_stored && self.0.hashes.column() == UNKNOWN && self.is_cut(subject, old, new).await {
            return Ok(Swap::Cut);
        }
        swapped.map(|swapped| if swapped { Swap::Done } else { Swap::Lost })
    }

    /// Reads the row back, and puts the old hash there again when the new one was cut. Where there
    /// was none, the cut one stays, which no password matches.
    async fn is_cut(&self, subject: &Subject, old: Option<&str>, new: &str) -> bool {
        let users = self.0.users.bounded();
        let row = users.find_by_id(subject).await;
        let Some(stored) = row.ok().flatten().and_then(|user| user.password_hash) else { return false };
        if stored == new {
            self.0.hashes.column.store(WHOLE, Ordering::Relaxed);
        }
        // Some pad what is too short with blanks. Anything else is a new password of the user, or
        // the old hash of a replica.
        let is_cut = stored != new && (new.starts_with(&*stored) || stored.trim_end() == new);
        if is_cut {
            self.0.hashes.column.store(CUT, Ordering::Relaxed);
            self.0.events.emit(Event::HashCut { stored: stored.len(), made: new.len() });
            if let Some(old) = old {
                // A failure is in the log.
                let _ = users.set_password_hash(subject, &stored, old).await;
            }
        }
        is_cut
    }

    /// The hash that another login of the same user stored first, with another salt; none when it
    /// belongs to another password.
    async fn swapped_meanwhile(&self, subject: &Subject, old: &str, password: &str) -> Option<String> {
        let user = self.0.users.find_by_id(subject).await.ok()??;
        let hash = user.password_hash.filter(|hash| hash != old)?;
        let found = self.0.queue.verify(password, Some(&hash)).await.ok()?;
        found.is_match().then_some(hash)
    }

    /// Whether this user's hash is one that the hasher should have read; reports it once for each
    /// format.
    pub(super) fn report_unreadable(&self, user: &FoundUser) -> bool {
        let Some(format) = user.password_hash.as_deref().and_then(hash_format) else { return false };
        if self.0.hashes.is_new(format) {
            self.0.events.emit(Event::UnreadableHash { format });
        }
        true
    }
}
