//! The slots of all authenticators that a request has passed.

use std::sync::Arc;

use super::slot::Slot;
use crate::authenticator::Authenticator;

/// The slots of one request, the innermost first: one for each authenticator whose layer the
/// request has come through.
///
/// Two user tables may have their layers around one router. A guard finds the slot of its own
/// authenticator, whatever the order of the layers; an extractor asks the innermost.
#[derive(Clone, Debug)]
pub struct Slots {
    innermost: Arc<Slot>,
    outer: Option<Arc<Slots>>,
}

impl Slots {
    /// Enters the layer of this authenticator, on a request to this path, exactly as the client
    /// sent it. `outer` are the slots that the request has already.
    ///
    /// A new slot is also returned on its own, for the layer to write its cookies. The layer of an
    /// authenticator inside another of the same one shares its slot, and writes nothing.
    pub fn enter(outer: Option<&Self>, auth: &Authenticator, path: &str) -> (Self, Option<Arc<Slot>>) {
        if let Some(known) = outer.and_then(|outer| outer.of(auth)) {
            return (Self::inside(outer, Arc::clone(known)), None);
        }
        let slot = Arc::new(Slot::new(auth, path));
        (Self::inside(outer, Arc::clone(&slot)), Some(slot))
    }

    fn inside(outer: Option<&Self>, innermost: Arc<Slot>) -> Self {
        Self { innermost, outer: outer.cloned().map(Arc::new) }
    }

    /// The slot of the layer that is nearest to the handler.
    pub fn innermost(&self) -> &Arc<Slot> {
        &self.innermost
    }

    /// The slot of this authenticator, if the request has come through its layer.
    pub fn of(&self, auth: &Authenticator) -> Option<&Arc<Slot>> {
        let here = Some(&self.innermost).filter(|slot| slot.authenticator().is_same(auth));
        here.or_else(|| self.outer.as_ref()?.of(auth))
    }
}
