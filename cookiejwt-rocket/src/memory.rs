//! What one request remembers between fairings, guards, handler and catcher.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use cookiejwt_store::{AnySlot, Authenticator, GuardOwner, Problem, Refused, Slot, Verifier, VerifierSlot};
use rocket::{Request, http::Status};

/// What one request remembers between its fairings, its guards, its handler and its catcher.
///
/// Rocket keeps one value of a type per request and never replaces it, so this value has a place
/// for everything, whichever part comes first.
#[derive(Default)]
pub(crate) struct Memory {
    /// Filled by the fairings, in the order in which they were attached.
    slots: OnceLock<Link>,
    /// Set if cookiejwt made the response.
    pub(crate) replied: OnceLock<()>,
    /// What the last response that cookiejwt made refused.
    refused: Mutex<Option<Refused>>,
    refusal: Mutex<Option<Problem>>,
    /// Whose the innermost guard around the handler is.
    guarding: Mutex<Option<GuardOwner>>,
}

/// Almost every application has one authenticator, and then the first link needs no box.
struct Link {
    held: Held,
    next: OnceLock<Box<Link>>,
}

enum Held {
    Full(Slot),
    Verifying(VerifierSlot),
}

impl Held {
    fn any(&self) -> AnySlot<'_> {
        match self {
            Self::Full(slot) => AnySlot::Full(slot),
            Self::Verifying(slot) => AnySlot::Verifying(slot),
        }
    }
}

impl Memory {
    pub(crate) fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(Self::default)
    }

    /// The request has come to the fairing of this authenticator.
    pub(crate) fn enter(&self, auth: &Authenticator, path: &str) {
        if self.slot_of(auth).is_none() {
            self.add(|| Held::Full(Slot::new(auth, path)));
        }
    }

    /// The request has come to the fairing of this verifier.
    pub(crate) fn enter_verifier(&self, verifier: &Verifier) {
        if self.slot_of_verifier(verifier).is_none() {
            self.add(|| Held::Verifying(VerifierSlot::new(verifier)));
        }
    }

    fn add(&self, held: impl FnOnce() -> Held) {
        let link = Link { held: held(), next: OnceLock::new() };
        match self.links().last() {
            Some(last) => drop(last.next.set(Box::new(link))),
            None => drop(self.slots.set(link)),
        }
    }

    /// The slot nearest to the handler: that of the guard around its route, otherwise that of the
    /// fairing that was attached last.
    pub(crate) fn innermost(&self) -> Option<AnySlot<'_>> {
        let guarding = lock(&self.guarding).clone();
        let guarding = guarding.and_then(|owner| self.slot_of_owner(&owner));
        guarding.or_else(|| self.links().last().map(|link| link.held.any()))
    }

    /// The request has passed a guard of this authenticator or verifier. Returns the previous
    /// innermost one.
    pub(crate) fn pass(&self, guarding: Option<GuardOwner>) -> Option<GuardOwner> {
        std::mem::replace(&mut *lock(&self.guarding), guarding)
    }

    /// The slot of this authenticator.
    pub(crate) fn slot_of(&self, auth: &Authenticator) -> Option<&Slot> {
        self.links().find_map(|link| match &link.held {
            Held::Full(slot) if slot.authenticator().is_same(auth) => Some(slot),
            _ => None,
        })
    }

    /// The slot of this verifier.
    pub(crate) fn slot_of_verifier(&self, verifier: &Verifier) -> Option<&VerifierSlot> {
        self.links().find_map(|link| match &link.held {
            Held::Verifying(slot) if slot.verifier().is_same(verifier) => Some(slot),
            _ => None,
        })
    }

    /// The slot of the owner of a guard.
    pub(crate) fn slot_of_owner(&self, owner: &GuardOwner) -> Option<AnySlot<'_>> {
        self.links().map(|link| link.held.any()).find(|slot| owner.has(*slot))
    }

    fn links(&self) -> impl Iterator<Item = &Link> {
        std::iter::successors(self.slots.get(), |link| link.next.get().map(|next| &**next))
    }

    /// A response was made.
    pub(crate) fn answered(&self, refused: Option<Refused>) {
        self.replied.get_or_init(|| ());
        *lock(&self.refused) = refused;
    }

    /// What the response of this status refuses, if cookiejwt made it. Only one fairing gets it.
    pub(crate) fn take_refused(&self, status: Status) -> Option<Refused> {
        let is_this = |refused: &mut Refused| refused.problem().status().as_u16() == status.code;
        lock(&self.refused).take_if(is_this)
    }

    /// A cookiejwt guard refused; the last one counts.
    pub(crate) fn refuse(&self, problem: Problem) {
        *lock(&self.refusal) = Some(problem);
    }

    pub(crate) fn refusal(&self) -> Option<Problem> {
        *lock(&self.refusal)
    }
}

/// Nothing done under the lock can leave a half-written value, so a poisoned lock is harmless.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
