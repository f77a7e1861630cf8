use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use cookiejwt_store::{Problem, Slot};
use rocket::Request;

use crate::Cookies;

/// What one request remembers between its fairing, its guards, its handler and its catcher.
///
/// Rocket keeps one value of a type per request and never replaces it, so there is a place for everything, whoever
/// comes first.
#[derive(Default)]
pub(crate) struct Memory {
    /// Filled by the fairing.
    pub(crate) slot: OnceLock<Slot>,
    /// Set when the response is a reply of ours.
    pub(crate) replied: OnceLock<()>,
    refusal: Mutex<Option<Problem>>,
    cookies: Mutex<Option<Cookies>>,
}

impl Memory {
    pub(crate) fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(Self::default)
    }

    /// A guard of ours refused; the last one counts.
    pub(crate) fn refuse(&self, problem: Problem) {
        *lock(&self.refusal) = Some(problem);
    }

    pub(crate) fn refusal(&self) -> Option<Problem> {
        *lock(&self.refusal)
    }

    /// What the handler wants to be sent, whatever becomes of the rest of its response.
    pub(crate) fn send(&self, cookies: Cookies) {
        *lock(&self.cookies) = Some(cookies);
    }

    pub(crate) fn sent(&self) -> Option<Cookies> {
        lock(&self.cookies).take()
    }
}

/// Nothing that is done while a lock is held can leave half of it behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
