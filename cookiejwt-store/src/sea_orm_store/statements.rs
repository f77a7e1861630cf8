//! Each question of a [`TokenStore`](crate::TokenStore) as SQL over any connection, so that an application can join it to a
//! transaction of its own.
//!
//! A revocation that is committed this way reaches the access tokens of every node with the next poll of the feed.
//!
//! ```no_run
//! use cookiejwt_store::{RevocationReason, Subject, Timestamp, sea_orm_store::statements};
//! use sea_orm::{DatabaseConnection, DbErr, TransactionTrait};
//!
//! async fn ban(db: &DatabaseConnection, user: &Subject, now: Timestamp) -> Result<(), DbErr> {
//!     let transaction = db.begin().await?;
//!     // … the application's own UPDATE of its user table …
//!     statements::revoke_subject(&transaction, user, RevocationReason::UserInactive, now).await?;
//!     transaction.commit().await
//! }
//! ```

use std::sync::OnceLock;

use cookiejwt_core::{
    Revocation, RevocationReason, RotationOutcome, RotationRequest, SessionId, SessionRecord, Subject,
    Timestamp,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Statement, UpdateMany, Value,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};

use super::entity::{ActiveModel, Column, Entity};
use crate::RevokedSession;

/// Inserts the row of a new session.
pub async fn create<C: ConnectionTrait>(db: &C, session: &SessionRecord) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(session)).exec_without_returning(db).await?;
    Ok(())
}

/// Reads a row.
pub async fn find<C: ConnectionTrait>(db: &C, id: &SessionId) -> Result<Option<SessionRecord>, DbErr> {
    Ok(Entity::find_by_id(id.as_str()).one(db).await?.map(Into::into))
}

/// One conditional UPDATE; when it changes no row, one read. Inside a transaction that began earlier the read may see an
/// older row (REPEATABLE READ), so the store itself never runs it in one.
pub async fn rotate<C: ConnectionTrait>(db: &C, request: &RotationRequest) -> Result<RotationOutcome, DbErr> {
    let backend = db.get_database_backend();
    let update =
        Statement::from_sql_and_values(backend, rotation_sql(backend, request), rotation_values(request));
    if db.execute_raw(update).await?.rows_affected() == 1 {
        return Ok(RotationOutcome::Rotated);
    }
    Ok(RotationOutcome::Unmatched(find(db, &request.session_id).await?.map(Box::new)))
}

/// Marks a session as revoked; true when it was alive.
pub async fn revoke<C: ConnectionTrait>(db: &C, revocation: &Revocation) -> Result<bool, DbErr> {
    let alive = Column::Id.eq(revocation.session_id.as_str()).and(Column::RevokedAt.is_null());
    Ok(mark(db, alive, revocation.reason, revocation.at).await? > 0)
}

/// Marks every living session of a user as revoked, and names them.
pub async fn revoke_subject<C: ConnectionTrait>(
    db: &C,
    subject: &Subject,
    reason: RevocationReason,
    at: Timestamp,
) -> Result<Vec<SessionId>, DbErr> {
    mark_subject(db, subject, reason, at).await?;
    marked(db, subject, at).await
}

pub(super) async fn mark_subject<C: ConnectionTrait>(
    db: &C,
    subject: &Subject,
    reason: RevocationReason,
    at: Timestamp,
) -> Result<u64, DbErr> {
    mark(db, Column::Subject.eq(subject.as_str()).and(Column::RevokedAt.is_null()), reason, at).await
}

/// Read after they were marked, so that a session that begins in between is either not marked or named. One that
/// somebody else revoked in the same millisecond may be named too, which does no harm.
pub(super) async fn marked<C: ConnectionTrait>(
    db: &C,
    subject: &Subject,
    at: Timestamp,
) -> Result<Vec<SessionId>, DbErr> {
    let marked = Column::Subject.eq(subject.as_str()).and(Column::RevokedAt.eq(at.as_millis()));
    let read = Entity::find().select_only().column(Column::Id).filter(marked);
    let ids: Vec<String> = read.into_tuple().all(db).await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Every session revoked at this time or later.
pub async fn revoked_since<C: ConnectionTrait>(
    db: &C,
    since: Timestamp,
) -> Result<Vec<RevokedSession>, DbErr> {
    let read = Entity::find()
        .select_only()
        .columns([Column::Id, Column::RevokedReason, Column::RevokedAt])
        .filter(Column::RevokedAt.gte(since.as_millis()));
    let rows: Vec<(String, Option<String>, i64)> = read.into_tuple().all(db).await?;
    let session = |(id, reason, at): (String, Option<String>, i64)| RevokedSession {
        id: id.into(),
        reason: reason.as_deref().and_then(RevocationReason::parse).unwrap_or(RevocationReason::Logout),
        at: Timestamp::from_millis(at),
    };
    Ok(rows.into_iter().map(session).collect())
}

/// Every living session of a user, the newest first.
pub async fn sessions_of<C: ConnectionTrait>(
    db: &C,
    subject: &Subject,
    now: Timestamp,
) -> Result<Vec<SessionRecord>, DbErr> {
    let read = Entity::find()
        .filter(Column::Subject.eq(subject.as_str()))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(now.as_millis()))
        .filter(Column::EndsAt.gt(now.as_millis()))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id);
    Ok(read.all(db).await?.into_iter().map(Into::into).collect())
}

/// Deletes at most `limit` rows whose absolute end has passed; how many there were. Read first, because MySQL allows no
/// LIMIT where it would be needed; what is past its end stays so.
pub async fn purge<C: ConnectionTrait>(db: &C, now: Timestamp, limit: u64) -> Result<u64, DbErr> {
    let ended = Column::EndsAt.lte(now.as_millis());
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
        .filter(rows);
    Ok(update.exec(db).await?.rows_affected)
}

/// The text of the hot statement is the same for every request, so it is built once for each kind of database.
fn rotation_sql(backend: DbBackend, request: &RotationRequest) -> &'static str {
    static TEXTS: [OnceLock<String>; 3] = [const { OnceLock::new() }; 3];
    let [sqlite, postgres, mysql] = &TEXTS;
    let text = match backend {
        DbBackend::Postgres => postgres,
        DbBackend::MySql => mysql,
        _ => sqlite,
    };
    text.get_or_init(|| rotation_update(request).build(backend).sql)
}

/// In the order in which [`rotation_update`] names them.
fn rotation_values(request: &RotationRequest) -> [Value; 11] {
    let now = request.now.as_millis();
    [
        request.presented.as_str().into(),
        request.next.as_str().into(),
        request.issued_at.as_millis().into(),
        request.expires_at.as_millis().into(),
        now.into(),
        now.into(),
        request.session_id.as_str().into(),
        request.presented.as_str().into(),
        request.rotated_before.as_millis().into(),
        now.into(),
        now.into(),
    ]
}

fn rotation_update(request: &RotationRequest) -> UpdateMany<Entity> {
    let now = request.now.as_millis();
    Entity::update_many()
        .col_expr(Column::PreviousJti, Expr::value(request.presented.as_str()))
        .col_expr(Column::CurrentJti, Expr::value(request.next.as_str()))
        .col_expr(Column::IssuedAt, Expr::value(request.issued_at.as_millis()))
        .col_expr(Column::ExpiresAt, Expr::value(request.expires_at.as_millis()))
        .col_expr(Column::RotatedAt, Expr::value(now))
        .col_expr(Column::LastSeenAt, Expr::value(now))
        .filter(rotation_condition(request))
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

#[cfg(all(test, feature = "testing"))]
mod tests {
    use cookiejwt_core::{Assessment, CustomClaims, RefreshIds, RefreshStep, UserState, testing};

    use super::*;

    fn request() -> RotationRequest {
        let cookie = testing::refresh("1").cookie();
        let (head, ()) = http::Request::post("/").header("cookie", cookie).body(()).unwrap().into_parts();
        let Assessment::NeedsRefresh(attempt) = testing::core().refresh(&head, testing::NOW) else {
            panic!()
        };
        let user = UserState::Active(Ok(CustomClaims::default()));
        let RefreshStep::Rotate(rotation) = attempt.with_user(user, RefreshIds::from_random([7; 32])) else {
            panic!()
        };
        rotation.request().clone()
    }

    #[test]
    fn the_values_stand_where_the_text_wants_them() {
        let mut request = request();
        // Each value is another, so that two of them cannot change places.
        request.now = Timestamp::from_millis(1);
        request.rotated_before = Timestamp::from_millis(2);
        request.issued_at = Timestamp::from_millis(3);
        request.expires_at = Timestamp::from_millis(4);
        for backend in [DbBackend::Sqlite, DbBackend::Postgres, DbBackend::MySql] {
            let built = rotation_update(&request).build(backend);
            assert_eq!(rotation_sql(backend, &request), built.sql);
            assert_eq!(built.values.unwrap().0, rotation_values(&request), "{backend:?}");
        }
    }
}
