//! model

mod answer;
mod canonical;
mod changes;
mod clock;
mod converse;
mod display;
mod explorer;
mod fault;
mod hash;
mod invariant;
mod request;
mod scenario;
mod scenarios;
mod server;
mod step;
mod store;
mod token;
mod turns;
mod wire;
mod world;

use std::{collections::BTreeSet, time::Duration};

use crate::{
    explorer::{Report, explore},
    scenario::Scenario,
    scenarios::*,
};

#[test]
fn an_honest_user_alone() {
    let rows = assert_holds(&ALONE);
    assert!(!rows.contains("r"));
}

#[test]
fn tabs() {
    assert_holds(&[TABS]);
}
#[test]
fn three() {
    assert_holds(&[THREE]);
}
#[test]
fn statements() {
    assert_holds(&[STATEMENTS]);
}
#[test]
fn skewed() {
    assert_holds(&[SKEWED]);
}
#[test]
fn turns() {
    assert_holds(&[TURNS, UNUSED_TURNS]);
}

#[test]
fn thieves_and_revocations() {
    let rows = assert_holds(&HOSTILE);
    assert!(rows.is_superset(&["c", "e", "m", "n", "o", "p", "r"].into()), "{rows:?}");
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

mod scratch {
    use super::*;
    use crate::scenario::{Budget, Time};
    use crate::fault::{Clause, Clause::*, Fault, Fault::*, Statement, Statement::*};

    fn all() -> Vec<Fault> {
        let mut faults = Vec::new();
        let clauses: [(Statement, &[Clause], &[Clause]); 5] = [
            (
                Rotate,
                &[
                    Current, Revoked, Settled, Orphan, OrphanReceived, OrphanFirst, OrphanSettled, Ends, SetsCurrent,
                    SetsParent, SetsTimes, SetsRotated, SetsReceived, SetsSettles,
                ],
                &[Settled, OrphanSettled, SetsRotated, SetsSettles],
            ),
            (AnswerLate, &[Current, Parent, Revoked, Received, Ends, SetsSettles, Max], &[SetsSettles]),
            (
                Replace,
                &[
                    Current, Parent, Revoked, Received, Ends, Settled, Rotated, SetsCurrent, SetsParent, SetsTimes,
                    SetsRotated, SetsSettles,
                ],
                &[Settled, Rotated, SetsRotated, SetsSettles],
            ),
            (Settle, &[Current, Parent, Revoked, Received, Rotated, SetsSettles, Max], &[Rotated, SetsSettles]),
            (Statement::Receipt, &[Current, Parent, Revoked, Received, SetsReceived, SetsSettles, Max], &[SetsSettles]),
        ];
        for (statement, without, off) in clauses {
            for clause in without {
                faults.push(Without(statement, *clause));
            }
            for clause in off {
                faults.push(OneMore(statement, *clause));
                faults.push(OneLess(statement, *clause));
            }
        }
        faults.extend([
            AbsoluteEndExtended, IdleEndUncapped, CheckThenWrite, CountIgnored, GrandparentGraced, SuccessorExtended,
            GraceOneMillisecondLong, GraceOneMillisecondShort, GraceNeverEnds, ReceiptForgotten, ReceiptInvented,
            WithheldWritten, LeavesUnasked, LeavesOneMillisecondLong, ReceiptWhenGiven, ReceiptsNeverWritten, StaleRead,
            StaleSessionCheck, RevocationRolledBack, RevocationCancelled, RevokedSetForgets, NobodyPolls,
        ]);
        faults
    }

    fn tight(scenario: Scenario) -> Scenario {
        let gap = std::env::var("GAP").ok().map_or(65_000, |text| text.parse().unwrap());
        let tick = std::env::var("TICK").ok().map_or(5_000, |text| text.parse().unwrap());
        let turns = Some(scenario::TurnRules { gap, ..scenario.turns.unwrap() });
        Scenario { turns, time: scenario::Time::Endless { tick, splits: std::env::var("SPLITS").is_ok() }, ..scenario }
    }

    #[test]
    #[ignore = "scratch"]
    fn matrix() {
        let only = std::env::var("FAULTS").unwrap_or_default();
        let scenarios = std::env::var("SCENARIOS").unwrap_or_default();
        let names: Vec<_> = scenarios.split(',').collect();
        let trace = std::env::var("TRACE").is_ok();
        let table: Vec<(&str, Scenario)> = vec![
            ("tabs", TABS), ("statements", STATEMENTS), ("three", THREE), ("four", FOUR), ("skewed", SKEWED), ("outages", OUTAGES),
            ("pages", PAGES), ("pag3", Scenario { budget: Budget { sends: 3, ..PAGES.budget }, ..PAGES }), ("pag3s", Scenario { access: 25, budget: Budget { sends: 3, ..PAGES.budget }, ..PAGES }), ("steal", Scenario { access: 25, time: Time::Until { horizon: 45_000, sees_ends: false }, ..THIEF }), ("turns", TURNS), ("unused", UNUSED_TURNS), ("thief", THIEF), ("thiefpages", THIEF_OF_PAGES),
            ("leaving", LEAVING), ("ended", ENDED), ("tight", tight(TURNS)), ("tightun", tight(UNUSED_TURNS)), ("logout", LOGOUT), ("nodes", NODES), ("curtailed", CURTAILED),
            ("nodesevery", Scenario { level: cookiejwt_core::RevocationLevel::EveryRequest, ..NODES }),
        ];
        let limit = std::env::var("LIMIT").ok().map(|text| text.parse().unwrap());
        for fault in all().into_iter().map(Some).chain([None]) {
            let name = format!("{fault:?}");
            if !only.split(',').any(|only| name.contains(only)) {
                continue;
            }
            for (label, scenario) in table.iter().filter(|(label, _)| names.contains(label)) {
                let report = crate::explorer::explore_to(*scenario, fault, limit);
                let result = report.broken.as_ref().map_or("-".to_owned(), |(broken, _)| format!("{:?}", broken.invariant));
                println!("{name:40} {label:10} {result:20} {:>8} states {:>9} transitions {:?}", report.states, report.transitions, report.time);
                if trace && let Some((broken, trace)) = &report.broken {
                    println!("{}\n{trace}", broken.what);
                } else if trace {
                    println!("{:?}", report.rows);
                }
            }
        }
    }
}
