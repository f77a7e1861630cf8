//! The list of a user's sessions, and ending them.

use cookiejwt_core::{
    CredentialSource, Identity, Problem, SessionId, Subject,
    driver::SetCookies,
    store::{RevocationReason, RowFacts, SessionRecord},
};
use serde::{Serialize, Serializer};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::part::Sessions;
use crate::errors::StoreError;

/// A living session as its user sees it, to recognise their devices (OWASP ASVS 7.5.2).
///
/// Serialises as on the wire of `GET sessions/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(as = CookiejwtSession, description = "A session of the user that can still be used.")
)]
#[non_exhaustive]
pub struct SessionInfo {
    /// What [`end_session`](crate::Authenticator::end_session) takes.
    #[serde(serialize_with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: SessionId,
    /// When it began.
    #[serde(serialize_with = "as_rfc3339")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: OffsetDateTime,
    /// When it was last refreshed; an access token that is still good leaves no trace.
    #[serde(serialize_with = "as_rfc3339")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub last_seen_at: OffsetDateTime,
    /// The `User-Agent` of the login.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub user_agent: Option<String>,
    /// The client's network address at login.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub ip: Option<String>,
    /// How the user proved who they are, the oldest proof first (RFC 8176); empty if no method was
    /// named.
    pub methods: Vec<String>,
    /// Who acts for the user in this session: their `sub`.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub acted_by: Option<String>,
    /// Whether it is bound to a device: its refresh token alone renews nothing.
    pub device_bound: bool,
    /// Whether it is the one that asks; never in a list for an administrator.
    pub current: bool,
}

impl SessionInfo {
    fn new(row: SessionRecord, present: Option<&SessionId>) -> Self {
        let RowFacts { methods, acted_by, .. } = RowFacts::read(row.facts.as_deref());
        Self {
            methods,
            acted_by: acted_by.map(|subject| subject.as_str().to_owned()),
            device_bound: row.device.is_some(),
            current: present == Some(&row.id),
            id: row.id,
            created_at: row.created_at.to_datetime(),
            last_seen_at: row.last_seen_at.to_datetime(),
            user_agent: row.user_agent,
            ip: row.ip,
        }
    }
}

impl Sessions {
    /// The living sessions of this identity's user, the newest first.
    pub(crate) async fn list(&self, who: &Identity) -> Result<Vec<SessionInfo>, StoreError> {
        let rows = self.living(who.subject()).await?;
        Ok(rows.into_iter().map(|row| SessionInfo::new(row, Some(who.session_id()))).collect())
    }

    /// The living sessions of a user, the newest first, for an administrator.
    pub(crate) async fn list_of(&self, subject: &Subject) -> Result<Vec<SessionInfo>, StoreError> {
        let rows = self.living(subject).await?;
        Ok(rows.into_iter().map(|row| SessionInfo::new(row, None)).collect())
    }

    /// Ends one session of this identity's user; `None` when they have no such session.
    pub(crate) async fn end_session(
        &self,
        who: &Identity,
        id: &SessionId,
    ) -> Result<Option<SetCookies>, Problem> {
        self.require_no_actor(who).map_err(|error| error.problem())?;
        if !self.end_session_of(who.subject(), id, RevocationReason::EndedByUser).await? {
            return Ok(None);
        }
        let clears = id == who.session_id() && who.source() == CredentialSource::Cookie;
        Ok(Some(if clears { self.0.keys.core().logout_cookies() } else { SetCookies::default() }))
    }

    /// Ends one session of a user; false when they have no such session.
    pub(crate) async fn end_session_of(
        &self,
        subject: &Subject,
        id: &SessionId,
        reason: RevocationReason,
    ) -> Result<bool, StoreError> {
        let row = self.0.tokens.find(id).await?;
        let is_theirs =
            row.is_some_and(|row| row.subject == *subject && row.realm == *self.0.keys.config().realm());
        if is_theirs {
            self.revoke_session(id.clone(), reason).await?;
        }
        Ok(is_theirs)
    }

    /// Ends every session of this identity's user but the present one; how many there were.
    pub(crate) async fn end_other_sessions(&self, who: &Identity) -> Result<u64, Problem> {
        self.require_no_actor(who).map_err(|error| error.problem())?;
        let mut others = self.living_sessions(who.subject()).await?;
        others.retain(|id| id != who.session_id());
        Ok(self.revoke_sessions(others, RevocationReason::EndedByUser).await?)
    }

    pub(super) async fn living_sessions(&self, subject: &Subject) -> Result<Vec<SessionId>, StoreError> {
        Ok(self.living(subject).await?.into_iter().map(|row| row.id).collect())
    }

    pub(super) async fn living(&self, subject: &Subject) -> Result<Vec<SessionRecord>, StoreError> {
        let (realm, now) = (self.0.keys.config().realm(), self.0.runtime.timestamp());
        self.0.tokens.bounded().sessions_of(realm, subject, now).await
    }
}

fn as_text<S: Serializer>(id: &SessionId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(id.as_str())
}

fn as_rfc3339<S: Serializer>(time: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*time))
}

/// In whole seconds.
pub(crate) fn rfc3339(time: OffsetDateTime) -> String {
    let time = time.replace_nanosecond(0).unwrap_or(time);
    // Times of tokens lie between 1970 and 9999, all of which RFC 3339 can express.
    time.format(&Rfc3339).unwrap_or_default()
}
