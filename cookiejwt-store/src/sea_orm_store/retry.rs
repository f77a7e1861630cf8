use std::{future::Future, time::Duration};

use sea_orm::{DbErr, RuntimeErr, sqlx::error::DatabaseError};

use crate::{StoreError, random::Random};

const TRIES: u32 = 10;
const FIRST_WAIT_MILLIS: u64 = 2;

/// Runs one statement again when the database refused it because of others at the same time. Such a statement has
/// changed nothing. Bounded: an overloaded database hears about it.
pub(super) async fn retrying<T, F>(mut statement: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, DbErr>>,
{
    let mut tries = 1;
    loop {
        match statement().await {
            Err(error) if tries < TRIES && is_conflict(&error) => tokio::time::sleep(wait(tries)).await,
            result => return result.map_err(StoreError::from),
        }
        tries += 1;
    }
}

/// Twice as long each time, and never two at the same moment again.
pub(super) fn wait(tries: u32) -> Duration {
    let longest = FIRST_WAIT_MILLIS << tries;
    let random = Random::default().bytes::<8>().map_or(0, u64::from_le_bytes);
    Duration::from_millis(longest / 2 + random % longest)
}

/// Serialisation failures and deadlocks (SQLSTATE 40001, which MySQL uses for a deadlock, and PostgreSQL's 40P01), and
/// SQLite's BUSY and LOCKED with their extended codes.
fn is_conflict(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| ["40001", "40P01", "5", "6", "261", "262", "517"].contains(&&*code))
}
