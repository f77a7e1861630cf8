//! The bounds of each exploration, the seeded faults, and the names of the invariants.

use cookiejwt_core::RevocationLevel;

use crate::{
    server::Route,
    token::{Millis, Seconds},
};

/// How long the parent of the current refresh token is still answered.
pub(crate) const LEEWAY: Millis = 10_000;
pub(crate) const ACCESS: Seconds = 40;
pub(crate) const AHEAD: Seconds = 10;
pub(crate) const CLOCK_LEEWAY: Seconds = 5;
pub(crate) const IDLE: Seconds = 60;
pub(crate) const ABSOLUTE: Seconds = 100;
/// How soon every other node knows a revocation.
pub(crate) const POLL: Millis = 1000;
/// Login happens between two whole seconds, so that tokens and rows round differently.
pub(crate) const BEGIN: Millis = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invariant {
    OneSuccessor,
    HonestStaysIn,
    TheftEndsSession,
    RevokedIsOut,
    NothingOutlivesTheEnd,
    RevokedStaysRevoked,
}

/// What may still happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Budget {
    /// Requests of the browser, whatever they are.
    pub(crate) sends: u8,
    /// Copies that a proxy sends of a request that is not answered yet.
    pub(crate) duplicates: u8,
    pub(crate) logouts: u8,
    pub(crate) logins: u8,
    /// Copies that a thief takes of the jar.
    pub(crate) thefts: u8,
    pub(crate) thief_sends: u8,
    /// UPDATEs that are carried out although the store reports a failure.
    pub(crate) failures: u8,
    /// UPDATEs that change nothing although they should.
    pub(crate) misses: u8,
    /// Times that the application brings the idle end of a row forward.
    pub(crate) curtailments: u8,
}

/// What an honest browser and its network keep to; see `main.rs`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assumption {
    /// From sending a request until its answer is delivered or lost.
    pub(crate) round_trip: Millis,
    /// From a rotation until the jar holds what it made.
    pub(crate) recovery: Millis,
    /// Nothing is presented after its own end.
    pub(crate) before_own_end: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) level: RevocationLevel,
    pub(crate) nodes: u8,
    /// Requests that the browser has under way at once.
    pub(crate) tabs: usize,
    pub(crate) routes: &'static [Route],
    pub(crate) budget: Budget,
    /// Nobody but an honest browser: it must never be logged out.
    pub(crate) honest: Option<Assumption>,
    /// Whether time passes between sending a request and its arrival.
    pub(crate) travels: bool,
    /// How far the second node's clock is ahead.
    pub(crate) skew: Millis,
    /// Whether the clock stops at the ends of tokens too, and not only around the leeway.
    pub(crate) sees_ends: bool,
    pub(crate) horizon: Millis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The row given to the core says that the grandparent is the parent.
    GrandparentGraced,
    /// The row given to the core says that the successor lives longer: it is minted with another `exp`.
    SuccessorExtended,
    /// The leeway ends one millisecond late in the core's eyes.
    GraceOneMillisecondLong,
    /// The leeway ends one millisecond early in the core's eyes.
    GraceOneMillisecondShort,
    GraceNeverEnds,
    /// A read that checks the condition, and a write without it.
    CheckThenWrite,
    /// UPDATE that leaves `previous_jti` alone.
    ParentForgotten,
    /// UPDATE without `current_jti = presented`.
    CurrentUnchecked,
    /// The count of changed rows is not looked at: each caller believes that he rotated.
    CountIgnored,
    /// UPDATE without `revoked_at IS NULL`.
    RevocationUnchecked,
    /// UPDATE without `rotated_at <= rotated_before`.
    OncePerLeewayUnchecked,
    RotatesOneMillisecondEarly,
    RotatesOneMillisecondLate,
    /// UPDATE without `expires_at > now AND ends_at > now`.
    EndsUnchecked,
    /// UPDATE that sets `ends_at` anew.
    AbsoluteEndExtended,
    /// UPDATE that does not cap the idle end.
    IdleEndUncapped,
    /// The read after an UPDATE of 0 rows sees the row as it was before its last change.
    StaleRead,
    /// The session check sees the row as it was before its last change.
    StaleSessionCheck,
    /// A revocation is reported as done, and rolled back.
    RevocationRolledBack,
    /// A client that hangs up takes the revocation with it.
    RevocationCancelled,
    /// A revocation does not enter the revoked set of its own node.
    RevokedSetForgets,
    /// The other node does not ask for revocations.
    NobodyPolls,
}

impl Invariant {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OneSuccessor => "1 never two living successors",
            Self::HonestStaysIn => "2 an honest user alone is never logged out",
            Self::TheftEndsSession => "3 both presented after the leeway: the session is dead",
            Self::RevokedIsOut => "4 nothing authenticates after a revocation and the bound of its level",
            Self::NothingOutlivesTheEnd => "5 no expiry beyond the absolute end",
            Self::RevokedStaysRevoked => "6 a revoked session never comes back",
        }
    }
}
