//! The JWKS document as it is served, with its entity tag.

use sha2::{Digest as _, Sha256};

use crate::syntax::base64url;

/// The public keys as they are served.
pub(crate) struct JwksDocument {
    text: String,
    etag: String,
}

impl JwksDocument {
    pub(crate) fn new(text: String) -> Self {
        let digest = Sha256::digest(&text);
        let tag = base64url::encode(digest.first_chunk::<12>().map_or(&digest[..], |head| &head[..]));
        Self { text, etag: format!("\"{tag}\"") }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The entity tag with its quotes (RFC 9110 §8.8.3).
    pub(crate) fn etag(&self) -> &str {
        &self.etag
    }
}
