//! One session that is waited for.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use cookiejwt_core::{
    SessionId,
    store::{EndReason, RevocationReason, SessionEnds, Timestamp},
};

/// A clock that was set back by more than this makes every session due.
const SET_BACK_MILLIS: i64 = 10_000;

/// Shared by all that wait for the session.
#[derive(Debug)]
pub(super) struct WaitedFor {
    pub(super) id: SessionId,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    end: Option<EndReason>,
    /// The end that is known beforehand: the absolute one, or that of a superseded session.
    planned: Option<(Timestamp, EndReason)>,
    /// When the row is to be read.
    ask_at: Timestamp,
    asked_at: Timestamp,
    next_number: u32,
    /// With the number of the one who waits.
    wakers: Vec<(u32, Waker)>,
    /// How many wait, with or without a waker.
    waiting: u32,
}

impl WaitedFor {
    pub(super) fn new(id: SessionId, ask_at: Timestamp, now: Timestamp) -> Self {
        let state = State {
            end: None,
            planned: None,
            ask_at,
            asked_at: now,
            next_number: 0,
            wakers: Vec::new(),
            waiting: 0,
        };
        Self { id, state: Mutex::new(state) }
    }

    /// One more waits; their number.
    pub(super) fn join(&self) -> u32 {
        let mut state = self.state();
        state.waiting = state.waiting.saturating_add(1);
        state.next_number = state.next_number.wrapping_add(1);
        state.next_number
    }

    /// One waits no more; whether that was the last one, and its waker, which is to be dropped
    /// without any lock.
    pub(super) fn leave(&self, number: u32) -> (bool, Option<Waker>) {
        let mut state = self.state();
        let position = state.wakers.iter().position(|(other, _)| *other == number);
        let waker = position.map(|position| state.wakers.swap_remove(position).1);
        state.waiting = state.waiting.saturating_sub(1);
        (state.waiting == 0, waker)
    }

    pub(super) fn poll(&self, number: u32, context: &Context<'_>) -> Poll<EndReason> {
        let mut state = self.state();
        if let Some(reason) = state.end {
            return Poll::Ready(reason);
        }
        let waker = context.waker();
        let replaced = match state.wakers.iter_mut().find(|(other, _)| *other == number) {
            Some((_, known)) if known.will_wake(waker) => None,
            Some((_, known)) => Some(std::mem::replace(known, waker.clone())),
            None => {
                // Almost always the only one: a vector that grows would take four places.
                state.wakers.reserve_exact(1);
                state.wakers.push((number, waker.clone()));
                None
            }
        };
        // Without the lock: the last waker of a task may drop what the task waits for.
        drop(state);
        drop(replaced);
        Poll::Pending
    }

    pub(super) fn has_ended(&self) -> bool {
        self.state().end.is_some()
    }

    /// It was revoked, or will be, if it was superseded; whom to wake.
    pub(super) fn revoke(&self, reason: RevocationReason, at: Timestamp, now: Timestamp) -> Vec<Waker> {
        let mut state = self.state();
        if reason.has_begun(at, now) {
            return state.end(EndReason::Revoked(reason));
        }
        state.plan(at, EndReason::Revoked(reason));
        Vec::new()
    }

    /// Ends it when its planned end has come.
    pub(super) fn tick(&self, now: Timestamp) -> Vec<Waker> {
        let mut state = self.state();
        match state.planned {
            Some((at, reason)) if at <= now => state.end(reason),
            _ => Vec::new(),
        }
    }

    /// Whether it is time to read the row, or the clock was set back since.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        let state = self.state();
        state.end.is_none() && (state.ask_at <= now || state.asked_at > now.plus_millis(SET_BACK_MILLIS))
    }

    /// What the row says; `later` is when to read it again, unless the idle end comes before.
    pub(super) fn answer(&self, ends: Option<&SessionEnds>, later: Timestamp, now: Timestamp) -> Vec<Waker> {
        let mut state = self.state();
        let Some(ends) = ends else { return state.end(EndReason::Expired) };
        if let Some(reason) = ends.reason(now) {
            return state.end(reason);
        }
        if let Some((at, reason)) = ends.revoked {
            state.plan(at, EndReason::Revoked(reason));
        }
        state.plan(ends.ends_at, EndReason::Expired);
        (state.asked_at, state.ask_at) = (now, later.min(ends.expires_at));
        Vec::new()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Plain assignments: a panic elsewhere leaves nothing half-written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The first reason stays.
    fn end(&mut self, reason: EndReason) -> Vec<Waker> {
        self.end.get_or_insert(reason);
        std::mem::take(&mut self.wakers).into_iter().map(|(_, waker)| waker).collect()
    }

    fn plan(&mut self, at: Timestamp, reason: EndReason) {
        if self.planned.is_none_or(|(planned, _)| at < planned) {
            self.planned = Some((at, reason));
        }
    }
}
