//! Rotating a refresh token: rows k to r of [`rules`](crate::rules), as typed continuations.
//!
//! Everything that can fail without the store is done before the store is asked (row l), so that a
//! rotation is never committed for tokens that cannot be minted.

mod acting;
mod device;
mod grant;
mod late;
mod rotation;

use std::fmt;

pub use self::{
    acting::ActorStep,
    late::{LateAnswer, LateRequest},
    rotation::{Rotation, RotationStep},
};
use self::{grant::Grant, rotation::Minted};
use crate::{
    decide::{
        access_rows::authenticated,
        carrier::Carrier,
        decision::{Decision, Outcome, Reason, Refusal, Settlement},
        facade::Core,
        faults::Faults,
        identity::{CredentialSource, Identity},
    },
    session::{
        RefreshIds, Revocation, RevocationReason, RotationRequest, SessionId, Sighting, Subject, Timestamp,
    },
    token::{CustomClaims, Facts, MintError, RefreshClaims, RefreshToken},
};

/// What is known about the user whose session is to be refreshed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum UserState {
    /// The user is active.
    Active(ActiveUser),
    /// The user needs more proofs than this session has: a second factor was set up after it began.
    SecondFactorRequired,
    /// The user is disabled.
    Inactive,
    /// There is no such user.
    Gone,
    /// The user store could not be asked.
    Unavailable,
}

/// A user who is active, as read from the user store.
#[derive(Clone, Debug)]
pub struct ActiveUser {
    claims: Result<CustomClaims, MintError>,
    stamp: Option<String>,
}

impl ActiveUser {
    /// Their access token contains these claims.
    pub const fn new(claims: Result<CustomClaims, MintError>) -> Self {
        Self { claims, stamp: None }
    }

    /// A session that began with another stamp ends.
    #[must_use]
    pub fn stamp(self, stamp: Option<String>) -> Self {
        Self { stamp, ..self }
    }

    pub(super) fn present_stamp(&self) -> Option<&str> {
        self.stamp.as_deref()
    }
}

/// A valid refresh token that has to be rotated.
#[must_use = "a refresh attempt does nothing until `with_user`"]
pub struct RefreshAttempt {
    core: Core,
    token: RefreshToken,
    carrier: Carrier,
    soft: Option<Identity>,
    now: Timestamp,
    /// How often the claims of the session were renewed, as far as this node knew before it read
    /// the user.
    version: i64,
    faults: Faults,
    /// Whether the session of the user who acts in this one was found alive.
    is_acted: bool,
    /// From a still valid access token that is renewed ahead of its end.
    sighting: Option<Box<Sighting>>,
    /// The user of a valid access token on the refresh route, which answers only if the session was
    /// bound to a device meanwhile.
    beside: Option<Identity>,
    /// Whether a page that reloads itself helps if the session was bound meanwhile.
    reload: bool,
}

/// What follows from a [`UserState`].
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a new step must break every driver")]
pub enum RefreshStep {
    /// The store does not have to be asked.
    Settled(Settlement),
    /// The store must be asked.
    Rotate(Rotation),
}

impl RefreshAttempt {
    pub(crate) fn new(
        core: Core,
        token: RefreshToken,
        carrier: Carrier,
        soft: Option<Identity>,
        now: Timestamp,
    ) -> Self {
        let faults = Faults::default();
        Self {
            core,
            token,
            carrier,
            soft,
            now,
            version: 0,
            faults,
            is_acted: false,
            sighting: None,
            beside: None,
            reload: false,
        }
    }

    /// With who answers on the refresh route if the session was bound meanwhile.
    pub(super) fn set_beside(&mut self, beside: Option<Identity>) {
        self.beside = beside;
    }

    /// With whether a page that reloads itself helps if the session was bound meanwhile.
    pub(super) fn set_reload(&mut self, reload: bool) {
        self.reload = reload;
    }

    pub(super) fn with(self: Box<Self>, faults: Faults, sighting: Option<Box<Sighting>>) -> Box<Self> {
        let mut attempt = self;
        (attempt.faults, attempt.sighting) = (faults, sighting);
        attempt
    }

    /// What carried the refresh token.
    pub(super) fn source(&self) -> CredentialSource {
        self.carrier.source()
    }

    /// The user of the session; the key for the user store.
    pub fn subject(&self) -> &Subject {
        &self.token.claims.subject
    }

    /// What is true of the session, for the claims of its next access token.
    pub fn facts(&self) -> &Facts {
        &self.token.claims.facts
    }

    /// The session, to be looked up in the revoked set.
    pub fn session_id(&self) -> &SessionId {
        &self.token.claims.session_id
    }

    /// How often the claims of the session were [renewed](crate::store::ClaimsRenewal), as far as
    /// this node knows. Ask before the user is read, never after: otherwise the new access token
    /// could have old roles and the new version.
    pub fn with_version(self, version: i64) -> Self {
        Self { version, ..self }
    }

    /// Row c at [`AtRefresh`](crate::RevocationLevel::AtRefresh), where no session check came
    /// before: the session is in this node's revoked set.
    pub fn revoked(self, reason: RevocationReason) -> Settlement {
        self.refused(Refusal::SessionRevoked, Reason::SessionRevoked(reason)).settle()
    }

    /// Row l, for a driver that got no random numbers for the new ids.
    pub fn no_random(self, error: String) -> Settlement {
        self.mint_failed(MintError::Random(error)).settle()
    }

    /// Rows k, l and q, or the question for the token store.
    ///
    /// `now` is read right before the store is asked, not when the request began: a slow user store
    /// must not use up the leeway of other requests.
    pub fn with_user(mut self, user: UserState, ids: RefreshIds, now: impl Into<Timestamp>) -> RefreshStep {
        self.now = now.into().max(self.now);
        let settled = |settlement| RefreshStep::Settled(settlement);
        if self.actor().is_some() && !self.is_acted {
            return settled(self.user_ended(RevocationReason::ActorEnded, Reason::ActorEnded));
        }
        let ActiveUser { claims, stamp } = match user {
            UserState::Active(active) => active,
            UserState::Inactive | UserState::Gone => {
                return settled(self.user_ended(RevocationReason::UserInactive, Reason::UserInactive));
            }
            UserState::SecondFactorRequired => {
                let (revocation, reason) = (RevocationReason::SecondFactor, Reason::SecondFactorRequired);
                return settled(self.user_ended(revocation, reason));
            }
            UserState::Unavailable => {
                return settled(self.unavailable(Reason::UserStoreFailed).settle());
            }
        };
        if let Some(stamp) = stamp {
            if !self.has_stamp(&stamp) {
                return settled(self.user_ended(RevocationReason::UserChanged, Reason::UserChanged));
            }
            // A token without one adopts it, and one of an earlier secret is made again.
            self.token.claims.stamp = self.core.parts().stamps.hash(self.subject(), &stamp);
        }
        match claims.and_then(|claims| self.mint(claims, ids)) {
            Ok(minted) if self.carrier.repeats(self.now) => settled(device::repeated(self, minted.grant)),
            Ok(minted) => RefreshStep::Rotate(Rotation::new(self, minted)),
            Err(error) => settled(self.mint_failed(error).settle()),
        }
    }

    fn has_stamp(&self, stamp: &str) -> bool {
        let found = self.token.claims.stamp.as_deref();
        found.is_none_or(|found| self.core.parts().stamps.is_of(found, self.subject(), stamp))
    }

    /// Both tokens, before the store is asked. Every `exp` is capped by the session's absolute end.
    fn mint(&self, custom: CustomClaims, ids: RefreshIds) -> Result<Minted, MintError> {
        let old = &self.token.claims;
        let now = self.now.as_seconds();
        let next = RefreshClaims {
            token_id: ids.refresh,
            issued_at: now,
            expires_at: now.saturating_add(self.idle_life()).min(old.session_ends_at),
            ..old.clone()
        };
        let request = self.rotation_request(&next);
        let grant = Grant { token_id: ids.access, custom };
        let next = self.core.parts().refresh.mint(next)?;
        let issued = Box::new(grant.issue(self, &next)?);
        Ok(Minted { grant, next, issued, request })
    }

    fn rotation_request(&self, next: &RefreshClaims) -> RotationRequest {
        RotationRequest {
            session_id: self.session_id().clone(),
            realm: self.core.config().realm().clone(),
            presented: self.token.claims.token_id.clone(),
            next: next.token_id.clone(),
            issued_at: Timestamp::from_seconds(next.issued_at),
            expires_at: Timestamp::from_seconds(next.expires_at),
            now: self.now,
            settles_at: self.settles_at(),
            orphaned_before: self.now.plus_millis(self.leeway_millis().saturating_neg()),
            device: self.carrier.device().cloned(),
        }
    }

    /// In seconds.
    fn idle_life(&self) -> i64 {
        self.token.claims.remember_for.unwrap_or(self.core.config().ages.refresh)
    }

    fn leeway_millis(&self) -> i64 {
        self.core.config().ages.reuse_leeway.saturating_mul(1000)
    }

    /// Until when the response is valid for other requests too.
    fn settles_at(&self) -> Timestamp {
        self.now.plus_millis(self.leeway_millis())
    }

    /// Row k.
    fn user_ended(self, revocation: RevocationReason, reason: Reason) -> Settlement {
        let revoke = Some(self.revocation(revocation));
        let decision = self.refused(Refusal::SessionRevoked, reason);
        Settlement { decision, revoke }
    }

    /// Row l: soft while the access token is valid.
    fn mint_failed(self, error: MintError) -> Decision {
        let failed = Decision::new(Outcome::Failed, Reason::MintFailed(error));
        self.soften(failed)
    }

    /// Row q: soft while the access token is valid. Nothing is cleared because a store is
    /// unavailable.
    fn unavailable(self, reason: Reason) -> Decision {
        let unavailable = Decision::new(Outcome::Unavailable, reason);
        self.soften(unavailable)
    }

    /// Continues with the access token if it is still valid; the reason stays, for the event.
    fn soften(self, hard: Decision) -> Decision {
        let sighting = self.sighting;
        let soft = self.soft.map(|identity| {
            let decision = Decision { reason: hard.reason.clone(), ..authenticated(identity) };
            decision.with_sighting(sighting)
        });
        soft.unwrap_or(hard).with_faults(self.faults)
    }

    fn refused(self, refusal: Refusal, reason: Reason) -> Decision {
        let decision = Decision::refused(refusal, reason).with_faults(self.faults);
        decision.clearing(&self.core.parts().cookies, self.carrier.source())
    }

    fn revocation(&self, reason: RevocationReason) -> Revocation {
        Revocation { session_id: self.session_id().clone(), reason, at: self.now }
    }
}

impl fmt::Debug for RefreshAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshAttempt").field("session_id", self.session_id()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
