//! Collects the parts of an authenticator, and checks that they fit together.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use cookiejwt_core::{Config, store::Throttle};

use super::{Authenticator, Inner, background::Schedule, twins};
use crate::{
    errors::BuildError,
    events::{Advice, Event, Events, Hooks},
    keys::Keys,
    passwords::{Argon2id, PasswordHasher, PasswordPolicy, Passwords, Policies},
    runtime::{Clock, Random, Runtime, SystemClock},
    services::Services,
    sessions::Sessions,
    stores::{DynTokenStore, DynUserStore, TokenStore, Tokens, UserStore, Users},
};

const DEFAULT_PREFIX: &str = "/api/auth";
const FEED_INTERVAL: Duration = Duration::from_secs(1);
/// Far below the five minutes for which a JWKS document may be kept.
const KEYS_INTERVAL: Duration = Duration::from_secs(30);

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
            password_login: true,
            password_route: false,
            feed_interval: FEED_INTERVAL,
            hooks: Hooks::default(),
            keys_interval: KEYS_INTERVAL,
            throttle: Throttle::new(),
            policies: Policies::default(),
        }
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
    password_login: bool,
    password_route: bool,
    feed_interval: Duration,
    hooks: Hooks,
    keys_interval: Duration,
    throttle: Throttle,
    policies: Policies,
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

    /// Other random numbers for the ids of tokens and sessions, so that a test knows them
    /// beforehand, or sees them fail. Anyone who can guess them in production can guess what
    /// identifies a session.
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

    /// Whether `POST token/` and `POST token/fresh/` are among the routes. Default yes.
    ///
    /// Both start a session for the password alone. If the application requires more, such as a
    /// second factor, switch them off, or they are a way around it, and log users in with
    /// `AuthContext` after all the steps.
    pub fn password_login(self, mounted: bool) -> Self {
        Self { password_login: mounted, ..self }
    }

    /// Whether `POST password/` is among the routes. Default no: it changes the application's own
    /// table, through [`UserStore::set_password_hash`].
    pub fn password_route(self, mounted: bool) -> Self {
        Self { password_route: mounted, ..self }
    }

    /// How often the feed asks the store for revocations of other nodes, which is how long they may
    /// take to arrive. Default one second; one query each, whatever the number of requests.
    pub fn feed_interval(self, interval: Duration) -> Self {
        Self { feed_interval: interval, ..self }
    }

    /// How many wrong passwords are checked before the next one has to wait; [`Throttle`] has the
    /// default limits. They count in the token store, so that all nodes have them together.
    pub fn throttle(self, throttle: Throttle) -> Self {
        Self { throttle, ..self }
    }

    /// Decides which new passwords are accepted, in addition to their length. May be called more
    /// than once; the policies are asked in this order, and the first refusal counts.
    pub fn password_policy(self, policy: impl PasswordPolicy) -> Self {
        Self { policies: self.policies.with(policy), ..self }
    }

    /// Receives every [`Event`]: logins, refusals, revocations, reuse, stores that fail. May be
    /// called more than once; each hook receives all events.
    ///
    /// It runs inside the request, so it must be quick and must not block: send what takes longer
    /// into a channel. A panic in it is logged and takes no request down (except where the program
    /// aborts on panic).
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

    /// How often the directory of keys is read. Default 30 seconds.
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
        let users = self.users.ok_or(BuildError::NoUserStore)?;
        let tokens = self.tokens.ok_or(BuildError::NoTokenStore)?;
        let events = Events::new(self.config.realm().clone(), self.hooks);
        let services = Services {
            users: Users::new(users, events.clone()),
            tokens: Tokens::new(tokens, events.clone()),
            keys: Keys::new(self.config, events.clone()),
            runtime: Runtime::new(self.clock, self.random),
            events,
        };
        let passwords = Passwords::new(self.hasher, self.policies, self.throttle, services.clone())?;
        let sessions = Sessions::new(passwords.clone(), self.feed_interval, services.clone());
        let Services { users, tokens, keys, events, runtime } = services;
        let inner = Arc::new(Inner {
            users,
            tokens,
            keys,
            passwords,
            sessions,
            events,
            runtime,
            prefix: self.prefix,
            password_login: self.password_login,
            password_route: self.password_route,
            is_mounted: AtomicBool::new(false),
            schedule: Schedule::new(self.feed_interval, self.keys_interval),
        });
        twins::register(&inner)?;
        let auth = Authenticator(inner);
        let skipped = auth.api().paths().into_iter().find(|(path, _)| auth.config().skips(path));
        skipped.map_or(Ok(auth), |(path, _)| Err(BuildError::Skip(path)))
    }
}

/// What every router reads as itself: braces, angle brackets and asterisks are patterns in one or
/// the other.
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
