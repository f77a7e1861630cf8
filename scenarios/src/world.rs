//! The authenticators, stores and clock of a scenario.

use std::{collections::BTreeMap, sync::Arc};

use cookiejwt_store::{
    Authenticator, AuthenticatorBuilder, ConfigBuilder, LoginContext, LoginOptions, ManualClock, Method,
    RevocationReason, SessionId, SessionRecord, Verifier, testing,
};
use time::{Duration, OffsetDateTime};

use crate::{Gate, PlainPasswords, Users, Watched, ids::Counting, verifier};

/// One second longer than an access token is accepted, including the leeway.
pub(crate) const ACCESS_LIFE_AND_LEEWAY: i64 = 306;

/// What an application needs. Clones share everything.
#[derive(Clone)]
pub struct World {
    pub auth: Authenticator,
    pub clock: ManualClock,
    pub store: Watched,
    pub users: Users,
    /// Where the handler of `/holds` waits.
    pub gate: Arc<Gate>,
    /// Another user table of the same application, whose users have the same names and ids.
    pub staff: Authenticator,
    /// One more, whose layer, middleware or fairing the application does not install.
    pub forgotten: Authenticator,
    /// Another service, which only verifies the access tokens of `auth`.
    pub verifier: Verifier,
}

/// What a browser has after a login.
#[derive(Clone, Debug)]
pub struct Browser {
    pub session: SessionId,
    pub access: String,
    pub refresh: String,
    /// The value of `Secure-Session-Registration`; empty if nothing is offered.
    pub offer: String,
}

impl Browser {
    /// The value of the `Cookie` field.
    pub fn cookies(&self) -> String {
        format!("{}; {}", self.access, self.refresh)
    }

    pub fn bearer(&self) -> String {
        let (_, token) = self.access.split_once('=').expect("a pair");
        format!("Bearer {token}")
    }
}

impl Default for World {
    fn default() -> Self {
        Self::with(|config| config)
    }
}

impl World {
    pub fn with(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        let (clock, store, users) = (ManualClock::at(testing::NOW), Watched::default(), Users::default());
        let config = change(testing::config());
        let auth = verifier::told(builder(config.clone(), &clock), config)
            .users(users.clone())
            .tokens(store.clone())
            .password_route(true)
            .login_page("/login")
            .second_factor_page("/login/code")
            .after_login("/home")
            .build()
            .expect("complete");
        let beside = |name: &str| beside(name, &clock);
        Self {
            staff: beside("staff"),
            forgotten: beside("forgotten"),
            verifier: verifier::of(&auth, &clock),
            auth,
            clock,
            store,
            users,
            gate: Arc::default(),
        }
    }

    /// Logs a user in without any request; the counters restart.
    pub async fn log_in(&self, name: &str) -> Browser {
        let browser = self.log_in_at(&self.auth, name).await;
        self.store.forget_counts();
        self.users.forget_calls();
        browser
    }

    /// Logs the user of this name in at another user table.
    pub async fn log_in_at(&self, auth: &Authenticator, name: &str) -> Browser {
        self.log_in_with(auth, name, LoginOptions::new()).await
    }

    /// Logs a user in who has proved by these methods who they are.
    pub async fn log_in_by(&self, name: &str, methods: &[&str]) -> Browser {
        let options =
            methods.iter().fold(LoginOptions::new(), |options, method| options.by(Method::new(method)));
        self.log_in_with(&self.auth, name, options).await
    }

    /// Logs a user in for a session that ends after these seconds.
    pub async fn log_in_briefly(&self, name: &str, seconds: u64) -> Browser {
        let options = LoginOptions::new().ends_after(std::time::Duration::from_secs(seconds));
        self.log_in_with(&self.auth, name, options).await
    }

    async fn log_in_with(&self, auth: &Authenticator, name: &str, options: LoginOptions) -> Browser {
        let user = self.users.by_name(name);
        let login = auth.login(&user, options, LoginContext::default()).await;
        let login = login.expect("may log in");
        let pair = |name: &str| {
            let cookie = login.cookies.iter().find(|cookie| cookie.name() == name).expect("both are set");
            let line = cookie.line().to_str().expect("ASCII");
            line.split(';').next().unwrap_or_default().to_owned()
        };
        let (access, refresh) = (pair(auth.config().access_name()), pair(auth.config().refresh_name()));
        let mut fields = http::HeaderMap::new();
        auth.core().write_cookies(&login.cookies, &mut fields);
        let offer = fields.get("secure-session-registration").and_then(|offer| offer.to_str().ok());
        let offer = offer.unwrap_or_default().to_owned();
        Browser { session: login.record.id.clone(), access, refresh, offer }
    }

    /// A browser with an expired access token and a valid refresh token.
    pub async fn stale(&self, name: &str) -> Browser {
        let browser = self.log_in(name).await;
        self.pass(ACCESS_LIFE_AND_LEEWAY);
        browser
    }

    pub fn pass(&self, seconds: i64) {
        self.clock.advance(Duration::seconds(seconds));
    }

    /// Seconds since the start.
    pub fn second(&self) -> i64 {
        (self.auth.now() - testing::NOW).whole_seconds()
    }

    pub async fn row(&self, session: &SessionId) -> SessionRecord {
        self.store.row(session).await.expect("the session has a row")
    }

    /// Another node revokes every session of this user.
    pub async fn revoke_elsewhere(&self, user: &str) {
        let subject = self.users.by_name(user).id.into();
        for session in self.store.created() {
            if self.row(&session).await.subject == subject {
                self.store.revoke_elsewhere(&session, self.auth.now().into()).await;
            }
        }
    }

    /// A node with other settings has bound the sessions of this user.
    pub async fn bind_elsewhere(&self, user: &str) {
        let subject = self.users.by_name(user).id.into();
        for session in self.store.created() {
            if self.row(&session).await.subject == subject {
                self.store.bind_elsewhere(&session, self.auth.now().into()).await;
            }
        }
    }

    pub async fn revoked_because(&self, session: &SessionId) -> Option<&'static str> {
        self.row(session).await.revoked.map(|(_, reason)| reason.as_str())
    }

    /// Every session in words: `#1 live 4 after 2`, `#1 logout 2`, `#1 live 2 bound`.
    pub async fn rows(&self) -> Vec<String> {
        let mut rows = BTreeMap::new();
        for id in self.store.created() {
            let row = self.row(&id).await;
            // A superseded session is replaced by a separate task when the new one is presented.
            let state = row.revoked.map_or("live", |(_, reason)| match reason {
                RevocationReason::Superseded => "replaced",
                reason => reason.as_str(),
            });
            let previous = row.previous_jti.map(|jti| format!(" after {jti}")).unwrap_or_default();
            let bound = if row.device.is_some() { " bound" } else { "" };
            rows.insert(id.to_string(), format!("{id} {state} {}{previous}{bound}", row.current_jti));
        }
        rows.into_values().map(|row| crate::ids::named(&row)).collect()
    }
}

/// A second authenticator with the same secret, but another realm and other routes.
fn beside(name: &str, clock: &ManualClock) -> Authenticator {
    let config = testing::config().realm(name).trusted_proxies(1);
    builder(config, clock)
        .users(Users::default())
        .tokens(Watched::default())
        .prefix(format!("/{name}/auth"))
        .build()
        .expect("complete")
}

fn builder(config: ConfigBuilder, clock: &ManualClock) -> AuthenticatorBuilder {
    let ids = Counting::default();
    Authenticator::builder(config.build().expect("valid settings"))
        .clock(clock.clone())
        .password_hasher(PlainPasswords)
        .dangerous_random(move |bytes| {
            ids.fill(bytes);
            Ok(())
        })
        // Revocations of other nodes arrive when a test asks for them.
        .feed_interval(std::time::Duration::from_hours(24))
}

/// This many seconds after the start.
pub(crate) fn second(seconds: i64) -> OffsetDateTime {
    testing::NOW + Duration::seconds(seconds)
}
