//! One row per session, and a second implementation of the conditional UPDATEs, with the faults
//! that the model must notice.

use cookiejwt_core::store::{Realm, SessionRecord};

use crate::{
    changes::{Change, Late},
    fault::{Clause, Clauses, Fault},
    scenario::{ABSOLUTE, IDLE},
    server::{begun, subject},
    token::{Cause, Millis, Refresh, Seconds, Session, millis, timestamp, token_id},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) session: Session,
    pub(crate) current: u8,
    pub(crate) previous: Option<u8>,
    pub(crate) issued: Seconds,
    pub(crate) expires: Seconds,
    pub(crate) rotated_at: Option<Millis>,
    pub(crate) settles_at: Millis,
    pub(crate) received_at: Option<Millis>,
    pub(crate) ends: Seconds,
    pub(crate) revoked: Option<(Millis, Cause)>,
}

impl Row {
    /// Whether a statement changes this row.
    pub(crate) fn matches(&self, change: &Change, fault: Option<Fault>) -> bool {
        let clauses = Clauses { statement: change.statement(), fault };
        if !clauses.holds(Clause::Revoked, self.revoked.is_none()) {
            return false;
        }
        let follows = |current| {
            clauses.holds(Clause::Current, self.current == current)
                && clauses.holds(Clause::Parent, self.previous.is_some())
                && clauses.holds(Clause::Received, self.received_at.is_none())
        };
        match *change {
            Change::Rotate { presented, now, orphaned_before, .. } => {
                clauses.holds(Clause::Current, self.current == presented)
                    && clauses.holds(Clause::Settled, self.settles_at + clauses.off(Clause::Settled) < now)
                    && self.is_no_orphan(orphaned_before, clauses)
                    && clauses.holds(Clause::Ends, self.is_within_ends(now))
            }
            Change::AnswerLate(late) => self.is_late(&late, clauses),
            Change::Replace { late, settled_before, rotated_before, .. } => {
                let settled_at = self.settles_at + clauses.off(Clause::Settled);
                let is_old =
                    self.rotated_at.is_some_and(|at| at + clauses.off(Clause::Rotated) < rotated_before);
                self.is_late(&late, clauses)
                    && clauses.holds(Clause::Settled, settled_at < settled_before)
                    && clauses.holds(Clause::Rotated, is_old)
            }
            Change::Settle { current, rotated_after, .. } => {
                let is_young =
                    self.rotated_at.is_some_and(|at| at + clauses.off(Clause::Rotated) >= rotated_after);
                follows(current) && clauses.holds(Clause::Rotated, is_young)
            }
            Change::Receipt { received, .. } => follows(received),
        }
    }

    /// A successor that was not presented yet waits one leeway longer before it rotates.
    fn is_no_orphan(&self, orphaned_before: Millis, clauses: Clauses) -> bool {
        let there_and = |clause, condition| clauses.has(clause) && condition;
        let settled_at = self.settles_at + clauses.off(Clause::OrphanSettled);
        let is_none = there_and(Clause::OrphanReceived, self.received_at.is_some())
            || there_and(Clause::OrphanFirst, self.previous.is_none())
            || there_and(Clause::OrphanSettled, settled_at < orphaned_before);
        clauses.holds(Clause::Orphan, is_none)
    }

    fn is_late(&self, late: &Late, clauses: Clauses) -> bool {
        clauses.holds(Clause::Current, self.current == late.current)
            && clauses.holds(Clause::Parent, self.previous == Some(late.presented))
            && clauses.holds(Clause::Received, self.received_at.is_none())
            && clauses.holds(Clause::Ends, self.is_within_ends(late.now))
    }

    pub(crate) fn apply(&mut self, change: &Change, fault: Option<Fault>) {
        let clauses = Clauses { statement: change.statement(), fault };
        match *change {
            Change::Rotate { presented, next, issued, expires, now, settles_at, .. } => {
                set(clauses, Clause::SetsParent, &mut self.previous, Some(presented));
                set(clauses, Clause::SetsCurrent, &mut self.current, next);
                set(clauses, Clause::SetsTimes, &mut self.issued, issued);
                set(clauses, Clause::SetsTimes, &mut self.expires, expires);
                self.rotates(now, settles_at, clauses);
                set(clauses, Clause::SetsReceived, &mut self.received_at, None);
                match fault {
                    Some(Fault::AbsoluteEndExtended) => self.ends = issued + ABSOLUTE,
                    Some(Fault::IdleEndUncapped) => self.expires = issued + IDLE,
                    _ => {}
                }
            }
            Change::AnswerLate(Late { settles_at, .. }) | Change::Settle { settles_at, .. } => {
                self.settles_later(settles_at, clauses);
            }
            Change::Replace { late, next, .. } => {
                set(clauses, Clause::SetsCurrent, &mut self.current, next);
                self.rotates(late.now, late.settles_at, clauses);
                // A replacement does not change this; a rotation would.
                if !clauses.has(Clause::SetsParent) {
                    self.previous = Some(late.current);
                }
                if !clauses.has(Clause::SetsTimes) {
                    self.expires = (late.now / 1000 + IDLE).min(self.ends);
                }
            }
            Change::Receipt { now, settles_at, .. } => {
                set(clauses, Clause::SetsReceived, &mut self.received_at, Some(now));
                self.settles_later(settles_at, clauses);
            }
        }
    }

    fn rotates(&mut self, now: Millis, settles_at: Millis, clauses: Clauses) {
        let rotated_at = now + clauses.off(Clause::SetsRotated);
        set(clauses, Clause::SetsRotated, &mut self.rotated_at, Some(rotated_at));
        let settles_at = settles_at + clauses.off(Clause::SetsSettles);
        set(clauses, Clause::SetsSettles, &mut self.settles_at, settles_at);
    }

    fn settles_later(&mut self, settles_at: Millis, clauses: Clauses) {
        let settles_at = settles_at + clauses.off(Clause::SetsSettles);
        let settles_at = if clauses.has(Clause::Max) { settles_at.max(self.settles_at) } else { settles_at };
        set(clauses, Clause::SetsSettles, &mut self.settles_at, settles_at);
    }

    pub(crate) fn is_within_ends(&self, now: Millis) -> bool {
        self.expires * 1000 > now && self.ends * 1000 > now
    }

    /// Whether a token with this id can be rotated, at once or after a while.
    pub(crate) fn can_rotate(&self, id: u8, now: Millis, fault: Option<Fault>) -> bool {
        let now = now.max(self.settles_at + 2);
        let change = Change::Rotate {
            presented: id,
            next: id,
            issued: 0,
            expires: 0,
            now,
            settles_at: now,
            orphaned_before: now,
        };
        self.matches(&change, fault)
    }

    pub(crate) fn token(&self) -> Refresh {
        let Self { session, current: id, issued, expires, .. } = *self;
        Refresh { session, id, issued, expires }
    }

    pub(crate) fn record(&self) -> SessionRecord {
        let (id, current) = (self.session.id(), token_id(self.current));
        let mut record = SessionRecord::new(id, Realm::default(), subject(), current, begun(self.session));
        record.previous_jti = self.previous.map(token_id);
        record.issued_at = timestamp(self.issued * 1000);
        record.expires_at = timestamp(self.expires * 1000);
        record.rotated_at = self.rotated_at.map(timestamp);
        record.settles_at = timestamp(self.settles_at);
        record.received_at = self.received_at.map(timestamp);
        record.ends_at = timestamp(self.ends * 1000);
        record.revoked = self.revoked.map(|(at, cause)| (timestamp(at), cause.reason()));
        record.remember = true;
        record
    }

    pub(crate) fn of(record: &SessionRecord) -> Self {
        Self {
            session: Session::parse(record.id.as_str()),
            current: record.current_jti.as_str().parse().unwrap(),
            previous: record.previous_jti.as_ref().map(|id| id.as_str().parse().unwrap()),
            issued: millis(record.issued_at) / 1000,
            expires: millis(record.expires_at) / 1000,
            rotated_at: record.rotated_at.map(millis),
            settles_at: millis(record.settles_at),
            received_at: record.received_at.map(millis),
            ends: millis(record.ends_at) / 1000,
            revoked: record.revoked.map(|(at, reason)| (millis(at), Cause::of(reason))),
        }
    }
}

fn set<T>(clauses: Clauses, clause: Clause, column: &mut T, value: T) {
    if clauses.has(clause) {
        *column = value;
    }
}
