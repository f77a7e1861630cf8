//! Renewing the claims of a user's sessions as SQL.

use cookiejwt_core::store::{ClaimsRenewal, Timestamp};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};

use super::{
    entity::{Column, Entity},
    statements::{is_open, of_user},
};
use crate::stores::RenewedSession;

/// Renews the claims of a user's sessions in the transaction in which their roles change: both are
/// committed together, and every node learns it with the next poll of the feed.
pub async fn renew_claims<C: ConnectionTrait>(
    db: &C,
    renewal: &ClaimsRenewal,
) -> Result<Vec<RenewedSession>, DbErr> {
    mark(db, renewal).await?;
    marked(db, renewal).await
}

/// The rule of [`ClaimsRenewal`], word for word.
pub(super) async fn mark<C: ConnectionTrait>(db: &C, renewal: &ClaimsRenewal) -> Result<u64, DbErr> {
    let idle_before = renewal.idle_before.as_millis();
    let is_active = Column::LastSeenAt.gte(idle_before).or(Column::SettlesAt.gte(idle_before));
    let update = Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::RenewedAt, Expr::value(renewal.at.as_millis()))
        .filter(of_user(&renewal.realm, &renewal.subject))
        .filter(is_open(renewal.at))
        .filter(is_active);
    Ok(update.exec(db).await?.rows_affected)
}

/// Read after they were marked. Another renewal may have replaced the time of this one, so the
/// result contains every row that was renewed a moment ago, with the version that it has now.
pub(super) async fn marked<C: ConnectionTrait>(
    db: &C,
    renewal: &ClaimsRenewal,
) -> Result<Vec<RenewedSession>, DbErr> {
    let marked = Column::RenewedAt.gte(renewal.idle_before.as_millis());
    read(db, of_user(&renewal.realm, &renewal.subject).and(is_open(renewal.at)).and(marked)).await
}

/// Every session whose claims were last renewed at this time or later.
pub async fn renewed_since<C: ConnectionTrait>(
    db: &C,
    since: Timestamp,
) -> Result<Vec<RenewedSession>, DbErr> {
    read(db, Column::RenewedAt.gte(since.as_millis())).await
}

async fn read<C: ConnectionTrait>(db: &C, rows: SimpleExpr) -> Result<Vec<RenewedSession>, DbErr> {
    let read =
        Entity::find().select_only().columns([Column::Id, Column::Version, Column::RenewedAt]).filter(rows);
    let rows: Vec<(String, i64, i64)> = read.into_tuple().all(db).await?;
    let session = |(id, version, at): (String, i64, i64)| {
        RenewedSession::new(id.into(), version, Timestamp::from_millis(at))
    };
    Ok(rows.into_iter().map(session).collect())
}
