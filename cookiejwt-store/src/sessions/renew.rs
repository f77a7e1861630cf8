//! Renewing the claims of a user's sessions, which continue.

use cookiejwt_core::{
    Identity, SessionId, Subject,
    store::{ClaimsRenewal, SessionRecord, Timestamp},
};

use super::part::Sessions;
use crate::{
    errors::StoreError,
    events::{Event, printable},
};

impl Sessions {
    /// From now on the access tokens of this user's sessions are dead on this node, and with the
    /// next poll on every other one; how many sessions may have one. In a separate task, so that a
    /// client that hangs up cannot cancel it.
    pub(crate) async fn renew_claims(&self, subject: &Subject) -> Result<u64, StoreError> {
        let (sessions, subject) = (self.clone(), subject.clone());
        let task = tokio::spawn(async move {
            let (realm, at) = (sessions.0.keys.config().realm().clone(), sessions.0.runtime.timestamp());
            let idle_before = sessions.0.revoked.idle_before(at);
            let renewal = ClaimsRenewal { realm, subject, at, idle_before };
            let renewed = sessions.0.tokens.bounded().renew_claims(&renewal).await?;
            let count = renewed.len() as u64;
            for session in renewed {
                sessions.0.revoked.insert_version(session.id, session.version, at);
            }
            let subject = printable(renewal.subject.as_str());
            sessions.0.events.emit(Event::ClaimsRenewed { subject: &subject, sessions: count });
            Ok(count)
        });
        task.await.unwrap_or_else(|error| Err(StoreError::new(error)))
    }

    /// How often the claims of this session were renewed, as far as this node knows and a valid
    /// access token may be from before.
    pub(crate) fn version(&self, id: &SessionId) -> i64 {
        self.0.revoked.version(id)
    }

    /// Whether the claims of this identity are from before the renewal that the row of its session
    /// describes. One that is much younger may name no version: the node that minted it had
    /// forgotten the renewal.
    pub(crate) fn is_outdated(&self, who: &Identity, row: &SessionRecord) -> bool {
        let remembered_until = row.renewed_at.map(|at| self.0.revoked.forgets_at(at));
        who.version() < row.version && remembered_until.is_some_and(|end| who.issued_at() < end.to_datetime())
    }

    /// What a row that was just read says about renewals.
    pub(crate) fn see(&self, row: &SessionRecord, now: Timestamp) {
        self.0.revoked.see(row, now);
    }
}
