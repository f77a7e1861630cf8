use cookiejwt_store::{
    Authenticator, AuthenticatorBuilder, ConfigBuilder, Decision, Login, LoginContext, LoginError,
    LoginOptions, ManualClock, RevocationLevel, RevocationReason, SessionId, SessionRecord, TokenStore,
    testing,
};
use http::request::Parts;
use time::Duration;

use super::{Jar, PASSWORD, Switches, TestHasher, TestTokens, TestUsers};

/// One node with its stores and its clock.
pub(crate) struct World {
    pub(crate) auth: Authenticator,
    pub(crate) clock: ManualClock,
    pub(crate) users: TestUsers,
    pub(crate) tokens: TestTokens,
    pub(crate) hasher: TestHasher,
    pub(crate) switches: Switches,
    pub(crate) config: ConfigBuilder,
}

impl World {
    /// At the default level, `Feed`.
    pub(crate) fn new() -> Self {
        Self::with(testing::config())
    }

    pub(crate) fn at(level: RevocationLevel) -> Self {
        Self::with(testing::config().revocation(level))
    }

    pub(crate) fn with(config: ConfigBuilder) -> Self {
        let switches = Switches::default();
        let clock = ManualClock::at(testing::NOW);
        let users = TestUsers::new(switches.clone());
        let tokens = TestTokens { switches: switches.clone(), ..TestTokens::default() };
        let hasher = TestHasher::default();
        let auth = builder(&config, &clock, &users, &tokens, &hasher).build().unwrap();
        Self { auth, clock, users, tokens, hasher, switches, config }
    }

    /// Another node on the same stores that has just started.
    pub(crate) fn another_node(&self) -> Authenticator {
        self.builder().build().unwrap()
    }

    /// On the same stores, to be changed before it is built.
    pub(crate) fn builder(&self) -> AuthenticatorBuilder {
        builder(&self.config, &self.clock, &self.users, &self.tokens, &self.hasher)
    }

    pub(crate) async fn try_login(&self, login: &str, password: &str) -> Result<Login, LoginError> {
        let context = LoginContext::default();
        self.auth.login_with_password(login, password, LoginOptions::new(), context).await
    }

    /// Logs in and keeps the cookies.
    pub(crate) async fn login(&self, login: &str) -> Browser {
        Browser::of(&self.try_login(login, PASSWORD).await.unwrap())
    }

    pub(crate) async fn authenticate(&self, head: Parts) -> Decision {
        self.auth.authenticate(&head).await
    }

    pub(crate) async fn row(&self, session: &SessionId) -> SessionRecord {
        self.tokens.rows.find(session).await.unwrap().unwrap()
    }

    /// Why the session is revoked in the store, if it is.
    pub(crate) async fn revoked(&self, session: &SessionId) -> Option<RevocationReason> {
        self.row(session).await.revoked.map(|(_, reason)| reason)
    }

    /// Moves the clock past the end of every access token issued so far, its leeway included.
    pub(crate) fn expire_access(&self) {
        self.advance(306);
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(Duration::seconds(seconds));
    }
}

/// A logged-in browser.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    pub(crate) jar: Jar,
    pub(crate) session: SessionId,
}

impl Browser {
    pub(crate) fn of(login: &Login) -> Self {
        Self { jar: Jar::of(&login.cookies), session: login.record.id.clone() }
    }
}

fn builder(
    config: &ConfigBuilder,
    clock: &ManualClock,
    users: &TestUsers,
    tokens: &TestTokens,
    hasher: &TestHasher,
) -> AuthenticatorBuilder {
    Authenticator::builder(config.clone().build().unwrap())
        .users(users.clone())
        .tokens(tokens.clone())
        .clock(clock.clone())
        .password_hasher(hasher.clone())
        .password_route(true)
}

/// Lets every task of a single-threaded runtime run until it has to wait for something.
pub(crate) async fn let_tasks_run() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}
