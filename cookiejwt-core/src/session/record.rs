//! The row of a session in the token store, and its revocation.

use crate::session::{
    device_key::DeviceKey,
    ids::{Realm, SessionId, Subject, TokenId},
    timestamp::Timestamp,
};

/// A session: the chain of refresh tokens that started with one login, as one row of the store.
///
/// The row contains no bearer secret: an attacker who reads the database cannot make a token from
/// it. All times are Unix milliseconds.
///
/// A later version may add a column, so a store starts with [`new`](Self::new) and sets the other
/// fields. `cookiejwt_store::conformance` fails for a store that forgets one:
///
/// ```
/// use cookiejwt_core::store::{SessionRecord, Timestamp};
///
/// # struct Row { id: String, realm: String, subject: String, current_jti: String }
/// # impl Row {
/// #     fn millis(&self, _column: &str) -> i64 { 0 }
/// # }
/// fn session(row: Row) -> SessionRecord {
///     let time = |column| Timestamp::from_millis(row.millis(column));
///     let (created_at, expires_at, ends_at) = (time("created_at"), time("expires_at"), time("ends_at"));
///     let (id, realm) = (row.id.into(), row.realm.into());
///     let mut session =
///         SessionRecord::new(id, realm, row.subject.into(), row.current_jti.into(), created_at);
///     session.expires_at = expires_at;
///     session.ends_at = ends_at;
///     // … and every other column
///     session
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionRecord {
    /// The `sid` claim; primary key.
    pub id: SessionId,
    /// The user table that the subject belongs to: the `realm` claim.
    pub realm: Realm,
    /// Whose session it is: the `sub` claim.
    pub subject: Subject,
    /// `jti` of the current refresh token.
    pub current_jti: TokenId,
    /// `jti` of its parent, `None` before the first rotation.
    pub previous_jti: Option<TokenId>,
    /// When the current refresh token was issued; whole seconds.
    pub issued_at: Timestamp,
    /// When the current refresh token, and with it the idle session, ends; whole seconds.
    pub expires_at: Timestamp,
    /// When the current refresh token replaced its parent, `None` before the first rotation.
    pub rotated_at: Option<Timestamp>,
    /// Until when the parent is answered with the current refresh token, and the current one is not
    /// rotated.
    pub settles_at: Timestamp,
    /// When the current refresh token, or an access token that was issued with it, was first
    /// presented; `None` as long as the response that carried them may have been lost.
    pub received_at: Option<Timestamp>,
    /// When the session began.
    pub created_at: Timestamp,
    /// When the user last proved who they are (OIDC `auth_time`).
    pub auth_time: Timestamp,
    /// When the session was last refreshed.
    pub last_seen_at: Timestamp,
    /// The absolute end, never extended (OWASP: absolute timeout); whole seconds.
    pub ends_at: Timestamp,
    /// When and why it was revoked.
    pub revoked: Option<(Timestamp, RevocationReason)>,
    /// Whether the cookies outlive the browser.
    pub remember: bool,
    /// The `User-Agent` of the login, as far as it is printable.
    pub user_agent: Option<String>,
    /// The client's network address at login.
    pub ip: Option<String>,
    /// What is true of the session, as a JSON object of at most 4096 bytes for
    /// [`RowFacts::read`](crate::store::RowFacts::read); `None` if there is nothing to say.
    pub facts: Option<String>,
    /// How often its claims were [renewed](crate::store::ClaimsRenewal); 0 for a new session.
    pub version: i64,
    /// When they were last renewed.
    pub renewed_at: Option<Timestamp>,
    /// The key of the device that the session is bound to. It is set once, by a
    /// [`BindRequest`](crate::store::BindRequest), and never changes.
    pub device: Option<DeviceKey>,
}

impl SessionRecord {
    /// A session that has ended, has never rotated, and was not revoked: every time is
    /// `created_at`, and every other field is `None`, 0 or false.
    ///
    /// A store sets what its row contains. If it forgets one of the ends, the session authenticates
    /// no request.
    pub fn new(
        id: SessionId,
        realm: Realm,
        subject: Subject,
        current_jti: TokenId,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            realm,
            subject,
            current_jti,
            previous_jti: None,
            issued_at: created_at,
            expires_at: created_at,
            rotated_at: None,
            settles_at: created_at,
            received_at: None,
            created_at,
            auth_time: created_at,
            last_seen_at: created_at,
            ends_at: created_at,
            revoked: None,
            remember: false,
            user_agent: None,
            ip: None,
            facts: None,
            version: 0,
            renewed_at: None,
            device: None,
        }
    }

    /// Neither revoked nor past one of its two ends. A session that was
    /// [superseded](RevocationReason::Superseded) does not count, although it still authenticates
    /// for a moment.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.is_before_its_ends(now)
    }

    /// Why the session no longer authenticates, if it does not. Only a
    /// [superseded](RevocationReason::Superseded) session waits for its time: the others ended when
    /// they were revoked, whatever the clock of that node showed.
    pub fn revoked_by(&self, now: Timestamp) -> Option<RevocationReason> {
        self.revoked.filter(|(at, reason)| reason.has_begun(*at, now)).map(|(_, reason)| reason)
    }

    /// Whether neither the idle nor the absolute end has been reached.
    pub fn is_before_its_ends(&self, now: Timestamp) -> bool {
        self.expires_at > now && self.ends_at > now
    }
}

/// Why a session was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RevocationReason {
    /// The user logged out.
    Logout,
    /// The user logged out everywhere, or the application did it for them.
    LogoutEverywhere,
    /// A new session took its place in the same browser. It is refused like the others, but no
    /// cookie is cleared: a late response would delete the new cookies.
    Replaced,
    /// A fresh login or a new password took its place. It still authenticates, without rotating,
    /// until the new session is first presented or a minute has passed: a lost response must not
    /// log out a user who has just proved who they are. No cookie is cleared, as with
    /// [`Replaced`](Self::Replaced).
    Superseded,
    /// A refresh token was presented that had been used up (RFC 9700 §4.14.2).
    Reuse,
    /// The user was deleted or disabled.
    UserInactive,
    /// The user's stamp changed, such as with a new e-mail address.
    UserChanged,
    /// The user needs a second factor that this session does not have.
    SecondFactor,
    /// Another user acted in it, and the session of that user has ended.
    ActorEnded,
    /// A newer login of the same user exceeded the limit of sessions.
    Limit,
    /// The user ended it from the list of their sessions.
    EndedByUser,
    /// The user changed their password in another session.
    PasswordChanged,
    /// An administrator ended it.
    Administrator,
}

impl RevocationReason {
    const ALL: [Self; 13] = [
        Self::Logout,
        Self::LogoutEverywhere,
        Self::Replaced,
        Self::Superseded,
        Self::Reuse,
        Self::UserInactive,
        Self::UserChanged,
        Self::SecondFactor,
        Self::ActorEnded,
        Self::Limit,
        Self::EndedByUser,
        Self::PasswordChanged,
        Self::Administrator,
    ];

    /// The reason as a store keeps it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::LogoutEverywhere => "logout_everywhere",
            Self::Replaced => "replaced",
            Self::Superseded => "superseded",
            Self::Reuse => "reuse",
            Self::UserInactive => "user_inactive",
            Self::UserChanged => "user_changed",
            Self::SecondFactor => "second_factor",
            Self::ActorEnded => "actor_ended",
            Self::Limit => "limit",
            Self::EndedByUser => "ended_by_user",
            Self::PasswordChanged => "password_changed",
            Self::Administrator => "administrator",
        }
    }

    /// Whether a revocation with this reason and time has begun.
    pub fn has_begun(self, at: Timestamp, now: Timestamp) -> bool {
        self != Self::Superseded || at <= now
    }

    /// Whether the cookies of the session are cleared. When another session of the same browser
    /// took its place, a late response would delete the new cookies.
    pub(crate) const fn clears_cookies(self) -> bool {
        !matches!(self, Self::Replaced | Self::Superseded)
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// A session that must be revoked durably, whatever happens to the request.
///
/// A store applies it as ONE statement: a row that is not revoked, or
/// [superseded](RevocationReason::Superseded) with a later `revoked_at`, gets this time and reason.
/// Otherwise the first reason stays.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a revocation that is dropped leaves a stolen session alive"]
#[non_exhaustive]
pub struct Revocation {
    /// The session.
    pub session_id: SessionId,
    /// Why.
    pub reason: RevocationReason,
    /// When the revocation takes effect; later than now only for [`RevocationReason::Superseded`].
    pub at: Timestamp,
}

impl Revocation {
    /// Revokes the session for this reason, from this time on.
    pub fn new(session_id: SessionId, reason: RevocationReason, at: Timestamp) -> Self {
        Self { session_id, reason, at }
    }

    /// Whether it changes this row; for stores that keep rows in memory.
    pub fn matches(&self, row: &SessionRecord) -> bool {
        row.id == self.session_id && is_open(row, self.at)
    }
}

/// Whether a revocation from this time on changes anything.
pub(crate) fn is_open(row: &SessionRecord, at: Timestamp) -> bool {
    row.revoked.is_none_or(|(ends, reason)| reason == RevocationReason::Superseded && ends > at)
}

impl SessionRecord {
    /// Whether revoking every session of a user from this time on changes this row; for stores that
    /// keep rows in memory.
    pub fn is_revoked_with(&self, realm: &Realm, subject: &Subject, at: Timestamp) -> bool {
        self.realm == *realm && self.subject == *subject && is_open(self, at)
    }
}
