//! Every fact of `cookiejwt_store::conformance` on every database at every isolation level, printed
//! as a table; and several nodes that start at once, on an empty database and on one of an older
//! version.
//!
//! `POSTGRES_URL` and `MYSQL_URL` are the addresses of the servers; each trial has its own database
//! there. A server that cannot be reached is skipped, unless `REQUIRE_ALL_TESTS` is 1.

#[path = "../common/all.rs"]
mod common;
mod facts;
mod logins;
mod matrix;
mod migration;
mod place;
mod roles;
mod server;
mod session;
mod streams;
mod table;
#[path = "../token_store/temporary.rs"]
mod temporary;
mod upgrade;

use libtest_mimic::Arguments;

use self::{place::Places, table::Table};

fn main() {
    let mut arguments = Arguments::from_args();
    // Most of the time the trials wait for the disk of a server.
    arguments.test_threads.get_or_insert(4);
    // A failing trial reports what was wrong.
    std::panic::set_hook(Box::new(|_| ()));
    let (table, places) = (Table::default(), Places::default());
    let trials = [
        table::trials(&table, &places),
        migration::trials(&places),
        upgrade::trials(&places),
        session::trials(&places),
        roles::trials(&places),
        logins::trials(),
        facts::trials(&places),
        streams::trials(&places),
    ];
    let conclusion = libtest_mimic::run(&arguments, trials.into_iter().flatten().collect());
    places.remove();
    table.print();
    conclusion.exit();
}
