//! The list of a user's sessions, and what he can do with it.

use cookiejwt_core::{
    CredentialSource, Identity, RevocationReason, SessionId, SessionRecord, SetCookies, Subject,
};
use serde::{Serialize, Serializer};
use time::OffsetDateTime;

use crate::{api::rfc3339, authenticator::Authenticator, errors::StoreError, runtime::patiently};

/// A living session as its owner sees it, for him to recognise his devices (OWASP ASVS 7.5.2).
///
/// Serialises as on the wire of `GET sessions/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(as = CookiejwtSession, description = "A session of the user that can still be used.")
)]
pub struct SessionInfo {
    /// What [`end_session`](Authenticator::end_session) takes.
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
    /// Whether it is the one that asks.
    pub current: bool,
}

impl SessionInfo {
    fn new(row: SessionRecord, who: &Identity) -> Self {
        Self {
            current: row.id == *who.session_id(),
            id: row.id,
            created_at: row.created_at.to_datetime(),
            last_seen_at: row.last_seen_at.to_datetime(),
            user_agent: row.user_agent,
            ip: row.ip,
        }
    }
}

impl Authenticator {
    /// The living sessions of this identity's user, the newest first.
    pub async fn sessions(&self, who: &Identity) -> Result<Vec<SessionInfo>, StoreError> {
        let rows = self.living(who.subject()).await?;
        Ok(rows.into_iter().map(|row| SessionInfo::new(row, who)).collect())
    }

    /// Ends one session of this identity's user; `None` when he has no such session. One that had ended before counts as
    /// ended.
    ///
    /// The lines clear both cookies when it was the present session and a cookie carried it; else there are none.
    pub async fn end_session(
        &self,
        who: &Identity,
        id: &SessionId,
    ) -> Result<Option<SetCookies>, StoreError> {
        let row = self.told("find", self.0.tokens.find(id).await)?;
        if row.is_none_or(|row| row.subject != *who.subject() || row.realm != *self.config().realm()) {
            return Ok(None);
        }
        self.revoke_session(id.clone(), RevocationReason::EndedByUser).await?;
        let clears = id == who.session_id() && who.source() == CredentialSource::Cookie;
        Ok(Some(if clears { self.0.core.load().logout_cookies() } else { SetCookies::default() }))
    }

    /// Ends every session of this identity's user but the present one; how many there were.
    pub async fn end_other_sessions(&self, who: &Identity) -> Result<u64, StoreError> {
        let mut others = self.living_sessions(who.subject()).await?;
        others.retain(|id| id != who.session_id());
        self.revoke_sessions(others, RevocationReason::EndedByUser).await
    }

    pub(crate) async fn living_sessions(&self, subject: &Subject) -> Result<Vec<SessionId>, StoreError> {
        Ok(self.living(subject).await?.into_iter().map(|row| row.id).collect())
    }

    async fn living(&self, subject: &Subject) -> Result<Vec<SessionRecord>, StoreError> {
        let living =
            patiently(self.0.tokens.sessions_of(self.config().realm(), subject, self.timestamp())).await;
        self.told("sessions_of", living)
    }
}

fn as_text<S: Serializer>(id: &SessionId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(id.as_str())
}

fn as_rfc3339<S: Serializer>(time: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*time))
}
