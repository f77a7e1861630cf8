//! The sessions of one process that are waited for.

use std::{
    borrow::Borrow,
    collections::{HashMap, HashSet},
    hash::{BuildHasher as _, Hash, Hasher, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use cookiejwt_core::{
    SessionId,
    store::{EndReason, RevocationReason, SessionEnds, Timestamp},
};

use super::session::{Token, WaitedFor};

/// Who waits for the end of which session; clones share it.
///
/// One place for all: whoever waits costs a few hundred bytes, and neither a task nor a timer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    sessions: Mutex<HashSet<Entry>>,
    /// How many there are: almost always none, and then no lock is taken. One who begins to wait
    /// writes it and then reads what is remembered, and a revocation does the reverse. Weaker than
    /// `SeqCst`, each could miss the other.
    count: AtomicUsize,
    spread: RandomState,
}

/// A session, found by its id.
#[derive(Debug)]
struct Entry(Arc<WaitedFor>);

impl Borrow<SessionId> for Entry {
    fn borrow(&self) -> &SessionId {
        &self.0.id
    }
}

impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Entry {}

/// The place of one who waits for one session; dropping it gives it up.
#[derive(Debug)]
pub(super) struct Place {
    waiting: Waiting,
    session: Arc<WaitedFor>,
    number: u32,
}

impl Place {
    pub(super) fn poll(&self, context: &Context<'_>) -> Poll<EndReason> {
        self.session.poll(self.number, context)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut sessions = self.waiting.sessions();
        let (is_last, waker) = self.session.leave(self.number);
        let is_listed = |entry: &Entry| Arc::ptr_eq(&entry.0, &self.session);
        if is_last && sessions.get(&self.session.id).is_some_and(is_listed) {
            sessions.remove(&self.session.id);
            self.waiting.count(sessions.len());
        }
        drop(sessions);
        // Without any lock, as it is woken.
        drop(waker);
    }
}

impl Waiting {
    /// Waits for the end of this session. The store is asked about it from `ask_at` on; until then
    /// every revocation is told here. With a token, the end of that is waited for as well.
    pub(super) fn wait_for(
        &self,
        id: &SessionId,
        token: Option<Box<Token>>,
        ask_at: Timestamp,
        now: Timestamp,
    ) -> Place {
        let mut sessions = self.sessions();
        // What has ended stays so for those who waited; a new one asks for itself.
        let known = sessions.get(id).filter(|entry| !entry.0.has_ended());
        let session = if let Some(Entry(session)) = known {
            Arc::clone(session)
        } else {
            let session = Arc::new(WaitedFor::new(id.clone(), ask_at, now));
            sessions.replace(Entry(Arc::clone(&session)));
            self.count(sessions.len());
            session
        };
        Place { waiting: self.clone(), number: session.join(token), session }
    }

    /// Whether no one waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.count.load(Ordering::SeqCst) == 0
    }

    /// This session was revoked, or will be: only one that was superseded waits for its time.
    pub(crate) fn revoked(&self, id: &SessionId, reason: RevocationReason, at: Timestamp, now: Timestamp) {
        if let Some(session) = self.find(id) {
            wake(session.revoke(reason, at, now));
        }
    }

    /// Ends the sessions whose end was known beforehand and has come.
    pub(crate) fn tick(&self, now: Timestamp) {
        if !self.is_empty() {
            let wakers: Vec<_> = self.sessions().iter().flat_map(|entry| entry.0.tick(now)).collect();
            wake(wakers);
        }
    }

    /// Ends those who wait with an access token that is not accepted any more at this time, or that
    /// is of this second or earlier.
    pub(crate) fn end_tokens(&self, dead_until: Option<Timestamp>, now: Timestamp) {
        let is_dead = |token: &Token| {
            token.ends_at <= now || dead_until.is_some_and(|second| token.issued_at <= second)
        };
        if !self.is_empty() {
            wake(self.sessions().iter().flat_map(|entry| entry.0.end_tokens(is_dead)).collect());
        }
    }

    /// The claims of this session were renewed: ends those who wait with an older access token.
    pub(crate) fn renewed(&self, id: &SessionId, version: i64) {
        if let Some(session) = self.find(id) {
            wake(session.end_tokens(|token| token.version < version));
        }
    }

    /// Ends all of them.
    pub(crate) fn end_all(&self, reason: EndReason) {
        if !self.is_empty() {
            wake(self.sessions().iter().flat_map(|entry| entry.0.end(reason)).collect());
        }
    }

    /// The sessions whose rows are to be read now.
    pub(crate) fn due(&self, now: Timestamp) -> Vec<SessionId> {
        if self.is_empty() {
            return Vec::new();
        }
        let sessions = self.sessions();
        sessions.iter().filter(|entry| entry.0.is_due(now)).map(|entry| entry.0.id.clone()).collect()
    }

    /// What the rows of the sessions say that were asked for; how many have ended. Those that go on
    /// are due again once in `life_millis`, each at another time.
    pub(crate) fn answer(
        &self,
        asked: &[SessionId],
        ends: &[SessionEnds],
        life_millis: i64,
        now: Timestamp,
    ) -> u64 {
        let ends: HashMap<_, _> = ends.iter().map(|ends| (&ends.id, ends)).collect();
        let mut ended = 0;
        for session in asked.iter().filter_map(|id| self.find(id)) {
            let later = now.plus_millis(self.spread(&session.id, life_millis, now));
            wake(session.answer(ends.get(&session.id).copied(), later, now));
            ended += u64::from(session.has_ended());
        }
        ended
    }

    /// Between three quarters of a life and all of it. Sockets that were opened together are not
    /// asked about together for long, nor on every node at the same time.
    fn spread(&self, id: &SessionId, life_millis: i64, now: Timestamp) -> i64 {
        let quarter = life_millis.max(4) / 4;
        let random = self.0.spread.hash_one((id, now.as_millis())) % quarter.unsigned_abs();
        life_millis - i64::try_from(random).unwrap_or(0)
    }

    fn find(&self, id: &SessionId) -> Option<Arc<WaitedFor>> {
        if self.is_empty() {
            return None;
        }
        self.sessions().get(id).map(|entry| Arc::clone(&entry.0))
    }

    /// Stored under the lock.
    fn count(&self, sessions: usize) {
        self.0.count.store(sessions, Ordering::SeqCst);
    }

    fn sessions(&self) -> MutexGuard<'_, HashSet<Entry>> {
        self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without any lock: a waker may run what waits, which may drop its place.
fn wake(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}
