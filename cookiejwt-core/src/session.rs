use crate::{SessionId, Subject, Timestamp, TokenId};

/// A session: the chain of refresh tokens that started with one login, as one row of the store.
///
/// The row holds no bearer secret: whoever reads the database cannot make a token from it. All times are Unix
/// milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// The `sid` claim; primary key.
    pub id: SessionId,
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
    /// When the session began.
    pub created_at: Timestamp,
    /// When the user last proved who he is (OIDC `auth_time`).
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
}

impl SessionRecord {
    /// Neither revoked nor past one of its two ends.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.expires_at > now && self.ends_at > now
    }
}

/// Why a session was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RevocationReason {
    /// The user logged out.
    Logout,
    /// The user logged out everywhere, or the application did it for him.
    LogoutEverywhere,
    /// A new login, a fresh login or a change of the password took its place. Refused like the others, but no cookie is
    /// cleared: a late answer would delete the new ones.
    Replaced,
    /// A refresh token was presented that had been used up (RFC 9700 §4.14.2).
    Reuse,
    /// The user is gone or disabled.
    UserInactive,
    /// A newer login of the same user went over the limit of sessions.
    Limit,
    /// The user ended it from the list of his sessions.
    EndedByUser,
    /// The user changed his password in another session.
    PasswordChanged,
}

impl RevocationReason {
    const ALL: [Self; 8] = [
        Self::Logout,
        Self::LogoutEverywhere,
        Self::Replaced,
        Self::Reuse,
        Self::UserInactive,
        Self::Limit,
        Self::EndedByUser,
        Self::PasswordChanged,
    ];

    /// The reason as a store keeps it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::LogoutEverywhere => "logout_everywhere",
            Self::Replaced => "replaced",
            Self::Reuse => "reuse",
            Self::UserInactive => "user_inactive",
            Self::Limit => "limit",
            Self::EndedByUser => "ended_by_user",
            Self::PasswordChanged => "password_changed",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// One conditional change of a session's row: the current refresh token makes room for the next.
///
/// A store applies it as ONE statement and reports what happened; what a refused change means is decided in the
/// core. The condition, in full:
/// `id = session_id AND current_jti = presented AND revoked_at IS NULL AND
/// (rotated_at IS NULL OR rotated_at <= rotated_before) AND expires_at > now AND ends_at > now`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RotationRequest {
    /// The row.
    pub session_id: SessionId,
    /// Must still be the row's `current_jti`; becomes its `previous_jti`.
    pub presented: TokenId,
    /// Becomes `current_jti`.
    pub next: TokenId,
    /// Becomes `issued_at`.
    pub issued_at: Timestamp,
    /// Becomes `expires_at`.
    pub expires_at: Timestamp,
    /// Becomes `rotated_at` and `last_seen_at`.
    pub now: Timestamp,
    /// `now - reuse_leeway`: a session rotates at most once per leeway.
    pub rotated_before: Timestamp,
}

impl RotationRequest {
    /// Whether the row meets the condition; for stores that hold rows in memory.
    pub fn matches(&self, row: &SessionRecord) -> bool {
        row.id == self.session_id
            && row.current_jti == self.presented
            && row.is_alive(self.now)
            && row.rotated_at.is_none_or(|at| at <= self.rotated_before)
    }

    /// Changes a row that [`matches`](Self::matches); for stores that hold rows in memory.
    pub fn apply(&self, row: &mut SessionRecord) {
        row.previous_jti = Some(std::mem::replace(&mut row.current_jti, self.next.clone()));
        row.issued_at = self.issued_at;
        row.expires_at = self.expires_at;
        row.rotated_at = Some(self.now);
        row.last_seen_at = self.now;
    }
}

/// What the store saw when it tried to rotate: facts, no verdict.
#[derive(Clone, Debug)]
pub enum RotationOutcome {
    /// Exactly one row met the condition and was changed.
    Rotated,
    /// No row met the condition; the row as a fresh read found it.
    Unmatched(Option<Box<SessionRecord>>),
}

/// A session that must be revoked, durably, whatever becomes of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a revocation that is dropped leaves a stolen session alive"]
pub struct Revocation {
    /// The session.
    pub session_id: SessionId,
    /// Why.
    pub reason: RevocationReason,
    /// When.
    pub at: Timestamp,
}
