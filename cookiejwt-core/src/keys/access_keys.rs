//! The asymmetric keys of access tokens, and how to rotate them.

use crate::keys::ring::{PrivateKey, PublicKey};

/// The asymmetric keys of access tokens: the one that signs, and others that verify.
///
/// To change the signing key without refusing any token, take three steps. Finish each step on
/// every node before the next one begins:
///
/// 1. **Add.** The new key verifies next to the old one, which still signs. The JWKS document now
///    has both. Wait until every node has the new key and every verifying service has fetched the
///    document again: its `Cache-Control` allows 5 minutes.
/// 2. **Switch.** The new key signs; the old one verifies the tokens that were issued before. Wait
///    for the lifetime of an access token (5 minutes) plus the clock leeway.
/// 3. **Drop.** Remove the old key.
///
/// A token whose key a node does not know, because it was dropped too early or is not there yet, is
/// *early*: it is not accepted, but no cookie is cleared and no user is logged out, because refresh
/// tokens are signed with the secret. If a private key was stolen, skip the waiting: a user with a
/// valid refresh token notices nothing.
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
    /// This key signs and verifies.
    pub fn new(signing: PrivateKey) -> Self {
        Self { signing, verifying: Vec::new() }
    }

    /// Adds a key that only verifies.
    #[must_use]
    pub fn verifying(mut self, key: PublicKey) -> Self {
        self.verifying.push(key);
        self
    }
}
