//! The asymmetric keys of access tokens, and how to rotate them.

use crate::keys::ring::{PrivateKey, PublicKey};

/// The asymmetric keys of access tokens: the one that signs, and others that verify.
///
/// To change the signing key without refusing anybody, take three steps, each on every node before the next begins:
///
/// 1. **Add.** The new key verifies beside the old one, which still signs. The JWKS document now has both. Wait until
///    every node has it and every verifying service has read the document again: its `Cache-Control` says 5 minutes.
/// 2. **Switch.** The new key signs; the old one verifies what is still on its way. Wait one life of an access token
///    (5 minutes) and the clock leeway.
/// 3. **Drop.** The old key is gone.
///
/// A token whose key a node does not know, because it was dropped too early or is not there yet, is *early*: it is not
/// accepted, but nothing is cleared and nobody is logged out, because the refresh token stays with the secret. After
/// a private key was stolen, skip the waiting: whoever has a valid refresh token notices nothing.
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use cookiejwt_core::{AccessKeys, Core, PrivateKey, testing};
///
/// # let (old, new) = (include_str!("../../tests/keys/ed25519.pem"), include_str!("../../tests/keys/p256.pem"));
/// let (old, new) = (PrivateKey::from_any_pem(old).unwrap(), PrivateKey::from_any_pem(new).unwrap());
/// let added = AccessKeys::new(old.clone()).verifying(new.public_key());
/// let switched = AccessKeys::new(new.clone()).verifying(old.public_key());
/// let dropped = AccessKeys::new(new);
/// # for keys in [added, switched, dropped] { testing::core().with_access_keys(keys).unwrap(); }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AccessKeys {
    pub(crate) signing: PrivateKey,
    pub(crate) verifying: Vec<PublicKey>,
}

impl AccessKeys {
    /// This key signs, and verifies.
    pub fn new(signing: PrivateKey) -> Self {
        Self { signing, verifying: Vec::new() }
    }

    /// Another key that verifies.
    #[must_use]
    pub fn verifying(mut self, key: PublicKey) -> Self {
        self.verifying.push(key);
        self
    }
}
