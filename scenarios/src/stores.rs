//! A memory store that counts calls and fails on demand.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use cookiejwt_store::{
    AnswerLateRequest, BindRequest, ChangeOutcome, ClaimsRenewal, MemoryStore, Realm, RealmRevocation,
    Receipt, RenewedSession, ReplaceRequest, Revocation, RevocationReason, RevokedBatch, RevokedSession,
    RotationOutcome, RotationRequest, SessionEnds, SessionId, SessionRecord, SettleRequest, SpentId,
    StoreError, Subject, Timestamp, TokenStore,
};
use tokio::sync::Semaphore;

use crate::scenario::Availability;

/// How often each method was called; `rotated` counts the rotations that changed a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub create: usize,
    pub find: usize,
    pub rotate: usize,
    pub rotated: usize,
    pub late: usize,
    pub bind: usize,
    pub settle: usize,
    pub received: usize,
    pub revoke: usize,
    pub renew: usize,
    pub revoked_since: usize,
    pub sessions_of: usize,
    pub ends_of: usize,
    pub spend: usize,
}

/// A [`MemoryStore`] that counts calls, that can be made unavailable, and that can be paused while
/// it revokes. Clones share everything.
#[derive(Clone, Default)]
pub struct Watched(Arc<Inner>);

#[derive(Default)]
struct Inner {
    rows: MemoryStore,
    counts: Mutex<Counts>,
    availability: Mutex<Availability>,
    created: Mutex<Vec<SessionId>>,
    revoking: Gate,
}

/// Where a call waits until it is released.
pub struct Gate {
    held: AtomicBool,
    arrived: Semaphore,
    opened: Semaphore,
}

impl Default for Gate {
    fn default() -> Self {
        Self { held: AtomicBool::new(false), arrived: Semaphore::new(0), opened: Semaphore::new(0) }
    }
}

impl Gate {
    /// Calls wait from now on.
    pub fn close(&self) {
        self.held.store(true, Ordering::SeqCst);
    }

    /// Waits until a call has arrived.
    pub async fn arrived(&self) {
        self.arrived.acquire().await.unwrap().forget();
    }

    pub fn let_pass(&self, count: usize) {
        self.opened.add_permits(count);
    }

    /// Called by the method that may have to wait.
    pub async fn pass(&self) {
        if self.held.load(Ordering::SeqCst) {
            self.arrived.add_permits(1);
            self.opened.acquire().await.unwrap().forget();
        }
    }
}

impl Watched {
    pub fn counts(&self) -> Counts {
        *self.0.counts.lock().unwrap()
    }

    pub fn forget_counts(&self) {
        *self.0.counts.lock().unwrap() = Counts::default();
    }

    pub fn set_away(&self, away: bool) {
        self.set(if away { Availability::Away } else { Availability::Back });
    }

    pub fn set(&self, availability: Availability) {
        *self.0.availability.lock().unwrap() = availability;
    }

    pub async fn row(&self, id: &SessionId) -> Option<SessionRecord> {
        self.0.rows.find(id).await.unwrap()
    }

    /// Every session that was ever created.
    pub fn created(&self) -> Vec<SessionId> {
        self.0.created.lock().unwrap().clone()
    }

    /// Revokes like another node, without notifying this one.
    pub async fn revoke_elsewhere(&self, id: &SessionId, at: Timestamp) {
        let revocation = Revocation::new(id.clone(), RevocationReason::Logout, at);
        self.0.rows.revoke(&revocation).await.unwrap();
    }

    /// Where a revocation waits while the gate is closed.
    pub fn revoking(&self) -> &Gate {
        &self.0.revoking
    }

    fn called(&self, count: impl FnOnce(&mut Counts)) -> Result<(), StoreError> {
        count(&mut self.0.counts.lock().unwrap());
        let availability = *self.0.availability.lock().unwrap();
        availability.answer("sessions")
    }
}

impl TokenStore for Watched {
    type Error = StoreError;

    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        self.called(|counts| counts.create += 1)?;
        self.0.created.lock().unwrap().push(session.id.clone());
        self.0.rows.create(session).await
    }

    async fn find(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.called(|counts| counts.find += 1)?;
        self.0.rows.find(id).await
    }

    async fn rotate(&self, request: &RotationRequest) -> Result<RotationOutcome, StoreError> {
        self.called(|counts| counts.rotate += 1)?;
        // Yields as a database would, so that simultaneous calls overlap.
        tokio::task::yield_now().await;
        let outcome = self.0.rows.rotate(request).await?;
        if matches!(outcome, RotationOutcome::Rotated) {
            self.0.counts.lock().unwrap().rotated += 1;
        }
        Ok(outcome)
    }

    async fn answer_late(&self, request: &AnswerLateRequest) -> Result<ChangeOutcome, StoreError> {
        self.called(|counts| counts.late += 1)?;
        self.0.rows.answer_late(request).await
    }

    async fn replace(&self, request: &ReplaceRequest) -> Result<ChangeOutcome, StoreError> {
        self.called(|counts| counts.late += 1)?;
        self.0.rows.replace(request).await
    }

    async fn bind(&self, request: &BindRequest) -> Result<ChangeOutcome, StoreError> {
        self.called(|counts| counts.bind += 1)?;
        self.0.rows.bind(request).await
    }

    fn keeps_devices(&self) -> bool {
        self.0.rows.keeps_devices()
    }

    async fn settle(&self, request: &SettleRequest) -> Result<bool, StoreError> {
        self.called(|counts| counts.settle += 1)?;
        self.0.rows.settle(request).await
    }

    async fn received(
        &self,
        receipts: &[Receipt],
        now: Timestamp,
        settles_at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.called(|counts| counts.received += 1)?;
        self.0.rows.received(receipts, now, settles_at).await
    }

    async fn revoke(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        self.called(|counts| counts.revoke += 1)?;
        self.0.revoking.pass().await;
        self.0.rows.revoke(revocation).await
    }

    async fn revoke_subject(
        &self,
        realm: &Realm,
        subject: &Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.called(|counts| counts.revoke += 1)?;
        self.0.rows.revoke_subject(realm, subject, reason, at).await
    }

    async fn revoke_realm(
        &self,
        revocation: &RealmRevocation,
        after: Option<&SessionId>,
        limit: u64,
    ) -> Result<RevokedBatch, StoreError> {
        self.called(|counts| counts.revoke += 1)?;
        self.0.rows.revoke_realm(revocation, after, limit).await
    }

    async fn revoked_since(&self, since: Timestamp) -> Result<Vec<RevokedSession>, StoreError> {
        self.called(|counts| counts.revoked_since += 1)?;
        self.0.rows.revoked_since(since).await
    }

    async fn renew_claims(&self, renewal: &ClaimsRenewal) -> Result<Vec<RenewedSession>, StoreError> {
        self.called(|counts| counts.renew += 1)?;
        self.0.rows.renew_claims(renewal).await
    }

    async fn renewed_since(&self, since: Timestamp) -> Result<Vec<RenewedSession>, StoreError> {
        self.called(|_| {})?;
        self.0.rows.renewed_since(since).await
    }

    async fn sessions_of(
        &self,
        realm: &Realm,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        self.called(|counts| counts.sessions_of += 1)?;
        self.0.rows.sessions_of(realm, subject, now).await
    }

    async fn ends_of(&self, ids: &[SessionId]) -> Result<Vec<SessionEnds>, StoreError> {
        self.called(|counts| counts.ends_of += 1)?;
        self.0.rows.ends_of(ids).await
    }

    async fn spend(&self, id: &SpentId, until: Timestamp) -> Result<bool, StoreError> {
        self.called(|counts| counts.spend += 1)?;
        self.0.rows.spend(id, until).await
    }
}
