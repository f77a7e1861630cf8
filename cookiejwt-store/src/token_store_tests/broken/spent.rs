//! What counts once, with one fault.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use cookiejwt_core::store::{SpentId, Timestamp};
use tokio::task::yield_now;

use super::Fault;

#[derive(Clone, Default)]
pub(super) struct Spent(Arc<Mutex<BTreeMap<String, Timestamp>>>);

impl Spent {
    pub(super) async fn spend(&self, fault: Fault, id: &SpentId, until: Timestamp) -> bool {
        let name = match fault {
            Fault::SpentFoldsCase => id.as_str().to_lowercase(),
            _ => id.as_str().to_owned(),
        };
        let seen = self.spent().contains_key(&name);
        if matches!(fault, Fault::SpendsInTwoSteps | Fault::SpendsFromASnapshot) {
            let snapshot = self.spent().clone();
            yield_now().await;
            if fault == Fault::SpendsFromASnapshot {
                *self.spent() = snapshot;
            }
        }
        let mut spent = self.spent();
        let seen = if fault == Fault::SpendsInTwoSteps { seen } else { spent.contains_key(&name) };
        if !seen || fault == Fault::SpendingMovesTheEnd {
            spent.insert(name, until);
        }
        !seen || fault == Fault::SpendsAgain
    }

    pub(super) fn purge(&self, fault: Fault, now: Timestamp, limit: u64) -> u64 {
        let mut spent = self.spent();
        let before = spent.len();
        let mut left = if fault == Fault::PurgesSpentWithoutLimit { u64::MAX } else { limit };
        spent.retain(|_, until| {
            let is_over =
                if fault == Fault::PurgesSpentTooEarly { until.plus_millis(-1) } else { *until } <= now;
            let goes = left > 0 && is_over;
            left -= u64::from(goes);
            !goes
        });
        (before - spent.len()) as u64
    }

    fn spent(&self) -> MutexGuard<'_, BTreeMap<String, Timestamp>> {
        self.0.lock().unwrap()
    }
}
