//! The one conditional UPDATE of a rotation, and what its answer means: rows m to r of
//! [`rules`](crate::rules).

use std::fmt;

use super::{
    LateAnswer, RefreshAttempt, device,
    grant::{self, Grant},
};
use crate::{
    decide::{
        access_rows::authenticated,
        carrier::Carrier,
        decision::{Decision, Reason, Refusal, Settlement},
        identity::Identity,
        issue::Issued,
    },
    session::{RevocationReason, RotationOutcome, RotationRequest, SessionRecord, Timestamp},
    token::{RefreshClaims, RefreshToken},
};

/// A rotation under way: the question for the store, and what its answer will mean.
///
/// The question is plain data; only this value can take the answer, once.
#[must_use = "a rotation does nothing until `complete`"]
pub struct Rotation {
    pub(super) attempt: RefreshAttempt,
    pub(super) grant: Grant,
    pub(super) next: RefreshToken,
    /// What row m sends; `None` when the question has moved to a later time.
    issued: Option<Box<Issued>>,
    request: RotationRequest,
    pub(super) again: bool,
}

/// What is minted before the store is asked.
pub(super) struct Minted {
    pub(super) grant: Grant,
    pub(super) next: RefreshToken,
    pub(super) issued: Box<Issued>,
    pub(super) request: RotationRequest,
}

/// What follows from a [`RotationOutcome`].
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a new step must break every driver")]
pub enum RotationStep {
    /// Decided.
    Settled(Settlement),
    /// Ask the store once more; at most once (row p').
    Again(Rotation),
    /// Ask the store whether a late answer is in order (row o').
    Late(LateAnswer),
}

impl Rotation {
    pub(super) fn new(attempt: RefreshAttempt, minted: Minted) -> Self {
        let Minted { grant, next, issued, request } = minted;
        Self { attempt, grant, next, issued: Some(issued), request, again: false }
    }

    /// The question for [`TokenStore::rotate`](https://docs.rs/cookiejwt-store): one conditional
    /// UPDATE.
    pub fn request(&self) -> &RotationRequest {
        &self.request
    }

    /// The same question at a later time, for a driver that asks once more.
    pub fn at(mut self, now: impl Into<Timestamp>) -> Self {
        let now = now.into().max(self.attempt.now);
        if now != self.attempt.now {
            self.issued = None;
        }
        self.attempt.now = now;
        self.request = self.attempt.rotation_request(&self.next.claims);
        self
    }

    /// The same question about another current refresh token, for a device that has proved itself.
    pub(super) fn of_current(mut self, current: RefreshClaims) -> Self {
        self.attempt.token.claims = current;
        self.request = self.attempt.rotation_request(&self.next.claims);
        self.again = true;
        self
    }

    /// Row q: the store could not be asked, or its answer was lost.
    pub fn store_failed(self) -> Settlement {
        self.attempt.unavailable(Reason::TokenStoreFailed).settle()
    }

    /// Takes the store's answer: rows m to r.
    pub fn complete(self, outcome: RotationOutcome) -> RotationStep {
        let row = match outcome {
            RotationOutcome::Rotated => {
                let Self { attempt, grant, next, issued, request, .. } = self;
                let (settles_at, reason) = (request.settles_at, attempt.carrier.rotated());
                return match issued {
                    Some(issued) => grant::decide(attempt, *issued, &next, settles_at, reason),
                    None => grant.decide(attempt, &next, settles_at, reason),
                };
            }
            RotationOutcome::Unmatched(row) => row,
        };
        if let Some(device) = self.attempt.carrier.device().cloned() {
            return device::complete(self, &device, row.as_deref());
        }
        match (judge(&self.attempt, row.as_deref()), row) {
            (Verdict::Late, Some(row)) => LateAnswer::of(self, &row),
            (Verdict::Current, _) if self.again => {
                RotationStep::Settled(self.attempt.unavailable(Reason::LostTwice).settle())
            }
            (Verdict::Current, _) => RotationStep::Again(Self { again: true, ..self }),
            (verdict, row) => verdict.settle(self.attempt, self.grant, row.as_deref()),
        }
    }
}

/// Rows n to r, without their consequences.
pub(super) enum Verdict {
    Missing,
    Revoked(RevocationReason),
    /// Another session has taken its place, and it has not ended yet.
    Superseded,
    Expired,
    /// Row o.
    Parent,
    /// Row o'.
    Late,
    /// Row p.
    Young,
    /// Row p'.
    Current,
    /// Row x: the session is bound to a device, and this token is from before.
    Bound,
    Reuse,
}

/// What a refused change means.
pub(super) fn judge(attempt: &RefreshAttempt, row: Option<&SessionRecord>) -> Verdict {
    let now = attempt.now;
    let presented = &attempt.token.claims.token_id;
    let realm = attempt.core.config().realm();
    let Some(row) = row.filter(|row| row.subject == *attempt.subject() && row.realm == *realm) else {
        return Verdict::Missing;
    };
    if let Some(reason) = row.revoked_by(now) {
        return Verdict::Revoked(reason);
    }
    if !row.is_before_its_ends(now) {
        return Verdict::Expired;
    }
    if row.device.is_some() {
        let may_be_honest =
            row.current_jti == *presented || row.received_at.is_none() || now <= row.settles_at;
        return if may_be_honest { Verdict::Bound } else { Verdict::Reuse };
    }
    if row.revoked.is_some() {
        return Verdict::Superseded;
    }
    let is_parent = row.previous_jti.as_ref() == Some(presented);
    if row.current_jti == *presented {
        let is_due = attempt.rotation_request(&attempt.token.claims).is_due(row);
        if is_due { Verdict::Current } else { Verdict::Young }
    } else if is_parent && now <= row.settles_at {
        Verdict::Parent
    } else if is_parent && row.received_at.is_none() {
        Verdict::Late
    } else {
        Verdict::Reuse
    }
}

impl Verdict {
    /// The consequence of a verdict after which the store is not asked again.
    pub(super) fn settle(
        self,
        attempt: RefreshAttempt,
        grant: Grant,
        row: Option<&SessionRecord>,
    ) -> RotationStep {
        let refused = |attempt: RefreshAttempt, refusal, reason| {
            RotationStep::Settled(attempt.refused(refusal, reason).settle())
        };
        match (self, row) {
            (Self::Revoked(reason), _) => {
                refused(attempt, Refusal::SessionRevoked, Reason::RowRevoked(reason))
            }
            (Self::Expired, _) => refused(attempt, Refusal::SessionExpired, Reason::RowExpired),
            (Self::Parent, Some(row)) => parent(attempt, grant, row),
            (Self::Young, Some(row)) => {
                let presented = attempt.token.clone();
                grant.decide(attempt, &presented, row.settles_at, Reason::CurrentInLeeway)
            }
            (Self::Superseded, _) => superseded(attempt, grant),
            (Self::Bound, _) => RotationStep::Settled(attempt.bound_meanwhile().settle()),
            (Self::Reuse, _) => reuse(attempt),
            _ => refused(attempt, Refusal::SessionRevoked, Reason::RowMissing),
        }
    }
}

/// Row o: every client that presents the parent within the leeway gets the same successor; no
/// expiry is extended. The row contains every claim of it, so that it can be minted again.
fn parent(attempt: RefreshAttempt, grant: Grant, row: &SessionRecord) -> RotationStep {
    let (issued_at, expires_at) = (row.issued_at.as_seconds(), row.expires_at.as_seconds());
    let token_id = row.current_jti.clone();
    let claims = RefreshClaims { token_id, issued_at, expires_at, ..attempt.token.claims.clone() };
    match attempt.core.parts().refresh.mint(claims) {
        Ok(successor) => grant.decide(attempt, &successor, row.settles_at, Reason::ParentInLeeway),
        Err(error) => RotationStep::Settled(attempt.mint_failed(error).settle()),
    }
}

/// A fresh login or a new password has just taken its place: it authenticates until the new session
/// is presented, and no cookie is sent, because it would replace the new session's. A client
/// without cookies keeps what it has.
fn superseded(attempt: RefreshAttempt, grant: Grant) -> RotationStep {
    let presented = attempt.token.clone();
    let cleared = match &attempt.carrier {
        Carrier::Cookie(cleared) | Carrier::Device { cleared, .. } => cleared.clone(),
        Carrier::Body(_) => return grant.decide(attempt, &presented, Timestamp::MAX, Reason::Superseded),
    };
    let identity = match (&attempt.soft, grant.access(&attempt, &presented.claims.token_id)) {
        (Some(identity), _) => identity.clone(),
        (None, Ok(access)) => Identity::from_cookie(access.token, &cleared),
        (None, Err(error)) => return RotationStep::Settled(attempt.mint_failed(error).settle()),
    };
    let decision = Decision { reason: Reason::Superseded, ..authenticated(identity) };
    RotationStep::Settled(decision.with_sighting(attempt.sighting).with_faults(attempt.faults).settle())
}

/// Row r: there is a copy of the token. The thief learns nothing, and the session ends whatever
/// happens to the request.
fn reuse(attempt: RefreshAttempt) -> RotationStep {
    let revoke = Some(attempt.revocation(RevocationReason::Reuse));
    let decision = attempt.refused(Refusal::SessionRevoked, Reason::Reuse);
    RotationStep::Settled(Settlement { decision, revoke })
}

impl fmt::Debug for Rotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rotation").field("request", &self.request).finish_non_exhaustive()
    }
}
