//! The token store in memory, for tests and single processes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use cookiejwt_core::{
    SessionId, Subject,
    store::{
        AnswerLateRequest, BindRequest, BucketId, ChangeOutcome, ClaimsRenewal, Realm, RealmRevocation,
        Receipt, ReplaceRequest, Revocation, RevocationReason, RotationOutcome, RotationRequest, SessionEnds,
        SessionRecord, SettleRequest, SpentId, ThrottleCharge, Timestamp,
    },
};

use super::{
    buckets::Buckets,
    token_store::{RenewedSession, RevokedBatch, RevokedSession, TokenStore},
};
use crate::errors::StoreError;

/// Sessions in memory: for tests, and for an application of one process whose users may log in
/// again after a restart. Clones share the rows.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), cookiejwt_store::StoreError> {
/// use cookiejwt_store::{MemoryStore, TokenStore};
///
/// let store = MemoryStore::new();
/// assert!(store.find(&"no such session".into()).await?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    rows: Arc<Mutex<HashMap<SessionId, SessionRecord>>>,
    buckets: Arc<Buckets>,
    spent: Arc<Mutex<HashMap<SpentId, Timestamp>>>,
}

impl MemoryStore {
    /// Without any session.
    pub fn new() -> Self {
        Self::default()
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<SessionId, SessionRecord>> {
        // A row is changed by plain assignments, so a panic elsewhere leaves none half-written.
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until when each name has to be remembered.
    fn spent(&self) -> MutexGuard<'_, HashMap<SpentId, Timestamp>> {
        // As above.
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemoryStore {
    fn change(
        &self,
        id: &SessionId,
        matches: impl FnOnce(&SessionRecord) -> bool,
        apply: impl FnOnce(&mut SessionRecord),
    ) -> ChangeOutcome {
        match self.rows().get_mut(id) {
            Some(row) if matches(row) => {
                apply(row);
                ChangeOutcome::Changed
            }
            row => ChangeOutcome::Unmatched(row.map(|row| Box::new(row.clone()))),
        }
    }
}

impl TokenStore for MemoryStore {
    type Error = StoreError;

    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        let mut rows = self.rows();
        if rows.contains_key(&session.id) {
            return Err(StoreError::new("a session with this id exists"));
        }
        rows.insert(session.id.clone(), session.clone());
        Ok(())
    }

    async fn find(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        Ok(self.rows().get(id).cloned())
    }

    async fn rotate(&self, request: &RotationRequest) -> Result<RotationOutcome, StoreError> {
        let mut rows = self.rows();
        match rows.get_mut(&request.session_id) {
            Some(row) if request.matches(row) => {
                request.apply(row);
                Ok(RotationOutcome::Rotated)
            }
            row => Ok(RotationOutcome::Unmatched(row.map(|row| Box::new(row.clone())))),
        }
    }

    async fn answer_late(&self, request: &AnswerLateRequest) -> Result<ChangeOutcome, StoreError> {
        Ok(self.change(&request.session_id, |row| request.matches(row), |row| request.apply(row)))
    }

    async fn replace(&self, request: &ReplaceRequest) -> Result<ChangeOutcome, StoreError> {
        let id = &request.late.session_id;
        Ok(self.change(id, |row| request.matches(row), |row| request.apply(row)))
    }

    async fn bind(&self, request: &BindRequest) -> Result<ChangeOutcome, StoreError> {
        Ok(self.change(&request.session_id, |row| request.matches(row), |row| request.apply(row)))
    }

    fn keeps_devices(&self) -> bool {
        true
    }

    async fn settle(&self, request: &SettleRequest) -> Result<bool, StoreError> {
        let changed = self.change(&request.session_id, |row| request.matches(row), |row| request.apply(row));
        Ok(matches!(changed, ChangeOutcome::Changed))
    }

    async fn received(
        &self,
        receipts: &[Receipt],
        now: Timestamp,
        settles_at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut rows = self.rows();
        let mut received = 0;
        for receipt in receipts {
            if let Some(row) = rows.get_mut(&receipt.session_id).filter(|row| receipt.matches(row)) {
                receipt.apply(row, now, settles_at);
                received += 1;
            }
        }
        Ok(received)
    }

    async fn revoke(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        let mut rows = self.rows();
        let open = rows.get_mut(&revocation.session_id).filter(|row| revocation.matches(row));
        Ok(open.map(|row| row.revoked = Some((revocation.at, revocation.reason))).is_some())
    }

    async fn revoke_subject(
        &self,
        realm: &Realm,
        subject: &Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        let mut rows = self.rows();
        let open = rows.values_mut().filter(|row| row.is_revoked_with(realm, subject, at));
        Ok(open
            .map(|row| {
                row.revoked = Some((at, reason));
                row.id.clone()
            })
            .collect())
    }

    /// All of them at once: a lock is held for a moment.
    async fn revoke_realm(
        &self,
        revocation: &RealmRevocation,
        _: Option<&SessionId>,
        _: u64,
    ) -> Result<RevokedBatch, StoreError> {
        let mut rows = self.rows();
        let open = rows.values_mut().filter(|row| revocation.matches(row));
        let revoked = open.filter_map(|row| {
            revocation.apply(row);
            row.revoked.map(|(at, reason)| RevokedSession { id: row.id.clone(), reason, at })
        });
        Ok(RevokedBatch { sessions: revoked.collect(), next: None })
    }

    async fn revoked_since(&self, since: Timestamp) -> Result<Vec<RevokedSession>, StoreError> {
        let rows = self.rows();
        let revoked = rows.values().filter_map(|row| {
            let (at, reason) = row.revoked.filter(|(at, _)| *at >= since)?;
            Some(RevokedSession::new(row.id.clone(), reason, at))
        });
        Ok(revoked.collect())
    }

    async fn renew_claims(&self, renewal: &ClaimsRenewal) -> Result<Vec<RenewedSession>, StoreError> {
        let mut rows = self.rows();
        let renewed = rows.values_mut().filter(|row| renewal.matches(row)).map(|row| {
            renewal.apply(row);
            RenewedSession::new(row.id.clone(), row.version, renewal.at)
        });
        Ok(renewed.collect())
    }

    async fn renewed_since(&self, since: Timestamp) -> Result<Vec<RenewedSession>, StoreError> {
        let rows = self.rows();
        let renewed = rows.values().filter_map(|row| {
            let at = row.renewed_at.filter(|at| *at >= since)?;
            Some(RenewedSession::new(row.id.clone(), row.version, at))
        });
        Ok(renewed.collect())
    }

    async fn sessions_of(
        &self,
        realm: &Realm,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        let rows = self.rows();
        let alive =
            |row: &&SessionRecord| row.realm == *realm && row.subject == *subject && row.is_alive(now);
        let mut living: Vec<_> = rows.values().filter(alive).cloned().collect();
        living.sort_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
        Ok(living)
    }

    async fn ends_of(&self, ids: &[SessionId]) -> Result<Vec<SessionEnds>, StoreError> {
        let rows = self.rows();
        Ok(ids.iter().filter_map(|id| rows.get(id)).map(SessionEnds::from).collect())
    }

    async fn purge(&self, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
        let mut rows = self.rows();
        let ended = rows.values().filter(|row| row.expires_at <= before).map(|row| row.id.clone());
        let ended: Vec<_> = ended.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
        for id in &ended {
            rows.remove(id);
        }
        Ok(ended.len() as u64)
    }

    async fn spend(&self, id: &SpentId, until: Timestamp) -> Result<bool, StoreError> {
        let mut spent = self.spent();
        let is_first = !spent.contains_key(id);
        if is_first {
            spent.insert(id.clone(), until);
        }
        Ok(is_first)
    }

    async fn purge_spent(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        let mut deleted = 0;
        self.spent().retain(|_, until| {
            let goes = *until <= now && deleted < limit;
            deleted += u64::from(goes);
            !goes
        });
        Ok(deleted)
    }

    async fn throttle_levels(
        &self,
        buckets: &[BucketId],
    ) -> Result<Option<Vec<Option<Timestamp>>>, StoreError> {
        Ok(Some(self.buckets.levels(buckets)))
    }

    async fn charge_throttle(&self, charge: &ThrottleCharge) -> Result<bool, StoreError> {
        self.buckets.charge(charge);
        Ok(true)
    }

    async fn purge_throttle(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        Ok(self.buckets.purge(now, limit))
    }
}
