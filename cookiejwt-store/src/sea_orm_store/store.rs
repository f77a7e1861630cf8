use cookiejwt_core::{
    AnswerLateRequest, BucketId, ChangeOutcome, Realm, Receipt, ReplaceRequest, Revocation, RevocationReason,
    RotationOutcome, RotationRequest, SessionId, SessionRecord, SettleRequest, Subject, ThrottleCharge,
    Timestamp,
};
use sea_orm::{DatabaseConnection, DbErr};
use sea_orm_migration::MigratorTrait;

use super::{
    migration::Migrator,
    retry::{retrying, wait},
    statements, throttle,
};
use crate::{RevokedSession, StoreError, TokenStore};

const MIGRATION_TRIES: u32 = 8;

/// Sessions in the application's database, in the table `cookiejwt_sessions`: SQLite, PostgreSQL, MySQL or MariaDB. A second
/// one, `cookiejwt_throttle`, counts the wrong passwords that were tried.
///
/// Right at every isolation level: each change is one statement of its own, and one that the database refuses because of
/// others at the same time is tried again.
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
    db: DatabaseConnection,
}

impl SeaOrmTokenStore {
    /// Brings the tables up to date, and uses it. Several nodes may start at once: every step of the migration may be
    /// taken twice, and who comes second looks again.
    pub async fn migrate(db: DatabaseConnection) -> Result<Self, StoreError> {
        up::<Migrator>(&db).await?;
        Ok(Self::new(db))
    }

    /// Uses tables that [`Migrator`] has brought up to date before. The connection has to lead to the primary: a replica
    /// that lags behind would read as a reused token.
    pub fn new(db: DatabaseConnection) -> Self {
        Self { db }
    }
}

/// Runs a migrator while other nodes may be doing the same. Each of its statements has to be one that may run twice, such
/// as `CREATE TABLE IF NOT EXISTS`.
pub async fn up<M: MigratorTrait>(db: &DatabaseConnection) -> Result<(), DbErr> {
    let mut tries = 1;
    loop {
        match M::up(db, None).await {
            // Another node was faster, and a second look finds its work done.
            Err(DbErr::Exec(_) | DbErr::Query(_)) if tries < MIGRATION_TRIES => {
                tokio::time::sleep(wait(tries)).await;
                tries += 1;
            }
            result => return result,
        }
    }
}

impl TokenStore for SeaOrmTokenStore {
    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        retrying(|| statements::create(&self.db, session)).await
    }

    async fn find(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        retrying(|| statements::find(&self.db, id)).await
    }

    async fn rotate(&self, request: &RotationRequest) -> Result<RotationOutcome, StoreError> {
        retrying(|| statements::rotate(&self.db, request)).await
    }

    async fn answer_late(&self, request: &AnswerLateRequest) -> Result<ChangeOutcome, StoreError> {
        retrying(|| statements::answer_late(&self.db, request)).await
    }

    async fn replace(&self, request: &ReplaceRequest) -> Result<ChangeOutcome, StoreError> {
        retrying(|| statements::replace(&self.db, request)).await
    }

    async fn settle(&self, request: &SettleRequest) -> Result<bool, StoreError> {
        retrying(|| statements::settle(&self.db, request)).await
    }

    async fn received(
        &self,
        receipts: &[Receipt],
        now: Timestamp,
        settles_at: Timestamp,
    ) -> Result<u64, StoreError> {
        retrying(|| statements::received(&self.db, receipts, now, settles_at)).await
    }

    async fn revoke(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        retrying(|| statements::revoke(&self.db, revocation)).await
    }

    async fn revoke_subject(
        &self,
        realm: &Realm,
        subject: &Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        // Each by itself, so that who reads again does not mark again.
        retrying(|| statements::mark_subject(&self.db, realm, subject, reason, at)).await?;
        retrying(|| statements::marked(&self.db, realm, subject, at)).await
    }

    async fn revoked_since(&self, since: Timestamp) -> Result<Vec<RevokedSession>, StoreError> {
        retrying(|| statements::revoked_since(&self.db, since)).await
    }

    async fn sessions_of(
        &self,
        realm: &Realm,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        retrying(|| statements::sessions_of(&self.db, realm, subject, now)).await
    }

    async fn purge(&self, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
        retrying(|| statements::purge(&self.db, before, limit)).await
    }

    async fn throttle_levels(
        &self,
        buckets: &[BucketId],
    ) -> Result<Option<Vec<Option<Timestamp>>>, StoreError> {
        retrying(|| throttle::levels(&self.db, buckets)).await.map(Some)
    }

    async fn charge_throttle(&self, charge: &ThrottleCharge) -> Result<bool, StoreError> {
        retrying(|| throttle::charge(&self.db, charge)).await?;
        Ok(true)
    }

    async fn purge_throttle(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        retrying(|| throttle::purge(&self.db, now, limit)).await
    }
}
