//! Errors of this crate.

use std::{io, path::PathBuf};

use cookiejwt_store::ConfigError;

/// Why no key was created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeygenError {
    /// The operating system provides no random numbers.
    #[error("no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// The key cannot be written in PEM form.
    #[error("the key cannot be written in PEM form: {0}")]
    Encoding(String),
    /// A file with this name exists already.
    #[error("{} already exists; choose another name for the new key", .0.display())]
    Exists(PathBuf),
    /// A server would not accept this name for a key file.
    #[error("{0:?} is not a valid name for a key; use letters, digits, - and _, for instance 2026-11-25")]
    Name(String),
    /// No private key of this name is in the directory.
    #[error("there is no {0}.pem in the directory; create it with `cookiejwt-keygen eddsa`")]
    NoSuchKey(String),
    /// A server would refuse the directory.
    #[error(transparent)]
    Directory(#[from] ConfigError),
    /// A file cannot be read or written.
    #[error("{}: {error}", .path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system reported.
        error: io::Error,
    },
}
