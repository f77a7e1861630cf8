//! What can happen next.

use std::{collections::BTreeMap, fmt};

use crate::{
    clock,
    invariant::{self, Broken},
    scenario::{Fault, Scenario},
    server::{Inputs, Route, Server},
    token::{Jar, Millis},
    world::{Flight, NODES, Owner, Path, Stage, Wait, World},
};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Clock(Millis),
    Send(Owner, Route, u8),
    Duplicate(usize),
    Arrive(usize),
    CheckSession(usize),
    Update(usize),
    UpdateThenFail(usize),
    UpdateMisses(usize),
    Read(usize),
    Revoke(usize),
    Deliver(usize),
    Lose(usize),
    Steal,
    Poll(u8),
    Curtail,
}

/// The bounds, the fault, and the core that answers.
pub(crate) struct Model {
    pub(crate) scenario: Scenario,
    pub(crate) fault: Option<Fault>,
    pub(crate) server: Server,
    /// Rows of the design's table that decided, and how often.
    pub(crate) rows: BTreeMap<&'static str, usize>,
}

impl Model {
    pub(crate) fn new(scenario: Scenario, fault: Option<Fault>) -> Self {
        Self { server: Server::new(scenario.level), scenario, fault, rows: BTreeMap::new() }
    }

    pub(crate) fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    pub(crate) fn start(&mut self) -> World {
        World::new(&self.scenario, &mut self.server).canonical(&self.scenario)
    }

    /// Everything that can happen in this state.
    pub(crate) fn steps(&self, world: &World) -> Vec<Step> {
        let mut steps = Vec::new();
        steps.extend(clock::next(world, self).map(Step::Clock));
        self.sends(world, &mut steps);
        for (index, flight) in world.flights.iter().enumerate() {
            self.flight_steps(world, index, flight, &mut steps);
        }
        if world.left.thefts > 0 {
            steps.push(Step::Steal);
        }
        if world.left.curtailments > 0 {
            steps.push(Step::Curtail);
        }
        if !self.is(Fault::NobodyPolls) {
            let learns = |node: &usize| world.sessions.iter().any(|session| session.is_news(*node));
            let nodes = (0..usize::from(self.scenario.nodes)).filter(learns);
            steps.extend(nodes.map(|node| Step::Poll(u8::try_from(node).unwrap())));
        }
        steps
    }

    fn sends(&self, world: &World, steps: &mut Vec<Step>) {
        let is_empty = |jar: &Jar| *jar == Jar::default();
        let nodes = 0..self.scenario.nodes;
        if world.left.sends > 0 && world.of_browser() < self.scenario.tabs {
            for route in self.scenario.routes {
                let is_left = match route {
                    Route::Logout => world.left.logouts > 0,
                    Route::Login => world.left.logins > 0,
                    _ => true,
                };
                if is_left && (!is_empty(&world.jar) || *route == Route::Login) {
                    steps.extend(nodes.clone().map(|node| Step::Send(Owner::Browser, *route, node)));
                }
            }
        }
        if world.left.thief_sends > 0 && world.loot.is_some_and(|loot| !is_empty(&loot)) {
            for route in self.scenario.routes.iter().filter(|route| **route <= Route::Refresh) {
                steps.extend(nodes.clone().map(|node| Step::Send(Owner::Thief, *route, node)));
            }
        }
    }

    fn flight_steps(&self, world: &World, index: usize, flight: &Flight, steps: &mut Vec<Step>) {
        match &flight.stage {
            Stage::Travelling(_) => steps.push(Step::Arrive(index)),
            Stage::Waiting { wait: Wait::SessionCheck, .. } => steps.push(Step::CheckSession(index)),
            Stage::Waiting { wait: Wait::Write, .. } => steps.push(Step::Update(index)),
            Stage::Waiting { wait: Wait::Update, .. } => {
                steps.push(Step::Update(index));
                if world.left.failures > 0 {
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
            Stage::Answered(_) => steps.extend([Step::Deliver(index), Step::Lose(index)]),
        }
        let is_simple = |inputs: &Inputs| inputs.route <= Route::Refresh;
        if let Stage::Travelling(inputs) | Stage::Waiting { inputs, .. } = &flight.stage
            && world.left.duplicates > 0
            && is_simple(inputs)
        {
            steps.push(Step::Duplicate(index));
        }
    }

    /// The state after a step, with every invariant checked.
    pub(crate) fn take(&mut self, world: &World, step: Step) -> Result<World, Broken> {
        let mut next = world.clone();
        match step {
            Step::Clock(now) => next.now = now,
            Step::Send(owner, route, node) => self.send(&mut next, owner, route, node)?,
            Step::Duplicate(index) => self.duplicate(&mut next, index)?,
            Step::Steal => {
                next.left.thefts -= 1;
                next.loot = Some(next.jar);
            }
            Step::Poll(node) => next.poll(node.into()),
            Step::Curtail => next.curtail(),
            Step::Deliver(index) | Step::Lose(index) => {
                let flight = next.flights.remove(index);
                if let (Step::Deliver(_), Stage::Answered(cookies)) = (step, flight.stage) {
                    cookies.apply(&mut next.jar);
                }
            }
            Step::Arrive(index)
            | Step::CheckSession(index)
            | Step::Update(index)
            | Step::UpdateThenFail(index)
            | Step::UpdateMisses(index)
            | Step::Read(index)
            | Step::Revoke(index) => self.serve(&mut next, index, step)?,
        }
        let next = next.canonical(&self.scenario);
        invariant::of_state(&next, self)?;
        Ok(next)
    }

    fn send(&mut self, world: &mut World, owner: Owner, route: Route, node: u8) -> Result<(), Broken> {
        let left = &mut world.left;
        let jar = match owner {
            Owner::Browser => world.jar,
            Owner::Thief => world.loot.unwrap_or_default(),
        };
        match (owner, route) {
            (Owner::Thief, _) => left.thief_sends -= 1,
            (_, Route::Logout) => (left.logouts, left.sends) = (left.logouts - 1, left.sends - 1),
            (_, Route::Login) => (left.logins, left.sends) = (left.logins - 1, left.sends - 1),
            _ => left.sends -= 1,
        }
        let deadline = self.scenario.honest.map(|honest| world.now + honest.round_trip);
        self.depart(world, Flight { path: Path { owner, node, deadline }, stage: travelling(route, jar) })
    }

    fn duplicate(&mut self, world: &mut World, index: usize) -> Result<(), Broken> {
        world.left.duplicates -= 1;
        let original = &world.flights[index];
        let (Stage::Travelling(inputs) | Stage::Waiting { inputs, .. }) = &original.stage else {
            unreachable!()
        };
        let stage = travelling(inputs.route, inputs.jar);
        let path = original.path;
        self.depart(world, Flight { path, stage })
    }

    fn depart(&mut self, world: &mut World, flight: Flight) -> Result<(), Broken> {
        world.flights.push(flight);
        if self.scenario.travels {
            return Ok(());
        }
        let index = world.flights.len() - 1;
        self.serve(world, index, Step::Arrive(index))
    }
}

impl World {
    fn poll(&mut self, node: usize) {
        for session in self.sessions.iter_mut().filter(|session| session.is_news(node)) {
            session.known[node] = session.row.revoked.map(|(_, cause)| cause);
        }
    }

    /// The application brings the idle end forward: the tokens that are out say otherwise.
    fn curtail(&mut self) {
        self.left.curtailments -= 1;
        for session in &mut self.sessions {
            session.row.expires = session.row.expires.min(self.now / 1000 + 1);
        }
    }
}

impl crate::world::SessionState {
    /// Whether a node would learn something about it.
    fn is_news(&self, node: usize) -> bool {
        debug_assert!(node < NODES);
        self.row.revoked.is_some() && self.known[node].is_none()
    }
}

fn travelling(route: Route, jar: Jar) -> Stage {
    Stage::Travelling(Inputs { route, arrival: 0, jar })
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clock(now) => write!(f, "the clock goes to {now} ms"),
            Self::Send(owner, route, node) => write!(f, "{owner:?} sends {route:?} to node {node}"),
            Self::Steal => f.write_str("the thief copies the jar"),
            Self::Poll(node) => write!(f, "node {node} asks for revocations"),
            Self::Curtail => f.write_str("the application brings the idle end forward"),
            Self::Duplicate(_) => f.write_str("a proxy repeats"),
            Self::Arrive(_) => f.write_str("arrival of"),
            Self::CheckSession(_) => f.write_str("session check of"),
            Self::Update(_) => f.write_str("UPDATE of"),
            Self::UpdateThenFail(_) => f.write_str("UPDATE, reported as failed, of"),
            Self::UpdateMisses(_) => f.write_str("UPDATE, without effect, of"),
            Self::Read(_) => f.write_str("fresh read of"),
            Self::Revoke(_) => f.write_str("durable revocation by"),
            Self::Deliver(_) => f.write_str("delivery of"),
            Self::Lose(_) => f.write_str("loss of"),
        }
    }
}
