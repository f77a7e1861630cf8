//! What a refresh issues: an access token, and the refresh token that turns out to be the current
//! one. The row letters are those of [`rules`](crate::rules).

use super::{RefreshAttempt, RotationStep};
use crate::{
    decide::{
        access_rows::authenticated,
        decision::{Decision, Reason},
        departure::Departure,
        issue::Issued,
    },
    session::{Receipt, Sighting, Timestamp, TokenId},
    token::{AccessClaims, CustomClaims, MintError, MintedAccess, RefreshToken},
};

/// What the access token of this refresh contains, whatever refresh token it is issued with.
pub(super) struct Grant {
    pub(super) token_id: TokenId,
    pub(super) custom: CustomClaims,
}

impl Grant {
    /// An access token that contains the id of the refresh token it is issued with, so that
    /// presenting the one proves that the other has arrived.
    pub(super) fn access(
        &self,
        attempt: &RefreshAttempt,
        refresh: &TokenId,
    ) -> Result<MintedAccess, MintError> {
        let old = &attempt.token.claims;
        let (now, life) = (attempt.now.as_seconds(), attempt.core.config().ages.access);
        let claims = AccessClaims {
            subject: old.subject.clone(),
            session_id: old.session_id.clone(),
            token_id: self.token_id.clone(),
            issued_at: now,
            not_before: now,
            expires_at: now.saturating_add(life).min(old.session_ends_at),
            auth_time: old.facts.time_of_proof(old.auth_time),
            refresh_jti: Some(refresh.clone()),
            replaces: None,
            version: attempt.version,
            device_bound: old.device_bound,
            ends_with_browser: attempt.core.ends_with_browser(old.remember),
            facts: old.facts.clone(),
        };
        attempt.core.parts().access.mint(claims, &self.custom)
    }

    /// Both tokens on their way to the client.
    pub(super) fn issue(
        &self,
        attempt: &RefreshAttempt,
        refresh: &RefreshToken,
    ) -> Result<Issued, MintError> {
        let access = self.access(attempt, &refresh.claims.token_id)?;
        attempt.core.issue(&attempt.carrier, access, refresh, attempt.now.as_seconds())
    }

    /// Rows o, o' and p, and row m at a later time: both tokens are issued now.
    pub(super) fn decide(
        self,
        attempt: RefreshAttempt,
        refresh: &RefreshToken,
        settles_at: Timestamp,
        reason: Reason,
    ) -> RotationStep {
        match self.issue(&attempt, refresh) {
            Ok(issued) => decide(attempt, issued, refresh, settles_at, reason),
            Err(error) => RotationStep::Settled(attempt.mint_failed(error).settle()),
        }
    }
}

/// Rows m, o, o' and p: both tokens, and until when the response may wait before it is sent.
pub(super) fn decide(
    attempt: RefreshAttempt,
    issued: Issued,
    refresh: &RefreshToken,
    settles_at: Timestamp,
    reason: Reason,
) -> RotationStep {
    let (session_id, refresh_jti) = (refresh.claims.session_id.clone(), refresh.claims.token_id.clone());
    let seen = (reason == Reason::CurrentInLeeway).then(|| {
        let (session_id, refresh_jti) = (session_id.clone(), refresh_jti.clone());
        Sighting::of_receipt(Receipt { session_id, refresh_jti })
    });
    let mut decision = Decision {
        cookies: issued.cookies,
        tokens: issued.tokens,
        refresh_expires_at: Some(issued.refresh_expires_at),
        reason,
        ..authenticated(issued.identity)
    }
    .with_sighting(attempt.sighting.or(seen));
    decision.notes.write().departure = Some(Departure { session_id, refresh_jti, settles_at });
    RotationStep::Settled(decision.with_faults(attempt.faults).settle())
}
