use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use cookiejwt_store::{PasswordError, PasswordHasher, PasswordMatch};

const DUMMY: &str = "no user has this password";

/// Hashes to `new:salt:password` at no cost; `old:salt:password` is outdated, and anything else
/// unreadable. Counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct TestHasher {
    salt: Arc<AtomicUsize>,
    verifications: Arc<AtomicUsize>,
    cannot_hash: Arc<AtomicBool>,
    dummies: Arc<Mutex<HashSet<String>>>,
    begun: Arc<AtomicUsize>,
    held: Arc<RwLock<()>>,
}

/// While a test holds it, no verification completes.
#[derive(Debug)]
pub(crate) struct Held(Option<std::thread::JoinHandle<()>>, std::sync::mpsc::Sender<()>);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.1.send(());
        self.0.take().unwrap().join().unwrap();
    }
}

impl TestHasher {
    /// From now on it only verifies.
    pub(crate) fn stop_hashing(&self) {
        self.cannot_hash.store(true, Ordering::SeqCst);
    }

    /// From now on verifications wait, on separate threads.
    pub(crate) fn hold(&self) -> Held {
        let ((release, released), (holds, held)) = (std::sync::mpsc::channel(), std::sync::mpsc::channel());
        let lock = Arc::clone(&self.held);
        let thread = std::thread::spawn(move || {
            let _held = lock.write().unwrap();
            holds.send(()).unwrap();
            let _ = released.recv();
        });
        held.recv().unwrap();
        Held(Some(thread), release)
    }

    /// Verifications that have started, completed or not.
    pub(crate) fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    /// Without the one with which each `build` tests the hasher.
    pub(crate) fn verifications(&self) -> usize {
        self.verifications.load(Ordering::SeqCst)
    }
}

impl PasswordHasher for TestHasher {
    fn hash(&self, password: &str) -> Result<String, PasswordError> {
        if self.cannot_hash.load(Ordering::SeqCst) {
            return Err(PasswordError::Busy);
        }
        let salt = self.salt.fetch_add(1, Ordering::SeqCst);
        Ok(format!("new:{salt}:{password}"))
    }

    fn verify(&self, password: &str, hash: &str) -> PasswordMatch {
        let is_build =
            password == DUMMY && hash.ends_with(DUMMY) && self.dummies.lock().unwrap().insert(hash.into());
        self.begun.fetch_add(usize::from(!is_build), Ordering::SeqCst);
        let _passed = self.held.read().unwrap();
        self.verifications.fetch_add(usize::from(!is_build), Ordering::SeqCst);
        let mut parts = hash.splitn(3, ':');
        let (version, stored) = (parts.next(), parts.nth(1));
        match version {
            Some(version) if version != "new" && version != "old" => PasswordMatch::Unreadable,
            _ if stored != Some(password) => PasswordMatch::No,
            Some("new") => PasswordMatch::Yes,
            _ => PasswordMatch::YesOutdated,
        }
    }
}
