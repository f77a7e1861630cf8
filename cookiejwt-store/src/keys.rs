//! The keys of access tokens: read from the environment and a directory, and replaced at run time.

mod directory;
mod env;
mod memo;
mod reload;

pub use self::{
    directory::ReadKeys,
    env::{FromEnv, env_vars},
};
pub(crate) use self::{
    memo::core_with_memo,
    reload::{Exchange, KEYS_INTERVAL},
};
