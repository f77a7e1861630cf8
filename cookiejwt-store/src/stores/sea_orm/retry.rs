//! Transactions and connections that are tried again.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sea_orm::{DatabaseConnection, DbErr};
#[cfg(any(feature = "postgres", feature = "mysql"))]
use sea_orm::{
    DatabaseConnectionType,
    sqlx::{self, Pool},
};
use tokio::time::Instant;

use super::{
    SeaOrmTokenStore,
    fault::{Fault, explained},
};
use crate::{
    errors::StoreError,
    runtime::{PATIENCE, Random},
};

const TRIES: u32 = 10;
const FIRST_WAIT_MILLIS: u64 = 2;
/// The connection that failed is back in the pool by then.
const RETURN: Duration = Duration::from_millis(50);
/// While a database stays read-only, not every request must open a new connection.
const BETWEEN_RECONNECTS: Duration = Duration::from_secs(1);

/// When the idle connections of the pool were last closed.
#[derive(Debug, Default)]
pub(super) struct Reconnects(Mutex<Option<Instant>>);

impl Reconnects {
    fn are_due(&self) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| last.elapsed() >= BETWEEN_RECONNECTS);
        if is_due {
            *last = Some(Instant::now());
        }
        is_due
    }
}

impl SeaOrmTokenStore {
    /// Runs a statement again if the database refused it because of concurrent statements, and on
    /// another connection if this one leads to a database that is not (or no longer) the primary. A
    /// refused statement has changed nothing. The number of tries and their time are bounded, so an
    /// overloaded database becomes an error, and so does a file that another program keeps locked:
    /// SQLite waits five seconds for it each time.
    pub(super) async fn retrying<T, F>(&self, mut statement: impl FnMut() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, DbErr>>,
    {
        let began = Instant::now();
        let mut tries = 1;
        let mut is_elsewhere = false;
        loop {
            let error = match statement().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match Fault::of(&error) {
                Some(Fault::Conflict) if tries < TRIES && began.elapsed() < PATIENCE => {
                    tokio::time::sleep(wait(tries)).await;
                }
                Some(fault) if fault.is_of_the_connection() && !is_elsewhere => {
                    is_elsewhere = true;
                    tokio::time::sleep(RETURN).await;
                    if self.reconnects.are_due() {
                        close_idle_connections(&self.db);
                    }
                }
                _ => return Err(explained(error)),
            }
            tries += 1;
        }
    }
}

/// After a failover the pool is full of connections to the old primary. New ones go where the URL
/// leads now.
fn close_idle_connections(db: &DatabaseConnection) {
    match &db.inner {
        #[cfg(feature = "postgres")]
        DatabaseConnectionType::SqlxPostgresPoolConnection(_) => {
            close_idle(db.get_postgres_connection_pool());
        }
        #[cfg(feature = "mysql")]
        DatabaseConnectionType::SqlxMySqlPoolConnection(_) => close_idle(db.get_mysql_connection_pool()),
        _ => {}
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn close_idle<DB: sqlx::Database>(pool: &Pool<DB>) {
    for _ in 0..pool.size() {
        let Some(mut connection) = pool.try_acquire() else { return };
        connection.close_on_drop();
    }
}

/// Twice as long each time, and never two at the same moment again.
pub(super) fn wait(tries: u32) -> Duration {
    let longest = FIRST_WAIT_MILLIS << tries;
    let random = Random::default().bytes::<8>().map_or(0, u64::from_le_bytes);
    Duration::from_millis(longest / 2 + random % longest)
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use std::{error::Error, fmt};

    use sea_orm::{
        RuntimeErr,
        sqlx::error::{DatabaseError, ErrorKind},
    };

    use super::*;

    /// SQLite's BUSY.
    #[derive(Debug)]
    struct Busy;

    impl fmt::Display for Busy {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("database is locked")
        }
    }

    impl Error for Busy {}

    impl DatabaseError for Busy {
        fn message(&self) -> &'static str {
            "database is locked"
        }

        fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
            Some("5".into())
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    /// Each row: how long each try takes, and how many there are.
    #[tokio::test(start_paused = true)]
    async fn a_conflict_is_tried_again_within_a_time_limit() {
        let store = SeaOrmTokenStore::new(DatabaseConnection::default());
        for (rule, seconds, expected) in [
            ("a race", 0, TRIES),
            ("a slow database", 4, 3),
            ("a locked file, for as long as SQLite waits", 5, 2),
        ] {
            let mut tries = 0;
            let answer = store.retrying(|| {
                tries += 1;
                async {
                    tokio::time::sleep(Duration::from_secs(seconds)).await;
                    let error = RuntimeErr::SqlxError(sea_orm::sqlx::Error::Database(Box::new(Busy)).into());
                    Err::<(), _>(DbErr::Exec(error))
                }
            });
            assert!(answer.await.is_err(), "{rule}");
            assert_eq!(tries, expected, "{rule}");
        }
    }
}
