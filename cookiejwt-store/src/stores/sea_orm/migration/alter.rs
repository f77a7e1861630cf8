//! Changes of the table that may run twice, and text that is compared byte for byte.

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use sea_orm_migration::prelude::{ColumnDef, DbErr, Index, IndexCreateStatement, SchemaManager, Table};

use super::Sessions;

const SESSIONS: &str = "cookiejwt_sessions";

/// Every statement may run twice, because another node may be doing the same.
pub(super) async fn add_column(
    manager: &SchemaManager<'_>,
    name: &str,
    column: ColumnDef,
) -> Result<(), DbErr> {
    if has_column(manager, name).await? {
        return Ok(());
    }
    manager.alter_table(Table::alter().table(Sessions::Table).add_column(column).to_owned()).await
}

pub(super) async fn drop_column(manager: &SchemaManager<'_>, column: Sessions) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table(Sessions::Table).drop_column(column).to_owned()).await
}

pub(super) async fn create_index(
    manager: &SchemaManager<'_>,
    name: &str,
    mut index: IndexCreateStatement,
) -> Result<(), DbErr> {
    if has_index(manager, name).await? {
        return Ok(());
    }
    manager.create_index(index.table(Sessions::Table).to_owned()).await
}

pub(super) async fn drop_index(manager: &SchemaManager<'_>, name: &str) -> Result<(), DbErr> {
    if !has_index(manager, name).await? {
        return Ok(());
    }
    manager.drop_index(Index::drop().name(name).table(Sessions::Table).to_owned()).await
}

/// Asked in hand-written SQL: SeaORM's answer needs a feature, and more crates, for each kind of
/// database.
async fn has_column(manager: &SchemaManager<'_>, name: &str) -> Result<bool, DbErr> {
    let from = match manager.get_database_backend() {
        DbBackend::Postgres => "information_schema.columns WHERE table_schema = current_schema() AND",
        DbBackend::MySql => "information_schema.columns WHERE table_schema = DATABASE() AND",
        _ => return count(manager, &format!("pragma_table_info('{SESSIONS}') WHERE name = '{name}'")).await,
    };
    count(manager, &format!("{from} table_name = '{SESSIONS}' AND column_name = '{name}'")).await
}

async fn has_index(manager: &SchemaManager<'_>, name: &str) -> Result<bool, DbErr> {
    let from = match manager.get_database_backend() {
        DbBackend::Postgres => "pg_indexes WHERE schemaname = current_schema() AND indexname",
        DbBackend::MySql => "information_schema.statistics WHERE table_schema = DATABASE() AND index_name",
        _ => "sqlite_master WHERE type = 'index' AND name",
    };
    count(manager, &format!("{from} = '{name}'")).await
}

/// Whether there is any such row; all of the text is ours.
async fn count(manager: &SchemaManager<'_>, from: &str) -> Result<bool, DbErr> {
    let backend = manager.get_database_backend();
    let sql = Statement::from_string(backend, format!("SELECT COUNT(*) FROM {from}"));
    let row = manager.get_connection().query_one_raw(sql).await?;
    Ok(row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?.unwrap_or_default() > 0)
}

/// MySQL's default collations take `a` for `A`, and its older binary one `a` for `a` and a blank.
pub(super) async fn byte_for_byte(manager: &SchemaManager<'_>) -> Result<&'static str, DbErr> {
    let version = Statement::from_string(DbBackend::MySql, "SELECT VERSION()");
    let row = manager.get_connection().query_one_raw(version).await?;
    let version: String = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
    Ok(if version.contains("MariaDB") { "utf8mb4_nopad_bin" } else { "utf8mb4_0900_bin" })
}

/// Of a new column of text: PostgreSQL's default may be that of a dictionary, and a column of MySQL
/// has that of its table.
pub(super) fn collation(manager: &SchemaManager<'_>) -> &'static str {
    if manager.get_database_backend() == DbBackend::Postgres { "COLLATE \"C\"" } else { "" }
}
