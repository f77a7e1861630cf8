use std::sync::{
    Arc, RwLock,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use cookiejwt_store::{PasswordError, PasswordHasher, PasswordMatch};

/// Hashes to `new:salt:password` at no cost; `old:salt:password` is outdated. Counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct TestHasher {
    salt: Arc<AtomicUsize>,
    verifications: Arc<AtomicUsize>,
    cannot_hash: Arc<AtomicBool>,
    begun: Arc<AtomicUsize>,
    held: Arc<RwLock<()>>,
}

/// While a test has it, no verification comes to its end.
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

    /// From now on verifications wait, on threads of their own.
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

    /// Verifications that have begun, ended or not.
    pub(crate) fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

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
        self.begun.fetch_add(1, Ordering::SeqCst);
        let _passed = self.held.read().unwrap();
        self.verifications.fetch_add(1, Ordering::SeqCst);
        let mut parts = hash.splitn(3, ':');
        let (version, stored) = (parts.next(), parts.nth(1));
        match version {
            _ if stored != Some(password) => PasswordMatch::No,
            Some("new") => PasswordMatch::Yes,
            _ => PasswordMatch::YesOutdated,
        }
    }
}
