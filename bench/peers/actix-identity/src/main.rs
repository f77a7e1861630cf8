//! The quick start with actix-identity and actix-session, for comparison.

use std::time::Duration;

use actix_identity::{Identity, IdentityMiddleware};
use actix_session::{SessionMiddleware, config::PersistentSession, storage::CookieSessionStore};
use actix_web::error::{ErrorInternalServerError, ErrorUnauthorized};
use actix_web::{App, Error, HttpMessage, HttpRequest, HttpResponse, HttpServer, cookie::Key, web};
use serde::Deserialize;
use sqlx::SqlitePool;

const USERS: &str = "CREATE TABLE IF NOT EXISTS users
    (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL)";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = Key::try_from(std::env::var("SESSION_KEY")?.as_bytes())?;
    let db = SqlitePool::connect("sqlite://app.db?mode=rwc").await?;
    sqlx::query(USERS).execute(&db).await?; // your own table; create it as you like

    let server = HttpServer::new(move || {
        let identity =
            IdentityMiddleware::builder().login_deadline(Some(30 * DAY)).visit_deadline(Some(DAY)).build();
        let sessions = SessionMiddleware::builder(CookieSessionStore::default(), key.clone())
            .session_lifecycle(PersistentSession::default())
            .build();
        App::new()
            .app_data(web::Data::new(db.clone()))
            .route("/", web::get().to(home))
            .route("/me", web::get().to(me))
            .route("/login", web::post().to(login))
            .route("/logout", web::post().to(logout))
            .wrap(identity)
            .wrap(sessions) // after the identity: the last one runs first
    });
    server.bind(("127.0.0.1", 3000))?.run().await?;
    Ok(())
}

async fn home(who: Option<Identity>) -> Result<String, Error> {
    Ok(match who {
        Some(who) => format!("hello, {}", who.id()?),
        None => "hello, stranger".into(),
    })
}
async fn me(who: Identity, db: web::Data<SqlitePool>) -> Result<web::Json<serde_json::Value>, Error> {
    let id: i64 = who.id()?.parse().map_err(|_| ErrorUnauthorized("no such user"))?;
    let found = sqlx::query_as("SELECT id, name FROM users WHERE id = ?").bind(id);
    let user: Option<(i64, String)> = found.fetch_optional(&**db).await.map_err(internal)?;
    let (id, name) = user.ok_or_else(|| ErrorUnauthorized("no such user"))?;
    Ok(web::Json(serde_json::json!({ "id": id, "name": name })))
}

#[derive(Deserialize)]
struct Credentials {
    username: String,
    password: String,
}

async fn login(
    request: HttpRequest,
    db: web::Data<SqlitePool>,
    web::Json(given): web::Json<Credentials>,
) -> Result<HttpResponse, Error> {
    let found = sqlx::query_as("SELECT id, password_hash FROM users WHERE name = ?").bind(given.username);
    let user: Option<(i64, String)> = found.fetch_optional(&**db).await.map_err(internal)?;
    let right = |(_, hash): &(i64, String)| password_auth::verify_password(given.password, hash).is_ok();
    let user = web::block(|| user.filter(right)).await?; // hashing blocks
    let (id, _) = user.ok_or_else(|| ErrorUnauthorized("wrong name or password"))?;
    Identity::login(&request.extensions(), id.to_string())?;
    Ok(HttpResponse::Ok().finish())
}
async fn logout(who: Option<Identity>) -> HttpResponse {
    if let Some(who) = who {
        who.logout();
    }
    HttpResponse::Ok().finish()
}
fn internal(_: sqlx::Error) -> Error {
    ErrorInternalServerError("internal error")
}
