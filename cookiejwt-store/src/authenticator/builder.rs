//! Collects the parts of an authenticator and checks that they fit together.

use std::{sync::Arc, time::Duration};

use cookiejwt_core::{Config, store::Throttle};

use super::{Authenticator, Inner, background::Schedule, readers::RevokedReaders, twins};
use crate::{
    errors::BuildError,
    events::{Advice, Event, Events, Hooks},
    keys::Keys,
    passwords::{Argon2id, PasswordHasher, PasswordPolicy, Passwords, Policies},
    routes::{IdentityHeaders, Optional, Pages, Routes, is_page},
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
    /// Starts a builder with checked settings.
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
            login_page: None,
            second_factor_page: None,
            after_login: None,
            identity_headers: IdentityHeaders::default(),
            feed_interval: FEED_INTERVAL,
            hooks: Hooks::default(),
            keys_interval: KEYS_INTERVAL,
            throttle: Throttle::new(),
            policies: Policies::default(),
            readers: None,
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
    login_page: Option<String>,
    second_factor_page: Option<String>,
    after_login: Option<String>,
    identity_headers: IdentityHeaders,
    feed_interval: Duration,
    hooks: Hooks,
    keys_interval: Duration,
    throttle: Throttle,
    policies: Policies,
    readers: Option<RevokedReaders>,
}

impl AuthenticatorBuilder {
    /// Sets the store of the application's users. Required.
    pub fn users(self, users: impl UserStore) -> Self {
        Self { users: Some(Box::new(users)), ..self }
    }

    /// Sets the store of the sessions. Required.
    pub fn tokens(self, tokens: impl TokenStore) -> Self {
        Self { tokens: Some(Box::new(tokens)), ..self }
    }

    /// Sets another clock, for tests.
    pub fn clock(self, clock: impl Clock) -> Self {
        Self { clock: Box::new(clock), ..self }
    }

    /// Sets the password hasher. Default: [`Argon2id`].
    pub fn password_hasher(self, hasher: impl PasswordHasher) -> Self {
        Self { hasher: Arc::new(hasher), ..self }
    }

    /// Sets the random numbers for the ids of tokens and sessions, so that a test knows them
    /// beforehand or can make them fail. In production, anyone who can guess them can guess the ids
    /// of sessions.
    #[cfg(feature = "testing")]
    pub fn dangerous_random(
        self,
        fill: impl Fn(&mut [u8]) -> Result<(), getrandom::Error> + Send + Sync + 'static,
    ) -> Self {
        Self { random: Random(Box::new(fill)), ..self }
    }

    /// Sets the path where the routes are mounted. Default: `/api/auth`.
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Whether `POST token/` and `POST token/fresh/` are mounted. Default: true.
    ///
    /// Both start a session for the password alone. If the application requires more, such as a
    /// second factor, they would bypass it: switch them off, and log users in with `AuthContext`
    /// after the last step.
    pub fn password_login(self, mounted: bool) -> Self {
        Self { password_login: mounted, ..self }
    }

    /// Whether `POST password/` is mounted. Default: false, because it changes the application's
    /// own table through [`UserStore::set_password_hash`].
    pub fn password_route(self, mounted: bool) -> Self {
        Self { password_route: mounted, ..self }
    }

    /// Mounts `GET revoked` for these readers: the list of sessions that have ended, which services
    /// that only verify follow. Default: it is not mounted.
    ///
    /// Requires an asymmetric key, because a service that could verify the list with the secret
    /// could also mint tokens, and
    /// [`RevocationLevel::Feed`](cookiejwt_core::RevocationLevel::Feed).
    ///
    /// ```
    /// # fn with(builder: cookiejwt_store::AuthenticatorBuilder, secret: String) -> cookiejwt_store::AuthenticatorBuilder {
    /// use cookiejwt_store::RevokedReaders;
    ///
    /// builder.revoked_route(RevokedReaders::header("x-revoked-key", secret))
    /// # }
    /// ```
    pub fn revoked_route(self, readers: RevokedReaders) -> Self {
        Self { readers: Some(readers), ..self }
    }

    /// Your login page, for applications whose forms work without script. Default: none.
    ///
    /// With it, the form of a page that posts to `token/`, `token/fresh/`, `password/` or `logout/`
    /// is answered with 303 and never with JSON: to the path in the hidden field or query member
    /// `next`, otherwise to [`after_login`](Self::after_login), or after a logout to this page. A
    /// failure leads back, with `error` and the same `next` in the query: a login to this page, the
    /// others to the page of the form (`Referer`). `error` is a code of [`Problem::CODES`];
    /// [`Problem::detail_of`] has its sentence. `reason` and `retry_after` (seconds) may follow.
    ///
    /// `token/continue/`, and `token/verify/` for a proxy, lead a user there whose session has
    /// ended, with the way back in `next`.
    ///
    /// Every target has passed [`next_path`](cookiejwt_core::next_path), so no link to the login
    /// page leads to another site (CWE-601). Clients that read JSON notice nothing.
    ///
    /// [`Problem::CODES`]: cookiejwt_core::Problem::CODES
    /// [`Problem::detail_of`]: cookiejwt_core::Problem::detail_of
    pub fn login_page(self, path: impl Into<String>) -> Self {
        Self { login_page: Some(path.into()), ..self }
    }

    /// The page where a user proves their second factor: a form that gets 401
    /// `second_factor_required` is led there. Its pending login keeps `next` and `remember`.
    /// Default: the login page, with that `error`.
    pub fn second_factor_page(self, path: impl Into<String>) -> Self {
        Self { second_factor_page: Some(path.into()), ..self }
    }

    /// Where a form leads to that has no `next`. Default: `/`.
    pub fn after_login(self, path: impl Into<String>) -> Self {
        Self { after_login: Some(path.into()), ..self }
    }

    /// Sets the names of the header fields in which `GET token/verify/` tells a proxy who the user
    /// is. Default: `X-Auth-User`, `X-Auth-Session`, `X-Auth-Scopes`, `X-Auth-Realm` and
    /// `X-Auth-Actor`.
    pub fn identity_headers(self, names: IdentityHeaders) -> Self {
        Self { identity_headers: names, ..self }
    }

    /// How often this node polls the store for sessions revoked by other nodes, and so how long a
    /// revocation may take to take effect here. Default: one second. Each poll is one query,
    /// independent of load.
    pub fn feed_interval(self, interval: Duration) -> Self {
        Self { feed_interval: interval, ..self }
    }

    /// Sets the limits on failed password attempts; see [`Throttle`] for the defaults. Attempts are
    /// counted in the token store, so all nodes share the limits.
    pub fn throttle(self, throttle: Throttle) -> Self {
        Self { throttle, ..self }
    }

    /// Decides which new passwords are accepted, in addition to their length. May be called more
    /// than once; the policies are asked in this order, and the first refusal counts.
    pub fn password_policy(self, policy: impl PasswordPolicy) -> Self {
        Self { policies: self.policies.with(policy), ..self }
    }

    /// Adds a hook that receives every [`Event`]: logins, refusals, revocations, reuse, failures of
    /// a store. May be called more than once; each hook receives all events.
    ///
    /// The hook runs inside the request, so it must be quick and must not block: send slow work to
    /// a channel. A panic in the hook is logged and does not fail the request (unless the program
    /// aborts on panic).
    ///
    /// ```
    /// # fn notify(_: &str) {}
    /// # fn with(builder: cookiejwt_store::AuthenticatorBuilder) -> cookiejwt_store::AuthenticatorBuilder {
    /// use cookiejwt_store::Event;
    ///
    /// builder.on_event(|event: &Event<'_>| {
    ///     if let Event::Reuse { session, .. } = event {
    ///         notify(&format!("a refresh token of session {session} was stolen"));
    ///     }
    /// })
    /// # }
    /// ```
    pub fn on_event(mut self, hook: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.hooks = self.hooks.with(hook);
        self
    }

    /// How often the directory of keys is read. Default: 30 seconds.
    pub fn keys_interval(self, interval: Duration) -> Self {
        Self { keys_interval: interval, ..self }
    }

    /// Builds the authenticator, or returns what is missing. It hashes a password and verifies it,
    /// so it takes a moment.
    pub fn build(self) -> Result<Authenticator, BuildError> {
        if !is_plain_path(&self.prefix) {
            return Err(BuildError::Prefix(self.prefix));
        }
        if self.config.sets_session_cookie() && cfg!(not(feature = "session-cookie")) {
            return Err(BuildError::SessionCookie);
        }
        if let Some(readers) = &self.readers {
            readers.check(&self.config)?;
        }
        let pages = pages(self.login_page, self.second_factor_page, self.after_login)?;
        if let Some(name) = self.identity_headers.taken() {
            return Err(BuildError::IdentityHeaders(name.to_string()));
        }
        Advice::on_settings(&self.config);
        let users = self.users.ok_or(BuildError::NoUserStore)?;
        let tokens = self.tokens.ok_or(BuildError::NoTokenStore)?;
        keeps_devices(&self.config, &*tokens)?;
        let events = Events::new(self.config.realm().clone(), self.hooks);
        let services = Services {
            users: Users::new(users, events.clone()),
            tokens: Tokens::new(tokens, events.clone()),
            keys: Keys::new(self.config, events.clone()),
            runtime: Runtime::new(self.clock, self.random),
            events,
        };
        let passwords = Passwords::new(self.hasher, self.policies, self.throttle, services.clone())?;
        let sessions = Sessions::new(passwords.clone(), self.feed_interval, &self.prefix, services.clone());
        let Services { users, tokens, keys, events, runtime } = services;
        let Self { prefix, password_login, password_route, readers, identity_headers, .. } = self;
        let optional = Optional { password_login, password_route, revoked_route: readers.is_some() };
        let routes = Routes::new(prefix, keys.clone(), optional)
            .with_pages(pages)
            .with_identity_headers(identity_headers);
        let inner = Arc::new(Inner {
            users,
            tokens,
            keys,
            passwords,
            sessions,
            events,
            runtime,
            routes,
            readers,
            schedule: Schedule::new(self.feed_interval, self.keys_interval),
        });
        twins::register(&inner)?;
        let auth = Authenticator(inner);
        let skipped = auth.0.routes.paths().into_iter().find(|(path, _)| auth.config().skips(path));
        skipped.map_or(Ok(auth), |(path, _)| Err(BuildError::Skip(path)))
    }
}

/// Whether the store can do what the settings ask for.
fn keeps_devices(config: &Config, tokens: &dyn DynTokenStore) -> Result<(), BuildError> {
    if config.device_bound().renews() && !tokens.keeps_devices() {
        Err(BuildError::NoDevices)
    } else {
        Ok(())
    }
}

/// The pages, if there is a login page; without one the others have no effect.
fn pages(
    login: Option<String>,
    second_factor: Option<String>,
    after_login: Option<String>,
) -> Result<Option<Pages>, BuildError> {
    let all = [&login, &second_factor, &after_login];
    if let Some(page) = all.into_iter().flatten().find(|page| !is_page(page)) {
        return Err(BuildError::Page(page.clone()));
    }
    match login {
        Some(login) => {
            let after_login = after_login.unwrap_or_else(|| "/".into());
            Ok(Some(Pages { login, second_factor, after_login }))
        }
        None if second_factor.is_some() || after_login.is_some() => Err(BuildError::NoLoginPage),
        None => Ok(None),
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
    fn pages_are_paths_of_the_application() {
        let built = |login: &str, code: &str, after: &str| {
            let given = |page: &str| (!page.is_empty()).then(|| page.to_owned());
            pages(given(login), given(code), given(after)).map(|pages| pages.is_some())
        };
        for (rule, login, code, after, expected) in [
            ("none", "", "", "", "Ok(false)"),
            ("one", "/login", "", "", "Ok(true)"),
            ("all, with a query", "/login?lang=de", "/login/code", "/home", "Ok(true)"),
            ("another site", "https://evil.example/login", "", "", "\"https://evil.example/login\""),
            ("another host", "/login", "//evil.example", "", "\"//evil.example\""),
            ("a relative path", "/login", "", "home", "\"home\""),
            ("a fragment", "/login#now", "", "", "\"/login#now\""),
            ("a second step without a first", "", "/login/code", "", "call `.login_page"),
            ("a way on without a way in", "", "", "/home", "call `.login_page"),
        ] {
            let built = format!("{:?}", built(login, code, after));
            assert!(built.contains(expected), "{rule}: {built}");
        }
    }

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
