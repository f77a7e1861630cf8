//! The suite itself can fail: each fact finds a fault.

mod changes;
mod clock;
mod devices;
mod ends;
mod everybody;
mod faults;
mod purge;
mod renewal;
mod spent;
mod store;
mod throttle;

use std::collections::HashSet;

use self::{
    faults::{CAUGHT, Fault},
    store::Broken,
};
use super::{Fact, check, facts};
use crate::stores::MemoryStore;

/// What a store does wrong when two come at once, it does in the order of a single thread, every
/// time.
#[tokio::test]
async fn each_fault_is_found_by_a_fact_that_says_so() {
    let mut slipped = Vec::new();
    for (fault, name) in CAUGHT {
        let fact = facts().iter().find(|fact| fact.name() == name).expect(name);
        let found = fact.fault(Broken::with(fault)).await.err();
        if !found.is_some_and(|found| found.starts_with(&format!("{name} does not hold: "))) {
            slipped.push((fault, name));
        }
    }
    assert!(slipped.is_empty(), "not found: {slipped:?}");
}

#[test]
fn each_fact_finds_a_fault() {
    let finding: HashSet<_> = CAUGHT.iter().map(|(_, name)| *name).collect();
    let idle = facts().iter().find(|fact| !finding.contains(fact.name()));
    assert!(idle.is_none(), "{idle:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_without_fault_passes_and_so_does_one_that_never_purges() {
    check(|| async { Broken::with(Fault::None) }).await;
    check(|| async { Broken::with(Fault::NeverPurges) }).await;
    check(|| async { MemoryStore::new() }).await;
}

/// It forgets the key of every row, and it panics if it is asked to bind one. Everything else works
/// as ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_keeps_no_devices_passes_and_is_not_asked_to_bind_a_session() {
    check(|| async { Broken::with(Fault::KeepsNoDevices) }).await;
}

#[tokio::test]
async fn a_check_names_what_does_not_hold_and_only_that() {
    let checked = tokio::spawn(check(|| async { Broken::with(Fault::IdsFoldCase) })).await;
    let panic = checked.unwrap_err().into_panic();
    let said = panic.downcast_ref::<String>().unwrap();
    let named: Vec<_> = facts().iter().map(Fact::name).filter(|name| said.contains(name)).collect();
    assert_eq!(named, ["ids_compare_byte_for_byte"], "{said}");
}
