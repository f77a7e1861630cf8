//! Rotating a refresh token: the table of rows k to r, as typed continuations.
//!
//! Everything that can fail without the store is done before the store is asked (row l), so that a rotation is never
//! committed for tokens that cannot be minted.

use std::fmt;

use crate::{
    Core, CredentialFault, CustomClaims, Decision, Identity, MintError, Outcome, Reason, RefreshIds, Refusal,
    Revocation, RevocationReason, RotationOutcome, RotationRequest, SessionId, SessionRecord, Settlement,
    Subject, Timestamp, TokenId,
    authenticate::authenticated,
    claims::{AccessClaims, RefreshClaims},
    core::{MintedAccess, RefreshToken},
    mode::Carrier,
};

/// What is known about the user whose session is to be refreshed.
#[derive(Clone, Debug)]
pub enum UserState {
    /// He may go on; his access token carries these claims.
    Active(Result<CustomClaims, MintError>),
    /// He is disabled.
    Inactive,
    /// There is no such user.
    Gone,
    /// The user store could not be asked.
    Unavailable,
}

/// A valid refresh token that wants to be rotated.
#[must_use = "a refresh attempt does nothing until `with_user`"]
pub struct RefreshAttempt {
    core: Core,
    token: RefreshToken,
    carrier: Carrier,
    soft: Option<Identity>,
    now: Timestamp,
    faults: Vec<CredentialFault>,
}

/// What follows from a [`UserState`].
#[derive(Debug)]
#[must_use]
pub enum RefreshStep {
    /// The store need not be asked.
    Settled(Settlement),
    /// The store must be asked.
    Rotate(Rotation),
}

/// A rotation under way: the question for the store, and what its answer will mean.
///
/// The question is plain data; only this value can take the answer, once.
#[must_use = "a rotation does nothing until `complete`"]
pub struct Rotation {
    attempt: RefreshAttempt,
    access: MintedAccess,
    next: RefreshToken,
    request: RotationRequest,
    again: bool,
}

/// What follows from a [`RotationOutcome`].
#[derive(Debug)]
#[must_use]
pub enum RotationStep {
    /// Decided.
    Settled(Settlement),
    /// Ask the store once more; at most once (row p').
    Again(Rotation),
}

impl RefreshAttempt {
    pub(crate) fn new(
        core: Core,
        token: RefreshToken,
        carrier: Carrier,
        soft: Option<Identity>,
        now: Timestamp,
    ) -> Self {
        Self { core, token, carrier, soft, now, faults: Vec::new() }
    }

    pub(crate) fn with_faults(self, faults: Vec<CredentialFault>) -> Self {
        Self { faults, ..self }
    }

    pub(crate) fn is_by_cookie(&self) -> bool {
        self.carrier.is_cookie()
    }

    /// Whose session it is; the key to ask the user store with.
    pub fn subject(&self) -> &Subject {
        &self.token.claims.subject
    }

    /// The session, to be looked up in the revoked set.
    pub fn session_id(&self) -> &SessionId {
        &self.token.claims.session_id
    }

    /// Row c at [`AtRefresh`](crate::RevocationLevel::AtRefresh), where no session check came before: the session is
    /// in this node's revoked set.
    pub fn revoked(self, reason: RevocationReason) -> Settlement {
        self.refused(Refusal::SessionRevoked, Reason::SessionRevoked(reason), keep_cookies(reason)).settle()
    }

    /// Row l for a driver that got no random numbers for the new ids.
    pub fn no_random(self, error: String) -> Settlement {
        self.mint_failed(MintError::Random(error)).settle()
    }

    /// Rows k, l and q, or the question for the token store.
    pub fn with_user(self, user: UserState, ids: RefreshIds) -> RefreshStep {
        let settled = |settlement| RefreshStep::Settled(settlement);
        match user {
            UserState::Inactive | UserState::Gone => settled(self.user_inactive()),
            UserState::Unavailable => settled(self.unavailable(Reason::UserStoreFailed).settle()),
            UserState::Active(Err(error)) => settled(self.mint_failed(error).settle()),
            UserState::Active(Ok(claims)) => match self.mint(&claims, ids) {
                Ok((access, next, request)) => {
                    RefreshStep::Rotate(Rotation { attempt: self, access, next, request, again: false })
                }
                Err(error) => settled(self.mint_failed(error).settle()),
            },
        }
    }

    /// Both tokens, before the store is asked. Every `exp` is capped by the session's absolute end.
    fn mint(
        &self,
        custom: &CustomClaims,
        ids: RefreshIds,
    ) -> Result<(MintedAccess, RefreshToken, RotationRequest), MintError> {
        let old = &self.token.claims;
        let (now, ages) = (self.now.as_seconds(), self.core.config().ages);
        let until = |life: i64| now.saturating_add(life).min(old.session_ends_at);
        let access = AccessClaims {
            subject: old.subject.clone(),
            session_id: old.session_id.clone(),
            token_id: ids.access,
            issued_at: now,
            not_before: now,
            expires_at: until(ages.access),
            auth_time: Some(old.auth_time),
        };
        let next = RefreshClaims {
            token_id: ids.refresh,
            issued_at: now,
            expires_at: until(ages.refresh),
            ..old.clone()
        };
        let request = RotationRequest {
            session_id: old.session_id.clone(),
            presented: old.token_id.clone(),
            next: next.token_id.clone(),
            issued_at: Timestamp::from_seconds(next.issued_at),
            expires_at: Timestamp::from_seconds(next.expires_at),
            now: self.now,
            rotated_before: self.now.plus_millis(self.leeway_millis().saturating_neg()),
        };
        let access = self.core.mint_access(access, custom)?;
        let next = self.core.mint_refresh(next)?;
        let _ = self.core.pack(&self.carrier, &access, &next, now)?;
        Ok((access, next, request))
    }

    fn leeway_millis(&self) -> i64 {
        self.core.config().ages.reuse_leeway.saturating_mul(1000)
    }

    /// Row k.
    fn user_inactive(self) -> Settlement {
        let revoke = Some(self.revocation(RevocationReason::UserInactive));
        let decision = self.refused(Refusal::SessionRevoked, Reason::UserInactive, false);
        Settlement { decision, revoke }
    }

    /// Row l: soft while the access token is valid.
    fn mint_failed(self, error: MintError) -> Decision {
        let failed = Core::mint_failed(error);
        self.soften(failed)
    }

    /// Row q: soft while the access token is valid. Nothing is cleared because a store is away.
    fn unavailable(self, reason: Reason) -> Decision {
        let unavailable = Decision::new(Outcome::Unavailable, reason);
        self.soften(unavailable)
    }

    /// Goes on with the access token when it is still valid; the reason stays, for the event.
    fn soften(self, hard: Decision) -> Decision {
        let soft =
            self.soft.map(|identity| Decision { reason: hard.reason.clone(), ..authenticated(identity) });
        soft.unwrap_or(hard).with_faults(self.faults)
    }

    fn refused(self, refusal: Refusal, reason: Reason, keep_cookies: bool) -> Decision {
        let decision = Decision::refused(refusal, reason).with_faults(self.faults);
        if keep_cookies || !self.carrier.is_cookie() {
            return decision;
        }
        decision.with_cookies(self.core.clear_cookies())
    }

    fn revocation(&self, reason: RevocationReason) -> Revocation {
        Revocation { session_id: self.session_id().clone(), reason, at: self.now }
    }
}

impl Rotation {
    /// The question for [`TokenStore::rotate`](https://docs.rs/cookiejwt-store): one conditional UPDATE.
    pub fn request(&self) -> &RotationRequest {
        &self.request
    }

    /// Row q: the store could not be asked, or its answer was lost.
    pub fn store_failed(self) -> Settlement {
        self.attempt.unavailable(Reason::TokenStoreFailed).settle()
    }

    /// Takes the store's answer: rows m to r.
    pub fn complete(self, outcome: RotationOutcome) -> RotationStep {
        let row = match outcome {
            RotationOutcome::Rotated => return self.rotated(),
            RotationOutcome::Unmatched(row) => row,
        };
        match self.judge(row.as_deref()) {
            Verdict::Missing => self.refused(Refusal::SessionRevoked, Reason::RowMissing, false),
            Verdict::Revoked(reason) => {
                self.refused(Refusal::SessionRevoked, Reason::RowRevoked(reason), keep_cookies(reason))
            }
            Verdict::Expired => self.refused(Refusal::SessionExpired, Reason::RowExpired, false),
            Verdict::Parent(successor) => self.successor(*successor),
            Verdict::Young => self.unrotated(),
            Verdict::Current if self.again => self.unavailable(Reason::LostTwice),
            Verdict::Current => RotationStep::Again(Self { again: true, ..self }),
            Verdict::Reuse => self.reuse(),
        }
    }

    /// What a refused change means.
    fn judge(&self, row: Option<&SessionRecord>) -> Verdict {
        let now = self.attempt.now;
        let presented = &self.attempt.token.claims.token_id;
        let Some(row) = row.filter(|row| row.subject == *self.attempt.subject()) else {
            return Verdict::Missing;
        };
        if let Some((_, reason)) = row.revoked {
            return Verdict::Revoked(reason);
        }
        if row.expires_at <= now || row.ends_at <= now {
            return Verdict::Expired;
        }
        let leeway = self.attempt.leeway_millis();
        let leeway_ends = row.rotated_at.map(|at| at.plus_millis(leeway)).filter(|_| leeway > 0);
        match leeway_ends {
            Some(ends) if row.previous_jti.as_ref() == Some(presented) && now <= ends => {
                Verdict::Parent(Box::new(self.successor_claims(row)))
            }
            Some(ends) if row.current_jti == *presented && now < ends => Verdict::Young,
            _ if row.current_jti == *presented => Verdict::Current,
            _ => Verdict::Reuse,
        }
    }

    /// The row holds every claim of the current refresh token, so that it can be minted again.
    fn successor_claims(&self, row: &SessionRecord) -> RefreshClaims {
        let TokenTimes { issued_at, expires_at } = TokenTimes::of(row);
        let token_id: TokenId = row.current_jti.clone();
        RefreshClaims { token_id, issued_at, expires_at, ..self.attempt.token.claims.clone() }
    }

    /// Row m.
    fn rotated(self) -> RotationStep {
        let next = self.next.clone();
        self.granted(&next, Reason::Rotated)
    }

    /// Row o: every presenter of the parent inside the leeway gets the same successor; no expiry is extended.
    fn successor(self, claims: RefreshClaims) -> RotationStep {
        match self.attempt.core.mint_refresh(claims) {
            Ok(successor) => self.granted(&successor, Reason::ParentInLeeway),
            Err(error) => settled(self.attempt.mint_failed(error)),
        }
    }

    /// Row p: a session rotates at most once per leeway, so that what an honest browser has in flight is at most the
    /// parent.
    fn unrotated(self) -> RotationStep {
        let presented = self.attempt.token.clone();
        self.granted(&presented, Reason::CurrentInLeeway)
    }

    fn granted(self, refresh: &RefreshToken, reason: Reason) -> RotationStep {
        let Self { attempt, access, .. } = self;
        let now = attempt.now.as_seconds();
        let issued = match attempt.core.issue(&attempt.carrier, access, refresh, now) {
            Ok(issued) => issued,
            Err(error) => return settled(attempt.mint_failed(error)),
        };
        let decision = Decision {
            cookies: issued.cookies,
            tokens: issued.tokens,
            refresh_expires_at: Some(issued.refresh_expires_at),
            reason,
            ..authenticated(issued.identity)
        };
        settled(decision.with_faults(attempt.faults))
    }

    /// Row r: somebody has a copy. The thief learns nothing, and the session dies whatever becomes of the request.
    fn reuse(self) -> RotationStep {
        let revoke = Some(self.attempt.revocation(RevocationReason::Reuse));
        let decision = self.attempt.refused(Refusal::SessionRevoked, Reason::Reuse, false);
        RotationStep::Settled(Settlement { decision, revoke })
    }

    fn refused(self, refusal: Refusal, reason: Reason, keep_cookies: bool) -> RotationStep {
        settled(self.attempt.refused(refusal, reason, keep_cookies))
    }

    fn unavailable(self, reason: Reason) -> RotationStep {
        settled(self.attempt.unavailable(reason))
    }
}

/// Rows n to r, without their consequences.
enum Verdict {
    Missing,
    Revoked(RevocationReason),
    Expired,
    Parent(Box<RefreshClaims>),
    Young,
    Current,
    Reuse,
}

struct TokenTimes {
    issued_at: i64,
    expires_at: i64,
}

impl TokenTimes {
    fn of(row: &SessionRecord) -> Self {
        Self { issued_at: row.issued_at.as_seconds(), expires_at: row.expires_at.as_seconds() }
    }
}

/// What a new login replaced clears nothing: a late answer would delete the new cookies.
fn keep_cookies(reason: RevocationReason) -> bool {
    reason == RevocationReason::Replaced
}

fn settled(decision: Decision) -> RotationStep {
    RotationStep::Settled(decision.settle())
}

impl fmt::Debug for RefreshAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshAttempt").field("session_id", self.session_id()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Rotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rotation").field("request", &self.request).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
