//! Takes a request through a node, one atomic step at a time.

use cookiejwt_core::{Reason, RevocationLevel};

use crate::{
    changes::{Asked, Change, Late},
    fault::Fault,
    invariant::{self, Broken},
    scenario::{Grain, IDLE},
    server::{Inputs, Pause, Reply, Route, Verdict},
    step::{Model, Step},
    store::Row,
    token::{Cause, LONG_AGO, Millis, NEVER, Session},
    world::{Answer, Doom, Flight, Path, Sentence, SessionState, Stage, Wait, World},
};

/// A request that a node works on.
pub(crate) struct Work {
    pub(crate) path: Path,
    pub(crate) inputs: Inputs,
    pub(crate) replies: Vec<Reply>,
    pub(crate) doom: Doom,
    pub(crate) next: u8,
}

impl Work {
    /// The time with which it asked.
    pub(crate) fn asked_at(&self) -> Millis {
        let at = self.replies.iter().rev().find_map(|reply| match reply {
            Reply::At(now) => Some(*now),
            _ => None,
        });
        at.unwrap_or(self.inputs.arrival)
    }
}

impl Model {
    /// Takes a request in transit, processes it until it has to wait again, and puts it back.
    pub(crate) fn serve(&mut self, world: &mut World, index: usize, step: Step) -> Result<(), Broken> {
        let next = world.fresh_id();
        let Flight { path, stage } = world.flights.remove(index);
        match stage {
            Stage::Travelling(inputs) => {
                let inputs = Inputs { arrival: world.now + self.scenario.ahead(path.node), ..inputs };
                let doom = invariant::doom(world, self, &inputs, path.node.into());
                let work = Work { path, inputs, replies: Vec::new(), doom, next };
                self.arrive(world, work, step)
            }
            Stage::Waiting { inputs, replies, wait, doom } => {
                let mut work = Work { path, inputs, replies, doom, next };
                match wait {
                    Wait::SessionCheck => self.check_session(world, &mut work),
                    Wait::Update | Wait::Late | Wait::Write => return self.update(world, work, wait, step),
                    Wait::FreshRead => self.read(world, &mut work),
                }
                self.advance(world, work, step)
            }
            Stage::Revoking(sentence) => {
                for session in sentence.sessions {
                    self.revoke(world, session, sentence.cause, sentence.at);
                }
                self.land(world, path, sentence.answer)
            }
            Stage::Serving(_) | Stage::Answered(_) => unreachable!(),
        }
    }

    fn arrive(&mut self, world: &mut World, work: Work, step: Step) -> Result<(), Broken> {
        let (sessions, cause, cookies) = match work.inputs.route {
            Route::Page | Route::Refresh => return self.advance(world, work, step),
            Route::Logout => {
                let (sessions, cookies) = self.server.logout(work.inputs);
                (sessions, Cause::Logout, cookies)
            }
            Route::Login => {
                let cookies = world.begin_session(&mut self.server);
                (self.server.presented(work.inputs), Cause::Replaced, cookies)
            }
        };
        let answer = Answer { cookies, departs: None, decided_at: world.now };
        let sentence = Sentence { sessions, cause, at: work.inputs.arrival, answer };
        self.sentence(world, work.path, sentence);
        Ok(())
    }

    /// Continues as far as this node can without the store.
    fn advance(&mut self, world: &mut World, mut work: Work, step: Step) -> Result<(), Broken> {
        loop {
            let node = usize::from(work.path.node);
            let wait = match self.server.run(work.inputs, &work.replies, work.next) {
                Pause::Settled(verdict) => return self.settle(world, &work, &verdict),
                Pause::Set(session) => {
                    work.replies.push(Reply::Set(world.sessions[session.index()].known[node]));
                    continue;
                }
                Pause::Session { session, has_access } => {
                    let known = world.sessions[session.index()].known[node];
                    let by_set = self.scenario.level == RevocationLevel::Feed;
                    if known.is_some() || by_set || !has_access {
                        work.replies.push(Reply::Session(known));
                        continue;
                    }
                    Wait::SessionCheck
                }
                Pause::Again => {
                    work.replies.push(Reply::At(world.now + self.scenario.ahead(work.path.node)));
                    continue;
                }
                Pause::Question(asked) if asked.is_late() => Wait::Late,
                Pause::Question(_) => Wait::Update,
            };
            return self.wait_for(world, work, wait, step);
        }
    }

    fn check_session(&mut self, world: &World, work: &mut Work) {
        let Pause::Session { session, .. } = self.server.run(work.inputs, &work.replies, work.next) else {
            unreachable!()
        };
        let state = &world.sessions[session.index()];
        let row = self.read_row(world, session, Fault::StaleSessionCheck);
        let known = state.known[usize::from(work.path.node)];
        work.replies.push(Reply::Session(known.or(row.revoked.map(|(_, cause)| cause))));
    }

    fn update(&mut self, world: &mut World, mut work: Work, wait: Wait, step: Step) -> Result<(), Broken> {
        let Pause::Question(asked) = self.server.run(work.inputs, &work.replies, work.next) else {
            unreachable!()
        };
        if matches!(step, Step::UpdateMisses(_)) {
            spend(&mut world.left.misses);
            return self.wait_for(world, work, Wait::FreshRead, step);
        }
        if self.is(Fault::CheckThenWrite) && wait == Wait::Update {
            let row = &world.sessions[asked.session.index()].row;
            if row.matches(&asked.change, self.fault) {
                return self.wait_for(world, work, Wait::Write, step);
            }
        }
        let has_matched = self.ask(world, &asked, wait == Wait::Write)?;
        if matches!(step, Step::UpdateThenFail(_) | Step::ArriveThenFail(_)) {
            spend(&mut world.left.failures);
            work.replies.push(Reply::Failed);
        } else if has_matched || self.is(Fault::CountIgnored) && wait == Wait::Update {
            work.replies.push(Reply::Changed);
        } else {
            return self.wait_for(world, work, Wait::FreshRead, step);
        }
        self.advance(world, work, step)
    }

    /// One UPDATE; whether it has changed the row. `is_unchecked` only for the fault.
    pub(crate) fn ask(
        &mut self,
        world: &mut World,
        asked: &Asked,
        is_unchecked: bool,
    ) -> Result<bool, Broken> {
        let state = &mut world.sessions[asked.session.index()];
        let before = state.row;
        let has_matched = is_unchecked || before.matches(&asked.change, self.fault);
        if has_matched {
            invariant::of_update(state, &asked.change)?;
            self.change(state, &asked.change);
        }
        if self.fault.is_none() && self.asked.insert((before, asked.change)) {
            asked.assert_same_as_shipped(&before, has_matched, &state.row);
        }
        Ok(has_matched)
    }

    fn change(&self, state: &mut SessionState, change: &Change) {
        let before = state.row;
        if self.is(Fault::StaleRead) {
            state.before = Some(before);
        }
        state.row.apply(change, self.fault);
        state.record(&before, change);
    }

    fn read(&mut self, world: &World, work: &mut Work) {
        let refresh = work.inputs.jar.refresh.unwrap();
        let mut row = self.read_row(world, refresh.session, Fault::StaleRead);
        match self.fault {
            Some(Fault::GrandparentGraced) if row.current != refresh.id => row.previous = Some(refresh.id),
            Some(Fault::GraceOneMillisecondLong) => row.settles_at += 1,
            Some(Fault::GraceOneMillisecondShort) => row.settles_at -= 1,
            Some(Fault::GraceNeverEnds) => row.settles_at = row.settles_at.max(work.asked_at()),
            Some(Fault::SuccessorExtended) => row.expires = (row.expires + 1).min(row.issued + IDLE + 1),
            Some(Fault::ReceiptForgotten) => row.received_at = None,
            Some(Fault::ReceiptInvented) => row.received_at = Some(LONG_AGO),
            _ => {}
        }
        work.replies.push(Reply::Unmatched(row));
    }

    fn read_row(&self, world: &World, session: Session, stale_by: Fault) -> Row {
        let state = &world.sessions[session.index()];
        state.before.filter(|_| self.is(stale_by)).unwrap_or(state.row)
    }

    fn settle(&mut self, world: &mut World, work: &Work, verdict: &Verdict) -> Result<(), Broken> {
        *self.rows.entry(row_of(&verdict.reason)).or_default() += 1;
        invariant::of_verdict(world, self, work, verdict)?;
        self.note(world, work.path.node, verdict);
        let answer = Answer { cookies: verdict.cookies, departs: verdict.departs, decided_at: world.now };
        if let Some((session, cause)) = verdict.revoke {
            let (sessions, at) = (vec![session], work.inputs.arrival);
            self.sentence(world, work.path, Sentence { sessions, cause, at, answer });
            Ok(())
        } else {
            self.land(world, work.path, answer)
        }
    }

    /// The revoking task starts: the sessions enter this node's set; the store is updated later.
    fn sentence(&mut self, world: &mut World, path: Path, sentence: Sentence) {
        let node = usize::from(path.node);
        for session in &sentence.sessions {
            let state = &mut world.sessions[session.index()];
            state.truth.sentenced[node] = true;
            if !self.is(Fault::RevokedSetForgets) {
                state.known[node].get_or_insert(sentence.cause);
            }
        }
        world.flights.push(Flight { path, stage: Stage::Revoking(sentence) });
    }

    fn revoke(&self, world: &mut World, session: Session, cause: Cause, at: Millis) {
        let now = world.now;
        let state = &mut world.sessions[session.index()];
        if self.is(Fault::StaleSessionCheck) {
            state.before = Some(state.row);
        }
        if !self.is(Fault::RevocationRolledBack) {
            state.row.revoked.get_or_insert((at, cause));
        }
        state.truth.dead_since.get_or_insert(now);
    }

    /// Waits, or continues at once if that is one step.
    fn wait_for(&mut self, world: &mut World, mut work: Work, wait: Wait, step: Step) -> Result<(), Broken> {
        let is_one_step = match self.scenario.grain {
            Grain::Statements => false,
            Grain::Questions => wait != Wait::Late,
            Grain::Requests => true,
        };
        match wait {
            Wait::Update | Wait::Late if is_one_step => self.update(world, work, wait, step),
            Wait::FreshRead if is_one_step => {
                self.read(world, &mut work);
                self.advance(world, work, step)
            }
            _ => {
                let Work { path, inputs, replies, doom, .. } = work;
                world.flights.push(Flight { path, stage: Stage::Waiting { inputs, replies, wait, doom } });
                Ok(())
            }
        }
    }
}

impl SessionState {
    /// Keeps what really happened.
    fn record(&mut self, before: &Row, change: &Change) {
        match *change {
            Change::Rotate { presented, now, settles_at, .. } => {
                before.previous.into_iter().for_each(|grandparent| self.spend(grandparent, LONG_AGO));
                self.spend(presented, NEVER);
                self.begins(now, settles_at);
            }
            Change::Replace { late, .. } => {
                self.spend(late.current, LONG_AGO);
                self.begins(late.now, late.settles_at);
            }
            Change::AnswerLate(Late { settles_at, .. }) | Change::Settle { settles_at, .. } => {
                self.truth.settles_at = self.truth.settles_at.max(settles_at);
            }
            Change::Receipt { received, settles_at, .. } => {
                self.truth.settles_at = self.truth.settles_at.max(settles_at);
                if received == before.current && !self.truth.is_received {
                    let after = self.truth.settles_at;
                    before.previous.into_iter().for_each(|parent| self.spend(parent, after));
                    self.truth.is_received = true;
                }
            }
        }
    }

    fn begins(&mut self, now: Millis, settles_at: Millis) {
        self.truth.settles_at = settles_at;
        self.truth.rotated_at = Some(now);
        self.truth.is_received = false;
    }
}

/// One less of what may still happen.
pub(crate) fn spend(budget: &mut u8) {
    if *budget != crate::scenario::ALWAYS {
        *budget -= 1;
    }
}

/// The letter of the row in `cookiejwt_core::rules`.
fn row_of(reason: &Reason) -> &'static str {
    match reason {
        Reason::SessionRevoked(_) => "c",
        Reason::AccessValid => "e",
        Reason::NothingUsable => "j",
        Reason::Rotated => "m",
        Reason::RowRevoked(_) | Reason::RowExpired => "n",
        Reason::ParentInLeeway => "o",
        Reason::ParentLate => "o' 1",
        Reason::SuccessorReplaced => "o' 2",
        Reason::CurrentInLeeway => "p",
        Reason::TokenStoreFailed => "q",
        Reason::LostTwice => "p' twice",
        Reason::Reuse => "r",
        _ => "another",
    }
}
