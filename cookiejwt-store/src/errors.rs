//! What can fail: the store, a password, a login, and building an authenticator.

mod build;
#[cfg(feature = "_sea-orm")]
mod data;
mod framework_session;
mod login;
mod password;
mod second_factor;
mod store;

pub use self::{
    build::BuildError,
    framework_session::SessionCookieError,
    login::LoginError,
    password::{PasswordError, PasswordRefusal},
    second_factor::SecondFactor,
    store::StoreError,
};
pub(crate) use self::{
    login::RECENT,
    password::{MAX_LANES, MAX_MEMORY_KIB, MAX_PASSES},
};
