//! A store in memory with one fault.

use std::sync::{Arc, Mutex, MutexGuard};

use cookiejwt_core::{
    SessionId, Subject,
    store::{
        AnswerLateRequest, BindRequest, BucketId, ChangeOutcome, ClaimsRenewal, Realm, RealmRevocation,
        Receipt, ReplaceRequest, Revocation, RevocationReason, RotationOutcome, RotationRequest, SessionEnds,
        SessionRecord, SettleRequest, SpentId, ThrottleCharge, Timestamp,
    },
};
use tokio::task::yield_now;

use super::{
    Fault,
    changes::{Change, Received},
    spent::Spent,
    throttle::Buckets,
};
use crate::{
    errors::StoreError,
    stores::{RenewedSession, RevokedBatch, RevokedSession, TokenStore},
};

#[derive(Clone)]
pub(super) struct Broken {
    pub(super) fault: Fault,
    rows: Arc<Mutex<Rows>>,
    buckets: Buckets,
    spent: Spent,
}

/// The rows, and as they were before the last change: what a lagging replica shows.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) now: Vec<SessionRecord>,
    before: Vec<SessionRecord>,
    busy: u32,
}

impl Rows {
    pub(super) fn changing(&mut self) -> &mut Vec<SessionRecord> {
        self.before.clone_from(&self.now);
        &mut self.now
    }
}

impl Broken {
    pub(super) fn with(fault: Fault) -> Self {
        Self { fault, rows: Arc::default(), buckets: Buckets::default(), spent: Spent::default() }
    }

    pub(super) fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    pub(super) fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap()
    }

    /// The rows as this question sees them.
    pub(super) fn seen(&self, stale: Fault) -> Vec<SessionRecord> {
        let rows = self.rows();
        if self.is(stale) { rows.before.clone() } else { rows.now.clone() }
    }

    pub(super) fn same_id(&self, one: &SessionId, other: &SessionId) -> bool {
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

    pub(super) fn same_realm(&self, one: &Realm, other: &Realm) -> bool {
        if self.is(Fault::RealmsFoldCase) {
            return one.as_str().eq_ignore_ascii_case(other.as_str());
        }
        one == other
    }

    pub(super) fn is_of(&self, row: &SessionRecord, realm: &Realm, subject: &Subject) -> bool {
        let in_realm = self.is(Fault::SubjectsShareRealms) || self.same_realm(&row.realm, realm);
        in_realm && self.same_subject(&row.subject, subject)
    }

    fn stored(&self, session: &SessionRecord) -> SessionRecord {
        let mut row = session.clone();
        match self.fault {
            Fault::ForgetsTheAddress => row.ip = None,
            Fault::ForgetsTheRealm => row.realm = Realm::default(),
            Fault::KeepsNoDevices | Fault::ForgetsTheKey => row.device = None,
            Fault::CutsTheKey => {
                row.device = row.device.map(|key| key.as_str().chars().take(93).collect::<String>().into());
            }
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

    pub(super) fn position(&self, rows: &Rows, id: &SessionId) -> Option<usize> {
        rows.now.iter().position(|row| self.same_id(&row.id, id))
    }

    pub(super) fn row(&self, id: &SessionId) -> Option<SessionRecord> {
        self.row_among(&self.rows(), id)
    }

    pub(super) fn row_among(&self, rows: &Rows, id: &SessionId) -> Option<SessionRecord> {
        self.position(rows, id).map(|position| rows.now[position].clone())
    }

    /// Whether a revocation from this time on changes the row.
    pub(super) fn is_open(&self, row: &SessionRecord, at: Timestamp) -> bool {
        let Some((ends, reason)) = row.revoked else { return true };
        let waits = reason == RevocationReason::Superseded || self.is(Fault::BringsAllForward);
        match self.fault {
            Fault::LastReasonStays => true,
            Fault::SupersededStays => false,
            Fault::SupersededIsPutOff => waits,
            _ => waits && ends > at,
        }
    }

    /// Whether it was open, and not marked before.
    pub(super) fn mark(&self, id: &SessionId, at: Timestamp, reason: RevocationReason) -> bool {
        self.mark_among(&mut self.rows(), id, at, reason)
    }

    /// The same, of rows that were read under this lock.
    pub(super) fn mark_among(
        &self,
        rows: &mut Rows,
        id: &SessionId,
        at: Timestamp,
        reason: RevocationReason,
    ) -> bool {
        let Some(position) = self.position(rows, id) else { return self.is(Fault::RevokesTheUnknown) };
        if !self.is_open(&rows.now[position], at) {
            return false;
        }
        let before = rows.changing()[position].revoked.replace((at, reason));
        before.is_none() || !self.is(Fault::LastReasonStays)
    }

    async fn outcome(&self, change: &impl Change) -> ChangeOutcome {
        if self.change(change).await {
            return ChangeOutcome::Changed;
        }
        ChangeOutcome::Unmatched(self.row(change.id()).map(Box::new))
    }
}

impl TokenStore for Broken {
    type Error = StoreError;

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
        Ok(rows.into_iter().find(|row| self.same_id(&row.id, id)).map(|row| self.read(row)))
    }

    async fn rotate(&self, request: &RotationRequest) -> Result<RotationOutcome, StoreError> {
        let seen = self.row(&request.session_id);
        match self.fault {
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
        if self.change(request).await {
            return Ok(RotationOutcome::Rotated);
        }
        let found = if self.is(Fault::LosersSeeTheirSnapshot) { seen } else { self.row(&request.session_id) };
        Ok(RotationOutcome::Unmatched(found.map(Box::new)))
    }

    async fn answer_late(&self, request: &AnswerLateRequest) -> Result<ChangeOutcome, StoreError> {
        Ok(self.outcome(request).await)
    }

    async fn replace(&self, request: &ReplaceRequest) -> Result<ChangeOutcome, StoreError> {
        Ok(self.outcome(request).await)
    }

    async fn bind(&self, request: &BindRequest) -> Result<ChangeOutcome, StoreError> {
        assert!(self.keeps_devices(), "only a store that keeps devices is asked to bind a session");
        Ok(self.outcome(request).await)
    }

    fn keeps_devices(&self) -> bool {
        !self.is(Fault::KeepsNoDevices)
    }

    async fn settle(&self, request: &SettleRequest) -> Result<bool, StoreError> {
        Ok(self.change(request).await)
    }

    async fn received(
        &self,
        receipts: &[Receipt],
        now: Timestamp,
        settles_at: Timestamp,
    ) -> Result<u64, StoreError> {
        let most = if self.is(Fault::ReceivesAHundred) { 100 } else { receipts.len() };
        let mut received = 0;
        for receipt in receipts.iter().take(most) {
            let has_changed = self.change(&Received { receipt, batch: receipts, now, settles_at }).await;
            received += u64::from(has_changed || self.is(Fault::CountsReceiptsTwice));
        }
        Ok(received)
    }

    async fn revoke(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        let Revocation { session_id, reason, at, .. } = revocation;
        if !self.is(Fault::RevokesInTwoSteps) {
            return Ok(self.mark(session_id, *at, *reason));
        }
        let is_open = self.row(session_id).is_some_and(|row| self.is_open(&row, *at));
        yield_now().await;
        if is_open {
            self.mark(session_id, *at, *reason);
        }
        Ok(is_open)
    }

    async fn revoke_subject(
        &self,
        realm: &Realm,
        subject: &Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        Ok(self.end_all(realm, subject, reason, at).await)
    }

    async fn revoke_realm(
        &self,
        revocation: &RealmRevocation,
        after: Option<&SessionId>,
        limit: u64,
    ) -> Result<RevokedBatch, StoreError> {
        Ok(self.end_batch(revocation, after, limit).await)
    }

    async fn revoked_since(&self, since: Timestamp) -> Result<Vec<RevokedSession>, StoreError> {
        let since = if self.is(Fault::FeedBoundaryIsExclusive) { since.plus_millis(1) } else { since };
        let revoked = self.seen(Fault::FeedLagsBehind).into_iter().filter_map(|row| {
            let (at, reason) = row.revoked.filter(|(at, _)| *at >= since)?;
            Some(RevokedSession::new(row.id, reason, at))
        });
        Ok(revoked.collect())
    }

    async fn renew_claims(&self, renewal: &ClaimsRenewal) -> Result<Vec<RenewedSession>, StoreError> {
        Ok(self.renew(renewal).await)
    }

    async fn renewed_since(&self, since: Timestamp) -> Result<Vec<RenewedSession>, StoreError> {
        Ok(self.renewed(since))
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
            let waits = row.revoked.is_some_and(|(at, reason)| !reason.has_begun(at, now));
            let is_living = row.revoked.is_none() || waits && self.is(Fault::ListsTheSuperseded);
            self.is_of(row, realm, subject) && is_living && expires_at > now && row.ends_at > now
        });
        match self.fault {
            Fault::ListsTheOldestFirst => rows.sort_by_key(|row| (row.created_at, row.id.clone())),
            Fault::ListsByDictionary => {
                rows.sort_by_key(|row| (row.created_at, row.id.as_str().to_lowercase()));
                rows.reverse();
            }
            _ => rows.sort_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id))),
        }
        Ok(rows.into_iter().map(|row| self.listed(row)).collect())
    }

    async fn ends_of(&self, ids: &[SessionId]) -> Result<Vec<SessionEnds>, StoreError> {
        Ok(self.ends(ids))
    }

    async fn purge(&self, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
        Ok(self.purge_rows(before, limit).await)
    }

    async fn spend(&self, id: &SpentId, until: Timestamp) -> Result<bool, StoreError> {
        Ok(self.spent.spend(self.fault, id, until).await)
    }

    async fn purge_spent(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        Ok(if self.is(Fault::NeverPurges) { 0 } else { self.spent.purge(self.fault, now, limit) })
    }

    async fn now(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.clock())
    }

    async fn throttle_levels(
        &self,
        buckets: &[BucketId],
    ) -> Result<Option<Vec<Option<Timestamp>>>, StoreError> {
        // Who never purges keeps no buckets either, which is right.
        Ok((!self.is(Fault::NeverPurges)).then(|| self.buckets.levels(self.fault, buckets)))
    }

    async fn charge_throttle(&self, charge: &ThrottleCharge) -> Result<bool, StoreError> {
        if self.is(Fault::NeverPurges) {
            return Ok(false);
        }
        self.buckets.charge(self.fault, charge).await;
        Ok(true)
    }

    async fn purge_throttle(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        Ok(self.buckets.purge(self.fault, now, limit))
    }
}
