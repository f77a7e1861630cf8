//! Errors of the database that are about a value and not about the database.

use std::{error::Error, sync::Arc};

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, error::DatabaseError},
};

/// SQLSTATE class 22, "data exception".
const DATA_EXCEPTION: &str = "22";
/// What MySQL and MariaDB call so under the general state HY000: two collations that cannot be
/// compared, a string that the character set does not have, and the two of MySQL 8 about
/// conversions.
#[cfg(feature = "mysql")]
const MYSQL_NUMBERS: [u16; 4] = [1267, 1366, 3854, 3988];

/// Whether one of an error's sources says that the database cannot take a value.
pub(crate) fn is_about_data(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let database = sqlx_error(error).and_then(sqlx::Error::as_database_error);
        if database.is_some_and(is_data_exception) {
            return true;
        }
        next = error.source();
    }
    false
}

/// SeaORM does not name sqlx's error as its source.
fn sqlx_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a sqlx::Error> {
    let of_runtime = |error: &'a RuntimeErr| match error {
        RuntimeErr::SqlxError(error) => Some(&**error),
        RuntimeErr::Internal(_) => None,
    };
    if let Some(DbErr::Conn(error) | DbErr::Exec(error) | DbErr::Query(error)) = error.downcast_ref() {
        return of_runtime(error);
    }
    let shared = || error.downcast_ref::<Arc<sqlx::Error>>().map(|error| &**error);
    error.downcast_ref().and_then(of_runtime).or_else(|| error.downcast_ref()).or_else(shared)
}

fn is_data_exception(error: &dyn DatabaseError) -> bool {
    #[cfg(feature = "mysql")]
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
        && MYSQL_NUMBERS.contains(&error.number())
    {
        return true;
    }
    // SQLite's codes are numbers of its own, and shorter.
    error.code().is_some_and(|code| code.len() == 5 && code.starts_with(DATA_EXCEPTION))
}
