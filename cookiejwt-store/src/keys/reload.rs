//! Other keys while the server runs.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use cookiejwt_core::{AccessKeys, ConfigError, ConfigErrorKind};

use super::{
    directory::{KeyFiles, warn_of},
    memo::core_with_memo,
};
use crate::{
    authenticator::Authenticator,
    events::{Event, printable},
};

use ConfigErrorKind::{Contradiction, Missing, Unsupported};

/// Far below the five minutes for which a JWKS document may be kept.
pub(crate) const KEYS_INTERVAL: Duration = Duration::from_secs(30);

/// Held while keys are exchanged, so that an older look into the directory never wins over a newer one. What the last
/// look failed with, so that it is said once.
#[derive(Default)]
pub(crate) struct Exchange(Mutex<Option<String>>);

impl Authenticator {
    /// Takes other keys for access tokens, for an application that keeps them elsewhere than in a directory. The next
    /// request sees them; one that is under way goes on with those it began with.
    ///
    /// [`AccessKeys`] says in which steps to change a key. Refused, with nothing changed, when a key cannot sign, when the keys
    /// come from `COOKIEJWT_KEYS_DIR`, and when the authenticator was built without any asymmetric key: then nobody
    /// could find the new ones, because `jwks.json` was not mounted.
    ///
    /// ```
    /// # use cookiejwt_store::{AccessKeys, Authenticator, PrivateKey};
    /// fn rotate(auth: &Authenticator, old: PrivateKey, new: PrivateKey) -> Result<(), cookiejwt_store::ConfigError> {
    ///     auth.replace_keys(AccessKeys::new(new).verifying(old.public_key()))
    /// }
    /// ```
    pub fn replace_keys(&self, keys: AccessKeys) -> Result<(), ConfigError> {
        if self.config().keys_dir().is_some() {
            let cure = "change the files there, or remove COOKIEJWT_KEYS_DIR";
            return Err(ConfigError::new(KEYS_DIR, Contradiction, "already says which keys there are", cure));
        }
        if self.core().jwks().is_none() {
            let (what, cure) =
                ("was not set at the start", "start with it, or with COOKIEJWT_VERIFYING_KEYS");
            return Err(ConfigError::new("COOKIEJWT_SIGNING_KEY", Missing, what, cure));
        }
        let _alone = self.0.exchange.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.exchange(keys).map(drop)
    }

    /// Looks into the directory of keys now, for instance on SIGHUP; whether they have changed. Runs by itself every 30
    /// seconds when `COOKIEJWT_KEYS_DIR` is set.
    ///
    /// A directory that cannot be read as a whole changes nothing: the keys so far stay.
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
        let auth = self.clone();
        let reading = tokio::task::spawn_blocking(move || auth.reload());
        reading.await.unwrap_or_else(|error| {
            Err(ConfigError::new(KEYS_DIR, Unsupported, format!("was not read: {error}"), "try again"))
        })
    }

    fn reload(&self) -> Result<bool, ConfigError> {
        let path = self.config().keys_dir().ok_or_else(|| {
            ConfigError::new(KEYS_DIR, Missing, "is not set, so there is nothing to reload", "set it")
        })?;
        let mut failure = self.0.exchange.0.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = KeyFiles::read(path).and_then(|found| {
            let exposed = found.exposed();
            let changed = self.exchange(found.into_keys()?)?;
            if changed {
                warn_of(&exposed);
            }
            Ok(changed)
        });
        match &changed {
            Ok(_) => *failure = None,
            Err(error) => {
                let text = error.to_string();
                if failure.as_ref() != Some(&text) {
                    self.emit(Event::KeysNotReloaded { error: &printable(&text) });
                    *failure = Some(text);
                }
            }
        }
        changed
    }

    /// Whether they are others than before.
    fn exchange(&self, keys: AccessKeys) -> Result<bool, ConfigError> {
        let old = self.core();
        let new = old.with_access_keys(keys)?;
        if old.access_kids() == new.access_kids() && old.jwks() == new.jwks() {
            return Ok(false);
        }
        // With a memo of its own: what the old keys have verified is forgotten.
        self.0.core.store(Arc::new(core_with_memo(new.config().clone())));
        let kids = new.access_kids();
        let signing = kids.first().copied().unwrap_or_default();
        let was_known = old.access_kids().contains(&signing);
        self.emit(Event::KeysReplaced { signing, was_known, verifying: kids.len() });
        Ok(true)
    }
}

const KEYS_DIR: &str = "COOKIEJWT_KEYS_DIR";
