//! A model checker for device-bound sessions: the real core with a store of one row, a browser
//! that binds, renews, is skipped and loses responses, and a thief who has both cookies and, as the
//! scenario says, the challenge of the login or a proof.
//!
//! # What holds
//!
//! - **Stolen is out**: once the row is bound, the thief gets no token that ends later than those
//!   of the owner. A proof that was copied, presented within the leeway beside the stolen cookies,
//!   gives what the owner has just got.
//! - **Honest stays in**: the browser's own requests are never taken for a thief's. A request that
//!   the browser sends without renewing first is refused, and costs nothing.
//! - **Theft ends the session**: a refresh token from before the binding that is presented after
//!   its successor has arrived, and after the leeway, revokes the session.
//!
//! # What the model does not show
//!
//! Requests are decided at once: the conditions of the store and two rotations at the same time are
//! in the conformance suite. A response is lost or arrives at once. A browser whose registration
//! was answered and lost knows nothing of it and logs in again, so nothing but the absence of a
//! revocation is asked of it. The thief never gets the key.

mod server;
mod step;
mod world;

use crate::explorer::{self, explore};

use self::{
    step::{Broken, Model},
    world::{Fault, Scenario},
};

const HONEST: Scenario = Scenario { name: "the browser alone", ..Scenario::ALONE };
const STOLEN: Scenario = Scenario { name: "both cookies stolen", steals: true, ..Scenario::ALONE };
const CHALLENGE: Scenario =
    Scenario { name: "and the challenge of the login", steals: true, registers: true, ..Scenario::ALONE };
const REPLAY: Scenario = Scenario { name: "and a proof", steals: true, replays: true, ..Scenario::ALONE };

/// Each with the rule that shows it.
const FAULTS: [(Fault, Scenario, &str); 6] = [
    (Fault::KeyIgnored, STOLEN, "stolen is out"),
    (Fault::MarkBelieved, STOLEN, "stolen is out"),
    (Fault::ChallengeReusable, REPLAY, "stolen is out"),
    (Fault::BoundTwice, CHALLENGE, "honest stays in"),
    (Fault::LeewayShort, HONEST, "honest stays in"),
    (Fault::CopyForgiven, STOLEN, "theft ends the session"),
];

#[test]
fn a_browser_and_its_thieves() {
    let rows = explorer::assert_holds(
        &[HONEST, STOLEN, CHALLENGE, REPLAY],
        |scenario| Model::new(scenario, None),
        show,
    );
    let all = ["bound", "bound again", "refused", "renewed", "challenged", "ended", "s", "x", "r", "e", "m"];
    assert!(rows.is_superset(&all.into()), "{rows:?}");
}

#[test]
#[ignore = "takes minutes; time passes once more"]
fn deeper() {
    let further = |scenario: Scenario| Scenario { ticks: 3, rotations: 3, ..scenario };
    let scenarios = [HONEST, STOLEN, CHALLENGE, REPLAY].map(further);
    explorer::assert_holds(&scenarios, |scenario| Model::new(scenario, None), show);
}

#[test]
fn every_fault_of_a_binding_is_noticed() {
    for (fault, scenario, rule) in FAULTS {
        let report = explore(Model::new(scenario, Some(fault)));
        println!("{fault:?}");
        show(&scenario, &report);
        assert_eq!(report.broken.map(|(broken, _)| broken.rule), Some(rule), "{fault:?}");
    }
}

fn show(scenario: &Scenario, report: &explorer::Report<Broken>) {
    let explorer::Report { states, transitions, time, rows, broken } = report;
    println!("{}: {states} states, {transitions} transitions, {time:.1?}", scenario.name);
    match broken {
        None => println!("  decided: {rows:?}"),
        Some((broken, trace)) => println!("  {}: {}\n{trace}", broken.rule, broken.what),
    }
}
