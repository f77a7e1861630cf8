use std::{
    collections::HashMap,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use cookiejwt_core::{Config, RevocationReason, SessionId, Timestamp};

use crate::RevokedSession;

/// Rows commit late and clocks differ between nodes.
const OVERLAP_SECONDS: i64 = 60;

/// The sessions whose access tokens are dead although they have not expired: what this node revoked itself, and what
/// the store said at start.
#[derive(Debug)]
pub(crate) struct RevokedSet {
    entries: RwLock<HashMap<SessionId, Entry>>,
    count: AtomicUsize,
    loaded: AtomicBool,
    memory_millis: i64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    reason: RevocationReason,
    forget_at: Timestamp,
}

impl RevokedSet {
    pub(crate) fn new(config: &Config) -> Self {
        let seconds = config.revoked_memory_seconds() + OVERLAP_SECONDS;
        Self {
            entries: RwLock::default(),
            count: AtomicUsize::new(0),
            loaded: AtomicBool::new(false),
            memory_millis: seconds * 1000,
        }
    }

    /// Whether the store has been read once; before that the set proves nothing.
    pub(crate) fn is_loaded(&self) -> bool {
        self.loaded.load(Ordering::Acquire)
    }

    /// From when on the store's revocations still matter.
    pub(crate) fn relevant_since(&self, now: Timestamp) -> Timestamp {
        now.plus_millis(-self.memory_millis)
    }

    pub(crate) fn load(&self, sessions: Vec<RevokedSession>, now: Timestamp) {
        for session in sessions {
            self.insert(session.id, session.reason, now);
        }
        self.loaded.store(true, Ordering::Release);
    }

    pub(crate) fn insert(&self, id: SessionId, reason: RevocationReason, now: Timestamp) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|_, entry| entry.forget_at > now);
        entries.entry(id).or_insert(Entry { reason, forget_at: now.plus_millis(self.memory_millis) });
        self.count.store(entries.len(), Ordering::Release);
    }

    /// Why the session was revoked, if it was.
    pub(crate) fn reason(&self, id: &SessionId) -> Option<RevocationReason> {
        // Almost always empty: the common request takes no lock.
        if self.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(id).map(|entry| entry.reason)
    }
}

#[cfg(test)]
mod tests {
    use cookiejwt_core::testing;

    use super::*;

    #[test]
    fn remembers_for_as_long_as_an_access_token_can_live() {
        let set = RevokedSet::new(&testing::config().build().unwrap());
        let start = Timestamp::from_seconds(1_000_000);
        let id = SessionId::from("a");
        set.insert(id.clone(), RevocationReason::Logout, start);
        let last = start.plus_millis((300 + 2 * 5 + 60) * 1000 - 1);
        set.insert("b".into(), RevocationReason::Logout, last);
        assert_eq!(set.reason(&id), Some(RevocationReason::Logout));
        set.insert("c".into(), RevocationReason::Logout, last.plus_millis(1));
        assert_eq!(set.reason(&id), None);
    }

    #[test]
    fn proves_nothing_before_it_was_loaded() {
        let set = RevokedSet::new(&testing::config().build().unwrap());
        assert!(!set.is_loaded());
        set.load(Vec::new(), Timestamp::default());
        assert!(set.is_loaded());
    }
}
