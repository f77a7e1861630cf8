//! A small application with a clock that stands still and stores that count and fail on demand.

#![allow(dead_code, unused_imports, reason = "each file of tests uses its own part of this")]

mod answer;
mod stores;
mod users;
pub(crate) mod wire;

use cookiejwt_axum::{
    Authenticator, AxumAuth as _, LoginOptions, ManualClock,
    cookiejwt_core::{ConfigBuilder, SessionId, SessionRecord},
    cookiejwt_store::{LoginContext, RequestHead},
    testing,
};
use time::Duration;

pub(crate) use self::{
    answer::{ACCESS, Answer, Leaving, REFRESH, get, post_json, request, send},
    stores::{Counts, Watched},
    users::{PlainPasswords, User, Users},
};

/// One second more than an access token is good for, leeway included.
const ACCESS_LIFE_AND_LEEWAY: i64 = 306;

pub(crate) struct World {
    pub(crate) auth: Authenticator,
    pub(crate) clock: ManualClock,
    pub(crate) store: Watched,
    pub(crate) users: Users,
}

/// What a browser holds after a login.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    pub(crate) session: SessionId,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Browser {
    /// The value of the `Cookie` field.
    pub(crate) fn cookies(&self) -> String {
        format!("{}; {}", self.access, self.refresh)
    }

    pub(crate) fn bearer(&self) -> String {
        let (_, token) = self.access.split_once('=').unwrap();
        format!("Bearer {token}")
    }
}

/// Who a token says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) subject: String,
    pub(crate) session: String,
    pub(crate) token: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|config| config)
    }

    pub(crate) fn with(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        let (clock, store, users) = (ManualClock::at(testing::NOW), Watched::default(), Users::default());
        let auth = Authenticator::builder(change(testing::config()).build().unwrap())
            .users(users.clone())
            .tokens(store.clone())
            .clock(clock.clone())
            .password_hasher(PlainPasswords)
            .build()
            .unwrap();
        Self { auth, clock, store, users }
    }

    /// Logs a user in without any request; the counters begin anew.
    pub(crate) async fn log_in(&self, name: &str) -> Browser {
        let user = self.users.by_name(name);
        let login =
            self.auth.login(&user, LoginOptions::new(), LoginContext::default()).await.expect("may log in");
        let pair = |name: &str| {
            let line = login.cookies.iter().find(|cookie| cookie.name() == name).unwrap().line();
            line.to_str().unwrap().split(';').next().unwrap().to_owned()
        };
        let browser = Browser { session: login.record.id, access: pair(ACCESS), refresh: pair(REFRESH) };
        self.store.forget_counts();
        self.users.forget_calls();
        browser
    }

    /// A browser whose access token has ended and whose refresh token has not.
    pub(crate) async fn stale(&self, name: &str) -> Browser {
        let browser = self.log_in(name).await;
        self.pass(ACCESS_LIFE_AND_LEEWAY);
        browser
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.advance(Duration::seconds(seconds));
    }

    pub(crate) async fn row(&self, session: &SessionId) -> SessionRecord {
        self.store.row(session).await.expect("the session has a row")
    }

    pub(crate) async fn revoked_because(&self, session: &SessionId) -> Option<&'static str> {
        self.row(session).await.revoked.map(|(_, reason)| reason.as_str())
    }

    /// Who these cookies say it is, without any application in between.
    pub(crate) async fn who(&self, cookies: &str) -> Option<Who> {
        let (parts, ()) = http(cookies).into_parts();
        let decision = self.auth.authenticate(RequestHead::from(&parts)).await;
        decision.identity().map(|identity| Who {
            subject: identity.subject().to_string(),
            session: identity.session_id().as_str().to_owned(),
            token: identity.token_id().as_str().to_owned(),
        })
    }
}

fn http(cookies: &str) -> axum::http::Request<()> {
    axum::http::Request::get("/").header("cookie", cookies).body(()).unwrap()
}

impl From<cookiejwt_axum::Identity> for Who {
    fn from(identity: cookiejwt_axum::Identity) -> Self {
        Self {
            subject: identity.subject().to_string(),
            session: identity.session_id().as_str().to_owned(),
            token: identity.token_id().as_str().to_owned(),
        }
    }
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.subject, self.session, self.token)
    }
}

impl World {
    /// An application of one handler that demands somebody and says who it is, at `/me`; with the built-in routes.
    pub(crate) fn me(&self) -> axum::Router {
        let me =
            axum::routing::any(|who: cookiejwt_axum::Identity| async move { Who::from(who).to_string() });
        axum::Router::new().route("/me", me).merge(self.auth.routes()).layer(self.auth.layer())
    }
}
