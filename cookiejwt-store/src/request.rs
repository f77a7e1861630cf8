//! One request: who sends it, what a handler may ask, and the cookies of its response.

mod adapter_steps;
mod adapter_types;
mod any_slot;
mod context;
mod cookies;
mod departing;
mod device;
mod driver;
mod faults;
mod framework_session;
mod guard;
mod logged_in;
mod outbox;
mod page_target;
mod recalled;
mod refused;
mod reply;
mod slot;
mod slots;
mod steps;
mod verifier_slot;

#[cfg(feature = "openapi")]
pub(crate) use self::logged_in::SessionBody;
pub use self::{
    any_slot::{AnyPending, AnySlot, SharedSlot},
    context::RequestContext,
    cookies::Cookies,
    departing::Departing,
    driver::{Pending, Progress},
    faults::{claims_of, missing_layer},
    framework_session::{FrameworkSession, NoSession, SESSION_USER_KEY},
    guard::{Guard, GuardOwner, GuardRefusal},
    logged_in::LoggedIn,
    refused::Refused,
    reply::Reply,
    slot::{Departure, Slot},
    slots::Slots,
    verifier_slot::VerifierSlot,
};
pub(crate) use self::{
    logged_in::session_reply,
    page_target::{page_with, path_of},
    reply::{HX_REDIRECT, may_log_in},
};
