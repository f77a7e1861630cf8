//! Device-bound sessions (W3C Device Bound Session Credentials): a browser binds a session to a key
//! that it keeps in the hardware of the device, and renews it only with a signature of that key.
//!
//! The rows are those of [`rules`](crate::rules#device-bound-sessions). The names of the draft, of
//! its header fields and of its members, stand in this room only.

mod attempt;
mod bind;
mod challenge;
mod fault;
mod fields;
mod instructions;
mod offer;
mod proof;
mod renew;
mod reply;
mod skipped;

pub(crate) use self::{
    attempt::claims_of,
    challenge::Challenges,
    fields::{needs_reload, skipped},
    offer::REGISTRATION,
    proof::DeviceProof,
};
pub use self::{
    attempt::{DeviceAttempt, DeviceStep, Renewal},
    bind::{BindAssessment, Binding},
    fault::{DeviceEnd, DeviceFault, DeviceReason, Skipped},
    offer::DeviceOffer,
    renew::RenewAssessment,
    reply::{DeviceDecision, DeviceReply},
};

#[cfg(test)]
mod tests;
