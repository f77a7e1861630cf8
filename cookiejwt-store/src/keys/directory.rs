//! A directory of key files, read as one thing.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use cookiejwt_core::{
    AccessKeys, Algorithm, ConfigBuilder, ConfigError, ConfigErrorKind, PrivateKey, PublicKey,
    fault::KeyError,
};
use zeroize::Zeroizing;

use ConfigErrorKind::{Contradiction, Insecure, Malformed, Missing, OutOfRange, Unknown};

const KEYS_DIR: &str = "COOKIEJWT_KEYS_DIR";
/// The file with the name of the key that signs.
const SIGNING: &str = "signing";
const PRIVATE: &str = ".pem";
const PUBLIC: &str = ".pub.pem";
/// Specifies that an RSA key signs RS256.
const RS256: &str = ".rs256";
const MAX_FILES: usize = 64;
const MAX_BYTES: u64 = 64 * 1024;

/// Asymmetric keys from a directory; the core itself reads no files.
pub trait ReadKeys: Sized {
    /// Reads the directory that `COOKIEJWT_KEYS_DIR` or [`ConfigBuilder::keys_dir`] specifies;
    /// without one, nothing happens. `Config::from_env` calls it.
    ///
    /// | file | what it is |
    /// |---|---|
    /// | `NAME.pem` | a private key (PKCS#8): Ed25519 signs `EdDSA`, P-256 signs ES256, RSA signs PS256 |
    /// | `NAME.pub.pem` | a public key; if there is a private key of the same name, it must be that key's public half |
    /// | `NAME.rs256.pem`, `NAME.rs256.pub.pem` | RSA for legacy RS256 |
    /// | `signing` | only the `NAME` of the private key that signs; all other keys only verify |
    ///
    /// Names that begin with a dot, and directories, are ignored. Any other file is refused, so
    /// that a key with a misspelt name does not stay unused without an error. Nothing is guessed
    /// from dates or from the order of names.
    ///
    /// To change the signing key ([`AccessKeys`] explains the three steps):
    ///
    /// 1. **Add** `NEW.pem` on every node; wait for 6 minutes, so that every node has read it and
    ///    every verifying service has read the JWKS document again.
    /// 2. **Switch**: write `NEW` into `signing`; wait one life of an access token (5 minutes).
    /// 3. **Drop**: delete `OLD.pem` and `OLD.pub.pem`.
    ///
    /// A running [`Authenticator`](crate::Authenticator) reads the directory every 30 seconds, and
    /// at once when [`reload_keys`](crate::Authenticator::reload_keys) is called. A directory that
    /// cannot be read completely changes nothing: the current keys stay, and the log contains the
    /// file and the fix.
    ///
    /// A Kubernetes secret can be mounted as it is (not by `subPath`, which is never updated): its
    /// files are replaced all at once through the link `..data`, and one read sees either the old
    /// or the new files. Elsewhere, use a link to a directory and replace the link, or write
    /// `signing` last.
    ///
    /// On Unix a file or a directory that every user may change is refused, and so is one that its
    /// group may change unless the group is root's: anyone who changes a key can sign tokens of
    /// every user. A private key that every user of the machine may read is a warning: this is the
    /// default in a container, which has no other users.
    ///
    /// ```no_run
    /// use cookiejwt_store::{Config, ReadKeys};
    ///
    /// # let builder = Config::builder();
    /// let config = builder.keys_dir("/run/secrets/cookiejwt").read_keys()?.build()?;
    /// # Ok::<(), cookiejwt_store::ConfigError>(())
    /// ```
    fn read_keys(self) -> Result<Self, ConfigError>;
}

impl ReadKeys for ConfigBuilder {
    fn read_keys(self) -> Result<Self, ConfigError> {
        let Some(path) = self.unread_keys_dir().map(Path::to_owned) else { return Ok(self) };
        let found = KeyFiles::read(&path)?;
        warn_of(&found.exposed());
        Ok(self.keys_of_dir(path, found.into_keys()?))
    }
}

/// Reports which private keys every user of the machine may read.
pub(crate) fn warn_of(exposed: &[PathBuf]) {
    for file in exposed {
        tracing::warn!(?file, "every user of this machine can read this private key; run chmod 600 on it");
    }
}

/// What one look into the directory found.
pub(crate) struct KeyFiles {
    directory: PathBuf,
    keys: BTreeMap<String, Halves>,
    signing: Option<String>,
    exposed: Vec<PathBuf>,
}

#[derive(Default)]
struct Halves {
    private: Option<PrivateKey>,
    public: Option<PublicKey>,
}

enum Kind<'a> {
    Signing,
    Private(&'a str),
    Public(&'a str),
}

impl KeyFiles {
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let directory = one_side(path).map_err(|error| unreadable(path, &error))?;
        refuse_foreign_hands(&directory)?;
        let mut found = Self { directory, keys: BTreeMap::new(), signing: None, exposed: Vec::new() };
        for file in files(&found.directory)? {
            found.add(&file)?;
        }
        Ok(found)
    }

    /// The private keys that every user of the machine may read.
    pub(crate) fn exposed(&self) -> Vec<PathBuf> {
        self.exposed.clone()
    }

    pub(crate) fn into_keys(mut self) -> Result<AccessKeys, ConfigError> {
        let name = self.signing.take().ok_or_else(|| self.nobody_signs("has no file `signing`", Missing))?;
        let Some(Halves { private: Some(key), .. }) = self.keys.remove(&name) else {
            let what = format!("has {name:?} in its file `signing`, and no {:?}", format!("{name}{PRIVATE}"));
            return Err(self.nobody_signs(&what, Contradiction));
        };
        let others = self.keys.into_values().filter_map(Halves::verifying);
        Ok(others.fold(AccessKeys::new(key), AccessKeys::verifying))
    }

    fn add(&mut self, file: &Path) -> Result<(), ConfigError> {
        let kind = Kind::of(file)?;
        refuse_foreign_hands(file)?;
        let text = contents(file)?;
        match kind {
            Kind::Signing => self.signing = Some(signing_name(file, &text)?),
            Kind::Private(name) => {
                let key = private_key(file, name, &text)?;
                if may_be_read_by_everybody(file) {
                    self.exposed.push(file.to_owned());
                }
                self.halves(name).private = Some(key);
            }
            Kind::Public(name) => self.halves(name).public = Some(public_key(file, name, &text)?),
        }
        if let Kind::Private(name) | Kind::Public(name) = kind
            && !self.halves(name).belong_together()
        {
            let cure = "delete it, or write the public half of the private key of that name";
            return Err(refuse(file, Contradiction, "does not belong to the other file of its name", cure));
        }
        Ok(())
    }

    fn halves(&mut self, name: &str) -> &mut Halves {
        self.keys.entry(name.to_owned()).or_default()
    }

    fn nobody_signs(&self, what: &str, problem: ConfigErrorKind) -> ConfigError {
        let able: Vec<_> =
            self.keys.iter().filter(|(_, key)| key.private.is_some()).map(|(name, _)| &**name).collect();
        let cure = if able.is_empty() {
            format!("make a key with `cookiejwt-keygen eddsa {}`", self.directory.display())
        } else {
            format!("write the name of the key that signs into it: {}", able.join(" or "))
        };
        ConfigError::new(KEYS_DIR, problem, what.to_owned(), cure)
    }
}

impl Halves {
    fn belong_together(&self) -> bool {
        let (Some(private), Some(public)) = (&self.private, &self.public) else { return true };
        private.public_key().thumbprint() == public.thumbprint()
    }

    fn verifying(self) -> Option<PublicKey> {
        self.private.map(|key| key.public_key()).or(self.public)
    }
}

impl<'a> Kind<'a> {
    fn of(file: &'a Path) -> Result<Self, ConfigError> {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name == SIGNING {
            return Ok(Self::Signing);
        }
        if let Some(name) = name.strip_suffix(PUBLIC).filter(|name| !name.is_empty()) {
            return Ok(Self::Public(name));
        }
        if let Some(name) = name.strip_suffix(PRIVATE).filter(|name| !name.is_empty()) {
            return Ok(Self::Private(name));
        }
        let cure =
            "name a private key NAME.pem and a public key NAME.pub.pem, and keep other files elsewhere";
        Err(refuse(file, Unknown, "does not have the name of a key", cure))
    }
}

/// The target of the link that Kubernetes exchanges, so that no file comes from before and another
/// from after.
fn one_side(path: &Path) -> io::Result<PathBuf> {
    let exchanged = path.join("..data");
    if exchanged.exists() { exchanged.canonicalize() } else { path.canonicalize() }
}

/// In the order of their names.
fn files(directory: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let entries = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(|error| unreadable(directory, &error))?;
    let visible = entries.into_iter().filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
    let mut files: Vec<_> = visible.map(|entry| entry.path()).filter(|path| !path.is_dir()).collect();
    files.sort();
    if files.len() > MAX_FILES {
        let what = format!("has {} files", files.len());
        return Err(ConfigError::new(KEYS_DIR, OutOfRange, what, "drop old keys; at most 64 files are read"));
    }
    Ok(files)
}

fn contents(file: &Path) -> Result<Zeroizing<Vec<u8>>, ConfigError> {
    let mut text = Zeroizing::new(Vec::with_capacity(4096));
    let read = fs::File::open(file).and_then(|open| open.take(MAX_BYTES).read_to_end(&mut text));
    read.map_err(|error| unreadable(file, &error))?;
    Ok(text)
}

fn signing_name(file: &Path, text: &[u8]) -> Result<String, ConfigError> {
    let name = std::str::from_utf8(text).unwrap_or_default().trim();
    let name = name.strip_suffix(PRIVATE).unwrap_or(name);
    let plain = |character: char| character.is_ascii_graphic() && character != '/';
    if name.is_empty() || name.len() > 255 || !name.chars().all(plain) {
        let cure = "write the name of one key into it, without .pem";
        return Err(refuse(file, Malformed, "holds no name", cure));
    }
    Ok(name.to_owned())
}

fn private_key(file: &Path, name: &str, pem: &[u8]) -> Result<PrivateKey, ConfigError> {
    let read = if name.ends_with(RS256) {
        PrivateKey::from_pem(Algorithm::Rs256, pem)
    } else {
        PrivateKey::from_any_pem(pem)
    };
    read.map_err(|error| {
        if PublicKey::from_any_pem(pem).is_ok() {
            let cure = format!("name it {name}{PUBLIC}");
            return refuse(file, Contradiction, "holds a public key", cure);
        }
        bad_key(file, error)
    })
}

fn public_key(file: &Path, name: &str, pem: &[u8]) -> Result<PublicKey, ConfigError> {
    let read = if name.ends_with(RS256) {
        PublicKey::from_pem(Algorithm::Rs256, pem)
    } else {
        PublicKey::from_any_pem(pem)
    };
    read.map_err(|error| {
        if PrivateKey::from_any_pem(pem).is_ok() {
            let cure = format!("name it {name}{PRIVATE}, or write its public half instead");
            return refuse(file, Insecure, "holds a private key where a public one belongs", cure);
        }
        bad_key(file, error)
    })
}

fn bad_key(file: &Path, error: KeyError) -> ConfigError {
    let cure = "make one with `cookiejwt-keygen eddsa`, or delete the file";
    refuse(file, Malformed, format!("is refused: {error}"), cure)
}

fn unreadable(path: &Path, error: &io::Error) -> ConfigError {
    let cure = "let the path name a directory that this process may read, with a key in it";
    refuse(path, Missing, format!("cannot be read: {error}"), cure)
}

fn refuse(
    file: &Path,
    problem: ConfigErrorKind,
    what: impl Into<String>,
    cure: impl Into<String>,
) -> ConfigError {
    let what = format!("is not a set of keys: \"{}\" {}", file.display(), what.into());
    ConfigError::new(KEYS_DIR, problem, what, cure.into())
}

/// Anyone who may change a key, or add one, can sign tokens of every user. The group of root can do
/// that anyway.
fn refuse_foreign_hands(path: &Path) -> Result<(), ConfigError> {
    let Access { mode, is_roots_group } = Access::of(path);
    let (who, cure) = if mode & 0o002 != 0 {
        ("everybody", "o-w")
    } else if mode & 0o020 != 0 && !is_roots_group {
        ("its group", "g-w")
    } else {
        return Ok(());
    };
    let cure = format!("run `chmod {cure} {}`", path.display());
    Err(refuse(path, Insecure, format!("may be changed by {who}"), cure))
}

fn may_be_read_by_everybody(file: &Path) -> bool {
    Access::of(file).mode & 0o004 != 0
}

#[derive(Default)]
struct Access {
    mode: u32,
    is_roots_group: bool,
}

impl Access {
    #[cfg(unix)]
    fn of(path: &Path) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        let found =
            fs::metadata(path).map(|found| Self { mode: found.mode(), is_roots_group: found.gid() == 0 });
        // One that cannot be asked cannot be read either, which is reported there.
        found.unwrap_or_default()
    }

    /// Other systems keep access lists, which are up to their administrators.
    #[cfg(not(unix))]
    fn of(_: &Path) -> Self {
        Self::default()
    }
}
