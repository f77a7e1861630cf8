//! What runs beside the requests, once per process: the feed of revocations, the purge of sessions that have ended, and
//! the look for other keys.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use cookiejwt_core::RevocationLevel;

use crate::{
    authenticator::{Authenticator, Inner},
    errors::StoreError,
    events::Event,
    runtime::Random,
};

pub(crate) const FEED_INTERVAL: Duration = Duration::from_secs(1);
const RECEIPTS_INTERVAL: Duration = Duration::from_secs(1);
const CLOCK_INTERVAL: Duration = Duration::from_mins(1);
const PURGE_INTERVAL: Duration = Duration::from_hours(1);
/// A bucket drains within minutes, and whoever tries passwords makes new ones.
const THROTTLE_PURGE_INTERVAL: Duration = Duration::from_mins(5);
/// Small enough that no lock is held long.
const PURGE_BATCH: u64 = 500;
const PURGE_PAUSE: Duration = Duration::from_millis(100);

impl Authenticator {
    /// Deletes the sessions of which no token can be valid any more, in small batches; how many there were. Runs by itself
    /// about once an hour; call it where an application has a time of its own for such work.
    ///
    /// A session that was revoked stays until then too, so that the feed knows of it.
    pub async fn purge(&self) -> Result<u64, StoreError> {
        let mut purged = 0;
        loop {
            let before = self.timestamp().plus_millis(-self.config().revoked_memory_seconds() * 1000);
            let batch = self.told("purge", self.0.tokens.purge(before, PURGE_BATCH).await)?;
            purged += batch;
            if batch < PURGE_BATCH {
                return Ok(purged);
            }
            tokio::time::sleep(PURGE_PAUSE).await;
        }
    }

    /// Deletes the buckets of throttled logins that are empty.
    async fn purge_throttle(&self) -> Result<(), StoreError> {
        self.forget_empty_buckets();
        loop {
            let batch = self.0.tokens.purge_throttle(self.timestamp(), PURGE_BATCH).await;
            if self.told("purge_throttle", batch)? < PURGE_BATCH {
                return Ok(());
            }
            tokio::time::sleep(PURGE_PAUSE).await;
        }
    }

    /// Starts it with the first request: `build` may run before there is a runtime. A worker whose runtime ends takes it
    /// along, and the next request starts it again.
    pub(crate) fn start_background(&self) {
        let running = &self.0.background;
        if running.load(Ordering::Acquire) || running.swap(true, Ordering::AcqRel) {
            return;
        }
        let mark = Mark(Arc::downgrade(&self.0));
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(run(mark, self.0.feed_interval))),
            Err(_) => drop(mark),
        }
    }
}

/// Says that it runs, until it does not.
struct Mark(Weak<Inner>);

impl Mark {
    fn authenticator(&self) -> Option<Authenticator> {
        self.0.upgrade().map(Authenticator)
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        if let Some(inner) = self.0.upgrade() {
            inner.background.store(false, Ordering::Release);
        }
    }
}

/// Ends with the last authenticator.
async fn run(mark: Mark, interval: Duration) {
    tokio::join!(feed(&mark, interval), receipts(&mark), purge(&mark), purge_throttle(&mark), keys(&mark));
}

/// At the other levels nothing is read but the clock, once a minute.
async fn feed(mark: &Mark, interval: Duration) {
    loop {
        let Some(auth) = mark.authenticator() else { return };
        let polls = auth.config().revocation() == RevocationLevel::Feed;
        drop(auth);
        tokio::time::sleep(if polls { interval } else { CLOCK_INTERVAL }).await;
        let Some(auth) = mark.authenticator() else { return };
        if !polls || auth.look(true).await {
            auth.compare_clocks().await;
        }
    }
}

async fn receipts(mark: &Mark) {
    loop {
        tokio::time::sleep(RECEIPTS_INTERVAL).await;
        let Some(auth) = mark.authenticator() else { return };
        // Said already.
        let _ = auth.write_receipts().await;
    }
}

async fn purge(mark: &Mark) {
    loop {
        tokio::time::sleep(about(PURGE_INTERVAL)).await;
        let Some(auth) = mark.authenticator() else { return };
        if let Ok(sessions @ 1..) = auth.purge().await {
            auth.emit(Event::Purged { sessions });
        }
    }
}

async fn keys(mark: &Mark) {
    loop {
        let Some(auth) = mark.authenticator() else { return };
        if auth.config().keys_dir().is_none() {
            return;
        }
        let interval = auth.0.keys_interval;
        drop(auth);
        tokio::time::sleep(interval).await;
        let Some(auth) = mark.authenticator() else { return };
        // Said already.
        let _ = auth.reload_keys().await;
    }
}

async fn purge_throttle(mark: &Mark) {
    loop {
        tokio::time::sleep(about(THROTTLE_PURGE_INTERVAL)).await;
        let Some(auth) = mark.authenticator() else { return };
        // Said already.
        let _ = auth.purge_throttle().await;
    }
}

/// Somewhere between half and one and a half times, so that nodes that started together do not purge together.
fn about(interval: Duration) -> Duration {
    let random = Random::default().bytes::<2>().map_or(0, u16::from_le_bytes);
    interval / 2 + interval * u32::from(random) / u32::from(u16::MAX)
}
