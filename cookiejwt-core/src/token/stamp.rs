//! The stamp of a user: when it changes, every session of theirs ends.

use crate::{
    keys::{HmacKey, with_lengths},
    session::Subject,
    syntax::base64url,
};

/// Half of the signature is enough: it only has to tell one stamp from another.
const LENGTH: usize = 16;

/// Makes and compares the keyed hash of a user's stamp, which a refresh token contains. The stamp
/// itself may be an e-mail address or a counter, and tells the client nothing.
pub(crate) struct Stamps(Vec<HmacKey>);

impl Stamps {
    /// The first key signs.
    pub(crate) const fn new(keys: Vec<HmacKey>) -> Self {
        Self(keys)
    }

    /// The keyed hash of this stamp.
    pub(crate) fn hash(&self, subject: &Subject, stamp: &str) -> Option<Box<str>> {
        Some(hash(self.0.first()?, subject, stamp))
    }

    /// Whether a token with this hash was issued with this stamp, by any of the keys.
    pub(crate) fn is_of(&self, found: &str, subject: &Subject, stamp: &str) -> bool {
        self.0.iter().any(|key| *hash(key, subject, stamp) == *found)
    }
}

fn hash(key: &HmacKey, subject: &Subject, stamp: &str) -> Box<str> {
    let signed = key.sign(&with_lengths([subject.as_str(), stamp].map(str::as_bytes)));
    base64url::encode(signed.get(..LENGTH).unwrap_or_default()).into()
}
