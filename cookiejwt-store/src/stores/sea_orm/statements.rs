//! Each question of a [`TokenStore`](crate::TokenStore) as SQL over any connection, so that an
//! application can join it to its own transaction.
//!
//! A revocation that is committed this way reaches the access tokens of every node with the next
//! poll of the feed.
//!
//! ```no_run
//! use cookiejwt_store::{Realm, RevocationReason, Subject, Timestamp, sea_orm_store::statements};
//! use sea_orm::{DatabaseConnection, DbErr, TransactionTrait};
//!
//! async fn ban(db: &DatabaseConnection, user: &Subject, now: Timestamp) -> Result<(), DbErr> {
//!     let transaction = db.begin().await?;
//!     // … the application's own UPDATE of its user table …
//!     statements::revoke_subject(&transaction, &Realm::default(), user, RevocationReason::UserInactive, now).await?;
//!     transaction.commit().await
//! }
//! ```

use cookiejwt_core::{
    SessionId, Subject,
    store::{Realm, Revocation, RevocationReason, SessionRecord, Timestamp},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};

use super::entity::{ActiveModel, Column, Entity};
pub use super::{
    changes::{answer_late, bind, received, replace, settle},
    ends::ends_of,
    renewals::{renew_claims, renewed_since},
    rotation::rotate,
};
use crate::stores::RevokedSession;

/// Inserts the row of a new session.
pub async fn create<C: ConnectionTrait>(db: &C, session: &SessionRecord) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(session)).exec_without_returning(db).await?;
    Ok(())
}

/// Reads a row.
pub async fn find<C: ConnectionTrait>(db: &C, id: &SessionId) -> Result<Option<SessionRecord>, DbErr> {
    Ok(Entity::find_by_id(id.as_str()).one(db).await?.map(Into::into))
}

/// Applies a [`Revocation`]; true when it changed the row.
pub async fn revoke<C: ConnectionTrait>(db: &C, revocation: &Revocation) -> Result<bool, DbErr> {
    let row = Column::Id.eq(revocation.session_id.as_str());
    Ok(mark(db, row, revocation.reason, revocation.at).await? > 0)
}

/// Marks every session of a user of this realm as revoked that a [`Revocation`] would change, and
/// names them.
pub async fn revoke_subject<C: ConnectionTrait>(
    db: &C,
    realm: &Realm,
    subject: &Subject,
    reason: RevocationReason,
    at: Timestamp,
) -> Result<Vec<SessionId>, DbErr> {
    mark_subject(db, realm, subject, reason, at).await?;
    marked(db, realm, subject, at).await
}

pub(super) async fn mark_subject<C: ConnectionTrait>(
    db: &C,
    realm: &Realm,
    subject: &Subject,
    reason: RevocationReason,
    at: Timestamp,
) -> Result<u64, DbErr> {
    mark(db, of_user(realm, subject), reason, at).await
}

/// A subject alone does not identify a user: user 1 of another table is another user.
pub(super) fn of_user(realm: &Realm, subject: &Subject) -> SimpleExpr {
    Column::Realm.eq(realm.as_str()).and(Column::Subject.eq(subject.as_str()))
}

/// Read after they were marked, so that a session that begins in between is either not marked or
/// named. One that another request revoked in the same millisecond may be among them, which does no
/// harm.
pub(super) async fn marked<C: ConnectionTrait>(
    db: &C,
    realm: &Realm,
    subject: &Subject,
    at: Timestamp,
) -> Result<Vec<SessionId>, DbErr> {
    let marked = of_user(realm, subject).and(Column::RevokedAt.eq(at.as_millis()));
    let read = Entity::find().select_only().column(Column::Id).filter(marked);
    let ids: Vec<String> = read.into_tuple().all(db).await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Every session revoked at this time or later.
pub async fn revoked_since<C: ConnectionTrait>(
    db: &C,
    since: Timestamp,
) -> Result<Vec<RevokedSession>, DbErr> {
    revoked_sessions(db, Column::RevokedAt.gte(since.as_millis())).await
}

/// Rows that are revoked.
pub(super) async fn revoked_sessions<C: ConnectionTrait>(
    db: &C,
    rows: SimpleExpr,
) -> Result<Vec<RevokedSession>, DbErr> {
    let read = Entity::find()
        .select_only()
        .columns([Column::Id, Column::RevokedReason, Column::RevokedAt])
        .filter(rows);
    let rows: Vec<(String, Option<String>, i64)> = read.into_tuple().all(db).await?;
    let session = |(id, reason, at): (String, Option<String>, i64)| RevokedSession {
        id: id.into(),
        reason: reason.as_deref().and_then(RevocationReason::parse).unwrap_or(RevocationReason::Logout),
        at: Timestamp::from_millis(at),
    };
    Ok(rows.into_iter().map(session).collect())
}

/// The present time by the clock of the database. SQLite runs on the clock of this machine, so it
/// has none.
pub async fn now<C: ConnectionTrait>(db: &C) -> Result<Option<Timestamp>, DbErr> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
        // Neither the time zone of the session nor its summer time takes part.
        DbBackend::MySql => {
            "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6)) DIV 1000"
        }
        _ => return Ok(None),
    };
    let row = db.query_one_raw(Statement::from_string(backend, sql)).await?;
    let millis: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(millis.map(Timestamp::from_millis))
}

/// Every living session of a user of this realm, the newest first.
pub async fn sessions_of<C: ConnectionTrait>(
    db: &C,
    realm: &Realm,
    subject: &Subject,
    now: Timestamp,
) -> Result<Vec<SessionRecord>, DbErr> {
    let read = Entity::find()
        .filter(of_user(realm, subject))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(now.as_millis()))
        .filter(Column::EndsAt.gt(now.as_millis()))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id);
    Ok(read.all(db).await?.into_iter().map(Into::into).collect())
}

/// Deletes at most `limit` rows with `expires_at <= before`; how many there were. Read first,
/// because MySQL allows no LIMIT where it would be needed; a session past its idle end never
/// rotates again.
pub async fn purge<C: ConnectionTrait>(db: &C, before: Timestamp, limit: u64) -> Result<u64, DbErr> {
    let ended = Column::ExpiresAt.lte(before.as_millis());
    let read = Entity::find().select_only().column(Column::Id).filter(ended.clone()).limit(limit);
    let ids: Vec<String> = read.into_tuple().all(db).await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let delete = Entity::delete_many().filter(Column::Id.is_in(ids)).filter(ended);
    Ok(delete.exec(db).await?.rows_affected)
}

async fn mark<C: ConnectionTrait>(
    db: &C,
    rows: SimpleExpr,
    reason: RevocationReason,
    at: Timestamp,
) -> Result<u64, DbErr> {
    let update = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(at.as_millis()))
        .col_expr(Column::RevokedReason, Expr::value(reason.as_str()))
        .filter(rows)
        .filter(is_open(at));
    Ok(update.exec(db).await?.rows_affected)
}

/// Whether a revocation from this time on changes the row.
pub(super) fn is_open(at: Timestamp) -> SimpleExpr {
    let superseded = RevocationReason::Superseded.as_str();
    let waits = Column::RevokedReason.eq(superseded).and(Column::RevokedAt.gt(at.as_millis()));
    Column::RevokedAt.is_null().or(waits)
}
