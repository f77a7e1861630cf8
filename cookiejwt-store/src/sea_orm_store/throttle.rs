//! The buckets of the throttle as SQL. One conditional statement counts a try; a second one makes the bucket when it is
//! not there.

use cookiejwt_core::{ThrottleOutcome, ThrottleRefund, ThrottleRequest, Timestamp};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, DbErr, EntityTrait as _, QueryFilter as _,
    QuerySelect as _, Statement,
    sea_query::{CaseStatement, Expr, ExprTrait as _},
};

use self::bucket::{Column, Entity};

/// Between the statements a bucket can be made or purged by others; more often than that is not luck.
const LOOKS: u32 = 5;

pub(super) async fn count<C: ConnectionTrait>(
    db: &C,
    request: &ThrottleRequest,
) -> Result<ThrottleOutcome, DbErr> {
    for _ in 0..LOOKS {
        if count_in_row(db, request).await? || insert(db, request).await? {
            return Ok(ThrottleOutcome::Counted);
        }
        let drained_at = find(db, request).await?;
        if drained_at.is_some() && !request.has_room(drained_at) {
            return Ok(ThrottleOutcome::Full(drained_at));
        }
    }
    Ok(ThrottleOutcome::Full(None))
}

pub(super) async fn refund<C: ConnectionTrait>(db: &C, refund: &ThrottleRefund) -> Result<(), DbErr> {
    let update = Entity::update_many()
        .col_expr(Column::DrainedAt, Expr::col(Column::DrainedAt).sub(refund.millis))
        .filter(Column::Id.eq(refund.bucket.as_str()));
    update.exec(db).await?;
    Ok(())
}

/// As the purge of sessions; an empty bucket says the same as none.
pub(super) async fn purge<C: ConnectionTrait>(db: &C, now: Timestamp, limit: u64) -> Result<u64, DbErr> {
    let empty = Column::DrainedAt.lte(now.as_millis());
    let read = Entity::find().select_only().column(Column::Id).filter(empty.clone()).limit(limit);
    let ids: Vec<String> = read.into_tuple().all(db).await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let delete = Entity::delete_many().filter(Column::Id.is_in(ids)).filter(empty);
    Ok(delete.exec(db).await?.rows_affected)
}

/// The condition of [`ThrottleRequest`], word for word.
async fn count_in_row<C: ConnectionTrait>(db: &C, request: &ThrottleRequest) -> Result<bool, DbErr> {
    let now = request.now.as_millis();
    let begins = CaseStatement::new()
        .case(Column::DrainedAt.gt(now), Expr::col(Column::DrainedAt))
        .finally(Expr::value(now));
    let update = Entity::update_many()
        .col_expr(Column::DrainedAt, Expr::expr(begins).add(request.interval_millis))
        .filter(Column::Id.eq(request.bucket.as_str()))
        .filter(Column::DrainedAt.lte(request.latest.as_millis()));
    Ok(update.exec(db).await?.rows_affected == 1)
}

/// True when there was no such bucket. As text, because MySQL's `ON DUPLICATE KEY` counts a row that it left alone.
async fn insert<C: ConnectionTrait>(db: &C, request: &ThrottleRequest) -> Result<bool, DbErr> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::MySql => "INSERT IGNORE INTO cookiejwt_throttle (id, drained_at) VALUES (?, ?)",
        DbBackend::Postgres => {
            "INSERT INTO cookiejwt_throttle (id, drained_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING"
        }
        _ => "INSERT INTO cookiejwt_throttle (id, drained_at) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
    };
    let values = [request.bucket.as_str().into(), request.counted(None).as_millis().into()];
    Ok(db.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?.rows_affected() == 1)
}

async fn find<C: ConnectionTrait>(db: &C, request: &ThrottleRequest) -> Result<Option<Timestamp>, DbErr> {
    let row = Entity::find_by_id(request.bucket.as_str()).one(db).await?;
    Ok(row.map(|row| Timestamp::from_millis(row.drained_at)))
}

mod bucket {
    use sea_orm::entity::prelude::{
        ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter,
        PrimaryKeyTrait,
    };

    /// One bucket: its name, and when it will be empty in Unix milliseconds.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "cookiejwt_throttle")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub drained_at: i64,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
