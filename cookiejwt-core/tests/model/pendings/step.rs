//! What can happen next.

use crate::{
    explorer::{Explored, Rows},
    pendings::{
        fault::Fault,
        invariant::{self, Broken},
        scenario::{Pick, Scenario},
        server::{Asked, Server},
        users::{Realm, Reset, User},
        world::{At, Flight, Made, Mode, Number, Owner, Prove, Purpose, Request, Shown, Stage, World},
    },
    scenario::Grain,
    token::Millis,
};

/// The code that a thief has seen before.
const SEEN_BEFORE: u8 = 200;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Clock(Millis),
    /// A login with a password, or at an identity provider.
    Begin(Owner, User, Mode),
    /// A login by passkey that the thief begins.
    AskPasskey(User, Mode),
    /// A tab asks for one more proof beside its session.
    AskMore(u8, Mode),
    /// The page of a tab sends a code.
    Prove(u8, bool),
    Abuse(Abuse),
    Copy,
    Reset(User),
    EndSessions(User),
    ChangeStamp(User),
    Enrol(User),
    Advance(usize),
    Deliver(usize),
    Lose(usize),
}

/// What a thief sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Abuse {
    pending: Number,
    page: (Realm, Purpose),
    mode: Mode,
    shown: Shown,
    has_session: bool,
}

/// The bounds, the fault, and the core that answers.
pub(crate) struct Model {
    pub(crate) scenario: Scenario,
    pub(crate) fault: Option<Fault>,
    pub(crate) server: Server,
    /// How requests ended, and how often.
    pub(crate) rows: Rows,
}

impl Model {
    pub(crate) fn new(scenario: Scenario, fault: Option<Fault>) -> Self {
        Self { scenario, fault, server: Server::new(fault), rows: Rows::new() }
    }

    pub(crate) fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn of_browser(&self, world: &World, steps: &mut Vec<Step>) {
        let (scenario, left) = (&self.scenario, &world.left);
        let in_flight = world.flights.iter().filter(|flight| flight.owner != Owner::Thief).count();
        if in_flight >= scenario.most {
            return;
        }
        for tab in 0..scenario.tabs {
            // It does not matter which tab is the first.
            if tab > 0 && left.begins == scenario.budget.begins {
                return;
            }
            if left.begins > 0 {
                let modes = scenario.thief.modes.iter().filter(|_| scenario.has_sessions);
                steps.extend(modes.map(|mode| Step::AskMore(tab, *mode)));
                steps.extend(
                    scenario.users.iter().map(|user| Step::Begin(Owner::Tab(tab), *user, Mode::Cookie)),
                );
            }
            if left.proves > 0 && world.tabs[usize::from(tab)].is_some() {
                steps.push(Step::Prove(tab, true));
                if left.wrongs > 0 {
                    steps.push(Step::Prove(tab, false));
                }
            }
        }
    }

    fn of_thief(&self, world: &World, steps: &mut Vec<Step>) {
        let (thief, left) = (&self.scenario.thief, &world.left);
        let in_flight = world.flights.iter().filter(|flight| flight.owner == Owner::Thief).count();
        if in_flight >= self.scenario.most {
            return;
        }
        if left.copies > 0 && !world.jar.pendings.is_empty() {
            steps.push(Step::Copy);
        }
        if left.thief_begins > 0 {
            for mode in thief.modes {
                let known = thief.passwords.iter().chain(thief.own);
                steps.extend(known.map(|user| Step::Begin(Owner::Thief, *user, *mode)));
                steps.extend(thief.asks_passkey_of.iter().map(|user| Step::AskPasskey(*user, *mode)));
            }
        }
        if left.thief_proves == 0 {
            return;
        }
        let shown = self.known_proofs(world);
        for pending in &world.loot.pendings {
            for page in thief.pages {
                for mode in thief.modes {
                    for shown in &shown {
                        let abuse = Abuse {
                            pending: *pending,
                            page: *page,
                            mode: *mode,
                            shown: *shown,
                            has_session: false,
                        };
                        steps.push(Step::Abuse(abuse));
                        if world.loot.session.is_some() {
                            steps.push(Step::Abuse(Abuse { has_session: true, ..abuse }));
                        }
                    }
                }
            }
        }
    }

    /// Everything that a thief may show as a proof.
    fn known_proofs(&self, world: &World) -> Vec<Shown> {
        let thief = &self.scenario.thief;
        let own = thief.own.iter().flat_map(|user| [Shown::Code(*user, world.codes), Shown::Passkey(*user)]);
        let saw = thief.saw.iter().map(|user| Shown::Code(*user, SEEN_BEFORE));
        let wrong = thief.guesses.then_some(Shown::Wrong);
        own.chain(saw).chain(wrong).chain(world.loot.seen).collect()
    }

    fn of_users(&self, world: &World, steps: &mut Vec<Step>) {
        let alice = world.account(User::Alice);
        if world.left.resets > 0 {
            steps.push(Step::Reset(User::Alice));
        }
        if alice.reset == Reset::Swapped {
            steps.push(Step::EndSessions(User::Alice));
        }
        if world.left.stamps > 0 {
            steps.push(Step::ChangeStamp(User::Alice));
        }
        if self.scenario.enrols && !alice.has_factor {
            steps.push(Step::Enrol(User::Alice));
        }
    }

    fn next_stop(&self, world: &World) -> Option<Millis> {
        self.scenario.stops.iter().copied().find(|stop| *stop > world.now)
    }

    /// Someone types a password, or comes back from an identity provider.
    fn begin(&mut self, world: &mut World, owner: Owner, user: User, mode: Mode) {
        let (password, pendings) = match owner {
            Owner::Tab(_) => (world.account(user).password, self.of_jar(world, user.realm())),
            Owner::Thief => (0, Vec::new()),
        };
        let left = &mut world.left;
        *(if owner == Owner::Thief { &mut left.thief_begins } else { &mut left.begins }) -= 1;
        let request = Request { realm: user.realm(), mode, session: None, pendings };
        world.flights.push(Flight { owner, stage: Stage::First { request, user, password } });
    }

    /// A pending login that nothing was proved for: an application's own step.
    fn ask(
        &mut self,
        world: &mut World,
        owner: Owner,
        user: User,
        (purpose, mode): (Purpose, Mode),
    ) -> Result<(), Broken> {
        let (pendings, beside) = match owner {
            Owner::Tab(_) => (self.of_jar(world, user.realm()), world.jar.session),
            Owner::Thief => (Vec::new(), None),
        };
        let left = &mut world.left;
        *(if owner == Owner::Thief { &mut left.thief_begins } else { &mut left.begins }) -= 1;
        let pending = Made {
            user,
            purpose,
            mode,
            beside,
            ways: Vec::new(),
            account: world.account(user),
            begun: world.now,
        };
        self.begin_pending(world, owner, pending, &pendings)
    }

    /// The pending logins that a request of the browser presents.
    fn of_jar(&mut self, world: &World, realm: Realm) -> Vec<Number> {
        let sent = world.jar.pendings.iter().map(|number| (*number, world.pending(*number).made.clone()));
        let session = world.jar.session.map(|number| (number, world.session(number).minted.clone()));
        self.server.open(Asked { realm, mode: Mode::Cookie, sent: sent.collect(), session, now: world.now })
    }

    fn prove(&mut self, world: &mut World, tab: u8, is_right: bool) -> Result<(), Broken> {
        let own = world.tabs[usize::from(tab)].unwrap();
        let Made { user, purpose, .. } = world.pending(own).made;
        world.left.proves -= 1;
        let shown = if is_right { Shown::Code(user, world.codes) } else { Shown::Wrong };
        if is_right {
            world.codes += 1;
            world.loot.seen = self.scenario.thief.sees.then_some(shown);
        } else {
            world.left.wrongs -= 1;
        }
        let pendings = self.of_jar(world, user.realm());
        let has_purpose = |number: &&Number| world.pending(**number).made.purpose == purpose;
        let picked = pendings.iter().filter(has_purpose).find(|number| match self.scenario.pick {
            Pick::ById => **number == own,
            Pick::Newest => true,
        });
        let picked = picked.copied();
        let request =
            Request { realm: user.realm(), mode: Mode::Cookie, session: world.jar.session, pendings };
        let pending = picked.unwrap_or(own);
        let prove = Prove { request, pending, route: purpose, shown, arrived: world.now };
        if picked.is_none() {
            return self.refuse(world, Owner::Tab(tab), Some(&prove), "no pending login");
        }
        world.flights.push(Flight { owner: Owner::Tab(tab), stage: Stage::Step(prove, At::Read) });
        Ok(())
    }

    fn abuse(&mut self, world: &mut World, abuse: Abuse) -> Result<(), Broken> {
        let Abuse { pending, page: (realm, route), mode, shown, has_session } = abuse;
        world.left.thief_proves -= 1;
        if matches!(shown, Shown::Code(_, number) if number == world.codes) {
            world.codes += 1;
        }
        let session = world.loot.session.filter(|_| has_session);
        let made = world.pending(pending).made.clone();
        let minted = session.map(|number| (number, world.session(number).minted.clone()));
        let sent = vec![(pending, made.clone())];
        let pendings = self.server.open(Asked { realm, mode, sent, session: minted, now: world.now });
        let is_for_page = made.purpose == route || self.is(Fault::PurposeIgnored);
        if pendings.is_empty() || !is_for_page {
            return self.refuse(world, Owner::Thief, None, "no pending login");
        }
        let request = Request { realm, mode, session, pendings };
        let prove = Prove { request, pending, route, shown, arrived: world.now };
        world.flights.push(Flight { owner: Owner::Thief, stage: Stage::Step(prove, At::Read) });
        Ok(())
    }

    /// If a request is one step, the one that was taken up continues to its answer.
    fn advance_to_the_end(&mut self, world: &mut World) -> Result<(), Broken> {
        while self.scenario.grain == Grain::Requests {
            let is_begun = |flight: &Flight| match flight.stage {
                Stage::First { .. } | Stage::Answered(_) | Stage::Step(_, At::Read) => false,
                Stage::Step(..) | Stage::Create(_) | Stage::StillValid(..) => true,
            };
            let Some(index) = world.flights.iter().position(is_begun) else { return Ok(()) };
            let flight = world.flights.remove(index);
            self.advance(world, flight)?;
        }
        Ok(())
    }

    fn change(&self, world: &mut World, step: Step) {
        match step {
            Step::Reset(user) => {
                world.left.resets -= 1;
                let account = world.account_mut(user);
                account.password += 1;
                account.reset = Reset::Swapped;
            }
            Step::EndSessions(user) if self.is(Fault::SessionsOutliveReset) => {
                world.account_mut(user).reset = Reset::Ended;
            }
            Step::EndSessions(user) => world.end_sessions(user),
            Step::ChangeStamp(user) => {
                world.left.stamps -= 1;
                world.account_mut(user).stamp += 1;
            }
            Step::Enrol(user) => world.account_mut(user).has_factor = true,
            Step::Copy => {
                world.left.copies -= 1;
                world.loot.pendings.extend(&world.jar.pendings);
            }
            Step::Clock(now) => {
                world.now = now;
                let memory = if self.is(Fault::PurgedAtOnce) { 0 } else { self.server.memory() };
                world.spent.retain(|(_, until)| until.saturating_add(memory) > now);
            }
            _ => {}
        }
    }
}

impl Explored for Model {
    type World = World;
    type Step = Step;
    type Broken = Broken;

    fn start(&mut self) -> World {
        World::new(&self.scenario).canonical()
    }

    fn steps(&self, world: &World) -> Vec<Step> {
        let mut steps = Vec::new();
        steps.extend(self.next_stop(world).map(Step::Clock));
        self.of_browser(world, &mut steps);
        self.of_thief(world, &mut steps);
        self.of_users(world, &mut steps);
        for (index, flight) in world.flights.iter().enumerate() {
            // Two equal ones are the same as one.
            if index > 0 && world.flights[index - 1] == *flight {
                continue;
            }
            match &flight.stage {
                Stage::Answered(_) => {
                    steps.push(Step::Deliver(index));
                    steps.extend(self.scenario.loses.then_some(Step::Lose(index)));
                }
                Stage::Step(prove, At::Admit) if self.has_to_wait(world, prove) => {}
                _ => steps.push(Step::Advance(index)),
            }
        }
        steps
    }

    fn take(&mut self, world: &World, step: Step) -> Result<World, Broken> {
        let mut next = world.clone();
        match step {
            Step::Begin(owner, user, mode) => self.begin(&mut next, owner, user, mode),
            Step::AskPasskey(user, mode) => {
                self.ask(&mut next, Owner::Thief, user, (Purpose::Passkey, mode))?;
            }
            Step::AskMore(tab, mode) => {
                self.ask(&mut next, Owner::Tab(tab), User::Alice, (Purpose::StepUp, mode))?;
            }
            Step::Prove(tab, is_right) => self.prove(&mut next, tab, is_right)?,
            Step::Abuse(abuse) => self.abuse(&mut next, abuse)?,
            Step::Advance(index) => {
                let flight = next.flights.remove(index);
                self.advance(&mut next, flight)?;
                self.advance_to_the_end(&mut next)?;
            }
            Step::Deliver(index) => {
                let Flight { owner, stage } = next.flights.remove(index);
                if let Stage::Answered(answer) = stage {
                    next.deliver(owner, answer);
                }
            }
            Step::Lose(index) => drop(next.flights.remove(index)),
            _ => self.change(&mut next, step),
        }
        invariant::of_state(&next)?;
        Ok(next.canonical())
    }

    fn describe(&self, world: &World, step: Step, _: &mut Millis) -> Option<(Millis, String)> {
        let line = match step {
            Step::Advance(index) | Step::Deliver(index) | Step::Lose(index) => {
                format!("{step:?} {}", world.flights[index])
            }
            _ => format!("{step:?}"),
        };
        Some((world.now, line))
    }

    fn rows(self) -> Rows {
        self.rows
    }
}
