//! One row per session, and the one conditional UPDATE, with the faults that the model must notice.

use cookiejwt_core::{RotationRequest, SessionRecord};

use crate::{
    scenario::{ABSOLUTE, Fault, IDLE, LEEWAY},
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
    pub(crate) ends: Seconds,
    pub(crate) revoked: Option<(Millis, Cause)>,
}

/// What an UPDATE is about: a [`RotationRequest`] in the model's words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) presented: u8,
    pub(crate) next: u8,
    pub(crate) issued: Seconds,
    pub(crate) expires: Seconds,
    pub(crate) now: Millis,
    pub(crate) rotated_before: Millis,
}

impl Change {
    pub(crate) fn of(request: &RotationRequest) -> Self {
        Self {
            presented: request.presented.as_str().parse().unwrap(),
            next: request.next.as_str().parse().unwrap(),
            issued: millis(request.issued_at) / 1000,
            expires: millis(request.expires_at) / 1000,
            now: millis(request.now),
            rotated_before: millis(request.rotated_before),
        }
    }
}

impl Row {
    /// The condition of the UPDATE, written down a second time.
    pub(crate) fn matches(&self, change: &Change, fault: Option<Fault>) -> bool {
        let is = |other| fault == Some(other);
        let latest = match fault {
            Some(Fault::RotatesOneMillisecondEarly) => change.rotated_before + 1,
            Some(Fault::RotatesOneMillisecondLate) => change.rotated_before - 1,
            _ => change.rotated_before,
        };
        (self.current == change.presented || is(Fault::CurrentUnchecked))
            && (self.revoked.is_none() || is(Fault::RevocationUnchecked))
            && (self.rotated_at.is_none_or(|at| at <= latest) || is(Fault::OncePerLeewayUnchecked))
            && (self.is_within_ends(change.now) || is(Fault::EndsUnchecked))
    }

    pub(crate) fn apply(&mut self, change: &Change, fault: Option<Fault>) {
        if fault != Some(Fault::ParentForgotten) {
            self.previous = Some(change.presented);
        }
        self.current = change.next;
        self.issued = change.issued;
        self.expires = change.expires;
        self.rotated_at = Some(change.now);
        match fault {
            Some(Fault::AbsoluteEndExtended) => self.ends = change.issued + ABSOLUTE,
            Some(Fault::IdleEndUncapped) => self.expires = change.issued + IDLE,
            _ => {}
        }
    }

    pub(crate) fn is_within_ends(&self, now: Millis) -> bool {
        self.expires * 1000 > now && self.ends * 1000 > now
    }

    /// Whether a token with this id can be rotated, now or when the leeway is over.
    pub(crate) fn can_rotate(&self, id: u8, now: Millis, fault: Option<Fault>) -> bool {
        let now = self.rotated_at.map_or(now, |at| now.max(at + LEEWAY));
        let rotated_before = now - LEEWAY;
        let change = Change { presented: id, next: id, issued: 0, expires: 0, now, rotated_before };
        self.matches(&change, fault)
    }

    pub(crate) fn token(&self) -> Refresh {
        let Self { session, current: id, issued, expires, .. } = *self;
        Refresh { session, id, issued, expires }
    }

    pub(crate) fn record(&self) -> SessionRecord {
        SessionRecord {
            id: self.session.id(),
            subject: subject(),
            current_jti: token_id(self.current),
            previous_jti: self.previous.map(token_id),
            issued_at: timestamp(self.issued * 1000),
            expires_at: timestamp(self.expires * 1000),
            rotated_at: self.rotated_at.map(timestamp),
            created_at: begun(self.session),
            auth_time: begun(self.session),
            last_seen_at: begun(self.session),
            ends_at: timestamp(self.ends * 1000),
            revoked: self.revoked.map(|(at, cause)| (timestamp(at), cause.reason())),
            remember: true,
            user_agent: None,
            ip: None,
        }
    }

    pub(crate) fn of(record: &SessionRecord) -> Self {
        Self {
            session: Session::parse(record.id.as_str()),
            current: record.current_jti.as_str().parse().unwrap(),
            previous: record.previous_jti.as_ref().map(|id| id.as_str().parse().unwrap()),
            issued: millis(record.issued_at) / 1000,
            expires: millis(record.expires_at) / 1000,
            rotated_at: record.rotated_at.map(millis),
            ends: millis(record.ends_at) / 1000,
            revoked: record.revoked.map(|(at, reason)| (millis(at), Cause::of(reason))),
        }
    }
}

/// The store of the model and the one that ships in memory must agree about every UPDATE.
pub(crate) fn assert_same_as_shipped(row: &Row, request: &RotationRequest, has_matched: bool, after: &Row) {
    let mut record = row.record();
    assert_eq!(request.matches(&record), has_matched, "{row:?} {request:?}");
    if has_matched {
        request.apply(&mut record);
        assert_eq!(Row::of(&record), *after);
    }
}
