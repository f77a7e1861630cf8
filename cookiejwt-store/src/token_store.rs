use std::{future::Future, pin::Pin};

use cookiejwt_core::{
    Revocation, RevocationReason, RotationOutcome, RotationRequest, SessionId, SessionRecord, Subject,
    ThrottleOutcome, ThrottleRefund, ThrottleRequest, Timestamp,
};

use crate::StoreError;

/// A session that was revoked, as the revoked set needs to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedSession {
    /// The session.
    pub id: SessionId,
    /// Why it was revoked.
    pub reason: RevocationReason,
    /// When.
    pub at: Timestamp,
}

/// Where sessions are kept: one row each, with no bearer secret in it.
///
/// A store reports facts and judges nothing. Every method is one statement on one row, except
/// those that begin with a subject or a time, which go through an index.
/// Reads must see the latest committed row: from the primary, outside any older snapshot.
///
/// Implement it for a database of your own; [`MemoryStore`](crate::MemoryStore) shows how little it takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no token store",
    note = "use `MemoryStore`, `SeaOrmTokenStore` (feature `sqlite`), or implement `TokenStore` for your database"
)]
pub trait TokenStore: Send + Sync + 'static {
    /// Inserts the row of a new session.
    fn create(&self, session: &SessionRecord) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Reads a row.
    fn find(&self, id: &SessionId) -> impl Future<Output = Result<Option<SessionRecord>, StoreError>> + Send;

    /// Applies a [`RotationRequest`] as ONE conditional statement, decided by the count of changed rows; when it is 0,
    /// one fresh read tells what is there instead.
    fn rotate(
        &self,
        request: &RotationRequest,
    ) -> impl Future<Output = Result<RotationOutcome, StoreError>> + Send;

    /// Marks a session as revoked, durably; true when it was alive. The first reason stays.
    fn revoke(&self, revocation: &Revocation) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Marks every living session of a user as revoked, and names them.
    fn revoke_subject(
        &self,
        subject: &Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> impl Future<Output = Result<Vec<SessionId>, StoreError>> + Send;

    /// Every session revoked at this time or later.
    fn revoked_since(
        &self,
        since: Timestamp,
    ) -> impl Future<Output = Result<Vec<RevokedSession>, StoreError>> + Send;

    /// Every living session of a user, the newest first (by `created_at`, then by id): neither revoked nor past one of
    /// its two ends.
    fn sessions_of(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<SessionRecord>, StoreError>> + Send;

    /// Deletes at most `limit` rows whose absolute end has passed; how many there were. A revoked row stays until then,
    /// so that a late reuse is still seen as one.
    ///
    /// A store that forgets by itself keeps the default, which deletes nothing.
    fn purge(&self, now: Timestamp, limit: u64) -> impl Future<Output = Result<u64, StoreError>> + Send {
        let _ = (now, limit);
        std::future::ready(Ok(0))
    }

    /// Counts one try of a password in its bucket, as ONE conditional statement: [`ThrottleRequest`] says which. When there is
    /// no room, one fresh read tells when the bucket will be empty.
    ///
    /// A store that keeps no buckets keeps the default, `None`: then each process counts for itself, and an attacker has the
    /// limits once on each node.
    fn throttle(
        &self,
        request: &ThrottleRequest,
    ) -> impl Future<Output = Result<Option<ThrottleOutcome>, StoreError>> + Send {
        let _ = request;
        std::future::ready(Ok(None))
    }

    /// Takes a counted try back; a bucket that is not there is no error and is not made.
    fn refund(&self, refund: &ThrottleRefund) -> impl Future<Output = Result<(), StoreError>> + Send {
        let _ = refund;
        std::future::ready(Ok(()))
    }

    /// Deletes at most `limit` buckets that are empty (`drained_at <= now`); how many there were.
    fn purge_throttle(
        &self,
        now: Timestamp,
        limit: u64,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send {
        let _ = (now, limit);
        std::future::ready(Ok(0))
    }
}

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// [`TokenStore`] behind a pointer, so that no handler's signature names the database.
pub(crate) trait DynTokenStore: Send + Sync {
    fn create<'a>(&'a self, session: &'a SessionRecord) -> BoxFuture<'a, Result<(), StoreError>>;
    fn find<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<SessionRecord>, StoreError>>;
    fn rotate<'a>(
        &'a self,
        request: &'a RotationRequest,
    ) -> BoxFuture<'a, Result<RotationOutcome, StoreError>>;
    fn revoke<'a>(&'a self, revocation: &'a Revocation) -> BoxFuture<'a, Result<bool, StoreError>>;
    fn revoke_subject<'a>(
        &'a self,
        subject: &'a Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<SessionId>, StoreError>>;
    fn revoked_since(&self, since: Timestamp) -> BoxFuture<'_, Result<Vec<RevokedSession>, StoreError>>;
    fn sessions_of<'a>(
        &'a self,
        subject: &'a Subject,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<SessionRecord>, StoreError>>;
    fn purge(&self, now: Timestamp, limit: u64) -> BoxFuture<'_, Result<u64, StoreError>>;
    fn throttle<'a>(
        &'a self,
        request: &'a ThrottleRequest,
    ) -> BoxFuture<'a, Result<Option<ThrottleOutcome>, StoreError>>;
    fn refund<'a>(&'a self, refund: &'a ThrottleRefund) -> BoxFuture<'a, Result<(), StoreError>>;
    fn purge_throttle(&self, now: Timestamp, limit: u64) -> BoxFuture<'_, Result<u64, StoreError>>;
}

impl<S: TokenStore> DynTokenStore for S {
    fn create<'a>(&'a self, session: &'a SessionRecord) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(TokenStore::create(self, session))
    }

    fn find<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<SessionRecord>, StoreError>> {
        Box::pin(TokenStore::find(self, id))
    }

    fn rotate<'a>(
        &'a self,
        request: &'a RotationRequest,
    ) -> BoxFuture<'a, Result<RotationOutcome, StoreError>> {
        Box::pin(TokenStore::rotate(self, request))
    }

    fn revoke<'a>(&'a self, revocation: &'a Revocation) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(TokenStore::revoke(self, revocation))
    }

    fn revoke_subject<'a>(
        &'a self,
        subject: &'a Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<SessionId>, StoreError>> {
        Box::pin(TokenStore::revoke_subject(self, subject, reason, at))
    }

    fn revoked_since(&self, since: Timestamp) -> BoxFuture<'_, Result<Vec<RevokedSession>, StoreError>> {
        Box::pin(TokenStore::revoked_since(self, since))
    }

    fn sessions_of<'a>(
        &'a self,
        subject: &'a Subject,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<SessionRecord>, StoreError>> {
        Box::pin(TokenStore::sessions_of(self, subject, now))
    }

    fn purge(&self, now: Timestamp, limit: u64) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(TokenStore::purge(self, now, limit))
    }

    fn throttle<'a>(
        &'a self,
        request: &'a ThrottleRequest,
    ) -> BoxFuture<'a, Result<Option<ThrottleOutcome>, StoreError>> {
        Box::pin(TokenStore::throttle(self, request))
    }

    fn refund<'a>(&'a self, refund: &'a ThrottleRefund) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(TokenStore::refund(self, refund))
    }

    fn purge_throttle(&self, now: Timestamp, limit: u64) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(TokenStore::purge_throttle(self, now, limit))
    }
}
