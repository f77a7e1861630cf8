//! Creates the secret and the signing keys of cookiejwt.
//!
//! ```sh
//! cookiejwt-keygen secret                     # a value for COOKIEJWT_SECRET
//! cookiejwt-keygen eddsa keys                 # keys/2026-11-25.pem and .pub.pem
//! cookiejwt-keygen switch keys 2026-11-25     # this key signs from now on
//! ```
//!
//! [`ReadKeys`](cookiejwt_store::ReadKeys) describes what such a directory may contain. The server
//! reads the directory that `COOKIEJWT_KEYS_DIR` specifies. Key files are readable by their owner
//! only (mode 0600), are created atomically, and are never overwritten.

// Each public enum and struct is open, or closed for a reason.
#![deny(clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod directory;
mod error;
mod pair;

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::directory::Directory;
pub use crate::{
    error::KeygenError,
    pair::{Kind, Pair},
};

/// A key that was created.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Made {
    /// Its name in the directory.
    pub name: String,
    /// The `kid` of its tokens.
    pub kid: String,
    /// Whether it is the signing key already; true only for the first key in a directory.
    pub signs: bool,
}

/// Returns a master secret for `COOKIEJWT_SECRET`: 32 random bytes in base64.
pub fn secret() -> Result<Zeroizing<String>, KeygenError> {
    Ok(Zeroizing::new(STANDARD.encode(*pair::random()?)))
}

/// Creates a key in a directory, and the directory if it does not exist. Never overwrites a file.
/// The first key becomes the signing key; any other key only verifies until you call [`switch`].
pub fn make(kind: Kind, directory: &Path, name: &str) -> Result<Made, KeygenError> {
    let directory = Directory::open_or_make(directory)?;
    let is_first = directory.has_no_key()?;
    let pair = Pair::random(kind)?;
    directory.add(name, &pair)?;
    if is_first {
        directory.sign_with(name)?;
    }
    directory.check()?;
    Ok(Made { name: name.to_owned(), kid: pair.kid(), signs: is_first })
}

/// Makes another key in the directory the signing key, and returns the name of the previous one.
/// Changes nothing if the key does not exist or if a server would refuse the directory.
pub fn switch(directory: &Path, name: &str) -> Result<Option<String>, KeygenError> {
    let directory = Directory::open(directory)?;
    let before = directory.signing();
    if !directory.has(name) {
        return Err(KeygenError::NoSuchKey(name.to_owned()));
    }
    directory.check()?;
    directory.sign_with(name)?;
    directory.check()?;
    Ok(before.filter(|before| before != name))
}

/// Returns today's date in UTC, the default name for a key.
pub fn today() -> String {
    let date = time::OffsetDateTime::now_utc().date();
    format!("{}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}
