//! What outlives its request ends with its session, and at the latest with its access token: a
//! verifier cannot refresh.

use std::sync::Arc;

use cookiejwt_core::{Actor, Identity, driver::KnownSessions, store::EndReason};

use super::Verifier;
use crate::streams::{Ended, Token};

impl Verifier {
    /// Resolves with the reason when a request with this access token would be refused: for a
    /// WebSocket, a stream, a long download.
    ///
    /// * A session that is revoked, or that of the user who
    ///   [acts](crate::LoginOptions::acted_by) in it, ends with the list that says so: within a
    ///   second, if the verifier [follows](crate::VerifierBuilder::follow) revocations.
    /// * When the access token ends, so does the stream, with
    ///   [`EndReason::TokenExpired`]: whether the session continues is known to the issuer alone.
    ///   It happens within a second after the clock skew that is allowed. The client refreshes at
    ///   the issuer, and connects again with its new token. The claims of a session that were
    ///   [renewed](crate::Authenticator::renew_claims) end its older tokens.
    /// * With [`stale_after`](crate::VerifierBuilder::stale_after), streams end with
    ///   [`EndReason::Unknown`] when requests get 503.
    ///
    /// Dropping the future gives it up. It takes no task and no timer.
    ///
    /// ```
    /// use cookiejwt_store::{Identity, UntilEnded as _, Verifier};
    /// use futures_util::{Stream, stream};
    ///
    /// fn ticks(verifier: &Verifier, who: &Identity) -> impl Stream<Item = u64> + use<> {
    ///     stream::iter(0..).until_ended(verifier.ended(who))
    /// }
    /// ```
    pub fn ended(&self, who: &Identity) -> Ended {
        self.start();
        let token = Token {
            issued_at: who.issued_at().into(),
            ends_at: self.core().accepts_until(who),
            version: who.version(),
        };
        let (waiting, now) = (&self.0.streams, self.0.runtime.timestamp());
        // First it waits, and then it looks: nothing is missed in between. What depends on the time
        // is looked at every second.
        let ended = Ended::of(who, Some(token), waiting, Arc::clone(&self.0) as _, now);
        if let Some(follower) = &self.0.follower {
            let actor = who.actor().map(Actor::session_id);
            for id in std::iter::once(who.session_id()).chain(actor) {
                follower.set.tell_again(id, now);
            }
            waiting.renewed(who.session_id(), follower.set.version(who.session_id()));
        }
        ended
    }

    /// Ends the streams whose time has come: those of access tokens that have ended, and all of
    /// them while no one is accepted.
    pub(super) fn end_streams(&self) {
        let (waiting, now) = (&self.0.streams, self.0.runtime.timestamp());
        let known = self.0.follower.as_ref().map(|follower| follower.known(now));
        waiting.end_tokens(known.as_ref().and_then(KnownSessions::dead_until), now);
        if known.is_some_and(|known| known.is_stale) {
            waiting.end_all(EndReason::Unknown);
        }
    }
}
