//! A request: its head, the credentials in it, and where it comes from.

mod client_address;
mod cookies;
mod credentials;
mod duplicates;
mod head;
mod mode;

pub(crate) use self::{
    cookies::{split_once, trim, visit_pairs},
    credentials::{Cookie, Presented, bearer_token, refresh_permitted},
    duplicates::{Duplicates, Examined, Faults, OfSession},
    head::{Field, SEC_FETCH_SITE},
    mode::Carrier,
};
pub use self::{
    duplicates::DuplicateCookie,
    head::{Headers, RequestHead},
    mode::{Mode, TokenMode},
};
