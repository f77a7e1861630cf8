//! How the credential of a request was sent, and therefore how new tokens are sent.

use crate::{
    decide::{csrf::CsrfCleared, decision::Reason, identity::CredentialSource},
    device::DeviceProof,
    request::{Mode, TokenMode},
    session::{ProvedDevice, Timestamp},
};

/// How the credential of a request was sent, and therefore how new tokens are sent: a cookie is
/// answered with cookies, a body with a body. There is no other way.
#[derive(Clone, Debug)]
pub(crate) enum Carrier {
    Cookie(CsrfCleared),
    Body(TokenMode),
    /// A cookie, with the proof of the device that its session is bound to.
    Device {
        cleared: CsrfCleared,
        proof: Box<DeviceProof>,
        /// Until when it counts as a request that is sent again, if the challenge has been used.
        repeats_until: Option<Timestamp>,
    },
}

impl Carrier {
    /// For a login, whose credential is no token.
    pub(super) fn of_login(mode: Mode) -> Self {
        match mode {
            // A login has passed the CSRF table, or is a custom login flow with its own proof.
            Mode::Cookie => Self::Cookie(CsrfCleared::for_login()),
            Mode::Token(mode) => Self::Body(mode),
        }
    }

    pub(super) fn source(&self) -> CredentialSource {
        match self {
            Self::Cookie(_) | Self::Device { .. } => CredentialSource::Cookie,
            Self::Body(_) => CredentialSource::Header,
        }
    }

    /// The device that has proved itself.
    pub(super) fn device(&self) -> Option<&ProvedDevice> {
        match self {
            Self::Device { proof, .. } => Some(proof.device()),
            Self::Cookie(_) | Self::Body(_) => None,
        }
    }

    /// Row P16: the same request has renewed the session a moment ago, so nothing rotates.
    pub(super) fn repeats(&self, now: Timestamp) -> bool {
        matches!(self, Self::Device { repeats_until, .. } if repeats_until.is_some_and(|until| now <= until))
    }

    /// Row m, or P17.
    pub(super) fn rotated(&self) -> Reason {
        if self.device().is_some() { Reason::DeviceProved } else { Reason::Rotated }
    }
}
