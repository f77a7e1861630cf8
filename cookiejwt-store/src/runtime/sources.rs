//! The time and random numbers, which every part gets from the same place.

use std::sync::Arc;

use cookiejwt_core::{driver::LoginIds, store::Timestamp};
use time::OffsetDateTime;

use super::{clock::Clock, random::Random};

/// The clock and the random numbers of an authenticator; clones share them.
#[derive(Clone)]
pub(crate) struct Runtime(Arc<Sources>);

struct Sources {
    clock: Box<dyn Clock>,
    random: Random,
}

impl Runtime {
    pub(crate) fn new(clock: Box<dyn Clock>, random: Random) -> Self {
        Self(Arc::new(Sources { clock, random }))
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.0.clock.now()
    }

    pub(crate) fn timestamp(&self) -> Timestamp {
        self.0.clock.timestamp()
    }

    pub(crate) fn random_bytes<const N: usize>(&self) -> Result<[u8; N], getrandom::Error> {
        self.0.random.bytes()
    }

    pub(crate) fn login_ids(&self) -> Result<LoginIds, getrandom::Error> {
        self.0.random.login_ids()
    }
}
