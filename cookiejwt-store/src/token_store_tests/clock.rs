//! The clock of the database.

use cookiejwt_core::store::Timestamp;

use super::shared::Shared;
use crate::{
    runtime::{Clock as _, SystemClock},
    stores::TokenStore as _,
};

/// Less than the difference of any two time zones, and more than that of any two machines that are
/// looked after.
const TOLERANCE_MILLIS: u64 = 10 * 60 * 1000;

/// A store without a clock says so, and nothing is to be shown.
pub(super) async fn the_clock_is_utc_in_milliseconds(store: Shared) {
    let Some(theirs) = store.now().await.unwrap() else { return };
    let ours = Timestamp::from(SystemClock.now());
    let difference = theirs.as_millis().abs_diff(ours.as_millis());
    assert!(difference < TOLERANCE_MILLIS, "{theirs:?} is {difference} ms away from {ours:?}");
}
