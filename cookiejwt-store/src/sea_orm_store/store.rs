use cookiejwt_core::{
    Revocation, RevocationReason, RotationOutcome, RotationRequest, SessionId, SessionRecord, Subject,
    Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use sea_orm_migration::MigratorTrait;

use super::{
    entity::{ActiveModel, Column, Entity},
    migration::Migrator,
};
use crate::{RevokedSession, StoreError, TokenStore};

const MIGRATION_TRIES: u32 = 5;

/// Sessions in the application's database, in the one table `cookiejwt_sessions`.
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
    /// Brings the table up to date, and uses it. Several nodes may start at once.
    pub async fn migrate(db: DatabaseConnection) -> Result<Self, StoreError> {
        let mut tries = 1;
        loop {
            match Migrator::up(&db, None).await {
                Ok(()) => return Ok(Self::new(db)),
                // Another node was faster, and a second look finds its work done.
                Err(DbErr::Exec(_) | DbErr::Query(_)) if tries < MIGRATION_TRIES => tries += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Uses a table that [`Migrator`] has brought up to date before.
    pub fn new(db: DatabaseConnection) -> Self {
        Self { db }
    }
}

impl TokenStore for SeaOrmTokenStore {
    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        Entity::insert(ActiveModel::from(session)).exec_without_returning(&self.db).await?;
        Ok(())
    }

    async fn find(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        Ok(Entity::find_by_id(id.as_str()).one(&self.db).await?.map(Into::into))
    }

    async fn rotate(&self, request: &RotationRequest) -> Result<RotationOutcome, StoreError> {
        let now = request.now.as_millis();
        let update = Entity::update_many()
            .col_expr(Column::PreviousJti, Expr::value(request.presented.as_str()))
            .col_expr(Column::CurrentJti, Expr::value(request.next.as_str()))
            .col_expr(Column::IssuedAt, Expr::value(request.issued_at.as_millis()))
            .col_expr(Column::ExpiresAt, Expr::value(request.expires_at.as_millis()))
            .col_expr(Column::RotatedAt, Expr::value(now))
            .col_expr(Column::LastSeenAt, Expr::value(now))
            .filter(rotation_condition(request));
        if update.exec(&self.db).await?.rows_affected == 1 {
            return Ok(RotationOutcome::Rotated);
        }
        // Outside any transaction, so that the read sees what the change saw.
        Ok(RotationOutcome::Unmatched(self.find(&request.session_id).await?.map(Box::new)))
    }

    async fn revoke(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        let alive = Column::Id.eq(revocation.session_id.as_str()).and(Column::RevokedAt.is_null());
        Ok(self.mark(alive, revocation.reason, revocation.at).await? > 0)
    }

    async fn revoke_subject(
        &self,
        subject: &Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        let alive = Column::Subject.eq(subject.as_str()).and(Column::RevokedAt.is_null());
        self.mark(alive, reason, at).await?;
        // Marked first, so that a session that begins in between is either not marked or named. One that somebody
        // else revoked in the same millisecond may be named too, which does no harm.
        let marked = Column::Subject.eq(subject.as_str()).and(Column::RevokedAt.eq(at.as_millis()));
        let read = Entity::find().select_only().column(Column::Id).filter(marked);
        let ids: Vec<String> = read.into_tuple().all(&self.db).await?;
        Ok(ids.into_iter().map(Into::into).collect())
    }

    async fn revoked_since(&self, since: Timestamp) -> Result<Vec<RevokedSession>, StoreError> {
        let read = Entity::find()
            .select_only()
            .columns([Column::Id, Column::RevokedReason, Column::RevokedAt])
            .filter(Column::RevokedAt.gte(since.as_millis()));
        let rows: Vec<(String, Option<String>, i64)> = read.into_tuple().all(&self.db).await?;
        let session = |(id, reason, at): (String, Option<String>, i64)| RevokedSession {
            id: id.into(),
            reason: reason.as_deref().and_then(RevocationReason::parse).unwrap_or(RevocationReason::Logout),
            at: Timestamp::from_millis(at),
        };
        Ok(rows.into_iter().map(session).collect())
    }

    async fn sessions_of(&self, subject: &Subject, now: Timestamp) -> Result<Vec<SessionRecord>, StoreError> {
        let read = Entity::find()
            .filter(Column::Subject.eq(subject.as_str()))
            .filter(Column::RevokedAt.is_null())
            .filter(Column::ExpiresAt.gt(now.as_millis()))
            .filter(Column::EndsAt.gt(now.as_millis()))
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id);
        Ok(read.all(&self.db).await?.into_iter().map(Into::into).collect())
    }

    async fn purge(&self, now: Timestamp, limit: u64) -> Result<u64, StoreError> {
        let ended = Column::EndsAt.lte(now.as_millis());
        let read = Entity::find().select_only().column(Column::Id).filter(ended.clone()).limit(limit);
        let ids: Vec<String> = read.into_tuple().all(&self.db).await?;
        if ids.is_empty() {
            return Ok(0);
        }
        let delete = Entity::delete_many().filter(Column::Id.is_in(ids)).filter(ended);
        Ok(delete.exec(&self.db).await?.rows_affected)
    }
}

impl SeaOrmTokenStore {
    async fn mark(
        &self,
        rows: sea_orm::sea_query::SimpleExpr,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::RevokedAt, Expr::value(at.as_millis()))
            .col_expr(Column::RevokedReason, Expr::value(reason.as_str()))
            .filter(rows);
        Ok(update.exec(&self.db).await?.rows_affected)
    }
}

/// The condition of [`RotationRequest`], word for word.
fn rotation_condition(request: &RotationRequest) -> Condition {
    let now = request.now.as_millis();
    let settled = Column::RotatedAt.is_null().or(Column::RotatedAt.lte(request.rotated_before.as_millis()));
    Condition::all()
        .add(Column::Id.eq(request.session_id.as_str()))
        .add(Column::CurrentJti.eq(request.presented.as_str()))
        .add(Column::RevokedAt.is_null())
        .add(settled)
        .add(Column::ExpiresAt.gt(now))
        .add(Column::EndsAt.gt(now))
}
