//! A model checker for the session protocol: the real core with a store of one row per session, in
//! every interleaving of requests, handlers, answers, receipts, thefts, revocations and ticks of
//! the clock. Rows are those of `cookiejwt_core::rules`, and so are the guarantees H and T.
//!
//! `cargo test -p cookiejwt-core --test model -- --nocapture` prints the numbers and, for each
//! seeded fault, a shortest trace that shows it; `--ignored` explores further.
//!
//! If only leeways matter, time has no end: a state contains only how long ago events were, and
//! which refresh tokens are the current one, its parent, and older. What holds there holds for any
//! number of rotations. Everything happens at multiples of half a leeway and, if milliseconds
//! matter, also one millisecond later: all bounds are multiples of half a leeway, so that both
//! sides of each are tested. If tokens expire, time has a horizon.
//!
//! # H: an honest client is never taken for a thief
//!
//! One jar and any number of tabs; a handler takes any time; receipts are written at any later
//! time, or lost; the store's answer to any statement may be lost although it was executed. A
//! request has asked the store within a leeway of its sending, and an answer arrives within half of
//! one after its head was sent, or is lost; both less the difference of two nodes' clocks. Each of
//! these bounds is exact: [`EXCEPTIONS`] shows what one millisecond more does. The others that do
//! not hold are a browser that crashes before its jar is on disk and had used the new pair, and
//! requests on either side of the idle end, of which the later one clears the cookies that the
//! earlier one has renewed (row j knows the token's end only, not the row's).
//!
//! A new login has one more exception, which no server can prevent: an answer of the old session
//! that arrives after the login's puts the old, revoked tokens back into the jar.
//!
//! # T: copies that are used are noticed
//!
//! Owner and thief send requests in turns, each more than a gap after the other's last one; the
//! thief presents any token that they ever had, uses it or not, and holds any number of answers,
//! which are sent at any time. The third turn revokes the session when the owner uses what they
//! get, the fourth when they do not; the first turn is the thief's. The gap of [`TIGHT_TURNS`] is
//! the least: an access life and two leeways.
//!
//! # What the model does not show
//!
//! - Clauses that others imply ([`IMPLIED`]): the current refresh token fixes its parent and when
//!   it was made; a receipt and a rotation move `settles_at` so far that a replacement that was
//!   decided before is not due any more; a receipt that comes between a late answer's reading and
//!   its UPDATE makes the same answer row o. The greater of two times matters to slow answers and
//!   receipts only when clocks differ, and H takes that difference off already. A slow answer could
//!   move `settles_at` by half a leeway less.
//! - A receipt of a session that has never rotated: nothing reads it.
//! - A replacement before the access life is over: H and T need it to be late enough after
//!   `settles_at` only.
//! - Realms, deleted users (row k), tokens that cannot be minted (l), a revoked set that is not
//!   loaded yet or has forgotten, a poll or a revocation that fails, fresh logins: all of these
//!   belong to the driver, or have their own tests.
//! - A thief takes both cookies, and loses no answer.
//! - Logins of several steps and device-bound sessions: they have models of their own, see
//!   [`pendings`] and [`devices`].

mod answer;
mod canonical;
mod changes;
mod clock;
mod converse;
mod devices;
mod display;
mod explorer;
mod fault;
mod hash;
mod invariant;
mod pendings;
mod request;
mod scenario;
mod scenarios;
mod seeded;
mod server;
mod step;
mod store;
mod token;
mod turns;
mod wire;
mod world;

use std::{collections::BTreeSet, time::Duration};

use crate::{
    explorer::explore,
    fault::Fault,
    invariant::Broken,
    scenario::{Invariant, Scenario},
    scenarios::{ALONE, DEEP, EXCEPTIONS, HOSTILE, TIGHT_TURNS, TURNS, UNUSED_TURNS},
    seeded::{IMPLIED, LATE_ANSWERS, RECEIPTS, REVOCATIONS, ROTATIONS, SLOW_ANSWERS},
    step::Model,
};

#[test]
fn an_honest_user_alone() {
    let rows = assert_holds(&ALONE);
    let all = ["e", "j", "m", "o", "o' 1", "o' 2", "p", "q"];
    assert!(rows.is_superset(&all.into()), "{rows:?}");
    assert!(!rows.contains("r"));
}

#[test]
fn owner_and_thief_take_turns() {
    let rows = assert_holds(&[TURNS, UNUSED_TURNS, TIGHT_TURNS]);
    assert!(rows.is_superset(&["e", "m", "o", "o' 1", "o' 2", "p", "r"].into()), "{rows:?}");
}

#[test]
fn thieves_and_revocations() {
    let rows = assert_holds(&HOSTILE);
    assert!(rows.is_superset(&["c", "e", "m", "n", "o", "o' 1", "p", "r"].into()), "{rows:?}");
}

#[test]
#[ignore = "takes minutes; the bounds are larger"]
fn deeper() {
    assert_holds(&DEEP);
}

#[test]
fn every_fault_of_a_rotation_is_noticed() {
    assert_noticed(&ROTATIONS);
}

#[test]
fn every_fault_of_a_late_answer_is_noticed() {
    assert_noticed(&LATE_ANSWERS);
}

#[test]
fn every_fault_of_a_slow_answer_is_noticed() {
    assert_noticed(&SLOW_ANSWERS);
}

#[test]
fn every_fault_of_a_receipt_is_noticed() {
    assert_noticed(&RECEIPTS);
}

#[test]
fn every_fault_of_a_revocation_is_noticed() {
    assert_noticed(&REVOCATIONS);
}

#[test]
#[ignore = "finds nothing: it shows that the list of what the model does not show is correct"]
fn implied_clauses_make_no_difference() {
    for (fault, scenario) in IMPLIED {
        let report = explore(Model::new(scenario, Some(fault)));
        println!("{fault:?}");
        show(&scenario, &report);
        assert!(report.broken.is_none(), "{fault:?}");
    }
}

#[test]
fn the_assumptions_are_needed() {
    for (exception, scenario) in EXCEPTIONS {
        let report = explore(Model::new(scenario, None));
        println!("{exception}");
        show(&scenario, &report);
        let broken = report.broken.map(|(broken, _)| broken.invariant);
        assert_eq!(broken, Some(Invariant::HonestStaysIn), "{exception}");
    }
}

fn assert_noticed(faults: &[(Fault, Scenario, Invariant)]) {
    let (mut states, mut time) = (0, Duration::ZERO);
    for (fault, scenario, invariant) in faults {
        let report = explore(Model::new(*scenario, Some(*fault)));
        println!("{fault:?}");
        show(scenario, &report);
        (states, time) = (states + report.states, time + report.time);
        assert_eq!(report.broken.map(|(broken, _)| broken.invariant), Some(*invariant), "{fault:?}");
    }
    println!("{} faults: {states} states, {time:.1?}", faults.len());
}

/// Checks that every invariant holds everywhere, and prints the rows of the table that decided.
fn assert_holds(scenarios: &[Scenario]) -> BTreeSet<&'static str> {
    explorer::assert_holds(scenarios, |scenario| Model::new(scenario, None), show)
}

type Report = explorer::Report<Broken>;

fn show(scenario: &Scenario, report: &Report) {
    let Report { states, transitions, time, rows, broken } = report;
    println!(
        "{}, {:?}: {states} states, {transitions} transitions, {time:.1?}",
        scenario.name, scenario.level
    );
    match broken {
        None => println!("  rows of the table: {rows:?}"),
        Some((broken, trace)) => println!("  {}: {}\n{trace}", broken.invariant.name(), broken.what),
    }
}
