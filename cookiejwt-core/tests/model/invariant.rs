//! What must hold in every state and for every transition.

use cookiejwt_core::{Reason, RevocationLevel};

use crate::{
    changes::Change,
    request::Work,
    scenario::{ABSOLUTE, CLOCK_LEEWAY, Invariant, POLL},
    server::{Departs, Inputs, Reply, Verdict},
    step::Model,
    token::{Cookies, Millis, Session},
    world::{Doom, SessionState, Stage, World},
};

/// A violated invariant.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) invariant: Invariant,
    pub(crate) what: String,
}

pub(crate) fn hold(invariant: Invariant, holds: bool, what: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken { invariant, what: what() }) }
}

pub(crate) fn of_state(world: &World, model: &Model) -> Result<(), Broken> {
    for state in &world.sessions {
        let (row, truth) = (&state.row, &state.truth);
        let ends = row.session.begun + ABSOLUTE;
        let is_capped = row.ends == ends && row.expires <= ends;
        hold(Invariant::NothingOutlivesTheEnd, is_capped, || {
            format!("the row ends beyond {ends} s: {row:?}")
        })?;
        one_successor(world, model, state)?;
        let is_dead = truth.dead_since.is_none() || row.revoked.is_some();
        hold(Invariant::RevokedStaysRevoked, is_dead, || format!("a revoked row reads {row:?}"))?;
        let is_carried_out = truth.dead_since.is_some()
            || truth.sentenced == [false; 2]
            || world.flights.iter().any(|flight| is_revoking(&flight.stage, row.session));
        hold(Invariant::TheftEndsSession, is_carried_out, || "a revocation was lost".into())?;
    }
    Ok(())
}

fn is_revoking(stage: &Stage, session: Session) -> bool {
    matches!(stage, Stage::Revoking(sentence) if sentence.sessions.contains(&session))
}

/// At most one id can rotate, and an id is one token.
fn one_successor(world: &World, model: &Model, state: &SessionState) -> Result<(), Broken> {
    let row = &state.row;
    let mut living = [row.current].to_vec();
    let held = world.refresh_tokens().filter(|token| token.session == row.session);
    for id in held.map(|token| token.id).chain(row.previous) {
        if !living.contains(&id) {
            living.push(id);
        }
    }
    living.retain(|id| row.can_rotate(*id, world.now, model.fault));
    hold(Invariant::OneSuccessor, living.len() <= 1, || format!("{living:?} can all rotate {row:?}"))?;
    let mut current = world.refresh_tokens().filter(|token| {
        token.session == row.session
            && token.id == row.current
            && world.left.curtailments == model.scenario.budget.curtailments
    });
    let is_same = current.all(|token| token == row.token());
    hold(Invariant::OneSuccessor, is_same, || format!("two tokens with the current id of {row:?}"))
}

/// Checks an UPDATE that is about to change a row.
pub(crate) fn of_update(state: &SessionState, change: &Change) -> Result<(), Broken> {
    let (row, truth) = (&state.row, &state.truth);
    let is_dead = truth.dead_since.is_some();
    hold(Invariant::RevokedStaysRevoked, !is_dead, || format!("a revoked session was changed: {change:?}"))?;
    let (now, presented) = match change {
        Change::Rotate { now, presented, .. } => (*now, Some(*presented)),
        Change::AnswerLate(late) | Change::Replace { late, .. } => (late.now, None),
        Change::Settle { .. } | Change::Receipt { .. } => return Ok(()),
    };
    hold(Invariant::NothingOutlivesTheEnd, row.is_within_ends(now), || {
        format!("changed past an end: {row:?} {change:?}")
    })?;
    let is_spent = presented.is_some_and(|id| state.is_spent(id));
    hold(Invariant::OneSuccessor, !is_spent, || format!("rotated a second time: {change:?}"))
}

pub(crate) fn of_verdict(world: &World, model: &Model, work: &Work, verdict: &Verdict) -> Result<(), Broken> {
    granted(world, verdict, work)?;
    honest(world, model, work, verdict)?;
    theft(world, work, verdict)?;
    let is_out = match work.doom {
        Doom::Free => true,
        Doom::NoNewTokens => !matches!(verdict.cookies, Cookies::Set(..)),
        Doom::Nothing => !verdict.is_authenticated,
    };
    hold(Invariant::RevokedIsOut, is_out, || format!("{:?} at {:?}", verdict.reason, work.inputs))
}

/// A refresh token that is given out is the current one; nothing expires after the session.
fn granted(world: &World, verdict: &Verdict, work: &Work) -> Result<(), Broken> {
    let (Cookies::Set(access, refresh), Some(max_ages)) = (verdict.cookies, verdict.max_ages) else {
        return Ok(());
    };
    let row = &world.sessions[refresh.session.index()].row;
    let ends = row.session.begun + ABSOLUTE;
    let latest = max_ages.into_iter().map(|max_age| work.inputs.arrival / 1000 + max_age);
    let latest = latest.chain([access.expires, refresh.expires]).max();
    hold(Invariant::NothingOutlivesTheEnd, latest <= Some(ends), || {
        format!("{access:?} {refresh:?} {max_ages:?}")
    })?;
    // The row may have changed between the read and the answer, but both are one step here.
    hold(Invariant::OneSuccessor, refresh.id == row.current, || {
        format!("{:?} gives {refresh:?}, but the row is {row:?}", verdict.reason)
    })
}

fn honest(world: &World, model: &Model, work: &Work, verdict: &Verdict) -> Result<(), Broken> {
    let Some(assumption) = model.scenario.honest else { return Ok(()) };
    let has_ended = work.inputs.jar.refresh.is_none_or(|refresh| {
        let ends = if assumption.before_own_end {
            refresh.expires
        } else {
            world.sessions[refresh.session.index()].row.expires
        };
        ends * 1000 <= work.inputs.arrival
    });
    let is_cleared = verdict.cookies == Cookies::Clear || verdict.revoke.is_some();
    let has_failed = work.replies.contains(&Reply::Failed)
        || world.left.misses < model.scenario.budget.misses && verdict.reason == Reason::LostTwice;
    let has_ended = has_ended || model.scenario.is_endless() && world.is_over();
    let is_in = verdict.is_authenticated || has_failed || has_ended;
    hold(Invariant::HonestStaysIn, is_in && (!is_cleared || has_ended), || {
        format!("{:?} for {:?}", verdict.reason, work.inputs)
    })
}

/// A used-up refresh token is theft, whoever presents it: one leeway after its successor was
/// presented, or at once if that was rotated or replaced as well.
fn theft(world: &World, work: &Work, verdict: &Verdict) -> Result<(), Broken> {
    let reached_store = matches!(work.replies.last(), Some(Reply::Changed | Reply::Unmatched(_)));
    let Some(refresh) = work.inputs.jar.refresh.filter(|_| reached_store) else { return Ok(()) };
    let is_late = world.theft_after(refresh).is_some_and(|after| work.asked_at() > after);
    let row = &world.sessions[refresh.session.index()].row;
    let is_dead =
        verdict.revoke.is_some() || row.revoked.is_some() || matches!(verdict.reason, Reason::RowExpired);
    hold(Invariant::TheftEndsSession, !is_late || (is_dead && !verdict.is_authenticated), || {
        format!("{:?} for {:?}", verdict.reason, work.inputs)
    })
}

/// Whether the lines of a slow answer are to be written: they have the current token, it was not
/// presented yet, and an access token that was minted then would still be valid.
pub(crate) fn may_leave(state: &SessionState, departs: Departs, now: Millis, model: &Model) -> bool {
    let (row, truth) = (&state.row, &state.truth);
    let is_young = truth.rotated_at.is_some_and(|at| now <= at + model.scenario.access * 1000);
    row.current == departs.refresh && !truth.is_received && truth.dead_since.is_none() && is_young
}

/// What the revocations so far mean for a request that arrives now.
pub(crate) fn doom(world: &World, model: &Model, inputs: &Inputs, node: usize) -> Doom {
    // A valid access token decides.
    let session = inputs.jar.access.map(|access| access.session).or(inputs.jar.refresh.map(|it| it.session));
    let Some(session) = session.filter(|session| is_only_session(inputs, *session)) else {
        return Doom::Free;
    };
    let truth = &world.sessions[session.index()].truth;
    let since = |millis| truth.dead_since.is_some_and(|at| inputs.arrival > at + millis);
    let bound = (model.scenario.access + CLOCK_LEEWAY) * 1000;
    let is_out = match model.scenario.level {
        RevocationLevel::AtRefresh => truth.dead_since.is_some_and(|at| inputs.arrival >= at + bound),
        RevocationLevel::Feed => truth.sentenced[node] || since(POLL),
        RevocationLevel::EveryRequest => truth.sentenced[node] || truth.dead_since.is_some(),
        level => panic!("the model does not know {level:?}"),
    };
    if is_out {
        Doom::Nothing
    } else if truth.dead_since.is_some() {
        Doom::NoNewTokens
    } else {
        Doom::Free
    }
}

fn is_only_session(inputs: &Inputs, session: Session) -> bool {
    inputs.jar.refresh.is_none_or(|refresh| refresh.session == session)
}
