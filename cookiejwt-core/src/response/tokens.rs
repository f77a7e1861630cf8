//! Both tokens of a session, for the body of a response.

use std::fmt;

use serde::Serialize;

use crate::{
    request::TokenMode,
    token::{MAX_HEADER_TOKEN, MintError, MintedAccess, RefreshToken},
};

/// The tokens of a session for the body of a response in token mode (RFC 6749 §5.1).
///
/// It serialises as `{"access", "refresh", "token_type": "Bearer", "expires_in"}`. They are made
/// only for a login or a refresh that requested token mode and whose credential was not in a
/// cookie.
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use cookiejwt_core::{Core, driver::{CustomClaims, LoginIds, LoginRequest, SessionTerms}, testing};
///
/// let core = Core::new(testing::config().token_mode(true).build().unwrap());
/// let request = http::Request::post("/login").header("cookiejwt-mode", "token");
/// let (head, ()) = request.body(()).unwrap().into_parts();
/// let login = LoginRequest {
///     subject: "42".into(),
///     claims: CustomClaims::default(),
///     terms: SessionTerms::default(),
///     client: Default::default(),
///     mode: core.mode(&head),
///     ids: LoginIds::from_random([7; 16], [8; 32]),
///     replaces: None,
/// };
/// let login = core.login(login, testing::NOW).unwrap();
/// assert_eq!(login.tokens.unwrap().expires_in(), 300);
/// assert!(login.cookies.is_empty());
/// # }
/// ```
#[derive(Clone, Serialize)]
#[must_use = "the client has no tokens until they are sent"]
pub struct Tokens(Box<Content>);

/// Boxed: few responses have one, and every decision has the field.
#[derive(Clone, Serialize)]
struct Content {
    access: String,
    refresh: String,
    token_type: &'static str,
    expires_in: i64,
}

impl Tokens {
    /// The access token, for `Authorization: Bearer`.
    pub fn access(&self) -> &str {
        &self.0.access
    }

    /// The refresh token, for the body of `token/refresh/`.
    pub fn refresh(&self) -> &str {
        &self.0.refresh
    }

    /// Lifetime of the access token in seconds.
    pub fn expires_in(&self) -> i64 {
        self.0.expires_in
    }

    pub(crate) fn new(
        _: TokenMode,
        access: &MintedAccess,
        refresh: &RefreshToken,
        now: i64,
    ) -> Result<Self, MintError> {
        for text in [&access.text, &refresh.text] {
            if text.len() > MAX_HEADER_TOKEN {
                return Err(MintError::TokenTooLong { length: text.len() });
            }
        }
        Ok(Self(Box::new(Content {
            access: access.text.clone(),
            refresh: refresh.text.clone(),
            token_type: "Bearer",
            expires_in: access.token.claims().expires_at.saturating_sub(now),
        })))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("expires_in", &self.0.expires_in).finish_non_exhaustive()
    }
}
