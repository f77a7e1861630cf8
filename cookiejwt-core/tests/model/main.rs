//! The session protocol, explored: the real core with a store of one row per session, through every interleaving of a
//! bounded number of requests, answers, thefts, revocations and ticks of the clock.
//!
//! `cargo test -p cookiejwt-core --features testing --test model -- --nocapture` prints the numbers and, for each
//! seeded fault, a shortest trace that shows it; `--ignored` explores further.
//!
//! # What an honest browser is assumed to keep to
//!
//! 1. Each request is answered, and its answer delivered or lost, within `round_trip` of its sending; and within
//!    `recovery` of a rotation the jar holds what the rotation made: an answer that was lost, or overtaken by an older
//!    one, is made good by another request. Both together, and the difference of two nodes' clocks, stay below the
//!    leeway. Then whatever is in flight is at most the parent.
//! 2. Nothing is presented after its own end.
//!
//! Without them [`EXCEPTIONS`] come true: a client that comes back with the parent only after the leeway; requests so
//! slow that they cross the end of the leeway while another tab rotates again; and two requests on either side of the
//! idle end, of which the later one clears the cookies that the earlier one has renewed (row j knows the token's end
//! only, not the row's).
//!
//! A login anew has an exception of its own, which no server can help: an answer of the old session that is delivered
//! after the login's puts the old, revoked tokens back into the jar.
//!
//! # What cannot be seen from here
//!
//! - An UPDATE that looks at no end is noticed only where a row's idle end is brought forward: otherwise the token ends
//!   with its row, and the core refuses it before the store is asked.
//! - Users that are gone (row k), tokens that cannot be minted (l), a revoked set that is not loaded yet or has
//!   forgotten, a poll or a revocation that fails: all of these are the driver's, or have tests of their own.
//! - A thief takes both cookies, and gets his answers at once.

mod clock;
mod display;
mod explorer;
mod hash;
mod invariant;
mod request;
mod scenario;
mod scenarios;
mod server;
mod step;
mod store;
mod token;
mod world;

use std::{collections::BTreeSet, time::Duration};

use cookiejwt_core::RevocationLevel::EveryRequest;

use crate::{
    explorer::{Report, explore},
    scenario::{Assumption, Fault, Invariant, Scenario},
    scenarios::{ALONE, CURTAILED, DEEP, HONEST, HOSTILE, LOGOUT, NODES, PAGES, SKEWED, TABS, THIEF},
    token::Millis,
};

use Invariant::{
    HonestStaysIn, NothingOutlivesTheEnd, OneSuccessor, RevokedIsOut, RevokedStaysRevoked, TheftEndsSession,
};

/// Each fault, where it is looked for, and what must notice it.
const FAULTS: [(Fault, Scenario, Invariant); 22] = [
    (Fault::CurrentUnchecked, THIEF, OneSuccessor),
    (Fault::CountIgnored, TABS, OneSuccessor),
    (Fault::CheckThenWrite, TABS, OneSuccessor),
    (Fault::SuccessorExtended, TABS, OneSuccessor),
    (Fault::OncePerLeewayUnchecked, TABS, HonestStaysIn),
    (Fault::RotatesOneMillisecondEarly, TABS, HonestStaysIn),
    (Fault::RotatesOneMillisecondLate, TABS, HonestStaysIn),
    (Fault::GraceOneMillisecondShort, TABS, HonestStaysIn),
    (Fault::ParentForgotten, TABS, HonestStaysIn),
    (Fault::StaleRead, TABS, HonestStaysIn),
    (Fault::GraceOneMillisecondLong, THIEF, TheftEndsSession),
    (Fault::GraceNeverEnds, THIEF, TheftEndsSession),
    (Fault::GrandparentGraced, THIEF, TheftEndsSession),
    (Fault::RevocationCancelled, THIEF, TheftEndsSession),
    (Fault::RevokedSetForgets, LOGOUT, RevokedIsOut),
    (Fault::NobodyPolls, NODES, RevokedIsOut),
    (Fault::StaleSessionCheck, Scenario { level: EveryRequest, ..NODES }, RevokedIsOut),
    (Fault::EndsUnchecked, CURTAILED, NothingOutlivesTheEnd),
    (Fault::AbsoluteEndExtended, PAGES, NothingOutlivesTheEnd),
    (Fault::IdleEndUncapped, PAGES, NothingOutlivesTheEnd),
    (Fault::RevocationRolledBack, LOGOUT, RevokedStaysRevoked),
    (Fault::RevocationUnchecked, THIEF, RevokedStaysRevoked),
];

/// What happens to a browser that does not keep to the assumptions.
const EXCEPTIONS: [(&str, Scenario); 4] = [
    (
        "a lost answer, and a client that comes back after the leeway",
        Scenario { honest: Some(Assumption { recovery: Millis::MAX / 2, ..HONEST }), ..TABS },
    ),
    (
        "answers in flight across the end of the leeway",
        Scenario { honest: Some(Assumption { round_trip: 5_000, ..HONEST }), ..TABS },
    ),
    ("the same, with two clocks", Scenario { honest: Some(HONEST), ..SKEWED }),
    (
        "requests on either side of the idle end",
        Scenario { honest: Some(Assumption { before_own_end: false, ..HONEST }), ..PAGES },
    ),
];

#[test]
fn an_honest_user_alone() {
    let rows = assert_holds(&ALONE);
    assert!(rows.is_superset(&["e", "j", "m", "o", "p", "q"].into()), "{rows:?}");
    assert!(!rows.contains("r"));
}

#[test]
fn thieves_and_revocations() {
    let rows = assert_holds(&HOSTILE);
    assert!(rows.is_superset(&["c", "e", "m", "n", "o", "p", "r"].into()), "{rows:?}");
}

#[test]
#[ignore = "takes minutes; the bounds are larger"]
fn deeper() {
    assert_holds(&DEEP);
}

#[test]
fn every_seeded_fault_is_noticed() {
    for (fault, scenario, invariant) in FAULTS {
        let report = explore(scenario, Some(fault));
        println!("{fault:?}");
        show(&scenario, &report);
        assert_eq!(report.broken.map(|(broken, _)| broken.invariant), Some(invariant), "{fault:?}");
    }
}

#[test]
fn the_assumptions_are_needed() {
    for (exception, scenario) in EXCEPTIONS {
        let report = explore(scenario, None);
        println!("{exception}");
        show(&scenario, &report);
        assert_eq!(report.broken.map(|(broken, _)| broken.invariant), Some(HonestStaysIn), "{exception}");
    }
}

/// Every invariant holds everywhere; the rows of the table that decided.
fn assert_holds(scenarios: &[Scenario]) -> BTreeSet<&'static str> {
    let (mut states, mut transitions, mut time) = (0, 0, Duration::ZERO);
    let mut rows = BTreeSet::new();
    for scenario in scenarios {
        let report = explore(*scenario, None);
        show(scenario, &report);
        assert!(report.broken.is_none(), "{}", scenario.name);
        states += report.states;
        transitions += report.transitions;
        time += report.time;
        rows.extend(report.rows.into_keys());
    }
    println!("together: {states} states, {transitions} transitions, {time:.1?}");
    rows
}

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
