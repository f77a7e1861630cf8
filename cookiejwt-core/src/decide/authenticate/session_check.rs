//! The question about the session, which is the only way past a valid access token: rows c and d of
//! [`rules`](crate::rules).

use time::OffsetDateTime;

use crate::{
    decide::{
        access_rows::authenticated,
        decision::{Decision, Outcome, Reason, Refusal},
        facade::Core,
        faults::Faults,
        identity::{CredentialSource, Identity},
        refresh::RefreshAttempt,
    },
    device::Skipped,
    session::{RevocationReason, SessionId, Sighting},
    token::Actor,
};

/// What is known about a session, and about that of the user who acts in it: the worse of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionStatus {
    /// Not revoked, as far as the configured level checks.
    Live,
    /// Revoked, and why.
    Revoked(RevocationReason),
    /// The store has no such session.
    Missing,
    /// The store had to be asked and is unavailable.
    Unknown,
}

/// A question: is this session still alive? Its answer is the only way past a valid access token.
#[derive(Debug)]
#[must_use = "a session check does nothing until `resolve`"]
pub struct SessionCheck {
    pub(super) core: Core,
    pub(super) kind: Checked,
    pub(super) faults: Faults,
    pub(super) sighting: Option<Box<Sighting>>,
}

#[derive(Debug)]
pub(super) enum Checked {
    /// A valid access token, and a refresh ahead of its end when there is one.
    Access { identity: Identity, ahead: Option<Box<RefreshAttempt>> },
    /// The same on the refresh route, where a device has to prove itself before anything rotates.
    Beside(Box<Beside>),
    /// No valid access token.
    Refreshable(Box<Refreshable>),
}

/// Row v.
#[derive(Debug)]
pub(super) struct Beside {
    pub(super) identity: Identity,
    /// When the refresh token ends, in seconds.
    pub(super) refresh_ends_at: i64,
}

/// Boxed: it is large, and hardly any request waits for it.
#[derive(Debug)]
pub(super) struct Refreshable {
    pub(super) session_id: SessionId,
    pub(super) actor: Option<Actor>,
    pub(super) source: CredentialSource,
    pub(super) then: Then,
}

/// What a refresh token leads to while its session lives.
#[derive(Debug)]
pub(super) enum Then {
    Refresh(Box<RefreshAttempt>),
    /// Row h.
    NotPermitted {
        speculative: bool,
    },
    /// Row s.
    Prove {
        reload: bool,
        skipped: Option<Skipped>,
        clears_access: bool,
    },
}

impl Checked {
    /// The user of a valid access token.
    fn identity(&self) -> Option<&Identity> {
        match self {
            Self::Access { identity, .. } => Some(identity),
            Self::Beside(beside) => Some(&beside.identity),
            Self::Refreshable(_) => None,
        }
    }

    /// What carried the credential.
    fn source(&self) -> CredentialSource {
        match self {
            Self::Refreshable(asked) => asked.source,
            Self::Access { identity, .. } => identity.source(),
            Self::Beside(_) => CredentialSource::Cookie,
        }
    }
}

/// What follows from a [`SessionStatus`].
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a new step must break every driver")]
pub enum Resolution {
    /// Nothing more has to be asked.
    Settled(Decision),
    /// A refresh token has to be rotated.
    NeedsRefresh(Box<RefreshAttempt>),
}

impl SessionCheck {
    /// The session that is asked about.
    pub fn session_id(&self) -> &SessionId {
        match &self.kind {
            Checked::Access { identity, .. } => identity.session_id(),
            Checked::Beside(beside) => beside.identity.session_id(),
            Checked::Refreshable(asked) => &asked.session_id,
        }
    }

    /// The session of the user who acts in it, if another one does: it ends with that one too.
    pub fn actor_session_id(&self) -> Option<&SessionId> {
        let actor = match &self.kind {
            Checked::Refreshable(asked) => asked.actor.as_ref(),
            kind => kind.identity().and_then(Identity::actor),
        };
        actor.map(Actor::session_id)
    }

    /// Whether a valid access token came in. Without one, checking the revoked set in memory is
    /// enough: the rotation asks the store anyway.
    pub fn has_valid_access(&self) -> bool {
        self.kind.identity().is_some()
    }

    /// Whether a valid access token came in that is from before the claims of its session were
    /// [renewed](crate::store::ClaimsRenewal) this often, as its row says. It is dead, so the
    /// request is decided without it, by [`authenticate_with`](Core::authenticate_with).
    pub fn is_outdated(&self, version: i64) -> bool {
        self.kind.identity().is_some_and(|identity| identity.version() < version)
    }

    /// Takes the answer.
    pub fn resolve(self, status: SessionStatus) -> Resolution {
        let Self { core, kind, faults, sighting } = self;
        let source = kind.source();
        let refused = |reason| {
            let decision = Decision::refused(Refusal::SessionRevoked, reason);
            decision.clearing(&core.parts().cookies, source)
        };
        let decision = match (status, kind) {
            (SessionStatus::Revoked(reason), _) => refused(Reason::SessionRevoked(reason)),
            (_, Checked::Refreshable(asked)) => match asked.then {
                Then::Refresh(attempt) => return Resolution::NeedsRefresh(attempt.with(faults, sighting)),
                Then::NotPermitted { speculative } => refresh_not_permitted(speculative),
                Then::Prove { reload, skipped, clears_access } => {
                    let decision = proof_required(reload, skipped);
                    let clears = clears_access.then(|| core.parts().cookies.clear_access());
                    clears.into_iter().fold(decision, Decision::with_cookies)
                }
            },
            (SessionStatus::Missing, _) => refused(Reason::SessionMissing),
            (SessionStatus::Unknown, _) => Decision::new(Outcome::Unavailable, Reason::SessionUnknown),
            (_, Checked::Access { ahead: Some(attempt), .. }) => {
                return Resolution::NeedsRefresh(attempt.with(faults, sighting));
            }
            (_, Checked::Access { identity, ahead: None }) => authenticated(identity).with_sighting(sighting),
            (_, Checked::Beside(beside)) => beside.decision(),
        };
        Resolution::Settled(decision.with_faults(faults))
    }
}

impl Beside {
    fn decision(self) -> Decision {
        let refresh_expires_at = OffsetDateTime::from_unix_timestamp(self.refresh_ends_at).ok();
        Decision { refresh_expires_at, ..authenticated(self.identity) }
    }
}

/// Row s.
fn proof_required(reload: bool, skipped: Option<Skipped>) -> Decision {
    let refusal = Refusal::DeviceProofRequired { reload };
    Decision::refused(refusal, Reason::DeviceProofMissing { skipped })
}

/// Row h.
fn refresh_not_permitted(speculative: bool) -> Decision {
    let reason = if speculative { Reason::SpeculationNotPermitted } else { Reason::RefreshNotPermitted };
    Decision::refused(Refusal::RefreshRequired, reason)
}
