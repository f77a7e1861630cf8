//! Revocations that the store did not take, and the one task that tries them again.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cookiejwt_core::{SessionId, store::Revocation};
use tokio::time::Instant;

use super::part::Sessions;
use crate::errors::StoreError;

/// Waits between the tries of a revocation that failed: eight more tries within four minutes.
const RETRY_AFTER_SECONDS: [u64; 8] = [1, 2, 4, 8, 15, 30, 60, 120];
/// A store that gives no answer delays the tries of all others. Whatever waits longer than this is
/// given up.
const LONGEST: Duration = Duration::from_mins(10);
/// So that a client that begins and ends sessions while the store is unavailable cannot fill the
/// memory.
const MOST: usize = 10_000;

/// How many are taken at a time.
const BATCH: usize = 100;

/// By session, so that a hundred logouts of one session are one revocation.
#[derive(Debug, Default)]
pub(super) struct Retries(Mutex<Waitlist>);

#[derive(Debug, Default)]
struct Waitlist {
    waiting: HashMap<SessionId, Waiting>,
    /// Reported once until all is done.
    is_full: bool,
    is_running: bool,
}

#[derive(Debug)]
struct Waiting {
    revocation: Revocation,
    tries: usize,
    next: Instant,
    give_up: Instant,
}

impl Retries {
    /// False for the first that finds no room.
    fn add(&self, revocations: Vec<Revocation>) -> bool {
        let mut sessions = self.waitlist();
        let now = Instant::now();
        for revocation in revocations {
            let is_new = !sessions.waiting.contains_key(&revocation.session_id);
            if is_new && sessions.waiting.len() >= MOST {
                return std::mem::replace(&mut sessions.is_full, true);
            }
            let at = revocation.at;
            let waiting = sessions.waiting.entry(revocation.session_id.clone()).or_insert_with(|| Waiting {
                revocation: revocation.clone(),
                tries: 0,
                next: now + Duration::from_secs(RETRY_AFTER_SECONDS[0]),
                give_up: now + LONGEST,
            });
            // As in the store, the first reason stays, except that a session may end before its
            // time.
            if at < waiting.revocation.at {
                waiting.revocation = revocation;
            }
        }
        true
    }

    /// Whether the caller has to start the task.
    fn starts(&self) -> bool {
        !std::mem::replace(&mut self.waitlist().is_running, true)
    }

    /// Those that are due, or the time when the next one is. `None` if nothing waits: the task
    /// ends.
    fn due(&self) -> Option<Result<Vec<Revocation>, Instant>> {
        let mut sessions = self.waitlist();
        let now = Instant::now();
        sessions.waiting.retain(|_, waiting| waiting.give_up > now);
        let due = sessions.waiting.values().filter(|waiting| waiting.next <= now);
        let due: Vec<_> = due.take(BATCH).map(|waiting| waiting.revocation.clone()).collect();
        if !due.is_empty() {
            return Some(Ok(due));
        }
        let next = sessions.waiting.values().map(|waiting| waiting.next).min();
        if next.is_none() {
            (sessions.is_full, sessions.is_running) = (false, false);
        }
        next.map(Err)
    }

    /// Whether it is still to be tried: another request may have done it, and the store may have
    /// taken too long.
    fn waits(&self, id: &SessionId) -> bool {
        self.waitlist().waiting.get(id).is_some_and(|waiting| waiting.give_up > Instant::now())
    }

    /// The store has taken this revocation. One that waits to end the session earlier still waits.
    pub(crate) fn done(&self, revocation: &Revocation) {
        let mut sessions = self.waitlist();
        let waiting = sessions.waiting.get(&revocation.session_id);
        if waiting.is_some_and(|waiting| waiting.revocation.at >= revocation.at) {
            sessions.waiting.remove(&revocation.session_id);
        }
    }

    fn failed(&self, id: &SessionId) {
        let mut sessions = self.waitlist();
        let Some(waiting) = sessions.waiting.get_mut(id) else { return };
        waiting.tries += 1;
        match RETRY_AFTER_SECONDS.get(waiting.tries) {
            Some(seconds) => waiting.next = Instant::now() + Duration::from_secs(*seconds),
            None => drop(sessions.waiting.remove(id)),
        }
    }

    fn waitlist(&self) -> MutexGuard<'_, Waitlist> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task that tries again. A runtime that ends takes it along, and the next revocation that
/// fails starts it again.
struct Running(Option<Sessions>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(sessions) = &self.0 {
            sessions.0.retries.waitlist().is_running = false;
        }
    }
}

impl Sessions {
    /// These are tried again in the background.
    pub(crate) fn revoke_later(&self, revocations: Vec<Revocation>) {
        if revocations.is_empty() {
            return;
        }
        if !self.0.retries.add(revocations) {
            let error = "too many revocations wait for the store; newer ones are not tried again, and these sessions end \
                         on this node only";
            self.0.events.store_failed("revoke", &StoreError::new(error));
        }
        if self.0.retries.starts() {
            let mut running = Running(Some(self.clone()));
            tokio::spawn(async move {
                if let Some(sessions) = &running.0 {
                    sessions.try_again().await;
                }
                // The task has marked that it ended, and another one may be running by now.
                running.0.take();
            });
        }
    }

    async fn try_again(&self) {
        while let Some(due) = self.0.retries.due() {
            match due {
                Err(next) => tokio::time::sleep_until(next).await,
                Ok(revocations) => {
                    for revocation in revocations {
                        self.try_once_more(&revocation).await;
                    }
                }
            }
        }
    }

    async fn try_once_more(&self, revocation: &Revocation) {
        if !self.0.retries.waits(&revocation.session_id) {
            return;
        }
        match self.revoke_in_store(revocation).await {
            Ok(_) => self.0.retries.done(revocation),
            Err(_) => self.0.retries.failed(&revocation.session_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use cookiejwt_core::store::{RevocationReason, Timestamp};

    use super::*;

    fn revocation(number: usize) -> Revocation {
        at(number, 1)
    }

    fn at(number: usize, millis: i64) -> Revocation {
        let session_id = number.to_string().into();
        Revocation::new(session_id, RevocationReason::Logout, Timestamp::from_millis(millis))
    }

    #[tokio::test(start_paused = true)]
    async fn of_two_revocations_the_earlier_end_waits() {
        for (rule, first, second, done, waits) in [
            ("the same", 1, 1, 1, None),
            ("one that begins later", 1, 9, 1, None),
            ("one that begins earlier", 9, 1, 1, None),
            ("the later one is done", 1, 9, 9, Some(1)),
            ("an earlier one is done", 9, 9, 1, None),
        ] {
            let pending = Retries::default();
            assert!(pending.add(vec![at(1, first)]) && pending.add(vec![at(1, second)]), "{rule}");
            pending.done(&at(1, done));
            tokio::time::advance(Duration::from_secs(1)).await;
            let due = pending.due().map(|due| due.unwrap()[0].at);
            assert_eq!(due, waits.map(Timestamp::from_millis), "{rule}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_is_bounded_in_number_and_time() {
        let pending = Retries::default();
        assert!(pending.add((0..MOST).map(revocation).collect()));
        assert!(pending.add(vec![revocation(7)]), "one that waits already needs no room");
        assert!(!pending.add(vec![revocation(MOST)]), "said");
        assert!(pending.add(vec![revocation(MOST + 1)]), "once");
        assert!(!pending.waits(&revocation(MOST).session_id));
        assert!(pending.waits(&revocation(7).session_id));
        assert_eq!(pending.due(), Some(Err(Instant::now() + Duration::from_secs(1))));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(pending.due().unwrap().unwrap().len(), BATCH);
        tokio::time::advance(LONGEST).await;
        assert_eq!(pending.due(), None, "given up");
        assert!(pending.add(vec![revocation(MOST)]), "room again");
    }
}
