//! Faults that are introduced one at a time. Rows are those of `cookiejwt_core::rules`.

use crate::token::Millis;

/// One of the five conditional statements about a living session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Statement {
    Rotate,
    /// Row o' 1.
    AnswerLate,
    /// Row o' 2.
    Replace,
    /// A late answer.
    Settle,
    Receipt,
}

/// A part of a statement: a condition, or an assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clause {
    /// `current_jti = …`
    Current,
    /// `previous_jti = …`, or that there is one.
    Parent,
    /// `revoked_at IS NULL`
    Revoked,
    /// The comparison of `settles_at` with now.
    Settled,
    /// `received_at IS NULL`
    Received,
    /// Everything that a rotation requires of a successor that was not presented yet.
    Orphan,
    /// `received_at IS NOT NULL OR …`
    OrphanReceived,
    /// `previous_jti IS NULL OR …`
    OrphanFirst,
    /// `… OR settles_at < orphaned_before`
    OrphanSettled,
    /// The comparison of `rotated_at` with now.
    Rotated,
    /// `expires_at > now AND ends_at > now`
    Ends,
    SetsCurrent,
    SetsParent,
    SetsTimes,
    SetsRotated,
    SetsReceived,
    SetsSettles,
    /// The greater of `settles_at` and the new value.
    Max,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A statement without one of its clauses.
    Without(Statement, Clause),
    /// A difference that is added to the time that a clause compares or assigns.
    Off(Statement, Clause, Millis),
    /// An UPDATE that resets `ends_at`.
    AbsoluteEndExtended,
    /// An UPDATE that does not cap the idle end.
    IdleEndUncapped,
    /// A read that checks the condition of a rotation, and a write without it.
    CheckThenWrite,
    /// The count of changed rows is ignored: each caller believes that it rotated.
    CountIgnored,

    /// The row given to the core has the grandparent as the parent.
    GrandparentGraced,
    /// The row given to the core has a longer life of the successor: it is minted with another
    /// `exp`.
    SuccessorExtended,
    /// The row given to the core settles one millisecond late.
    GraceOneMillisecondLong,
    /// The row given to the core settles one millisecond early.
    GraceOneMillisecondShort,
    GraceNeverEnds,
    /// In the row given to the core, the successor was not presented.
    ReceiptForgotten,
    /// In the row given to the core, the successor was presented: every parent that is presented
    /// late counts as reuse, as it would without receipts.
    ReceiptInvented,

    /// The lines are sent although the row was not changed.
    WithheldWritten,
    /// An answer never asks before it is sent.
    LeavesUnasked,
    /// An answer asks one millisecond too late.
    LeavesOneMillisecondLong,
    /// A pair is noted as received when it is given.
    ReceiptWhenGiven,
    /// The noted receipts are never written.
    ReceiptsNeverWritten,

    /// The read after an UPDATE of 0 rows sees the row as it was before its last change.
    StaleRead,
    /// The session check sees the row as it was before its last change.
    StaleSessionCheck,
    /// A revocation is reported as done, and rolled back.
    RevocationRolledBack,
    /// A client that disconnects cancels the revocation.
    RevocationCancelled,
    /// A revocation does not enter the revoked set of its own node.
    RevokedSetForgets,
    /// The other node does not ask for revocations.
    NobodyPolls,
}

/// The clauses of a statement under a fault.
#[derive(Clone, Copy)]
pub(crate) struct Clauses {
    pub(crate) statement: Statement,
    pub(crate) fault: Option<Fault>,
}

impl Clauses {
    /// Whether the clause is present.
    pub(crate) fn has(self, clause: Clause) -> bool {
        self.fault != Some(Fault::Without(self.statement, clause))
    }

    /// A condition that applies only if its clause is present.
    pub(crate) fn holds(self, clause: Clause, condition: bool) -> bool {
        condition || !self.has(clause)
    }

    /// The difference that is added to the time of a clause.
    pub(crate) fn off(self, clause: Clause) -> Millis {
        match self.fault {
            Some(Fault::Off(statement, at, by)) if (statement, at) == (self.statement, clause) => by,
            _ => 0,
        }
    }
}
