//! The slot of an authenticator or of a verifier: what an extractor or a guard asks.

use std::{future::Future, sync::Arc, time::Duration};

use cookiejwt_core::{Decision, Identity, Problem, driver::RequestHead};
use serde::de::DeserializeOwned;

use super::{
    driver::Pending,
    faults::{claims_of, missing_layer},
    guard::{Guard, GuardRefusal},
    slot::Slot,
    verifier_slot::VerifierSlot,
};
use crate::verifier::Waiting;

/// The slot of a request, whoever decides there.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a new kind must break every adapter")]
pub enum AnySlot<'s> {
    /// Of an authenticator.
    Full(&'s Slot),
    /// Of a verifier.
    Verifying(&'s VerifierSlot),
}

/// The same, for as long as a handler needs it.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a new kind must break every adapter")]
pub enum SharedSlot {
    /// Of an authenticator.
    Full(Arc<Slot>),
    /// Of a verifier.
    Verifying(Arc<VerifierSlot>),
}

/// A request that waits: for a store, or for the issuer.
#[derive(Debug)]
#[must_use]
pub struct AnyPending(Kind);

#[derive(Debug)]
enum Kind {
    Full(Pending),
    Verifying(Waiting),
}

impl SharedSlot {
    /// The slot, borrowed.
    pub fn any(&self) -> AnySlot<'_> {
        match self {
            Self::Full(slot) => AnySlot::Full(slot),
            Self::Verifying(slot) => AnySlot::Verifying(slot),
        }
    }

    /// The slot of an authenticator, for what a verifier cannot do: 500, and a log line with the
    /// fix.
    pub fn full(self, what: &str, cure: &str) -> Result<Arc<Slot>, Problem> {
        match self {
            Self::Full(slot) => Ok(slot),
            Self::Verifying(_) => Err(missing_layer(what, cure)),
        }
    }
}

impl<'s> AnySlot<'s> {
    /// The slot of an authenticator, for what a verifier cannot do: 500, and a log line with the
    /// fix.
    pub fn full(self, what: &str, cure: &str) -> Result<&'s Slot, Problem> {
        match self {
            Self::Full(slot) => Ok(slot),
            Self::Verifying(_) => Err(missing_layer(what, cure)),
        }
    }

    /// The decision, if nobody need be asked. Otherwise the value to pass to
    /// [`finish`](Self::finish).
    pub fn begin(self, head: RequestHead<'_>) -> Result<&'s Decision, AnyPending> {
        match self {
            Self::Full(slot) => slot.begin(head).map_err(|pending| AnyPending(Kind::Full(pending))),
            Self::Verifying(slot) => slot.begin(head).map_err(|waiting| AnyPending(Kind::Verifying(waiting))),
        }
    }

    /// The decision, with the help of the stores or of the issuer. `pending` is from this slot.
    pub async fn finish(self, pending: AnyPending) -> Result<&'s Decision, Problem> {
        match (self, pending.0) {
            (Self::Full(slot), Kind::Full(pending)) => Ok(slot.finish(pending).await),
            (Self::Verifying(slot), Kind::Verifying(waiting)) => Ok(slot.finish(waiting).await),
            _ => Err(Problem::ServerError),
        }
    }

    /// The decision, made now unless it was made before.
    ///
    /// This and the following methods begin when they are called, so that their futures, which are
    /// part of the future of every handler, need no head.
    pub fn settle(
        self,
        head: RequestHead<'_>,
    ) -> impl Future<Output = Result<&'s Decision, Problem>> + Send + use<'s> {
        self.answer(head, Ok)
    }

    /// The same, and what follows from it.
    fn answer<T, A>(
        self,
        head: RequestHead<'_>,
        answer: A,
    ) -> impl Future<Output = Result<T, Problem>> + Send + use<'s, T, A>
    where
        A: FnOnce(&'s Decision) -> Result<T, Problem> + Send,
    {
        let begun = self.begin(head);
        async move {
            answer(match begun {
                Ok(decision) => decision,
                // Boxed: otherwise the future of every handler would be as large as that of a
                // refresh.
                Err(pending) => Box::pin(self.finish(pending)).await?,
            })
        }
    }

    /// Who sends the request, for a route that requires a login.
    pub fn identity(
        self,
        head: RequestHead<'_>,
    ) -> impl Future<Output = Result<Identity, Problem>> + Send + use<'s> {
        self.answer(head, |decision| decision.required().cloned())
    }

    /// Who sends the request, for a public route.
    pub fn maybe_identity(
        self,
        head: RequestHead<'_>,
    ) -> impl Future<Output = Result<Option<Identity>, Problem>> + Send + use<'s> {
        self.answer(head, |decision| Ok(decision.optional()?.cloned()))
    }

    /// Who sends the request, for a route that requires a login at most this long ago.
    pub fn fresh_identity(
        self,
        head: RequestHead<'_>,
        max_age: Duration,
    ) -> impl Future<Output = Result<Identity, Problem>> + Send + use<'s> {
        self.answer(head, move |decision| self.fresh(decision, max_age).cloned())
    }

    /// The same of a decision that this slot gave.
    pub fn fresh<'d>(&self, decision: &'d Decision, max_age: Duration) -> Result<&'d Identity, Problem> {
        match self {
            Self::Full(slot) => slot.fresh(decision, max_age),
            Self::Verifying(slot) => slot.fresh(decision, max_age),
        }
    }

    /// The access token's custom claims as a type of the application.
    pub fn claims<T: DeserializeOwned>(
        self,
        head: RequestHead<'_>,
    ) -> impl Future<Output = Result<T, Problem>> + Send + use<'s, T> {
        self.answer(head, |decision| claims_of(decision.required()?))
    }

    /// Whether a guard lets this request pass, and the response otherwise. The decision is one that
    /// this slot gave, the path of the head the one on the wire. A guard of another authenticator
    /// or verifier never passes.
    pub fn admit(
        self,
        guard: &Guard,
        decision: &Decision,
        head: RequestHead<'_>,
    ) -> Result<(), GuardRefusal> {
        match self {
            Self::Full(slot) if guard.is_never_stored() => slot.never_store(),
            Self::Verifying(slot) if guard.is_never_stored() => slot.never_store(),
            _ => {}
        }
        guard.check(self, decision).map_err(|problem| guard.refusal(problem, head))
    }
}
