//! The bounded queue of passwords that wait to be hashed.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    hasher::{PasswordHasher, PasswordMatch},
    typed::TypedPassword,
};
use crate::errors::{BuildError, PasswordError, PasswordRefusal};

/// Logins that may wait for a free hashing slot; the next results in 503.
const MAX_WAITING: usize = 128;

/// What the dummy was made of.
const DUMMY: &str = "no user has this password";

/// Hashing on blocking threads, with a bounded queue. If there are at least two processors, one
/// never hashes.
///
/// Without the bound, tokio's 512 blocking threads times 19 MiB would be ten gigabytes.
#[derive(Clone)]
pub(crate) struct HashingQueue {
    hasher: Arc<dyn PasswordHasher>,
    slots: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    dummy: Arc<str>,
    activity: Arc<Activity>,
}

/// Whether passwords come at present, for a hasher that keeps memory as long as they do.
#[derive(Default)]
struct Activity {
    /// Whether one was hashed since the last look.
    is_new: AtomicBool,
    /// Whether one was hashed since the hasher was last at rest.
    is_awake: AtomicBool,
}

impl Activity {
    fn note(&self) {
        self.is_new.store(true, Ordering::Release);
    }

    /// Whether it is time to rest: there was a password before the last look, and none since.
    fn has_ended(&self) -> bool {
        if self.is_new.swap(false, Ordering::AcqRel) {
            self.is_awake.store(true, Ordering::Release);
            return false;
        }
        self.is_awake.swap(false, Ordering::AcqRel)
    }
}

impl HashingQueue {
    /// Hashes a password and verifies it: a hasher that does not read its own hashes would lock out
    /// every new user.
    pub(crate) fn new(hasher: Arc<dyn PasswordHasher>) -> Result<Self, BuildError> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let slots = processors.saturating_sub(1).max(1);
        let dummy = hasher.hash(DUMMY)?;
        if !hasher.verify(DUMMY, &dummy).is_match() {
            return Err(BuildError::PasswordHasher);
        }
        hasher.rest();
        Ok(Self {
            dummy: dummy.into(),
            hasher,
            slots: Arc::new(Semaphore::new(slots)),
            waiting: Arc::default(),
            activity: Arc::default(),
        })
    }

    /// Gives the memory for hashing back when no password has come since the last look. To be
    /// called at regular intervals.
    pub(crate) fn rest_when_idle(&self) {
        if self.activity.has_ended() {
            self.hasher.rest();
        }
    }

    /// A hash of a password that may be shorter than a new one.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        self.hash_typed(TypedPassword::read(password).ok_or(PasswordRefusal::TOO_LONG)?).await
    }

    pub(crate) async fn hash_new(&self, password: &str) -> Result<String, PasswordError> {
        self.hash_typed(TypedPassword::new(password)?).await
    }

    async fn hash_typed(&self, password: TypedPassword) -> Result<String, PasswordError> {
        let hasher = Arc::clone(&self.hasher);
        let slot = self.slot().await?;
        self.run(slot, move || hasher.hash(password.as_str())).await?
    }

    /// One verification for every login name: without a stored hash the dummy is checked, so that
    /// an unknown user takes as long as a wrong password (OWASP ASVS 6.3.8).
    pub(crate) async fn verify(
        &self,
        password: &str,
        hash: Option<&str>,
    ) -> Result<PasswordMatch, PasswordError> {
        let slot = self.slot().await?;
        self.verify_in(slot, password, hash).await
    }

    /// The same in a slot that was waited for already.
    pub(crate) async fn verify_in(
        &self,
        slot: HashingSlot,
        password: &str,
        hash: Option<&str>,
    ) -> Result<PasswordMatch, PasswordError> {
        let password = TypedPassword::read(password);
        let known = hash.is_some() && password.is_some();
        let hasher = Arc::clone(&self.hasher);
        let hash = hash.unwrap_or(&self.dummy).to_owned();
        let password = password.unwrap_or_else(TypedPassword::empty);
        let found = self.run(slot, move || password.compare(&*hasher, &hash)).await?;
        Ok(if known { found } else { PasswordMatch::No })
    }

    /// Waits for a slot, in a bounded queue.
    pub(crate) async fn slot(&self) -> Result<HashingSlot, PasswordError> {
        if let Ok(permit) = Arc::clone(&self.slots).try_acquire_owned() {
            return Ok(HashingSlot { permit, has_waited: false });
        }
        let waiting = Waiting::enter(&self.waiting).ok_or(PasswordError::Busy)?;
        let permit = Arc::clone(&self.slots).acquire_owned().await;
        drop(waiting);
        let permit = permit.map_err(|error| PasswordError::Hash(error.to_string()))?;
        Ok(HashingSlot { permit, has_waited: true })
    }

    async fn run<T: Send + 'static>(
        &self,
        slot: HashingSlot,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let activity = Arc::clone(&self.activity);
        // The permit is released when the thread is free again. Otherwise tokio would start another
        // thread, and the allocator keeps memory for each thread that has ever hashed. It is
        // released even if the client disconnects or the hasher panics.
        let work = move || {
            let result = work();
            activity.note();
            (result, slot.permit)
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.map(|(result, _permit)| result).map_err(|error| PasswordError::Hash(error.to_string()))
    }
}

/// Permission to hash one password.
#[derive(Debug)]
pub(crate) struct HashingSlot {
    permit: OwnedSemaphorePermit,
    pub(crate) has_waited: bool,
}

/// A place in the queue; given back when the login is cancelled too.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn enter(count: &Arc<AtomicUsize>) -> Option<Self> {
        let place = Self(Arc::clone(count));
        (count.fetch_add(1, Ordering::SeqCst) < MAX_WAITING).then_some(place)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passwords::{argon2id::Argon2id, typed::MAX_PASSWORD_BYTES};
    #[tokio::test]
    async fn a_hasher_that_does_not_read_its_own_hash_is_refused() {
        struct Cannot(PasswordMatch);

        impl PasswordHasher for Cannot {
            fn hash(&self, _: &str) -> Result<String, PasswordError> {
                Ok("mine".into())
            }

            fn verify(&self, _: &str, _: &str) -> PasswordMatch {
                self.0
            }
        }

        for (found, is_accepted) in [
            (PasswordMatch::Yes, true),
            (PasswordMatch::YesOutdated, true),
            (PasswordMatch::No, false),
            (PasswordMatch::Unreadable, false),
        ] {
            let built = HashingQueue::new(Arc::new(Cannot(found)));
            assert_eq!(built.is_ok(), is_accepted, "{found:?}");
            assert!(built.err().is_none_or(|error| matches!(error, BuildError::PasswordHasher)), "{found:?}");
        }
    }

    #[tokio::test]
    async fn a_new_password_has_its_length_and_an_old_one_has_not() {
        let passwords = HashingQueue::new(Arc::new(Argon2id::default())).unwrap();
        for (rule, password, old, new) in [
            ("nothing", String::new(), true, false),
            ("seven characters", "1234567".into(), true, false),
            ("eight", "12345678".into(), true, true),
            ("1025 bytes", "x".repeat(1025), false, false),
        ] {
            assert_eq!(passwords.hash(&password).await.is_ok(), old, "{rule}");
            let made = passwords.hash_new(&password).await;
            assert_eq!(made.is_ok(), new, "{rule}");
            assert!(
                made.err()
                    .is_none_or(|error| matches!(error, PasswordError::Refused(PasswordRefusal::Rule(_)))),
                "{rule}"
            );
        }
    }

    struct Counting(AtomicUsize);

    impl PasswordHasher for Counting {
        fn hash(&self, _: &str) -> Result<String, PasswordError> {
            Ok(DUMMY.into())
        }

        fn verify(&self, password: &str, hash: &str) -> PasswordMatch {
            self.0.fetch_add(1, Ordering::SeqCst);
            if hash == password { PasswordMatch::Yes } else { PasswordMatch::No }
        }
    }

    #[tokio::test]
    async fn one_verification_whoever_is_asked_about() {
        let hasher = Arc::new(Counting(AtomicUsize::new(0)));
        let passwords = HashingQueue::new(hasher.clone()).unwrap();
        let long = "x".repeat(MAX_PASSWORD_BYTES + 1);
        for (rule, password, hash, expected) in [
            ("right", "pw", Some("pw"), PasswordMatch::Yes),
            ("wrong", "no", Some("pw"), PasswordMatch::No),
            ("unknown user", "pw", None, PasswordMatch::No),
            ("unknown user, the dummy's own password", DUMMY, None, PasswordMatch::No),
            ("too long", long.as_str(), Some(long.as_str()), PasswordMatch::No),
        ] {
            let before = hasher.0.load(Ordering::SeqCst);
            assert_eq!(passwords.verify(password, hash).await.unwrap(), expected, "{rule}");
            assert_eq!(hasher.0.load(Ordering::SeqCst), before + 1, "{rule}");
        }
    }

    #[tokio::test]
    async fn the_queue_is_bounded_and_cancelled_places_come_back() {
        let passwords = HashingQueue::new(Arc::new(Counting(AtomicUsize::new(0)))).unwrap();
        let held = passwords.slots.acquire_many(u32::try_from(passwords.slots.available_permits()).unwrap());
        let held = held.await.unwrap();
        let mut queue: Vec<_> = (0..MAX_WAITING).map(|_| Box::pin(passwords.verify("a", None))).collect();
        for waiting in &mut queue {
            assert!(futures_poll(waiting).is_none());
        }
        assert!(matches!(passwords.verify("a", None).await, Err(PasswordError::Busy)));
        drop(queue);
        drop(held);
        assert_eq!(passwords.verify("a", None).await.unwrap(), PasswordMatch::No);
    }

    #[tokio::test]
    async fn a_hasher_rests_after_a_while_without_passwords() {
        struct Resting(AtomicUsize);

        impl PasswordHasher for Resting {
            fn hash(&self, _: &str) -> Result<String, PasswordError> {
                Ok(DUMMY.into())
            }

            fn verify(&self, _: &str, _: &str) -> PasswordMatch {
                PasswordMatch::Yes
            }

            fn rest(&self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }

        let hasher = Arc::new(Resting(AtomicUsize::new(0)));
        let passwords = HashingQueue::new(hasher.clone()).unwrap();
        for (rule, comes, rests) in [
            ("when it was built", false, 1),
            ("only once, because it is at rest", false, 1),
            ("not while passwords come", true, 1),
            ("not while passwords come", true, 1),
            ("when none has come since the last look", false, 2),
            ("only once, because it is at rest", false, 2),
            ("not after the next password", true, 2),
            ("again", false, 3),
        ] {
            if comes {
                let _ = passwords.verify("a", None).await.unwrap();
            }
            passwords.rest_when_idle();
            assert_eq!(hasher.0.load(Ordering::SeqCst), rests, "{rule}");
        }
        let _ = passwords.hash("a password").await.unwrap();
        passwords.rest_when_idle();
        passwords.rest_when_idle();
        assert_eq!(hasher.0.load(Ordering::SeqCst), 4, "a new hash is activity too");
    }

    fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::Pin::new(future).poll(&mut context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }
}
