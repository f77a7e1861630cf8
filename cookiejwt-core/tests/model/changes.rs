//! The questions that the core asks the store about a live session, in the model's terms.

use cookiejwt_core::{
    driver::LateRequest,
    store::{AnswerLateRequest, Receipt, RotationRequest, SettleRequest, Timestamp},
};

use crate::{
    fault::Statement,
    scenario::LEEWAY,
    store::Row,
    token::{Millis, Seconds, Session, millis, number, timestamp, token_id},
};

/// A question, and its content in numbers.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) session: Session,
    pub(crate) change: Change,
    question: Question,
}

/// A question as the core asks it, or as the driver writes a receipt.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    Rotate(RotationRequest),
    Late(LateRequest),
    Settle(SettleRequest),
    Receipt { receipt: Receipt, now: Millis },
}

/// The same in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Change {
    Rotate {
        presented: u8,
        next: u8,
        issued: Seconds,
        expires: Seconds,
        now: Millis,
        settles_at: Millis,
        orphaned_before: Millis,
    },
    AnswerLate(Late),
    Replace {
        late: Late,
        next: u8,
        settled_before: Millis,
        rotated_before: Millis,
    },
    Settle {
        current: u8,
        settles_at: Millis,
        rotated_after: Millis,
    },
    Receipt {
        received: u8,
        now: Millis,
        settles_at: Millis,
    },
}

/// The content of both late answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Late {
    pub(crate) current: u8,
    pub(crate) presented: u8,
    pub(crate) now: Millis,
    pub(crate) settles_at: Millis,
}

impl Asked {
    pub(crate) fn new(question: Question) -> Self {
        Self { session: question.session(), change: Change::of(&question), question }
    }

    pub(crate) fn receipt(session: Session, id: u8, now: Millis) -> Self {
        let receipt = Receipt::new(session.id(), token_id(id));
        Self::new(Question::Receipt { receipt, now })
    }

    pub(crate) fn is_late(&self) -> bool {
        matches!(self.question, Question::Late(_))
    }

    /// The store of the model and the one that ships in memory must agree about every UPDATE.
    pub(crate) fn assert_same_as_shipped(&self, row: &Row, has_matched: bool, after: &Row) {
        self.question.assert_same_as_shipped(row, has_matched, after);
    }
}

impl Question {
    fn session(&self) -> Session {
        let id = match self {
            Self::Rotate(request) => &request.session_id,
            Self::Late(LateRequest::Answer(request)) => &request.session_id,
            Self::Late(LateRequest::Replace(request)) => &request.late.session_id,
            Self::Settle(request) => &request.session_id,
            Self::Receipt { receipt, .. } => &receipt.session_id,
        };
        Session::parse(id.as_str())
    }

    fn assert_same_as_shipped(&self, row: &Row, has_matched: bool, after: &Row) {
        let mut record = row.record();
        let matches = match self {
            Self::Rotate(request) => request.matches(&record),
            Self::Late(LateRequest::Answer(request)) => request.matches(&record),
            Self::Late(LateRequest::Replace(request)) => request.matches(&record),
            Self::Settle(request) => request.matches(&record),
            Self::Receipt { receipt, .. } => receipt.matches(&record),
        };
        assert_eq!(matches, has_matched, "{row:?} {self:?}");
        if has_matched {
            match self {
                Self::Rotate(request) => request.apply(&mut record),
                Self::Late(LateRequest::Answer(request)) => request.apply(&mut record),
                Self::Late(LateRequest::Replace(request)) => request.apply(&mut record),
                Self::Settle(request) => request.apply(&mut record),
                Self::Receipt { receipt, now } => {
                    receipt.apply(&mut record, timestamp(*now), timestamp(now + LEEWAY));
                }
            }
            assert_eq!(Row::of(&record), *after, "{self:?}");
        }
    }
}

impl Change {
    fn of(question: &Question) -> Self {
        match question {
            Question::Rotate(request) => Self::Rotate {
                presented: number(&request.presented),
                next: number(&request.next),
                issued: whole_seconds(request.issued_at),
                expires: whole_seconds(request.expires_at),
                now: millis(request.now),
                settles_at: millis(request.settles_at),
                orphaned_before: millis(request.orphaned_before),
            },
            Question::Late(LateRequest::Answer(request)) => Self::AnswerLate(Late::of(request)),
            Question::Late(LateRequest::Replace(request)) => Self::Replace {
                late: Late::of(&request.late),
                next: number(&request.next),
                settled_before: millis(request.settled_before),
                rotated_before: millis(request.rotated_before),
            },
            Question::Settle(request) => Self::Settle {
                current: number(&request.current),
                settles_at: millis(request.settles_at),
                rotated_after: millis(request.rotated_after),
            },
            Question::Receipt { receipt, now } => {
                Self::Receipt { received: number(&receipt.refresh_jti), now: *now, settles_at: now + LEEWAY }
            }
        }
    }

    pub(crate) fn statement(&self) -> Statement {
        match self {
            Self::Rotate { .. } => Statement::Rotate,
            Self::AnswerLate(_) => Statement::AnswerLate,
            Self::Replace { .. } => Statement::Replace,
            Self::Settle { .. } => Statement::Settle,
            Self::Receipt { .. } => Statement::Receipt,
        }
    }
}

impl Late {
    fn of(request: &AnswerLateRequest) -> Self {
        Self {
            current: number(&request.current),
            presented: number(&request.presented),
            now: millis(request.now),
            settles_at: millis(request.settles_at),
        }
    }
}

fn whole_seconds(time: Timestamp) -> Seconds {
    millis(time) / 1000
}
