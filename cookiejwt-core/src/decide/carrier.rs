//! How the credential of a request was sent, and therefore how new tokens are sent.

use crate::{
    decide::{csrf::CsrfCleared, identity::CredentialSource},
    request::{Mode, TokenMode},
};

/// How the credential of a request was sent, and therefore how new tokens are sent: a cookie is
/// answered with cookies, a body with a body. There is no other way.
#[derive(Clone, Debug)]
pub(super) enum Carrier {
    Cookie(CsrfCleared),
    Body(TokenMode),
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
            Self::Cookie(_) => CredentialSource::Cookie,
            Self::Body(_) => CredentialSource::Header,
        }
    }
}
