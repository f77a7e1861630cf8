//! The stores as the other rooms see them: a question that fails is reported by its name, and a
//! bounded view gives up after 10 seconds.

use std::{future::Future, sync::Arc};

use cookiejwt_core::{
    SessionId, Subject,
    store::{
        AnswerLateRequest, BindRequest, BucketId, ChangeOutcome, ClaimsRenewal, Realm, RealmRevocation,
        Receipt, ReplaceRequest, Revocation, RevocationReason, RotationOutcome, RotationRequest, SessionEnds,
        SessionRecord, SettleRequest, SpentId, ThrottleCharge, Timestamp,
    },
};

use super::{
    dyn_token_store::DynTokenStore,
    token_store::{RenewedSession, RevokedBatch, RevokedSession},
    user_store::{DynUser, DynUserStore, FoundUser},
};
use crate::{
    errors::StoreError,
    events::Events,
    runtime::{NO_ANSWER, within_limit},
};

/// How the questions to one store are asked.
#[derive(Clone)]
struct Asking {
    events: Events,
    /// With a time limit, the error of a store that does not answer in time.
    no_answer: Option<&'static str>,
}

impl Asking {
    /// Reports a failure by the name of the method.
    async fn ask<T>(
        &self,
        method: &'static str,
        question: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.quietly(question).await.inspect_err(|error| self.events.store_failed(method, error))
    }

    /// For a failure that the caller reports in its own words.
    async fn quietly<T>(
        &self,
        question: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match self.no_answer {
            Some(no_answer) => within_limit(no_answer, question).await,
            None => question.await,
        }
    }

    fn bounded(&self, no_answer: &'static str) -> Self {
        Self { events: self.events.clone(), no_answer: Some(no_answer) }
    }
}

/// The application's users.
#[derive(Clone)]
pub(crate) struct Users {
    store: Arc<dyn DynUserStore>,
    asking: Asking,
}

impl Users {
    pub(crate) fn new(store: Box<dyn DynUserStore>, events: Events) -> Self {
        Self { store: store.into(), asking: Asking { events, no_answer: None } }
    }

    /// For work that no client can end by hanging up.
    pub(crate) fn bounded(&self) -> Self {
        Self { store: Arc::clone(&self.store), asking: self.asking.bounded(NO_ANSWER) }
    }

    pub(crate) fn user_type(&self) -> &'static str {
        self.store.user_type()
    }

    /// The user as the application knows them; `None`, and a line in the log, if the application
    /// asks for another type than its user store keeps.
    pub(crate) fn of_type<U: Send + Sync + 'static>(&self, user: Arc<dyn DynUser>) -> Option<Arc<U>> {
        let found = user.into_any().downcast().ok();
        if found.is_none() {
            let (asked, kept) = (std::any::type_name::<U>(), self.user_type());
            tracing::error!("a handler asked for the user as {asked}, but the user store keeps {kept}");
        }
        found
    }

    pub(crate) async fn find_by_id(&self, id: &Subject) -> Result<Option<FoundUser>, StoreError> {
        self.asking.ask("find_by_id", self.store.find_by_id(id)).await
    }

    /// A name that the database cannot compare belongs to no user. An outage would be a false
    /// alarm, and free of any limit.
    pub(crate) async fn find_by_login(&self, login: &str) -> Result<Option<FoundUser>, StoreError> {
        let found = self.asking.quietly(self.store.find_by_login(login)).await;
        match found {
            Err(error) if error.is_data() => {
                tracing::debug!("the user table cannot compare this login name: an unknown user");
                Ok(None)
            }
            found => found.inspect_err(|error| self.asking.events.store_failed("find_by_login", error)),
        }
    }

    pub(crate) async fn set_password_hash(
        &self,
        id: &Subject,
        old: &str,
        new: &str,
    ) -> Result<bool, StoreError> {
        self.asking.ask("set_password_hash", self.store.set_password_hash(id, old, new)).await
    }

    pub(crate) async fn set_first_password_hash(&self, id: &Subject, new: &str) -> Result<bool, StoreError> {
        self.asking.ask("set_first_password_hash", self.store.set_first_password_hash(id, new)).await
    }
}

/// The store of sessions.
#[derive(Clone)]
pub(crate) struct Tokens {
    store: Arc<dyn DynTokenStore>,
    asking: Asking,
}

impl Tokens {
    pub(crate) fn new(store: Box<dyn DynTokenStore>, events: Events) -> Self {
        Self { store: store.into(), asking: Asking { events, no_answer: None } }
    }

    /// For work that no client can end by hanging up.
    pub(crate) fn bounded(&self) -> Self {
        self.bounded_with(NO_ANSWER)
    }

    /// The same with another error for a store that does not answer in time.
    pub(crate) fn bounded_with(&self, no_answer: &'static str) -> Self {
        Self { store: Arc::clone(&self.store), asking: self.asking.bounded(no_answer) }
    }

    pub(crate) async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        self.asking.ask("create", self.store.create(session)).await
    }

    pub(crate) async fn find(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.asking.ask("find", self.store.find(id)).await
    }

    pub(crate) async fn rotate(&self, request: &RotationRequest) -> Result<RotationOutcome, StoreError> {
        self.asking.ask("rotate", self.store.rotate(request)).await
    }

    pub(crate) async fn answer_late(&self, request: &AnswerLateRequest) -> Result<ChangeOutcome, StoreError> {
        self.asking.ask("answer_late", self.store.answer_late(request)).await
    }

    pub(crate) async fn replace(&self, request: &ReplaceRequest) -> Result<ChangeOutcome, StoreError> {
        self.asking.ask("replace", self.store.replace(request)).await
    }

    pub(crate) async fn bind(&self, request: &BindRequest) -> Result<ChangeOutcome, StoreError> {
        self.asking.ask("bind", self.store.bind(request)).await
    }

    pub(crate) async fn settle(&self, request: &SettleRequest) -> Result<bool, StoreError> {
        self.asking.ask("settle", self.store.settle(request)).await
    }

    pub(crate) async fn received(
        &self,
        receipts: &[Receipt],
        now: Timestamp,
        settles_at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.asking.ask("received", self.store.received(receipts, now, settles_at)).await
    }

    pub(crate) async fn revoke(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        self.asking.ask("revoke", self.store.revoke(revocation)).await
    }

    pub(crate) async fn revoke_subject(
        &self,
        realm: &Realm,
        subject: &Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.asking.ask("revoke_subject", self.store.revoke_subject(realm, subject, reason, at)).await
    }

    pub(crate) async fn revoke_realm(
        &self,
        revocation: &RealmRevocation,
        after: Option<&SessionId>,
        limit: u64,
    ) -> Result<RevokedBatch, StoreError> {
        self.asking.ask("revoke_realm", self.store.revoke_realm(revocation, after, limit)).await
    }

    /// Not reported here: the feed reports once that it is stale.
    pub(crate) async fn revoked_since(&self, since: Timestamp) -> Result<Vec<RevokedSession>, StoreError> {
        self.asking.quietly(self.store.revoked_since(since)).await
    }

    pub(crate) async fn renew_claims(
        &self,
        renewal: &ClaimsRenewal,
    ) -> Result<Vec<RenewedSession>, StoreError> {
        self.asking.ask("renew_claims", self.store.renew_claims(renewal)).await
    }

    /// Not reported here, as [`revoked_since`](Self::revoked_since).
    pub(crate) async fn renewed_since(&self, since: Timestamp) -> Result<Vec<RenewedSession>, StoreError> {
        self.asking.quietly(self.store.renewed_since(since)).await
    }

    pub(crate) async fn sessions_of(
        &self,
        realm: &Realm,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        self.asking.ask("sessions_of", self.store.sessions_of(realm, subject, now)).await
    }

    pub(crate) async fn ends_of(&self, ids: &[SessionId]) -> Result<Vec<SessionEnds>, StoreError> {
        self.asking.ask("ends_of", self.store.ends_of(ids)).await
    }

    pub(crate) async fn purge(&self, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
        self.asking.ask("purge", self.store.purge(before, limit)).await
    }

    pub(crate) async fn spend(&self, id: &SpentId, until: Timestamp) -> Result<bool, StoreError> {
        self.asking.ask("spend", self.store.spend(id, until)).await
    }

    pub(crate) async fn purge_spent(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        self.asking.ask("purge_spent", self.store.purge_spent(now, limit)).await
    }

    /// Not reported here: the question before it, which is the feed's, has reported a store that is
    /// unavailable.
    pub(crate) async fn now(&self) -> Result<Option<Timestamp>, StoreError> {
        self.asking.quietly(self.store.now()).await
    }

    pub(crate) async fn throttle_levels(
        &self,
        buckets: &[BucketId],
    ) -> Result<Option<Vec<Option<Timestamp>>>, StoreError> {
        self.asking.ask("throttle_levels", self.store.throttle_levels(buckets)).await
    }

    pub(crate) async fn charge_throttle(&self, charge: &ThrottleCharge) -> Result<bool, StoreError> {
        self.asking.ask("charge_throttle", self.store.charge_throttle(charge)).await
    }

    pub(crate) async fn purge_throttle(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        self.asking.ask("purge_throttle", self.store.purge_throttle(now, limit)).await
    }
}
