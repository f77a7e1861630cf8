//! The other conditional changes of a living session: late and slow answers, bindings, receipts.

use cookiejwt_core::{
    SessionId,
    store::{
        AnswerLateRequest, BindRequest, ChangeOutcome, Receipt, ReplaceRequest, SettleRequest, Timestamp,
    },
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, UpdateMany,
    sea_query::{CaseStatement, Expr, ExprTrait, SimpleExpr},
};

use super::{
    entity::{Column, Entity},
    statements::find,
};

/// One conditional UPDATE; when it changes no row, one read.
pub async fn answer_late<C: ConnectionTrait>(
    db: &C,
    request: &AnswerLateRequest,
) -> Result<ChangeOutcome, DbErr> {
    let update = Entity::update_many()
        .col_expr(Column::SettlesAt, settles_later(request.settles_at))
        .filter(late_condition(request));
    outcome(db, update, &request.session_id).await
}

/// One conditional UPDATE; when it changes no row, one read.
pub async fn replace<C: ConnectionTrait>(db: &C, request: &ReplaceRequest) -> Result<ChangeOutcome, DbErr> {
    let late = &request.late;
    let update = Entity::update_many()
        .col_expr(Column::CurrentJti, Expr::value(request.next.as_str()))
        .col_expr(Column::RotatedAt, Expr::value(late.now.as_millis()))
        .col_expr(Column::SettlesAt, Expr::value(late.settles_at.as_millis()))
        .filter(late_condition(late))
        .filter(Column::SettlesAt.lt(request.settled_before.as_millis()))
        .filter(Column::RotatedAt.lt(request.rotated_before.as_millis()));
    outcome(db, update, &late.session_id).await
}

/// One conditional UPDATE, the condition of [`BindRequest`] word for word; when it changes no row,
/// one read.
pub async fn bind<C: ConnectionTrait>(db: &C, request: &BindRequest) -> Result<ChangeOutcome, DbErr> {
    let now = request.now.as_millis();
    let update = Entity::update_many()
        .col_expr(Column::DeviceKey, Expr::value(request.key.as_str()))
        .filter(Column::Id.eq(request.session_id.as_str()))
        .filter(Column::Realm.eq(request.realm.as_str()))
        .filter(Column::DeviceKey.is_null())
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .filter(Column::EndsAt.gt(now));
    outcome(db, update, &request.session_id).await
}

async fn outcome<C: ConnectionTrait>(
    db: &C,
    update: UpdateMany<Entity>,
    id: &SessionId,
) -> Result<ChangeOutcome, DbErr> {
    if update.exec(db).await?.rows_affected == 1 {
        return Ok(ChangeOutcome::Changed);
    }
    Ok(ChangeOutcome::Unmatched(find(db, id).await?.map(Box::new)))
}

/// The condition of [`AnswerLateRequest`], word for word.
fn late_condition(request: &AnswerLateRequest) -> Condition {
    let now = request.now.as_millis();
    Condition::all()
        .add(Column::Id.eq(request.session_id.as_str()))
        .add(Column::Realm.eq(request.realm.as_str()))
        .add(Column::CurrentJti.eq(request.current.as_str()))
        .add(Column::PreviousJti.eq(request.presented.as_str()))
        .add(Column::ReceivedAt.is_null())
        .add(Column::DeviceKey.is_null())
        .add(Column::RevokedAt.is_null())
        .add(Column::ExpiresAt.gt(now))
        .add(Column::EndsAt.gt(now))
}

/// One conditional UPDATE; true when it changed the row.
pub async fn settle<C: ConnectionTrait>(db: &C, request: &SettleRequest) -> Result<bool, DbErr> {
    let update = Entity::update_many()
        .col_expr(Column::SettlesAt, settles_later(request.settles_at))
        .filter(Column::Id.eq(request.session_id.as_str()))
        .filter(Column::CurrentJti.eq(request.current.as_str()))
        .filter(unreceived())
        .filter(Column::RotatedAt.gte(request.rotated_after.as_millis()));
    Ok(update.exec(db).await?.rows_affected == 1)
}

/// One conditional UPDATE for all of them; how many rows it changed. Each pair counts alone; the
/// ids are listed for planners that find no index for a pair.
pub async fn received<C: ConnectionTrait>(
    db: &C,
    receipts: &[Receipt],
    now: Timestamp,
    settles_at: Timestamp,
) -> Result<u64, DbErr> {
    let ids = receipts.iter().map(|receipt| receipt.session_id.as_str());
    let pairs = receipts.iter().map(|receipt| (receipt.session_id.as_str(), receipt.refresh_jti.as_str()));
    let pair = Expr::tuple([Expr::col(Column::Id), Expr::col(Column::CurrentJti)]);
    let update = Entity::update_many()
        .col_expr(Column::ReceivedAt, Expr::value(now.as_millis()))
        .col_expr(Column::SettlesAt, settles_later(settles_at))
        .filter(Column::Id.is_in(ids))
        .filter(pair.in_tuples(pairs))
        .filter(unreceived());
    Ok(update.exec(db).await?.rows_affected)
}

/// A session that has rotated, whose current refresh token was not presented yet.
fn unreceived() -> Condition {
    Condition::all()
        .add(Column::ReceivedAt.is_null())
        .add(Column::PreviousJti.is_not_null())
        .add(Column::RevokedAt.is_null())
}

/// The greater of `settles_at` and this: databases differ in what they call it.
fn settles_later(settles_at: Timestamp) -> SimpleExpr {
    let millis = settles_at.as_millis();
    let later = CaseStatement::new().case(Column::SettlesAt.gt(millis), Expr::col(Column::SettlesAt));
    later.finally(Expr::value(millis)).into()
}
