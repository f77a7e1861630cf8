//! Each fault, the explorations that look for it, and the invariant that must notice it.

use cookiejwt_core::RevocationLevel::EveryRequest;

use crate::{
    fault::{
        Clause::{
            Current, Ends, Max, Orphan, OrphanFirst, OrphanReceived, OrphanSettled, Parent, Received,
            Revoked, Rotated, SetsCurrent, SetsParent, SetsReceived, SetsRotated, SetsSettles, SetsTimes,
            Settled,
        },
        Fault::{
            self, AbsoluteEndExtended, CheckThenWrite, CountIgnored, GraceNeverEnds, GraceOneMillisecondLong,
            GraceOneMillisecondShort, GrandparentGraced, IdleEndUncapped, LeavesOneMillisecondLong,
            LeavesUnasked, NobodyPolls, Off, ReceiptForgotten, ReceiptInvented, ReceiptWhenGiven,
            ReceiptsNeverWritten, RevocationCancelled, RevocationRolledBack, RevokedSetForgets, StaleRead,
            StaleSessionCheck, SuccessorExtended, WithheldWritten, Without,
        },
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
        ENDED, LEAVING, NODES, PAGES_BY_STATEMENTS, SKEWED, STATEMENTS, TABS, THIEF, THREE, TIGHT_TURNS,
        TURNS,
    },
};

pub(crate) const ROTATIONS: [(Fault, Scenario, Invariant); 28] = [
    (Without(Rotate, Current), TABS, OneSuccessor),
    (Without(Rotate, Revoked), LEAVING, RevokedStaysRevoked),
    (Without(Rotate, Settled), THREE, HonestStaysIn),
    (Off(Rotate, Settled, -1), TABS, HonestStaysIn),
    (Off(Rotate, Settled, 1), TABS, HonestStaysIn),
    (Without(Rotate, Orphan), THREE, HonestStaysIn),
    (Without(Rotate, OrphanReceived), THREE, HonestStaysIn),
    (Without(Rotate, OrphanFirst), THREE, HonestStaysIn),
    (Without(Rotate, OrphanSettled), THREE, HonestStaysIn),
    (Off(Rotate, OrphanSettled, -1), TABS, HonestStaysIn),
    (Off(Rotate, OrphanSettled, 1), TABS, HonestStaysIn),
    (Without(Rotate, Ends), ENDED, NothingOutlivesTheEnd),
    (Without(Rotate, SetsCurrent), THREE, OneSuccessor),
    (Without(Rotate, SetsParent), THREE, HonestStaysIn),
    (Without(Rotate, SetsTimes), THIEF, OneSuccessor),
    (Without(Rotate, SetsRotated), TABS, SlowAnswersLeave),
    (Off(Rotate, SetsRotated, -1), TABS, SlowAnswersLeave),
    (Off(Rotate, SetsRotated, 1), TIGHT_TURNS, TheftEndsSession),
    (Without(Rotate, SetsReceived), SKEWED, SlowAnswersLeave),
    (Without(Rotate, SetsSettles), THREE, HonestStaysIn),
    (Off(Rotate, SetsSettles, -1), THREE, HonestStaysIn),
    (Off(Rotate, SetsSettles, 1), TIGHT_TURNS, TheftEndsSession),
    (AbsoluteEndExtended, PAGES_BY_STATEMENTS, NothingOutlivesTheEnd),
    (IdleEndUncapped, PAGES_BY_STATEMENTS, NothingOutlivesTheEnd),
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
    (Without(Replace, SetsTimes), PAGES_BY_STATEMENTS, OneSuccessor),
    (Without(Replace, SetsRotated), TIGHT_TURNS, SlowAnswersLeave),
    (Off(Replace, SetsRotated, -1), TIGHT_TURNS, SlowAnswersLeave),
    (Off(Replace, SetsRotated, 1), TIGHT_TURNS, TheftEndsSession),
    (Without(Replace, SetsSettles), THREE, HonestStaysIn),
    (Off(Replace, SetsSettles, -1), THREE, HonestStaysIn),
    (Off(Replace, SetsSettles, 1), TIGHT_TURNS, TheftEndsSession),
    (GraceOneMillisecondShort, TABS, HonestStaysIn),
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
    (WithheldWritten, TABS, HonestStaysIn),
    (LeavesUnasked, TABS, HonestStaysIn),
    (LeavesOneMillisecondLong, TABS, HonestStaysIn),
];

pub(crate) const RECEIPTS: [(Fault, Scenario, Invariant); 11] = [
    (Without(Receipt, Current), SKEWED, SlowAnswersLeave),
    (Without(Receipt, Received), TURNS, TheftEndsSession),
    (Without(Receipt, Revoked), LEAVING, RevokedStaysRevoked),
    (Without(Receipt, SetsReceived), TURNS, TheftEndsSession),
    (Without(Receipt, SetsSettles), THREE, HonestStaysIn),
    (Off(Receipt, SetsSettles, -1), THREE, HonestStaysIn),
    (Off(Receipt, SetsSettles, 1), TIGHT_TURNS, TheftEndsSession),
    (ReceiptForgotten, TURNS, TheftEndsSession),
    (ReceiptInvented, TABS, HonestStaysIn),
    (ReceiptWhenGiven, TABS, HonestStaysIn),
    (ReceiptsNeverWritten, TURNS, TheftEndsSession),
];

pub(crate) const REVOCATIONS: [(Fault, Scenario, Invariant); 5] = [
    (RevocationCancelled, THIEF, TheftEndsSession),
    (RevocationRolledBack, THIEF, RevokedStaysRevoked),
    (RevokedSetForgets, LEAVING, RevokedIsOut),
    (NobodyPolls, NODES, RevokedIsOut),
    (StaleSessionCheck, Scenario { level: EveryRequest, ..NODES }, RevokedIsOut),
];

/// A clause that can be left out without any difference: others imply it, or H allows for it; see
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
