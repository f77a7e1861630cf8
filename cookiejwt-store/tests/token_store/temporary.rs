//! SQLite in a temporary file.

use std::path::PathBuf;

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use tempfile::TempDir;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Journal {
    Wal,
    Delete,
}

/// A database that is deleted when dropped.
#[derive(Debug)]
pub(crate) struct Temporary {
    directory: TempDir,
    journal: Journal,
}

impl Temporary {
    pub(crate) fn with(journal: Journal) -> Self {
        Self { directory: tempfile::tempdir().unwrap(), journal }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("sessions.db")
    }

    /// A pool of several connections.
    pub(crate) async fn connect(&self) -> DatabaseConnection {
        let mode = match self.journal {
            Journal::Wal => SqliteJournalMode::Wal,
            Journal::Delete => SqliteJournalMode::Delete,
        };
        let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", self.path().display()));
        options.max_connections(8).sqlx_logging(false);
        // No test simulates a power failure, so none has to wait for the disk.
        let synchronous = SqliteSynchronous::Off;
        options.map_sqlx_sqlite_opts(move |options| options.journal_mode(mode).synchronous(synchronous));
        Database::connect(options).await.unwrap()
    }
}
