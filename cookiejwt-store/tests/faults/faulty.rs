use std::{
    error::Error,
    sync::{Arc, Mutex},
};

use cookiejwt_store::{
    AnswerLateRequest, BindRequest, BucketId, ChangeOutcome, ClaimsRenewal, Realm, RealmRevocation, Receipt,
    RenewedSession, ReplaceRequest, Revocation, RevocationReason, RevokedBatch, RevokedSession,
    RotationOutcome, RotationRequest, SessionEnds, SessionId, SessionRecord, SettleRequest, SpentId,
    StoreError, Subject, ThrottleCharge, Timestamp, TokenStore, UserStore,
};
use tokio::task::yield_now;

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails before it does anything.
    Error,
    /// It and all later ones fail.
    Outage,
    /// It takes effect, and its result is lost.
    LostAnswer,
    /// It does nothing, and never returns.
    Silence,
    /// It takes effect, and never returns.
    SilenceAfterWork,
    /// It panics before it does anything.
    Panic,
}

/// Which call fails: each of them in turn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    armed: Option<(Fault, usize)>,
    calls: usize,
    hit: Option<&'static str>,
}

impl Faults {
    /// The call of this number fails, the first is 0.
    pub(crate) fn arm(&self, fault: Fault, number: usize) {
        *self.0.lock().unwrap() = State { armed: Some((fault, number)), ..State::default() };
    }

    /// Ends the fault. Returns the method whose call was to fail, if it was reached.
    pub(crate) fn heal(&self) -> Option<&'static str> {
        std::mem::take(&mut *self.0.lock().unwrap()).hit
    }

    fn next(&self, name: &'static str) -> Option<Fault> {
        let mut state = self.0.lock().unwrap();
        let (fault, armed) = state.armed?;
        let number = state.calls;
        state.calls += 1;
        let hits = if fault == Fault::Outage { number >= armed } else { number == armed };
        if hits {
            state.hit.get_or_insert(name);
        }
        hits.then_some(fault)
    }

    async fn call<T, E: Into<Box<dyn Error + Send + Sync>>>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, StoreError> {
        let fault = self.next(name);
        // A database never responds at once: a client can disconnect before the effect and after
        // it.
        yield_now().await;
        match fault {
            Some(Fault::Error | Fault::Outage) => return Err(StoreError::new(format!("{name} is away"))),
            Some(Fault::Silence) => std::future::pending().await,
            Some(Fault::Panic) => panic!("{name} panics"),
            Some(Fault::LostAnswer | Fault::SilenceAfterWork) | None => {}
        }
        let answer = work.await.map_err(StoreError::new);
        yield_now().await;
        match fault {
            Some(Fault::LostAnswer) => Err(StoreError::new(format!("the answer of {name} is lost"))),
            Some(Fault::SilenceAfterWork) => std::future::pending().await,
            _ => answer,
        }
    }
}

/// A store whose calls can fail one by one.
#[derive(Clone, Debug)]
pub(crate) struct Faulty<S> {
    pub(crate) store: S,
    pub(crate) faults: Faults,
}

impl<S: TokenStore> TokenStore for Faulty<S> {
    type Error = StoreError;

    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        self.faults.call("create", self.store.create(session)).await
    }

    async fn find(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.faults.call("find", self.store.find(id)).await
    }

    async fn rotate(&self, request: &RotationRequest) -> Result<RotationOutcome, StoreError> {
        self.faults.call("rotate", self.store.rotate(request)).await
    }

    async fn answer_late(&self, request: &AnswerLateRequest) -> Result<ChangeOutcome, StoreError> {
        self.faults.call("answer_late", self.store.answer_late(request)).await
    }

    async fn replace(&self, request: &ReplaceRequest) -> Result<ChangeOutcome, StoreError> {
        self.faults.call("replace", self.store.replace(request)).await
    }

    async fn bind(&self, request: &BindRequest) -> Result<ChangeOutcome, StoreError> {
        self.faults.call("bind", self.store.bind(request)).await
    }

    fn keeps_devices(&self) -> bool {
        self.store.keeps_devices()
    }

    async fn settle(&self, request: &SettleRequest) -> Result<bool, StoreError> {
        self.faults.call("settle", self.store.settle(request)).await
    }

    async fn received(
        &self,
        receipts: &[Receipt],
        now: Timestamp,
        settles_at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.faults.call("received", self.store.received(receipts, now, settles_at)).await
    }

    async fn revoke(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        self.faults.call("revoke", self.store.revoke(revocation)).await
    }

    async fn revoke_subject(
        &self,
        realm: &Realm,
        subject: &Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.faults.call("revoke_subject", self.store.revoke_subject(realm, subject, reason, at)).await
    }

    async fn revoke_realm(
        &self,
        revocation: &RealmRevocation,
        after: Option<&SessionId>,
        limit: u64,
    ) -> Result<RevokedBatch, StoreError> {
        self.faults.call("revoke_realm", self.store.revoke_realm(revocation, after, limit)).await
    }

    async fn revoked_since(&self, since: Timestamp) -> Result<Vec<RevokedSession>, StoreError> {
        self.faults.call("revoked_since", self.store.revoked_since(since)).await
    }

    async fn renew_claims(&self, renewal: &ClaimsRenewal) -> Result<Vec<RenewedSession>, StoreError> {
        self.faults.call("renew_claims", self.store.renew_claims(renewal)).await
    }

    async fn renewed_since(&self, since: Timestamp) -> Result<Vec<RenewedSession>, StoreError> {
        self.faults.call("renewed_since", self.store.renewed_since(since)).await
    }

    async fn sessions_of(
        &self,
        realm: &Realm,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        self.faults.call("sessions_of", self.store.sessions_of(realm, subject, now)).await
    }

    async fn ends_of(&self, ids: &[SessionId]) -> Result<Vec<SessionEnds>, StoreError> {
        self.faults.call("ends_of", self.store.ends_of(ids)).await
    }

    async fn purge(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        self.faults.call("purge", self.store.purge(now, limit)).await
    }

    async fn spend(&self, id: &SpentId, until: Timestamp) -> Result<bool, StoreError> {
        self.faults.call("spend", self.store.spend(id, until)).await
    }

    async fn purge_spent(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        self.faults.call("purge_spent", self.store.purge_spent(now, limit)).await
    }

    async fn throttle_levels(
        &self,
        buckets: &[BucketId],
    ) -> Result<Option<Vec<Option<Timestamp>>>, StoreError> {
        self.faults.call("throttle_levels", self.store.throttle_levels(buckets)).await
    }

    async fn charge_throttle(&self, charge: &ThrottleCharge) -> Result<bool, StoreError> {
        self.faults.call("charge_throttle", self.store.charge_throttle(charge)).await
    }

    async fn purge_throttle(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        self.faults.call("purge_throttle", self.store.purge_throttle(now, limit)).await
    }
}

impl<S: UserStore> UserStore for Faulty<S> {
    type User = S::User;
    type Error = StoreError;

    async fn find_by_id(&self, id: &Subject) -> Result<Option<S::User>, StoreError> {
        self.faults.call("find_by_id", self.store.find_by_id(id)).await
    }

    async fn find_by_login(&self, login: &str) -> Result<Option<S::User>, StoreError> {
        self.faults.call("find_by_login", self.store.find_by_login(login)).await
    }

    async fn set_password_hash(&self, id: &Subject, old: &str, new: &str) -> Result<bool, StoreError> {
        self.faults.call("set_password_hash", self.store.set_password_hash(id, old, new)).await
    }

    async fn set_first_password_hash(&self, id: &Subject, new: &str) -> Result<bool, StoreError> {
        self.faults.call("set_first_password_hash", self.store.set_first_password_hash(id, new)).await
    }
}
