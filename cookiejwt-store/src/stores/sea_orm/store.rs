//! The token store on SeaORM.

use std::sync::Arc;

use cookiejwt_core::{
    SessionId, Subject,
    store::{
        AnswerLateRequest, BindRequest, BucketId, ChangeOutcome, ClaimsRenewal, Realm, RealmRevocation,
        Receipt, ReplaceRequest, Revocation, RevocationReason, RotationOutcome, RotationRequest, SessionEnds,
        SessionRecord, SettleRequest, SpentId, ThrottleCharge, Timestamp,
    },
};
use sea_orm::DatabaseConnection;

use super::{
    ends, everybody, inspect::inspect, renewals, retry::Reconnects, spent, statements, throttle,
    up::up_to_date,
};
use crate::{
    errors::StoreError,
    stores::{RenewedSession, RevokedBatch, RevokedSession, TokenStore},
};

/// Sessions in the application's database, in the table `cookiejwt_sessions`: SQLite, PostgreSQL,
/// MySQL or MariaDB. A second one, `cookiejwt_throttle`, counts the wrong passwords that were
/// tried, and a third one, `cookiejwt_spent`, keeps what counts once.
///
/// Right at every isolation level: each change is one statement, and one that the database refuses
/// because of others at the same time is tried again.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use cookiejwt_store::SeaOrmTokenStore;
///
/// let db = sea_orm::Database::connect("sqlite://app.db?mode=rwc").await?;
/// let tokens = SeaOrmTokenStore::migrate(db).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SeaOrmTokenStore {
    pub(super) db: DatabaseConnection,
    pub(super) reconnects: Arc<Reconnects>,
}

impl SeaOrmTokenStore {
    /// Brings the tables up to date, and uses them. Several nodes may start at the same time: every
    /// migration step is idempotent, and the second node checks again.
    ///
    /// When there is nothing to do this only reads, so a role with SELECT, INSERT, UPDATE and
    /// DELETE on these tables is enough. Otherwise the error lists the missing grants. The log
    /// warns when the database is read-only, and when the connection to another machine is not
    /// encrypted.
    pub async fn migrate(db: DatabaseConnection) -> Result<Self, StoreError> {
        up_to_date(&db).await?;
        inspect(&db).await;
        Ok(Self::new(db))
    }

    /// Uses tables that [`Migrator`](super::Migrator) has brought up to date before. The connection
    /// has to lead to the primary: with a replica that lags, a token would look reused.
    ///
    /// After a failover, connections to the old primary are closed when it reports that it is
    /// read-only, and the statement runs again on a new connection, which goes where the URL leads
    /// now.
    pub fn new(db: DatabaseConnection) -> Self {
        Self { db, reconnects: Arc::default() }
    }
}

impl TokenStore for SeaOrmTokenStore {
    type Error = StoreError;

    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        self.retrying(|| statements::create(&self.db, session)).await
    }

    async fn find(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.retrying(|| statements::find(&self.db, id)).await
    }

    async fn rotate(&self, request: &RotationRequest) -> Result<RotationOutcome, StoreError> {
        self.retrying(|| statements::rotate(&self.db, request)).await
    }

    async fn answer_late(&self, request: &AnswerLateRequest) -> Result<ChangeOutcome, StoreError> {
        self.retrying(|| statements::answer_late(&self.db, request)).await
    }

    async fn replace(&self, request: &ReplaceRequest) -> Result<ChangeOutcome, StoreError> {
        self.retrying(|| statements::replace(&self.db, request)).await
    }

    async fn bind(&self, request: &BindRequest) -> Result<ChangeOutcome, StoreError> {
        self.retrying(|| statements::bind(&self.db, request)).await
    }

    fn keeps_devices(&self) -> bool {
        true
    }

    async fn settle(&self, request: &SettleRequest) -> Result<bool, StoreError> {
        self.retrying(|| statements::settle(&self.db, request)).await
    }

    async fn received(
        &self,
        receipts: &[Receipt],
        now: Timestamp,
        settles_at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.retrying(|| statements::received(&self.db, receipts, now, settles_at)).await
    }

    async fn revoke(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        self.retrying(|| statements::revoke(&self.db, revocation)).await
    }

    async fn revoke_subject(
        &self,
        realm: &Realm,
        subject: &Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        // Each alone, so that a process that reads again does not mark again.
        self.retrying(|| statements::mark_subject(&self.db, realm, subject, reason, at)).await?;
        self.retrying(|| statements::marked(&self.db, realm, subject, at)).await
    }

    async fn revoke_realm(
        &self,
        revocation: &RealmRevocation,
        after: Option<&SessionId>,
        limit: u64,
    ) -> Result<RevokedBatch, StoreError> {
        // Each alone, as for one user.
        let ids = self.retrying(|| everybody::open(&self.db, revocation, after, limit)).await?;
        if !ids.is_empty() {
            self.retrying(|| everybody::mark(&self.db, revocation, &ids)).await?;
        }
        let sessions = self.retrying(|| everybody::marked(&self.db, revocation, &ids)).await?;
        let has_more = ids.len() as u64 >= limit;
        Ok(RevokedBatch { sessions, next: ids.into_iter().next_back().filter(|_| has_more) })
    }

    async fn revoked_since(&self, since: Timestamp) -> Result<Vec<RevokedSession>, StoreError> {
        self.retrying(|| statements::revoked_since(&self.db, since)).await
    }

    async fn renew_claims(&self, renewal: &ClaimsRenewal) -> Result<Vec<RenewedSession>, StoreError> {
        // Each alone, as for a revocation.
        self.retrying(|| renewals::mark(&self.db, renewal)).await?;
        self.retrying(|| renewals::marked(&self.db, renewal)).await
    }

    async fn renewed_since(&self, since: Timestamp) -> Result<Vec<RenewedSession>, StoreError> {
        self.retrying(|| renewals::renewed_since(&self.db, since)).await
    }

    async fn sessions_of(
        &self,
        realm: &Realm,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        self.retrying(|| statements::sessions_of(&self.db, realm, subject, now)).await
    }

    async fn ends_of(&self, ids: &[SessionId]) -> Result<Vec<SessionEnds>, StoreError> {
        self.retrying(|| ends::ends_of(&self.db, ids)).await
    }

    async fn purge(&self, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
        self.retrying(|| statements::purge(&self.db, before, limit)).await
    }

    async fn spend(&self, id: &SpentId, until: Timestamp) -> Result<bool, StoreError> {
        self.retrying(|| spent::spend(&self.db, id, until)).await
    }

    async fn purge_spent(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        self.retrying(|| spent::purge(&self.db, now, limit)).await
    }

    async fn now(&self) -> Result<Option<Timestamp>, StoreError> {
        self.retrying(|| statements::now(&self.db)).await
    }

    async fn throttle_levels(
        &self,
        buckets: &[BucketId],
    ) -> Result<Option<Vec<Option<Timestamp>>>, StoreError> {
        self.retrying(|| throttle::levels(&self.db, buckets)).await.map(Some)
    }

    async fn charge_throttle(&self, charge: &ThrottleCharge) -> Result<bool, StoreError> {
        self.retrying(|| throttle::charge(&self.db, charge)).await?;
        Ok(true)
    }

    async fn purge_throttle(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        self.retrying(|| throttle::purge(&self.db, now, limit)).await
    }
}
