//! The way back: slow handlers, late answers, and receipts.

use crate::{
    changes::Asked,
    fault::Fault,
    invariant::{self, Broken, hold},
    scenario::Invariant,
    server::{Departs, Verdict},
    step::Model,
    token::{Cookies, Jar, LONG_AGO, Session},
    world::{Answer, Flight, Note, Owner, Path, Stage, World},
};

impl Model {
    /// A request is decided; its handler continues. A thief loses no answer, and the model does not
    /// wait for one that changes no cookie.
    pub(crate) fn land(&mut self, world: &mut World, path: Path, answer: Answer) -> Result<(), Broken> {
        let flight = Flight { path: Path { deadline: None, ..path }, stage: Stage::Serving(answer) };
        match (path.owner, answer.cookies) {
            (_, Cookies::Keep) => return Ok(()),
            (Owner::Thief, cookies) => {
                self.loot(world, cookies);
                if let Some(departs) = answer.departs.filter(|_| self.scenario.lingers) {
                    // The thief may hold it for any time: it is late, whenever it is sent.
                    let departs = Some(Departs { settles_at: LONG_AGO, ..departs });
                    let stage = Stage::Serving(Answer { departs, decided_at: LONG_AGO, ..answer });
                    world.flights.push(Flight { stage, ..flight });
                }
                return Ok(());
            }
            (Owner::Browser, _) if self.scenario.turns.is_some() => {
                answer.cookies.apply(&mut world.jar);
                return self.owner_uses(world);
            }
            (Owner::Browser, _) => {}
        }
        world.flights.push(flight);
        if self.scenario.lingers {
            return Ok(());
        }
        let index = world.flights.len() - 1;
        self.leave(world, index, false)
    }

    /// The head of an answer is sent, with or without its lines. A thief may hold many answers like
    /// this one.
    pub(crate) fn leave(&mut self, world: &mut World, index: usize, is_lost: bool) -> Result<(), Broken> {
        let Flight { path, stage: Stage::Serving(answer) } = world.flights[index].clone() else {
            unreachable!()
        };
        if path.owner == Owner::Browser {
            world.flights.remove(index);
        }
        let is_written = self.may_leave(world, path, answer)?;
        if is_written && !is_lost && path.owner == Owner::Browser {
            let deadline = self.scenario.honest.map(|honest| world.now + honest.answer);
            let path = Path { node: 0, deadline, ..path };
            world.flights.push(Flight { path, stage: Stage::Answered(answer.cookies) });
        }
        Ok(())
    }

    /// Whether the lines of an answer are written, as the driver decides it.
    fn may_leave(&mut self, world: &mut World, path: Path, answer: Answer) -> Result<bool, Broken> {
        let now = world.now + self.scenario.ahead(path.node);
        let Some(mut departs) = answer.departs else {
            let is_clear = answer.cookies == Cookies::Clear;
            return Ok(!is_clear || !self.server.is_late_to_clear(answer.decided_at, world.now));
        };
        if self.is(Fault::LeavesOneMillisecondLong) {
            departs.settles_at += 1;
        }
        let asked = self.server.late_departure(departs, now).filter(|_| !self.is(Fault::LeavesUnasked));
        if let Some(asked) = asked {
            let may_leave =
                invariant::may_leave(&world.sessions[departs.session.index()], departs, now, self);
            let has_matched = self.ask(world, &asked, false)?;
            hold(Invariant::SlowAnswersLeave, has_matched || !may_leave, || {
                format!("{departs:?} is withheld")
            })?;
            if !has_matched && !self.is(Fault::WithheldWritten) {
                return Ok(false);
            }
        }
        Ok(world.sessions[departs.session.index()].known[usize::from(path.node)].is_none())
    }

    pub(crate) fn deliver(&self, world: &mut World, cookies: Cookies) {
        if self.scenario.budget.crashes > 0 && matches!(cookies, Cookies::Set(..)) {
            world.disk = Some(world.jar);
        }
        cookies.apply(&mut world.jar);
    }

    /// Notes what a presentation proves, once.
    pub(crate) fn note(&self, world: &mut World, node: u8, verdict: &Verdict) {
        let given = match verdict.cookies {
            Cookies::Set(_, refresh) if self.is(Fault::ReceiptWhenGiven) => {
                Some((refresh.session, refresh.id))
            }
            _ => None,
        };
        for (session, refresh) in verdict.sighting.into_iter().chain(given) {
            world.notes.push(Note { session, refresh, node });
        }
    }

    pub(crate) fn write_receipt(&mut self, world: &mut World, index: usize) -> Result<(), Broken> {
        let Note { session, refresh, node } = world.notes.remove(index);
        let now = world.now + self.scenario.ahead(node);
        self.ask(world, &Asked::receipt(session, refresh, now), false).map(|_| ())
    }

    /// The owner of a session presents the new tokens, and the receipt is written.
    fn owner_uses(&mut self, world: &mut World) -> Result<(), Broken> {
        let uses = self.scenario.turns.is_some_and(|turns| turns.owner_uses);
        if !uses || self.is(Fault::ReceiptsNeverWritten) {
            return Ok(());
        }
        let Some((session, refresh)) = sighted(&world.jar) else { return Ok(()) };
        world.notes.push(Note { session, refresh, node: 0 });
        self.write_receipt(world, world.notes.len() - 1)
    }

    fn loot(&self, world: &mut World, cookies: Cookies) {
        match (self.scenario.turns.is_some(), cookies, world.loot.first_mut()) {
            (true, Cookies::Set(access, refresh), _) => {
                world.loot.push(Jar { access: Some(access), refresh: Some(refresh) });
            }
            (false, cookies, Some(jar)) => cookies.apply(jar),
            _ => {}
        }
    }
}

/// The refresh token that an access token refers to.
fn sighted(jar: &Jar) -> Option<(Session, u8)> {
    let access = jar.access?;
    access.names.map(|refresh| (access.session, refresh))
}
