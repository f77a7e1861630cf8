//! When and why sessions end, with one fault.

use cookiejwt_core::{SessionId, store::SessionEnds};

use super::{Fault, store::Broken};

impl Broken {
    pub(super) fn ends(&self, ids: &[SessionId]) -> Vec<SessionEnds> {
        let rows = self.seen(Fault::EndsLagBehind);
        let most = if self.is(Fault::EndsOfAHundred) { 100 } else { ids.len() };
        let ends = ids.iter().take(most).filter_map(|id| {
            let row = rows.iter().find(|row| self.same_id(&row.id, id))?;
            let is_left_out = self.is(Fault::EndsOfTheLivingOnly) && row.revoked.is_some();
            let mut ends = (!is_left_out).then(|| SessionEnds::from(row))?;
            match self.fault {
                Fault::EndsWithoutTheRevocation => ends.revoked = None,
                Fault::EndsAreSwapped => (ends.expires_at, ends.ends_at) = (ends.ends_at, ends.expires_at),
                _ => {}
            }
            Some(ends)
        });
        ends.collect()
    }
}
