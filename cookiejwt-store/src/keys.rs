//! The keys of access tokens: read from the environment and a directory, and replaced at run time.

mod directory;
mod env;
mod memo;
mod reload;

pub(crate) use self::reload::Keys;
pub use self::{
    directory::ReadKeys,
    env::{FromEnv, env_vars},
};
