//! Renewing the claims of a user's sessions without ending them.

use crate::session::{
    ids::{Realm, Subject},
    record::SessionRecord,
    timestamp::Timestamp,
};

/// The claims of a user have changed, such as their roles: access tokens that were issued before
/// must no longer be accepted, and the sessions continue.
///
/// A store applies it as ONE statement: each row of this user that a
/// [`Revocation`](crate::store::Revocation) at this time would change, and whose `last_seen_at` or
/// `settles_at` is `idle_before` or later, gets `version = version + 1` and `renewed_at = at`.
///
/// A session that has been idle for longer has no access token that is still valid. Its next
/// refresh reads the user, so there is nothing to renew, and neither the feed nor the memory of any
/// node holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores and drivers construct it")]
pub struct ClaimsRenewal {
    /// The user table.
    pub realm: Realm,
    /// The user.
    pub subject: Subject,
    /// The present time.
    pub at: Timestamp,
    /// When a session was last refreshed or answered that has no valid access token any more.
    pub idle_before: Timestamp,
}

impl ClaimsRenewal {
    /// Whether it changes this row; for stores that keep rows in memory.
    pub fn matches(&self, row: &SessionRecord) -> bool {
        row.is_revoked_with(&self.realm, &self.subject, self.at)
            && row.last_seen_at.max(row.settles_at) >= self.idle_before
    }

    /// Changes a row that it [matches](Self::matches).
    pub fn apply(&self, row: &mut SessionRecord) {
        row.version = row.version.saturating_add(1);
        row.renewed_at = Some(self.at);
    }
}
