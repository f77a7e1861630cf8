//! The refresh of a session in which another user acts: it ends with the session of that user. Rows
//! c, k and q of [`rules`](crate::rules).

use super::RefreshAttempt;
use crate::{
    decide::{
        acting::{ActorFault, ActorState},
        decision::{Reason, Refusal, Settlement},
    },
    session::{RevocationReason, Timestamp},
    token::Actor,
};

/// What follows from an [`ActorState`].
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a new step must break every driver")]
pub enum ActorStep {
    /// The user is asked for next.
    Alive(RefreshAttempt),
    /// Nothing more has to be asked.
    Settled(Settlement),
}

impl RefreshAttempt {
    /// Who acts for the user of the session. Without
    /// [`with_actor`](Self::with_actor) such a session is not refreshed.
    pub fn actor(&self) -> Option<&Actor> {
        self.token.claims.facts.actor()
    }

    /// Takes what is known about the session of the user who acts in this one.
    pub fn with_actor(mut self, state: &ActorState, now: impl Into<Timestamp>) -> ActorStep {
        let now = now.into().max(self.now);
        let check = |actor| self.core.check_actor(actor, state, now).map(drop);
        let checked = self.actor().map_or(Ok(()), check);
        let settlement = match checked {
            Ok(()) => {
                self.is_acted = true;
                return ActorStep::Alive(self);
            }
            Err(ActorFault::Revoked(reason)) => self.actor_revoked(reason),
            Err(ActorFault::Ended) => self.user_ended(RevocationReason::ActorEnded, Reason::ActorEnded),
            Err(ActorFault::Unavailable) => self.unavailable(Reason::UserStoreFailed).settle(),
        };
        ActorStep::Settled(settlement)
    }

    /// Row c: the session of the user who acts in this one was revoked. A user who has
    /// stopped acting has new cookies, so the reason of that revocation decides whether these are
    /// cleared.
    pub fn actor_revoked(self, reason: RevocationReason) -> Settlement {
        let revoke = Some(self.revocation(RevocationReason::ActorEnded));
        let decision = self.refused(Refusal::SessionRevoked, Reason::SessionRevoked(reason));
        Settlement { decision, revoke }
    }

    /// Row q: the row of the actor's session could not be read.
    pub fn actor_unknown(self) -> Settlement {
        self.unavailable(Reason::TokenStoreFailed).settle()
    }
}
