//! A service that only verifies: no store, no secret, no cookies written. It gets the issuer's keys
//! and, if it follows them, the issuer's revocations.

mod background;
mod builder;
mod deciding;
mod follower;
mod keys;
mod source;
mod streams;
#[cfg(feature = "reqwest")]
mod urls;

use std::{
    fmt,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use cookiejwt_core::{Decision, Identity, Problem, Requirement, driver::RequestHead};
use time::OffsetDateTime;

pub use self::{
    builder::{VerifierBuilder, VerifierError},
    deciding::Waiting,
    source::{JwksDocument, RevokedQuery},
};
use self::{follower::Follower, keys::IssuerKeys};
use crate::{events::Events, runtime::Runtime};

/// Verifies the access tokens of another service, the issuer, for a service that has no table of
/// users and no store of sessions.
///
/// It is built once and shared by every request; cloning is cheap. The adapters add its layer,
/// middleware or fairing and the guards, with the same extractors as on the issuer. It never writes
/// a cookie: refresh and logout are the issuer's.
///
/// ```
/// use cookiejwt_store::{Verifier, cookiejwt_core::{Expect, Jwks}};
///
/// # fn build(document: &str) -> Result<Verifier, Box<dyn std::error::Error>> {
/// let expect = Expect::issuer("https://id.example").audience("orders");
/// let verifier = Verifier::builder(expect).keys(Jwks::from_json(document)?).build()?;
/// # Ok(verifier) }
/// ```
///
/// Without [`follow`](VerifierBuilder::follow) the access token of a session that has ended is
/// accepted until it expires, at most the issuer's `COOKIEJWT_ACCESS_MAX_AGE` (5 minutes).
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    keys: IssuerKeys,
    follower: Option<Follower>,
    /// Who waits for the end of which session.
    streams: crate::streams::Waiting,
    events: Events,
    runtime: Runtime,
    /// Whether the background tasks run.
    is_running: AtomicBool,
}

impl Verifier {
    /// The current time.
    pub fn now(&self) -> OffsetDateTime {
        self.0.runtime.now()
    }

    /// Whether both are clones of one verifier.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Fetches the keys now, and returns whether that succeeded. Runs automatically when the
    /// document becomes old, and when a token has an unknown `kid`.
    pub async fn refresh_keys(&self) -> bool {
        self.fetch_keys().await
    }

    /// Asks the issuer now for what it has revoked, and returns whether that succeeded. Runs
    /// automatically every second, if the verifier follows revocations.
    pub async fn poll_revocations(&self) -> bool {
        self.ask_issuer(Duration::ZERO).await
    }

    /// Whether the revocations are known up to now. False without
    /// [`follow`](VerifierBuilder::follow), before the first answer, and while the issuer does not
    /// answer.
    pub fn is_current(&self) -> bool {
        self.0.follower.as_ref().is_some_and(|follower| follower.is_fresh(self.0.runtime.timestamp()))
    }

    /// Requires these proofs, otherwise 401 `proof_required`. The same as the guard
    /// `require_proofs`, for a handler that knows only then what it requires.
    pub fn check_proofs(&self, who: &Identity, requirement: &Requirement) -> Result<(), Problem> {
        let checked = self.0.keys.verifier().check_proofs(who, requirement, self.0.runtime.timestamp());
        checked.inspect_err(|problem| self.guard_refused(who, *problem))
    }

    pub(crate) fn check_fresh(&self, who: &Identity, max_age: Duration) -> Result<(), Problem> {
        let checked = self.0.keys.verifier().check_fresh(who, max_age, self.0.runtime.timestamp());
        checked.inspect_err(|problem| self.guard_refused(who, *problem))
    }

    pub(crate) fn guard_refused(&self, who: &Identity, problem: Problem) {
        self.0.events.guard_refused(who, problem);
    }

    /// Reports what was decided, and returns it.
    pub(crate) fn record(&self, decision: Decision) -> Decision {
        self.0.events.faults(decision.faults());
        self.0.events.decision(&decision);
        decision
    }

    /// Whether a request may have the keys fetched for this reason.
    fn may_wait_for_keys(&self, want: keys::Want) -> bool {
        self.0.keys.may_wait(want, self.0.runtime.timestamp())
    }

    /// Whether a request must not be decided from memory, and may ask the issuer.
    pub(crate) fn must_catch_up(&self) -> bool {
        let now = self.0.runtime.timestamp();
        self.0.follower.as_ref().is_some_and(|follower| !follower.is_awake(now) && follower.may_ask(now))
    }

    /// Who sends a request, as far as this process knows.
    pub(crate) fn decide(&self, head: RequestHead<'_>) -> Decision {
        let (core, now) = (self.core(), self.0.runtime.timestamp());
        match &self.0.follower {
            Some(follower) => core.authenticate_with(head, now, &follower.known(now)),
            None => core.authenticate(head, now),
        }
    }

    /// The pure verifier with the keys of this moment.
    pub(crate) fn core(&self) -> Arc<cookiejwt_core::Verifier> {
        self.0.keys.verifier()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("core", &self.core()).finish_non_exhaustive()
    }
}
