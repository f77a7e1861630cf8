//! The background tasks, once per process: the feed of revocations, the purge of sessions that have
//! ended, reading the keys again, and the memory for hashing.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use cookiejwt_core::RevocationLevel;

use super::{Authenticator, Inner};
use crate::{events::Event, runtime::Random};

const RECEIPTS_INTERVAL: Duration = Duration::from_secs(1);
/// How often the ends are looked for that were known beforehand.
const ENDS_INTERVAL: Duration = Duration::from_secs(1);
/// How often the store is asked about the sessions that are waited for.
const ASK_INTERVAL: Duration = Duration::from_secs(5);
const CLOCK_INTERVAL: Duration = Duration::from_mins(1);
const PURGE_INTERVAL: Duration = Duration::from_hours(1);
/// A bucket drains within minutes, and an attacker who tries passwords creates new ones.
const THROTTLE_PURGE_INTERVAL: Duration = Duration::from_mins(5);
/// How long no password comes before the memory for hashing is given back; twice that at most.
const REST_INTERVAL: Duration = Duration::from_mins(1);

impl Authenticator {
    /// Starts it with the first request: `build` may run before there is a runtime. A worker whose
    /// runtime ends takes it along, and the next request starts it again.
    pub(crate) fn start_background(&self) {
        let running = &self.0.schedule.is_running;
        if running.load(Ordering::Acquire) || running.swap(true, Ordering::AcqRel) {
            return;
        }
        let mark = Mark(Arc::downgrade(&self.0));
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(run(mark, self.0.schedule.feed_interval))),
            Err(_) => drop(mark),
        }
    }
}

/// How often the background work is done, and whether it runs.
pub(super) struct Schedule {
    feed_interval: Duration,
    keys_interval: Duration,
    /// Whether the feed, the purge and the reading of keys run.
    is_running: AtomicBool,
}

impl Schedule {
    pub(super) const fn new(feed_interval: Duration, keys_interval: Duration) -> Self {
        Self { feed_interval, keys_interval, is_running: AtomicBool::new(false) }
    }
}

/// Marks that it runs, until it ends.
struct Mark(Weak<Inner>);

impl Mark {
    fn authenticator(&self) -> Option<Authenticator> {
        self.0.upgrade().map(Authenticator)
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        if let Some(inner) = self.0.upgrade() {
            inner.schedule.is_running.store(false, Ordering::Release);
        }
    }
}

/// Ends with the last authenticator.
async fn run(mark: Mark, interval: Duration) {
    tokio::join!(
        feed(&mark, interval),
        receipts(&mark),
        ends(&mark),
        read_for_waiting(&mark),
        ask_waiting(&mark),
        purge(&mark),
        purge_throttle(&mark),
        rest(&mark),
        keys(&mark)
    );
}

/// At the other levels nothing is read but the clock, once a minute.
async fn feed(mark: &Mark, interval: Duration) {
    loop {
        let Some(auth) = mark.authenticator() else { return };
        let polls = auth.config().revocation() == RevocationLevel::Feed;
        drop(auth);
        tokio::time::sleep(if polls { interval } else { CLOCK_INTERVAL }).await;
        let Some(auth) = mark.authenticator() else { return };
        if !polls || auth.0.sessions.look(true).await {
            auth.0.sessions.compare_clocks().await;
        }
    }
}

async fn receipts(mark: &Mark) {
    loop {
        tokio::time::sleep(RECEIPTS_INTERVAL).await;
        let Some(auth) = mark.authenticator() else { return };
        // Reported already.
        let _ = auth.0.sessions.write_receipts().await;
    }
}

/// Apart from the questions to the store, which may take a while.
async fn ends(mark: &Mark) {
    loop {
        tokio::time::sleep(ENDS_INTERVAL).await;
        let Some(auth) = mark.authenticator() else { return };
        auth.0.sessions.end_planned();
    }
}

async fn read_for_waiting(mark: &Mark) {
    loop {
        tokio::time::sleep(ENDS_INTERVAL).await;
        let Some(auth) = mark.authenticator() else { return };
        auth.0.sessions.read_for_waiting().await;
    }
}

async fn ask_waiting(mark: &Mark) {
    loop {
        tokio::time::sleep(ASK_INTERVAL).await;
        let Some(auth) = mark.authenticator() else { return };
        // Reported already.
        let _ = auth.0.sessions.poll_ends().await;
    }
}

async fn purge(mark: &Mark) {
    loop {
        tokio::time::sleep(about(PURGE_INTERVAL)).await;
        let Some(auth) = mark.authenticator() else { return };
        if let Ok(sessions @ 1..) = auth.0.sessions.purge().await {
            auth.0.events.emit(Event::Purged { sessions });
        }
    }
}

async fn keys(mark: &Mark) {
    loop {
        let Some(auth) = mark.authenticator() else { return };
        if auth.config().keys_dir().is_none() {
            return;
        }
        let interval = auth.0.schedule.keys_interval;
        drop(auth);
        tokio::time::sleep(interval).await;
        let Some(auth) = mark.authenticator() else { return };
        // Reported already.
        let _ = auth.0.keys.reload().await;
    }
}

async fn purge_throttle(mark: &Mark) {
    loop {
        tokio::time::sleep(about(THROTTLE_PURGE_INTERVAL)).await;
        let Some(auth) = mark.authenticator() else { return };
        // Reported already.
        let _ = auth.0.passwords.purge_throttle().await;
    }
}

async fn rest(mark: &Mark) {
    loop {
        tokio::time::sleep(REST_INTERVAL).await;
        let Some(auth) = mark.authenticator() else { return };
        auth.0.passwords.rest_when_idle();
    }
}

/// Somewhere between half and one and a half times, so that nodes that started together do not
/// purge together.
fn about(interval: Duration) -> Duration {
    let random = Random::default().bytes::<2>().map_or(0, u16::from_le_bytes);
    interval / 2 + interval * u32::from(random) / u32::from(u16::MAX)
}
