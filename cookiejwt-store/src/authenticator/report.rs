//! Short methods for what handlers report.

use cookiejwt_core::{
    Decision, Identity, Problem,
    driver::RequestHead,
    fault::{CsrfDenial, MintError},
};

use super::Authenticator;

impl Authenticator {
    /// Reports what was decided and why, notes what a token proves that is presented for the first
    /// time, and returns the decision.
    pub(crate) fn record(&self, decision: Decision) -> Decision {
        if let Some(sighting) = decision.sighting() {
            self.0.sessions.note(sighting);
        }
        self.0.events.faults(decision.faults());
        if let Some(duplicate) = decision.duplicate() {
            self.0.events.duplicate(duplicate, self.config(), self.timestamp());
        }
        self.0.events.decision(&decision);
        decision
    }

    pub(crate) fn guard_refused(&self, identity: &Identity, problem: Problem) {
        self.0.events.guard_refused(identity, problem);
    }

    pub(crate) fn list_not_signed(&self, error: &MintError) {
        self.0.events.list_not_signed(error);
    }

    pub(crate) fn csrf_refused(&self, denial: CsrfDenial) {
        self.0.events.csrf_refused(denial);
    }

    pub(crate) fn advise_on_denial(&self, denial: CsrfDenial, head: &RequestHead<'_>) {
        self.0.events.advice().on_denial(denial, self.config(), head);
    }

    pub(crate) fn advise_on_forwarded(&self, head: &RequestHead<'_>) {
        self.0.events.advice().on_forwarded(&self.core(), head);
    }
}
