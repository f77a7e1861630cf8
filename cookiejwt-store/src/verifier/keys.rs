//! The issuer's public keys: given once, or fetched again and again.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use cookiejwt_core::{Jwks, Verifier as CoreVerifier, store::Timestamp};

use super::{
    Verifier,
    source::{Failure, JwksDocument, KeySource},
};
use crate::{
    events::{Event, Line, printable},
    runtime::{Flight, PATIENCE},
};

const DEFAULT_AGE: Duration = Duration::from_mins(5);
const SHORTEST_AGE: Duration = Duration::from_secs(10);
const LONGEST_AGE: Duration = Duration::from_hours(24);
/// Between two attempts, after the first failure and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// Anyone can write a `kid`, so one that is unknown has the keys fetched this often at most.
const UNKNOWN_KID_MILLIS: i64 = 60_000;
/// While there are no keys at all, requests have them fetched this often at most.
const NO_KEYS_MILLIS: i64 = 1000;

/// The keys of this moment, and where new ones come from.
pub(super) struct IssuerKeys {
    verifier: ArcSwap<CoreVerifier>,
    source: Option<KeySource>,
    schedule: Mutex<Schedule>,
    pub(super) flight: Flight,
}

/// When the keys are fetched.
#[derive(Debug, Default)]
struct Schedule {
    /// `None` before the first attempt, which is due at once.
    due_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
    unknown_kid_at: Option<Timestamp>,
    failures: u32,
    /// What was reported last, so that an outage is reported once.
    failure: Option<String>,
}

/// Why a request waits for keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// There are none yet.
    Any,
    /// A token has a `kid` that none of them has.
    Unknown,
}

impl IssuerKeys {
    pub(super) fn new(verifier: CoreVerifier, source: Option<KeySource>) -> Self {
        Self {
            verifier: ArcSwap::from_pointee(verifier),
            source,
            schedule: Mutex::default(),
            flight: Flight::default(),
        }
    }

    pub(super) fn verifier(&self) -> Arc<CoreVerifier> {
        self.verifier.load_full()
    }

    pub(super) fn are_fetched(&self) -> bool {
        self.source.is_some()
    }

    /// How long until the next attempt.
    pub(super) fn pause(&self, now: Timestamp) -> Duration {
        let due_at = self.schedule().due_at.unwrap_or(now);
        let millis = due_at.as_millis().saturating_sub(now.as_millis());
        // A clock that is set does not keep the old keys for longer than a document may be kept.
        Duration::from_millis(u64::try_from(millis).unwrap_or_default()).min(LONGEST_AGE)
    }

    /// Whether a request may wait for new keys: for those that are on their way, or because it is
    /// the first one in a while that asks for this reason.
    pub(super) fn may_wait(&self, want: Want, now: Timestamp) -> bool {
        if self.source.is_none() {
            return false;
        }
        if self.flight.is_under_way() {
            return true;
        }
        let mut schedule = self.schedule();
        let is_past = |at: Option<Timestamp>, millis: i64| {
            at.is_none_or(|at| now.as_millis().abs_diff(at.as_millis()) >= millis.unsigned_abs())
        };
        match want {
            Want::Any => is_past(schedule.tried_at, NO_KEYS_MILLIS),
            Want::Unknown => {
                let may = is_past(schedule.unknown_kid_at, UNKNOWN_KID_MILLIS);
                if may {
                    schedule.unknown_kid_at = Some(now);
                }
                may
            }
        }
    }

    /// The new `kid`s and whether the first of them was known, if the keys have changed. A document
    /// that is refused changes nothing.
    fn take(&self, document: &JwksDocument, now: Timestamp) -> Result<Option<(Vec<String>, bool)>, Failure> {
        let Some(text) = &document.text else {
            self.succeeded(document.max_age, now);
            return Ok(None);
        };
        let (old, keys) = (self.verifier(), Jwks::from_json(text)?);
        let new = old.with_keys(keys);
        let (before, after) = (old.kids(), new.kids());
        let was_known = before.is_empty() || after.first().is_none_or(|first| before.contains(first));
        let changed = (before != after).then(|| (owned(&after), was_known));
        drop(after);
        self.verifier.store(Arc::new(new));
        self.succeeded(document.max_age, now);
        Ok(changed)
    }

    fn succeeded(&self, max_age: Option<Duration>, now: Timestamp) {
        let age = max_age.unwrap_or(DEFAULT_AGE).clamp(SHORTEST_AGE, LONGEST_AGE);
        let mut schedule = self.schedule();
        schedule.due_at = Some(later(now, age));
        (schedule.failures, schedule.failure) = (0, None);
    }

    /// The text of the failure, unless it was reported already.
    fn failed(&self, failure: &Failure, now: Timestamp) -> Option<String> {
        let mut schedule = self.schedule();
        let pause = FIRST_PAUSE.saturating_mul(1 << schedule.failures.min(6)).min(LONGEST_PAUSE);
        schedule.due_at = Some(later(now, pause));
        schedule.failures = schedule.failures.saturating_add(1);
        let text = Line(&**failure).to_string();
        let is_news = schedule.failure.as_ref() != Some(&text);
        schedule.failure = Some(text.clone());
        is_news.then_some(text)
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn owned(kids: &[&str]) -> Vec<String> {
    kids.iter().map(|kid| (*kid).to_owned()).collect()
}

fn later(now: Timestamp, pause: Duration) -> Timestamp {
    now.plus_millis(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX))
}

impl Verifier {
    /// Fetches the keys, or waits for those that are on their way; whether it succeeded.
    pub(super) async fn fetch_keys(&self) -> bool {
        let verifier = self.clone();
        self.0.keys.flight.join(|| async move { verifier.fetch_keys_alone().await }).await
    }

    async fn fetch_keys_alone(&self) -> bool {
        let (keys, events) = (&self.0.keys, &self.0.events);
        let Some(source) = &keys.source else { return false };
        keys.schedule().tried_at = Some(self.0.runtime.timestamp());
        let fetched = tokio::time::timeout(PATIENCE, source()).await;
        let fetched = fetched.unwrap_or_else(|_| Err("the issuer gives no answer".into()));
        let now = self.0.runtime.timestamp();
        match fetched.and_then(|document| keys.take(&document, now)) {
            Ok(None) => true,
            Ok(Some((kids, was_known))) => {
                let signing = printable(kids.first().map_or("", String::as_str)).into_owned();
                events.emit(Event::KeysReplaced { signing: &signing, was_known, verifying: kids.len() });
                true
            }
            Err(failure) => {
                if let Some(error) = keys.failed(&failure, now) {
                    events.emit(Event::KeysNotReloaded { error: &error });
                }
                false
            }
        }
    }
}
