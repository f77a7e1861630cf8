//! Where the events come from: one call for each kind of outcome.

use std::net::IpAddr;

use cookiejwt_core::{CsrfDenial, Decision, Identity, Problem, Reason, TokenFault};
use tracing::{error_span, trace};

#[cfg(feature = "metrics")]
use super::counters::Counters;
use super::{
    event::{Event, TARGET, credential, log},
    refusal::LoginRefusal,
    text::{Line, printable},
};
use crate::{
    authenticator::Authenticator,
    errors::{LoginError, StoreError},
};

impl Authenticator {
    pub(crate) fn emit(&self, event: Event<'_>) {
        let realm = self.config().realm();
        let _of_realm = (!realm.is_empty()).then(|| error_span!("cookiejwt", %realm).entered());
        log(&event);
        #[cfg(feature = "metrics")]
        Counters(realm).count(&event);
        self.0.hooks.tell(&event);
    }

    /// Says what was decided and why, and hands the decision on. A valid access token costs one `trace!`.
    pub(crate) fn decided(&self, decision: Decision) -> Decision {
        if let Some(sighting) = &decision.sighting {
            self.note(sighting);
        }
        for fault in &decision.faults {
            if fault.fault == TokenFault::Expired {
                trace!(target: TARGET, credential = credential(fault.credential), "expired");
            } else {
                self.emit(Event::CredentialRejected { credential: fault.credential, fault: fault.fault });
            }
        }
        if let Some(duplicate) = decision.duplicate {
            self.duplicate_came(duplicate);
        }
        match &decision.reason {
            Reason::AccessValid | Reason::NoCredential | Reason::Skipped => {
                let session = decision.identity().map(|identity| identity.session_id().as_str());
                trace!(target: TARGET, reason = ?decision.reason, session, "authenticated");
            }
            reason => self.decided_otherwise(&decision, reason),
        }
        decision
    }

    fn decided_otherwise(&self, decision: &Decision, reason: &Reason) {
        match (reason, decision.identity()) {
            (
                Reason::Rotated | Reason::ParentInLeeway | Reason::CurrentInLeeway | Reason::Superseded,
                Some(identity),
            ) => {
                let subject = printable(identity.subject().as_str());
                let session = printable(identity.session_id().as_str());
                self.0.lost_answers.refreshed();
                self.emit(Event::Refreshed { subject: &subject, session: &session, reason });
            }
            (Reason::ParentLate | Reason::SuccessorReplaced, Some(identity)) => {
                let subject = printable(identity.subject().as_str());
                let session = printable(identity.session_id().as_str());
                let replaced = *reason == Reason::SuccessorReplaced;
                self.emit(Event::LostAnswer { subject: &subject, session: &session, replaced });
                self.0.lost_answers.lost();
            }
            // Told with the name of the session, where it is known.
            (Reason::Reuse, _) => {}
            (Reason::Csrf(denial), _) => self.emit(Event::CsrfRefused { denial: *denial }),
            (Reason::MintFailed(failure), _) => {
                self.emit(Event::MintFailed { error: &Line(failure).to_string() });
            }
            (
                Reason::SessionUnknown
                | Reason::UserStoreFailed
                | Reason::TokenStoreFailed
                | Reason::LostTwice,
                _,
            ) => self.emit(Event::StoreUnavailable { reason }),
            _ => self.emit(Event::Refused { reason }),
        }
    }

    pub(crate) fn guard_refused(&self, identity: &Identity, problem: Problem) {
        let subject = printable(identity.subject().as_str());
        let session = printable(identity.session_id().as_str());
        self.emit(Event::GuardRefused { subject: &subject, session: &session, problem });
    }

    pub(crate) fn csrf_refused(&self, denial: CsrfDenial) {
        self.emit(Event::CsrfRefused { denial });
    }

    pub(crate) fn store_failed(&self, operation: &'static str, error: &StoreError) {
        self.emit(Event::StoreFailed { operation, error: &Line(error).to_string() });
    }

    /// Says which question failed, at the place that puts it: once, by the name of the method.
    pub(crate) fn told<T>(
        &self,
        operation: &'static str,
        answer: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        answer.inspect_err(|error| self.store_failed(operation, error))
    }

    pub(crate) fn login_refused(&self, reason: LoginRefusal, subject: Option<&str>, ip: Option<IpAddr>) {
        let subject = subject.map(printable);
        self.emit(Event::LoginRefused { reason, subject: subject.as_deref(), ip });
    }

    /// Says why a login failed; a refusal and a store that is away were said already.
    pub(crate) fn login_failed(&self, error: &LoginError) {
        match error {
            // The length of a password is a mistake of the client's, as every other 400.
            LoginError::InvalidCredentials
            | LoginError::Store(_)
            | LoginError::Throttled { .. }
            | LoginError::SessionRevoked
            | LoginError::PasswordLength
            | LoginError::TokenMode
            | LoginError::CookieMode
            | LoginError::Csrf(_) => {}
            error => self.emit(Event::LoginFailed { error: &Line(error).to_string() }),
        }
    }
}
