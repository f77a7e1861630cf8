//! Brings the tables up to date, with no more rights than that takes.

use std::future::Future;

use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait as _,
};
use sea_orm_migration::MigratorTrait;

use super::{
    fault::{Fault, explained, in_words},
    migration::Migrator,
    retry::wait,
};
use crate::errors::StoreError;

/// Of one migration: on MySQL, each of its statements may be lost to another node.
const TRIES: u32 = 8;

/// Runs a migrator while other nodes may be doing the same. Each of its statements has to be one
/// that may run twice, such as `CREATE TABLE IF NOT EXISTS`.
///
/// When every migration has been applied this only reads the list of them, so the role of the pool
/// needs no right to create tables.
pub async fn up<M: MigratorTrait>(db: &DatabaseConnection) -> Result<(), DbErr> {
    up_by::<M, _>(db, || in_one_transaction::<M>(db)).await
}

/// The same for the library's own tables, with the cure in the error.
pub(super) async fn up_to_date(db: &DatabaseConnection) -> Result<(), StoreError> {
    let Err(error) = up::<Migrator>(db).await else { return Ok(()) };
    if Fault::of(&error) != Some(Fault::Forbidden) {
        return Err(explained(error));
    }
    let missing = pending::<Migrator>(db).await.join(", ");
    let words = format!(
        "the tables are not up to date ({missing}), and the role of the pool may not change them; run the migration once \
         with a role that may (PostgreSQL: CREATE on the schema, as owner of the tables; MySQL: CREATE, ALTER, INDEX and \
         DROP), then SELECT, INSERT, UPDATE and DELETE on cookiejwt_sessions, cookiejwt_throttle and \
         cookiejwt_spent, and SELECT on seaql_migrations_cookiejwt, are enough"
    );
    Err(in_words(words, error))
}

async fn up_by<M: MigratorTrait, F>(db: &DatabaseConnection, migrate: impl Fn() -> F) -> Result<(), DbErr>
where
    F: Future<Output = Result<(), DbErr>>,
{
    let (mut tries, mut left) = (1, usize::MAX);
    loop {
        let pending = pending::<M>(db).await.len();
        if pending == 0 {
            return Ok(());
        }
        if pending < left {
            (tries, left) = (1, pending);
        }
        match migrate().await {
            Err(error @ (DbErr::Exec(_) | DbErr::Query(_)))
                if tries < TRIES
                    && !matches!(Fault::of(&error), Some(Fault::Forbidden | Fault::ReadOnly)) =>
            {
                // Another node was faster, and a second look finds its work done.
                tokio::time::sleep(wait(tries)).await;
                tries += 1;
            }
            result => return result,
        }
    }
}

/// A node that loses the race takes back what it did: an index of an older version must not come
/// back after a newer one has dropped it. On SQLite the others wait for the first one. MySQL has no
/// transactions around such statements, and creates the table and its indices in one of them.
///
/// PostgreSQL reports every `IF NOT EXISTS` that finds something, and SeaORM asks for the table of
/// its list several times.
async fn in_one_transaction<M: MigratorTrait>(db: &DatabaseConnection) -> Result<(), DbErr> {
    let sqlite_transaction_mode = match db.get_database_backend() {
        DbBackend::MySql => return M::up(db, None).await,
        DbBackend::Sqlite => Some(SqliteTransactionMode::Immediate),
        _ => None,
    };
    let options = TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() };
    let transaction = db.begin_with_options(options).await?;
    if db.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared("SET LOCAL client_min_messages = warning").await?;
    }
    M::up(&transaction, None).await?;
    transaction.commit().await
}

/// The names of the migrations that have not been applied: all of them when the list cannot be
/// read. Those that a newer version has applied do not matter.
async fn pending<M: MigratorTrait>(db: &DatabaseConnection) -> Vec<String> {
    let applied = applied(db, &M::migration_table_name().to_string()).await.unwrap_or_default();
    let names = M::migrations().into_iter().map(|migration| migration.name().to_owned());
    names.filter(|name| !applied.contains(name)).collect()
}

/// Without `information_schema`, which hides what the role may only read, and without an error in
/// the log of PostgreSQL.
async fn applied(db: &DatabaseConnection, table: &str) -> Result<Vec<String>, DbErr> {
    let backend = db.get_database_backend();
    if backend == DbBackend::Postgres {
        let sql = format!("SELECT to_regclass('{table}') IS NOT NULL");
        let row = db.query_one_raw(Statement::from_string(backend, sql)).await?;
        if row.map(|row| row.try_get_by_index(0)).transpose()? != Some(true) {
            return Ok(Vec::new());
        }
    }
    let sql = format!("SELECT version FROM {table}");
    let rows = db.query_all_raw(Statement::from_string(backend, sql)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}
