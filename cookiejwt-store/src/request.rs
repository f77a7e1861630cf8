//! One request: who sends it, what a handler may ask, and the cookies of its response.

mod adapter_steps;
mod adapter_types;
mod context;
mod cookies;
mod departing;
mod driver;
mod faults;
mod framework_session;
mod guard;
mod kept_head;
mod logged_in;
mod outbox;
mod reply;
mod slot;
mod slots;
mod steps;

#[cfg(feature = "openapi")]
pub(crate) use self::logged_in::SessionBody;
pub use self::{
    context::RequestContext,
    cookies::Cookies,
    departing::Departing,
    driver::{Pending, Progress},
    faults::{claims_of, missing_layer},
    framework_session::{FrameworkSession, NoSession, SESSION_USER_KEY},
    guard::{Guard, GuardRefusal},
    logged_in::LoggedIn,
    reply::Reply,
    slot::{Departure, Slot},
    slots::Slots,
};
pub(crate) use self::{guard::with_query, logged_in::session_reply};
