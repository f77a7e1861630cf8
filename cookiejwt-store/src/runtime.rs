//! What depends on the process: the clock, random numbers, time limits, and a head that outlives
//! its request.

mod clock;
mod flight;
mod kept_head;
mod pulse;
mod purge;
mod random;
mod sources;
mod timeout;

pub use self::clock::{Clock, ManualClock, SystemClock};
pub(crate) use self::{
    flight::Flight,
    kept_head::KeptHead,
    pulse::{BEAT, Pulse},
    purge::{PURGE_BATCH, PURGE_PAUSE},
    random::Random,
    sources::Runtime,
    timeout::{NO_ANSWER, PATIENCE, caught, within_limit},
};
