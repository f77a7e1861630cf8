//! Where the events come from: one call for each kind of outcome.

use std::{net::IpAddr, sync::Arc};

use cookiejwt_core::{
    Actor, Config, Decision, Identity, Problem, Reason, SessionId, Subject,
    driver::DeviceDecision,
    fault::{CredentialFault, CsrfDenial, DeviceEnd, DeviceReason, DuplicateCookie, MintError, TokenFault},
    store::{Realm, Timestamp},
};
use tracing::{error_span, trace};

#[cfg(feature = "metrics")]
use super::counters::Counters;
use super::{
    advice::Advice,
    event::Event,
    hooks::Hooks,
    log::{TARGET, log},
    lost_answers::LostAnswers,
    refusal::LoginRefusal,
    text::{Line, printable},
};
use crate::errors::{LoginError, StoreError};

/// Reports what happens to the log, the counters and the hooks; clones share them.
#[derive(Clone)]
pub(crate) struct Events(Arc<Parts>);

struct Parts {
    realm: Realm,
    hooks: Hooks,
    lost_answers: LostAnswers,
    advice: Advice,
}

impl Events {
    pub(crate) fn new(realm: Realm, hooks: Hooks) -> Self {
        let (lost_answers, advice) = (LostAnswers::default(), Advice::default());
        Self(Arc::new(Parts { realm, hooks, lost_answers, advice }))
    }

    /// What an operator reads in the log.
    pub(crate) fn advice(&self) -> &Advice {
        &self.0.advice
    }

    pub(crate) fn emit(&self, event: Event<'_>) {
        let realm = &self.0.realm;
        let _of_realm = (!realm.is_empty()).then(|| error_span!("cookiejwt", %realm).entered());
        log(&event);
        #[cfg(feature = "metrics")]
        Counters(realm).count(&event);
        self.0.hooks.tell(&event);
    }

    /// The credentials that were not accepted.
    pub(crate) fn faults(&self, faults: &[CredentialFault]) {
        for fault in faults {
            if matches!(fault.fault, TokenFault::Expired | TokenFault::Outdated) {
                trace!(target: TARGET, credential = fault.credential.as_str(), fault = %fault.fault, "ended");
            } else {
                self.emit(Event::CredentialRejected { credential: fault.credential, fault: fault.fault });
            }
        }
    }

    /// Two cookies of one name in one request.
    pub(crate) fn duplicate(&self, duplicate: DuplicateCookie, config: &Config, now: Timestamp) {
        let DuplicateCookie { credential, other_deployment, .. } = duplicate;
        if self.0.advice.on_duplicate(duplicate, config, now) {
            self.emit(Event::DuplicateCookie { credential, other_deployment });
        }
    }

    /// What was decided, and why. A valid access token costs one `trace!`.
    pub(crate) fn decision(&self, decision: &Decision) {
        match &decision.reason {
            Reason::AccessValid | Reason::NoCredential | Reason::Skipped => {
                let session = decision.identity().map(|identity| identity.session_id().as_str());
                trace!(target: TARGET, reason = ?decision.reason, session, "authenticated");
            }
            reason => self.unusual_decision(decision, reason),
        }
    }

    fn unusual_decision(&self, decision: &Decision, reason: &Reason) {
        match (reason, decision.identity()) {
            (
                Reason::Rotated
                | Reason::ParentInLeeway
                | Reason::CurrentInLeeway
                | Reason::Superseded
                | Reason::DeviceProved
                | Reason::DeviceProvedInLeeway,
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
            // Reported with the id of the session, where it is known; or nothing is refused.
            (Reason::Reuse | Reason::ChallengeUsed, _) | (Reason::BoundMeanwhile, Some(_)) => {}
            (Reason::Csrf(denial), _) => self.emit(Event::CsrfRefused { denial: *denial }),
            (Reason::MintFailed(failure), _) => {
                self.emit(Event::MintFailed { error: &Line(failure).to_string() });
            }
            (
                Reason::SessionUnknown
                | Reason::KeysUnknown
                | Reason::UserStoreFailed
                | Reason::TokenStoreFailed
                | Reason::LostTwice,
                _,
            ) => self.emit(Event::StoreUnavailable { reason }),
            _ => self.emit(Event::Refused { reason }),
        }
    }

    /// What a browser has sent by itself for a device-bound session.
    pub(crate) fn device(&self, decision: &DeviceDecision) {
        let session = decision.session_id.as_ref().map(|id| printable(id.as_str()));
        let session = session.as_deref();
        match (decision.reason, session) {
            (DeviceReason::Bound, Some(session)) => self.emit(Event::DeviceBound { session }),
            (DeviceReason::Refused(reason), session) => self.emit(Event::DeviceRefused { session, reason }),
            (DeviceReason::Ended(DeviceEnd::Rejected(reason)), Some(session)) => {
                self.emit(Event::DeviceProofRejected { session, reason });
            }
            (DeviceReason::Ended(reason), Some(session)) => {
                self.emit(Event::DeviceEnded { session, reason });
            }
            (DeviceReason::Csrf(denial), _) => self.csrf_refused(denial),
            (reason, session) => trace!(target: TARGET, ?reason, session, "device"),
        }
        #[cfg(feature = "metrics")]
        Counters(&self.0.realm).device(decision.reason);
    }

    /// How far the clock of the database is ahead of this node's.
    #[cfg(feature = "metrics")]
    pub(crate) fn clock_difference(&self, millis: i64) {
        Counters(&self.0.realm).clock_difference(millis);
    }

    /// A login, or a session in which another user acts.
    pub(crate) fn session_began(&self, identity: &Identity, ip: Option<IpAddr>) {
        let subject = printable(identity.subject().as_str());
        let session = printable(identity.session_id().as_str());
        let Some(actor) = identity.actor() else {
            return self.emit(Event::LoggedIn { subject: &subject, session: &session, ip });
        };
        let actor_session = printable(actor.session_id().as_str());
        let actor = printable(actor.subject().as_str());
        self.emit(Event::ActingBegan {
            actor: &actor,
            actor_session: &actor_session,
            subject: &subject,
            session: &session,
            ip,
        });
    }

    /// The end of a session in which another user acted.
    pub(crate) fn acting_ended(&self, subject: &Subject, session: &SessionId, actor: Option<&Actor>) {
        let Some(actor) = actor else { return };
        let (subject, session) = (printable(subject.as_str()), printable(session.as_str()));
        let actor_session = printable(actor.session_id().as_str());
        let actor = printable(actor.subject().as_str());
        self.emit(Event::ActingEnded {
            actor: &actor,
            actor_session: &actor_session,
            subject: &subject,
            session: &session,
        });
    }

    pub(crate) fn guard_refused(&self, identity: &Identity, problem: Problem) {
        let subject = printable(identity.subject().as_str());
        let session = printable(identity.session_id().as_str());
        self.emit(Event::GuardRefused { subject: &subject, session: &session, problem });
    }

    /// The list of revocations, which is no token of a user and matters as much.
    pub(crate) fn list_not_signed(&self, error: &MintError) {
        self.emit(Event::MintFailed { error: &Line(error).to_string() });
    }

    pub(crate) fn csrf_refused(&self, denial: CsrfDenial) {
        self.emit(Event::CsrfRefused { denial });
    }

    pub(crate) fn store_failed(&self, operation: &'static str, error: &StoreError) {
        self.emit(Event::StoreFailed { operation, error: &Line(error).to_string() });
    }

    pub(crate) fn login_refused(&self, reason: LoginRefusal, subject: Option<&str>, ip: Option<IpAddr>) {
        let subject = subject.map(printable);
        self.emit(Event::LoginRefused { reason, subject: subject.as_deref(), ip });
    }

    /// Reports why a login failed; refusals and unavailable stores were reported already.
    pub(crate) fn login_failed(&self, error: &LoginError) {
        match error {
            // A refused password is a mistake of the client's, as every other 400.
            LoginError::InvalidCredentials
            | LoginError::Store(_)
            | LoginError::Throttled { .. }
            | LoginError::SessionRevoked
            | LoginError::SecondFactorRequired(_)
            | LoginError::PendingEnded
            | LoginError::LinkEnded
            | LoginError::OtherUser
            | LoginError::Acting
            | LoginError::NotActing
            | LoginError::ProofTooOld
            | LoginError::PasswordRefused(_)
            | LoginError::NeedsResponse
            | LoginError::Csrf(_) => {}
            error => self.emit(Event::LoginFailed { error: &Line(error).to_string() }),
        }
    }
}
