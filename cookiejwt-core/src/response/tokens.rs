//! Both tokens of a session on their way out.

use std::fmt;

use serde::Serialize;
use time::OffsetDateTime;

use crate::{
    decide::{Core, Identity, MintedAccess, RefreshToken},
    request::{Carrier, TokenMode},
    response::set_cookie::SetCookies,
    token::{MAX_HEADER_TOKEN, MintError},
};

/// The tokens of a session for the body of an answer in token mode (RFC 6749 §5.1).
///
/// It serialises as `{"access", "refresh", "token_type": "Bearer", "expires_in"}`. Made only for a login or a refresh
/// that asked for token mode and whose credential came in no cookie.
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use cookiejwt_core::{Core, CustomClaims, LoginIds, LoginRequest, testing};
///
/// let core = Core::new(testing::config().token_mode(true).build().unwrap());
/// let request = http::Request::post("/login").header("cookiejwt-mode", "token");
/// let (head, ()) = request.body(()).unwrap().into_parts();
/// let login = LoginRequest {
///     subject: "42".into(),
///     claims: CustomClaims::default(),
///     remember: true,
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
#[must_use = "nobody has the tokens until they are sent"]
pub struct Tokens(Box<Content>);

/// Boxed: few answers have one, and every decision carries the place for it around.
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

    /// Life of the access token in seconds.
    pub fn expires_in(&self) -> i64 {
        self.0.expires_in
    }

    fn new(_: TokenMode, access: &MintedAccess, refresh: &RefreshToken, now: i64) -> Result<Self, MintError> {
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

/// Both tokens as they leave: cookies, or tokens for a body, never both.
pub(crate) struct Issued {
    pub(crate) identity: Identity,
    pub(crate) cookies: SetCookies,
    pub(crate) tokens: Option<Tokens>,
    pub(crate) refresh_expires_at: OffsetDateTime,
}

impl Core {
    /// What leaves at `now` in seconds, the way that the credential came.
    pub(crate) fn issue(
        &self,
        carrier: &Carrier,
        access: MintedAccess,
        refresh: &RefreshToken,
        now: i64,
    ) -> Result<Issued, MintError> {
        let (cookies, tokens) = self.pack(carrier, &access, refresh, now)?;
        let identity = match carrier {
            Carrier::Cookie(cleared) => Identity::from_cookie(access.token, cleared),
            Carrier::Body(_) => Identity::from_header(access.token),
        };
        let ends_at = OffsetDateTime::from_unix_timestamp(refresh.claims.expires_at);
        let refresh_expires_at = ends_at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Ok(Issued { identity, cookies, tokens, refresh_expires_at })
    }

    /// Their size is part of what can fail, so it is tried before the store is asked.
    pub(crate) fn pack(
        &self,
        carrier: &Carrier,
        access: &MintedAccess,
        refresh: &RefreshToken,
        now: i64,
    ) -> Result<(SetCookies, Option<Tokens>), MintError> {
        match carrier {
            Carrier::Cookie(_) => Ok((self.pair(access, refresh, now)?, None)),
            Carrier::Body(mode) => {
                Ok((SetCookies::default(), Some(Tokens::new(*mode, access, refresh, now)?)))
            }
        }
    }
}
