//! When and why a session ends.

use crate::session::{
    ids::SessionId,
    record::{RevocationReason, SessionRecord},
    timestamp::Timestamp,
};

/// Why a session has ended.
///
/// [`Problem::from`](crate::Problem) is the refusal that the next request of the session gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// It was revoked.
    Revoked(RevocationReason),
    /// It has reached its idle or its absolute end, or its row is gone, which is deleted after
    /// that.
    Expired,
    /// The access token is not accepted any more, which is all that a service that only verifies
    /// has: it has expired, or the claims of the session were renewed.
    TokenExpired,
    /// A service that only verifies has not been told of revocations for so long that it accepts no
    /// one any more.
    Unknown,
}

impl EndReason {
    /// The reason as a word for logs: `expired`, `token_expired`, `unknown`, or that of the
    /// revocation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked(reason) => reason.as_str(),
            Self::Expired => "expired",
            Self::TokenExpired => "token_expired",
            Self::Unknown => "unknown",
        }
    }
}

/// What decides whether a session has ended: four columns of its row.
///
/// ```
/// use cookiejwt_core::store::{EndReason, RevocationReason, SessionEnds, Timestamp};
///
/// let at = Timestamp::from_seconds;
/// let mut ends = SessionEnds::new("a".into(), at(100), at(200));
/// assert_eq!(ends.reason(at(99)), None);
/// assert_eq!(ends.reason(at(100)), Some(EndReason::Expired));
/// ends.revoked = Some((at(50), RevocationReason::Logout));
/// assert_eq!(ends.reason(at(99)), Some(EndReason::Revoked(RevocationReason::Logout)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionEnds {
    /// The session.
    pub id: SessionId,
    /// When the idle session ends, unless it is refreshed before.
    pub expires_at: Timestamp,
    /// The absolute end, which never moves.
    pub ends_at: Timestamp,
    /// When and why it was revoked.
    pub revoked: Option<(Timestamp, RevocationReason)>,
}

impl SessionEnds {
    /// A session with these two ends that was not revoked.
    pub fn new(id: SessionId, expires_at: Timestamp, ends_at: Timestamp) -> Self {
        Self { id, expires_at, ends_at, revoked: None }
    }

    /// Why the session has ended, if it has. A revocation counts before an end: it is what the user
    /// or an administrator did.
    pub fn reason(&self, now: Timestamp) -> Option<EndReason> {
        if let Some((at, reason)) = self.revoked
            && reason.has_begun(at, now)
        {
            return Some(EndReason::Revoked(reason));
        }
        (now >= self.expires_at || now >= self.ends_at).then_some(EndReason::Expired)
    }
}

/// For stores that keep rows in memory.
impl From<&SessionRecord> for SessionEnds {
    fn from(row: &SessionRecord) -> Self {
        Self { revoked: row.revoked, ..Self::new(row.id.clone(), row.expires_at, row.ends_at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_exactly_when_its_row_authenticates_no_more() {
        use RevocationReason::{Logout, Superseded};
        let revoked = |reason| Some(EndReason::Revoked(reason));
        for (rule, expires_at, ends_at, revocation, expected) in [
            ("alive", 101, 101, None, None),
            ("at the idle end", 100, 101, None, Some(EndReason::Expired)),
            ("at the absolute end", 101, 100, None, Some(EndReason::Expired)),
            ("revoked", 101, 101, Some((99, Logout)), revoked(Logout)),
            ("revoked by a node whose clock is ahead", 101, 101, Some((105, Logout)), revoked(Logout)),
            ("revoked and expired", 100, 100, Some((99, Logout)), revoked(Logout)),
            ("superseded, with time left", 101, 101, Some((101, Superseded)), None),
            ("superseded, over", 101, 101, Some((100, Superseded)), revoked(Superseded)),
            ("superseded, and expired before", 100, 101, Some((101, Superseded)), Some(EndReason::Expired)),
        ] {
            let at = Timestamp::from_seconds;
            let mut row = SessionRecord::new("a".into(), "".into(), "1".into(), "b".into(), at(1));
            (row.expires_at, row.ends_at) = (at(expires_at), at(ends_at));
            row.revoked = revocation.map(|(seconds, reason)| (at(seconds), reason));
            assert_eq!(SessionEnds::from(&row).reason(at(100)), expected, "{rule}");
            let authenticates = row.revoked_by(at(100)).is_none() && row.is_before_its_ends(at(100));
            assert_eq!(expected.is_none(), authenticates, "{rule}");
        }
    }
}
