//! Explores every state breadth first, so that the first counterexample is a shortest one.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque, hash_map::Entry},
    fmt::Write as _,
    hash::Hash,
    rc::Rc,
    time::Duration,
};

use crate::{hash::QuickMap, token::Millis};

/// What happened in an exploration, and how often.
pub(crate) type Rows = BTreeMap<&'static str, usize>;

/// A model: its states, and what can happen in each.
pub(crate) trait Explored {
    type World: Eq + Hash;
    type Step: Copy;
    type Broken;

    fn start(&mut self) -> Self::World;

    /// Everything that can happen in this state.
    fn steps(&self, world: &Self::World) -> Vec<Self::Step>;

    /// The state after a step, with every invariant checked.
    fn take(&mut self, world: &Self::World, step: Self::Step) -> Result<Self::World, Self::Broken>;

    /// A step of a counterexample with its time, for which the steps are told in their order.
    /// `None` if only time passes.
    fn describe(
        &self,
        world: &Self::World,
        step: Self::Step,
        passed: &mut Millis,
    ) -> Option<(Millis, String)>;

    fn rows(self) -> Rows;
}

pub(crate) struct Report<Broken> {
    pub(crate) states: usize,
    pub(crate) transitions: usize,
    pub(crate) time: Duration,
    pub(crate) rows: Rows,
    pub(crate) broken: Option<(Broken, String)>,
}

type Parents<M> =
    QuickMap<Rc<<M as Explored>::World>, Option<(Rc<<M as Explored>::World>, <M as Explored>::Step)>>;

pub(crate) fn explore<M: Explored>(mut model: M) -> Report<M::Broken> {
    // The core has no clock; this test uses one for its report.
    #[allow(clippy::disallowed_methods)]
    let start = std::time::Instant::now();
    let first = Rc::new(model.start());
    let mut parents = Parents::<M>::from_iter([(first.clone(), None)]);
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
                    broken = Some((error, trace(&model, &parents, &world, step)));
                    break 'all;
                }
            }
        }
    }
    Report { states: parents.len(), transitions, time: start.elapsed(), rows: model.rows(), broken }
}

/// The steps from the start, each with its time.
fn trace<M: Explored>(model: &M, parents: &Parents<M>, world: &Rc<M::World>, step: M::Step) -> String {
    let mut steps = vec![(world.clone(), step)];
    let mut at = world;
    while let Some(Some((parent, step))) = parents.get(at) {
        steps.push((parent.clone(), *step));
        at = parent;
    }
    let (mut text, mut passed) = (String::new(), 0);
    for (world, step) in steps.into_iter().rev() {
        if let Some((now, line)) = model.describe(&world, step, &mut passed) {
            let _ = writeln!(text, "    {now:>6} ms  {line}");
        }
    }
    text
}

/// Checks that every rule holds everywhere, prints each report, and returns how requests ended.
pub(crate) fn assert_holds<S: Copy, M: Explored>(
    scenarios: &[S],
    model: impl Fn(S) -> M,
    show: impl Fn(&S, &Report<M::Broken>),
) -> BTreeSet<&'static str> {
    let (mut states, mut transitions, mut time) = (0, 0, Duration::ZERO);
    let mut ends = BTreeSet::new();
    for scenario in scenarios {
        let report = explore(model(*scenario));
        show(scenario, &report);
        assert!(report.broken.is_none(), "the scenario above breaks a rule");
        states += report.states;
        transitions += report.transitions;
        time += report.time;
        ends.extend(report.rows.into_keys());
    }
    println!("together: {states} states, {transitions} transitions, {time:.1?}");
    ends
}
