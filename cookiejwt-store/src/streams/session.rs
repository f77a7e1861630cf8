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
    waiters: Vec<Waiter>,
}

/// One who waits, polled or not.
#[derive(Debug)]
struct Waiter {
    number: u32,
    /// Whether what it holds has ended before the session.
    is_over: bool,
    waker: Option<Waker>,
    /// Only where a session cannot be refreshed.
    token: Option<Box<Token>>,
}

/// The access token of the request that waits, and with which the wait ends.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) issued_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    /// How often the claims of its session had been renewed.
    pub(crate) version: i64,
}

impl WaitedFor {
    pub(super) fn new(id: SessionId, ask_at: Timestamp, now: Timestamp) -> Self {
        let state =
            State { end: None, planned: None, ask_at, asked_at: now, next_number: 0, waiters: Vec::new() };
        Self { id, state: Mutex::new(state) }
    }

    /// One more waits; their number.
    pub(super) fn join(&self, token: Option<Box<Token>>) -> u32 {
        let mut state = self.state();
        state.next_number = state.next_number.wrapping_add(1);
        let number = state.next_number;
        // Almost always the only one: a vector that grows would take four places.
        state.waiters.reserve_exact(1);
        state.waiters.push(Waiter { number, is_over: false, waker: None, token });
        number
    }

    /// One waits no more; whether that was the last one, and its waker, which is to be dropped
    /// without any lock.
    pub(super) fn leave(&self, number: u32) -> (bool, Option<Waker>) {
        let mut state = self.state();
        let position = state.waiters.iter().position(|waiter| waiter.number == number);
        let waker = position.and_then(|position| state.waiters.swap_remove(position).waker);
        (state.waiters.is_empty(), waker)
    }

    pub(super) fn poll(&self, number: u32, context: &Context<'_>) -> Poll<EndReason> {
        let mut state = self.state();
        let end = state.end;
        let Some(waiter) = state.waiters.iter_mut().find(|waiter| waiter.number == number) else {
            return Poll::Pending;
        };
        if waiter.is_over {
            return Poll::Ready(EndReason::TokenExpired);
        }
        if let Some(reason) = end {
            return Poll::Ready(reason);
        }
        let waker = context.waker();
        let replaced = match &waiter.waker {
            Some(known) if known.will_wake(waker) => None,
            _ => waiter.waker.replace(waker.clone()),
        };
        // Without the lock: the last waker of a task may drop what the task waits for.
        drop(state);
        drop(replaced);
        Poll::Pending
    }

    pub(super) fn has_ended(&self) -> bool {
        self.state().end.is_some()
    }

    /// It has ended; whom to wake.
    pub(super) fn end(&self, reason: EndReason) -> Vec<Waker> {
        self.state().end(reason)
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

    /// Ends those who wait with an access token that is dead, and not the session; whom to wake.
    pub(super) fn end_tokens(&self, is_dead: impl Fn(&Token) -> bool) -> Vec<Waker> {
        let mut state = self.state();
        if state.end.is_some() {
            return Vec::new();
        }
        let dead = state.waiters.iter_mut().filter(|waiter| waiter.token.as_deref().is_some_and(&is_dead));
        dead.filter_map(|waiter| {
            waiter.is_over = true;
            waiter.waker.take()
        })
        .collect()
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
        self.waiters.iter_mut().filter_map(|waiter| waiter.waker.take()).collect()
    }

    fn plan(&mut self, at: Timestamp, reason: EndReason) {
        if self.planned.is_none_or(|(planned, _)| at < planned) {
            self.planned = Some((at, reason));
        }
    }
}
