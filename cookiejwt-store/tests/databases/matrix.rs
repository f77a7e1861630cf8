//! The rows of the matrix.

use crate::{
    server::{MYSQL, POSTGRES, Server},
    temporary::Journal,
};

/// A database at one of its isolation levels.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) database: &'static str,
    pub(crate) level: &'static str,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Memory,
    File(Journal),
    Server(Setting),
}

/// How a database is created on a server, and the first statement of each of its connections.
#[derive(Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) server: &'static Server,
    /// What follows `CREATE DATABASE name`.
    pub(crate) options: &'static str,
    pub(crate) on_connect: &'static str,
}

impl Row {
    pub(crate) fn name(&self) -> String {
        format!("{}, {}", self.database, self.level)
    }
}

const fn postgres(level: &'static str, on_connect: &'static str) -> Row {
    let setting = Setting { server: &POSTGRES, options: "", on_connect };
    Row { database: "PostgreSQL", level, kind: Kind::Server(setting) }
}

/// With these defaults, `a` equals `A`: the table's own collation has to distinguish them.
const fn mysql(level: &'static str, on_connect: &'static str) -> Row {
    let options = "CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci";
    let setting = Setting { server: &MYSQL, options, on_connect };
    Row { database: "MySQL/MariaDB", level, kind: Kind::Server(setting) }
}

const fn sqlite(level: &'static str, journal: Journal) -> Row {
    Row { database: "SQLite", level, kind: Kind::File(journal) }
}

pub(crate) const ROWS: [Row; 12] = [
    Row { database: "memory", level: "one lock", kind: Kind::Memory },
    sqlite("SERIALIZABLE, WAL", Journal::Wal),
    sqlite("SERIALIZABLE, rollback journal", Journal::Delete),
    postgres("READ COMMITTED", "SET default_transaction_isolation = 'read committed'"),
    postgres("REPEATABLE READ", "SET default_transaction_isolation = 'repeatable read'"),
    postgres("SERIALIZABLE", "SET default_transaction_isolation = 'serializable'"),
    // A collation that sorts like a dictionary, as on most servers.
    Row {
        database: "PostgreSQL",
        level: "READ COMMITTED, ICU",
        kind: Kind::Server(Setting {
            server: &POSTGRES,
            options: "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C.UTF-8' ENCODING 'UTF8'",
            on_connect: "SET default_transaction_isolation = 'read committed'",
        }),
    },
    mysql("READ COMMITTED", "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"),
    mysql("REPEATABLE READ", "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"),
    mysql("SERIALIZABLE", "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE"),
    // The default from MariaDB 11.6 on. MySQL reads a comment there.
    mysql(
        "REPEATABLE READ, snapshot isolation",
        "SET SESSION sql_auto_is_null = 0 /*M!100618 , SESSION innodb_snapshot_isolation = ON */",
    ),
    Row {
        database: "MySQL/MariaDB",
        level: "REPEATABLE READ, latin1",
        kind: Kind::Server(Setting {
            server: &MYSQL,
            options: "CHARACTER SET latin1 COLLATE latin1_swedish_ci",
            on_connect: "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        }),
    },
];
