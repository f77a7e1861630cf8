//! Limits on password tries, and the known devices that have limits of their own.

mod buckets;
mod known_device;
mod limits;
mod networks;

pub(crate) use self::{buckets::Buckets, known_device::KnownDevices};
pub use self::{
    buckets::{BucketId, PasswordTry, Standing, ThrottleBucket, ThrottleCharge, ThrottleScope},
    known_device::{DeviceId, PresentedDevices},
    limits::{Throttle, ThrottleLimit},
};
