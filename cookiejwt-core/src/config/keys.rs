//! The asymmetric keys of access tokens, and where they come from.

use std::path::{Path, PathBuf};

use super::{
    Config, ConfigBuilder, ConfigError, ConfigErrorKind, KeySettings, Secret, checks, checks::refuse,
};
use crate::keys::{AccessKeys, KeyMaterial, KeyRing, PrivateKey, PublicKey};

use ConfigErrorKind::{Contradiction, Unsupported};

const SIGNING_KEY: &str = "COOKIEJWT_SIGNING_KEY";
const KEYS_DIR: &str = "COOKIEJWT_KEYS_DIR";

/// The asymmetric keys that were set.
#[derive(Clone, Debug, Default)]
pub(super) struct SetKeys {
    signing: Option<PrivateKey>,
    verifying: Vec<PublicKey>,
    directory: Option<Directory>,
}

#[derive(Clone, Debug)]
struct Directory {
    path: PathBuf,
    /// The keys that were found in it; `None` until it is read.
    keys: Option<AccessKeys>,
}

/// The same keys, checked.
pub(super) struct CheckedKeys {
    pub(super) signing: Option<PrivateKey>,
    pub(super) verifying: Vec<PublicKey>,
    pub(super) directory: Option<PathBuf>,
}

impl ConfigBuilder {
    /// The asymmetric key that signs access tokens, instead of one derived from the secret.
    /// Variable `COOKIEJWT_SIGNING_KEY`, a private key in PEM form whose line ends may be written
    /// as `\n`: Ed25519 (`EdDSA`), P-256 (ES256) or RSA (PS256).
    ///
    /// Refresh tokens are signed with the secret, so that a change of this key ends no session. See
    /// [`AccessKeys`] for how to change it.
    pub fn signing_key(mut self, key: PrivateKey) -> Self {
        self.keys.signing = Some(key);
        self
    }

    /// Adds a public key that verifies access tokens: the previous key, or the next one. Variable
    /// `COOKIEJWT_VERIFYING_KEYS`, public keys in PEM form, one after the other.
    ///
    /// Without a signing key, the secret still signs: this is the first step from the secret to an
    /// asymmetric key.
    pub fn verifying_key(mut self, key: PublicKey) -> Self {
        self.keys.verifying.push(key);
        self
    }

    /// All asymmetric keys at once, instead of those set so far.
    pub fn access_keys(mut self, keys: AccessKeys) -> Self {
        (self.keys.signing, self.keys.verifying) = (Some(keys.signing), keys.verifying);
        self
    }

    /// A directory of key files. Variable `COOKIEJWT_KEYS_DIR`.
    ///
    /// The core reads no files. `read_keys` of `cookiejwt-store` does, and its documentation
    /// describes the directory; `Config::from_env` calls it.
    pub fn keys_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.keys.directory = Some(Directory { path: path.into(), keys: None });
        self
    }

    /// Returns the directory that [`keys_dir`](Self::keys_dir) has set, or `None` once
    /// [`keys_of_dir`](Self::keys_of_dir) has set the keys it contains.
    pub fn unread_keys_dir(&self) -> Option<&Path> {
        self.keys.directory.as_ref().filter(|directory| directory.keys.is_none()).map(|found| &*found.path)
    }

    /// Sets the directory and the keys that were read from it. `read_keys` of `cookiejwt-store`
    /// calls this; use it if you read the directory yourself.
    pub fn keys_of_dir(mut self, path: impl Into<PathBuf>, keys: AccessKeys) -> Self {
        self.keys.directory = Some(Directory { path: path.into(), keys: Some(keys) });
        self
    }

    pub(super) fn replace_verifying(mut self, keys: Vec<PublicKey>) -> Self {
        self.keys.verifying = keys;
        self
    }
}

impl Config {
    /// The keys of every purpose.
    pub(crate) fn key_ring(&self) -> KeyRing {
        let KeySettings { secret, previous, signing, verifying, .. } = &self.keys;
        let material = KeyMaterial {
            secret: secret.as_bytes(),
            previous: previous.iter().map(Secret::as_bytes).collect(),
            signing: signing.as_ref(),
            verifying,
        };
        KeyRing::new(&material, &self.realm)
    }

    pub(crate) fn with_access_keys(self, keys: AccessKeys) -> Result<Self, ConfigError> {
        let setting = if self.keys.directory.is_some() { KEYS_DIR } else { SIGNING_KEY };
        let (signing, verifying) = (checks::signing_key(setting, Some(keys.signing))?, keys.verifying);
        Ok(Self { keys: KeySettings { signing, verifying, ..self.keys }, ..self })
    }
}

impl SetKeys {
    pub(super) fn check(self) -> checks::Check<CheckedKeys> {
        let Some(Directory { path, keys }) = self.directory else {
            let signing = checks::signing_key(SIGNING_KEY, self.signing)?;
            return Ok(CheckedKeys { signing, verifying: self.verifying, directory: None });
        };
        if self.signing.is_some() || !self.verifying.is_empty() {
            let cure = "put every key into the directory, or remove COOKIEJWT_KEYS_DIR";
            return Err(refuse(KEYS_DIR, Contradiction, "is set beside keys from elsewhere", cure));
        }
        let Some(keys) = keys else { return Err(unread()) };
        let signing = checks::signing_key(KEYS_DIR, Some(keys.signing))?;
        Ok(CheckedKeys { signing, verifying: keys.verifying, directory: Some(path) })
    }
}

fn unread() -> ConfigError {
    let cure = "call `Config::from_env`, or `read_keys` before `build`, both of cookiejwt-store";
    refuse(KEYS_DIR, Unsupported, "names a directory, and the core reads no files", cure)
}
