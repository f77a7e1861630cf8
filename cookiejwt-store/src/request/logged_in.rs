//! The response of a login.

use cookiejwt_core::{Identity, SessionId};
use serde::Serialize;
use time::OffsetDateTime;

use super::{cookies::Cookies, reply::Reply};
use crate::sessions::rfc3339;

/// A custom login that is not sent yet. As a response it is that of `POST token/`; its cookies can
/// also be sent with another response.
///
/// If it is dropped, the new session is revoked and the sessions of the request continue.
#[derive(Debug)]
#[must_use = "the user is not logged in until this is sent"]
pub struct LoggedIn {
    cookies: Cookies,
    identity: Identity,
    refresh_expires_at: OffsetDateTime,
}

impl LoggedIn {
    pub(super) fn new(cookies: Cookies, identity: Identity, refresh_expires_at: OffsetDateTime) -> Self {
        Self { cookies, identity, refresh_expires_at }
    }

    /// The user who is logged in now.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The new session.
    pub fn session_id(&self) -> &SessionId {
        self.identity.session_id()
    }

    /// The body of `POST token/` in cookie mode, as a response without the cookies.
    pub fn body(&self) -> Reply {
        session_reply(&self.identity, Some(self.refresh_expires_at))
    }

    /// What is sent with a response.
    pub fn into_cookies(self) -> Cookies {
        self.cookies
    }
}

/// Who is logged in, and until when. The tokens are in the cookies.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CookiejwtLogin))]
pub(crate) struct SessionBody<'a> {
    /// The `sub` claim.
    user_id: &'a str,
    /// The `sid` claim.
    session_id: &'a str,
    /// When the access token ends; it is renewed automatically.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    access_expires_at: String,
    /// When the session ends, unless it is used before.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    refresh_expires_at: Option<String>,
}

/// The response to a login and to a refresh in cookie mode, without the cookies.
pub(crate) fn session_reply(identity: &Identity, refresh_expires_at: Option<OffsetDateTime>) -> Reply {
    Reply::json(&SessionBody {
        user_id: identity.subject().as_str(),
        session_id: identity.session_id().as_str(),
        access_expires_at: rfc3339(identity.expires_at()),
        refresh_expires_at: refresh_expires_at.map(rfc3339),
    })
}
