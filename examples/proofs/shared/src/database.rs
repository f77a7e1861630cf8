//! The database of the application: SQLite.

use cookiejwt_store::Authenticator;
use sea_orm::{ConnectionTrait as _, DatabaseConnection};

use crate::{ProofsError, Settings, Users, users::NewUser};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    address TEXT UNIQUE,
    password_hash TEXT,
    is_admin BOOLEAN NOT NULL DEFAULT FALSE,
    totp_secret TEXT,
    recovery_codes TEXT NOT NULL DEFAULT '[]',
    passkeys TEXT NOT NULL DEFAULT '[]',
    provider_subject TEXT UNIQUE
)";

pub(crate) async fn open(url: &str) -> Result<DatabaseConnection, ProofsError> {
    let db = example_shared::connect(url).await?;
    db.execute_unprepared(TABLE).await?;
    Ok(db)
}

/// An administrator with a password, and a user who has none and logs in by a mailed link.
pub(crate) async fn create_first_users(
    users: &Users,
    auth: &Authenticator,
    settings: &Settings,
) -> Result<(), ProofsError> {
    if !users.all().await?.is_empty() {
        return Ok(());
    }
    let first = settings.shared.first_user()?;
    let admin = NewUser {
        name: first.name.clone(),
        address: Some(format!("{}@shop.example", first.name)),
        password_hash: Some(auth.hash_password(&first.password).await?),
        is_admin: true,
    };
    users.add(admin).await?;
    first.announce();
    let carol =
        NewUser { name: "carol".into(), address: Some("carol@shop.example".into()), ..NewUser::default() };
    Ok(users.add(carol).await?)
}
