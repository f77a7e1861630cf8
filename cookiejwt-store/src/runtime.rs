//! What depends on the process: the clock, random numbers and time limits.

mod clock;
mod flight;
mod pulse;
mod purge;
mod random;
mod sources;
mod timeout;

pub use self::clock::{Clock, ManualClock, SystemClock};
pub(crate) use self::{
    flight::Flight,
    pulse::{BEAT, Pulse},
    purge::{PURGE_BATCH, PURGE_PAUSE},
    random::Random,
    sources::Runtime,
    timeout::{NO_ANSWER, PATIENCE, within_limit},
};
