use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use argon2::{
    Params,
    password_hash::{CustomizedPasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    argon2_memory::{Hashing, Memory},
    typed::{MAX_PASSWORD_BYTES, TypedPassword},
};
use crate::error::BuildError;

/// Logins that may wait for a free hashing slot; the next is answered 503.
const MAX_WAITING: usize = 128;

/// What the dummy was made of.
const DUMMY: &str = "no user has this password";
/// RFC 9106 §3.1: 16 bytes are recommended.
const SALT_BYTES: usize = 16;

/// Whether a password belongs to a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordMatch {
    /// It does.
    Yes,
    /// It does, and the hash was made with other parameters than those of today.
    YesOutdated,
    /// It does not.
    No,
    /// The hash is of a format that the hasher does not read, or costs more than it accepts. The client hears what it hears of
    /// a wrong password; the log says it once for each format.
    Unreadable,
}

impl PasswordMatch {
    /// Whether the password belongs to the hash.
    pub const fn is_match(self) -> bool {
        matches!(self, Self::Yes | Self::YesOutdated)
    }
}

/// Hashing that failed, or is at its limit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Too many logins are waiting already.
    #[error("too many logins are waiting for a hashing slot")]
    Busy,
    /// The hasher failed.
    #[error("the password cannot be hashed: {0}")]
    Hash(String),
    /// A new password has fewer than 8 characters or more than 1024 bytes, counted in NFC.
    #[error("a password has at least 8 characters and at most 1024 bytes")]
    Length,
    /// Parameters beyond what [`Argon2id`] reads again: one row with them could exhaust the memory of the server.
    #[error(
        "argon2id with m={m} KiB, t={t}, p={p} costs more than is ever verified; at most m={max_m} t={max_t} p={max_p}",
        max_m = Argon2id::MAX_MEMORY_KIB,
        max_t = Argon2id::MAX_PASSES,
        max_p = Argon2id::MAX_LANES
    )]
    TooCostly {
        /// Memory in KiB.
        m: u32,
        /// Passes.
        t: u32,
        /// Lanes.
        p: u32,
    },
    /// Parameters below the floor of the OWASP password storage cheat sheet.
    #[error("argon2id with m={m} KiB, t={t} is weaker than OWASP's floor (m=19456 t=2, or an equal pair)")]
    Weak {
        /// Memory in KiB.
        m: u32,
        /// Passes.
        t: u32,
    },
}

impl PasswordError {
    /// Whether trying again later may help.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy)
    }
}

/// How passwords are hashed and checked. Runs on a thread that may block.
pub trait PasswordHasher: Send + Sync + 'static {
    /// A hash for storage, with a fresh salt. It has to be one that [`verify`](Self::verify) reads: an
    /// [`Authenticator`](crate::Authenticator) is not built without.
    fn hash(&self, password: &str) -> Result<String, PasswordError>;

    /// Compares in constant time. A stored hash that cannot be read is [`PasswordMatch::Unreadable`], after as much work as
    /// any other.
    fn verify(&self, password: &str, hash: &str) -> PasswordMatch;
}

/// argon2id (RFC 9106) with the parameters of the OWASP password storage cheat sheet: 19 456 KiB, two passes, one
/// lane.
///
/// ```
/// use cookiejwt_store::{Argon2id, PasswordHasher, PasswordMatch};
///
/// let hash = Argon2id::default().hash("correct horse").unwrap();
/// assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
/// assert_eq!(Argon2id::default().verify("correct horse", &hash), PasswordMatch::Yes);
/// ```
#[derive(Clone)]
pub struct Argon2id {
    params: Params,
    memory: Arc<Memory>,
}

impl Default for Argon2id {
    fn default() -> Self {
        Self::with(Params::default())
    }
}

impl Argon2id {
    /// Upper bounds for stored parameters, so that a planted row cannot exhaust the memory.
    const MAX_MEMORY_KIB: u32 = 1 << 18;
    const MAX_PASSES: u32 = 16;
    const MAX_LANES: u32 = 16;
    /// Memory in KiB and passes that OWASP calls equal.
    const FLOOR: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];

    /// With other parameters: memory in KiB, passes and lanes. Refused below OWASP's floor, and above 262 144 KiB, 16 passes
    /// or 16 lanes, which no stored hash may cost.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, PasswordError> {
        let strong = Self::FLOOR.iter().any(|(m, t)| memory_kib >= *m && passes >= *t);
        if !strong {
            return Err(PasswordError::Weak { m: memory_kib, t: passes });
        }
        let params = Params::new(memory_kib, passes, lanes, None)
            .map_err(|error| PasswordError::Hash(error.to_string()))?;
        if !Self::is_within_bounds(&params) {
            return Err(PasswordError::TooCostly { m: memory_kib, t: passes, p: lanes });
        }
        Ok(Self::with(params))
    }

    fn with(params: Params) -> Self {
        Self { memory: Arc::new(Memory::new(&params)), params }
    }

    fn read(hash: &str) -> Option<(PasswordHash, Params)> {
        let hash = PasswordHash::new(hash).ok()?;
        let params = Params::try_from(&hash).ok().filter(Self::is_within_bounds)?;
        Some((hash, params))
    }

    /// Whether a stored hash is one that can be checked.
    #[cfg(feature = "django")]
    pub(crate) fn can_read(hash: &str) -> bool {
        Self::read(hash).is_some()
    }

    fn is_within_bounds(params: &Params) -> bool {
        params.m_cost() <= Self::MAX_MEMORY_KIB
            && params.t_cost() <= Self::MAX_PASSES
            && params.p_cost() <= Self::MAX_LANES
    }

    fn is_current(&self, hash: &PasswordHash, params: &Params) -> bool {
        let costs = |p: &Params| (p.m_cost(), p.t_cost(), p.p_cost());
        hash.algorithm == argon2::ARGON2ID_IDENT && costs(params) == costs(&self.params)
    }
}

impl fmt::Debug for Argon2id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Argon2id").field(&self.params).finish()
    }
}

impl PasswordHasher for Argon2id {
    fn hash(&self, password: &str) -> Result<String, PasswordError> {
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(PasswordError::Length);
        }
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(|error| PasswordError::Hash(error.to_string()))?;
        let hashing = Hashing(&self.memory);
        let hash =
            hashing.hash_password_customized(password.as_bytes(), &salt, None, None, self.params.clone());
        hash.map(|hash| hash.to_string()).map_err(|error| PasswordError::Hash(error.to_string()))
    }

    fn verify(&self, password: &str, hash: &str) -> PasswordMatch {
        let Some((hash, params)) = Self::read(hash) else {
            // As long as a real comparison, so that the answer's time says nothing about the row.
            let _ = self.hash(password);
            return PasswordMatch::Unreadable;
        };
        match Hashing(&self.memory).verify_password(password.as_bytes(), &hash) {
            Ok(()) if self.is_current(&hash, &params) => PasswordMatch::Yes,
            Ok(()) => PasswordMatch::YesOutdated,
            Err(_) => PasswordMatch::No,
        }
    }
}

/// Hashing on blocking threads, with a bounded queue. One processor is left to everything else, where there are two.
///
/// Without the bound, tokio's 512 blocking threads times 19 MiB would be ten gigabytes.
#[derive(Clone)]
pub(crate) struct Passwords {
    hasher: Arc<dyn PasswordHasher>,
    slots: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    dummy: Arc<str>,
}

impl Passwords {
    /// Hashes a password and verifies it: who uses a hasher that does not read its own hashes would lock out everybody who
    /// signs up.
    pub(crate) fn new(hasher: Arc<dyn PasswordHasher>) -> Result<Self, BuildError> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let slots = processors.saturating_sub(1).max(1);
        let dummy = hasher.hash(DUMMY)?;
        if !hasher.verify(DUMMY, &dummy).is_match() {
            return Err(BuildError::PasswordHasher);
        }
        Ok(Self {
            dummy: dummy.into(),
            hasher,
            slots: Arc::new(Semaphore::new(slots)),
            waiting: Arc::default(),
        })
    }

    /// A hash of a password that may be shorter than a new one.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        self.hash_typed(TypedPassword::read(password).ok_or(PasswordError::Length)?).await
    }

    pub(crate) async fn hash_new(&self, password: &str) -> Result<String, PasswordError> {
        self.hash_typed(TypedPassword::new(password)?).await
    }

    async fn hash_typed(&self, password: TypedPassword) -> Result<String, PasswordError> {
        let hasher = Arc::clone(&self.hasher);
        let slot = self.slot().await?;
        run(slot, move || hasher.hash(password.as_str())).await?
    }

    /// As many verifications whoever is asked about: without a stored hash the dummy is checked, so that an unknown user takes
    /// as long as a wrong password (OWASP ASVS 6.3.8).
    pub(crate) async fn verify(
        &self,
        password: &str,
        hash: Option<&str>,
    ) -> Result<PasswordMatch, PasswordError> {
        let slot = self.slot().await?;
        self.verify_in(slot, password, hash).await
    }

    /// The same, for whoever has waited for a slot already.
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
        let found = run(slot, move || password.compare(&*hasher, &hash)).await?;
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
}

/// Leave to hash one password.
#[derive(Debug)]
pub(crate) struct HashingSlot {
    permit: OwnedSemaphorePermit,
    pub(crate) has_waited: bool,
}

async fn run<T: Send + 'static>(
    slot: HashingSlot,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PasswordError> {
    // Given back here, when the thread is free for the next: else tokio starts another one, and the allocator keeps as much
    // memory for each thread that has ever hashed. Whether the client is gone or the hasher panics, it goes with the work.
    let work = move || (work(), slot.permit);
    let done = tokio::task::spawn_blocking(work).await;
    done.map(|(result, _permit)| result).map_err(|error| PasswordError::Hash(error.to_string()))
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

    #[test]
    fn parameters_below_the_floor_are_refused() {
        for (m, t, accepted) in
            [(19_456, 2, true), (19_455, 2, false), (47_104, 1, true), (7_168, 5, true), (1 << 20, 0, false)]
        {
            assert_eq!(Argon2id::new(m, t, 1).is_ok(), accepted, "m={m} t={t}");
        }
    }

    /// What a hasher makes and does not read would lock out everybody who signs up.
    #[test]
    fn parameters_that_are_not_read_again_are_refused() {
        for (rule, m, t, p, accepted) in [
            ("the most memory", 262_144, 1, 1, true),
            ("a KiB more", 262_145, 1, 1, false),
            ("twice as much", 524_288, 1, 1, false),
            ("the most passes", 19_456, 16, 1, true),
            ("one more", 19_456, 17, 1, false),
            ("the most lanes", 19_456, 2, 16, true),
            ("one more", 19_456, 2, 17, false),
        ] {
            let made = Argon2id::new(m, t, p);
            assert_eq!(made.is_ok(), accepted, "{rule}");
            let stored = format!(
                "$argon2id$v=19$m={m},t={t},p={p}$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
            );
            assert_eq!(Argon2id::read(&stored).is_some(), accepted, "{rule}: as it is read");
            if let Err(error) = made {
                assert!(matches!(error, PasswordError::TooCostly { .. }), "{rule}: {error:?}");
                assert!(error.to_string().ends_with("at most m=262144 t=16 p=16"), "{error}");
            }
        }
        let long = "x".repeat(MAX_PASSWORD_BYTES + 1);
        assert!(matches!(Argon2id::default().hash(&long), Err(PasswordError::Length)), "a long password");
    }

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
            let built = Passwords::new(Arc::new(Cannot(found)));
            assert_eq!(built.is_ok(), is_accepted, "{found:?}");
            assert!(built.err().is_none_or(|error| matches!(error, BuildError::PasswordHasher)), "{found:?}");
        }
    }

    #[tokio::test]
    async fn a_new_password_has_its_length_and_an_old_one_has_not() {
        let passwords = Passwords::new(Arc::new(Argon2id::default())).unwrap();
        for (rule, password, old, new) in [
            ("nothing", String::new(), true, false),
            ("seven characters", "1234567".into(), true, false),
            ("eight", "12345678".into(), true, true),
            ("1025 bytes", "x".repeat(1025), false, false),
        ] {
            assert_eq!(passwords.hash(&password).await.is_ok(), old, "{rule}");
            let made = passwords.hash_new(&password).await;
            assert_eq!(made.is_ok(), new, "{rule}");
            assert!(made.err().is_none_or(|error| matches!(error, PasswordError::Length)), "{rule}");
        }
    }

    #[test]
    fn stored_hashes() {
        let today = Argon2id::default();
        let stronger = Argon2id::new(19_456, 3, 1).unwrap();
        let hash = today.hash("pässword").unwrap();
        assert_ne!(hash, today.hash("pässword").unwrap(), "each has a salt of its own");
        for (rule, hasher, password, hash, expected) in [
            ("right", &today, "pässword", hash.as_str(), PasswordMatch::Yes),
            ("other parameters", &stronger, "pässword", &hash, PasswordMatch::YesOutdated),
            ("wrong", &today, "password", &hash, PasswordMatch::No),
            ("not a hash", &today, "pässword", "plain", PasswordMatch::Unreadable),
            ("another format", &today, "x", "pbkdf2_sha256$1000$salt$hash", PasswordMatch::Unreadable),
            (
                "planted parameters that would exhaust the memory",
                &today,
                "x",
                "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
                PasswordMatch::Unreadable,
            ),
        ] {
            assert_eq!(hasher.verify(password, hash), expected, "{rule}");
        }
    }

    #[test]
    fn a_hasher_takes_passwords_exactly_as_they_come() {
        let hasher = Argon2id::default();
        let long = "x".repeat(72);
        for (rule, chosen, typed) in [
            ("the 73rd byte", format!("{long}a"), format!("{long}b")),
            ("upper case", "Password".into(), "password".into()),
            ("a blank before it", " password".into(), "password".into()),
            ("a blank behind it", "password ".into(), "password".into()),
            ("what stands behind NUL", "pass\0word".into(), "pass\0other".into()),
            ("another form of the same letter", "\u{e9}".into(), "e\u{301}".into()),
        ] {
            let hash = hasher.hash(&chosen).unwrap();
            assert_eq!(hasher.verify(&chosen, &hash), PasswordMatch::Yes, "{rule}");
            assert_eq!(hasher.verify(&typed, &hash), PasswordMatch::No, "{rule}");
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
        let passwords = Passwords::new(hasher.clone()).unwrap();
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
        let passwords = Passwords::new(Arc::new(Counting(AtomicUsize::new(0)))).unwrap();
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

    fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::Pin::new(future).poll(&mut context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }
}
