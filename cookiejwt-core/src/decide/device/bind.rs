//! Binding a session to the key of a device: rows B1 to B9 of
//! [`rules`](crate::rules#device-bound-sessions). No cookie is read, set or cleared: the challenge
//! alone permits it.

use super::{
    instructions,
    reason::DeviceReason,
    reply::{DeviceDecision, DeviceReply},
};
use crate::{
    decide::Core,
    device::{self, DeviceFault, PresentedProof},
    request::{Field, RequestHead},
    response::Problem,
    session::{BindRequest, ChangeOutcome, DeviceKey, RevocationReason, SessionId, SessionRecord, Timestamp},
};

/// What follows from the head of a registration.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a new step must break every driver")]
pub enum BindAssessment {
    /// Nothing has to be asked.
    Settled(DeviceDecision),
    /// The store must be asked.
    Bind(Binding),
}

/// A binding under way: the question for the store, and what its answer will mean.
#[derive(Debug)]
#[must_use = "a binding does nothing until `complete`"]
pub struct Binding {
    request: BindRequest,
    instructions: String,
}

impl Core {
    /// The route on which a browser registers the key of a device (W3C Device Bound Session
    /// Credentials).
    ///
    /// `prefix` is that of the routes, such as `/api/auth`. `revoked` says why a session has ended,
    /// as far as this node knows; it must not ask a store.
    pub fn bind_device<'a>(
        &self,
        head: impl Into<RequestHead<'a>>,
        prefix: &str,
        now: impl Into<Timestamp>,
        revoked: &dyn Fn(&SessionId) -> Option<RevocationReason>,
    ) -> BindAssessment {
        let (head, now) = (head.into(), now.into());
        if !self.config().device_bound.offers() {
            let decision = DeviceDecision::problem(Problem::NotFound, DeviceReason::Disabled, None);
            return BindAssessment::Settled(decision);
        }
        let Some(response) = registration(&head) else {
            let decision = DeviceDecision::problem(Problem::InvalidRequest, DeviceReason::Malformed, None);
            return BindAssessment::Settled(decision);
        };
        let (session, key) = match self.registered(response, now) {
            Ok(registered) => registered,
            Err((fault, session)) => {
                let decision = DeviceDecision::refused(Problem::InvalidToken, fault, session);
                return BindAssessment::Settled(decision);
            }
        };
        if revoked(&session).is_some() {
            let (problem, fault) = (Problem::SessionRevoked, DeviceFault::Ended);
            return BindAssessment::Settled(DeviceDecision::refused(problem, fault, Some(session)));
        }
        let instructions = instructions::of_session(self, &session, &head, prefix);
        let realm = self.config().realm().clone();
        let request = BindRequest::new(session, realm, key, now);
        BindAssessment::Bind(Binding { request, instructions })
    }

    /// Row B3: structure, then the challenge, then the key and its signature, which costs most.
    fn registered(
        &self,
        response: &[u8],
        now: Timestamp,
    ) -> Result<(SessionId, DeviceKey), (DeviceFault, Option<SessionId>)> {
        let proof = PresentedProof::read(response).map_err(|fault| (fault, None))?;
        let session = self.parts().challenges.read_registration(&proof.challenge, now);
        let session = session.ok_or((DeviceFault::Challenge, None))?;
        match proof.registers() {
            Ok(key) => Ok((session, key)),
            Err(fault) => Err((fault, Some(session))),
        }
    }
}

/// Row B2.
fn registration<'a>(head: &RequestHead<'a>) -> Option<&'a [u8]> {
    match device::response(head) {
        Field::One(response) if !device::may_be_of_script(head) => Some(response),
        _ => None,
    }
}

impl Binding {
    /// The question for the token store.
    pub fn request(&self) -> &BindRequest {
        &self.request
    }

    /// Row B9: the store could not be asked, or its answer was lost.
    pub fn store_failed(self) -> DeviceDecision {
        let session = Some(self.request.session_id);
        DeviceDecision::problem(Problem::Unavailable, DeviceReason::Unavailable, session)
    }

    /// Takes the store's answer: rows B5 to B8.
    pub fn complete(self, outcome: ChangeOutcome) -> DeviceDecision {
        let row = match outcome {
            ChangeOutcome::Changed => return self.bound(DeviceReason::Bound),
            ChangeOutcome::Unmatched(row) => row,
        };
        let row = row.filter(|row| row.realm == self.request.realm);
        let problem = match row.as_deref() {
            Some(row) if row.is_alive(self.request.now) => return self.judge_living(row),
            Some(row) if row.revoked.is_none() => Problem::SessionExpired,
            _ => Problem::SessionRevoked,
        };
        self.refused(problem, DeviceFault::Ended)
    }

    fn judge_living(self, row: &SessionRecord) -> DeviceDecision {
        match &row.device {
            Some(key) if *key == self.request.key => self.bound(DeviceReason::BoundAgain),
            Some(_) => self.refused(Problem::InvalidToken, DeviceFault::Conflict),
            // A living row without a key would have matched.
            None => self.store_failed(),
        }
    }

    fn bound(self, reason: DeviceReason) -> DeviceDecision {
        let reply = DeviceReply::Bound { instructions: self.instructions };
        DeviceDecision { reply, reason, session_id: Some(self.request.session_id) }
    }

    fn refused(self, problem: Problem, fault: DeviceFault) -> DeviceDecision {
        DeviceDecision::refused(problem, fault, Some(self.request.session_id))
    }
}
