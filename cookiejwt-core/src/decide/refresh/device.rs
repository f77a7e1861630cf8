//! The refresh of a session whose device has proved itself: rows P11 to P18 of
//! [`rules`](crate::rules#device-bound-sessions); and of one that was bound meanwhile: row x.

use time::OffsetDateTime;

use super::{RefreshAttempt, Rotation, RotationStep, grant::Grant};
use crate::{
    decide::{
        decision::{Decision, Reason, Refusal, Settlement},
        device::{bound_row, claims_of},
    },
    session::{ProvedDevice, SessionRecord, Timestamp},
    token::RefreshClaims,
};

/// Row P16: the same refresh token once more. The row contains every claim of it.
pub(super) fn repeated(attempt: RefreshAttempt, grant: Grant) -> Settlement {
    let (claims, settles_at) = (attempt.token.claims.clone(), attempt.settles_at());
    again(attempt, grant, claims, settles_at).settled()
}

/// The store has changed nothing: rows P11, P13, P16 and P18.
pub(super) fn complete(
    rotation: Rotation,
    device: &ProvedDevice,
    row: Option<&SessionRecord>,
) -> RotationStep {
    let now = rotation.attempt.now;
    let refused = |rotation: Rotation, refusal, reason| {
        RotationStep::Settled(rotation.attempt.refused(refusal, reason).settle())
    };
    let row = match bound_row(row, rotation.attempt.subject(), &rotation.attempt.core, now) {
        Ok((row, _)) => row,
        Err(Reason::RowExpired) => return refused(rotation, Refusal::SessionExpired, Reason::RowExpired),
        Err(reason) => return refused(rotation, Refusal::SessionRevoked, reason),
    };
    if !device.is_of(row) {
        return refused(rotation, Refusal::SessionRevoked, Reason::DeviceUnbound);
    }
    let claims = claims_of(&rotation.attempt.token.claims, row);
    match device.repeats_until(row, rotation.attempt.leeway_millis()) {
        Some(until) if now <= until => {
            return again(rotation.attempt, rotation.grant, claims, row.settles_at);
        }
        Some(_) => {
            let refusal = Refusal::DeviceProofRequired { reload: false };
            return refused(rotation, refusal, Reason::ChallengeUsed);
        }
        None => {}
    }
    if rotation.again {
        return RotationStep::Settled(rotation.attempt.unavailable(Reason::LostTwice).settle());
    }
    RotationStep::Again(rotation.of_current(claims))
}

fn again(
    attempt: RefreshAttempt,
    grant: Grant,
    claims: RefreshClaims,
    settles_at: Timestamp,
) -> RotationStep {
    match attempt.core.parts().refresh.mint(claims) {
        Ok(current) => grant.decide(attempt, &current, settles_at, Reason::DeviceProvedInLeeway),
        Err(error) => RotationStep::Settled(attempt.mint_failed(error).settle()),
    }
}

impl RotationStep {
    /// Of a step that asks nothing.
    fn settled(self) -> Settlement {
        match self {
            Self::Settled(settlement) => settlement,
            Self::Again(rotation) => rotation.store_failed(),
            Self::Late(late) => late.store_failed(),
        }
    }
}

impl RefreshAttempt {
    /// Row x: the token is from before the session was bound, so it is that of a request that was
    /// on its way, or of a thief. It renews nothing, and ends nothing.
    pub(super) fn bound_meanwhile(self) -> Decision {
        let refusal = Refusal::DeviceProofRequired { reload: self.reload };
        let hard = Decision::refused(refusal, Reason::BoundMeanwhile);
        let soft = self.soft.clone().or_else(|| self.beside.clone());
        // The refresh route says when the refresh token ends, as in row v.
        let ends_at = self.beside.as_ref().map(|_| self.token.claims.expires_at);
        let refresh_expires_at = ends_at.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
        Decision { refresh_expires_at, ..Self { soft, ..self }.soften(hard) }
    }
}
