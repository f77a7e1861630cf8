//! Each fault, where it is looked for, and what must notice it.

use cookiejwt_core::RevocationLevel::EveryRequest;

use crate::{
    fault::{
        Clause::*,
        Fault::{self, *},
        Statement::{AnswerLate, Receipt, Replace, Rotate, Settle},
    },
    scenario::{
        Invariant::{
            self, HonestStaysIn, NothingOutlivesTheEnd, OneSuccessor, RevokedIsOut, RevokedStaysRevoked,
            SlowAnswersLeave, TheftEndsSession,
        },
        LEEWAY, Scenario,
    },
    scenarios::{
        CURTAILED, ENDED, LEAVING, LOGOUT, NODES, PAGES, STATEMENTS, TABS, THIEF, THREE, TIGHT_TURNS, TURNS,
    },
};

pub(crate) const ROTATIONS: [(Fault, Scenario, Invariant); 28] = [
    (Without(Rotate, Current), THIEF, OneSuccessor),
    (Without(Rotate, Revoked), THIEF, RevokedStaysRevoked),
    (Without(Rotate, Settled), THREE, HonestStaysIn),
    (Off(Rotate, Settled, -1), THREE, HonestStaysIn),
    (Off(Rotate, Settled, 1), TABS, HonestStaysIn),
    (Without(Rotate, Orphan), THREE, HonestStaysIn),
    (Without(Rotate, OrphanReceived), THREE, HonestStaysIn),
    (Without(Rotate, OrphanFirst), THREE, HonestStaysIn),
    (Without(Rotate, OrphanSettled), THREE, HonestStaysIn),
    (Off(Rotate, OrphanSettled, -1), THREE, HonestStaysIn),
    (Off(Rotate, OrphanSettled, 1), TABS, HonestStaysIn),
    (Without(Rotate, Ends), CURTAILED, NothingOutlivesTheEnd),
    (Without(Rotate, SetsCurrent), THREE, OneSuccessor),
    (Without(Rotate, SetsParent), THREE, HonestStaysIn),
    (Without(Rotate, SetsTimes), THIEF, OneSuccessor),
    (Without(Rotate, SetsRotated), THREE, SlowAnswersLeave),
    (Off(Rotate, SetsRotated, -1), TABS, SlowAnswersLeave),
    (Off(Rotate, SetsRotated, 1), TIGHT_TURNS, TheftEndsSession),
    (Without(Rotate, SetsReceived), PAGES, HonestStaysIn),
    (Without(Rotate, SetsSettles), THREE, HonestStaysIn),
    (Off(Rotate, SetsSettles, -1), THREE, HonestStaysIn),
    (Off(Rotate, SetsSettles, 1), TIGHT_TURNS, TheftEndsSession),
    (AbsoluteEndExtended, PAGES, NothingOutlivesTheEnd),
    (IdleEndUncapped, PAGES, NothingOutlivesTheEnd),
    (CheckThenWrite, STATEMENTS, OneSuccessor),
    (CountIgnored, TABS, OneSuccessor),
    (StaleRead, TABS, HonestStaysIn),
    (SuccessorExtended, THIEF, OneSuccessor),
];

pub(crate) const LATE_ANSWERS: [(Fault, Scenario, Invariant); 25] = [
    (Without(AnswerLate, Current), STATEMENTS, OneSuccessor),
    (Without(AnswerLate, Revoked), LEAVING, RevokedStaysRevoked),
    (Without(AnswerLate, Ends), ENDED, NothingOutlivesTheEnd),
    (Without(AnswerLate, SetsSettles), THREE, HonestStaysIn),
    (Off(AnswerLate, SetsSettles, -1), THREE, HonestStaysIn),
    (Off(AnswerLate, SetsSettles, 1), TIGHT_TURNS, TheftEndsSession),
    (Without(AnswerLate, Max), STATEMENTS, HonestStaysIn),
    (Without(Replace, Revoked), LEAVING, RevokedStaysRevoked),
    (Without(Replace, Ends), ENDED, NothingOutlivesTheEnd),
    (Without(Replace, Settled), STATEMENTS, HonestStaysIn),
    (Off(Replace, Settled, 1), TABS, HonestStaysIn),
    (Off(Replace, Rotated, 1), TABS, HonestStaysIn),
    (Without(Replace, SetsCurrent), THREE, OneSuccessor),
    (Without(Replace, SetsParent), TURNS, TheftEndsSession),
    (Without(Replace, SetsTimes), PAGES, OneSuccessor),
    (Without(Replace, SetsRotated), TIGHT_TURNS, SlowAnswersLeave),
    (Off(Replace, SetsRotated, -1), TIGHT_TURNS, SlowAnswersLeave),
    (Off(Replace, SetsRotated, 1), TIGHT_TURNS, TheftEndsSession),
    (Without(Replace, SetsSettles), THREE, HonestStaysIn),
    (Off(Replace, SetsSettles, -1), THREE, HonestStaysIn),
    (Off(Replace, SetsSettles, 1), TIGHT_TURNS, TheftEndsSession),
    (GraceOneMillisecondShort, THREE, HonestStaysIn),
    (GraceOneMillisecondLong, TIGHT_TURNS, TheftEndsSession),
    (GraceNeverEnds, TURNS, TheftEndsSession),
    (GrandparentGraced, TURNS, TheftEndsSession),
];

pub(crate) const SLOW_ANSWERS: [(Fault, Scenario, Invariant); 12] = [
    (Without(Settle, Current), THREE, HonestStaysIn),
    (Without(Settle, Received), TURNS, TheftEndsSession),
    (Without(Settle, Revoked), LEAVING, RevokedStaysRevoked),
    (Without(Settle, Rotated), TURNS, TheftEndsSession),
    (Off(Settle, Rotated, -1), THREE, SlowAnswersLeave),
    (Off(Settle, Rotated, 1), TIGHT_TURNS, TheftEndsSession),
    (Without(Settle, SetsSettles), THREE, HonestStaysIn),
    // Half a leeway less would do.
    (Off(Settle, SetsSettles, -LEEWAY / 2 - 1), THREE, HonestStaysIn),
    (Off(Settle, SetsSettles, 1), TIGHT_TURNS, TheftEndsSession),
    (WithheldWritten, THREE, HonestStaysIn),
    (LeavesUnasked, THREE, HonestStaysIn),
    (LeavesOneMillisecondLong, TABS, HonestStaysIn),
];

pub(crate) const RECEIPTS: [(Fault, Scenario, Invariant); 11] = [
    (Without(Receipt, Current), TURNS, TheftEndsSession),
    (Without(Receipt, Received), TURNS, TheftEndsSession),
    (Without(Receipt, Revoked), LEAVING, RevokedStaysRevoked),
    (Without(Receipt, SetsReceived), TURNS, TheftEndsSession),
    (Without(Receipt, SetsSettles), THREE, HonestStaysIn),
    (Off(Receipt, SetsSettles, -1), THREE, HonestStaysIn),
    (Off(Receipt, SetsSettles, 1), TIGHT_TURNS, TheftEndsSession),
    (ReceiptForgotten, TURNS, TheftEndsSession),
    (ReceiptInvented, THREE, HonestStaysIn),
    (ReceiptWhenGiven, THREE, HonestStaysIn),
    (ReceiptsNeverWritten, TURNS, TheftEndsSession),
];

pub(crate) const REVOCATIONS: [(Fault, Scenario, Invariant); 5] = [
    (RevocationCancelled, THIEF, TheftEndsSession),
    (RevocationRolledBack, THIEF, RevokedStaysRevoked),
    (RevokedSetForgets, LOGOUT, RevokedIsOut),
    (NobodyPolls, NODES, RevokedIsOut),
    (StaleSessionCheck, Scenario { level: EveryRequest, ..NODES }, RevokedIsOut),
];

/// A clause that is left out and makes no difference anywhere: others say the same, or H leaves room for it; see
/// `main.rs`.
pub(crate) const IMPLIED: [(Fault, Scenario); 9] = [
    (Without(AnswerLate, Parent), THREE),
    (Without(AnswerLate, Received), THREE),
    (Without(Replace, Current), THREE),
    (Without(Replace, Parent), THREE),
    (Without(Replace, Received), THREE),
    (Without(Replace, Rotated), THREE),
    (Without(Settle, Parent), THREE),
    (Without(Settle, Max), THREE),
    (Without(Receipt, Max), THREE),
];
