//! Explores every state breadth first, so that the first counterexample is a shortest one.

use std::{
    collections::{BTreeMap, VecDeque, hash_map::Entry},
    fmt::Write as _,
    rc::Rc,
    time::Duration,
};

use crate::{
    fault::Fault,
    hash::QuickMap,
    invariant::Broken,
    scenario::Scenario,
    step::{Model, Step},
    world::World,
};

pub(crate) struct Report {
    pub(crate) states: usize,
    pub(crate) transitions: usize,
    pub(crate) time: Duration,
    pub(crate) rows: BTreeMap<&'static str, usize>,
    pub(crate) broken: Option<(Broken, String)>,
}

type Parents = QuickMap<Rc<World>, Option<(Rc<World>, Step)>>;

pub(crate) fn explore(scenario: Scenario, fault: Option<Fault>) -> Report {
    // The core has no clock; this test uses one for its report.
    #[allow(clippy::disallowed_methods)]
    let start = std::time::Instant::now();
    let mut model = Model::new(scenario, fault);
    let first = Rc::new(model.start());
    let mut parents = Parents::from_iter([(first.clone(), None)]);
    let mut queue = VecDeque::from([first]);
    let (mut transitions, mut broken) = (0, None);
    'all: while let Some(world) = queue.pop_front() {
        for step in model.steps(&world) {
            transitions += 1;
            match model.take(&world, step) {
                Ok(next) => {
                    let next = Rc::new(next);
                    if let Entry::Vacant(unseen) = parents.entry(next.clone()) {
                        unseen.insert(Some((world.clone(), step)));
                        queue.push_back(next);
                    }
                }
                Err(error) => {
                    let trace = trace(&parents, &world, step, scenario.is_endless());
                    broken = Some((error, trace));
                    break 'all;
                }
            }
        }
    }
    Report { states: parents.len(), transitions, time: start.elapsed(), rows: model.rows, broken }
}

/// The steps from the start, each with its time.
fn trace(parents: &Parents, world: &Rc<World>, step: Step, is_endless: bool) -> String {
    let mut steps = vec![(world.clone(), step)];
    let mut at = world;
    while let Some(Some((parent, step))) = parents.get(at) {
        steps.push((parent.clone(), *step));
        at = parent;
    }
    let mut text = String::new();
    // The clock of an endless exploration is set back at every tick.
    let mut passed = 0;
    for (world, step) in steps.into_iter().rev() {
        match step {
            Step::Clock(next) if is_endless => passed += next - world.now,
            _ => {
                let now = if is_endless { passed } else { world.now };
                let _ = writeln!(text, "    {now:>6} ms  {}", describe(&world, step));
            }
        }
    }
    text
}

fn describe(world: &World, step: Step) -> String {
    match step {
        Step::Arrive(index)
        | Step::ArriveThenFail(index)
        | Step::CheckSession(index)
        | Step::Update(index)
        | Step::UpdateThenFail(index)
        | Step::UpdateMisses(index)
        | Step::Read(index)
        | Step::Revoke(index)
        | Step::Leave(index)
        | Step::LeaveThenLose(index)
        | Step::Deliver(index)
        | Step::Lose(index) => format!("{step} {}", world.flights[index]),
        Step::WriteReceipt(index) | Step::LoseReceipt(index) => {
            format!("{step} #{}", world.notes[index].refresh)
        }
        Step::Send(..) => format!("{step} with {}", world.jar),
        Step::Abuse(_, _, index) => format!("{step} with {}", world.loot[index]),
        _ => step.to_string(),
    }
}
