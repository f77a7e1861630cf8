//! The clock of the database, with one fault.

use cookiejwt_core::store::Timestamp;

use super::{Fault, store::Broken};
use crate::runtime::{Clock as _, SystemClock};

impl Broken {
    pub(super) fn clock(&self) -> Option<Timestamp> {
        let now = Timestamp::from(SystemClock.now());
        match self.fault {
            Fault::NeverPurges => None,
            Fault::ClockInLocalTime => Some(now.plus_millis(3_600_000)),
            Fault::ClockInSeconds => Some(Timestamp::from_millis(now.as_millis() / 1000)),
            _ => Some(now),
        }
    }
}
