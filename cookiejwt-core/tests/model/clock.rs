//! The clock. With a horizon it stops just before and after every relevant time; in an endless
//! exploration at every tick.

use crate::{
    fault::Fault,
    scenario::{AHEAD, CLOCK_LEEWAY, Grain, LEEWAY, MIDST, POLL, Time},
    step::Model,
    token::{Cookies, Jar, LONG_AGO, Millis, Seconds},
    world::{Answer, Carries, Flight, Owner, Sentence, Stage, World},
};

/// The next time at which anything changes, unless something must happen before.
pub(crate) fn next(world: &World, model: &Model) -> Option<Millis> {
    let next = match model.scenario.time {
        Time::Endless { tick, splits } => {
            let since = world.now - MIDST;
            if splits && since == 0 { world.now + 1 } else { MIDST + tick }
        }
        Time::Until { horizon, sees_ends } => stop(world, model, horizon, sees_ends),
    };
    (next > world.now && next <= latest(world, model)).then_some(next)
}

fn stop(world: &World, model: &Model, horizon: Millis, sees_ends: bool) -> Millis {
    let mut next = Stop { now: world.now, next: horizon };
    for session in &world.sessions {
        let row = &session.row;
        next.both_sides(row.settles_at);
        if row.previous.is_some() && row.received_at.is_none() {
            next.both_sides(row.settles_at + LEEWAY);
            next.both_sides(row.rotated_at.unwrap_or(LONG_AGO) + model.scenario.access * 1000);
        }
        if let Some(dead_since) = session.truth.dead_since.filter(|_| model.scenario.nodes > 1) {
            next.both_sides(dead_since + POLL);
        }
        if sees_ends {
            next.until(row.expires);
            next.until(row.ends);
        }
    }
    for flight in &world.flights {
        if let Some(deadline) = flight.path.deadline {
            next.at(deadline);
        }
        match &flight.stage {
            Stage::Serving(answer) | Stage::Revoking(Sentence { answer, .. }) => next.answer(answer),
            Stage::Travelling(_) | Stage::Waiting { .. } | Stage::Answered(_) => {}
        }
        if sees_ends {
            next.jar(&jar_of(&flight.stage));
        }
    }
    if sees_ends {
        next.jar(&world.jar);
        world.loot.iter().for_each(|jar| next.jar(jar));
    }
    next.next
}

/// The latest time before which something must have happened.
fn latest(world: &World, model: &Model) -> Millis {
    let mut latest = match model.scenario.time {
        Time::Until { horizon, .. } => horizon,
        Time::Endless { .. } => Millis::MAX,
    };
    for flight in world.flights.iter().filter(|flight| flight.path.owner == Owner::Browser) {
        latest = latest.min(flight.path.deadline.unwrap_or(latest));
    }
    for session in &world.sessions {
        let waits = (0..usize::from(model.scenario.nodes)).any(|node| session.known[node].is_none());
        if let Some(dead_since) = session.truth.dead_since.filter(|_| waits && !model.is(Fault::NobodyPolls))
        {
            latest = latest.min(dead_since + POLL);
        }
    }
    let is_waiting = |flight: &Flight| matches!(flight.stage, Stage::Waiting { .. });
    let is_urgent = match model.scenario.grain {
        Grain::Statements => !model.scenario.is_endless() && !world.notes.is_empty(),
        Grain::Questions => world.flights.iter().any(is_waiting),
        Grain::Requests => !world.notes.is_empty(),
    };
    if is_urgent { world.now } else { latest }
}

struct Stop {
    now: Millis,
    next: Millis,
}

impl Stop {
    fn at(&mut self, time: Millis) {
        if time > self.now {
            self.next = self.next.min(time);
        }
    }

    fn both_sides(&mut self, time: Millis) {
        self.at(time);
        self.at(time + 1);
    }

    /// The last moment at which an answer is sent without asking the store, and the first at which
    /// it is not.
    fn answer(&mut self, answer: &Answer) {
        let latest = match (answer.departs, answer.cookies) {
            (Some(departs), _) => departs.settles_at - LEEWAY / 2,
            (None, Cookies::Clear) => answer.decided_at + LEEWAY / 2,
            (None, _) => return,
        };
        self.both_sides(latest);
    }

    fn until(&mut self, end: Seconds) {
        self.at(end * 1000 - 1);
        self.at(end * 1000);
    }

    fn jar(&mut self, jar: &Jar) {
        if let Some(access) = jar.access {
            self.until(access.expires - AHEAD);
            self.until(access.expires + CLOCK_LEEWAY);
        }
        if let Some(refresh) = jar.refresh {
            self.until(refresh.expires);
        }
    }
}

fn jar_of(stage: &Stage) -> Jar {
    match stage.carries() {
        Carries::Jar(jar) => jar,
        Carries::Cookies(Cookies::Set(access, refresh)) => {
            Jar { access: Some(access), refresh: Some(refresh) }
        }
        Carries::Cookies(_) => Jar::default(),
    }
}
