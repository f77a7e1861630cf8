//! The schema: three tables, and a separate list of migrations.

use cookiejwt_store::{
    SeaOrmTokenStore, TokenStore as _,
    conformance::samples::{find, session},
    sea_orm_store::Migrator,
};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement};
use sea_orm_migration::MigratorTrait as _;

use crate::{
    store_in,
    temporary::{Journal, Temporary},
};

async fn names(db: &DatabaseConnection, of: &str) -> Vec<String> {
    let sql = format!(
        "SELECT name FROM sqlite_master WHERE type = '{of}' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    );
    strings(db, &sql).await
}

async fn strings(db: &DatabaseConnection, sql: &str) -> Vec<String> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

const INDICES: [&str; 6] = [
    "cookiejwt_sessions_expires_at",
    "cookiejwt_sessions_realm_subject",
    "cookiejwt_sessions_renewed_at",
    "cookiejwt_sessions_revoked_at",
    "cookiejwt_spent_kept_until",
    "cookiejwt_throttle_drained_at",
];

const APPLIED: &str = "SELECT version FROM seaql_migrations_cookiejwt";

#[tokio::test]
async fn three_tables_and_a_list_of_migrations_of_our_own() {
    let database = Temporary::with(Journal::Wal);
    let db = database.connect().await;
    SeaOrmTokenStore::migrate(db.clone()).await.unwrap();
    assert_eq!(
        names(&db, "table").await,
        ["cookiejwt_sessions", "cookiejwt_spent", "cookiejwt_throttle", "seaql_migrations_cookiejwt"]
    );
    assert_eq!(names(&db, "index").await, INDICES);
    assert_eq!(strings(&db, APPLIED).await.len(), Migrator::migrations().len());
}

#[tokio::test]
async fn an_applications_own_migrations_are_left_alone() {
    let database = Temporary::with(Journal::Delete);
    let db = database.connect().await;
    let table = "CREATE TABLE seaql_migrations (version VARCHAR PRIMARY KEY, applied_at BIGINT NOT NULL)";
    db.execute_unprepared(table).await.unwrap();
    db.execute_unprepared("INSERT INTO seaql_migrations VALUES ('m1_of_the_application', 1)").await.unwrap();
    SeaOrmTokenStore::migrate(db.clone()).await.unwrap();
    assert_eq!(strings(&db, "SELECT version FROM seaql_migrations").await, ["m1_of_the_application"]);
    Migrator::down(&db, None).await.unwrap();
    assert_eq!(names(&db, "table").await, ["seaql_migrations", "seaql_migrations_cookiejwt"]);
}

#[tokio::test]
async fn migrating_twice_keeps_the_rows() {
    for journal in [Journal::Wal, Journal::Delete] {
        let database = Temporary::with(journal);
        store_in(&database).await.create(&session("a")).await.unwrap();
        let again = store_in(&database).await;
        assert_eq!(find(&again, "a").await, Some(session("a")), "{journal:?}");
    }
}

/// A process that was killed between creating the table and recording the migration.
#[tokio::test]
async fn a_migration_that_was_cut_off_is_finished() {
    let database = Temporary::with(Journal::Delete);
    let db = database.connect().await;
    SeaOrmTokenStore::migrate(db.clone()).await.unwrap().create(&session("a")).await.unwrap();
    for sql in ["DELETE FROM seaql_migrations_cookiejwt", "DROP INDEX cookiejwt_sessions_realm_subject"] {
        db.execute_unprepared(sql).await.unwrap();
    }
    let store = SeaOrmTokenStore::migrate(db.clone()).await.unwrap();
    assert_eq!(find(&store, "a").await, Some(session("a")));
    assert_eq!(names(&db, "index").await, INDICES);
    assert_eq!(strings(&db, APPLIED).await.len(), Migrator::migrations().len());
}
