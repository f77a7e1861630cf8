//! Other keys while the server runs.

use std::{
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
};

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
    core: Held,
    /// Held while keys are exchanged, so that an older look into the directory never wins over a
    /// newer one. Contains the error of the last look, so that it is reported once.
    failure: Mutex<Option<String>>,
    events: Events,
}

enum Held {
    /// The secret never changes, and most applications have nothing else.
    Fixed(Arc<Core>),
    /// Exchanged as a whole when keys are.
    Exchanged(ArcSwap<Core>),
}

/// A core to decide with.
pub(crate) enum CoreNow<'k> {
    Fixed(&'k Core),
    Loaded(Guard<Arc<Core>>),
}

impl Deref for CoreNow<'_> {
    type Target = Core;

    fn deref(&self) -> &Core {
        match self {
            Self::Fixed(core) => core,
            Self::Loaded(core) => core,
        }
    }
}

impl Keys {
    pub(crate) fn new(config: Config, events: Events) -> Self {
        let core = Arc::new(core_with_memo(config.clone()));
        let core = match core.jwks() {
            None => Held::Fixed(core),
            Some(_) => Held::Exchanged(ArcSwap::new(core)),
        };
        Self(Arc::new(Parts { config, core, failure: Mutex::default(), events }))
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    /// The core with the keys of this moment, for one decision.
    pub(crate) fn core(&self) -> CoreNow<'_> {
        match &self.0.core {
            Held::Fixed(core) => CoreNow::Fixed(core),
            Held::Exchanged(core) => CoreNow::Loaded(core.load()),
        }
    }

    /// The same, to keep for longer.
    pub(crate) fn core_to_keep(&self) -> Arc<Core> {
        match &self.0.core {
            Held::Fixed(core) => Arc::clone(core),
            Held::Exchanged(core) => core.load_full(),
        }
    }

    /// Takes other keys for access tokens.
    pub(crate) fn replace(&self, keys: AccessKeys) -> Result<(), ConfigError> {
        if self.config().keys_dir().is_some() {
            let cure = "change the files there, or remove COOKIEJWT_KEYS_DIR";
            return Err(ConfigError::new(KEYS_DIR, Contradiction, "already says which keys there are", cure));
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
        let Held::Exchanged(core) = &self.0.core else {
            let (what, cure) =
                ("was not set at the start", "start with it, or with COOKIEJWT_VERIFYING_KEYS");
            return Err(ConfigError::new("COOKIEJWT_SIGNING_KEY", Missing, what, cure));
        };
        let old = self.core();
        let new = old.with_access_keys(keys)?;
        if old.access_kids() == new.access_kids() && old.jwks() == new.jwks() {
            return Ok(false);
        }
        // With a new memo: what the old keys have verified is forgotten.
        core.store(Arc::new(core_with_memo(new.config().clone())));
        let kids = new.access_kids();
        let signing = kids.first().copied().unwrap_or_default();
        let was_known = old.access_kids().contains(&signing);
        self.0.events.emit(Event::KeysReplaced { signing, was_known, verifying: kids.len() });
        Ok(true)
    }
}

const KEYS_DIR: &str = "COOKIEJWT_KEYS_DIR";
