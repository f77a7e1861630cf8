//! The question about the session, which is the only way past a valid access token: rows c and d of [`rules`](crate::rules).

use super::authenticated;
use crate::{
    decide::{
        decision::{Decision, Outcome, Reason, Refusal},
        facade::Core,
        identity::{CredentialSource, Identity},
        refresh::RefreshAttempt,
    },
    request::Faults,
    session::{RevocationReason, SessionId, Sighting},
};

/// What is known about a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionStatus {
    /// Not revoked, as far as the chosen level looks.
    Live,
    /// Revoked, and why.
    Revoked(RevocationReason),
    /// The store has no such session.
    Missing,
    /// The store had to be asked and is away.
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
    Refreshable { session_id: SessionId, attempt: Option<Box<RefreshAttempt>>, speculative: bool },
}

impl Checked {
    /// Whether no cookie was the credential, so that none is cleared.
    fn is_by_header(&self) -> bool {
        match self {
            Self::Access { identity, .. } => identity.source() == CredentialSource::Header,
            Self::Refreshable { attempt, .. } => {
                attempt.as_ref().is_some_and(|attempt| !attempt.is_by_cookie())
            }
        }
    }
}

/// What follows from a [`SessionStatus`].
#[derive(Debug)]
#[must_use]
pub enum Resolution {
    /// Nothing more has to be asked.
    Settled(Decision),
    /// A refresh token wants to be rotated.
    NeedsRefresh(RefreshAttempt),
}

impl SessionCheck {
    /// The session that is asked about.
    pub fn session_id(&self) -> &SessionId {
        match &self.kind {
            Checked::Access { identity, .. } => identity.session_id(),
            Checked::Refreshable { session_id, .. } => session_id,
        }
    }

    /// Whether a valid access token came in. Without one the revoked set in memory is enough: the rotation asks the
    /// store anyway.
    pub fn has_valid_access(&self) -> bool {
        matches!(self.kind, Checked::Access { .. })
    }

    /// Takes the answer.
    pub fn resolve(self, status: SessionStatus) -> Resolution {
        let Self { core, kind, faults, sighting } = self;
        let by_header = kind.is_by_header();
        let settled = |decision: Decision| Resolution::Settled(decision.with_faults(faults.clone()));
        match (status, kind) {
            (SessionStatus::Revoked(reason), _) => settled(core.session_revoked(reason, by_header)),
            (SessionStatus::Missing, Checked::Access { .. }) => settled(core.session_missing(by_header)),
            (SessionStatus::Unknown, Checked::Access { .. }) => {
                settled(Decision::new(Outcome::Unavailable, Reason::SessionUnknown))
            }
            (
                _,
                Checked::Access { ahead: Some(attempt), .. }
                | Checked::Refreshable { attempt: Some(attempt), .. },
            ) => Resolution::NeedsRefresh(attempt.with(faults, sighting)),
            (_, Checked::Access { identity, ahead: None }) => {
                settled(authenticated(identity).with_sighting(sighting))
            }
            (_, Checked::Refreshable { attempt: None, speculative, .. }) => {
                settled(refresh_not_permitted(speculative))
            }
        }
    }
}

impl Core {
    /// Row c. What a new login replaced clears nothing: a late answer would delete the new cookies.
    fn session_revoked(&self, reason: RevocationReason, by_header: bool) -> Decision {
        let decision = Decision::refused(Refusal::SessionRevoked, Reason::SessionRevoked(reason));
        if by_header || reason.keeps_cookies() {
            return decision;
        }
        decision.with_cookies(self.clear_cookies())
    }

    fn session_missing(&self, by_header: bool) -> Decision {
        let decision = Decision::refused(Refusal::SessionRevoked, Reason::SessionMissing);
        if by_header { decision } else { decision.with_cookies(self.clear_cookies()) }
    }
}

/// Row h.
fn refresh_not_permitted(speculative: bool) -> Decision {
    let reason = if speculative { Reason::SpeculationNotPermitted } else { Reason::RefreshNotPermitted };
    Decision::refused(Refusal::RefreshRequired, reason)
}
