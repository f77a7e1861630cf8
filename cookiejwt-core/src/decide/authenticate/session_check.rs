//! The question about the session, which is the only way past a valid access token: rows c and d of
//! [`rules`](crate::rules).

use crate::{
    decide::{
        access_rows::authenticated,
        decision::{Decision, Outcome, Reason, Refusal},
        facade::Core,
        faults::Faults,
        identity::{CredentialSource, Identity},
        refresh::RefreshAttempt,
    },
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
    /// No valid access token; no attempt when this request may not refresh.
    Refreshable(Box<Refreshable>),
}

/// Boxed: it is large, and hardly any request waits for it.
#[derive(Debug)]
pub(super) struct Refreshable {
    pub(super) session_id: SessionId,
    pub(super) actor: Option<Actor>,
    pub(super) attempt: Option<Box<RefreshAttempt>>,
    pub(super) speculative: bool,
}

impl Checked {
    /// What carried the credential. Without an attempt it was a cookie.
    fn source(&self) -> CredentialSource {
        match self {
            Self::Access { identity, .. } => identity.source(),
            Self::Refreshable(asked) => {
                asked.attempt.as_ref().map_or(CredentialSource::Cookie, |attempt| attempt.source())
            }
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
            Checked::Refreshable(asked) => &asked.session_id,
        }
    }

    /// The session of the user who acts in it, if another one does: it ends with that one too.
    pub fn actor_session_id(&self) -> Option<&SessionId> {
        let actor = match &self.kind {
            Checked::Access { identity, .. } => identity.actor(),
            Checked::Refreshable(asked) => asked.actor.as_ref(),
        };
        actor.map(Actor::session_id)
    }

    /// Whether a valid access token came in. Without one, checking the revoked set in memory is
    /// enough: the rotation asks the store anyway.
    pub fn has_valid_access(&self) -> bool {
        matches!(self.kind, Checked::Access { .. })
    }

    /// Whether a valid access token came in that is from before the claims of its session were
    /// [renewed](crate::store::ClaimsRenewal) this often, as its row says. It is dead, so the
    /// request is decided without it, by [`authenticate_with`](Core::authenticate_with).
    pub fn is_outdated(&self, version: i64) -> bool {
        matches!(&self.kind, Checked::Access { identity, .. } if identity.version() < version)
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
            (SessionStatus::Missing, Checked::Access { .. }) => refused(Reason::SessionMissing),
            (SessionStatus::Unknown, Checked::Access { .. }) => {
                Decision::new(Outcome::Unavailable, Reason::SessionUnknown)
            }
            (_, Checked::Access { ahead: Some(attempt), .. }) => {
                return Resolution::NeedsRefresh(attempt.with(faults, sighting));
            }
            (_, Checked::Access { identity, ahead: None }) => authenticated(identity).with_sighting(sighting),
            (_, Checked::Refreshable(asked)) => match asked.attempt {
                Some(attempt) => return Resolution::NeedsRefresh(attempt.with(faults, sighting)),
                None => refresh_not_permitted(asked.speculative),
            },
        };
        Resolution::Settled(decision.with_faults(faults))
    }
}

/// Row h.
fn refresh_not_permitted(speculative: bool) -> Decision {
    let reason = if speculative { Reason::SpeculationNotPermitted } else { Reason::RefreshNotPermitted };
    Decision::refused(Refusal::RefreshRequired, reason)
}
