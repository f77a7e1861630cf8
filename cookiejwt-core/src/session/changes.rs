//! The conditional changes of a living session's row: each is ONE statement, and its condition
//! decides who wins.
//!
//! Each requires `revoked_at IS NULL`, and none moves `settles_at` back. The row letters are those
//! of [`rules`](crate::rules).

use crate::session::{
    device_key::DeviceKey,
    ids::{Realm, SessionId, TokenId},
    record::SessionRecord,
    timestamp::Timestamp,
};

/// Replaces the current refresh token with the next one.
///
/// A store applies it as ONE statement and reports what happened. The core decides what a refused
/// change means. The condition, in full: `id = session_id AND realm = realm AND current_jti =
/// presented AND revoked_at IS NULL AND expires_at > now AND ends_at > now`, and without a
/// [`device`](Self::device) `AND device_key IS NULL AND settles_at < now AND (received_at IS NOT
/// NULL OR previous_jti IS NULL OR settles_at < orphaned_before)`, with one `AND device_key = key
/// AND (rotated_at IS NULL OR rotated_at < challenged_at)`. It sets `received_at` to NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RotationRequest {
    /// The row.
    pub session_id: SessionId,
    /// Must be the row's.
    pub realm: Realm,
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
    /// Becomes `settles_at`: `now + reuse_leeway`.
    pub settles_at: Timestamp,
    /// `now - reuse_leeway`: a successor that was never presented waits one leeway longer before it
    /// rotates. A device has proved itself whatever arrived, so with a [`device`](Self::device) it
    /// is not compared.
    pub orphaned_before: Timestamp,
    /// The device that has proved itself. Without one, a row that is bound to a device does not
    /// match: its refresh token alone renews nothing.
    pub device: Option<ProvedDevice>,
}

/// A device that has signed a challenge of this library.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "both are part of the condition")]
pub struct ProvedDevice {
    /// Must be the row's `device_key`.
    pub key: DeviceKey,
    /// When the challenge was issued. The row must not have rotated since, so that each challenge
    /// rotates once.
    pub challenged_at: Timestamp,
}

impl ProvedDevice {
    /// Whether the row is bound to it.
    pub(crate) fn is_of(&self, row: &SessionRecord) -> bool {
        row.device.as_ref() == Some(&self.key)
    }

    /// Until when a request whose challenge has been used counts as one that is sent again.
    pub(crate) fn repeats_until(&self, row: &SessionRecord, leeway_millis: i64) -> Option<Timestamp> {
        let used_at = row.rotated_at.filter(|at| *at >= self.challenged_at);
        used_at.map(|at| at.plus_millis(leeway_millis))
    }

    /// Whether the row has not rotated since the challenge was issued.
    pub(crate) fn is_unused(&self, row: &SessionRecord) -> bool {
        row.rotated_at.is_none_or(|at| at < self.challenged_at)
    }
}

impl RotationRequest {
    /// Whether the row meets the condition; for stores that keep rows in memory.
    pub fn matches(&self, row: &SessionRecord) -> bool {
        row.id == self.session_id
            && row.realm == self.realm
            && row.current_jti == self.presented
            && row.is_alive(self.now)
            && row.device.as_ref() == self.device.as_ref().map(|device| &device.key)
            && self.is_due(row)
    }

    /// The conditions on time.
    pub(crate) fn is_due(&self, row: &SessionRecord) -> bool {
        match &self.device {
            // Each challenge rotates once, however soon: only the device renews this session.
            Some(device) => device.is_unused(row),
            None => {
                row.settles_at < self.now
                    && (row.received_at.is_some()
                        || row.previous_jti.is_none()
                        || row.settles_at < self.orphaned_before)
            }
        }
    }

    /// Changes a row that [`matches`](Self::matches); for stores that keep rows in memory.
    pub fn apply(&self, row: &mut SessionRecord) {
        row.previous_jti = Some(std::mem::replace(&mut row.current_jti, self.next.clone()));
        row.issued_at = self.issued_at;
        row.expires_at = self.expires_at;
        row.rotated_at = Some(self.now);
        row.last_seen_at = self.now;
        row.settles_at = self.settles_at;
        row.received_at = None;
    }
}

/// The parent was presented late and its successor never was, so the successor is sent once more
/// ([row o'](crate::rules#late-answers), 1).
///
/// The condition, in full: `id = session_id AND realm = realm AND current_jti = current AND
/// previous_jti = presented AND received_at IS NULL AND device_key IS NULL AND revoked_at IS NULL
/// AND expires_at > now AND ends_at > now`. It sets `settles_at` to the greater of itself and
/// [`settles_at`](Self::settles_at), and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnswerLateRequest {
    /// The row.
    pub session_id: SessionId,
    /// Must be the row's.
    pub realm: Realm,
    /// Must still be the row's `current_jti`.
    pub current: TokenId,
    /// Must still be the row's `previous_jti`.
    pub presented: TokenId,
    /// The present time.
    pub now: Timestamp,
    /// `now + reuse_leeway`.
    pub settles_at: Timestamp,
}

impl AnswerLateRequest {
    /// Whether the row meets the condition; for stores that keep rows in memory.
    pub fn matches(&self, row: &SessionRecord) -> bool {
        row.id == self.session_id
            && row.realm == self.realm
            && row.current_jti == self.current
            && row.previous_jti.as_ref() == Some(&self.presented)
            && row.received_at.is_none()
            && row.device.is_none()
            && row.is_alive(self.now)
    }

    /// Changes a row that [`matches`](Self::matches); for stores that keep rows in memory.
    pub fn apply(&self, row: &mut SessionRecord) {
        row.settles_at = row.settles_at.max(self.settles_at);
    }
}

/// The parent was presented very late and its successor never was, so the successor is replaced
/// ([row o'](crate::rules#late-answers), 2). If the replaced token is presented afterwards, two
/// clients hold tokens of the session.
///
/// The condition, in full: that of [`AnswerLateRequest`] `AND settles_at < settled_before AND
/// rotated_at < rotated_before`. It sets `current_jti = next`, `rotated_at = now` and `settles_at`;
/// `issued_at`, `expires_at` and `previous_jti` stay.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplaceRequest {
    /// The row, and what must be true of it as for a late answer.
    pub late: AnswerLateRequest,
    /// Becomes `current_jti`.
    pub next: TokenId,
    /// `now - reuse_leeway`.
    pub settled_before: Timestamp,
    /// `now` less the life of an access token.
    pub rotated_before: Timestamp,
}

impl ReplaceRequest {
    /// Whether the row meets the condition; for stores that keep rows in memory.
    pub fn matches(&self, row: &SessionRecord) -> bool {
        self.late.matches(row) && self.is_due(row)
    }

    /// The two conditions on time.
    pub(crate) fn is_due(&self, row: &SessionRecord) -> bool {
        row.settles_at < self.settled_before && row.rotated_at.is_some_and(|at| at < self.rotated_before)
    }

    /// Changes a row that [`matches`](Self::matches); for stores that keep rows in memory.
    pub fn apply(&self, row: &mut SessionRecord) {
        row.current_jti = self.next.clone();
        row.rotated_at = Some(self.late.now);
        row.settles_at = self.late.settles_at;
    }
}

/// A response that carries a refresh token is sent late, so the parent is accepted for a while
/// longer.
///
/// The condition, in full: `id = session_id AND current_jti = current AND received_at IS NULL AND
/// previous_jti IS NOT NULL AND revoked_at IS NULL AND rotated_at >= rotated_after`. It sets
/// `settles_at` to the greater of itself and [`settles_at`](Self::settles_at).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettleRequest {
    /// The row.
    pub session_id: SessionId,
    /// Must still be the row's `current_jti`: the refresh token that the answer carries.
    pub current: TokenId,
    /// `now + reuse_leeway`.
    pub settles_at: Timestamp,
    /// `now` less the life of an access token.
    pub rotated_after: Timestamp,
}

impl SettleRequest {
    /// Whether the row meets the condition; for stores that keep rows in memory.
    pub fn matches(&self, row: &SessionRecord) -> bool {
        row.id == self.session_id
            && row.current_jti == self.current
            && row.received_at.is_none()
            && row.previous_jti.is_some()
            && row.revoked.is_none()
            && row.rotated_at.is_some_and(|at| at >= self.rotated_after)
    }

    /// Changes a row that [`matches`](Self::matches); for stores that keep rows in memory.
    pub fn apply(&self, row: &mut SessionRecord) {
        row.settles_at = row.settles_at.max(self.settles_at);
    }
}

/// The current refresh token of a session that has rotated, or an access token that was issued with
/// it, was presented: from now on the parent is used up.
///
/// The condition, in full: `id = session_id AND current_jti = refresh_jti AND received_at IS NULL
/// AND previous_jti IS NOT NULL AND revoked_at IS NULL`. It sets `received_at = now`, and
/// `settles_at` to the greater of itself and `settles_at`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Receipt {
    /// The session.
    pub session_id: SessionId,
    /// The refresh token that was received.
    pub refresh_jti: TokenId,
}

impl Receipt {
    /// This refresh token of the session was received.
    pub fn new(session_id: SessionId, refresh_jti: TokenId) -> Self {
        Self { session_id, refresh_jti }
    }

    /// Whether the row meets the condition; for stores that keep rows in memory.
    pub fn matches(&self, row: &SessionRecord) -> bool {
        row.id == self.session_id
            && row.current_jti == self.refresh_jti
            && row.received_at.is_none()
            && row.previous_jti.is_some()
            && row.revoked.is_none()
    }

    /// Changes a row that [`matches`](Self::matches); for stores that keep rows in memory.
    pub fn apply(&self, row: &mut SessionRecord, now: Timestamp, settles_at: Timestamp) {
        row.received_at = Some(now);
        row.settles_at = row.settles_at.max(settles_at);
    }
}

/// What the store saw when it tried to rotate: facts, not a verdict.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a row matched or it did not")]
pub enum RotationOutcome {
    /// Exactly one row met the condition and was changed.
    Rotated,
    /// No row met the condition; the row as a new read found it.
    Unmatched(Option<Box<SessionRecord>>),
}

/// What the store saw when it tried another change of one row: facts, not a verdict.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a row matched or it did not")]
pub enum ChangeOutcome {
    /// Exactly one row met the condition and was changed.
    Changed,
    /// No row met the condition; the row as a new read found it.
    Unmatched(Option<Box<SessionRecord>>),
}
