//! What can happen next.

use std::fmt;

use crate::{
    changes::Change,
    clock,
    display::describe,
    explorer::{Explored, Rows},
    fault::{Fault, Statement},
    hash::QuickSet,
    invariant::{self, Broken},
    request::spend,
    scenario::{Grain, LEEWAY, Scenario},
    server::{Inputs, Route, Server},
    store::Row,
    token::{Jar, Millis},
    world::{Flight, Owner, Path, Stage, Wait, World},
};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Clock(Millis),
    /// The browser sends its jar.
    Send(Route, u8),
    /// The thief sends one of their copies.
    Abuse(Route, u8, usize),
    Arrive(usize),
    ArriveThenFail(usize),
    CheckSession(usize),
    Update(usize),
    UpdateThenFail(usize),
    UpdateMisses(usize),
    Read(usize),
    Revoke(usize),
    Leave(usize),
    LeaveThenLose(usize),
    Deliver(usize),
    Lose(usize),
    WriteReceipt(usize),
    LoseReceipt(usize),
    Steal,
    Poll(u8),
    Curtail,
    Crash,
}

/// The bounds, the fault, and the core that answers.
pub(crate) struct Model {
    pub(crate) scenario: Scenario,
    pub(crate) fault: Option<Fault>,
    pub(crate) server: Server,
    /// Rows of `cookiejwt_core::rules` that decided, and how often.
    pub(crate) rows: Rows,
    /// The questions that the real memory store was asked as well.
    pub(crate) asked: QuickSet<(Row, Change)>,
}

impl Model {
    pub(crate) fn new(scenario: Scenario, fault: Option<Fault>) -> Self {
        Self {
            server: Server::new(&scenario),
            scenario,
            fault,
            rows: Rows::new(),
            asked: QuickSet::default(),
        }
    }

    pub(crate) fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn sends(&self, world: &World, steps: &mut Vec<Step>) {
        let left = &world.left;
        let nodes = || 0..self.scenario.nodes;
        if self.scenario.is_endless() && world.is_over() {
            return;
        }
        if left.sends > 0 && self.is_turn_of(Owner::Browser, world) {
            for route in self.scenario.routes {
                let is_left = match route {
                    Route::Page | Route::Refresh => true,
                    Route::Logout => left.logouts > 0,
                    Route::Login => left.logins > 0,
                };
                let has_tab = world.of_browser() < self.scenario.tabs || self.is_glance(*route);
                let has_jar = world.jar != Jar::default() || *route == Route::Login;
                if is_left && has_tab && has_jar && self.is_worth(*route, world, &world.jar) {
                    steps.extend(nodes().map(|node| Step::Send(*route, node)));
                }
            }
        }
        if left.thief_sends == 0 || !self.is_turn_of(Owner::Thief, world) {
            return;
        }
        for (index, jar) in world.loot.iter().enumerate().filter(|(_, jar)| **jar != Jar::default()) {
            for route in self.scenario.routes.iter().filter(|route| **route <= Route::Refresh) {
                if self.is_worth(*route, world, jar) {
                    steps.extend(nodes().map(|node| Step::Abuse(*route, node, index)));
                }
            }
        }
    }

    /// In an endless exploration a page is requested with a new access token and answered at once:
    /// its only effect is a receipt.
    fn is_glance(&self, route: Route) -> bool {
        self.scenario.is_endless() && route == Route::Page
    }

    /// Whether anything would come of a glance.
    fn is_worth(&self, route: Route, world: &World, jar: &Jar) -> bool {
        let named = jar.access.and_then(|access| access.names);
        !self.is_glance(route)
            || named.is_some_and(|id| {
                let row = &world.sessions[0].row;
                let is_noted = world.notes.iter().any(|note| note.refresh == id);
                let is_news = row.current == id && row.previous.is_some() && row.received_at.is_none();
                is_news && !is_noted || matches!(self.fault, Some(Fault::Without(Statement::Receipt, _)))
            })
    }

    fn flight_steps(&self, world: &World, index: usize, flight: &Flight, steps: &mut Vec<Step>) {
        let fails = world.left.failures > 0;
        match &flight.stage {
            Stage::Travelling(_) => {
                // A lost one is the same as one that was never sent.
                steps.push(Step::Arrive(index));
                if fails && self.scenario.grain != Grain::Statements {
                    steps.push(Step::ArriveThenFail(index));
                }
            }
            Stage::Waiting { wait: Wait::SessionCheck, .. } => steps.push(Step::CheckSession(index)),
            Stage::Waiting { wait: Wait::Write, .. } => steps.push(Step::Update(index)),
            Stage::Waiting { wait: Wait::Update | Wait::Late, .. } => {
                steps.push(Step::Update(index));
                if fails {
                    steps.push(Step::UpdateThenFail(index));
                }
                if world.left.misses > 0 {
                    steps.push(Step::UpdateMisses(index));
                }
            }
            Stage::Waiting { wait: Wait::FreshRead, .. } => steps.push(Step::Read(index)),
            Stage::Revoking(_) => {
                steps.push(Step::Revoke(index));
                if self.is(Fault::RevocationCancelled) {
                    steps.push(Step::Lose(index));
                }
            }
            Stage::Serving(_) if flight.path.owner == Owner::Thief => steps.push(Step::Leave(index)),
            // The time at which an answer is lost does not matter, only whether the store was
            // notified that it is sent.
            Stage::Serving(answer) => {
                steps.extend([Step::Leave(index), Step::Lose(index)]);
                let now = world.now + self.scenario.ahead(flight.path.node);
                if answer.departs.is_some_and(|departs| now > departs.settles_at - LEEWAY / 2) {
                    steps.push(Step::LeaveThenLose(index));
                }
            }
            Stage::Answered(_) => {
                steps.push(Step::Deliver(index));
                if !self.scenario.lingers {
                    steps.push(Step::Lose(index));
                }
            }
        }
    }

    fn send(&mut self, world: &mut World, owner: Owner, inputs: Inputs, node: u8) -> Result<(), Broken> {
        let left = &mut world.left;
        match (owner, inputs.route) {
            (Owner::Thief, _) => spend(&mut left.thief_sends),
            (_, Route::Logout) => {
                spend(&mut left.logouts);
                spend(&mut left.sends);
            }
            (_, Route::Login) => {
                spend(&mut left.logins);
                spend(&mut left.sends);
            }
            _ => spend(&mut left.sends),
        }
        let deadline = self.scenario.honest.map(|honest| world.now + honest.request);
        let path = Path { owner, node, deadline };
        world.flights.push(Flight { path, stage: Stage::Travelling(inputs) });
        if !self.scenario.travels || self.is_glance(inputs.route) {
            let index = world.flights.len() - 1;
            self.serve(world, index, Step::Arrive(index))?;
        }
        self.contact(world, owner, inputs.route)
    }
}

impl Explored for Model {
    type World = World;
    type Step = Step;
    type Broken = Broken;

    fn start(&mut self) -> World {
        World::new(&self.scenario, &mut self.server).canonical(self)
    }

    fn steps(&self, world: &World) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.is_noticed(world) {
            return steps;
        }
        steps.extend(clock::next(world, self).map(Step::Clock));
        self.sends(world, &mut steps);
        for (index, flight) in world.flights.iter().enumerate() {
            // Two equal ones are the same as one.
            if index == 0 || world.flights[index - 1] != *flight {
                self.flight_steps(world, index, flight, &mut steps);
            }
        }
        if !self.is(Fault::ReceiptsNeverWritten) {
            let notes = 0..world.notes.len();
            steps.extend(notes.flat_map(|index| [Step::WriteReceipt(index), Step::LoseReceipt(index)]));
        }
        let left = &world.left;
        let others = [(left.thefts, Step::Steal), (left.curtailments, Step::Curtail)];
        steps.extend(others.into_iter().filter(|(left, _)| *left > 0).map(|(_, step)| step));
        if left.crashes > 0 && world.disk.is_some() {
            steps.push(Step::Crash);
        }
        if !self.is(Fault::NobodyPolls) {
            let learns = |node: &usize| world.sessions.iter().any(|session| session.is_news(*node));
            let nodes = (0..usize::from(self.scenario.nodes)).filter(learns);
            steps.extend(nodes.map(|node| Step::Poll(u8::try_from(node).unwrap())));
        }
        steps
    }

    fn take(&mut self, world: &World, step: Step) -> Result<World, Broken> {
        let mut next = world.clone();
        match step {
            Step::Clock(now) => next.now = now,
            Step::Send(route, node) => {
                self.send(&mut next, Owner::Browser, Inputs::new(route, world.jar), node)?;
            }
            Step::Abuse(route, node, index) => {
                self.send(&mut next, Owner::Thief, Inputs::new(route, world.loot[index]), node)?;
            }
            Step::Steal => {
                next.left.thefts -= 1;
                next.loot = vec![next.jar];
            }
            Step::Poll(node) => next.poll(node.into()),
            Step::Curtail => next.curtail(),
            Step::Crash => next.crash(),
            Step::Deliver(index) | Step::Lose(index) => {
                let flight = next.flights.remove(index);
                if let (Step::Deliver(_), Stage::Answered(cookies)) = (step, flight.stage) {
                    self.deliver(&mut next, cookies);
                }
            }
            Step::Leave(index) => self.leave(&mut next, index, false)?,
            Step::LeaveThenLose(index) => self.leave(&mut next, index, true)?,
            Step::WriteReceipt(index) => self.write_receipt(&mut next, index)?,
            Step::LoseReceipt(index) => drop(next.notes.remove(index)),
            Step::Arrive(index)
            | Step::ArriveThenFail(index)
            | Step::CheckSession(index)
            | Step::Update(index)
            | Step::UpdateThenFail(index)
            | Step::UpdateMisses(index)
            | Step::Read(index)
            | Step::Revoke(index) => self.serve(&mut next, index, step)?,
        }
        let next = next.canonical(self);
        invariant::of_state(&next, self)?;
        Ok(next)
    }

    fn describe(&self, world: &World, step: Step, passed: &mut Millis) -> Option<(Millis, String)> {
        // The clock of an endless exploration is set back at every tick.
        match step {
            Step::Clock(next) if self.scenario.is_endless() => {
                *passed += next - world.now;
                None
            }
            _ => {
                let now = if self.scenario.is_endless() { *passed } else { world.now };
                Some((now, describe(world, step)))
            }
        }
    }

    fn rows(self) -> Rows {
        self.rows
    }
}

impl World {
    fn poll(&mut self, node: usize) {
        for session in self.sessions.iter_mut().filter(|session| session.is_news(node)) {
            session.known[node] = session.row.revoked.map(|(_, cause)| cause);
        }
    }

    /// The application ends a session in its row, contrary to the tokens that exist.
    fn curtail(&mut self) {
        self.left.curtailments -= 1;
        for session in &mut self.sessions {
            session.row.expires = session.row.expires.min(self.now / 1000);
        }
    }

    /// The browser crashes before its jar is on disk.
    fn crash(&mut self) {
        self.left.crashes -= 1;
        self.jar = self.disk.take().unwrap();
        self.flights.retain(|flight| flight.path.owner == Owner::Thief);
    }
}

impl Inputs {
    /// The arrival is not known yet.
    fn new(route: Route, jar: Jar) -> Self {
        Self { route, arrival: 0, jar }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clock(now) => write!(f, "the clock goes to {now} ms"),
            Self::Send(route, node) => write!(f, "the browser sends {route:?} to node {node}"),
            Self::Abuse(route, node, _) => write!(f, "the thief sends {route:?} to node {node}"),
            Self::Steal => f.write_str("the thief copies the jar"),
            Self::Poll(node) => write!(f, "node {node} asks for revocations"),
            Self::Curtail => f.write_str("the application ends the idle time"),
            Self::Crash => f.write_str("the browser crashes, and starts with the jar of its disk"),
            Self::Arrive(_) => f.write_str("arrival of"),
            Self::ArriveThenFail(_) => f.write_str("arrival, UPDATE reported as failed, of"),
            Self::CheckSession(_) => f.write_str("session check of"),
            Self::Update(_) => f.write_str("UPDATE of"),
            Self::UpdateThenFail(_) => f.write_str("UPDATE, reported as failed, of"),
            Self::UpdateMisses(_) => f.write_str("UPDATE, without effect, of"),
            Self::Read(_) => f.write_str("fresh read of"),
            Self::Revoke(_) => f.write_str("durable revocation by"),
            Self::Leave(_) => f.write_str("departure of"),
            Self::LeaveThenLose(_) => f.write_str("departure and loss of"),
            Self::Deliver(_) => f.write_str("delivery of"),
            Self::Lose(_) => f.write_str("loss of"),
            Self::WriteReceipt(_) => f.write_str("the store is notified of the receipt of"),
            Self::LoseReceipt(_) => f.write_str("a node forgets the receipt of"),
        }
    }
}
