//! The second half of the driver: a session begins, or one more step is due.

use crate::pendings::{
    fault::Fault,
    invariant::{self, Broken},
    step::Model,
    users::{Account, Way, proofs},
    world::{
        Answer, Flight, Life, Made, Minted, Number, Opening, Owner, Pending, Purpose, Session, Stage, World,
    },
};

impl Model {
    pub(crate) fn create(
        &mut self,
        world: &mut World,
        owner: Owner,
        mut opening: Opening,
    ) -> Result<(), Broken> {
        let replaces = match replaced(world, &opening) {
            Ok(replaces) => replaces,
            Err(why) => return self.refuse(world, owner, opening.step.as_ref(), why),
        };
        if let Some((_, before)) = &replaces {
            let earlier =
                before.ways.iter().filter(|(way, _)| opening.ways.iter().all(|(new, _)| new != way));
            opening.ways = earlier.copied().chain(opening.ways.clone()).collect();
        }
        let is_asked = !self.is(Fault::SecondFactorNotAsked) && !self.is(Fault::SecondFactorNotAskedFirst);
        if is_asked && opening.account.second_factor(&proofs(&opening.ways)) {
            return self.require_second_factor(world, owner, &opening);
        }
        let (user, ways, mode) = (opening.user, opening.ways.clone(), opening.request.mode);
        let minted = Minted { user, ways, mode, stamp: opening.account.stamp, begun: world.now, replaces };
        let pending = opening.step.as_ref().map(|step| step.pending);
        let shown = opening.step.as_ref().map(|step| step.shown);
        let number = Number::try_from(world.sessions.len()).unwrap();
        world.sessions.push(Session { minted, pending, shown, life: Life::Written });
        world.flights.push(Flight { owner, stage: Stage::StillValid(opening, number) });
        Ok(())
    }

    pub(crate) fn still_valid(
        &mut self,
        world: &mut World,
        owner: Owner,
        mut opening: Opening,
        number: Number,
    ) -> Result<(), Broken> {
        let account = world.account(opening.user);
        let has_password = opening.user.first() == Way::Password;
        let is_changed = has_password && account.password != opening.account.password;
        if is_changed && !self.is(Fault::UserNotReadAgain) {
            world.session_mut(number).life = Life::Revoked;
            return self.refuse(world, owner, opening.step.as_ref(), "changed meanwhile");
        }
        opening.account = Account { password: opening.account.password, ..account };
        let is_asked = !self.is(Fault::SecondFactorNotAsked)
            && !self.is(Fault::SecondFactorNotAskedAgain)
            && !self.is(Fault::UserNotReadAgain);
        if is_asked && account.second_factor(&proofs(&opening.ways)) {
            world.session_mut(number).life = Life::Revoked;
            return self.require_second_factor(world, owner, &opening);
        }
        let session = world.session(number).clone();
        let login = self.server.login(number, &session.minted);
        invariant::of_session(world, &opening, &session, &login)?;
        if session.life == Life::Written {
            world.session_mut(number).life = Life::Open;
        }
        let mut cleared = Vec::new();
        if let Some(step) = &opening.step {
            world.pending_mut(step.pending).opened += 1;
            cleared = self.server.cleared(step.pending, &world.pending(step.pending).made);
        }
        if self.is(Fault::AllClearedByLogin) {
            cleared.clone_from(&opening.request.pendings);
        }
        *self.rows.entry("session").or_default() += 1;
        answer(world, owner, Answer::Session { number, cleared });
        Ok(())
    }

    fn require_second_factor(
        &mut self,
        world: &mut World,
        owner: Owner,
        opening: &Opening,
    ) -> Result<(), Broken> {
        let made = Made {
            user: opening.user,
            purpose: Purpose::SecondFactor,
            mode: opening.request.mode,
            beside: opening
                .step
                .as_ref()
                .and_then(|step| opening.request.session.filter(|_| step.route == Purpose::StepUp)),
            ways: opening.ways.clone(),
            account: opening.account,
            begun: world.now,
        };
        *self.rows.entry("second factor required").or_default() += 1;
        self.begin_pending(world, owner, made, &opening.request.pendings)
    }

    /// Seals a pending login for the client of a request with these.
    pub(crate) fn begin_pending(
        &mut self,
        world: &mut World,
        owner: Owner,
        made: Made,
        presented: &[Number],
    ) -> Result<(), Broken> {
        let number = Number::try_from(world.pendings.len()).unwrap();
        let numbered: Vec<_> = presented.iter().map(|old| (*old, world.pending(*old).made.clone())).collect();
        let cleared = self.server.seal(number, &made, &numbered);
        let cleared = match self.fault {
            Some(Fault::OldestKept) => Vec::new(),
            Some(Fault::NewestCleared) if !cleared.is_empty() => vec![presented[0]],
            Some(Fault::OthersCleared) => presented.to_vec(),
            _ => cleared,
        };
        invariant::of_cleared(presented, &cleared, world)?;
        for old in &cleared {
            world.pending_mut(*old).is_cleared = true;
        }
        world.pendings.push(Pending { made, opened: 0, wrong: 0, is_used: false, is_cleared: false });
        answer(world, owner, Answer::Pending { number, cleared });
        Ok(())
    }
}

/// The session that a step-up takes the place of.
fn replaced(world: &World, opening: &Opening) -> Result<Option<(Number, Box<Minted>)>, &'static str> {
    if opening.step.as_ref().is_none_or(|step| step.route != Purpose::StepUp) {
        return Ok(None);
    }
    let number = opening.request.session.ok_or("no session")?;
    let session = world.session(number);
    if session.minted.user != opening.user {
        return Err("another user");
    }
    if session.life == Life::Open {
        Ok(Some((number, Box::new(session.minted.clone()))))
    } else {
        Err("session ended")
    }
}

fn answer(world: &mut World, owner: Owner, answer: Answer) {
    match owner {
        Owner::Tab(_) => world.flights.push(Flight { owner, stage: Stage::Answered(answer) }),
        Owner::Thief => world.deliver(owner, answer),
    }
}
