//! What depends on the process: the clock, random numbers and time limits.

mod clock;
mod pulse;
mod random;
mod timeout;

pub use self::clock::{Clock, ManualClock, SystemClock};
pub(crate) use self::{
    pulse::{BEAT, Pulse},
    random::Random,
    timeout::{PATIENCE, patiently, patiently_saying},
};
