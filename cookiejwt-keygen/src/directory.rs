//! The directory of keys, and how files are written to it.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use cookiejwt_store::{Config, ReadKeys as _};

use crate::{KeygenError, Pair};

const SIGNING: &str = "signing";

/// A directory of keys, as the server reads it.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn open(path: &Path) -> Result<Self, KeygenError> {
        fs::read_dir(path).map_err(|error| file(path, error))?;
        Ok(Self(path.to_owned()))
    }

    pub(crate) fn open_or_make(path: &Path) -> Result<Self, KeygenError> {
        let mut builder = DirBuilder::new();
        for_the_owner(&mut builder);
        builder.recursive(true).create(path).map_err(|error| file(path, error))?;
        Self::open(path)
    }

    /// Fails if a server would refuse it.
    pub(crate) fn check(&self) -> Result<(), KeygenError> {
        Config::builder().keys_dir(&self.0).read_keys().map(drop).map_err(Into::into)
    }

    pub(crate) fn has_no_key(&self) -> Result<bool, KeygenError> {
        let entries = fs::read_dir(&self.0).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = entries.map_err(|error| file(&self.0, error))?;
        Ok(!entries.iter().any(|entry| {
            let name = entry.file_name();
            name == SIGNING || name.as_encoded_bytes().ends_with(b".pem")
        }))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        is_name(name) && self.private(name).is_file()
    }

    /// The name of the key that signs.
    pub(crate) fn signing(&self) -> Option<String> {
        let name = fs::read_to_string(self.0.join(SIGNING)).ok()?;
        Some(name.trim().trim_end_matches(".pem").to_owned())
    }

    /// Writes the public half first: on its own it can only verify, so a crash in between does no
    /// harm.
    pub(crate) fn add(&self, name: &str, pair: &Pair) -> Result<(), KeygenError> {
        if !is_name(name) {
            return Err(KeygenError::Name(name.to_owned()));
        }
        let (private, public) = (self.private(name), self.0.join(format!("{name}.pub.pem")));
        if let Some(there) = [&private, &public].into_iter().find(|path| path.symlink_metadata().is_ok()) {
            return Err(KeygenError::Exists(there.clone()));
        }
        self.create(&public, &pair.public)?;
        self.create(&private, &pair.private)
    }

    /// Atomic: a server that reads the file at the same time sees either the old or the new name.
    pub(crate) fn sign_with(&self, name: &str) -> Result<(), KeygenError> {
        let signing = self.0.join(SIGNING);
        let draft = self.draft(&format!("{name}\n"))?;
        fs::rename(&draft, &signing).map_err(|error| file(&signing, error))
    }

    /// The file appears complete, and an existing file is never overwritten.
    fn create(&self, path: &Path, text: &str) -> Result<(), KeygenError> {
        let draft = self.draft(text)?;
        let linked = fs::hard_link(&draft, path);
        fs::remove_file(&draft).map_err(|error| file(&draft, error))?;
        linked.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => KeygenError::Exists(path.to_owned()),
            _ => file(path, error),
        })
    }

    /// The server ignores names that begin with a dot.
    fn draft(&self, text: &str) -> Result<PathBuf, KeygenError> {
        let path = self.0.join(format!(".draft-{}", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        for_the_owner_alone(&mut options);
        let written = options.open(&path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.map_err(|error| file(&path, error))?;
        Ok(path)
    }

    fn private(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.pem"))
    }
}

/// A name that needs no escaping in a file system, a shell or a Kubernetes secret.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let begins_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    let ends_well = [".pub", ".pem", ".rs256"].iter().all(|ending| !name.ends_with(ending));
    begins_well && ends_well && name.len() <= 100 && name.bytes().all(plain)
}

fn file(path: &Path, error: io::Error) -> KeygenError {
    KeygenError::File { path: path.to_owned(), error }
}

#[cfg(unix)]
fn for_the_owner(builder: &mut DirBuilder) {
    use std::os::unix::fs::DirBuilderExt as _;
    builder.mode(0o700);
}

#[cfg(unix)]
fn for_the_owner_alone(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn for_the_owner(_: &mut DirBuilder) {}

#[cfg(not(unix))]
fn for_the_owner_alone(_: &mut OpenOptions) {}
