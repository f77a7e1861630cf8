//! Three processes of three frameworks on one database, under load and faults: a node is killed, a
//! connection is cut between COMMIT and its response, the database crashes. Nothing is lost, no
//! session is revoked for reuse, and no revoked session becomes valid again. The test starts its
//! own database, so that it can crash it.
#![cfg(unix)]

#[path = "../../../examples/tests/common/mod.rs"]
mod common;

mod cluster;
mod database;
mod devices;
mod faults;
mod proxy;
mod storm;

use std::{env, io::Write as _};

use crate::{
    cluster::Cluster,
    database::{Database, Kind},
};

fn on(kind: Kind) {
    let skip = |why: &str| {
        assert!(env::var_os("REQUIRE_ALL_TESTS").is_none_or(|all| all != "1"), "skipped: {why}");
        writeln!(std::io::stderr(), "skipped: {why}").expect("standard error is open");
    };
    let Some(binaries) = scenarios::examples::binaries() else {
        return skip("the examples are not built; cargo test --workspace builds them");
    };
    let Some(database) = Database::start(kind) else {
        return skip(&format!("no {kind:?} server is installed here"));
    };
    let mut cluster = Cluster::start(database, binaries);
    faults::parallel_refresh_over_all_nodes(&cluster);
    faults::logout_travels(&cluster);
    faults::a_valid_access_token_costs_no_query(&cluster);
    faults::an_answer_lost_after_commit(&cluster);
    faults::a_logout_whose_answer_was_lost(&cluster);
    devices::every_node_renews(&cluster);
    devices::a_logout_elsewhere_ends_it(&cluster);
    devices::a_renewal_whose_answer_was_lost(&cluster);
    devices::the_secret_is_changed_node_by_node(&mut cluster);
    faults::the_database_is_unavailable(&mut cluster);
    storm::a_node_is_killed(&mut cluster);
    storm::the_database_crashes(&mut cluster);
    cluster.has_seen_no_reuse();
}

#[test]
fn three_frameworks_on_postgresql() {
    on(Kind::PostgreSql);
}

#[test]
fn three_frameworks_on_mariadb() {
    on(Kind::MariaDb);
}
