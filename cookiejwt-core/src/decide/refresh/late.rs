//! A parent that is presented late: its successor never was, so a response was lost or has not been
//! sent yet. Row o' of [`rules`](crate::rules).

use std::fmt;

use super::{
    RefreshAttempt, Rotation, RotationStep,
    grant::Grant,
    rotation::{Verdict, judge},
};
use crate::{
    decide::decision::{Reason, Settlement},
    session::{AnswerLateRequest, ChangeOutcome, ReplaceRequest, SessionRecord, Timestamp},
    token::{RefreshClaims, RefreshToken},
};

/// A late answer under way: the question for the store, and what its answer will mean.
#[must_use = "a late answer does nothing until `complete`"]
pub struct LateAnswer {
    attempt: RefreshAttempt,
    grant: Grant,
    successor: RefreshToken,
    request: LateRequest,
    reason: Reason,
}

/// The question for the token store: one conditional UPDATE.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new step must break every driver")]
pub enum LateRequest {
    /// The successor is sent once more.
    Answer(AnswerLateRequest),
    /// Another successor takes its place.
    Replace(ReplaceRequest),
}

impl LateAnswer {
    /// Rows o' 1 and 2. The next refresh token of a rotation that changed nothing is unused, so it
    /// can take the place of the lost one.
    pub(super) fn of(rotation: Rotation, row: &SessionRecord) -> RotationStep {
        let Rotation { attempt, grant, next, .. } = rotation;
        let claims = attempt.token.claims.clone();
        let (issued_at, expires_at) = (row.issued_at.as_seconds(), row.expires_at.as_seconds());
        let current = RefreshClaims { token_id: row.current_jti.clone(), issued_at, expires_at, ..claims };
        let (claims, reason, request) = match request(&attempt, row, &next) {
            request @ LateRequest::Answer(_) => (current, Reason::ParentLate, request),
            request @ LateRequest::Replace(_) => {
                let token_id = next.claims.token_id.clone();
                (RefreshClaims { token_id, ..current }, Reason::SuccessorReplaced, request)
            }
        };
        match attempt.core.parts().refresh.mint(claims) {
            Ok(successor) => RotationStep::Late(Self { attempt, grant, successor, request, reason }),
            Err(error) => RotationStep::Settled(attempt.mint_failed(error).settle()),
        }
    }

    /// The question for the token store.
    pub fn request(&self) -> &LateRequest {
        &self.request
    }

    /// Row q: the store could not be asked, or its answer was lost.
    pub fn store_failed(self) -> Settlement {
        self.attempt.unavailable(Reason::TokenStoreFailed).settle()
    }

    /// Takes the store's answer. A row that has changed meanwhile is judged once more, but only
    /// once.
    pub fn complete(self, outcome: ChangeOutcome) -> Settlement {
        let Self { attempt, grant, successor, reason, .. } = self;
        let step = match outcome {
            ChangeOutcome::Changed => {
                let settles_at = attempt.settles_at();
                grant.decide(attempt, &successor, settles_at, reason)
            }
            ChangeOutcome::Unmatched(row) => match judge(&attempt, row.as_deref()) {
                Verdict::Late | Verdict::Current => {
                    RotationStep::Settled(attempt.unavailable(Reason::LostTwice).settle())
                }
                verdict => verdict.settle(attempt, grant, row.as_deref()),
            },
        };
        match step {
            RotationStep::Settled(settlement) => settlement,
            // Every verdict that asks the store again was answered above.
            RotationStep::Again(again) => again.store_failed(),
            RotationStep::Late(late) => late.store_failed(),
        }
    }
}

/// Until the later of two times the lost successor is sent again: its access token may still be on
/// the way. After that it is replaced, otherwise a thief who only uses what a request returns would
/// never be noticed.
fn request(attempt: &RefreshAttempt, row: &SessionRecord, next: &RefreshToken) -> LateRequest {
    let late = AnswerLateRequest {
        session_id: row.id.clone(),
        realm: row.realm.clone(),
        current: row.current_jti.clone(),
        presented: attempt.token.claims.token_id.clone(),
        now: attempt.now,
        settles_at: attempt.settles_at(),
    };
    let before = |millis: i64| -> Timestamp { attempt.now.plus_millis(millis.saturating_neg()) };
    let replace = ReplaceRequest {
        late,
        next: next.claims.token_id.clone(),
        settled_before: before(attempt.leeway_millis()),
        rotated_before: before(attempt.core.config().ages.access.saturating_mul(1000)),
    };
    if replace.is_due(row) { LateRequest::Replace(replace) } else { LateRequest::Answer(replace.late) }
}

impl fmt::Debug for LateAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LateAnswer").field("request", &self.request).finish_non_exhaustive()
    }
}
