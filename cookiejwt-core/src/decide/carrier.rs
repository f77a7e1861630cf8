//! How the credential of a request came, and so how new tokens are sent.

use crate::{
    decide::{csrf::CsrfCleared, identity::CredentialSource},
    request::{Mode, TokenMode},
};

/// How the credential of a request came, and so how new tokens leave: from a cookie into cookies, from a body into a
/// body. There is no other way.
#[derive(Clone, Debug)]
pub(super) enum Carrier {
    Cookie(CsrfCleared),
    Body(TokenMode),
}

impl Carrier {
    /// For a login, whose credential is no token.
    pub(super) fn of_login(mode: Mode) -> Self {
        match mode {
            // A login has passed the table, or is the application's own and answers for itself.
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
