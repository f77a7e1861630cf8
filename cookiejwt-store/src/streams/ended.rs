//! The future that resolves when a session ends.

use std::{
    any::Any,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use cookiejwt_core::{
    Identity,
    store::{EndReason, RevocationReason, Timestamp},
};

use super::{
    session::Token,
    waiting::{Place, Waiting},
};

/// Resolves with the reason when a session ends; see
/// [`Authenticator::ended`](crate::Authenticator::ended) and
/// [`Verifier::ended`](crate::Verifier::ended).
///
/// It waits from the moment it is made, whether or not it is polled, until it is dropped, and takes
/// no task and no timer. It is [`Unpin`], so `&mut ended` can be a branch of a `select!` in a loop.
#[must_use = "a stream ends with its session only if this is awaited"]
pub struct Ended {
    own: Place,
    /// The session from which another user acts.
    actor: Option<Place>,
    /// What tells it of the end lives as long as it waits.
    _source: Arc<dyn Any + Send + Sync>,
}

impl Ended {
    /// Waits for the end of this identity's session, and of its access token if there is one that
    /// matters. `source` is what tells `waiting` of it.
    pub(crate) fn of(
        who: &Identity,
        token: Option<Token>,
        waiting: &Waiting,
        source: Arc<dyn Any + Send + Sync>,
        now: Timestamp,
    ) -> Self {
        let place = |id, token| waiting.wait_for(id, token, who.expires_at().into(), now);
        let own = place(who.session_id(), token.map(Box::new));
        let actor = who.actor().map(|actor| place(actor.session_id(), None));
        Self { own, actor, _source: source }
    }
}

impl Future for Ended {
    type Output = EndReason;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<EndReason> {
        if let Poll::Ready(reason) = self.own.poll(context) {
            return Poll::Ready(reason);
        }
        let Some(actor) = &self.actor else { return Poll::Pending };
        actor.poll(context).map(|_| EndReason::Revoked(RevocationReason::ActorEnded))
    }
}

impl fmt::Debug for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ended").finish_non_exhaustive()
    }
}
