//! Makes the secret and the signing keys of cookiejwt.
//!
//! ```sh
//! cookiejwt-keygen secret                     # a value for COOKIEJWT_SECRET
//! cookiejwt-keygen eddsa keys                 # keys/2026-11-25.pem, keys/2026-11-25.pub.pem; the first one signs
//! cookiejwt-keygen switch keys 2026-11-25     # this one signs from now on
//! ```
//!
//! What may be in such a directory says [`ReadKeys`](cookiejwt_store::ReadKeys); the server reads it with
//! `COOKIEJWT_KEYS_DIR`. Files are made for their owner alone (mode 0600), appear as a whole, and are never overwritten.

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

/// What was made, and what signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its name in the directory.
    pub name: String,
    /// The `kid` of its tokens.
    pub kid: String,
    /// Whether it signs; only the first key of a directory does so at once.
    pub signs: bool,
}

/// A master secret, as `COOKIEJWT_SECRET` takes it: 32 random bytes in base64.
pub fn secret() -> Result<Zeroizing<String>, KeygenError> {
    Ok(Zeroizing::new(STANDARD.encode(*pair::random()?)))
}

/// Makes a key in a directory, which is made too if need be. Nothing is overwritten. The first key signs; another one
/// waits for [`switch`].
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

/// Lets another key of the directory sign; what signed before. A key that is not there, or a directory that a server
/// could not read, changes nothing.
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

/// Today, which is a good name for a key.
pub fn today() -> String {
    let date = time::OffsetDateTime::now_utc().date();
    format!("{}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}
