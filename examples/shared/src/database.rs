//! The database connection and the tables of the application.

use std::time::Duration;

use cookiejwt_store::sea_orm_store::up;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr};
use sea_orm_migration::{
    prelude::{DeriveIden, MigrationName, MigrationTrait, MigratorTrait, SchemaManager, Table, async_trait},
    schema::{big_integer, pk_auto, string, string_len, string_null, string_uniq},
};

use crate::DemoError;

const TIMEOUT: Duration = Duration::from_secs(3);

/// Connects, and brings the application's own tables up to date.
pub(crate) async fn open(url: &str) -> Result<DatabaseConnection, DemoError> {
    let db = connect(url).await?;
    up::<Migrator>(&db).await?;
    Ok(db)
}

/// Connects to the database of an example.
pub async fn connect(url: &str) -> Result<DatabaseConnection, DemoError> {
    // With an unavailable database, requests get 503 after three seconds; the driver's default is
    // to keep trying for thirty.
    let options = ConnectOptions::new(url).acquire_timeout(TIMEOUT).sqlx_logging(false).to_owned();
    // The driver's errors may contain the address, including its password.
    let cannot_open = |error: DbErr| DemoError::Connect(error.to_string().replace(url, "…"));
    let db = Database::connect(options).await.map_err(cannot_open)?;
    if db.get_database_backend() == DbBackend::Sqlite {
        // Readers and the one writer do not wait for each other.
        db.execute_unprepared("PRAGMA journal_mode = WAL").await?;
    }
    Ok(db)
}

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateTables), Box::new(AddTotpSecret)]
    }
}

struct CreateTables;

impl MigrationName for CreateTables {
    fn name(&self) -> &'static str {
        "m20261123_000001_create_tables"
    }
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
    Username,
    PasswordHash,
    TotpSecret,
}

#[derive(DeriveIden)]
enum Notes {
    Table,
    Id,
    UserId,
    Text,
    CreatedAt,
}

#[allow(elided_lifetimes_in_paths, reason = "async_trait needs the lifetime as the trait elides it")]
#[async_trait::async_trait]
impl MigrationTrait for CreateTables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let users = Table::create()
            .table(Users::Table)
            .if_not_exists()
            .col(pk_auto(Users::Id).big_integer())
            .col(string_uniq(Users::Username))
            .col(string(Users::PasswordHash))
            .to_owned();
        let notes = Table::create()
            .table(Notes::Table)
            .if_not_exists()
            .col(pk_auto(Notes::Id).big_integer())
            .col(big_integer(Notes::UserId))
            .col(string_len(Notes::Text, 500))
            .col(big_integer(Notes::CreatedAt))
            .to_owned();
        manager.create_table(users).await?;
        manager.create_table(notes).await
    }
}

/// Only `examples/plain` lets users have one.
struct AddTotpSecret;

impl MigrationName for AddTotpSecret {
    fn name(&self) -> &'static str {
        "m20261130_000001_add_totp_secret"
    }
}

#[allow(elided_lifetimes_in_paths, reason = "async_trait needs the lifetime as the trait elides it")]
#[async_trait::async_trait]
impl MigrationTrait for AddTotpSecret {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // MySQL has no transactions around such statements: this may have been done before.
        let is_there = "SELECT totp_secret FROM users LIMIT 1";
        if manager.get_database_backend() == DbBackend::MySql
            && manager.get_connection().execute_unprepared(is_there).await.is_ok()
        {
            return Ok(());
        }
        let secret = Table::alter().table(Users::Table).add_column(string_null(Users::TotpSecret)).to_owned();
        manager.alter_table(secret).await
    }
}
