//! The clock stops just before, at and just after every time that anything depends on.

use crate::{
    scenario::{AHEAD, CLOCK_LEEWAY, Fault, LEEWAY, POLL},
    step::Model,
    token::{Cookies, Jar, Millis, Seconds},
    world::{Owner, Sentence, Stage, World},
};

/// The next time at which anything changes, unless something must happen before.
pub(crate) fn next(world: &World, model: &Model) -> Option<Millis> {
    let mut next = Stop { now: world.now, next: model.scenario.horizon };
    for session in &world.sessions {
        if let Some(at) = session.row.rotated_at {
            next.around(at + LEEWAY);
            if let Some(honest) = model.scenario.honest {
                next.at(at + honest.recovery);
            }
        }
        if let Some(dead_since) = session.truth.dead_since.filter(|_| model.scenario.nodes > 1) {
            next.around(dead_since + POLL);
        }
        if model.scenario.sees_ends {
            next.until(session.row.expires);
            next.until(session.row.ends);
        }
    }
    for flight in &world.flights {
        if let Some(deadline) = flight.path.deadline {
            next.at(deadline);
        }
        // An UPDATE that is still to come will count the leeway from here.
        if let Stage::Waiting { inputs, .. } = &flight.stage {
            next.around(inputs.arrival + LEEWAY);
        }
        if model.scenario.sees_ends {
            next.jar(&jar_of(&flight.stage));
        }
    }
    if model.scenario.sees_ends {
        next.jar(&world.jar);
        next.jar(&world.loot.unwrap_or_default());
    }
    (next.next > world.now && next.next <= latest(world, model)).then_some(next.next)
}

/// How late it may get before something must have happened.
fn latest(world: &World, model: &Model) -> Millis {
    let mut latest = model.scenario.horizon;
    if let Some(honest) = model.scenario.honest {
        for flight in world.flights.iter().filter(|flight| flight.path.owner == Owner::Browser) {
            latest = latest.min(flight.path.deadline.unwrap_or(latest));
        }
        if let Some(at) = world.jar.refresh.and_then(|refresh| world.spent_at(refresh)) {
            latest = latest.min(at + honest.recovery);
        }
    }
    for session in &world.sessions {
        let waits = (0..usize::from(model.scenario.nodes)).any(|node| session.known[node].is_none());
        if let Some(dead_since) = session.truth.dead_since.filter(|_| waits && !model.is(Fault::NobodyPolls))
        {
            latest = latest.min(dead_since + POLL);
        }
    }
    latest
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

    fn around(&mut self, time: Millis) {
        self.at(time - 1);
        self.at(time);
        self.at(time + 1);
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
    match stage {
        Stage::Travelling(inputs) | Stage::Waiting { inputs, .. } => inputs.jar,
        Stage::Revoking(Sentence { cookies, .. }) | Stage::Answered(cookies) => match cookies {
            Cookies::Set(access, refresh) => Jar { access: Some(*access), refresh: Some(*refresh) },
            _ => Jar::default(),
        },
    }
}
