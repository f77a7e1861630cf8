//! Renewing a device-bound session with its row: rows P10 to P19 of
//! [`rules`](crate::rules#device-bound-sessions).

use std::fmt;

use super::{
    instructions,
    reason::DeviceReason,
    reply::{self, DeviceDecision, DeviceReply},
};
use crate::{
    decide::{Core, CsrfCleared, Decision, Outcome, Reason, RefreshAttempt, carrier::Carrier},
    device::{DeviceEnd, PresentedProof},
    request::RequestHead,
    response::{Problem, SetCookies},
    session::{DeviceKey, RevocationReason, SessionId, SessionRecord, Subject, Timestamp},
    token::{RefreshClaims, RefreshToken},
};

/// A renewal with everything that it needs but the row of its session.
#[must_use = "a renewal does nothing until `with_session`"]
pub struct DeviceAttempt {
    pub(super) token: RefreshToken,
    pub(super) cleared: CsrfCleared,
    pub(super) proof: PresentedProof,
    pub(super) challenged_at: Timestamp,
    pub(super) renewal: Renewal,
    pub(super) now: Timestamp,
}

/// What follows from the row.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a new step must break every driver")]
pub enum DeviceStep {
    /// Decided.
    Settled(DeviceDecision),
    /// The session is refreshed as any other one; its decision becomes the response with
    /// [`Renewal::reply`].
    Refresh(Box<RefreshAttempt>, Renewal),
}

/// What the response to a renewal needs besides the decision.
#[derive(Clone)]
pub struct Renewal {
    core: Core,
    session: SessionId,
    instructions: String,
}

impl DeviceAttempt {
    /// The session whose row is to be read.
    pub fn session_id(&self) -> &SessionId {
        &self.renewal.session
    }

    /// Row P10: the store could not be asked. The browser keeps its session and asks again.
    pub fn store_failed(self) -> DeviceDecision {
        self.renewal.problem(Problem::Unavailable, DeviceReason::Unavailable)
    }

    /// Takes the row: rows P11 to P13.
    ///
    /// Which refresh token of the session came along does not matter: the response that carried a
    /// newer one may have been lost, and the device has proved itself.
    pub fn with_session(self, row: Option<&SessionRecord>) -> DeviceStep {
        let Self { token, cleared, proof, challenged_at, renewal, now } = self;
        let (row, key) = match bound_row(row, &token.claims.subject, &renewal.core, now) {
            Ok(found) => found,
            Err(reason) => {
                let over = DeviceDecision::over(&renewal.core, &renewal.session, end_of(&reason));
                return DeviceStep::Settled(over);
            }
        };
        let proof = match proof.proves(key, challenged_at) {
            Ok(proof) => proof,
            // The session stays as it is: a thief must not be able to end it.
            Err(fault) => return DeviceStep::Settled(renewal.without_cookies(DeviceEnd::Rejected(fault))),
        };
        let until = proof.device().repeats_until(row, renewal.core.config().reuse_leeway_millis());
        if until.is_some_and(|until| now > until) {
            return DeviceStep::Settled(renewal.challenge(now));
        }
        let token = RefreshToken { claims: claims_of(&token.claims, row), ..token };
        let carrier = Carrier::Device { cleared, proof: Box::new(proof), repeats_until: until };
        // A node whose clock is ahead may have issued the challenge. The rotation is not earlier,
        // so that the challenge is used up by it.
        let now = now.max(challenged_at);
        let attempt = RefreshAttempt::new(renewal.core.clone(), token, carrier, None, now);
        DeviceStep::Refresh(Box::new(attempt), renewal)
    }
}

/// Row P11: the row and the key of a bound session that has not ended, or why there is none.
///
/// A session that was replaced has ended at once: the device has a cookie of its successor.
pub(crate) fn bound_row<'r>(
    row: Option<&'r SessionRecord>,
    subject: &Subject,
    core: &Core,
    now: Timestamp,
) -> Result<(&'r SessionRecord, &'r DeviceKey), Reason> {
    let realm = core.config().realm();
    let row = row.filter(|row| row.subject == *subject && row.realm == *realm).ok_or(Reason::RowMissing)?;
    if let Some((_, reason)) = row.revoked {
        return Err(Reason::RowRevoked(reason));
    }
    if !row.is_before_its_ends(now) {
        return Err(Reason::RowExpired);
    }
    row.device.as_ref().map(|key| (row, key)).ok_or(Reason::DeviceUnbound)
}

/// The claims of the current refresh token, as far as the row has them; what is true of the session
/// is as in the token that came along.
pub(crate) fn claims_of(presented: &RefreshClaims, row: &SessionRecord) -> RefreshClaims {
    RefreshClaims {
        token_id: row.current_jti.clone(),
        issued_at: row.issued_at.as_seconds(),
        expires_at: row.expires_at.as_seconds(),
        device_bound: true,
        ..presented.clone()
    }
}

impl Renewal {
    pub(super) fn new(core: &Core, head: &RequestHead<'_>, session: &SessionId, prefix: &str) -> Self {
        let instructions = instructions::of_session(core, session, head, prefix);
        Self { core: core.clone(), session: session.clone(), instructions }
    }

    /// The response for the decision about a [`DeviceStep::Refresh`]: rows P11 to P19.
    pub fn reply(self, decision: &Decision, now: impl Into<Timestamp>) -> DeviceDecision {
        let now = now.into();
        match (&decision.outcome, &decision.reason) {
            (Outcome::Authenticated(_), _) => self.renewed(decision.cookies.clone(), now),
            (Outcome::Unavailable, _) => self.problem(Problem::Unavailable, DeviceReason::Unavailable),
            (Outcome::Failed, _) => self.problem(Problem::ServerError, DeviceReason::MintFailed),
            // Used up by another renewal in between.
            (_, Reason::ChallengeUsed) => self.challenge(now),
            (_, reason) => {
                DeviceDecision::ended(self.session.as_str(), end_of(reason), decision.cookies.clone())
            }
        }
    }

    fn renewed(self, cookies: SetCookies, now: Timestamp) -> DeviceDecision {
        // A millisecond later than the rotation, or it would count as used up where both are of the
        // same millisecond, and the next renewal would take two requests.
        let next = now.plus_millis(1);
        let Some(challenge) = reply::challenge(&self.core, &self.session, next) else {
            return self.problem(Problem::ServerError, DeviceReason::MintFailed);
        };
        let Self { session, instructions, .. } = self;
        let reply = DeviceReply::Renewed { instructions, challenge, cookies };
        DeviceDecision { reply, reason: DeviceReason::Renewed, session_id: Some(session) }
    }

    fn without_cookies(&self, end: DeviceEnd) -> DeviceDecision {
        DeviceDecision::ended(self.session.as_str(), end, SetCookies::default())
    }

    fn challenge(&self, now: Timestamp) -> DeviceDecision {
        DeviceDecision::challenge(&self.core, &self.session, now)
    }

    fn problem(&self, problem: Problem, reason: DeviceReason) -> DeviceDecision {
        DeviceDecision::problem(problem, reason, Some(self.session.clone()))
    }
}

/// What a refusal of the refresh means for the browser.
fn end_of(reason: &Reason) -> DeviceEnd {
    match reason {
        Reason::RowRevoked(reason) | Reason::SessionRevoked(reason) => DeviceEnd::Revoked(*reason),
        Reason::RowExpired => DeviceEnd::Expired,
        Reason::DeviceUnbound => DeviceEnd::Unbound,
        Reason::UserInactive | Reason::UserChanged | Reason::SecondFactorRequired => DeviceEnd::UserInactive,
        Reason::ActorEnded => DeviceEnd::Revoked(RevocationReason::ActorEnded),
        _ => DeviceEnd::Missing,
    }
}

impl fmt::Debug for DeviceAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceAttempt").field("session_id", self.session_id()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Renewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewal").field("session", &self.session).finish_non_exhaustive()
    }
}
