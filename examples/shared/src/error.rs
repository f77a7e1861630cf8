//! The error type of the examples.

use cookiejwt_store::{BuildError, ConfigError, PasswordError, StoreError};
use sea_orm::DbErr;

/// Why the example cannot start or cannot respond.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A setting is refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The authenticator cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The database cannot be opened.
    #[error("DATABASE_URL cannot be opened: {0}; it begins with sqlite://, postgres:// or mysql://")]
    Connect(String),
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] DbErr),
    /// The session table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The first user's password cannot be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The secret file next to the database cannot be read or written.
    #[error("secret file {path}: {source}")]
    SecretFile {
        /// The file.
        path: String,
        /// What happened.
        source: std::io::Error,
    },
    /// The secret file next to the database contains no valid secret.
    #[error("secret file {path}: {source}; delete it to get a new one (every user then has to log in again)")]
    SecretContent {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: ConfigError,
    },
    /// `PORT` is not a port number.
    #[error("PORT is {0:?}; write a number from 0 to 65535")]
    Port(String),
    /// The address is in use, or does not belong to this machine.
    #[error("cannot listen on HOST={host} PORT={port}: {reason}")]
    Listen {
        /// `HOST`.
        host: String,
        /// `PORT`.
        port: u16,
        /// What happened.
        reason: String,
    },
    /// The operating system gave no random numbers.
    #[error("no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}
