//! What can happen, and what must hold.

use std::collections::BTreeMap;

use cookiejwt_core::{
    Decision, Outcome, Reason, Refusal,
    driver::{DeviceDecision, DeviceReply},
    fault::{DeviceEnd, DeviceReason},
};

use super::{
    server::{Answer, Server, take},
    world::{Fault, Flight, Jar, Key, Row, Scenario, World},
};
use crate::{
    explorer::{Explored, Rows},
    token::Millis,
};

const LEEWAY: Millis = 10_000;
/// A leeway, and the rest of the life of an access token.
const TICKS: [Millis; 2] = [LEEWAY, 290_000];

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Tick(Millis),
    /// The browser registers its key.
    Register {
        is_lost: bool,
    },
    /// A request, which the browser has sent without renewing first if it had to be skipped.
    Page,
    /// The page calls the refresh route.
    Refresh,
    /// A request leaves, and arrives at most a leeway later.
    Send,
    Arrive,
    /// The browser asks for a challenge and signs it.
    Challenge,
    /// It presents the proof; the network stack may present it again.
    Prove {
        is_lost: bool,
    },
    Steal,
    StolenPage,
    StolenRefresh,
    StolenRegister,
    /// With a key of the thief's own.
    StolenProve,
    StolenReplay,
}

#[derive(Debug)]
pub(super) struct Broken {
    pub(super) rule: &'static str,
    pub(super) what: String,
}

pub(super) struct Model {
    scenario: Scenario,
    server: Server,
    rows: Rows,
}

const HONEST: &str = "honest stays in";
const OUT: &str = "stolen is out";
const THEFT: &str = "theft ends the session";

fn hold(rule: &'static str, holds: bool, what: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken { rule, what: what() }) }
}

/// Tokens that a thief has got.
fn of_thief(world: &World, before: Row, got: &Jar, is_copy: bool) -> Result<(), Broken> {
    let Some((_, ends)) = &got.access else { return Ok(()) };
    let owners = world.sent;
    let is_repeated = is_copy && world.now <= before.settles && *ends <= owners + LEEWAY;
    let is_bound = before.device == Some(Key::Owners);
    hold(OUT, !is_bound || is_repeated, || format!("a token until {ends}, and the owner's ends at {owners}"))
}

impl Model {
    pub(super) fn new(scenario: Scenario, fault: Option<Fault>) -> Self {
        Self { scenario, server: Server::new(fault), rows: BTreeMap::new() }
    }

    /// A request of the browser.
    fn of_owner(&mut self, world: &mut World, answer: Answer<Decision>, is_held: bool) -> Result<(), Broken> {
        let Answer { row, decision } = answer;
        self.note(&decision);
        let was_revoked = world.row.revoked;
        world.row = row;
        let needs_proof = matches!(decision.outcome, Outcome::Refused(Refusal::DeviceProofRequired { .. }));
        let is_in = decision.identity().is_some() || (needs_proof && (is_held || world.is_confused));
        hold(HONEST, is_in || was_revoked || self.scenario.steals, || format!("{:?}", decision.reason))?;
        hold(HONEST, !row.revoked || self.scenario.steals, || "revoked".into())?;
        take(&decision.cookies, &mut world.owner, world.now);
        Ok(())
    }

    /// A renewal by the browser.
    fn of_browser(
        &mut self,
        world: &mut World,
        row: Row,
        decision: DeviceDecision,
        is_lost: bool,
    ) -> Result<(), Broken> {
        self.note_device(&decision);
        world.row = row;
        match decision.reply {
            DeviceReply::Renewed { cookies, .. } => {
                let mut sent = world.owner.clone();
                take(&cookies, &mut sent, world.now);
                world.sent = sent.access.as_ref().map_or(world.sent, |(_, ends)| world.sent.max(*ends));
                if !is_lost {
                    world.owner = sent;
                }
            }
            DeviceReply::Challenge { .. } => world.proof = None,
            DeviceReply::Ended { .. } => {
                let is_rejected = matches!(decision.reason, DeviceReason::Ended(DeviceEnd::Rejected(_)));
                let is_theft = self.scenario.steals && !is_rejected;
                hold(HONEST, is_theft || self.owner_was_late(world), || format!("{:?}", decision.reason))?;
                world.proof = None;
            }
            DeviceReply::Bound { .. } | DeviceReply::Problem(_) => {
                hold(HONEST, false, || format!("{:?}", decision.reason))?;
            }
        }
        Ok(())
    }

    /// Whether somebody else has bound the session first: that costs one login.
    fn owner_was_late(&self, world: &World) -> bool {
        self.scenario.registers && world.row.device == Some(Key::Thiefs) && !world.knows
    }

    fn thief_asks(&mut self, world: &mut World, refreshes: bool) -> Result<(), Broken> {
        let (before, now) = (world.row, world.now);
        let cookies = world.thief.header(now);
        let Answer { row, decision } = self.server.page(before, &cookies, refreshes, now);
        self.note(&decision);
        world.row = row;
        let (mut got, has_access) = (Jar::default(), world.thief.has_access(now));
        take(&decision.cookies, &mut got, now);
        of_thief(world, before, &got, false)?;
        let is_copy = before.device.is_some() && before.current > 1 && !has_access && !before.revoked;
        let is_late = before.received.is_some() && now > before.settles;
        let presents_first = world.thief.refresh == self.server.login.refresh;
        let has_used = world.row.received.is_some() || self.server.fault == Some(Fault::CopyForgiven);
        if is_copy
            && presents_first
            && now > before.settles + LEEWAY
            && has_used
            && (is_late || self.server.fault.is_some())
        {
            hold(THEFT, row.revoked, || format!("{:?}", decision.reason))?;
        }
        if got.access.is_some() {
            world.thief = got;
        }
        Ok(())
    }

    fn thief_proves(&mut self, world: &mut World, (key, challenged): (Key, Millis)) -> Result<(), Broken> {
        let before = world.row;
        let thief = world.thief.clone();
        let Answer { row, decision } = self.server.renew(before, &thief, (key, challenged), world.now);
        self.note_device(&decision);
        world.row = row;
        if let DeviceReply::Renewed { cookies, .. } = &decision.reply {
            let mut got = Jar::default();
            take(cookies, &mut got, world.now);
            of_thief(world, before, &got, key == Key::Owners)?;
        }
        let ended_it = row.revoked && !before.revoked;
        hold(HONEST, !ended_it, || "a proof of the thief's ends the session".into())
    }

    fn register(&mut self, world: &mut World, key: Key) -> DeviceDecision {
        let Answer { row, decision } = self.server.bind(world.row, key, world.now);
        self.note_device(&decision);
        world.row = row;
        decision
    }

    fn note(&mut self, decision: &Decision) {
        let row = match &decision.reason {
            Reason::AccessValid => "e",
            Reason::Rotated => "m",
            Reason::DeviceProofMissing { .. } => "s",
            Reason::BoundMeanwhile => "x",
            Reason::Reuse => "r",
            Reason::RowRevoked(_) => "n",
            _ => "other",
        };
        *self.rows.entry(row).or_default() += 1;
    }

    fn note_device(&mut self, decision: &DeviceDecision) {
        let row = match (&decision.reason, &decision.reply) {
            (DeviceReason::Bound, _) => "bound",
            (DeviceReason::BoundAgain, _) => "bound again",
            (DeviceReason::Refused(_), _) => "refused",
            (DeviceReason::Challenged, _) => "challenged",
            (DeviceReason::Renewed, _) => "renewed",
            (DeviceReason::Ended(_), _) => "ended",
            _ => "other",
        };
        *self.rows.entry(row).or_default() += 1;
    }

    /// What a thief does.
    fn of_theft(&mut self, world: &mut World, step: Step) -> Result<(), Broken> {
        match step {
            Step::StolenPage => self.thief_asks(world, false)?,
            Step::StolenRefresh => self.thief_asks(world, true)?,
            Step::StolenRegister => {
                let _ = self.register(world, Key::Thiefs);
            }
            Step::StolenProve => {
                let now = world.now;
                self.thief_proves(world, (Key::Thiefs, now))?;
            }
            Step::StolenReplay => {
                let copied = world.copied.unwrap();
                self.thief_proves(world, (Key::Owners, copied))?;
            }
            _ => world.thief = world.owner.clone(),
        }
        Ok(())
    }

    fn of_time(&self, world: &World, steps: &mut Vec<Step>) {
        if world.ticks < self.scenario.ticks {
            let arrives = |tick: &Millis| {
                world.flight.as_ref().is_none_or(|flight| world.now + tick - flight.sent <= LEEWAY)
            };
            steps.extend(TICKS.into_iter().filter(arrives).map(Step::Tick));
        }
    }
}

impl Explored for Model {
    type World = World;
    type Step = Step;
    type Broken = Broken;

    fn start(&mut self) -> World {
        let (row, owner) = (self.server.first, self.server.login.clone());
        World {
            now: 1000,
            ticks: 0,
            row,
            owner,
            thief: Jar::default(),
            knows: false,
            is_confused: false,
            proof: None,
            copied: None,
            sent: 0,
            flight: None,
        }
    }

    fn steps(&self, world: &World) -> Vec<Step> {
        let mut steps = Vec::new();
        self.of_time(world, &mut steps);
        if world.row.current > self.scenario.rotations {
            return steps;
        }
        if world.now < 300_000 && !world.knows {
            steps.extend([false, true].map(|is_lost| Step::Register { is_lost }));
        }
        steps.push(Step::Page);
        // What the browser alone does beside that is its own scenario.
        if !self.scenario.steals {
            steps.push(Step::Refresh);
            steps.extend((world.flight.is_none() && !world.knows).then_some(Step::Send));
        }
        steps.extend(world.flight.as_ref().map(|_| Step::Arrive));
        if world.knows {
            steps.extend(world.proof.is_none().then_some(Step::Challenge));
            let proved = world.proof.map(|_| [false, true].map(|is_lost| Step::Prove { is_lost }));
            steps.extend(proved.into_iter().flatten());
        }
        if self.scenario.steals {
            if world.thief.refresh.is_none() {
                steps.push(Step::Steal);
            }
            if world.thief.refresh.is_some() {
                steps.extend([Step::StolenPage, Step::StolenRefresh, Step::StolenProve]);
                steps.extend(world.copied.map(|_| Step::StolenReplay));
            }
            if self.scenario.registers && world.now < 300_000 {
                steps.push(Step::StolenRegister);
            }
        }
        steps
    }

    fn take(&mut self, world: &World, step: Step) -> Result<World, Broken> {
        let mut next = world.clone();
        let now = next.now;
        match step {
            Step::Tick(tick) => (next.now, next.ticks) = (now + tick, next.ticks + 1),
            Step::Register { is_lost } => {
                let decision = self.register(&mut next, Key::Owners);
                let is_bound = matches!(decision.reply, DeviceReply::Bound { .. });
                next.knows |= is_bound && !is_lost;
                next.is_confused |= is_lost || !is_bound;
            }
            Step::Page | Step::Refresh => {
                let cookies = next.owner.header(now);
                let answer = self.server.page(next.row, &cookies, matches!(step, Step::Refresh), now);
                let is_held = next.knows && !next.owner.has_access(now);
                self.of_owner(&mut next, answer, is_held || matches!(step, Step::Refresh))?;
            }
            Step::Send => next.flight = Some(Flight { jar: next.owner.clone(), sent: now }),
            Step::Arrive => {
                let flight = next.flight.take().unwrap();
                let answer = self.server.page(next.row, &flight.jar.header(flight.sent), false, now);
                let owner = next.owner.clone();
                self.of_owner(&mut next, answer, true)?;
                // Its response is older than what the browser has got meanwhile.
                if owner != flight.jar {
                    next.owner = owner;
                }
            }
            Step::Challenge => {
                let Answer { row, decision } = self.server.challenge(next.row, &next.owner, now);
                match decision.reply {
                    DeviceReply::Challenge { .. } => next.proof = Some(now),
                    _ => self.of_browser(&mut next, row, decision, false)?,
                }
            }
            Step::Prove { is_lost } => {
                let challenged = next.proof.unwrap();
                // Once it was used: whoever holds it back is between the browser and the server.
                next.copied = Some(challenged).filter(|_| self.scenario.replays);
                let owner = next.owner.clone();
                let answer = self.server.renew(next.row, &owner, (Key::Owners, challenged), now);
                let Answer { row, decision } = answer;
                self.of_browser(&mut next, row, decision, is_lost)?;
            }
            step => self.of_theft(&mut next, step)?,
        }
        Ok(next)
    }

    fn describe(&self, world: &World, step: Step, _: &mut Millis) -> Option<(Millis, String)> {
        match step {
            Step::Tick(_) => None,
            step => Some((world.now, format!("{step:?}"))),
        }
    }

    fn rows(self) -> Rows {
        self.rows
    }
}
