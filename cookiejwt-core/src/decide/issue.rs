//! Both tokens of a session on their way to the client.

use time::OffsetDateTime;

use crate::{
    decide::{carrier::Carrier, facade::Core, identity::Identity},
    response::{SetCookies, Tokens},
    token::{MintError, MintedAccess, RefreshToken},
};

/// Both tokens as they are sent: cookies, or tokens for a body, never both.
pub(super) struct Issued {
    pub(super) identity: Identity,
    pub(super) cookies: SetCookies,
    pub(super) tokens: Option<Tokens>,
    pub(super) refresh_expires_at: OffsetDateTime,
}

impl Core {
    /// What is sent at `now` in seconds, in the way that the credential was sent.
    ///
    /// The size of cookies and tokens is part of what can fail, so a refresh issues them before the
    /// store is asked.
    pub(super) fn issue(
        &self,
        carrier: &Carrier,
        access: MintedAccess,
        refresh: &RefreshToken,
        now: i64,
    ) -> Result<Issued, MintError> {
        let (identity, cookies, tokens) = match carrier {
            Carrier::Cookie(cleared) | Carrier::Device { cleared, .. } => {
                let cookies = self.parts().cookies.pair(&access, refresh, now)?;
                (Identity::from_cookie(access.token, cleared), cookies, None)
            }
            Carrier::Body(mode) => {
                let tokens = Tokens::new(*mode, &access, refresh, now)?;
                (Identity::from_header(access.token), SetCookies::default(), Some(tokens))
            }
        };
        let ends_at = OffsetDateTime::from_unix_timestamp(refresh.claims.expires_at);
        let refresh_expires_at = ends_at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Ok(Issued { identity, cookies, tokens, refresh_expires_at })
    }
}
