//! Renewing the claims of a user's sessions, with one fault.

use cookiejwt_core::store::{ClaimsRenewal, SessionRecord, Timestamp};
use tokio::task::yield_now;

use super::{Fault, store::Broken};
use crate::stores::RenewedSession;

impl Broken {
    pub(super) async fn renew(&self, renewal: &ClaimsRenewal) -> Vec<RenewedSession> {
        let found: Vec<_> = self.rows().now.iter().filter(|row| self.renews(renewal, row)).cloned().collect();
        if [Fault::RenewsInTwoSteps, Fault::RenewalWritesTheWholeRow].contains(&self.fault) {
            yield_now().await;
        }
        found.iter().filter_map(|row| self.renew_row(renewal, row)).collect()
    }

    fn renews(&self, renewal: &ClaimsRenewal, row: &SessionRecord) -> bool {
        let last_answer = match self.fault {
            Fault::RenewsTheIdle => Timestamp::MAX,
            Fault::RenewalForgetsAnswers => row.last_seen_at,
            _ => row.last_seen_at.max(row.settles_at),
        };
        let is_spared = self.is(Fault::SparesTheSuperseded) && row.revoked.is_some();
        self.is_of(row, &renewal.realm, &renewal.subject)
            && (self.is_open(row, renewal.at) || self.is(Fault::RenewsTheRevoked))
            && last_answer >= renewal.idle_before
            && !is_spared
    }

    fn renew_row(&self, renewal: &ClaimsRenewal, seen: &SessionRecord) -> Option<RenewedSession> {
        let mut rows = self.rows();
        let position = self.position(&rows, &seen.id)?;
        let row = &mut rows.changing()[position];
        match self.fault {
            Fault::RenewalWritesTheWholeRow => row.clone_from(seen),
            Fault::RenewsInTwoSteps => row.version = seen.version,
            _ => {}
        }
        renewal.apply(row);
        let session = RenewedSession::new(row.id.clone(), row.version, renewal.at);
        (!self.is(Fault::RenewsSilently)).then_some(session)
    }

    pub(super) fn renewed(&self, since: Timestamp) -> Vec<RenewedSession> {
        let since = if self.is(Fault::RenewalsAfterTheBoundary) { since.plus_millis(1) } else { since };
        let rows = self.rows();
        let renewed = rows.now.iter().filter_map(|row| {
            let at = row.renewed_at.filter(|at| *at >= since)?;
            let is_hidden = self.is(Fault::RevokedAreNotRenewed) && row.revoked.is_some();
            (!is_hidden).then(|| RenewedSession::new(row.id.clone(), row.version, at))
        });
        renewed.collect()
    }
}
