//! What the facts share: the store under test, and calls at the same time.

use std::{future::Future, sync::Arc};

use cookiejwt_core::{
    SessionId, Subject,
    store::{
        AnswerLateRequest, BindRequest, BucketId, ChangeOutcome, ClaimsRenewal, Realm, RealmRevocation,
        Receipt, ReplaceRequest, Revocation, RevocationReason, RotationOutcome, RotationRequest, SessionEnds,
        SessionRecord, SettleRequest, SpentId, ThrottleCharge, Timestamp,
    },
};

use super::samples::{NOW, at};
use crate::{
    errors::StoreError,
    stores::{DynTokenStore, RenewedSession, RevokedBatch, RevokedSession, TokenStore},
};

/// A store with its type forgotten, so that each fact is compiled once; clones share it.
#[derive(Clone)]
pub(super) struct Shared(Arc<dyn DynTokenStore>);

impl Shared {
    pub(super) fn new(store: impl TokenStore) -> Self {
        Self(Arc::new(store))
    }

    /// Inserts rows.
    pub(super) async fn insert(&self, rows: impl IntoIterator<Item = &SessionRecord>) {
        for row in rows {
            TokenStore::create(self, row).await.unwrap();
        }
    }

    /// The living sessions of a user of the empty realm.
    pub(super) async fn list(&self, subject: &Subject) -> Vec<SessionRecord> {
        TokenStore::sessions_of(self, &Realm::default(), subject, at(NOW)).await.unwrap()
    }

    /// Ends the sessions of a user of the empty realm.
    pub(super) async fn end_all(
        &self,
        subject: &Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Vec<SessionId> {
        TokenStore::revoke_subject(self, &Realm::default(), subject, reason, at).await.unwrap()
    }
}

impl TokenStore for Shared {
    type Error = StoreError;

    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        self.0.create(session).await
    }

    async fn find(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.0.find(id).await
    }

    async fn rotate(&self, request: &RotationRequest) -> Result<RotationOutcome, StoreError> {
        self.0.rotate(request).await
    }

    async fn answer_late(&self, request: &AnswerLateRequest) -> Result<ChangeOutcome, StoreError> {
        self.0.answer_late(request).await
    }

    async fn replace(&self, request: &ReplaceRequest) -> Result<ChangeOutcome, StoreError> {
        self.0.replace(request).await
    }

    async fn bind(&self, request: &BindRequest) -> Result<ChangeOutcome, StoreError> {
        self.0.bind(request).await
    }

    fn keeps_devices(&self) -> bool {
        self.0.keeps_devices()
    }

    async fn settle(&self, request: &SettleRequest) -> Result<bool, StoreError> {
        self.0.settle(request).await
    }

    async fn received(
        &self,
        receipts: &[Receipt],
        now: Timestamp,
        settles_at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.0.received(receipts, now, settles_at).await
    }

    async fn revoke(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        self.0.revoke(revocation).await
    }

    async fn revoke_subject(
        &self,
        realm: &Realm,
        subject: &Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.0.revoke_subject(realm, subject, reason, at).await
    }

    async fn revoke_realm(
        &self,
        revocation: &RealmRevocation,
        after: Option<&SessionId>,
        limit: u64,
    ) -> Result<RevokedBatch, StoreError> {
        self.0.revoke_realm(revocation, after, limit).await
    }

    async fn revoked_since(&self, since: Timestamp) -> Result<Vec<RevokedSession>, StoreError> {
        self.0.revoked_since(since).await
    }

    async fn renew_claims(&self, renewal: &ClaimsRenewal) -> Result<Vec<RenewedSession>, StoreError> {
        self.0.renew_claims(renewal).await
    }

    async fn renewed_since(&self, since: Timestamp) -> Result<Vec<RenewedSession>, StoreError> {
        self.0.renewed_since(since).await
    }

    async fn sessions_of(
        &self,
        realm: &Realm,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        self.0.sessions_of(realm, subject, now).await
    }

    async fn ends_of(&self, ids: &[SessionId]) -> Result<Vec<SessionEnds>, StoreError> {
        self.0.ends_of(ids).await
    }

    async fn purge(&self, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
        self.0.purge(before, limit).await
    }

    async fn spend(&self, id: &SpentId, until: Timestamp) -> Result<bool, StoreError> {
        self.0.spend(id, until).await
    }

    async fn purge_spent(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        self.0.purge_spent(now, limit).await
    }

    async fn now(&self) -> Result<Option<Timestamp>, StoreError> {
        self.0.now().await
    }

    async fn throttle_levels(
        &self,
        buckets: &[BucketId],
    ) -> Result<Option<Vec<Option<Timestamp>>>, StoreError> {
        self.0.throttle_levels(buckets).await
    }

    async fn charge_throttle(&self, charge: &ThrottleCharge) -> Result<bool, StoreError> {
        self.0.charge_throttle(charge).await
    }

    async fn purge_throttle(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        self.0.purge_throttle(now, limit).await
    }
}

/// Runs a task for each number below `count`, all at once; the answers in this order.
pub(super) async fn at_once<T, F>(count: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..count).map(|index| tokio::spawn(task(index))).collect();
    let mut answers = Vec::with_capacity(count);
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

/// Goes through every combination of what a loop's body chooses from, and always in the same order.
#[derive(Default)]
pub(super) struct Combination {
    number: usize,
    rest: usize,
    count: usize,
}

impl Combination {
    /// Begins the next one, unless the last was the last.
    pub(super) fn begin(&mut self) -> bool {
        self.number = if self.count == 0 { 0 } else { self.number + 1 };
        let goes_on = self.count == 0 || self.number < self.count;
        (self.rest, self.count) = (self.number, 1);
        goes_on
    }

    /// One of these.
    pub(super) fn of<T, const N: usize>(&mut self, choices: [T; N]) -> T {
        let choice = self.rest % N;
        (self.rest, self.count) = (self.rest / N, self.count * N);
        choices.into_iter().nth(choice).unwrap()
    }

    /// The number of the combination, as an id.
    pub(super) fn id(&self) -> String {
        self.number.to_string()
    }
}
