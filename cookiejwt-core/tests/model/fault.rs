//! Faults that are seeded one at a time. Rows are those of `cookiejwt_core::rules`.

use crate::token::Millis;

/// One of the five conditional statements about a living session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Statement {
    Rotate,
    /// Row o' 1.
    AnswerLate,
    /// Row o' 2.
    Replace,
    /// An answer that leaves late.
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
    /// All that a rotation asks of a successor with which nobody has come.
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
    /// So much is added to the time that a clause compares or assigns.
    Off(Statement, Clause, Millis),
    /// UPDATE that sets `ends_at` anew.
    AbsoluteEndExtended,
    /// UPDATE that does not cap the idle end.
    IdleEndUncapped,
    /// A read that checks the condition of a rotation, and a write without it.
    CheckThenWrite,
    /// The count of changed rows is not looked at: each caller believes that he rotated.
    CountIgnored,

    /// The row given to the core says that the grandparent is the parent.
    GrandparentGraced,
    /// The row given to the core says that the successor lives longer: it is minted with another `exp`.
    SuccessorExtended,
    /// The row given to the core settles one millisecond late.
    GraceOneMillisecondLong,
    /// The row given to the core settles one millisecond early.
    GraceOneMillisecondShort,
    GraceNeverEnds,
    /// The row given to the core says that nobody has come with the successor.
    ReceiptForgotten,
    /// The row given to the core says that somebody has come with the successor: every parent that comes back late is
    /// theft, as it was before there were receipts.
    ReceiptInvented,

    /// The lines leave although the row was not changed.
    WithheldWritten,
    /// An answer never asks before it leaves.
    LeavesUnasked,
    /// An answer asks one millisecond too late.
    LeavesOneMillisecondLong,
    /// A pair is noted as received when it is given.
    ReceiptWhenGiven,
    /// What was noted is never written.
    ReceiptsNeverWritten,

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

/// What a statement is made of under a fault.
#[derive(Clone, Copy)]
pub(crate) struct Clauses {
    pub(crate) statement: Statement,
    pub(crate) fault: Option<Fault>,
}

impl Clauses {
    /// Whether the clause is there.
    pub(crate) fn has(self, clause: Clause) -> bool {
        self.fault != Some(Fault::Without(self.statement, clause))
    }

    /// A condition that counts only when it is there.
    pub(crate) fn holds(self, clause: Clause, condition: bool) -> bool {
        condition || !self.has(clause)
    }

    /// What is added to the time that a clause is about.
    pub(crate) fn off(self, clause: Clause) -> Millis {
        match self.fault {
            Some(Fault::Off(statement, at, by)) if (statement, at) == (self.statement, clause) => by,
            _ => 0,
        }
    }
}
