//! Sessions: how they begin, how they end, and how every node learns that they have ended.

mod feed;
mod fresh_login;
mod list;
mod login;
mod password_change;
mod pending_login;
mod receipts;
mod retries;
mod revoke;
mod revoked;

pub use self::{
    list::SessionInfo,
    login::{LoginContext, LoginOptions},
    revoke::LoggedOut,
};
pub(crate) use self::{receipts::Receipts, retries::Pending, revoked::RevokedSet};
