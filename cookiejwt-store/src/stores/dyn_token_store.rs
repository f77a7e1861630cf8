//! The trait of the token store without its type.

use cookiejwt_core::{
    SessionId, Subject,
    store::{
        AnswerLateRequest, BindRequest, BucketId, ChangeOutcome, ClaimsRenewal, Realm, RealmRevocation,
        Receipt, ReplaceRequest, Revocation, RevocationReason, RotationOutcome, RotationRequest, SessionEnds,
        SessionRecord, SettleRequest, SpentId, ThrottleCharge, Timestamp,
    },
};

use super::token_store::{BoxFuture, RenewedSession, RevokedBatch, RevokedSession, TokenStore, boxed};
use crate::errors::StoreError;

/// [`TokenStore`] as a trait object, so that no handler's signature mentions the database.
pub(crate) trait DynTokenStore: Send + Sync {
    fn create<'a>(&'a self, session: &'a SessionRecord) -> BoxFuture<'a, Result<(), StoreError>>;
    fn find<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<SessionRecord>, StoreError>>;
    fn rotate<'a>(
        &'a self,
        request: &'a RotationRequest,
    ) -> BoxFuture<'a, Result<RotationOutcome, StoreError>>;
    fn answer_late<'a>(
        &'a self,
        request: &'a AnswerLateRequest,
    ) -> BoxFuture<'a, Result<ChangeOutcome, StoreError>>;
    fn replace<'a>(&'a self, request: &'a ReplaceRequest)
    -> BoxFuture<'a, Result<ChangeOutcome, StoreError>>;
    fn bind<'a>(&'a self, request: &'a BindRequest) -> BoxFuture<'a, Result<ChangeOutcome, StoreError>>;
    fn keeps_devices(&self) -> bool;
    fn settle<'a>(&'a self, request: &'a SettleRequest) -> BoxFuture<'a, Result<bool, StoreError>>;
    fn received<'a>(
        &'a self,
        receipts: &'a [Receipt],
        now: Timestamp,
        settles_at: Timestamp,
    ) -> BoxFuture<'a, Result<u64, StoreError>>;
    fn revoke<'a>(&'a self, revocation: &'a Revocation) -> BoxFuture<'a, Result<bool, StoreError>>;
    fn revoke_subject<'a>(
        &'a self,
        realm: &'a Realm,
        subject: &'a Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<SessionId>, StoreError>>;
    fn revoke_realm<'a>(
        &'a self,
        revocation: &'a RealmRevocation,
        after: Option<&'a SessionId>,
        limit: u64,
    ) -> BoxFuture<'a, Result<RevokedBatch, StoreError>>;
    fn revoked_since(&self, since: Timestamp) -> BoxFuture<'_, Result<Vec<RevokedSession>, StoreError>>;
    fn renew_claims<'a>(
        &'a self,
        renewal: &'a ClaimsRenewal,
    ) -> BoxFuture<'a, Result<Vec<RenewedSession>, StoreError>>;
    fn renewed_since(&self, since: Timestamp) -> BoxFuture<'_, Result<Vec<RenewedSession>, StoreError>>;
    fn sessions_of<'a>(
        &'a self,
        realm: &'a Realm,
        subject: &'a Subject,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<SessionRecord>, StoreError>>;
    fn ends_of<'a>(&'a self, ids: &'a [SessionId]) -> BoxFuture<'a, Result<Vec<SessionEnds>, StoreError>>;
    fn purge(&self, before: Timestamp, limit: u64) -> BoxFuture<'_, Result<u64, StoreError>>;
    fn spend<'a>(&'a self, id: &'a SpentId, until: Timestamp) -> BoxFuture<'a, Result<bool, StoreError>>;
    fn purge_spent(&self, now: Timestamp, limit: u64) -> BoxFuture<'_, Result<u64, StoreError>>;
    fn now(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>>;
    fn throttle_levels<'a>(
        &'a self,
        buckets: &'a [BucketId],
    ) -> BoxFuture<'a, Result<Option<Vec<Option<Timestamp>>>, StoreError>>;
    fn charge_throttle<'a>(&'a self, charge: &'a ThrottleCharge) -> BoxFuture<'a, Result<bool, StoreError>>;
    fn purge_throttle(&self, now: Timestamp, limit: u64) -> BoxFuture<'_, Result<u64, StoreError>>;
}

impl<S: TokenStore> DynTokenStore for S {
    fn create<'a>(&'a self, session: &'a SessionRecord) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(boxed(TokenStore::create(self, session)))
    }

    fn find<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<SessionRecord>, StoreError>> {
        Box::pin(boxed(TokenStore::find(self, id)))
    }

    fn rotate<'a>(
        &'a self,
        request: &'a RotationRequest,
    ) -> BoxFuture<'a, Result<RotationOutcome, StoreError>> {
        Box::pin(boxed(TokenStore::rotate(self, request)))
    }

    fn answer_late<'a>(
        &'a self,
        request: &'a AnswerLateRequest,
    ) -> BoxFuture<'a, Result<ChangeOutcome, StoreError>> {
        Box::pin(boxed(TokenStore::answer_late(self, request)))
    }

    fn replace<'a>(
        &'a self,
        request: &'a ReplaceRequest,
    ) -> BoxFuture<'a, Result<ChangeOutcome, StoreError>> {
        Box::pin(boxed(TokenStore::replace(self, request)))
    }

    fn bind<'a>(&'a self, request: &'a BindRequest) -> BoxFuture<'a, Result<ChangeOutcome, StoreError>> {
        Box::pin(boxed(TokenStore::bind(self, request)))
    }

    fn keeps_devices(&self) -> bool {
        TokenStore::keeps_devices(self)
    }

    fn settle<'a>(&'a self, request: &'a SettleRequest) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(boxed(TokenStore::settle(self, request)))
    }

    fn received<'a>(
        &'a self,
        receipts: &'a [Receipt],
        now: Timestamp,
        settles_at: Timestamp,
    ) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(boxed(TokenStore::received(self, receipts, now, settles_at)))
    }

    fn revoke<'a>(&'a self, revocation: &'a Revocation) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(boxed(TokenStore::revoke(self, revocation)))
    }

    fn revoke_subject<'a>(
        &'a self,
        realm: &'a Realm,
        subject: &'a Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<SessionId>, StoreError>> {
        Box::pin(boxed(TokenStore::revoke_subject(self, realm, subject, reason, at)))
    }

    fn revoke_realm<'a>(
        &'a self,
        revocation: &'a RealmRevocation,
        after: Option<&'a SessionId>,
        limit: u64,
    ) -> BoxFuture<'a, Result<RevokedBatch, StoreError>> {
        Box::pin(boxed(TokenStore::revoke_realm(self, revocation, after, limit)))
    }

    fn revoked_since(&self, since: Timestamp) -> BoxFuture<'_, Result<Vec<RevokedSession>, StoreError>> {
        Box::pin(boxed(TokenStore::revoked_since(self, since)))
    }

    fn renew_claims<'a>(
        &'a self,
        renewal: &'a ClaimsRenewal,
    ) -> BoxFuture<'a, Result<Vec<RenewedSession>, StoreError>> {
        Box::pin(boxed(TokenStore::renew_claims(self, renewal)))
    }

    fn renewed_since(&self, since: Timestamp) -> BoxFuture<'_, Result<Vec<RenewedSession>, StoreError>> {
        Box::pin(boxed(TokenStore::renewed_since(self, since)))
    }

    fn sessions_of<'a>(
        &'a self,
        realm: &'a Realm,
        subject: &'a Subject,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<SessionRecord>, StoreError>> {
        Box::pin(boxed(TokenStore::sessions_of(self, realm, subject, now)))
    }

    fn ends_of<'a>(&'a self, ids: &'a [SessionId]) -> BoxFuture<'a, Result<Vec<SessionEnds>, StoreError>> {
        Box::pin(boxed(TokenStore::ends_of(self, ids)))
    }

    fn purge(&self, before: Timestamp, limit: u64) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(boxed(TokenStore::purge(self, before, limit)))
    }

    fn spend<'a>(&'a self, id: &'a SpentId, until: Timestamp) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(boxed(TokenStore::spend(self, id, until)))
    }

    fn purge_spent(&self, now: Timestamp, limit: u64) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(boxed(TokenStore::purge_spent(self, now, limit)))
    }

    fn now(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>> {
        Box::pin(boxed(TokenStore::now(self)))
    }

    fn throttle_levels<'a>(
        &'a self,
        buckets: &'a [BucketId],
    ) -> BoxFuture<'a, Result<Option<Vec<Option<Timestamp>>>, StoreError>> {
        Box::pin(boxed(TokenStore::throttle_levels(self, buckets)))
    }

    fn charge_throttle<'a>(&'a self, charge: &'a ThrottleCharge) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(boxed(TokenStore::charge_throttle(self, charge)))
    }

    fn purge_throttle(&self, now: Timestamp, limit: u64) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(boxed(TokenStore::purge_throttle(self, now, limit)))
    }
}
