//! How many bytes a session takes in the table and its indices.

use cookiejwt_store::{SeaOrmTokenStore, TokenStore};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};

use crate::{Failure, samples};

const SESSIONS: u64 = 20_000;

/// The growth of the table and its indices.
pub(crate) async fn bytes_per_session(
    db: &DatabaseConnection,
    store: &SeaOrmTokenStore,
) -> Result<i64, Failure> {
    let before = bytes(db).await?;
    for number in 0..SESSIONS {
        store.create(&samples::session(&format!("{number:022}"))).await?;
    }
    Ok((bytes(db).await? - before) / SESSIONS as i64)
}

async fn bytes(db: &DatabaseConnection) -> Result<i64, Failure> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => "SELECT pg_total_relation_size('cookiejwt_sessions')",
        DbBackend::MySql => {
            db.execute_unprepared("ANALYZE TABLE cookiejwt_sessions").await?;
            "SELECT CAST(data_length + index_length AS SIGNED) FROM information_schema.tables \
             WHERE table_name = 'cookiejwt_sessions' AND table_schema = DATABASE()"
        }
        _ => "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    };
    let row = db.query_one_raw(Statement::from_string(backend, sql)).await?;
    Ok(row.ok_or("no row")?.try_get_by_index(0)?)
}
