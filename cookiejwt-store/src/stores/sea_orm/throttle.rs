//! The buckets of the throttle as SQL: one statement reads those of a try, and one counts a failure
//! in a bucket.

use std::collections::HashMap;

use cookiejwt_core::store::{BucketId, ThrottleCharge, Timestamp};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, DbErr, EntityTrait as _, QueryFilter as _,
    QuerySelect as _, Statement,
};

use self::bucket::{Column, Entity};

/// When each bucket will be empty, in the order of the question.
pub(super) async fn levels<C: ConnectionTrait>(
    db: &C,
    buckets: &[BucketId],
) -> Result<Vec<Option<Timestamp>>, DbErr> {
    let ids = buckets.iter().map(BucketId::as_str);
    let rows = Entity::find().filter(Column::Id.is_in(ids)).all(db).await?;
    let levels: HashMap<_, _> = rows.into_iter().map(|row| (row.id, row.drained_at)).collect();
    let level = |bucket: &BucketId| levels.get(bucket.as_str()).copied().map(Timestamp::from_millis);
    Ok(buckets.iter().map(level).collect())
}

/// The rule of [`ThrottleCharge`], word for word. As text: the query builder has no `GREATEST` that
/// is `MAX` on SQLite.
pub(super) async fn charge<C: ConnectionTrait>(db: &C, charge: &ThrottleCharge) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::MySql => {
            "INSERT INTO cookiejwt_throttle (id, drained_at) VALUES (?, ?) ON DUPLICATE KEY UPDATE \
             drained_at = GREATEST(drained_at, LEAST(GREATEST(drained_at, ?) + ?, ?))"
        }
        DbBackend::Postgres => {
            "INSERT INTO cookiejwt_throttle AS bucket (id, drained_at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET \
             drained_at = GREATEST(bucket.drained_at, LEAST(GREATEST(bucket.drained_at, $3) + $4, $5))"
        }
        _ => {
            "INSERT INTO cookiejwt_throttle (id, drained_at) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET \
             drained_at = MAX(drained_at, MIN(MAX(drained_at, ?) + ?, ?))"
        }
    };
    let made = charge.applied_to(None).as_millis();
    let (now, interval, latest) = (charge.now.as_millis(), charge.interval_millis, charge.latest.as_millis());
    let values = [charge.bucket.as_str().into(), made.into(), now.into(), interval.into(), latest.into()];
    db.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await.map(drop)
}

/// As the purge of sessions; an empty bucket means the same as none.
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
