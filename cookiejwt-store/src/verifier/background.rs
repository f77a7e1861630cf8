//! The background tasks: fetching the keys before they become old, and following revocations.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use super::{Inner, Verifier};

/// Between two long polls, so that an issuer that does not wait is not asked without a pause.
const BREATH: Duration = Duration::from_millis(100);
/// How often the time is looked at while keys are young: the clock may be set.
const LOOK: Duration = Duration::from_mins(1);
/// How often the streams are looked through whose access tokens may have ended.
const ENDS_INTERVAL: Duration = Duration::from_secs(1);

impl Verifier {
    /// Starts fetching and following now, in the runtime of the caller. Without this call the first
    /// request does, and waits for the keys.
    pub fn start(&self) {
        let running = &self.0.is_running;
        if running.load(Ordering::Acquire) || running.swap(true, Ordering::AcqRel) {
            return;
        }
        let mark = Mark(Arc::downgrade(&self.0));
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(run(mark))),
            Err(_) => drop(mark),
        }
    }
}

/// Marks that it runs, until it ends.
struct Mark(Weak<Inner>);

impl Mark {
    fn verifier(&self) -> Option<Verifier> {
        self.0.upgrade().map(Verifier)
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        if let Some(inner) = self.0.upgrade() {
            inner.is_running.store(false, Ordering::Release);
        }
    }
}

/// Ends with the last verifier.
async fn run(mark: Mark) {
    tokio::join!(keys(&mark), revocations(&mark), ends(&mark));
}

async fn keys(mark: &Mark) {
    loop {
        let Some(verifier) = mark.verifier() else { return };
        if !verifier.0.keys.are_fetched() {
            return;
        }
        let pause = verifier.0.keys.pause(verifier.0.runtime.timestamp());
        if pause.is_zero() {
            // Reported already.
            let _ = verifier.fetch_keys().await;
            continue;
        }
        drop(verifier);
        tokio::time::sleep(pause.min(LOOK)).await;
    }
}

async fn ends(mark: &Mark) {
    loop {
        tokio::time::sleep(ENDS_INTERVAL).await;
        let Some(verifier) = mark.verifier() else { return };
        verifier.end_streams();
    }
}

async fn revocations(mark: &Mark) {
    loop {
        let Some(verifier) = mark.verifier() else { return };
        let Some(follower) = &verifier.0.follower else { return };
        let (wait, interval) = (follower.wait, follower.interval);
        let succeeded = verifier.ask_issuer(wait).await;
        drop(verifier);
        let is_long = succeeded && !wait.is_zero();
        tokio::time::sleep(if is_long { BREATH } else { interval }).await;
    }
}
