//! Ending every session of a user table as SQL, one batch after the other along the primary key.

use cookiejwt_core::{SessionId, store::RealmRevocation};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{CaseStatement, Expr, ExprTrait, SimpleExpr},
};

use super::{
    entity::{Column, Entity},
    statements::{is_open, revoked_sessions},
};
use crate::stores::RevokedSession;

/// The next rows that are to be changed. One that ends meanwhile is not changed, and one that
/// begins meanwhile may be left out: its user has just logged in.
pub(super) async fn open<C: ConnectionTrait>(
    db: &C,
    revocation: &RealmRevocation,
    after: Option<&SessionId>,
    limit: u64,
) -> Result<Vec<SessionId>, DbErr> {
    let mut read = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Realm.eq(revocation.realm.as_str()))
        .filter(is_open(revocation.at))
        .order_by_asc(Column::Id)
        .limit(limit);
    if let Some(after) = after {
        read = read.filter(Column::Id.gt(after.as_str()));
    }
    let ids: Vec<String> = read.into_tuple().all(db).await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// The rule of [`RealmRevocation`], word for word. The time comes first: MySQL reads what an
/// earlier assignment of the same statement has written.
pub(super) async fn mark<C: ConnectionTrait>(
    db: &C,
    revocation: &RealmRevocation,
    ids: &[SessionId],
) -> Result<u64, DbErr> {
    let idle_before = revocation.idle_before.as_millis();
    let is_idle = Column::RevokedAt
        .is_null()
        .and(Column::LastSeenAt.lt(idle_before))
        .and(Column::SettlesAt.lt(idle_before));
    let time = CaseStatement::new().case(is_idle, Expr::value(idle_before));
    let update = Entity::update_many()
        .col_expr(Column::RevokedAt, time.finally(Expr::value(revocation.at.as_millis())).into())
        .col_expr(Column::RevokedReason, Expr::value(revocation.reason.as_str()))
        .filter(is_one_of(ids))
        .filter(is_open(revocation.at));
    Ok(update.exec(db).await?.rows_affected)
}

/// Read after they were marked, because a refresh may have come before.
pub(super) async fn marked<C: ConnectionTrait>(
    db: &C,
    revocation: &RealmRevocation,
    ids: &[SessionId],
) -> Result<Vec<RevokedSession>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let times = [revocation.at.as_millis(), revocation.idle_before.as_millis()];
    revoked_sessions(db, is_one_of(ids).and(Column::RevokedAt.is_in(times))).await
}

fn is_one_of(ids: &[SessionId]) -> SimpleExpr {
    Column::Id.is_in(ids.iter().map(SessionId::as_str))
}
