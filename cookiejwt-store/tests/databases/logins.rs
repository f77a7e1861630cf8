//! Login names that a database cannot compare: an unknown user, not an outage.

use cookiejwt_store::{
    AuthUser, Authenticator, LoginContext, LoginError, LoginOptions, MemoryStore, StoreError, Subject,
    UserStore, testing,
};
use libtest_mimic::{Failed, Trial};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, Statement};

use crate::{
    common::TestHasher,
    matrix::Setting,
    server::{MYSQL, POSTGRES, Scratch, Server, runtime},
};

/// A typical user table of an application.
#[derive(Clone)]
struct Users(DatabaseConnection);

struct User(i64);

impl AuthUser for User {
    fn subject(&self) -> Subject {
        self.0.into()
    }

    fn password_hash(&self) -> Option<&str> {
        Some("new:0:correct horse")
    }
}

impl Users {
    async fn find(&self, column: &str, value: impl Into<sea_orm::Value>) -> Result<Option<User>, DbErr> {
        let backend = self.0.get_database_backend();
        let place = if backend == DbBackend::Postgres { "$1" } else { "?" };
        let sql = format!("SELECT id FROM people WHERE {column} = {place}");
        let row = self.0.query_one_raw(Statement::from_sql_and_values(backend, sql, [value.into()])).await?;
        row.map(|row| Ok(User(row.try_get("", "id")?))).transpose()
    }
}

impl UserStore for Users {
    type User = User;
    type Error = StoreError;

    async fn find_by_id(&self, id: &Subject) -> Result<Option<User>, StoreError> {
        let id: i64 = id.as_str().parse().map_err(StoreError::data)?;
        self.find("id", id).await.map_err(StoreError::new)
    }

    async fn find_by_login(&self, login: &str) -> Result<Option<User>, StoreError> {
        self.find("login", login).await.map_err(StoreError::new)
    }

    async fn set_password_hash(&self, _: &Subject, _: &str, _: &str) -> Result<bool, StoreError> {
        Ok(false)
    }
}

/// An application's error type that wraps the driver's.
#[derive(Debug)]
struct Own(DbErr);

impl std::fmt::Display for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the application's own")
    }
}

impl std::error::Error for Own {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

struct Row {
    name: &'static str,
    server: &'static Server,
    options: &'static str,
    table: &'static str,
    login: &'static str,
}

const LATIN1_DATABASE: &str = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0";

const ROWS: [Row; 3] = [
    Row { name: "NUL on PostgreSQL", server: &POSTGRES, options: "", table: "login TEXT", login: "al\0ice" },
    Row {
        name: "an emoji in a LATIN1 database of PostgreSQL",
        server: &POSTGRES,
        options: LATIN1_DATABASE,
        table: "login TEXT",
        login: "\u{1f600}",
    },
    Row {
        name: "an emoji in a latin1 table of MySQL or MariaDB",
        server: &MYSQL,
        options: "",
        table: "login VARCHAR(191) CHARACTER SET latin1",
        login: "\u{1f600}",
    },
];

pub(crate) fn trials() -> Vec<Trial> {
    ROWS.into_iter().map(|row| Trial::test(row.name, move || check(&row))).collect()
}

fn check(row: &Row) -> Result<(), Failed> {
    if !row.server.is_there()? {
        return Ok(());
    }
    let setting = Setting { server: row.server, options: row.options, on_connect: "SELECT 1" };
    let place = Scratch::create(setting)?;
    runtime()?.block_on(async {
        let db = place.connect().await?;
        db.execute_unprepared(&format!("CREATE TABLE people (id BIGINT PRIMARY KEY, {})", row.table)).await?;
        db.execute_unprepared("INSERT INTO people VALUES (1, 'alice')").await?;
        let users = Users(db.clone());
        of_the_driver(row, &users).await;
        logs_in(row, &users).await;
        db.close().await?;
        Ok::<_, DbErr>(())
    })?;
    Ok(())
}

async fn of_the_driver(row: &Row, users: &Users) {
    let error = users.find("login", row.login).await.err().expect("the database refuses it");
    assert!(StoreError::new(error.clone()).is_data(), "{}: {error}", row.name);
    assert!(StoreError::new(Own(error)).is_data(), "{}: inside another error", row.name);
    let error = users.find("no_such_column", "x").await.err().expect("there is none");
    assert!(!StoreError::new(error).is_data(), "{}: a mistake of the statement is no data", row.name);
}

async fn logs_in(row: &Row, users: &Users) {
    let hasher = TestHasher::default();
    let auth = Authenticator::builder(testing::config().build().unwrap())
        .users(users.clone())
        .tokens(MemoryStore::new())
        .password_hasher(hasher.clone())
        .build()
        .unwrap();
    let login = async |name: &str| {
        let (options, context) = (LoginOptions::new(), LoginContext::default());
        auth.login_with_password(name, "correct horse", options, context).await
    };
    let error = login(row.login).await.unwrap_err();
    assert!(matches!(error, LoginError::InvalidCredentials), "{}: {error:?}", row.name);
    assert_eq!(hasher.verifications(), 1, "{}: one hash", row.name);
    assert!(login("\u{a0}alice ").await.is_ok(), "{}: white space around it", row.name);
}
