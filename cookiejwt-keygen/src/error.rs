use std::{io, path::PathBuf};

use cookiejwt_store::ConfigError;

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeygenError {
    /// The operating system gave no random numbers.
    #[error("no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// The key cannot be written in PEM form.
    #[error("the key cannot be written in PEM form: {0}")]
    Encoding(String),
    /// There is one already.
    #[error("{} is there already; give the new key another name", .0.display())]
    Exists(PathBuf),
    /// The name would not be read as one.
    #[error("{0:?} is no name for a key; use letters, digits, - and _, for instance 2026-11-25")]
    Name(String),
    /// No private key of this name is in the directory.
    #[error("there is no {0}.pem in the directory; make it with `cookiejwt-keygen eddsa`")]
    NoSuchKey(String),
    /// A server could not read the directory.
    #[error(transparent)]
    Directory(#[from] ConfigError),
    /// A file cannot be read or written.
    #[error("{}: {error}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}
