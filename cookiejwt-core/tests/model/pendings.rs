//! A model checker for logins of several steps: the real core with two user tables, a store, a
//! browser with two tabs and a thief, in every interleaving of logins, further steps, answers that
//! arrive or are lost, copies, new passwords and stamps, and ticks of the clock.
//!
//! The core seals, opens and compares the pending logins (`seal_pending`, `presented_pendings`,
//! `open_pending`, `binding`, `is_bound`, `clear_pending`), names the buckets of wrong proofs and
//! says when they are full (`step_buckets`), and mints the sessions (`login`). Everything else is a
//! rule of `cookiejwt-store`, and [`driver`] has it a second time: the order of the questions, one
//! unique INSERT for what counts once and its purge, one check at a time for each account of a
//! node, which wrong proofs are counted, whose proof it is, and what is compared after the row of a
//! session was written. Its table says which function each statement mirrors.
//!
//! # What holds
//!
//! The names of [`Rule`](scenario::Rule), of which each has seeded faults. They hold for an
//! application that finds the pending login of a page by its id (`pending_with_id`); [`EXCEPTION`]
//! shows what happens otherwise: with the newest pending login of a purpose (`pending`), a code may
//! be checked for the user of another tab.
//!
//! An honest user is refused if their own pending login was used, has ended, has had five wrong
//! codes, or was cleared for four newer ones, and if their password or stamp is a new one.
//!
//! # What the model does not show
//!
//! - A copy of a pending login with a code that the thief has seen opens a session if the thief is
//!   the first to use them: both proofs are right. The model shows that it is one session.
//! - Several nodes: each checks one proof of an account at a time, so each adds one to the ten
//!   wrong proofs of an account.
//! - A stamp that changes after the last reading of the user before the row: the session has the
//!   old one and ends at its first refresh (row k).
//! - A store that fails, the CSRF table, and what becomes of a session once it is open: all of
//!   these have their own tests.
//! - Clauses that others imply ([`IMPLIED`]): the end is compared where a pending login is opened,
//!   before it is checked and after it; the key that seals it and the key that binds it to its user
//!   both belong to one user table; what was spent is kept for longer than its end, which only
//!   servers with different clocks need; and a second factor is asked for before and after the row
//!   is written.

mod driver;
mod fault;
mod invariant;
mod opening;
mod scenario;
mod seeded;
mod server;
mod step;
mod users;
mod world;

use std::collections::BTreeSet;

use crate::{
    explorer::{self, explore},
    pendings::{
        invariant::Broken,
        scenario::{HONEST, HOSTILE, Scenario},
        seeded::{EXCEPTION, FAULTS, IMPLIED},
        step::Model,
    },
};

#[test]
fn an_honest_user_with_two_tabs() {
    let ends = assert_holds(&HONEST);
    let all = ["changed", "ended", "five wrong proofs", "no pending login", "replayed", "session"];
    assert!(ends.is_superset(&all.into()), "{ends:?}");
}

#[test]
fn thieves_of_pending_logins() {
    let ends = assert_holds(&HOSTILE);
    let all = ["changed", "changed meanwhile", "code replayed", "ended", "replayed", "session", "throttled"];
    assert!(ends.is_superset(&all.into()), "{ends:?}");
}

#[test]
fn every_fault_of_a_further_step_is_noticed() {
    for (fault, scenario, rule) in FAULTS {
        let report = explore(Model::new(scenario, Some(fault)));
        println!("{fault:?}");
        show(&scenario, &report);
        assert_eq!(report.broken.map(|(broken, _)| broken.rule), Some(rule), "{fault:?}");
    }
}

#[test]
fn what_another_clause_implies_makes_no_difference() {
    for (fault, scenario) in IMPLIED {
        let report = explore(Model::new(scenario, Some(fault)));
        println!("{fault:?}");
        show(&scenario, &report);
        assert!(report.broken.is_none(), "{fault:?}");
    }
}

#[test]
fn the_assumption_about_pages_is_needed() {
    let (exception, scenario, rule) = EXCEPTION;
    let report = explore(Model::new(scenario, None));
    println!("{exception}");
    show(&scenario, &report);
    assert_eq!(report.broken.map(|(broken, _)| broken.rule), Some(rule), "{exception}");
}

/// Checks that every rule holds everywhere, and prints how requests ended.
fn assert_holds(scenarios: &[Scenario]) -> BTreeSet<&'static str> {
    explorer::assert_holds(scenarios, |scenario| Model::new(scenario, None), show)
}

fn show(scenario: &Scenario, report: &explorer::Report<Broken>) {
    let explorer::Report { states, transitions, time, rows, broken } = report;
    println!("{}: {states} states, {transitions} transitions, {time:.1?}", scenario.name);
    match broken {
        None => println!("  requests ended with: {rows:?}"),
        Some((broken, trace)) => println!("  {}: {}\n{trace}", broken.rule.name(), broken.what),
    }
}
