//! One request: who sends it, what a handler may ask, and the cookies of its response.

mod adapter_types;
mod context;
mod cookies;
mod departing;
mod driver;
mod faults;
mod framework_session;
mod guard;
mod kept_head;
mod reply;
mod slot;
mod slots;

pub use self::{
    context::RequestContext,
    cookies::Cookies,
    departing::Departing,
    driver::{Pending, Progress},
    faults::{claims_of, missing_layer},
    framework_session::{FrameworkSession, NoSession, SESSION_USER_KEY},
    guard::{Guard, GuardRefusal},
    reply::Reply,
    slot::Slot,
    slots::Slots,
};
