//! Where the tables are.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use libtest_mimic::Failed;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbErr, Statement};

use crate::{
    matrix::{Kind, Row},
    server::Scratch,
    temporary::Temporary,
};

/// A database that is deleted when dropped.
pub(crate) enum Place {
    File(Temporary),
    Server(Scratch),
}

impl Place {
    /// A separate pool.
    pub(crate) async fn connect(&self) -> Result<DatabaseConnection, DbErr> {
        match self {
            Self::File(file) => Ok(file.connect().await),
            Self::Server(scratch) => scratch.connect().await,
        }
    }
}

/// Databases by row, lent to one trial after the other: a server takes longer to create one than
/// most trials take.
#[derive(Clone, Default)]
pub(crate) struct Places(Arc<Mutex<HashMap<String, Vec<Scratch>>>>);

impl Places {
    /// A database of this row, with the data of the previous trial; none if it is in memory or
    /// cannot be reached.
    pub(crate) fn lend(&self, row: &Row) -> Result<Option<Place>, Failed> {
        Ok(match row.kind {
            Kind::File(journal) => Some(Place::File(Temporary::with(journal))),
            Kind::Server(setting) if setting.server.is_there()? => {
                let free = self.0.lock().expect("no panic while held").entry(row.name()).or_default().pop();
                let scratch = free.map_or_else(|| Scratch::create(setting), Ok)?;
                Some(Place::Server(scratch))
            }
            Kind::Memory | Kind::Server(_) => None,
        })
    }

    /// Returns the database of a passed trial; that of a failed one is deleted at once.
    pub(crate) fn take_back(&self, row: &Row, place: Place) {
        if let Place::Server(scratch) = place {
            self.0.lock().expect("no panic while held").entry(row.name()).or_default().push(scratch);
        }
    }

    /// Removes all of them.
    pub(crate) fn remove(&self) {
        self.0.lock().expect("no panic while held").clear();
    }
}

/// The first column of each row.
pub(crate) async fn strings(db: &DatabaseConnection, sql: &str) -> Result<Vec<String>, DbErr> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}
