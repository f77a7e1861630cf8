//! The way of a request through a node, one atomic step at a time.

use cookiejwt_core::{Reason, RevocationLevel};

use crate::{
    invariant::{self, Broken},
    scenario::{Fault, IDLE},
    server::{Inputs, Pause, Reply, Route, Verdict},
    step::{Model, Step},
    store::{Change, Row, assert_same_as_shipped},
    token::{Cause, Cookies, Millis, Session},
    world::{Doom, Flight, Owner, Path, Sentence, SessionState, Stage, Wait, World},
};

/// A request that a node works on.
pub(crate) struct Work {
    pub(crate) path: Path,
    pub(crate) inputs: Inputs,
    pub(crate) replies: Vec<Reply>,
    pub(crate) doom: Doom,
    pub(crate) next: u8,
}

impl Model {
    /// Takes a request out of the air, works on it until it has to wait again, and puts it back.
    pub(crate) fn serve(&mut self, world: &mut World, index: usize, step: Step) -> Result<(), Broken> {
        let next = world.fresh_id();
        let Flight { path, stage } = world.flights.remove(index);
        match stage {
            Stage::Travelling(inputs) => {
                let skew = if path.node == 1 { self.scenario.skew } else { 0 };
                let inputs = Inputs { arrival: world.now + skew, ..inputs };
                let doom = invariant::doom(world, self, &inputs, path.node.into());
                let work = Work { path, inputs, replies: Vec::new(), doom, next };
                self.arrive(world, work)
            }
            Stage::Waiting { inputs, replies, wait, doom } => {
                let mut work = Work { path, inputs, replies, doom, next };
                match wait {
                    Wait::SessionCheck => self.check_session(world, &mut work),
                    Wait::Update | Wait::Write => return self.update(world, work, wait, step),
                    Wait::FreshRead => self.read(world, &mut work),
                }
                self.advance(world, work)
            }
            Stage::Revoking(sentence) => {
                for session in sentence.sessions {
                    self.revoke(world, session, sentence.cause, sentence.at);
                }
                land(world, path, sentence.cookies);
                Ok(())
            }
            Stage::Answered(_) => unreachable!(),
        }
    }

    fn arrive(&mut self, world: &mut World, work: Work) -> Result<(), Broken> {
        let (sessions, cause, cookies) = match work.inputs.route {
            Route::Page | Route::Refresh => return self.advance(world, work),
            Route::Logout => {
                let (sessions, cookies) = self.server.logout(work.inputs);
                (sessions, Cause::Logout, cookies)
            }
            Route::Login => {
                let cookies = world.begin_session(&mut self.server);
                (self.server.presented(work.inputs), Cause::Replaced, cookies)
            }
        };
        let sentence = Sentence { sessions, cause, at: work.inputs.arrival, cookies };
        self.sentence(world, work.path, sentence);
        Ok(())
    }

    /// Goes on as far as this node can without the store.
    fn advance(&mut self, world: &mut World, mut work: Work) -> Result<(), Broken> {
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
                Pause::Rotation(_) => Wait::Update,
            };
            wait_for(world, work, wait);
            return Ok(());
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
        let Pause::Rotation(request) = self.server.run(work.inputs, &work.replies, work.next) else {
            unreachable!()
        };
        if matches!(step, Step::UpdateMisses(_)) {
            world.left.misses -= 1;
            wait_for(world, work, Wait::FreshRead);
            return Ok(());
        }
        let change = Change::of(&request);
        let state = &mut world.sessions[Session::parse(request.session_id.as_str()).index()];
        let before = state.row;
        let has_matched = wait == Wait::Write || before.matches(&change, self.fault);
        if has_matched && wait == Wait::Update && self.is(Fault::CheckThenWrite) {
            wait_for(world, work, Wait::Write);
            return Ok(());
        }
        invariant::of_update(state, &change, has_matched)?;
        if has_matched {
            self.change(state, &change);
        }
        if self.fault.is_none() {
            assert_same_as_shipped(&before, &request, has_matched, &state.row);
        }
        if matches!(step, Step::UpdateThenFail(_)) {
            world.left.failures -= 1;
            work.replies.push(Reply::Failed);
        } else if has_matched || self.is(Fault::CountIgnored) {
            work.replies.push(Reply::Rotated);
        } else {
            wait_for(world, work, Wait::FreshRead);
            return Ok(());
        }
        self.advance(world, work)
    }

    fn change(&self, state: &mut SessionState, change: &Change) {
        if self.is(Fault::StaleRead) {
            state.before = Some(state.row);
        }
        state.row.apply(change, self.fault);
        if !state.truth.spent.iter().any(|(id, _)| *id == change.presented) {
            state.truth.spent.push((change.presented, change.now));
        }
    }

    fn read(&mut self, world: &World, work: &mut Work) {
        let refresh = work.inputs.jar.refresh.unwrap();
        let mut row = self.read_row(world, refresh.session, Fault::StaleRead);
        match self.fault {
            Some(Fault::GrandparentGraced) if row.current != refresh.id => row.previous = Some(refresh.id),
            Some(Fault::GraceOneMillisecondLong) => row.rotated_at = row.rotated_at.map(|at| at + 1),
            Some(Fault::GraceOneMillisecondShort) => row.rotated_at = row.rotated_at.map(|at| at - 1),
            Some(Fault::GraceNeverEnds) => row.rotated_at = row.rotated_at.and(Some(work.inputs.arrival)),
            Some(Fault::SuccessorExtended) => row.expires = (row.expires + 1).min(row.issued + IDLE + 1),
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
        if let Some((session, cause)) = verdict.revoke {
            let (sessions, at) = (vec![session], work.inputs.arrival);
            let sentence = Sentence { sessions, cause, at, cookies: verdict.cookies };
            self.sentence(world, work.path, sentence);
        } else {
            land(world, work.path, verdict.cookies);
        }
        Ok(())
    }

    /// The task that revokes begins: the sessions enter this node's set, the store comes later.
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
}

/// A thief loses no answer and waits for none. One that changes no cookie is nothing to wait for either.
fn land(world: &mut World, path: Path, cookies: Cookies) {
    match &mut world.loot {
        Some(loot) if path.owner == Owner::Thief => cookies.apply(loot),
        _ if cookies == Cookies::Keep => {}
        _ => world.flights.push(Flight { path: Path { node: 0, ..path }, stage: Stage::Answered(cookies) }),
    }
}

/// The letter of the design's table.
fn row_of(reason: &Reason) -> &'static str {
    match reason {
        Reason::SessionRevoked(_) => "c",
        Reason::AccessValid => "e",
        Reason::NothingUsable => "j",
        Reason::Rotated => "m",
        Reason::RowRevoked(_) | Reason::RowExpired => "n",
        Reason::ParentInLeeway => "o",
        Reason::CurrentInLeeway => "p",
        Reason::TokenStoreFailed => "q",
        Reason::LostTwice => "p' twice",
        Reason::Reuse => "r",
        _ => "another",
    }
}

fn wait_for(world: &mut World, work: Work, wait: Wait) {
    let Work { path, inputs, replies, doom, .. } = work;
    world.flights.push(Flight { path, stage: Stage::Waiting { inputs, replies, wait, doom } });
}
