//! The authenticator, which joins everything, and its builder.

mod background;
mod beside;
mod twins;

use std::{
    fmt,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use arc_swap::ArcSwap;
use cookiejwt_core::{Config, Core, Throttle, Timestamp};
use time::OffsetDateTime;

use crate::{
    errors::{BuildError, PasswordError},
    events::{Advice, Event, Hooks, LostAnswers},
    keys::{Exchange, KEYS_INTERVAL, core_with_memo},
    passwords::{Argon2id, PasswordHasher, Passwords, StoredHashes, Throttling},
    runtime::{Clock, Pulse, Random, SystemClock},
    sessions::{Pending, Receipts, RevokedSet},
    stores::{ClockSkew, DynTokenStore, DynUserStore, TokenStore, UserStore},
};

use self::background::FEED_INTERVAL;

const DEFAULT_PREFIX: &str = "/api/auth";

/// Joins the core's decisions with the stores, the clock and the random numbers.
///
/// Built once, shared by every request; cloning is cheap. The adapters add `layer()`, `routes()` and
/// `require_login()`.
///
/// ```
/// use cookiejwt_store::{Authenticator, Config, MemoryStore, Secret};
/// # use cookiejwt_store::{AuthUser, StoreError, Subject, UserStore};
/// # struct Nobody;
/// # struct User;
/// # impl AuthUser for User {
/// #     fn subject(&self) -> Subject { 1.into() }
/// #     fn password_hash(&self) -> Option<&str> { None }
/// # }
/// # impl UserStore for Nobody {
/// #     type User = User;
/// #     type Error = StoreError;
/// #     async fn find_by_id(&self, _: &Subject) -> Result<Option<User>, StoreError> { Ok(None) }
/// #     async fn find_by_login(&self, _: &str) -> Result<Option<User>, StoreError> { Ok(None) }
/// #     async fn set_password_hash(&self, _: &Subject, _: &str, _: &str) -> Result<bool, StoreError> { Ok(false) }
/// # }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config::builder()
///     .secret(Secret::from_base64("NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=")?)
///     .issuer("https://id.example")
///     .audience("shop")
///     .build()?;
/// let auth = Authenticator::builder(config).users(Nobody).tokens(MemoryStore::new()).build()?;
/// # let _ = auth;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Authenticator(pub(crate) Arc<Inner>);

/// What every clone shares.
pub(crate) struct Inner {
    /// Exchanged as a whole when keys are.
    pub(crate) core: ArcSwap<Core>,
    pub(crate) config: Config,
    pub(crate) exchange: Exchange,
    pub(crate) users: Box<dyn DynUserStore>,
    pub(crate) tokens: Box<dyn DynTokenStore>,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) passwords: Passwords,
    pub(crate) hashes: StoredHashes,
    pub(crate) revoked: RevokedSet,
    pub(crate) receipts: Receipts,
    pub(crate) lost_answers: LostAnswers,
    pub(crate) pulse: Pulse,
    pub(crate) pending: Pending,
    pub(crate) clock_skew: ClockSkew,
    pub(crate) random: Random,
    pub(crate) prefix: String,
    pub(crate) password_route: bool,
    /// Whether an adapter has mounted the built-in routes.
    pub(crate) is_mounted: AtomicBool,
    pub(crate) feed_interval: Duration,
    pub(crate) hooks: Hooks,
    pub(crate) throttling: Throttling,
    pub(crate) advice: Advice,
    pub(crate) keys_interval: Duration,
    /// Whether the feed, the purge and the look for other keys run.
    pub(crate) background: AtomicBool,
}

impl Authenticator {
    /// Starts from settings that have passed their checks.
    pub fn builder(config: Config) -> AuthenticatorBuilder {
        AuthenticatorBuilder {
            config,
            users: None,
            tokens: None,
            clock: Box::new(SystemClock),
            hasher: Arc::new(Argon2id::default()),
            random: Random::default(),
            prefix: DEFAULT_PREFIX.into(),
            password_route: false,
            feed_interval: FEED_INTERVAL,
            hooks: Hooks::default(),
            keys_interval: KEYS_INTERVAL,
            throttle: Throttle::new(),
        }
    }

    /// The pure core, for decisions without a store, with the keys of this moment: whoever keeps it keeps them.
    pub fn core(&self) -> Core {
        Core::clone(&self.0.core.load())
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The present time.
    pub fn now(&self) -> OffsetDateTime {
        self.0.clock.now()
    }

    /// A hash for storage, for sign-up and for resetting a forgotten password.
    ///
    /// Sign-up gets the rule of length from here: a password with fewer than 8 characters or more than 1024 bytes is
    /// [`PasswordError::Length`], which a handler answers with 400 (NIST SP 800-63B-4 §3.1.1.2). It is put into NFC first, so that
    /// the same word from another keyboard matches.
    pub async fn hash_password(&self, password: &str) -> Result<String, PasswordError> {
        self.0.passwords.hash_new(password).await
    }

    /// Whether both are clones of one authenticator. Two that were built from the same settings are not.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn timestamp(&self) -> Timestamp {
        self.now().into()
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("core", &self.core()).finish_non_exhaustive()
    }
}

/// Collects the parts of an [`Authenticator`].
#[must_use = "a builder does nothing until `build`"]
pub struct AuthenticatorBuilder {
    config: Config,
    users: Option<Box<dyn DynUserStore>>,
    tokens: Option<Box<dyn DynTokenStore>>,
    clock: Box<dyn Clock>,
    hasher: Arc<dyn PasswordHasher>,
    random: Random,
    prefix: String,
    password_route: bool,
    feed_interval: Duration,
    hooks: Hooks,
    keys_interval: Duration,
    throttle: Throttle,
}

impl AuthenticatorBuilder {
    /// The application's users. Required.
    pub fn users(self, users: impl UserStore) -> Self {
        Self { users: Some(Box::new(users)), ..self }
    }

    /// Where sessions are kept. Required.
    pub fn tokens(self, tokens: impl TokenStore) -> Self {
        Self { tokens: Some(Box::new(tokens)), ..self }
    }

    /// Another clock, for tests.
    pub fn clock(self, clock: impl Clock) -> Self {
        Self { clock: Box::new(clock), ..self }
    }

    /// Another way to hash passwords. Default [`Argon2id`].
    pub fn password_hasher(self, hasher: impl PasswordHasher) -> Self {
        Self { hasher: Arc::new(hasher), ..self }
    }

    /// Other random numbers for the ids of tokens and sessions, so that a test knows them beforehand, or sees them fail.
    /// Whoever can guess them in production can guess what identifies a session.
    #[cfg(feature = "testing")]
    pub fn dangerous_random(
        self,
        fill: impl Fn(&mut [u8]) -> Result<(), getrandom::Error> + Send + Sync + 'static,
    ) -> Self {
        Self { random: Random(Box::new(fill)), ..self }
    }

    /// Where the routes are mounted. Default `/api/auth`.
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Whether `POST password/` is among the routes. Default no: it changes the application's own table, through
    /// [`UserStore::set_password_hash`].
    pub fn password_route(self, mounted: bool) -> Self {
        Self { password_route: mounted, ..self }
    }

    /// How often the feed asks the store for revocations of other nodes, which is how long they may take to arrive. Default
    /// one second; one query each, whatever the number of requests.
    pub fn feed_interval(self, interval: Duration) -> Self {
        Self { feed_interval: interval, ..self }
    }

    /// How many wrong passwords are checked before the next one has to wait; [`Throttle`] has the default limits. They
    /// count in the token store, so that all nodes have them together.
    pub fn throttle(self, throttle: Throttle) -> Self {
        Self { throttle, ..self }
    }

    /// Is told of every [`Event`]: logins, refusals, revocations, reuse, stores that fail. May be called more than once;
    /// each hook is told.
    ///
    /// It runs inside the request, so it must be quick and must not block: send what takes longer into a channel. A panic
    /// in it is logged and takes no request down (except where the program aborts on panic).
    ///
    /// ```
    /// # fn notify(_: &str) {}
    /// # fn with(builder: cookiejwt_store::AuthenticatorBuilder) -> cookiejwt_store::AuthenticatorBuilder {
    /// use cookiejwt_store::{Event, RevocationReason};
    ///
    /// builder.on_event(|event: &Event<'_>| {
    ///     if let Event::Revoked { session, reason: RevocationReason::Reuse, .. } = event {
    ///         notify(&format!("a refresh token of session {session} was stolen"));
    ///     }
    /// })
    /// # }
    /// ```
    pub fn on_event(mut self, hook: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.hooks = self.hooks.with(hook);
        self
    }

    /// How often the directory of keys is looked into. Default 30 seconds.
    pub fn keys_interval(self, interval: Duration) -> Self {
        Self { keys_interval: interval, ..self }
    }

    /// Checks that nothing is missing. Hashes a password and verifies it, so it takes a moment.
    pub fn build(self) -> Result<Authenticator, BuildError> {
        if !is_plain_path(&self.prefix) {
            return Err(BuildError::Prefix(self.prefix));
        }
        if self.config.sets_session_cookie() && cfg!(not(feature = "session-cookie")) {
            return Err(BuildError::SessionCookie);
        }
        Advice::on_settings(&self.config);
        let inner = Arc::new(Inner {
            users: self.users.ok_or(BuildError::NoUserStore)?,
            tokens: self.tokens.ok_or(BuildError::NoTokenStore)?,
            clock: self.clock,
            passwords: Passwords::new(self.hasher)?,
            hashes: StoredHashes::default(),
            revoked: RevokedSet::new(&self.config),
            receipts: Receipts::default(),
            lost_answers: LostAnswers::default(),
            pulse: Pulse::new(self.feed_interval),
            pending: Pending::default(),
            clock_skew: ClockSkew::default(),
            random: self.random,
            core: ArcSwap::from_pointee(core_with_memo(self.config.clone())),
            config: self.config,
            exchange: Exchange::default(),
            prefix: self.prefix,
            password_route: self.password_route,
            is_mounted: AtomicBool::new(false),
            feed_interval: self.feed_interval,
            hooks: self.hooks,
            keys_interval: self.keys_interval,
            throttling: Throttling::new(self.throttle),
            advice: Advice::default(),
            background: AtomicBool::new(false),
        });
        twins::register(&inner)?;
        let auth = Authenticator(inner);
        let skipped = auth.api().paths().into_iter().find(|(path, _)| auth.config().skips(path));
        skipped.map_or(Ok(auth), |(path, _)| Err(BuildError::Skip(path)))
    }
}

/// What every router reads as itself: braces, angle brackets and asterisks are patterns in one or the other.
fn is_plain_path(path: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-._~".contains(character);
    path.strip_prefix('/')
        .is_some_and(|path| path.split('/').all(|segment| !segment.is_empty() && segment.chars().all(plain)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_a_plain_path() {
        for (path, is_plain) in [
            ("/api/auth", true),
            ("/auth", true),
            ("/v1.0/~me/log-in_here", true),
            ("", false),
            ("/", false),
            ("auth", false),
            ("/auth/", false),
            ("/a//b", false),
            ("/a<b>", false),
            ("/{tenant}/auth", false),
            ("/*rest", false),
            ("/:id", false),
            ("/a?b", false),
            ("/a%2fb", false),
            ("/ä", false),
            ("/a b", false),
        ] {
            assert_eq!(is_plain_path(path), is_plain, "{path:?}");
        }
    }
}
