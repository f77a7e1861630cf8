//! Ending every session of a user table.

use crate::session::{
    ids::Realm,
    record::{RevocationReason, SessionRecord, is_open},
    timestamp::Timestamp,
};

/// Every session of a realm must end.
///
/// A store applies it as ONE statement per batch of rows: each row of the realm that is not
/// revoked, or [superseded](RevocationReason::Superseded) with a later `revoked_at`, gets the
/// reason and a time. The time is `idle_before` for a row that is not revoked and whose
/// `last_seen_at` and `settles_at` are both earlier than `idle_before`; otherwise it is `at`.
///
/// A session that has been idle for so long has no access token that is still valid. Its row
/// refuses the next refresh, and with the earlier time the feed does not carry it to every node:
/// the feed, and the memory of each node, hold only the sessions that were active a moment ago,
/// however many there are in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a revocation that is dropped leaves stolen sessions alive"]
#[expect(clippy::exhaustive_structs, reason = "stores and drivers construct it")]
pub struct RealmRevocation {
    /// The user table.
    pub realm: Realm,
    /// Why.
    pub reason: RevocationReason,
    /// The present time.
    pub at: Timestamp,
    /// When a session was last refreshed or answered that has no valid access token any more;
    /// earlier than any node asks the feed from.
    pub idle_before: Timestamp,
}

impl RealmRevocation {
    /// Whether it changes this row; for stores that keep rows in memory.
    pub fn matches(&self, row: &SessionRecord) -> bool {
        row.realm == self.realm && is_open(row, self.at)
    }

    /// Changes a row that it [matches](Self::matches).
    pub fn apply(&self, row: &mut SessionRecord) {
        let last_answer = row.last_seen_at.max(row.settles_at);
        let is_idle = row.revoked.is_none() && last_answer < self.idle_before;
        row.revoked = Some((if is_idle { self.idle_before } else { self.at }, self.reason));
    }
}
