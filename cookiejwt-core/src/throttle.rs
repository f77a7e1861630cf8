//! Limits on password guesses, and the devices that they spare.

mod buckets;
pub(crate) mod known_device;
mod limits;
mod networks;

pub use self::{
    buckets::{BucketId, PasswordTry, Standing, ThrottleBucket, ThrottleCharge, ThrottleScope},
    known_device::{DeviceId, PresentedDevices},
    limits::{Throttle, ThrottleLimit},
};
