//! The slots of all authenticators and verifiers that a request has passed.

use std::sync::Arc;

use super::{any_slot::SharedSlot, guard::Guard, slot::Slot, verifier_slot::VerifierSlot};
use crate::{authenticator::Authenticator, verifier::Verifier};

/// The slots of one request, the innermost first: one for each authenticator or verifier whose
/// layer the request has come through.
///
/// Two user tables may have their layers around one router. A guard finds the slot of its own
/// authenticator, whatever the order of the layers; an extractor asks the innermost.
#[derive(Clone, Debug)]
pub struct Slots {
    innermost: SharedSlot,
    /// The innermost of them first; empty for almost every application.
    outer: Option<Arc<[SharedSlot]>>,
}

impl Slots {
    /// Enters the layer of this authenticator, on a request to this path, exactly as the client
    /// sent it. `outer` are the slots that the request has already.
    ///
    /// A new slot is also returned on its own, for the layer to write its cookies. The layer of an
    /// authenticator inside another of the same one shares its slot, and writes nothing.
    pub fn enter<'p>(
        outer: Option<&Self>,
        auth: &Authenticator,
        path: impl FnOnce() -> &'p str,
    ) -> (Self, Option<Arc<Slot>>) {
        if let Some(known) = outer.and_then(|outer| outer.of(auth)) {
            return (Self::inside(outer, SharedSlot::Full(Arc::clone(known))), None);
        }
        let slot = Arc::new(Slot::at(auth, path));
        (Self::inside(outer, SharedSlot::Full(Arc::clone(&slot))), Some(slot))
    }

    /// The same for the layer of a verifier, which marks the response.
    pub fn enter_verifier(outer: Option<&Self>, verifier: &Verifier) -> (Self, Option<Arc<VerifierSlot>>) {
        if let Some(known) = outer.and_then(|outer| outer.of_verifier(verifier)) {
            return (Self::inside(outer, SharedSlot::Verifying(Arc::clone(known))), None);
        }
        let slot = Arc::new(VerifierSlot::new(verifier));
        (Self::inside(outer, SharedSlot::Verifying(Arc::clone(&slot))), Some(slot))
    }

    fn inside(outer: Option<&Self>, innermost: SharedSlot) -> Self {
        Self { innermost, outer: outer.map(|outer| outer.all().cloned().collect()) }
    }

    /// The slot of the layer that is nearest to the handler.
    pub fn innermost(&self) -> &SharedSlot {
        &self.innermost
    }

    /// The slot of this authenticator, if the request has come through its layer.
    pub fn of(&self, auth: &Authenticator) -> Option<&Arc<Slot>> {
        self.all().find_map(|slot| match slot {
            SharedSlot::Full(slot) if slot.authenticator().is_same(auth) => Some(slot),
            _ => None,
        })
    }

    /// The slot of this verifier, if the request has come through its layer.
    pub fn of_verifier(&self, verifier: &Verifier) -> Option<&Arc<VerifierSlot>> {
        self.all().find_map(|slot| match slot {
            SharedSlot::Verifying(slot) if slot.verifier().is_same(verifier) => Some(slot),
            _ => None,
        })
    }

    /// The slot of the guard's own authenticator or verifier.
    pub fn of_guard(&self, guard: &Guard) -> Option<&SharedSlot> {
        self.all().find(|slot| guard.owner().has(slot.any()))
    }

    fn all(&self) -> impl Iterator<Item = &SharedSlot> {
        std::iter::once(&self.innermost).chain(self.outer.iter().flat_map(|outer| &**outer))
    }
}
