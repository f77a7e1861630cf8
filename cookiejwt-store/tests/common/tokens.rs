use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use cookiejwt_store::{
    AnswerLateRequest, BindRequest, BucketId, ChangeOutcome, ClaimsRenewal, Clock as _, ManualClock,
    MemoryStore, Realm, RealmRevocation, Receipt, RenewedSession, ReplaceRequest, Revocation,
    RevocationReason, RevokedBatch, RevokedSession, RotationOutcome, RotationRequest, SessionEnds, SessionId,
    SessionRecord, SettleRequest, SpentId, StoreError, Subject, ThrottleCharge, Timestamp, TokenStore,
};
use tokio::sync::Mutex;

use super::{Call, Switches};

/// A [`MemoryStore`] whose calls can fail, and whose revocations can be paused.
#[derive(Clone, Debug, Default)]
pub(crate) struct TestTokens {
    pub(crate) rows: MemoryStore,
    pub(crate) switches: Switches,
    /// Revocations wait while a test holds this.
    pub(crate) gate: Arc<Mutex<()>>,
    /// The result of the feed waits while a test holds this.
    pub(crate) feed_gate: Arc<Mutex<()>>,
    /// A response that is late waits while a test holds this.
    pub(crate) settle_gate: Arc<Mutex<()>>,
    /// The clock of the database, if it has one.
    pub(crate) clock: Arc<std::sync::Mutex<Option<ManualClock>>>,
    pub(crate) created: Arc<std::sync::Mutex<Vec<SessionId>>>,
    pub(crate) keeps_no_buckets: Arc<AtomicBool>,
    pub(crate) keeps_no_devices: Arc<AtomicBool>,
    /// The buckets that were charged, in their order.
    pub(crate) charges: Arc<std::sync::Mutex<Vec<BucketId>>>,
}

impl TestTokens {
    /// From now on each process counts the attempts itself, as a store may choose.
    pub(crate) fn keep_no_buckets(&self, keeps_none: bool) {
        self.keeps_no_buckets.store(keeps_none, Ordering::SeqCst);
    }

    /// The user's sessions that are not revoked, in the order of their logins.
    pub(crate) async fn living(&self, subject: i64) -> Vec<SessionId> {
        let created = self.created.lock().unwrap().clone();
        let mut living = Vec::new();
        for id in created {
            let row = self.rows.find(&id).await.unwrap();
            if row.is_some_and(|row| row.subject == subject.into() && row.revoked.is_none()) {
                living.push(id);
            }
        }
        living
    }
}

impl TokenStore for TestTokens {
    type Error = StoreError;

    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        self.switches.enter(Call::Create)?;
        self.rows.create(session).await?;
        self.created.lock().unwrap().push(session.id.clone());
        self.switches.leave(Call::Create, ())
    }

    async fn find(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.switches.enter(Call::Find)?;
        self.switches.wait(Call::Find).await;
        self.rows.find(id).await
    }

    async fn rotate(&self, request: &RotationRequest) -> Result<RotationOutcome, StoreError> {
        self.switches.enter(Call::Rotate)?;
        // A database never responds at once.
        tokio::task::yield_now().await;
        let outcome = self.rows.rotate(request).await?;
        self.switches.leave(Call::Rotate, outcome)
    }

    async fn answer_late(&self, request: &AnswerLateRequest) -> Result<ChangeOutcome, StoreError> {
        self.switches.enter(Call::AnswerLate)?;
        let outcome = self.rows.answer_late(request).await?;
        self.switches.leave(Call::AnswerLate, outcome)
    }

    async fn replace(&self, request: &ReplaceRequest) -> Result<ChangeOutcome, StoreError> {
        self.switches.enter(Call::Replace)?;
        let outcome = self.rows.replace(request).await?;
        self.switches.leave(Call::Replace, outcome)
    }

    async fn bind(&self, request: &BindRequest) -> Result<ChangeOutcome, StoreError> {
        self.switches.enter(Call::Bind)?;
        let outcome = self.rows.bind(request).await?;
        self.switches.leave(Call::Bind, outcome)
    }

    fn keeps_devices(&self) -> bool {
        self.rows.keeps_devices() && !self.keeps_no_devices.load(Ordering::SeqCst)
    }

    async fn settle(&self, request: &SettleRequest) -> Result<bool, StoreError> {
        self.switches.enter(Call::Settle)?;
        let _open = self.settle_gate.lock().await;
        let is_settled = self.rows.settle(request).await?;
        self.switches.leave(Call::Settle, is_settled)
    }

    async fn received(
        &self,
        receipts: &[Receipt],
        now: Timestamp,
        settles_at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.switches.enter(Call::Received)?;
        let received = self.rows.received(receipts, now, settles_at).await?;
        self.switches.leave(Call::Received, received)
    }

    async fn revoke(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        self.switches.enter(Call::Revoke)?;
        let _open = self.gate.lock().await;
        let revoked = self.rows.revoke(revocation).await?;
        self.switches.leave(Call::Revoke, revoked)
    }

    async fn revoke_subject(
        &self,
        realm: &Realm,
        subject: &Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.switches.enter(Call::RevokeSubject)?;
        let _open = self.gate.lock().await;
        self.rows.revoke_subject(realm, subject, reason, at).await
    }

    async fn revoke_realm(
        &self,
        revocation: &RealmRevocation,
        after: Option<&SessionId>,
        limit: u64,
    ) -> Result<RevokedBatch, StoreError> {
        self.switches.enter(Call::RevokeRealm)?;
        self.rows.revoke_realm(revocation, after, limit).await
    }

    async fn revoked_since(&self, since: Timestamp) -> Result<Vec<RevokedSession>, StoreError> {
        self.switches.enter(Call::RevokedSince)?;
        self.switches.wait(Call::RevokedSince).await;
        let revoked = self.rows.revoked_since(since).await;
        let _open = self.feed_gate.lock().await;
        revoked
    }

    async fn now(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.clock.lock().unwrap().as_ref().map(|clock| clock.now().into()))
    }

    async fn renew_claims(&self, renewal: &ClaimsRenewal) -> Result<Vec<RenewedSession>, StoreError> {
        self.switches.enter(Call::RenewClaims)?;
        self.rows.renew_claims(renewal).await
    }

    async fn renewed_since(&self, since: Timestamp) -> Result<Vec<RenewedSession>, StoreError> {
        // The second question of a poll, whose first one is logged.
        self.switches.enter_unlogged(Call::RenewedSince)?;
        self.rows.renewed_since(since).await
    }

    async fn sessions_of(
        &self,
        realm: &Realm,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        self.switches.enter(Call::SessionsOf)?;
        self.rows.sessions_of(realm, subject, now).await
    }

    async fn ends_of(&self, ids: &[SessionId]) -> Result<Vec<SessionEnds>, StoreError> {
        self.switches.enter(Call::EndsOf)?;
        self.switches.wait(Call::EndsOf).await;
        self.rows.ends_of(ids).await
    }

    async fn purge(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        self.switches.enter(Call::Purge)?;
        self.rows.purge(now, limit).await
    }

    async fn spend(&self, id: &SpentId, until: Timestamp) -> Result<bool, StoreError> {
        self.switches.enter_unlogged(Call::Spend)?;
        // A database never responds at once.
        tokio::task::yield_now().await;
        self.rows.spend(id, until).await
    }

    async fn purge_spent(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        self.rows.purge_spent(now, limit).await
    }

    async fn throttle_levels(
        &self,
        buckets: &[BucketId],
    ) -> Result<Option<Vec<Option<Timestamp>>>, StoreError> {
        self.switches.enter_unlogged(Call::ThrottleLevels)?;
        // A database never responds at once.
        tokio::task::yield_now().await;
        if self.keeps_no_buckets.load(Ordering::SeqCst) {
            return Ok(None);
        }
        self.rows.throttle_levels(buckets).await
    }

    async fn charge_throttle(&self, charge: &ThrottleCharge) -> Result<bool, StoreError> {
        self.switches.enter_unlogged(Call::ChargeThrottle)?;
        tokio::task::yield_now().await;
        if self.keeps_no_buckets.load(Ordering::SeqCst) {
            return Ok(false);
        }
        self.charges.lock().unwrap().push(charge.bucket.clone());
        self.rows.charge_throttle(charge).await
    }

    async fn purge_throttle(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        self.rows.purge_throttle(now, limit).await
    }
}
