//! Device-bound sessions (W3C Device Bound Session Credentials): a browser binds a session to a key
//! that it keeps in the hardware of the device, and renews it only with a signature of that key.
//!
//! The rows are those of [`rules`](crate::rules#device-bound-sessions).

mod attempt;
mod bind;
mod instructions;
mod offer;
mod reason;
mod renew;
mod reply;

pub(super) use self::attempt::{bound_row, claims_of};
pub use self::{
    attempt::{DeviceAttempt, DeviceStep, Renewal},
    bind::{BindAssessment, Binding},
    reason::DeviceReason,
    renew::RenewAssessment,
    reply::{DeviceDecision, DeviceReply},
};

#[cfg(test)]
mod tests;
