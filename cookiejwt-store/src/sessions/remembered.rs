//! What this node knows of some sessions, for as long as an access token of them can live.

use std::{
    collections::HashMap,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use cookiejwt_core::{SessionId, store::Timestamp};

/// Fewer entries than this are not worth a search for old ones.
const FEW: usize = 256;

/// What is remembered of a session.
pub(super) trait Remember: Copy {
    /// Whether it takes the place of what was remembered before.
    fn replaces(self, old: Self) -> bool;

    /// When it begins, if that may be later than now: it is remembered until then at least.
    fn begins_at(self) -> Option<Timestamp> {
        None
    }
}

/// One value for each of some sessions, bounded by time.
#[derive(Debug)]
pub(super) struct Remembered<T> {
    entries: RwLock<Entries<T>>,
    /// `SeqCst`, because those who wait are counted in the same way; see `Waiting`.
    count: AtomicUsize,
    memory_millis: i64,
}

#[derive(Debug)]
struct Entries<T> {
    map: HashMap<SessionId, Entry<T>>,
    /// How many there were when the old ones were last dropped.
    kept: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry<T> {
    value: T,
    forget_at: Timestamp,
}

impl<T: Remember> Remembered<T> {
    pub(super) fn new(memory_millis: i64) -> Self {
        let entries = Entries { map: HashMap::new(), kept: 0 };
        Self { entries: RwLock::new(entries), count: AtomicUsize::new(0), memory_millis }
    }

    pub(super) fn get(&self, id: &SessionId) -> Option<T> {
        // Almost always empty: the common request takes no lock.
        if self.count.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.map.get(id).map(|entry| entry.value)
    }

    /// Looks for old entries only when there are twice as many as at the last look: a logout must
    /// not cost more because many others have logged out. Whether it was news.
    pub(super) fn insert(&self, id: SessionId, value: T, now: Timestamp) -> bool {
        self.add(now, |entries, forget_at| {
            if entries.map.len() >= entries.kept.max(FEW).saturating_mul(2) {
                entries.drop_old(now);
            }
            entries.insert(id, value, forget_at)
        })
    }

    /// Takes what the store reports. Whether anything was news.
    pub(super) fn load(&self, values: impl IntoIterator<Item = (SessionId, T)>, now: Timestamp) -> bool {
        self.add(now, |entries, forget_at| {
            entries.drop_old(now);
            let values = values.into_iter();
            values.fold(false, |news, (id, value)| entries.insert(id, value, forget_at) || news)
        })
    }

    /// Everything that is remembered, and since when.
    pub(super) fn visit(&self, mut visit: impl FnMut(&SessionId, T, Timestamp)) {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        for (id, entry) in &entries.map {
            visit(id, entry.value, entry.forget_at.plus_millis(-self.memory_millis));
        }
    }

    fn add(&self, now: Timestamp, add: impl FnOnce(&mut Entries<T>, Timestamp) -> bool) -> bool {
        let forget_at = now.plus_millis(self.memory_millis);
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let news = add(&mut entries, forget_at);
        self.count.store(entries.map.len(), Ordering::SeqCst);
        news
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.read().unwrap().map.len()
    }
}

impl<T: Remember> Entries<T> {
    fn insert(&mut self, id: SessionId, value: T, forget_at: Timestamp) -> bool {
        let forget_at = value.begins_at().map_or(forget_at, |at| forget_at.max(at));
        let new = Entry { value, forget_at };
        let news = match self.map.get(&id) {
            None => true,
            Some(known) => value.replaces(known.value),
        };
        if news {
            self.map.insert(id, new);
        }
        news
    }

    fn drop_old(&mut self, now: Timestamp) {
        self.map.retain(|_, entry| entry.forget_at > now);
        self.kept = self.map.len();
    }
}
