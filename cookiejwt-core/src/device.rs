//! What device-bound sessions consist of (W3C Device Bound Session Credentials): challenges,
//! proofs, and the header fields of the draft. What follows from them is in the room `decide`.

mod challenge;
mod fault;
mod fields;
mod offer;
mod proof;
mod skipped;

pub(crate) use self::{
    challenge::Challenges,
    fields::{identifier, may_be_of_script, needs_reload, response, skipped},
    proof::{DeviceProof, PresentedProof},
};
pub use self::{
    fault::{DeviceEnd, DeviceFault, Skipped},
    offer::DeviceOffer,
};
