//! What must hold.

use cookiejwt_core::driver::Login;

use crate::{
    pendings::{
        scenario::{LIFE, Rule},
        users::{Reset, User, Way, has, ways},
        world::{Life, Mode, Number, Opening, Prove, Session, Shown, World},
    },
    token::Millis,
};

/// The most that a browser keeps.
const MOST: usize = 4;
const WRONG_PER_PENDING: u8 = 5;
const WRONG_PER_ACCOUNT: u8 = 10;

/// A rule that does not hold.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) rule: Rule,
    pub(crate) what: String,
}

fn hold(rule: Rule, holds: bool, what: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken { rule, what: what() }) }
}

/// After a new password no session lives that began with what was before.
pub(crate) fn of_state(world: &World) -> Result<(), Broken> {
    for session in &world.sessions {
        let account = world.account(session.minted.user);
        let Some(pending) = session.pending else { continue };
        let is_old = world.pending(pending).made.account.password != account.password;
        let lives = session.life == Life::Open && is_old && account.reset == Reset::Ended;
        hold(Rule::ResetEndsIt, !lives, || format!("{session:?} outlives the password"))?;
    }
    Ok(())
}

/// A session is about to be sent.
pub(crate) fn of_session(
    world: &World,
    opening: &Opening,
    session: &Session,
    login: &Login,
) -> Result<(), Broken> {
    let said = ways(login.identity.proofs());
    let user = User::find(opening.request.realm, &login.record.subject);
    let is_token_mode = login.tokens.is_some();
    let is_own = user == Some(session.minted.user) && is_token_mode == (opening.request.mode == Mode::Token);
    hold(Rule::ItsOwn, is_own, || format!("{login:?} for {opening:?}"))?;
    let Some(step) = &opening.step else {
        let is_enough = !world.account(opening.user).has_factor;
        return hold(Rule::EveryProof, is_enough, || format!("{said:?} are enough for {:?}", opening.user));
    };
    let pending = world.pending(step.pending);
    let made = &pending.made;
    hold(Rule::OnceEach, pending.opened == 0, || format!("pending {} opens two", step.pending))?;
    let has_code = |other: &&Session| other.life == Life::Open && other.shown == Some(step.shown);
    let is_first = !matches!(step.shown, Shown::Code(..)) || !world.sessions.iter().any(|it| has_code(&it));
    hold(Rule::OnceEach, is_first, || format!("{:?} opens two", step.shown))?;
    let is_own = made.user == session.minted.user
        && made.user.realm() == opening.request.realm
        && made.purpose == step.route
        && made.mode == opening.request.mode
        && made.beside.is_none_or(|beside| opening.request.session == Some(beside));
    hold(Rule::ItsOwn, is_own, || format!("{made:?} opens {session:?}"))?;
    hold(Rule::InTime, step.arrived < end(made.begun), || format!("{made:?} opens one after its end"))?;
    let is_same = made.account.stamp == session.minted.stamp;
    hold(Rule::ResetEndsIt, is_same, || format!("{made:?} opens one with another stamp"))?;
    proved(made.user, &said, step, session, made.ways.iter().any(|(way, _)| *way == made.user.first()))
}

/// Every proof that the session names was given, and together they are enough.
fn proved(
    user: User,
    said: &[(Way, Millis)],
    step: &Prove,
    session: &Session,
    began_with_first: bool,
) -> Result<(), Broken> {
    let has_first = match &session.minted.replaces {
        Some((_, before)) => has(&before.ways, user.first()),
        None => began_with_first,
    };
    let (code, passkey) =
        (matches!(step.shown, Shown::Code(owner, _) if owner == user), step.shown == Shown::Passkey(user));
    let was_given = has(said, user.first()) == has_first
        && (!has(said, Way::Passkey) || passkey)
        && (!has(said, Way::Code) || code);
    let is_enough = has(said, Way::Passkey) || has(said, user.first()) && has(said, Way::Code);
    hold(Rule::EveryProof, was_given && is_enough, || format!("{said:?} are enough for {user:?}"))
}

/// A proof was checked.
pub(crate) fn of_check(world: &mut World, prove: &Prove, is_right: bool) -> Result<(), Broken> {
    let user = world.pending(prove.pending).made.user;
    let wrong = |world: &World| world.pending(prove.pending).wrong;
    hold(Rule::FewGuesses, wrong(world) < WRONG_PER_PENDING, || format!("a sixth proof for {prove:?}"))?;
    let of_user = world.pendings.iter().filter(|pending| pending.made.user == user);
    let of_user: u8 = of_user.map(|pending| pending.wrong).sum();
    hold(Rule::FewGuesses, of_user < WRONG_PER_ACCOUNT, || format!("an eleventh proof for {prove:?}"))?;
    world.pending_mut(prove.pending).wrong += u8::from(!is_right);
    Ok(())
}

/// A pending login is sealed for a client with these.
pub(crate) fn of_cleared(presented: &[Number], cleared: &[Number], world: &World) -> Result<(), Broken> {
    let kept = presented.len() - cleared.len() + 1;
    hold(Rule::AtMostFour, kept <= MOST, || format!("a browser has {kept}"))?;
    let is_needed = cleared.is_empty() || kept == MOST;
    hold(Rule::AtMostFour, is_needed, || format!("{cleared:?} of {presented:?} are cleared"))?;
    // Those that the browser got first, if they began in the same second.
    let place = |number: &Number| world.jar.pendings.iter().position(|other| other == number);
    let begun = |number: &Number| world.pending(*number).made.begun / 1000;
    let is_older = |old: &Number, kept: &Number| {
        begun(old) < begun(kept)
            || begun(old) == begun(kept) && place(old).zip(place(kept)).is_none_or(|(old, kept)| old < kept)
    };
    let mut kept = presented.iter().filter(|number| !cleared.contains(number));
    let is_oldest = kept.all(|kept| cleared.iter().all(|old| is_older(old, kept)));
    hold(Rule::AtMostFour, is_oldest, || format!("{cleared:?} of {presented:?} are not the oldest"))
}

/// A right code of an honest user is refused only for a reason that has to do with its own pending
/// login: it is over, the user has changed, it was used or five wrong codes were typed for it, or
/// the browser has four newer ones.
pub(crate) fn of_refusal(world: &World, prove: &Prove, why: &str) -> Result<(), Broken> {
    let pending = world.pending(prove.pending);
    let (made, account) = (&pending.made, world.account(pending.made.user));
    let is_excused = prove.shown == Shown::Wrong
        || world.now >= end(made.begun)
        || (made.account.password, made.account.stamp) != (account.password, account.stamp)
        || pending.is_used
        || pending.wrong >= WRONG_PER_PENDING
        || pending.is_cleared;
    hold(Rule::HonestGetsIn, is_excused, || format!("{why}: {prove:?}"))
}

/// The first time at which it is over; a cookie has whole seconds.
fn end(begun: Millis) -> Millis {
    begun / 1000 * 1000 + LIFE
}
