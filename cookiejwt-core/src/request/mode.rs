//! Whether a request is in cookie mode or in token mode.

use crate::{
    decide::{Core, CsrfCleared},
    request::head::{COOKIEJWT_MODE, RequestHead},
};

/// How the client of a request keeps its tokens; see [`Core::mode`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// In cookies, as browsers do. No token ever stands in a body.
    #[default]
    Cookie,
    /// By itself, as a mobile application or a command line does. No cookie is read, set or cleared.
    Token(TokenMode),
}

/// Proof that token mode is switched on and that the request asks for it. Made only by [`Core::mode`].
///
/// [`Tokens`](crate::Tokens) for a body are made only with it, beside a credential that came in no cookie: a script
/// that runs in a page must not be able to trade an `HttpOnly` cookie for a token that it can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenMode(());

impl Core {
    /// Whether a request asks for token mode: with exactly one field `Cookiejwt-Mode: token`, while
    /// [`token_mode`](crate::ConfigBuilder::token_mode) is switched on.
    ///
    /// The value is compared byte for byte, as browsers' own `Sec-Fetch-…` are. Two fields, another value and a switch
    /// that is off all mean cookie mode, so that a doubtful request gets nothing that it would not get without the
    /// field: the CSRF table applies, and no token stands in a body.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use cookiejwt_core::{Core, Mode, testing};
    ///
    /// let core = Core::new(testing::config().token_mode(true).build().unwrap());
    /// let ask = |value| {
    ///     let (parts, ()) = http::Request::get("/").header("cookiejwt-mode", value).body(()).unwrap().into_parts();
    ///     core.mode(&parts)
    /// };
    /// assert!(matches!(ask("token"), Mode::Token(_)));
    /// assert_eq!(ask("Token"), Mode::Cookie);
    /// # }
    /// ```
    pub fn mode<'a>(&self, head: impl Into<RequestHead<'a>>) -> Mode {
        let asks = self.config().token_mode && head.into().is_exactly(&COOKIEJWT_MODE, b"token");
        if asks { Mode::Token(TokenMode(())) } else { Mode::Cookie }
    }

    /// Whether the cookies of this request count at all.
    pub(crate) fn reads_cookies(&self, head: &RequestHead<'_>) -> bool {
        self.config().credentials.reads_cookies() && self.mode(*head) == Mode::Cookie
    }
}

/// How the credential of a request came, and so how new tokens leave: from a cookie into cookies, from a body into a
/// body. There is no other way.
#[derive(Clone, Debug)]
pub(crate) enum Carrier {
    Cookie(CsrfCleared),
    Body(TokenMode),
}

impl Carrier {
    /// For a login, whose credential is no token.
    pub(crate) fn of_login(mode: Mode) -> Self {
        match mode {
            // A login has passed the table, or is the application's own and answers for itself.
            Mode::Cookie => Self::Cookie(CsrfCleared::for_login()),
            Mode::Token(mode) => Self::Body(mode),
        }
    }

    pub(crate) fn is_cookie(&self) -> bool {
        matches!(self, Self::Cookie(_))
    }
}

#[cfg(test)]
mod tests;
