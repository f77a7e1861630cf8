//! What the example applications share, so that each of them contains only code for its framework.

mod database;
mod document;
mod error;
mod events;
mod notes;
mod page;
mod serve;
mod settings;
mod users;

use cookiejwt_store::{
    Authenticator, AuthenticatorBuilder, Identity, Problem, RevokedReaders, SeaOrmTokenStore,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use crate::{
    database::connect,
    document::{DemoDocument, document},
    error::DemoError,
    events::times,
    notes::{NewNote, Note, Notes},
    page::{ASSETS, Asset},
    serve::{overdue, report, stopped},
    settings::{FirstUser, Settings},
    users::{User, Users},
};

/// The parts of the application that do not depend on the framework.
#[derive(Clone, Debug)]
pub struct Demo {
    /// Logins and sessions.
    pub auth: Authenticator,
    /// The users.
    pub users: Users,
    /// The notes of the users.
    pub notes: Notes,
}

impl Demo {
    /// Opens the database, brings its schema up to date, and creates the first user.
    pub async fn start(settings: &Settings) -> Result<Self, DemoError> {
        Self::start_with(settings, |builder| builder).await
    }

    /// The same with further settings of the authenticator.
    pub async fn start_with(
        settings: &Settings,
        change: impl FnOnce(AuthenticatorBuilder) -> AuthenticatorBuilder,
    ) -> Result<Self, DemoError> {
        // Before anything is written, so that an invalid setting leaves no files behind.
        let config = settings.auth_config()?;
        let db = database::open(&settings.database_url).await?;
        let builder = Authenticator::builder(config)
            .users(Users(db.clone()))
            .tokens(SeaOrmTokenStore::migrate(db.clone()).await?)
            .password_route(true);
        let builder = match &settings.revoked_secret {
            Some(secret) => builder.revoked_route(RevokedReaders::header("x-revoked-key", secret)),
            None => builder,
        };
        let auth = change(builder).build()?;
        users::create_first(&db, &auth, settings).await?;
        serve::reload_keys_on_hangup(&auth);
        Ok(Self { auth, users: Users(db.clone()), notes: Notes(db) })
    }
}

/// Logs why a query failed, and returns what the client gets.
#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
pub fn unavailable(error: DemoError) -> Problem {
    tracing::error!(%error, "a query failed");
    Problem::Unavailable
}

/// The `Set-Cookie` line that clears the access cookie alone, so that the next request shows a
/// refresh.
pub fn expired_access(auth: &Authenticator) -> String {
    let core = auth.core();
    let cookies = core.clear_cookies();
    let access = cookies.iter().find(|cookie| cookie.name() == core.config().access_name());
    access.and_then(|cookie| cookie.line().to_str().ok()).unwrap_or_default().to_owned()
}

/// The response of `GET /api/me`, from the token alone: the username is a custom claim.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Me {
    user_id: String,
    username: String,
    session_id: String,
    /// `cookie` or `header`.
    source: &'static str,
}

/// The response of `GET /api/optional`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Visitor {
    /// Null for an anonymous request.
    pub user: Option<Me>,
}

/// The custom claims of this application's access tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DemoClaims {
    /// The login name.
    pub username: String,
}

impl Me {
    /// From a token, without any query.
    pub fn from_token(identity: &Identity, claims: DemoClaims) -> Self {
        Self {
            user_id: identity.subject().to_string(),
            username: claims.username,
            session_id: identity.session_id().to_string(),
            source: identity.source().as_str(),
        }
    }

    /// The same shape and size from constants, for the public route and the benchmarks.
    pub fn sample() -> Self {
        Self {
            user_id: "1".into(),
            username: "demo".into(),
            session_id: "AAAAAAAAAAAAAAAAAAAAAA".into(),
            source: "cookie",
        }
    }
}
