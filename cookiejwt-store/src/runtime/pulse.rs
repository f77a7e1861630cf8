//! Whether the feed of revocations is alive, and who waits for it.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use cookiejwt_core::store::Timestamp;
use tokio::sync::watch;

/// How much later than its interval a sign of life may come before requests stop relying on it. A
/// busy runtime is late by milliseconds; a process that was stopped, or a worker that blocks, is
/// late by more.
const LATE_MILLIS: i64 = 1000;
/// Beyond this, a request that cannot reach the store is not decided from memory.
const FROZEN_MILLIS: i64 = 5000;
/// After the store could not be asked, requests read their row for this long before one of them
/// asks again.
const HOLD_OFF_MILLIS: i64 = 1000;
/// How often a question that waits for the store shows that it is alive. Well below
/// [`LATE_MILLIS`].
pub(crate) const BEAT: Duration = Duration::from_millis(250);

/// Whether the feed is alive. An unavailable store is an outage, and the feed that notices it is
/// alive; a feed that does not even ask knows nothing about the revocations of other nodes.
#[derive(Debug)]
pub(crate) struct Pulse {
    /// When the feed last showed a sign of life, in milliseconds; [`NEVER`] while the set proves
    /// nothing. The one value that a request with a valid access token reads.
    seen: AtomicI64,
    state: Mutex<State>,
    flight: Mutex<Option<Flight>>,
    interval_millis: i64,
}

#[derive(Debug, Default)]
struct State {
    is_loaded: bool,
    last_beat: Option<Timestamp>,
    /// The last sign of life before a gap that no look has closed yet.
    silent_since: Option<Timestamp>,
    gaps: u64,
    failed_at: Option<Timestamp>,
}

/// One question to the store. Every task that waits for it learns whether it succeeded.
pub(crate) type Flight = watch::Receiver<Option<bool>>;

/// The number of gaps that were known when a question began. A question that was under way during a
/// gap does not close it: its answer is from before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Began(u64);

const NEVER: i64 = i64::MIN;

impl Pulse {
    pub(crate) fn new(interval: Duration) -> Self {
        Self {
            seen: AtomicI64::new(NEVER),
            state: Mutex::default(),
            flight: Mutex::default(),
            interval_millis: i64::try_from(interval.as_millis()).unwrap_or(i64::MAX / 4),
        }
    }

    /// Whether the set knows what other nodes have revoked, as far as the store could be asked.
    pub(crate) fn is_current(&self, now: Timestamp) -> bool {
        let seen = self.seen.load(Ordering::Acquire);
        seen != NEVER && apart(now.as_millis(), seen) <= self.interval_millis.saturating_add(LATE_MILLIS)
    }

    /// Whether the store was not asked for so long that memory is worth nothing.
    pub(crate) fn is_frozen(&self, now: Timestamp) -> bool {
        let state = self.state();
        let seen = state.silent_since.or(state.last_beat);
        !state.is_loaded || seen.is_none_or(|seen| self.is_long(apart(now.as_millis(), seen.as_millis())))
    }

    /// A sign of life. Returns the silence before it in milliseconds when that was so long that the
    /// process must have been frozen. A clock that was set looks the same, and one more question
    /// does no harm.
    pub(crate) fn beat(&self, now: Timestamp) -> Option<i64> {
        let mut state = self.state();
        let last = state.last_beat.replace(now);
        let silence = last.map_or(0, |last| apart(now.as_millis(), last.as_millis()));
        if state.is_loaded && silence > self.interval_millis.saturating_add(LATE_MILLIS) {
            state.silent_since = state.silent_since.or(last);
            state.gaps = state.gaps.wrapping_add(1);
        }
        self.publish(&state);
        (state.is_loaded && self.is_long(silence)).then_some(silence)
    }

    pub(crate) fn begin(&self) -> Began {
        Began(self.state().gaps)
    }

    /// A look has ended. A failed one counts as tried, so the outage rule holds from then on.
    pub(crate) fn end(&self, began: Began, succeeded: bool, now: Timestamp) {
        let mut state = self.state();
        state.is_loaded |= succeeded;
        state.failed_at = (!succeeded).then_some(now);
        if state.gaps == began.0 {
            state.silent_since = None;
        }
        self.publish(&state);
    }

    /// The look that is on its way, or the one that `start` makes. None when one has just failed,
    /// unless `at_once`.
    pub(crate) fn board(
        &self,
        now: Timestamp,
        at_once: bool,
        start: impl FnOnce(watch::Sender<Option<bool>>),
    ) -> Option<Flight> {
        let mut flight = self.flight.lock().unwrap_or_else(PoisonError::into_inner);
        // Its sender is gone when it has ended, and when its runtime has.
        if let Some(running) = flight.as_ref().filter(|flight| flight.has_changed().is_ok()) {
            return Some(running.clone());
        }
        if !at_once && self.has_just_failed(now) {
            return None;
        }
        let (sender, receiver) = watch::channel(None);
        *flight = Some(receiver.clone());
        start(sender);
        Some(receiver)
    }

    fn has_just_failed(&self, now: Timestamp) -> bool {
        let failed = self.state().failed_at;
        failed.is_some_and(|at| apart(now.as_millis(), at.as_millis()) < HOLD_OFF_MILLIS)
    }

    fn is_long(&self, silence: i64) -> bool {
        silence > self.interval_millis.saturating_add(FROZEN_MILLIS)
    }

    fn publish(&self, state: &State) {
        let seen = state.last_beat.filter(|_| state.is_loaded && state.silent_since.is_none());
        self.seen.store(seen.map_or(NEVER, Timestamp::as_millis), Ordering::Release);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn apart(one: i64, other: i64) -> i64 {
    i64::try_from(one.abs_diff(other)).unwrap_or(i64::MAX)
}
