//! The bounds of each exploration, and the names of the invariants.

use cookiejwt_core::RevocationLevel;

use crate::{
    server::Route,
    token::{Millis, Seconds},
};

/// How long the parent of the current refresh token is still accepted.
pub(crate) const LEEWAY: Millis = 10_000;
pub(crate) const AHEAD: Seconds = 10;
pub(crate) const CLOCK_LEEWAY: Seconds = 5;
pub(crate) const IDLE: Seconds = 60;
pub(crate) const ABSOLUTE: Seconds = 100;
/// How long a revocation takes to reach every other node.
pub(crate) const POLL: Millis = 1000;
/// Login happens between two whole seconds, so that tokens and rows round differently.
pub(crate) const BEGIN: Millis = 500;
/// The constant present time of endless explorations: late enough after the login that requests can
/// have started before.
pub(crate) const MIDST: Millis = 30_000 + BEGIN;
/// A budget that is never used up.
pub(crate) const ALWAYS: u8 = u8::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invariant {
    OneSuccessor,
    HonestStaysIn,
    TheftEndsSession,
    RevokedIsOut,
    NothingOutlivesTheEnd,
    RevokedStaysRevoked,
    SlowAnswersLeave,
}

/// What may still happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Budget {
    /// Requests of the browser.
    pub(crate) sends: u8,
    pub(crate) logouts: u8,
    pub(crate) logins: u8,
    /// Copies that a thief takes of the jar.
    pub(crate) thefts: u8,
    pub(crate) thief_sends: u8,
    /// UPDATEs that are carried out although the store reports a failure.
    pub(crate) failures: u8,
    /// UPDATEs that change nothing although they should.
    pub(crate) misses: u8,
    /// Times that the application moves the idle end of a row forward.
    pub(crate) curtailments: u8,
    /// Times that the browser restarts with the jar that it had before it used its last pair.
    pub(crate) crashes: u8,
}

/// The assumptions about an honest browser and its network; see `main.rs`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assumption {
    /// From sending a request until the store has been asked.
    pub(crate) request: Millis,
    /// From sending the head of an answer until it has arrived or is lost.
    pub(crate) answer: Millis,
    /// Nothing is presented after its own end.
    pub(crate) before_own_end: bool,
}

/// How time passes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Time {
    /// From the login on, with a stop just before, at and just after every time that anything
    /// depends on.
    Until {
        horizon: Millis,
        /// Whether it stops at the ends of tokens too, and not only around the leeway.
        sees_ends: bool,
    },
    /// Endless: a state contains only how long ago events were, and no token ever expires.
    Endless {
        /// What every bound is a multiple of.
        tick: Millis,
        /// Whether things also happen one millisecond after a multiple, so that `<` is told from
        /// `<=` and bounds that are off by one millisecond from those that are not.
        splits: bool,
    },
}

/// How much of a request's work is one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grain {
    /// Anything may come between any two statements.
    Statements,
    /// A rotation and the read that follows it are one step; a late answer is another.
    Questions,
    Requests,
}

/// An owner and a thief, each of whom sends requests only some time after the other's last one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TurnRules {
    pub(crate) gap: Millis,
    /// Whether the owner uses what they get, so that the receipt is written.
    pub(crate) owner_uses: bool,
    /// The turn at which the session has to be revoked.
    pub(crate) noticed_at: u8,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) level: RevocationLevel,
    /// How long an access token lives.
    pub(crate) access: Seconds,
    pub(crate) nodes: u8,
    /// Requests that the browser has under way at once.
    pub(crate) tabs: usize,
    pub(crate) routes: &'static [Route],
    pub(crate) budget: Budget,
    /// Only an honest browser, which must never be logged out.
    pub(crate) honest: Option<Assumption>,
    pub(crate) turns: Option<TurnRules>,
    /// Whether time passes between sending a request and its arrival.
    pub(crate) travels: bool,
    /// Whether a handler takes time before the head of its answer is sent.
    pub(crate) lingers: bool,
    pub(crate) grain: Grain,
    /// How far the second node's clock is ahead.
    pub(crate) skew: Millis,
    pub(crate) time: Time,
}

impl Scenario {
    pub(crate) fn is_endless(&self) -> bool {
        matches!(self.time, Time::Endless { .. })
    }

    /// How far the clock of a node is ahead.
    pub(crate) fn ahead(&self, node: u8) -> Millis {
        if node == 1 { self.skew } else { 0 }
    }
}

impl Invariant {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OneSuccessor => "1 never two live successors",
            Self::HonestStaysIn => "2 H: an honest user is never logged out",
            Self::TheftEndsSession => "3 T: copies that are used are noticed",
            Self::RevokedIsOut => "4 nothing authenticates after a revocation and the bound of its level",
            Self::NothingOutlivesTheEnd => "5 no expiry after the absolute end",
            Self::RevokedStaysRevoked => "6 a revoked session never becomes valid again",
            Self::SlowAnswersLeave => "7 a slow answer is written as long as it is allowed",
        }
    }
}
