//! What the issuer has revoked, as far as it has told.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use cookiejwt_core::{
    SessionId,
    driver::{KnownSessions, Revocations, SessionStatus},
    fault::TokenFault,
    store::Timestamp,
};

use super::{
    Verifier,
    keys::Want,
    source::{Failure, ListSource, RevokedQuery},
};
use crate::{
    events::{Event, Line},
    runtime::{BEAT, Flight, PATIENCE, Pulse},
    sessions::RevokedSet,
    stores::{RenewedSession, RevokedSession},
};

const NEVER: i64 = i64::MIN;
/// After the issuer did not answer, no request asks for this long.
const HOLD_OFF_MILLIS: u64 = 1000;
/// How much later than its interval an answer may come before what is known counts as old.
const LATE: Duration = Duration::from_secs(5);

/// Follows the revocations of the issuer.
pub(super) struct Follower {
    source: ListSource,
    pub(super) set: RevokedSet,
    /// Access tokens up to this second are dead.
    dead_until: AtomicI64,
    /// Where the next question begins; `None` asks for everything.
    cursor: Mutex<Option<String>>,
    /// When the last question that was answered was asked.
    answered_at: AtomicI64,
    /// When there was no answer, if there has been none since.
    failed_at: AtomicI64,
    pub(super) pulse: Pulse,
    pub(super) flight: Flight,
    pub(super) interval: Duration,
    /// How long the issuer may wait for something new.
    pub(super) wait: Duration,
    stale_after: Option<Duration>,
}

/// How a verifier follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) interval: Duration,
    pub(super) wait: Duration,
    pub(super) stale_after: Option<Duration>,
}

impl Follower {
    pub(super) fn new(source: ListSource, pace: Pace, memory: Duration) -> Self {
        let Pace { interval, wait, stale_after } = pace;
        Self {
            source,
            set: RevokedSet::remembering(i64::try_from(memory.as_secs()).unwrap_or(i64::MAX)),
            dead_until: AtomicI64::new(NEVER),
            cursor: Mutex::default(),
            answered_at: AtomicI64::new(NEVER),
            failed_at: AtomicI64::new(NEVER),
            // A long poll shows its life by beats, as a short one does.
            pulse: Pulse::new(interval),
            flight: Flight::default(),
            interval,
            wait,
            stale_after,
        }
    }

    /// Whether a request may be decided from memory, without asking first. An issuer that does not
    /// answer changes nothing about that; a process that was stopped does.
    pub(super) fn is_awake(&self, now: Timestamp) -> bool {
        self.pulse.is_current(now)
    }

    /// Whether a request may ask: an issuer that has just not answered is not asked by each one.
    pub(super) fn may_ask(&self, now: Timestamp) -> bool {
        let failed_at = self.failed_at.load(Ordering::Acquire);
        failed_at == NEVER || now.as_millis().abs_diff(failed_at) >= HOLD_OFF_MILLIS
    }

    /// Whether the issuer has answered lately.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        self.answered_within(self.interval + self.wait + LATE, now)
    }

    /// Whether the issuer has not answered for so long that nobody is accepted any more.
    fn is_stale(&self, now: Timestamp) -> bool {
        self.stale_after.is_some_and(|limit| !self.answered_within(limit.saturating_add(self.wait), now))
    }

    fn answered_within(&self, limit: Duration, now: Timestamp) -> bool {
        let at = self.answered_at.load(Ordering::Acquire);
        let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        at != NEVER && now.as_millis().abs_diff(at) <= limit
    }

    /// What is known at this time.
    pub(super) fn known(&self, now: Timestamp) -> KnownNow<'_> {
        KnownNow { follower: self, now, is_stale: self.is_stale(now) }
    }

    fn query(&self, wait: Duration) -> RevokedQuery {
        RevokedQuery { since: self.cursor().clone(), wait }
    }

    /// Takes a list; true if the issuer did not answer before.
    fn take(&self, list: Revocations, asked_at: Timestamp, now: Timestamp) -> bool {
        let Revocations { next, before, revoked, renewed, .. } = list;
        let revoked = revoked.into_iter().map(|(id, reason)| RevokedSession::new(id, reason, now)).collect();
        let known = renewed.iter().map(|(id, version)| RenewedSession::new(id.clone(), *version, now));
        let has_recovered = self.set.load(revoked, known.collect(), now);
        // After they are known, so that a stream that begins in between misses none.
        for (id, version) in &renewed {
            self.set.waiting().renewed(id, *version);
        }
        if let Some(before) = before {
            self.dead_until.fetch_max(before.as_seconds(), Ordering::AcqRel);
            self.set.waiting().end_tokens(Some(before), now);
        }
        *self.cursor() = Some(next);
        self.answered_at.store(asked_at.as_millis(), Ordering::Release);
        self.failed_at.store(NEVER, Ordering::Release);
        has_recovered
    }

    /// There is no answer; true for the first time in a row. The next question asks for everything.
    fn missed(&self, now: Timestamp) -> bool {
        *self.cursor() = None;
        self.failed_at.store(now.as_millis(), Ordering::Release);
        self.set.missed()
    }

    fn cursor(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of sessions at one time.
pub(super) struct KnownNow<'a> {
    follower: &'a Follower,
    now: Timestamp,
    pub(super) is_stale: bool,
}

impl KnownSessions for KnownNow<'_> {
    fn status(&self, id: &SessionId) -> SessionStatus {
        match self.follower.set.reason(id, self.now) {
            Some(reason) => SessionStatus::Revoked(reason),
            None if self.is_stale => SessionStatus::Unknown,
            None => SessionStatus::Live,
        }
    }

    fn version(&self, id: &SessionId) -> i64 {
        self.follower.set.version(id)
    }

    fn dead_until(&self) -> Option<Timestamp> {
        let second = self.follower.dead_until.load(Ordering::Acquire);
        (second != NEVER).then(|| Timestamp::from_seconds(second))
    }
}

impl Verifier {
    /// One question for all requests that wait. It does not join a long poll, which may be from
    /// before this process was asleep.
    pub(crate) async fn catch_up(&self) {
        let Some(follower) = &self.0.follower else { return };
        let verifier = self.clone();
        let _ = follower.flight.join(|| async move { verifier.ask_issuer(Duration::ZERO).await }).await;
    }

    /// Asks the issuer, which may wait for this long before it answers; whether it did.
    pub(super) async fn ask_issuer(&self, wait: Duration) -> bool {
        let Some(follower) = &self.0.follower else { return false };
        self.beat(follower);
        let began = follower.pulse.begin();
        let asked = self.beating(follower, self.ask_alone(follower, wait)).await;
        self.beat(follower);
        follower.pulse.end(began, asked.is_ok(), self.0.runtime.timestamp());
        match &asked {
            Ok(true) => self.0.events.emit(Event::FeedRecovered {}),
            Err(failure) if follower.missed(self.0.runtime.timestamp()) => {
                self.0.events.emit(Event::FeedStale { error: &Line(&**failure).to_string() });
            }
            Ok(false) | Err(_) => {}
        }
        asked.is_ok()
    }

    /// Whether this is the first answer after a failure.
    async fn ask_alone(&self, follower: &Follower, wait: Duration) -> Result<bool, Failure> {
        let (query, asked_at) = (follower.query(wait), self.0.runtime.timestamp());
        let asking = tokio::time::timeout(PATIENCE + wait, (follower.source)(query.clone()));
        let text = asking.await.unwrap_or_else(|_| Err("the issuer gives no answer".into()))?;
        let list = match self.read(&text, &query) {
            Err(TokenFault::UnknownKey) if self.may_wait_for_keys(Want::Unknown) => {
                let _ = self.fetch_keys().await;
                self.read(&text, &query)
            }
            read => read,
        };
        let refused = |fault: TokenFault| format!("the issuer's list is refused: {fault}");
        Ok(follower.take(list.map_err(refused)?, asked_at, self.0.runtime.timestamp()))
    }

    fn read(&self, text: &str, query: &RevokedQuery) -> Result<Revocations, TokenFault> {
        self.core().read_revocations(text, query.since.as_deref(), self.0.runtime.timestamp())
    }

    /// Waits for the work, and shows in the meantime that this process is alive.
    async fn beating<T>(&self, follower: &Follower, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            match tokio::time::timeout(BEAT, work.as_mut()).await {
                Ok(output) => return output,
                Err(_) => self.beat(follower),
            }
        }
    }

    /// A silence is closed by the next answer, which requests wait for.
    fn beat(&self, follower: &Follower) {
        let _ = follower.pulse.beat(self.0.runtime.timestamp());
    }
}
