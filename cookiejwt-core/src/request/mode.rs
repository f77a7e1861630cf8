//! Whether a request is in cookie mode or in token mode.

use crate::{
    config::Config,
    request::head::{COOKIEJWT_MODE, RequestHead},
};

/// How the client of a request keeps its tokens; see [`Core::mode`](crate::Core::mode).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new mode must break whoever sends cookies or tokens")]
pub enum Mode {
    /// In cookies, as browsers do. No body ever contains a token.
    #[default]
    Cookie,
    /// In its own storage, as a mobile application or a command line does. No cookie is read, set
    /// or cleared.
    Token(TokenMode),
}

/// Proof that token mode is switched on and that the request asks for it. Made only by
/// [`Core::mode`](crate::Core::mode).
///
/// [`Tokens`](crate::driver::Tokens) for a body are made only with it and a credential that was not
/// in a cookie: a script that runs in a page must not be able to trade an `HttpOnly` cookie for a
/// token that it can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenMode(());

impl Mode {
    /// The mode that a request asks for; see [`Core::mode`](crate::Core::mode).
    pub(crate) fn of(head: &RequestHead<'_>, config: &Config) -> Self {
        let asks = config.token_mode && head.is_exactly(&COOKIEJWT_MODE, b"token");
        if asks { Self::Token(TokenMode(())) } else { Self::Cookie }
    }
}

/// Whether the cookies of this request count at all.
pub(crate) fn reads_cookies(head: &RequestHead<'_>, config: &Config) -> bool {
    config.credentials.reads_cookies() && Mode::of(head, config) == Mode::Cookie
}

#[cfg(test)]
mod tests;
