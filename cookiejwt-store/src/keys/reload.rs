//! Other keys while the server runs.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};
use cookiejwt_core::{AccessKeys, Config, ConfigError, ConfigErrorKind, Core};

use super::{
    directory::{KeyFiles, warn_of},
    memo::core_with_memo,
};
use crate::events::{Event, Events, printable};

use ConfigErrorKind::{Contradiction, Missing, Unsupported};

/// The settings, and the core with the keys of this moment; clones share them.
#[derive(Clone)]
pub(crate) struct Keys(Arc<Parts>);

struct Parts {
    config: Config,
    /// Exchanged as a whole when keys are.
    core: ArcSwap<Core>,
    /// Held while keys are exchanged, so that an older look into the directory never wins over a
    /// newer one. Contains the error of the last look, so that it is reported once.
    failure: Mutex<Option<String>>,
    events: Events,
}

impl Keys {
    pub(crate) fn new(config: Config, events: Events) -> Self {
        let core = ArcSwap::from_pointee(core_with_memo(config.clone()));
        Self(Arc::new(Parts { config, core, failure: Mutex::default(), events }))
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    /// The core with the keys of this moment, for one decision.
    pub(crate) fn core(&self) -> Guard<Arc<Core>> {
        self.0.core.load()
    }

    /// The same, to keep for longer.
    pub(crate) fn core_to_keep(&self) -> Arc<Core> {
        self.0.core.load_full()
    }

    /// Takes other keys for access tokens.
    pub(crate) fn replace(&self, keys: AccessKeys) -> Result<(), ConfigError> {
        if self.config().keys_dir().is_some() {
            let cure = "change the files there, or remove COOKIEJWT_KEYS_DIR";
            return Err(ConfigError::new(KEYS_DIR, Contradiction, "already says which keys there are", cure));
        }
        if self.core().jwks().is_none() {
            let (what, cure) =
                ("was not set at the start", "start with it, or with COOKIEJWT_VERIFYING_KEYS");
            return Err(ConfigError::new("COOKIEJWT_SIGNING_KEY", Missing, what, cure));
        }
        let _alone = self.0.failure.lock().unwrap_or_else(PoisonError::into_inner);
        self.exchange(keys).map(drop)
    }

    /// Reads the directory of keys again; whether they have changed.
    pub(crate) async fn reload(&self) -> Result<bool, ConfigError> {
        let keys = self.clone();
        let reading = tokio::task::spawn_blocking(move || keys.read_again());
        reading.await.unwrap_or_else(|error| {
            Err(ConfigError::new(KEYS_DIR, Unsupported, format!("was not read: {error}"), "try again"))
        })
    }

    fn read_again(&self) -> Result<bool, ConfigError> {
        let path = self.config().keys_dir().ok_or_else(|| {
            ConfigError::new(KEYS_DIR, Missing, "is not set, so there is nothing to reload", "set it")
        })?;
        let mut failure = self.0.failure.lock().unwrap_or_else(PoisonError::into_inner);
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
                    self.0.events.emit(Event::KeysNotReloaded { error: &printable(&text) });
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
        // With a new memo: what the old keys have verified is forgotten.
        self.0.core.store(Arc::new(core_with_memo(new.config().clone())));
        let kids = new.access_kids();
        let signing = kids.first().copied().unwrap_or_default();
        let was_known = old.access_kids().contains(&signing);
        self.0.events.emit(Event::KeysReplaced { signing, was_known, verifying: kids.len() });
        Ok(true)
    }
}

const KEYS_DIR: &str = "COOKIEJWT_KEYS_DIR";
