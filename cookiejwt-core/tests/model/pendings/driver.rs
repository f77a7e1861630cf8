//! What `cookiejwt-store` does between two questions to a store: the driver of logins, with the
//! faults that the model must notice.
//!
//! | stage | mirrors |
//! |---|---|
//! | [`Stage::First`] | `Sessions::check_and_login`, `Sessions::login_elsewhere` |
//! | [`At::Read`] | `Sessions::checked_step`: the end, and `Sessions::user_of_pending` |
//! | [`At::Admit`] | `Passwords::admit_step`: one proof of an account at a time on a node, and room in its buckets |
//! | [`At::Check`] | the application's check, and `named` |
//! | [`At::Charge`] | `Passwords::charge_step` |
//! | [`At::ReadAgain`] | `Sessions::user_of_pending` |
//! | [`At::SpendCode`], [`At::Spend`] | `Sessions::spend_step`, `Sessions::spend` |
//! | [`Stage::Create`] | `Sessions::login_proven`, `Sessions::step_up`; `Sessions::create_session` up to the row |
//! | [`Stage::StillValid`] | `Sessions::still_valid` |

use cookiejwt_core::{
    Method,
    driver::PendingLogin,
    store::{BucketId, SpentId, ThrottleBucket, ThrottleScope, Timestamp},
};

use crate::{
    pendings::{
        fault::Fault,
        invariant::{self, Broken},
        step::Model,
        users::{Account, User, Way, ways},
        world::{At, Flight, Number, Opening, Owner, Prove, Purpose, Shown, Stage, World},
    },
    token::{Millis, millis, timestamp},
};

/// As in `cookiejwt-store`: longer than a code of TOTP is right.
const STEP: Millis = 600_000;
const REPLAYED: &str = "replayed";

/// What the check of the application has found (`Checked`).
struct Checked {
    user: Option<User>,
    once: Option<u8>,
}

impl Model {
    /// One statement of a request.
    pub(crate) fn advance(&mut self, world: &mut World, flight: Flight) -> Result<(), Broken> {
        let owner = flight.owner;
        match flight.stage {
            Stage::First { request, user, password } => {
                let account = world.account(user);
                if user.first() == Way::Password && account.password != password {
                    return self.refuse(world, owner, None, "wrong password");
                }
                let ways = vec![(user.first(), world.now)];
                let opening = Opening { request, user, account, ways, step: None };
                world.flights.push(Flight { owner, stage: Stage::Create(opening) });
                Ok(())
            }
            Stage::Step(prove, at) => self.step(world, owner, prove, at),
            Stage::Create(opening) => self.create(world, owner, opening),
            Stage::StillValid(opening, number) => self.still_valid(world, owner, opening, number),
            Stage::Answered(_) => unreachable!(),
        }
    }

    fn step(&mut self, world: &mut World, owner: Owner, prove: Prove, at: At) -> Result<(), Broken> {
        let next = match at {
            At::Read => self.read(world, &prove).map(|()| At::Admit),
            At::Admit => self.admit(world, &prove).map(|()| At::Check),
            At::Check => {
                let is_right = self.named(world, &prove).is_some();
                invariant::of_check(world, &prove, is_right)?;
                Ok(if is_right { At::ReadAgain } else { At::Charge })
            }
            At::Charge => {
                self.charge(world, &prove);
                Err("wrong proof")
            }
            At::ReadAgain => {
                let (user, _) = self.named(world, &prove).unwrap();
                let is_bound = self.is(Fault::BindingCheckedOnce) || self.is_bound(world, &prove, user);
                if is_bound { Ok(At::SpendCode(user, world.account(user))) } else { Err("changed") }
            }
            At::SpendCode(user, account) => {
                let (_, once) = self.named(world, &prove).unwrap();
                let is_first = once.is_none_or(|once| self.spend_code(world, &prove, user, once));
                if is_first { Ok(At::Spend(user, account)) } else { Err("code replayed") }
            }
            At::Spend(..) if self.has_ended_meanwhile(world, &prove) => Err("ended"),
            At::Spend(user, account) if self.is(Fault::SpendNotAtomic) => {
                let (name, _) = self.name_of(world, &prove);
                let is_first = world.spent.iter().all(|(spent, _)| *spent != name);
                if is_first { Ok(At::Write(user, account)) } else { Err(REPLAYED) }
            }
            At::Spend(user, account) | At::Write(user, account) => {
                let is_first = self.spend_once(world, &prove) || matches!(at, At::Write(..));
                if is_first {
                    self.opens(world, owner, prove, (user, account));
                    return Ok(());
                }
                Err(REPLAYED)
            }
        };
        match next {
            Err(why) => self.refuse(world, owner, Some(&prove), why),
            Ok(next) => {
                world.flights.push(Flight { owner, stage: Stage::Step(prove, next) });
                Ok(())
            }
        }
    }

    fn content(&self, world: &World, number: Number) -> std::rc::Rc<PendingLogin> {
        self.server.content(number, &world.pending(number).made)
    }

    fn read(&mut self, world: &World, prove: &Prove) -> Result<(), &'static str> {
        let pending = self.content(world, prove.pending);
        if self.has_ended(world, &pending) && !self.is(Fault::EndIgnoredWhenProved) {
            return Err("ended");
        }
        let Some(subject) = &pending.subject else { return Ok(()) };
        let user = User::find(prove.request.realm, subject).ok_or("no such user")?;
        if self.is_bound(world, prove, user) { Ok(()) } else { Err("changed") }
    }

    fn has_ended(&self, world: &World, pending: &PendingLogin) -> bool {
        timestamp(world.now) >= pending.expires_at && !self.is(Fault::EndIgnored)
    }

    fn is_bound(&mut self, world: &World, prove: &Prove, user: User) -> bool {
        let made = &world.pending(prove.pending).made;
        let now = (user, world.account(user));
        self.is(Fault::BindingIgnored) || self.server.is_bound(prove.pending, made, prove.request.realm, now)
    }

    /// Whether another proof of the same account or pending login is checked at this moment.
    pub(crate) fn has_to_wait(&self, world: &World, prove: &Prove) -> bool {
        if self.is(Fault::CheckedAtOnce) {
            return false;
        }
        let own = self.buckets(world, prove);
        world.flights.iter().any(|flight| match &flight.stage {
            Stage::Step(other, At::Check | At::Charge) => {
                let others = self.buckets(world, other);
                others.iter().any(|other| own.iter().any(|own| own.id == other.id && own.refuses))
            }
            _ => false,
        })
    }

    fn admit(&mut self, world: &mut World, prove: &Prove) -> Result<(), &'static str> {
        match self.full_bucket(world, prove) {
            Some(ThrottleScope::PendingLogin) => Err("five wrong proofs"),
            Some(_) => Err("throttled"),
            None if self.is(Fault::SpentBeforeTheCheck) && !self.spend(world, prove) => Err(REPLAYED),
            None => Ok(()),
        }
    }

    fn buckets(&self, world: &World, prove: &Prove) -> Vec<ThrottleBucket> {
        let pending = self.content(world, prove.pending);
        self.server.core(prove.request.realm).step_buckets(&pending, pending.subject.as_ref())
    }

    fn level(&mut self, world: &World, bucket: &BucketId) -> Option<Timestamp> {
        let number = self.server.bucket(bucket);
        let level = world.levels.iter().find(|(bucket, _)| *bucket == number);
        level.map(|(_, drained_at)| timestamp(*drained_at))
    }

    fn full_bucket(&mut self, world: &World, prove: &Prove) -> Option<ThrottleScope> {
        let buckets = self.buckets(world, prove);
        let full = |bucket: &ThrottleBucket| {
            let level = self.level(world, &bucket.id);
            (bucket.room(level, timestamp(world.now)) == 0).then_some(bucket.scope)
        };
        buckets.iter().find_map(full)
    }

    fn charge(&mut self, world: &mut World, prove: &Prove) {
        if self.is(Fault::WrongNotCounted) {
            return;
        }
        for bucket in self.buckets(world, prove) {
            let drained_at = bucket.charge(timestamp(world.now)).applied_to(self.level(world, &bucket.id));
            let number = self.server.bucket(&bucket.id);
            world.levels.retain(|(other, _)| *other != number);
            world.levels.push((number, millis(drained_at)));
        }
    }

    /// The user whose proof it is, and what counts once; `None` if it is wrong.
    fn named(&self, world: &World, prove: &Prove) -> Option<(User, Option<u8>)> {
        let pending = self.content(world, prove.pending);
        let realm = prove.request.realm;
        let subject = pending.subject.as_ref().and_then(|subject| User::find(realm, subject));
        let Checked { user, once } = check(prove, subject)?;
        let user = match (subject, user) {
            (Some(subject), Some(user)) if subject != user && !self.is(Fault::SubjectIgnored) => None,
            (Some(subject), _) => Some(subject),
            (None, user) => user,
        };
        Some((user?, once))
    }

    fn spend_code(&mut self, world: &mut World, prove: &Prove, user: User, once: u8) -> bool {
        if self.is(Fault::CodeNeverSpent) {
            return true;
        }
        let (subject, step) = (user.subject(), once.to_string());
        let parts = [subject.as_str(), Method::OTP.as_str(), &step];
        let realm = self.server.core(prove.request.realm).config().realm();
        let name = SpentId::new(realm, "proof", &parts);
        insert(world, self.server.spent(&name), world.now + STEP)
    }

    /// The name of a pending login in the store, and until when it is there.
    fn name_of(&mut self, world: &World, prove: &Prove) -> (u8, Millis) {
        let pending = self.content(world, prove.pending);
        let realm = self.server.core(prove.request.realm).config().realm();
        let name = SpentId::new(realm, "pending", &[&pending.id]);
        (self.server.spent(&name), millis(pending.expires_at))
    }

    fn has_ended_meanwhile(&self, world: &World, prove: &Prove) -> bool {
        self.has_ended(world, &self.content(world, prove.pending)) && !self.is(Fault::EndIgnoredWhenSpent)
    }

    fn spend(&mut self, world: &mut World, prove: &Prove) -> bool {
        let (name, until) = self.name_of(world, prove);
        insert(world, name, until)
    }

    fn spend_once(&mut self, world: &mut World, prove: &Prove) -> bool {
        match self.fault {
            Some(Fault::NeverSpent | Fault::SpentBeforeTheCheck) => true,
            _ => self.spend(world, prove),
        }
    }

    /// A session is due, with every proof so far.
    fn opens(&self, world: &mut World, owner: Owner, prove: Prove, (user, account): (User, Account)) {
        world.pending_mut(prove.pending).is_used = true;
        let way = if prove.route == Purpose::Passkey { Way::Passkey } else { Way::Code };
        let mut ways = ways(&self.content(world, prove.pending).proofs);
        ways.retain(|(old, _)| *old != way);
        ways.push((way, world.now));
        let opening = Opening { request: prove.request.clone(), user, account, ways, step: Some(prove) };
        world.flights.push(Flight { owner, stage: Stage::Create(opening) });
    }

    pub(crate) fn refuse(
        &mut self,
        world: &World,
        owner: Owner,
        prove: Option<&Prove>,
        why: &'static str,
    ) -> Result<(), Broken> {
        *self.rows.entry(why).or_default() += 1;
        match (owner, prove) {
            (Owner::Tab(_), Some(prove)) if self.scenario.is_honest() => {
                invariant::of_refusal(world, prove, why)
            }
            _ => Ok(()),
        }
    }
}

/// The check of the application: a code of the user of the pending login, or a passkey of any user.
fn check(prove: &Prove, subject: Option<User>) -> Option<Checked> {
    match (prove.route, prove.shown) {
        (Purpose::SecondFactor | Purpose::StepUp, Shown::Code(user, number)) => {
            (subject == Some(user)).then_some(Checked { user: None, once: Some(number) })
        }
        (Purpose::Passkey, Shown::Passkey(user)) => {
            (user.realm() == prove.request.realm).then_some(Checked { user: Some(user), once: None })
        }
        _ => None,
    }
}

/// `TokenStore::spend`: one unique INSERT.
fn insert(world: &mut World, name: u8, until: Millis) -> bool {
    let is_first = world.spent.iter().all(|(spent, _)| *spent != name);
    if is_first {
        world.spent.push((name, until));
    }
    is_first
}
