//! The quick start with axum-login and tower-sessions, for comparison.

use std::fmt;

use axum::{Json, Router, http::StatusCode, routing::get, routing::post};
use axum_login::tower_sessions::cookie::time::Duration;
use axum_login::tower_sessions::{Expiry, SessionManagerLayer, session_store::ExpiredDeletion};
use axum_login::{AuthManagerLayerBuilder, AuthUser, AuthnBackend};
use serde::Deserialize;
use sqlx::{FromRow, SqlitePool};
use tower_sessions_sqlx_store::SqliteStore;

const USERS: &str = "CREATE TABLE IF NOT EXISTS users
    (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL)";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let db = SqlitePool::connect("sqlite://app.db?mode=rwc").await?;
    sqlx::query(USERS).execute(&db).await?; // your own table; create it as you like
    let store = SqliteStore::new(db.clone());
    store.migrate().await?;
    tokio::spawn(store.clone().continuously_delete_expired(tokio::time::Duration::from_secs(60)));
    let sessions = SessionManagerLayer::new(store)
        .with_expiry(Expiry::OnInactivity(Duration::days(1)))
        .with_always_save(true); // without it the day counts from the login, not from the last request

    let app = Router::new()
        .route("/", get(home))
        .route("/me", get(me))
        .route("/login", post(login))
        .route("/logout", post(logout))
        .layer(AuthManagerLayerBuilder::new(Users(db), sessions).build());
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3000").await?, app).await?;
    Ok(())
}

type AuthSession = axum_login::AuthSession<Users>;

async fn home(auth: AuthSession) -> String {
    auth.user.map_or("hello, stranger".into(), |user| format!("hello, {}", user.id))
}
async fn me(auth: AuthSession) -> Result<Json<serde_json::Value>, StatusCode> {
    let user = auth.user.ok_or(StatusCode::UNAUTHORIZED)?;
    Ok(Json(serde_json::json!({ "id": user.id, "name": user.name }))) // never the row: it holds the password hash
}
async fn login(mut auth: AuthSession, Json(credentials): Json<Credentials>) -> Result<(), StatusCode> {
    let user = auth.authenticate(credentials).await.map_err(internal)?.ok_or(StatusCode::UNAUTHORIZED)?;
    auth.login(&user).await.map_err(internal)
}
async fn logout(mut auth: AuthSession) -> Result<(), StatusCode> {
    auth.logout().await.map_err(internal)?;
    Ok(())
}
fn internal(_: axum_login::Error<Users>) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}

#[derive(Clone, FromRow)]
struct User {
    id: i64,
    name: String,
    password_hash: String,
}

// axum-login writes the user to its own log at level DEBUG, so the hash is left out.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

impl AuthUser for User {
    type Id = i64;
    fn id(&self) -> i64 {
        self.id
    }
    fn session_auth_hash(&self) -> &[u8] {
        self.password_hash.as_bytes()
    }
}

#[derive(Clone, Deserialize)]
struct Credentials {
    username: String,
    password: String,
}

#[derive(Debug, thiserror::Error)]
enum UsersError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Hashing(#[from] tokio::task::JoinError),
}

#[derive(Clone, Debug)]
struct Users(SqlitePool);

impl AuthnBackend for Users {
    type User = User;
    type Credentials = Credentials;
    type Error = UsersError;
    async fn authenticate(&self, given: Credentials) -> Result<Option<User>, UsersError> {
        let found = sqlx::query_as("SELECT * FROM users WHERE name = ?").bind(given.username);
        let user: Option<User> = found.fetch_optional(&self.0).await?;
        let right = |user: &User| password_auth::verify_password(given.password, &user.password_hash).is_ok();
        Ok(tokio::task::spawn_blocking(|| user.filter(right)).await?) // hashing blocks
    }
    async fn get_user(&self, id: &i64) -> Result<Option<User>, UsersError> {
        Ok(sqlx::query_as("SELECT * FROM users WHERE id = ?").bind(id).fetch_optional(&self.0).await?)
    }
}
