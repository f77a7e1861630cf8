//! A state in a form in which equal states are equal.

use cookiejwt_core::RevocationLevel;

use crate::{
    fault::{Fault, Statement},
    scenario::{IDLE, LEEWAY, MIDST, POLL, Time},
    server::{Reply, Route},
    step::Model,
    store::Row,
    token::{Access, Cookies, Jar, LONG_AGO, Millis, NEVER, Refresh, Seconds},
    world::{Owner, Stage, Truth, World},
};

impl World {
    pub(crate) fn canonical(mut self, model: &Model) -> Self {
        let scenario = &model.scenario;
        if !scenario.routes.contains(&Route::Page) {
            self.drop_access();
        }
        self.drop_notes(model.fault);
        self.drop_held(model.fault);
        self.forget(model);
        if let Time::Endless { tick, .. } = scenario.time {
            self.shift(tick);
            self.merge_old_ids();
            self.visit_tokens(&mut |access, refresh| make_ageless(access, refresh, scenario.access));
            let now = self.now;
            for row in self.sessions.iter_mut().map(|session| &mut session.row) {
                (row.issued, row.expires) = (0, if row.is_within_ends(now) { IDLE } else { 0 });
            }
        }
        self.renumber();
        self.loot.sort();
        self.loot.dedup();
        self.notes.sort_unstable();
        self.notes.dedup();
        self.flights.sort();
        // A thief may hold any number of answers; two equal ones are the same as one.
        self.flights.dedup_by(|one, other| one == other && one.path.owner == Owner::Thief);
        self
    }

    /// Ids are random: only their identity and their age matter.
    fn renumber(&mut self) {
        let mut ids = Vec::new();
        self.visit_ids(&mut |id| ids.push(*id));
        ids.sort_unstable();
        ids.dedup();
        self.visit_ids(&mut |id| *id = u8::try_from(ids.binary_search(id).unwrap()).unwrap());
        for session in &mut self.sessions {
            session.truth.spent.sort_unstable();
            session.truth.spent.dedup_by_key(|(id, _)| *id);
        }
    }

    /// If only `token/refresh/` is called, access tokens only distinguish equal states.
    fn drop_access(&mut self) {
        self.jar.access = None;
        for jar in self.loot.iter_mut().chain(&mut self.disk) {
            jar.access = None;
        }
        for cookies in self.flights.iter_mut().filter_map(|flight| flight.stage.cookies()) {
            if let Cookies::Set(access, _) = cookies {
                (access.issued, access.expires, access.names) = (0, 0, None);
            }
        }
    }

    /// Drops receipts that no row can match any more.
    fn drop_notes(&mut self, fault: Option<Fault>) {
        if !matches!(fault, Some(Fault::Without(Statement::Receipt, _))) {
            let sessions = &self.sessions;
            self.notes.retain(|note| {
                let row = &sessions[note.session.index()].row;
                row.current == note.refresh && row.previous.is_some() && row.received_at.is_none()
            });
        }
    }

    /// Of the answers that a thief holds, only one with the current refresh token has an effect
    /// when it is sent.
    fn drop_held(&mut self, fault: Option<Fault>) {
        if !matches!(fault, Some(Fault::Without(Statement::Settle, _))) {
            let sessions = &self.sessions;
            self.flights.retain(|flight| match (&flight.stage, flight.path.owner) {
                (Stage::Serving(answer), Owner::Thief) => {
                    answer.departs.is_some_and(|it| sessions[it.session.index()].row.current == it.refresh)
                }
                _ => true,
            });
        }
    }

    /// Drops times that are in the past for every comparison.
    fn forget(&mut self, model: &Model) {
        let now = self.now;
        let mut earliest = now;
        for flight in &mut self.flights {
            match &mut flight.stage {
                Stage::Waiting { inputs, replies, .. } => {
                    earliest = earliest.min(inputs.arrival);
                    for reply in replies {
                        if let Reply::Unmatched(row) = reply {
                            row.forget(inputs.arrival, model);
                        }
                    }
                }
                Stage::Revoking(crate::world::Sentence { answer, .. }) | Stage::Serving(answer) => {
                    if let Some(departs) = &mut answer.departs {
                        let latest = departs.settles_at - LEEWAY / 2;
                        departs.settles_at = if latest + 1 < now { LONG_AGO } else { departs.settles_at };
                    }
                    let is_clear = answer.cookies == Cookies::Clear && answer.decided_at + LEEWAY / 2 >= now;
                    answer.decided_at = if is_clear { answer.decided_at } else { LONG_AGO };
                }
                Stage::Travelling(_) | Stage::Answered(_) => {}
            }
        }
        let mut held = Vec::new();
        self.visit_present_ids(&mut held);
        for session in &mut self.sessions {
            session.row.forget(earliest, model);
            session.truth.forget(earliest, model);
            session.truth.spent.retain(|(id, _)| held.contains(id));
            for (_, at) in &mut session.truth.spent {
                *at = if *at < earliest { LONG_AGO } else { *at };
            }
        }
        if let Some(turns) = model.scenario.turns {
            for at in [&mut self.turns.owner_at, &mut self.turns.thief_at] {
                *at = if *at + turns.gap < now { LONG_AGO } else { *at };
            }
        }
    }

    /// The ids that a token or a row has.
    fn visit_present_ids(&mut self, ids: &mut Vec<u8>) {
        let mut spent: Vec<_> =
            self.sessions.iter_mut().map(|session| std::mem::take(&mut session.truth.spent)).collect();
        self.visit_ids(&mut |id| ids.push(*id));
        for (session, spent) in self.sessions.iter_mut().zip(&mut spent) {
            session.truth.spent = std::mem::take(spent);
        }
    }

    /// Sets the clock back, and all times with it.
    fn shift(&mut self, tick: Millis) {
        let by = (self.now - MIDST).div_euclid(tick) * tick;
        if by == 0 {
            return;
        }
        self.now -= by;
        let shift = |at: &mut Millis| {
            if (LONG_AGO + 1..NEVER).contains(at) {
                *at -= by;
            }
        };
        for session in &mut self.sessions {
            session.row.visit_times(shift);
            session.before.iter_mut().for_each(|row| row.visit_times(shift));
            session.truth.visit_times(shift);
        }
        shift(&mut self.turns.owner_at);
        shift(&mut self.turns.thief_at);
        for flight in &mut self.flights {
            flight.path.deadline.iter_mut().for_each(shift);
            match &mut flight.stage {
                Stage::Waiting { inputs, replies, .. } => {
                    shift(&mut inputs.arrival);
                    for reply in replies {
                        match reply {
                            Reply::Unmatched(row) => row.visit_times(shift),
                            Reply::At(now) => shift(now),
                            _ => {}
                        }
                    }
                }
                Stage::Revoking(crate::world::Sentence { answer, at, .. }) => {
                    shift(at);
                    answer.departs.iter_mut().for_each(|departs| shift(&mut departs.settles_at));
                    shift(&mut answer.decided_at);
                }
                Stage::Serving(answer) => {
                    answer.departs.iter_mut().for_each(|departs| shift(&mut departs.settles_at));
                    shift(&mut answer.decided_at);
                }
                Stage::Travelling(_) | Stage::Answered(_) => {}
            }
        }
    }

    /// Tokens that no row and no read of a row refers to are all the same: used up long ago.
    fn merge_old_ids(&mut self) {
        let mut named = Vec::new();
        for session in &mut self.sessions {
            session.row.visit_ids(&mut |id| named.push(*id));
            session.before.iter_mut().for_each(|row| row.visit_ids(&mut |id| named.push(*id)));
        }
        for flight in &mut self.flights {
            if let Stage::Waiting { replies, .. } = &mut flight.stage {
                for reply in replies {
                    if let Reply::Unmatched(row) = reply {
                        row.visit_ids(&mut |id| named.push(*id));
                    }
                }
            }
        }
        self.visit_ids(&mut |id| *id = if named.contains(id) { *id + 1 } else { 0 });
    }

    /// Every token that a party holds, and those in transit.
    fn visit_tokens(&mut self, visit: &mut dyn FnMut(Option<&mut Access>, Option<&mut Refresh>)) {
        let mut jars = |jar: &mut Jar| visit(jar.access.as_mut(), jar.refresh.as_mut());
        jars(&mut self.jar);
        self.loot.iter_mut().chain(&mut self.disk).for_each(&mut jars);
        for flight in &mut self.flights {
            if let Stage::Travelling(inputs) | Stage::Waiting { inputs, .. } = &mut flight.stage {
                jars(&mut inputs.jar);
            }
        }
        for cookies in self.flights.iter_mut().filter_map(|flight| flight.stage.cookies()) {
            if let Cookies::Set(access, refresh) = cookies {
                visit(Some(access), Some(refresh));
            }
        }
    }
}

impl Row {
    fn forget(&mut self, earliest: Millis, model: &Model) {
        self.received_at = self.received_at.map(|_| LONG_AGO);
        let is_settled = self.received_at.is_some() || self.previous.is_none();
        forget(&mut self.settles_at, self.rotated_at.as_mut(), is_settled, (earliest, model));
    }

    fn visit_times(&mut self, mut visit: impl FnMut(&mut Millis)) {
        self.rotated_at.iter_mut().for_each(&mut visit);
        self.received_at.iter_mut().for_each(&mut visit);
        visit(&mut self.settles_at);
        if let Some((at, _)) = &mut self.revoked {
            visit(at);
        }
    }
}

impl Truth {
    fn forget(&mut self, earliest: Millis, model: &Model) {
        let is_settled = self.is_received || self.rotated_at.is_none();
        forget(&mut self.settles_at, self.rotated_at.as_mut(), is_settled, (earliest, model));
        let is_known = model.scenario.level == RevocationLevel::Feed;
        let dead_since = self.dead_since.iter_mut().filter(|at| is_known && **at + POLL + 1 < earliest);
        dead_since.for_each(|at| *at = LONG_AGO);
    }

    fn visit_times(&mut self, mut visit: impl FnMut(&mut Millis)) {
        visit(&mut self.settles_at);
        self.rotated_at.iter_mut().for_each(&mut visit);
        self.dead_since.iter_mut().for_each(&mut visit);
        self.spent.iter_mut().for_each(|(_, at)| visit(at));
    }
}

/// `earliest` is the least time with which anything will be compared. A fault may be one
/// millisecond off.
fn forget(
    settles_at: &mut Millis,
    rotated_at: Option<&mut Millis>,
    is_settled: bool,
    (earliest, model): (Millis, &Model),
) {
    let is_settled = is_settled && model.fault.is_none();
    let latest = if is_settled { *settles_at } else { *settles_at + LEEWAY + 1 };
    if latest < earliest {
        *settles_at = LONG_AGO;
    }
    if let Some(at) = rotated_at
        && (is_settled || *at + model.scenario.access * 1000 + 1 < earliest)
    {
        *at = LONG_AGO;
    }
}

/// The tokens of an endless exploration never expire.
fn make_ageless(access: Option<&mut Access>, refresh: Option<&mut Refresh>, life: Seconds) {
    if let Some(access) = access {
        (access.issued, access.expires) = (MIDST / 1000, MIDST / 1000 + life);
    }
    if let Some(refresh) = refresh {
        (refresh.issued, refresh.expires) = (0, IDLE);
    }
}
