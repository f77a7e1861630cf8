//! A store in memory with one fault.

use std::sync::{Arc, Mutex, MutexGuard};

use cookiejwt_core::{
    AnswerLateRequest, ChangeOutcome, Realm, Receipt, ReplaceRequest, Revocation, RevocationReason,
    RotationOutcome, RotationRequest, SessionId, SessionRecord, SettleRequest, Subject, ThrottleOutcome,
    ThrottleRefund, ThrottleRequest, Timestamp,
};
use tokio::task::yield_now;

use super::{Fault, throttle::Buckets};
use crate::{RevokedSession, StoreError, TokenStore};

#[derive(Clone)]
pub(super) struct Broken {
    fault: Fault,
    rows: Arc<Mutex<Rows>>,
    buckets: Buckets,
}

/// The rows, and as they were before the last change: what a replica that lags behind shows.
#[derive(Default)]
struct Rows {
    now: Vec<SessionRecord>,
    before: Vec<SessionRecord>,
    busy: u32,
}

impl Rows {
    fn changing(&mut self) -> &mut Vec<SessionRecord> {
        self.before.clone_from(&self.now);
        &mut self.now
    }
}

impl Broken {
    pub(super) fn with(fault: Fault) -> Self {
        Self { fault, rows: Arc::default(), buckets: Buckets::default() }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap()
    }

    /// The rows as this question sees them.
    fn seen(&self, stale: Fault) -> Vec<SessionRecord> {
        let rows = self.rows();
        if self.is(stale) { rows.before.clone() } else { rows.now.clone() }
    }

    fn same_id(&self, one: &SessionId, other: &SessionId) -> bool {
        if self.is(Fault::IdsFoldCase) {
            return one.as_str().eq_ignore_ascii_case(other.as_str());
        }
        one == other
    }

    fn same_subject(&self, one: &Subject, other: &Subject) -> bool {
        if self.is(Fault::SubjectsArePadded) {
            return one.as_str().trim_end() == other.as_str().trim_end();
        }
        one == other
    }

    fn stored(&self, session: &SessionRecord) -> SessionRecord {
        let mut row = session.clone();
        match self.fault {
            Fault::ForgetsTheAddress => row.ip = None,
            Fault::CutsTheSubject => {
                row.subject = row.subject.as_str().chars().take(190).collect::<String>().into();
            }
            Fault::CountsTo2038 => {
                row.last_seen_at = row.last_seen_at.min(Timestamp::from_seconds(i32::MAX.into()));
            }
            Fault::KeepsSeconds => row.last_seen_at = Timestamp::from_seconds(row.last_seen_at.as_seconds()),
            _ => {}
        }
        row
    }

    fn matches(&self, request: &RotationRequest, row: &SessionRecord) -> bool {
        let mut row = row.clone();
        let mut request = request.clone();
        if self.same_id(&row.id, &request.session_id) {
            request.session_id = row.id.clone();
        }
        match self.fault {
            Fault::RotatesTheRevoked => row.revoked = None,
            Fault::IgnoresTheAbsoluteEnd => row.ends_at = Timestamp::from_millis(i64::MAX),
            Fault::RipensTooLate => request.rotated_before = request.rotated_before.plus_millis(-1),
            Fault::RotatesTheParent if row.previous_jti.as_ref() == Some(&request.presented) => {
                row.current_jti = request.presented.clone();
            }
            Fault::TokensFoldCase
                if row.current_jti.as_str().eq_ignore_ascii_case(request.presented.as_str()) =>
            {
                row.current_jti = request.presented.clone();
            }
            _ => {}
        }
        request.matches(&row)
    }

    fn position(&self, rows: &Rows, id: &SessionId) -> Option<usize> {
        rows.now.iter().position(|row| self.same_id(&row.id, id))
    }

    fn row(&self, id: &SessionId) -> Option<SessionRecord> {
        let rows = self.rows();
        self.position(&rows, id).map(|position| rows.now[position].clone())
    }

    /// Everything in one go, as it should be.
    fn rotate_at_once(&self, request: &RotationRequest) -> bool {
        let mut rows = self.rows();
        let Some(position) = self.position(&rows, &request.session_id) else { return false };
        if !self.matches(request, &rows.now[position]) {
            return false;
        }
        let row = &mut rows.changing()[position];
        let last_seen_at = row.last_seen_at;
        request.apply(row);
        if self.is(Fault::RotationIsUnseen) {
            row.last_seen_at = last_seen_at;
        }
        true
    }

    fn mark(&self, id: &SessionId, at: Timestamp, reason: RevocationReason) -> bool {
        let mut rows = self.rows();
        let Some(position) = self.position(&rows, id) else { return self.is(Fault::RevokesTheUnknown) };
        let row = &mut rows.changing()[position];
        if row.revoked.is_some() && !self.is(Fault::LastReasonStays) {
            return false;
        }
        row.revoked.replace((at, reason)).is_none()
    }

    fn mark_all(&self, ids: &[SessionId], at: Timestamp, reason: RevocationReason) {
        for id in ids {
            self.mark(id, at, reason);
        }
    }

    fn living(&self, subject: &Subject) -> Vec<SessionRecord> {
        let mut rows = self.rows().now.clone();
        rows.retain(|row| self.same_subject(&row.subject, subject) && row.revoked.is_none());
        rows
    }

    fn ended(&self, now: Timestamp, row: &SessionRecord) -> bool {
        match self.fault {
            Fault::PurgesTheRevoked => row.ends_at <= now || row.revoked.is_some(),
            Fault::PurgesTheIdle => row.ends_at <= now || row.expires_at <= now,
            _ => row.ends_at <= now,
        }
    }
}

impl TokenStore for Broken {
    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        let exists = self.row(&session.id);
        if self.is(Fault::CreatesInTwoSteps) {
            yield_now().await;
        }
        if self.is(Fault::CreatesFromASnapshot) {
            let mut rows = self.rows().now.clone();
            yield_now().await;
            rows.push(session.clone());
            *self.rows().changing() = rows;
            return Ok(());
        }
        let may_replace = self.is(Fault::Upserts)
            || self.is(Fault::RevokedIdsAreFree) && exists.as_ref().is_some_and(|row| row.revoked.is_some());
        let checked = if self.is(Fault::CreatesInTwoSteps) { exists.as_ref() } else { None };
        let mut rows = self.rows();
        let position = rows.now.iter().position(|row| row.id == session.id);
        match position {
            Some(position) if may_replace || self.is(Fault::CreatesInTwoSteps) && checked.is_none() => {
                rows.changing()[position] = self.stored(session);
            }
            Some(_) => return Err(StoreError::new("a session with this id exists")),
            None => rows.changing().push(self.stored(session)),
        }
        Ok(())
    }

    async fn find(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        let rows = self.seen(Fault::ReadsFromAReplica);
        Ok(rows.into_iter().find(|row| self.same_id(&row.id, id)))
    }

    async fn rotate(&self, request: &RotationRequest) -> Result<RotationOutcome, StoreError> {
        let seen = self.row(&request.session_id);
        let matched = seen.as_ref().is_some_and(|row| self.matches(request, row));
        let position = self.position(&self.rows(), &request.session_id);
        match self.fault {
            Fault::RotatesInTwoSteps | Fault::RotationWritesTheWholeRow if matched => {
                yield_now().await;
                let (mut rows, position) = (self.rows(), position.unwrap());
                let row = &mut rows.changing()[position];
                if self.is(Fault::RotationWritesTheWholeRow) {
                    row.clone_from(seen.as_ref().unwrap());
                }
                request.apply(row);
                return Ok(RotationOutcome::Rotated);
            }
            Fault::FailsAtOnce => {
                self.rows().busy += 1;
                yield_now().await;
                let busy = std::mem::take(&mut self.rows().busy);
                if busy > 1 {
                    return Err(StoreError::new("could not serialize access"));
                }
            }
            Fault::LosersSeeTheirSnapshot => yield_now().await,
            _ => {}
        }
        if self.rotate_at_once(request) {
            return Ok(RotationOutcome::Rotated);
        }
        let found = if self.is(Fault::LosersSeeTheirSnapshot) { seen } else { self.row(&request.session_id) };
        Ok(RotationOutcome::Unmatched(found.map(Box::new)))
    }

    async fn revoke(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        let Revocation { session_id, reason, at } = revocation;
        if !self.is(Fault::RevokesInTwoSteps) {
            return Ok(self.mark(session_id, *at, *reason));
        }
        let alive = self.row(session_id).is_some_and(|row| row.revoked.is_none());
        yield_now().await;
        Ok(alive && { self.mark(session_id, *at, *reason) || alive })
    }

    async fn revoke_subject(
        &self,
        realm: &Realm,
        subject: &Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        let living = self.living(subject);
        let named: Vec<_> = living.iter().map(|row| row.id.clone()).collect();
        match self.fault {
            Fault::NamesNobody => {
                self.mark_all(&named, at, reason);
                return Ok(Vec::new());
            }
            Fault::NamesBeforeItMarks => {
                yield_now().await;
                let living: Vec<_> = self.living(subject).into_iter().map(|row| row.id).collect();
                self.mark_all(&living, at, reason);
                return Ok(named);
            }
            Fault::SkipsWhatHasChanged => yield_now().await,
            _ => {}
        }
        let same = |row: &SessionRecord| {
            !self.is(Fault::SkipsWhatHasChanged) || self.row(&row.id).as_ref() == Some(row)
        };
        let marked = living.into_iter().filter(|row| same(row) && self.mark(&row.id, at, reason));
        Ok(marked.map(|row| row.id).collect())
    }

    async fn revoked_since(&self, since: Timestamp) -> Result<Vec<RevokedSession>, StoreError> {
        let since = if self.is(Fault::FeedBoundaryIsExclusive) { since.plus_millis(1) } else { since };
        let revoked = self.seen(Fault::FeedLagsBehind).into_iter().filter_map(|row| {
            let (at, reason) = row.revoked.filter(|(at, _)| *at >= since)?;
            Some(RevokedSession { id: row.id, reason, at })
        });
        Ok(revoked.collect())
    }

    async fn sessions_of(
        &self,
        realm: &Realm,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        let mut rows = self.seen(Fault::ListLagsBehind);
        rows.retain(|row| {
            let expires_at = if self.is(Fault::ListsTheIdle) { row.ends_at } else { row.expires_at };
            let own = self.same_subject(&row.subject, subject) && row.revoked.is_none();
            own && expires_at > now && row.ends_at > now
        });
        match self.fault {
            Fault::ListsTheOldestFirst => rows.sort_by_key(|row| (row.created_at, row.id.clone())),
            Fault::ListsByDictionary => {
                rows.sort_by_key(|row| (row.created_at, row.id.as_str().to_lowercase()));
                rows.reverse();
            }
            _ => rows.sort_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id))),
        }
        Ok(rows)
    }

    async fn purge(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        if self.is(Fault::NeverPurges) {
            return Ok(0);
        }
        let limit = if self.is(Fault::PurgesWithoutLimit) { u64::MAX } else { limit };
        let mut rows = self.rows().now.clone();
        let ended: Vec<_> =
            rows.iter().filter(|row| self.ended(now, row)).map(|row| row.id.clone()).collect();
        let ended: Vec<_> = ended.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
        if [Fault::PurgeCountsWhatItRead, Fault::PurgeRewritesTheTable].contains(&self.fault) {
            yield_now().await;
        }
        rows.retain(|row| !ended.contains(&row.id));
        let mut all = self.rows();
        let before = all.now.len();
        let left = all.changing();
        left.retain(|row| !ended.contains(&row.id));
        let deleted = before - left.len();
        if self.is(Fault::PurgeRewritesTheTable) {
            *left = rows;
        }
        Ok(if self.is(Fault::PurgeCountsWhatItRead) { ended.len() } else { deleted } as u64)
    }
    async fn throttle(&self, request: &ThrottleRequest) -> Result<Option<ThrottleOutcome>, StoreError> {
        // Who never purges keeps no buckets either, which is right.
        if self.is(Fault::NeverPurges) {
            return Ok(None);
        }
        Ok(Some(self.buckets.count(self.fault, request).await))
    }

    async fn refund(&self, refund: &ThrottleRefund) -> Result<(), StoreError> {
        self.buckets.refund(self.fault, refund);
        Ok(())
    }

    async fn purge_throttle(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        Ok(self.buckets.purge(self.fault, now, limit))
    }
}
