//! A request: its head, the credentials in it, and where it comes from.

mod client_address;
mod cookies;
mod credentials;
mod duplicates;
mod head;
mod host;
mod mode;
mod navigation;

pub(crate) use self::{
    client_address::{client_address, went_around_proxies},
    cookies::{split_once, trim, visit_pairs},
    credentials::{Cookie, Presented, bearer_token},
    duplicates::{Duplicates, Examined, OfSession},
    head::{Field, SEC_FETCH_DEST, SEC_FETCH_MODE, SEC_FETCH_SITE},
    host::public_host,
    mode::reads_cookies,
};
pub use self::{
    credentials::{CredentialFault, CredentialName},
    duplicates::DuplicateCookie,
    head::{Headers, RequestHead},
    mode::{Mode, TokenMode},
};
