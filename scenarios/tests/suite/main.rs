//! Every scenario on every framework, and the table of it.

mod actix_app;
mod axum_app;
#[allow(clippy::needless_pass_by_value, reason = "Rocket hands its handlers values")]
mod rocket_app;

use std::{
    collections::BTreeSet,
    process::ExitCode,
    sync::{Arc, Mutex},
};

use libtest_mimic::{Arguments, Failed, Trial};
use scenarios::{
    Scenario,
    run::{Framework, Played, run},
    table,
};

const FRAMEWORKS: [Framework; 3] = [
    Framework { name: "axum", start: |world| Box::pin(axum_app::start(world)) },
    Framework { name: "actix-web", start: |world| Box::pin(async { actix_app::start(world) }) },
    Framework { name: "rocket", start: |world| Box::pin(rocket_app::start(world)) },
];

/// What all scenarios together have shown.
#[derive(Default)]
struct Shown {
    lines: Vec<(usize, String)>,
    promises: BTreeSet<String>,
    kept: BTreeSet<String>,
}

type Table = Arc<Mutex<Shown>>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // The panics are those of the scenarios' handlers; a failing trial reports its own faults.
    std::panic::set_hook(Box::new(|_| ()));
    let shown = Table::default();
    let scenarios = table::all().into_iter().enumerate();
    let trials = scenarios.map(|(number, scenario)| trial(number, scenario, Arc::clone(&shown))).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let shown = shown.lock().expect("no panic while held");
    print(&shown);
    let all_ran = conclusion.num_filtered_out == 0 && conclusion.num_ignored == 0 && !arguments.list;
    if all_ran && !keeps_its_promises(&shown) {
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

/// Whether every response in the OpenAPI document occurred in some scenario.
fn keeps_its_promises(shown: &Shown) -> bool {
    let missing: Vec<_> = shown.promises.difference(&shown.kept).collect();
    if missing.is_empty() {
        println!("\nOpenAPI: all {} pairs of operation and response occurred.", shown.promises.len());
    } else {
        println!("\nOpenAPI: documented, but in no scenario: {missing:#?}");
    }
    missing.is_empty()
}

fn trial(number: usize, scenario: Scenario, table: Table) -> Trial {
    let name = format!("{}: {}", scenario.rule, scenario.name);
    Trial::test(name.clone(), move || {
        let played: Vec<_> = FRAMEWORKS.iter().map(|framework| play(&scenario, *framework)).collect();
        let cells: Vec<_> = played.iter().map(|played| cell(played.as_ref())).collect();
        let line = format!("| {name} | {} |", cells.join(" | "));
        let mut shown = table.lock().expect("no panic while held");
        shown.lines.push((number, line));
        for played in played.iter().flatten() {
            shown.promises.extend(played.promises.iter().cloned());
            shown.kept.extend(played.kept.iter().cloned());
        }
        drop(shown);
        let faults = faults(&scenario, &played);
        if faults.is_empty() { Ok(()) } else { Err(Failed::from(faults)) }
    })
}

/// None if the scenario does not run on this framework.
fn play(scenario: &Scenario, framework: Framework) -> Option<Played> {
    if !scenario.only.is_empty() && !scenario.only.contains(&framework.name) {
        return None;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    Some(runtime.block_on(run(scenario, framework)))
}

fn cell(played: Option<&Played>) -> String {
    let Some(played) = played else { return "–".into() };
    let answers = played.answers.iter().map(|answer| {
        let cookies = answer.cookie_lines().len();
        if cookies == 0 { answer.status.to_string() } else { format!("{}+{cookies}", answer.status) }
    });
    let answers = answers.collect::<Vec<_>>().join(" ");
    if played.faults.is_empty() { answers } else { format!("{answers} WRONG") }
}

fn faults(scenario: &Scenario, played: &[Option<Played>]) -> String {
    let here = || {
        FRAMEWORKS
            .iter()
            .zip(played)
            .filter_map(|(framework, played)| Some((framework.name, played.as_ref()?)))
    };
    let of = |(name, played): (&str, &Played)| {
        played.faults.iter().map(|fault| format!("{name}, {fault}")).collect::<Vec<_>>()
    };
    let mut faults: Vec<_> = here().flat_map(of).collect();
    let (first, reference) = here().next().expect("at least one framework");
    let differs = |other: &(&str, &Played)| tokens(other.1) != tokens(reference);
    if !scenario.differs_on_rocket() {
        faults.extend(
            here().filter(differs).map(|(other, _)| format!("{first} and {other} send different bytes")),
        );
    }
    faults.join("\n")
}

/// What has to be identical byte for byte: status, cookie lines with their tokens, body.
fn tokens(played: &Played) -> Vec<(u16, Vec<String>, &str)> {
    let answers = played.answers.iter();
    answers.map(|answer| (answer.status, answer.cookie_lines(), answer.body.as_str())).collect()
}

fn print(shown: &Shown) {
    let mut lines = shown.lines.clone();
    lines.sort();
    let names: Vec<_> = FRAMEWORKS.iter().map(|framework| framework.name).collect();
    println!("\nStatus and number of Set-Cookie lines of each response:\n");
    println!("| rule | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()));
    for (_, line) in lines {
        println!("{line}");
    }
}
