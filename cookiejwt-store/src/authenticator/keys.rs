//! The public methods about keys.

use cookiejwt_core::{AccessKeys, ConfigError};

use super::Authenticator;

impl Authenticator {
    /// Replaces the keys for access tokens, for an application that does not keep them in a
    /// directory. The next request uses the new keys; a request in progress continues with those it
    /// started with.
    ///
    /// [`AccessKeys`] lists the steps of a key change. Returns an error and changes nothing if a
    /// key cannot sign, if the keys come from `COOKIEJWT_KEYS_DIR`, or if the authenticator was
    /// built without an asymmetric key: `jwks.json` is then not mounted, so no service could find
    /// the new keys.
    ///
    /// ```
    /// # use cookiejwt_store::{AccessKeys, Authenticator, PrivateKey};
    /// fn rotate(auth: &Authenticator, old: PrivateKey, new: PrivateKey) -> Result<(), cookiejwt_store::ConfigError> {
    ///     auth.replace_keys(AccessKeys::new(new).verifying(old.public_key()))
    /// }
    /// ```
    pub fn replace_keys(&self, keys: AccessKeys) -> Result<(), ConfigError> {
        self.0.keys.replace(keys)
    }

    /// Reads the directory of keys now, for instance on SIGHUP, and returns whether they have
    /// changed. Runs automatically every 30 seconds if `COOKIEJWT_KEYS_DIR` is set.
    ///
    /// A directory that cannot be read completely changes nothing: the current keys stay.
    ///
    /// ```no_run
    /// # async fn sighup() {}
    /// # async fn example(auth: cookiejwt_store::Authenticator) {
    /// loop {
    ///     sighup().await; // tokio::signal::unix::signal(SignalKind::hangup())
    ///     let _ = auth.reload_keys().await; // what went wrong is in the log
    /// }
    /// # }
    /// ```
    pub async fn reload_keys(&self) -> Result<bool, ConfigError> {
        self.0.keys.reload().await
    }
}
