//! The table `cookiejwt_sessions`. Times are Unix milliseconds.

#![expect(clippy::exhaustive_enums, clippy::exhaustive_structs, reason = "SeaORM's derive makes them so")]

use cookiejwt_core::store::{RevocationReason, SessionRecord, Timestamp};
use sea_orm::{
    ActiveValue::Set,
    entity::prelude::{
        ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter,
        PrimaryKeyTrait,
    },
};

/// One session; see [`SessionRecord`] for what each column means.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cookiejwt_sessions")]
#[non_exhaustive]
pub struct Model {
    /// The `sid` claim.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The user table that the subject belongs to; empty when there is only one.
    pub realm: String,
    /// The `sub` claim.
    pub subject: String,
    /// `jti` of the current refresh token.
    pub current_jti: String,
    /// `jti` of its parent.
    pub previous_jti: Option<String>,
    /// When the current refresh token was issued.
    pub issued_at: i64,
    /// When it, and with it the idle session, ends.
    pub expires_at: i64,
    /// When it replaced its parent.
    pub rotated_at: Option<i64>,
    /// Until when the parent is accepted, and the current one does not rotate.
    pub settles_at: i64,
    /// When the current refresh token was first presented.
    pub received_at: Option<i64>,
    /// When the session began.
    pub created_at: i64,
    /// When the user last proved who they are.
    pub auth_time: i64,
    /// When the session was last refreshed.
    pub last_seen_at: i64,
    /// The absolute end.
    pub ends_at: i64,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
    /// Why it was revoked.
    pub revoked_reason: Option<String>,
    /// Whether the cookies outlive the browser.
    pub remember: bool,
    /// The `User-Agent` of the login.
    pub user_agent: Option<String>,
    /// The client's network address.
    pub ip: Option<String>,
    /// What is true of the session.
    #[sea_orm(column_type = "Text", nullable)]
    pub facts: Option<String>,
    /// How often its claims were renewed.
    pub version: i64,
    /// When they were last renewed.
    pub renewed_at: Option<i64>,
    /// The key of the device that the session is bound to.
    pub device_key: Option<String>,
}

/// No other table is referred to: the application's user table is its own.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for SessionRecord {
    fn from(row: Model) -> Self {
        let revoked = row.revoked_at.map(|at| {
            let reason = row.revoked_reason.as_deref().and_then(RevocationReason::parse);
            // A reason of a later version is still a revocation.
            (Timestamp::from_millis(at), reason.unwrap_or(RevocationReason::Logout))
        });
        let created_at = Timestamp::from_millis(row.created_at);
        let (realm, subject) = (row.realm.into(), row.subject.into());
        let mut session = Self::new(row.id.into(), realm, subject, row.current_jti.into(), created_at);
        session.previous_jti = row.previous_jti.map(Into::into);
        session.issued_at = Timestamp::from_millis(row.issued_at);
        session.expires_at = Timestamp::from_millis(row.expires_at);
        session.rotated_at = row.rotated_at.map(Timestamp::from_millis);
        session.settles_at = Timestamp::from_millis(row.settles_at);
        session.received_at = row.received_at.map(Timestamp::from_millis);
        session.auth_time = Timestamp::from_millis(row.auth_time);
        session.last_seen_at = Timestamp::from_millis(row.last_seen_at);
        session.ends_at = Timestamp::from_millis(row.ends_at);
        session.revoked = revoked;
        session.remember = row.remember;
        session.user_agent = row.user_agent;
        session.ip = row.ip;
        session.facts = row.facts;
        session.version = row.version;
        session.renewed_at = row.renewed_at.map(Timestamp::from_millis);
        session.device = row.device_key.map(Into::into);
        session
    }
}

impl From<&SessionRecord> for ActiveModel {
    fn from(session: &SessionRecord) -> Self {
        Self {
            id: Set(session.id.as_str().into()),
            realm: Set(session.realm.as_str().into()),
            subject: Set(session.subject.as_str().into()),
            current_jti: Set(session.current_jti.as_str().into()),
            previous_jti: Set(session.previous_jti.as_ref().map(|jti| jti.as_str().into())),
            issued_at: Set(session.issued_at.as_millis()),
            expires_at: Set(session.expires_at.as_millis()),
            rotated_at: Set(session.rotated_at.map(Timestamp::as_millis)),
            settles_at: Set(session.settles_at.as_millis()),
            received_at: Set(session.received_at.map(Timestamp::as_millis)),
            created_at: Set(session.created_at.as_millis()),
            auth_time: Set(session.auth_time.as_millis()),
            last_seen_at: Set(session.last_seen_at.as_millis()),
            ends_at: Set(session.ends_at.as_millis()),
            revoked_at: Set(session.revoked.map(|(at, _)| at.as_millis())),
            revoked_reason: Set(session.revoked.map(|(_, reason)| reason.as_str().into())),
            remember: Set(session.remember),
            user_agent: Set(session.user_agent.clone()),
            ip: Set(session.ip.clone()),
            facts: Set(session.facts.clone()),
            version: Set(session.version),
            renewed_at: Set(session.renewed_at.map(Timestamp::as_millis)),
            device_key: Set(session.device.as_ref().map(|key| key.as_str().into())),
        }
    }
}
