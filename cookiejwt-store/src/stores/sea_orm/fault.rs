//! Errors of a database that an operator can do something about, and the words for it.

use std::{error::Error, fmt};

use sea_orm::{DbErr, RuntimeErr, sqlx::error::DatabaseError};

use crate::errors::StoreError;

/// What the code of the database means. None of these statements has changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Others at the same time; the statement may be run again.
    Conflict,
    /// A replica, or a primary that is one no more.
    ReadOnly,
    /// A member that has lost its cluster.
    NotPrimary,
    /// A file that this process may not write.
    ReadOnlyFile,
    /// The role lacks a grant.
    Forbidden,
}

impl Fault {
    pub(super) fn of(error: &DbErr) -> Option<Self> {
        let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error
        else {
            return None;
        };
        let error = error.as_database_error()?;
        let code = error.code().unwrap_or_default();
        Self::of_number(mysql_number(error), error.message()).or_else(|| Self::of_code(&code))
    }

    /// Serialisation failures and deadlocks (SQLSTATE 40001, which MySQL uses for a deadlock, and
    /// PostgreSQL's 40P01), SQLite's BUSY and LOCKED with their extended codes, and its READONLY
    /// with those.
    fn of_code(code: &str) -> Option<Self> {
        Some(match code {
            "40001" | "40P01" | "5" | "6" | "261" | "262" | "517" => Self::Conflict,
            "25006" => Self::ReadOnly,
            "42501" => Self::Forbidden,
            "8" | "264" | "520" | "776" | "1032" | "1288" | "1544" => Self::ReadOnlyFile,
            _ => return None,
        })
    }

    /// MySQL's numbers say more than its SQLSTATE, which is HY000 for most of them. 1290 names the
    /// option in its text.
    fn of_number(number: Option<u16>, message: &str) -> Option<Self> {
        Some(match number? {
            1290 if message.contains("read-only") || message.contains("read_only") => Self::ReadOnly,
            1792 | 1836 => Self::ReadOnly,
            1047 => Self::NotPrimary,
            1044 | 1142 | 1143 | 1227 | 1370 => Self::Forbidden,
            _ => return None,
        })
    }

    /// Whether another connection of the pool may lead elsewhere.
    pub(super) fn is_of_the_connection(self) -> bool {
        matches!(self, Self::ReadOnly | Self::NotPrimary)
    }

    fn words(self) -> Option<&'static str> {
        Some(match self {
            Self::Conflict => return None,
            Self::ReadOnly => {
                "the database is read-only: the pool is connected to a replica or a demoted primary; let its URL lead to \
                 the primary, and give the pool a `max_lifetime`"
            }
            Self::NotPrimary => {
                "this member of the database cluster takes no statements, because it has lost the others; let the URL \
                 lead to a member of the primary component"
            }
            Self::ReadOnlyFile => {
                "the database file is read-only: this process has to be able to write the file and its directory"
            }
            Self::Forbidden => {
                "the role of the pool may not do this; it needs SELECT, INSERT, UPDATE and DELETE on the tables \
                 cookiejwt_sessions, cookiejwt_throttle and cookiejwt_spent"
            }
        })
    }
}

#[cfg(feature = "mysql")]
fn mysql_number(error: &dyn DatabaseError) -> Option<u16> {
    error.try_downcast_ref::<sea_orm::sqlx::mysql::MySqlDatabaseError>().map(sea_orm::SqlxMySqlError::number)
}

#[cfg(not(feature = "mysql"))]
fn mysql_number(_: &dyn DatabaseError) -> Option<u16> {
    None
}

/// With the cure, where there is one.
pub(super) fn explained(error: DbErr) -> StoreError {
    match Fault::of(&error).and_then(Fault::words) {
        Some(words) => in_words(words, error),
        None => StoreError::new(error),
    }
}

pub(super) fn in_words(words: impl Into<String>, error: DbErr) -> StoreError {
    StoreError::new(Explained { words: words.into(), error })
}

#[derive(Debug)]
struct Explained {
    words: String,
    error: DbErr,
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.words, self.error)
    }
}

impl Error for Explained {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_code_means() {
        for (rule, number, code, message, expected) in [
            ("PostgreSQL, read-only", None, "25006", "", Some(Fault::ReadOnly)),
            ("PostgreSQL, serialisation", None, "40001", "", Some(Fault::Conflict)),
            ("PostgreSQL, no grant", None, "42501", "", Some(Fault::Forbidden)),
            ("PostgreSQL, unique", None, "23505", "", None),
            (
                "MySQL, server option",
                Some(1290),
                "HY000",
                "running with the --read-only option",
                Some(Fault::ReadOnly),
            ),
            (
                "MySQL, super",
                Some(1290),
                "HY000",
                "running with the --super-read-only option",
                Some(Fault::ReadOnly),
            ),
            (
                "MySQL, another option",
                Some(1290),
                "HY000",
                "running with the --skip-grant-tables option",
                None,
            ),
            ("MySQL, transaction", Some(1792), "25006", "", Some(Fault::ReadOnly)),
            ("MySQL, mode", Some(1836), "HY000", "", Some(Fault::ReadOnly)),
            ("Galera, alone", Some(1047), "08S01", "", Some(Fault::NotPrimary)),
            ("MySQL, deadlock", Some(1213), "40001", "", Some(Fault::Conflict)),
            ("MySQL, no grant", Some(1142), "42000", "", Some(Fault::Forbidden)),
            ("MySQL, syntax", Some(1064), "42000", "", None),
            ("SQLite, busy", None, "5", "", Some(Fault::Conflict)),
            ("SQLite, read-only", None, "8", "", Some(Fault::ReadOnlyFile)),
            ("SQLite, constraint", None, "1555", "", None),
        ] {
            let found = Fault::of_number(number, message).or_else(|| Fault::of_code(code));
            assert_eq!(found, expected, "{rule}");
        }
    }
}
