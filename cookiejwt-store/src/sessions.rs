//! Sessions: how they begin, how they end, and how every node learns that they have ended.

mod acting;
mod begun;
mod clock_skew;
mod ended;
mod feed;
mod fresh_login;
mod links;
mod list;
mod login;
mod login_context;
mod login_options;
mod part;
mod password_change;
mod pending_options;
mod prove;
mod published;
mod purge;
mod receipts;
mod remembered;
mod renew;
mod retries;
mod revoke;
mod revoked;
mod second_factor;
mod unsent_login;

pub(crate) use self::{
    begun::{Begun, Unsent},
    list::rfc3339,
    part::Sessions,
    published::NoList,
    revoked::RevokedSet,
};
pub use self::{
    links::{Link, NewLink, Opened, SpentLink},
    list::SessionInfo,
    login_context::LoginContext,
    login_options::LoginOptions,
    pending_options::PendingOptions,
    prove::{Checked, Proven},
    revoke::LoggedOut,
};
