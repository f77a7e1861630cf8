//! The conditional changes of one row with one fault.

use cookiejwt_core::{
    SessionId,
    store::{
        AnswerLateRequest, Receipt, ReplaceRequest, RotationRequest, SessionRecord, SettleRequest, Timestamp,
    },
};
use tokio::task::yield_now;

use super::{Fault, store::Broken};

/// A change of one row: whether the row meets its condition, and what it writes.
pub(super) trait Change {
    fn id(&self) -> &SessionId;
    /// Of this row, which the broken store may have made to look like another one.
    fn is_met(&self, broken: &Broken, row: SessionRecord) -> bool;
    fn write(&self, fault: Fault, row: &mut SessionRecord);
    /// Whether it is decided in one step and written in another, and whether it writes the whole
    /// row then.
    fn two_steps(&self, fault: Fault) -> Option<bool> {
        match fault {
            Fault::ChangesInTwoSteps => Some(false),
            Fault::ChangesWriteTheWholeRow => Some(true),
            _ => None,
        }
    }
}

impl Broken {
    /// Whether a row was changed.
    pub(super) async fn change(&self, change: &impl Change) -> bool {
        if let (Some(whole_row), Some(seen)) = (change.two_steps(self.fault), self.row(change.id())) {
            let met = change.is_met(self, seen.clone());
            yield_now().await;
            return met
                && self.write(change, |row| {
                    if whole_row {
                        row.clone_from(&seen);
                    }
                });
        }
        self.write_if(change)
    }

    fn write(&self, change: &impl Change, prepare: impl FnOnce(&mut SessionRecord)) -> bool {
        let mut rows = self.rows();
        let Some(position) = self.position(&rows, change.id()) else { return false };
        let row = &mut rows.changing()[position];
        prepare(row);
        change.write(self.fault, row);
        true
    }

    /// Everything in one go, as it should be.
    fn write_if(&self, change: &impl Change) -> bool {
        let mut rows = self.rows();
        let Some(position) = self.position(&rows, change.id()) else { return false };
        let before = rows.now[position].clone();
        if !change.is_met(self, self.as_seen(before.clone())) {
            return false;
        }
        let row = &mut rows.changing()[position];
        change.write(self.fault, row);
        *row != before || !self.is(Fault::CountsOnlyWhatMoves)
    }

    /// As every condition of this store takes it.
    fn as_seen(&self, mut row: SessionRecord) -> SessionRecord {
        if self.is(Fault::ChangesTheRevoked) {
            row.revoked = None;
        }
        row
    }

    /// The id and the realm of the row instead of a request's, where this store cannot tell them
    /// apart.
    pub(super) fn is_same(
        &self,
        row: &SessionRecord,
        id: &SessionId,
        realm: &mut cookiejwt_core::store::Realm,
    ) -> bool {
        if self.is(Fault::TokensShareRealms) || self.same_realm(&row.realm, realm) {
            *realm = row.realm.clone();
        }
        self.same_id(&row.id, id)
    }
}

impl Change for RotationRequest {
    fn id(&self) -> &SessionId {
        &self.session_id
    }

    fn is_met(&self, broken: &Broken, mut row: SessionRecord) -> bool {
        let mut request = self.clone();
        if broken.is_same(&row, &self.session_id, &mut request.realm) {
            request.session_id = row.id.clone();
        }
        let presented = &self.presented;
        match broken.fault {
            Fault::RotatesTheRevoked => row.revoked = None,
            Fault::IgnoresTheAbsoluteEnd => row.ends_at = Timestamp::MAX,
            Fault::RipensTooLate => row.settles_at = row.settles_at.plus_millis(1),
            Fault::RotatesBeforeItSettles => request.now = request.now.plus_millis(1),
            Fault::OrphansTooEarly => request.orphaned_before = request.orphaned_before.plus_millis(1),
            Fault::RotatesTheUnreceived => row.received_at = Some(request.now),
            Fault::RotatesTheParent if row.previous_jti.as_ref() == Some(presented) => {
                row.current_jti = presented.clone();
            }
            Fault::TokensFoldCase if row.current_jti.as_str().eq_ignore_ascii_case(presented.as_str()) => {
                row.current_jti = presented.clone();
            }
            _ => {}
        }
        broken.judge_device(&mut request, &mut row);
        request.matches(&row)
    }

    fn write(&self, fault: Fault, row: &mut SessionRecord) {
        let before = row.clone();
        self.apply(row);
        match fault {
            Fault::RotationIsUnseen => row.last_seen_at = before.last_seen_at,
            Fault::RotationKeepsTheReceipt => row.received_at = before.received_at,
            Fault::RotationDoesNotSettle => row.settles_at = before.settles_at,
            Fault::RotationUnbinds => row.device = None,
            _ => {}
        }
    }

    fn two_steps(&self, fault: Fault) -> Option<bool> {
        match fault {
            Fault::RotatesInTwoSteps | Fault::ChangesInTwoSteps => Some(false),
            Fault::RotationWritesTheWholeRow => Some(true),
            _ => None,
        }
    }
}

impl Change for AnswerLateRequest {
    fn id(&self) -> &SessionId {
        &self.session_id
    }

    fn is_met(&self, broken: &Broken, mut row: SessionRecord) -> bool {
        let mut request = self.clone();
        if broken.is_same(&row, &self.session_id, &mut request.realm) {
            request.session_id = row.id.clone();
        }
        match broken.fault {
            Fault::AnswersTheReceived => row.received_at = None,
            Fault::AnswersTheBound => row.device = None,
            Fault::AnswersTheGrandparent => row.previous_jti = Some(self.presented.clone()),
            _ => {}
        }
        request.matches(&row)
    }

    fn write(&self, fault: Fault, row: &mut SessionRecord) {
        self.apply(row);
        match fault {
            Fault::LateAnswerIsSeen => row.last_seen_at = self.now,
            Fault::SettlesBack => row.settles_at = self.settles_at,
            _ => {}
        }
    }
}

impl Change for ReplaceRequest {
    fn id(&self) -> &SessionId {
        &self.late.session_id
    }

    fn is_met(&self, broken: &Broken, mut row: SessionRecord) -> bool {
        let mut request = self.clone();
        if broken.is_same(&row, &self.late.session_id, &mut request.late.realm) {
            request.late.session_id = row.id.clone();
        }
        match broken.fault {
            Fault::ReplacesTooEarly => request.settled_before = request.settled_before.plus_millis(1),
            Fault::ReplacesTheBound => row.device = None,
            Fault::ReplacesTheYoung => row.rotated_at = Some(Timestamp::from_millis(0)),
            _ => {}
        }
        request.matches(&row)
    }

    fn write(&self, fault: Fault, row: &mut SessionRecord) {
        let before = row.clone();
        self.apply(row);
        match fault {
            Fault::ReplacementMovesTheParent => row.previous_jti = Some(before.current_jti),
            Fault::ReplacementIsNotCurrent => row.current_jti = before.current_jti,
            _ => {}
        }
    }
}

impl Change for SettleRequest {
    fn id(&self) -> &SessionId {
        &self.session_id
    }

    fn is_met(&self, broken: &Broken, mut row: SessionRecord) -> bool {
        match broken.fault {
            Fault::SettlesTheOld => row.rotated_at = Some(self.rotated_after),
            Fault::SettlesTheReceived => row.received_at = None,
            _ => {}
        }
        self.matches(&row)
    }

    fn write(&self, fault: Fault, row: &mut SessionRecord) {
        self.apply(row);
        if fault == Fault::SlowAnswerIsSeen {
            row.last_seen_at = self.settles_at;
        }
    }
}

/// One of a batch.
pub(super) struct Received<'a> {
    pub(super) receipt: &'a Receipt,
    pub(super) batch: &'a [Receipt],
    pub(super) now: Timestamp,
    pub(super) settles_at: Timestamp,
}

impl Change for Received<'_> {
    fn id(&self) -> &SessionId {
        &self.receipt.session_id
    }

    fn is_met(&self, broken: &Broken, mut row: SessionRecord) -> bool {
        let mut receipt = self.receipt.clone();
        match broken.fault {
            Fault::ReceivesTheFirstToken => row.previous_jti = Some(receipt.refresh_jti.clone()),
            Fault::ReceivesAgain => row.received_at = None,
            Fault::ReceivesAcrossSessions
                if self.batch.iter().any(|other| other.refresh_jti == row.current_jti) =>
            {
                receipt.refresh_jti = row.current_jti.clone();
            }
            _ => {}
        }
        receipt.matches(&row)
    }

    fn write(&self, fault: Fault, row: &mut SessionRecord) {
        self.receipt.apply(row, self.now, self.settles_at);
        if fault == Fault::SettlesBack {
            row.settles_at = self.settles_at;
        }
    }
}
