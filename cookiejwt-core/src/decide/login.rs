//! Login: the tokens and the row of a new session.

use time::OffsetDateTime;

use crate::{
    decide::{carrier::Carrier, facade::Core, identity::Identity, issue::Issued},
    request::{Mode, RequestHead},
    response::{SetCookies, Tokens},
    session::{LoginIds, SessionChange, SessionId, SessionRecord, Subject, Timestamp},
    token::{AccessClaims, CustomClaims, MintError, RefreshClaims},
};

const MAX_USER_AGENT: usize = 255;

/// Where a login comes from, for the list of sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "drivers construct it")]
pub struct ClientInfo {
    /// `User-Agent`, cut to 255 printable characters.
    pub user_agent: Option<String>,
    /// The network address of the client.
    pub ip: Option<String>,
}

impl ClientInfo {
    /// Reads the `User-Agent`; control characters become spaces, so that no log line can be forged
    /// with them.
    pub fn from_head<'a>(head: impl Into<RequestHead<'a>>, ip: Option<String>) -> Self {
        let user_agent = head.into().text(&http::header::USER_AGENT).map(|text| {
            text.chars().take(MAX_USER_AGENT).map(|c| if c.is_control() { ' ' } else { c }).collect()
        });
        Self { user_agent, ip }
    }
}

/// Everything that a new session needs. Whether the user may log in was decided before.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "drivers construct it")]
pub struct LoginRequest {
    /// The user who logs in.
    pub subject: Subject,
    /// What the access token contains in addition to the registered claims.
    pub claims: CustomClaims,
    /// Whether the cookies outlive the browser.
    pub remember: bool,
    /// Where the login comes from.
    pub client: ClientInfo,
    /// How the tokens are sent.
    pub mode: Mode,
    /// New random ids.
    pub ids: LoginIds,
    /// The session that a fresh login or a new password supersedes, which ends when the new one is
    /// first presented.
    pub replaces: Option<SessionId>,
}

/// A new session, not yet stored: store the record first, then send the cookies, or in token mode
/// the tokens.
#[derive(Clone, Debug)]
#[must_use]
#[non_exhaustive]
pub struct Login {
    /// The row to insert.
    pub record: SessionRecord,
    /// The user who is logged in now.
    pub identity: Identity,
    /// The cookies to send; none in token mode.
    pub cookies: SetCookies,
    /// The tokens for the body of the response; only in token mode.
    pub tokens: Option<Tokens>,
    /// When the refresh token ends.
    pub refresh_expires_at: OffsetDateTime,
}

impl Core {
    /// Begins a session: a new `sid` each time, whatever the request contains (session fixation,
    /// OWASP ASVS 7.2.4).
    pub fn login(&self, request: LoginRequest, now: impl Into<Timestamp>) -> Result<Login, MintError> {
        let LoginRequest { subject, claims: custom, remember, client, mode, ids, replaces } = request;
        if subject.as_str().is_empty() || subject.as_str().len() > Subject::MAX_LENGTH {
            return Err(MintError::Subject);
        }
        let now = now.into();
        let (seconds, ages) = (now.as_seconds(), self.config().ages);
        let ends_at = seconds.saturating_add(ages.session);
        let access = AccessClaims {
            subject: subject.clone(),
            session_id: ids.session.clone(),
            token_id: ids.access,
            issued_at: seconds,
            not_before: seconds,
            expires_at: seconds.saturating_add(ages.access).min(ends_at),
            auth_time: Some(seconds),
            refresh_jti: None,
            replaces,
        };
        let refresh = RefreshClaims {
            subject,
            session_id: ids.session,
            token_id: ids.refresh,
            issued_at: seconds,
            expires_at: seconds.saturating_add(ages.refresh).min(ends_at),
            auth_time: seconds,
            session_ends_at: ends_at,
            remember,
        };
        let record = self.record(&refresh, client, now);
        let access = self.parts().access.mint(access, &custom)?;
        let refresh = self.parts().refresh.mint(refresh)?;
        let issued = self.issue(&Carrier::of_login(mode), access, &refresh, seconds)?;
        let Issued { identity, cookies, tokens, refresh_expires_at } = issued;
        let cookies = cookies.changing(self.session_begins(mode, &record));
        Ok(Login { record, identity, cookies, tokens, refresh_expires_at })
    }

    /// It has settled from the start, so that its first rotation does not wait.
    fn record(&self, refresh: &RefreshClaims, client: ClientInfo, now: Timestamp) -> SessionRecord {
        SessionRecord {
            id: refresh.session_id.clone(),
            realm: self.config().realm().clone(),
            subject: refresh.subject.clone(),
            current_jti: refresh.token_id.clone(),
            previous_jti: None,
            issued_at: Timestamp::from_seconds(refresh.issued_at),
            expires_at: Timestamp::from_seconds(refresh.expires_at),
            rotated_at: None,
            settles_at: now.plus_millis(-1),
            received_at: None,
            created_at: now,
            auth_time: Timestamp::from_seconds(refresh.auth_time),
            last_seen_at: now,
            ends_at: Timestamp::from_seconds(refresh.session_ends_at),
            revoked: None,
            remember: refresh.remember,
            user_agent: client.user_agent,
            ip: client.ip,
        }
    }

    /// A client in token mode has no cookies, so it has no framework session.
    fn session_begins(&self, mode: Mode, record: &SessionRecord) -> Option<SessionChange> {
        let follows = self.config().set_session_cookie && mode == Mode::Cookie;
        follows.then(|| SessionChange::Begins { subject: record.subject.clone(), session: record.id.clone() })
    }
}

#[cfg(test)]
mod tests;
