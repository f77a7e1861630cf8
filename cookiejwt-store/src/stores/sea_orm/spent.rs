//! What counts once as SQL: one statement spends it.

use cookiejwt_core::store::{SpentId, Timestamp};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, DbErr, EntityTrait as _, QueryFilter as _,
    QuerySelect as _, SqlErr, Statement,
};

use self::name::{Column, Entity};

/// The primary key decides, at every isolation level. As text: of what MySQL offers, `IGNORE` hides
/// other errors as well, and `ON DUPLICATE KEY` counts a row that it has not inserted.
pub(super) async fn spend<C: ConnectionTrait>(db: &C, id: &SpentId, until: Timestamp) -> Result<bool, DbErr> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::MySql => "INSERT INTO cookiejwt_spent (id, kept_until) VALUES (?, ?)",
        DbBackend::Postgres => {
            "INSERT INTO cookiejwt_spent (id, kept_until) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING"
        }
        _ => "INSERT INTO cookiejwt_spent (id, kept_until) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
    };
    let values = [id.as_str().into(), until.as_millis().into()];
    match db.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await {
        Ok(inserted) => Ok(inserted.rows_affected() == 1),
        Err(error) => match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => Ok(false),
            _ => Err(error),
        },
    }
}

/// As the purge of sessions.
pub(super) async fn purge<C: ConnectionTrait>(db: &C, now: Timestamp, limit: u64) -> Result<u64, DbErr> {
    let over = Column::KeptUntil.lte(now.as_millis());
    let read = Entity::find().select_only().column(Column::Id).filter(over.clone()).limit(limit);
    let ids: Vec<String> = read.into_tuple().all(db).await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let delete = Entity::delete_many().filter(Column::Id.is_in(ids)).filter(over);
    Ok(delete.exec(db).await?.rows_affected)
}

mod name {
    use sea_orm::entity::prelude::{
        ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter,
        PrimaryKeyTrait,
    };

    /// One name, and until when it has to be remembered in Unix milliseconds.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "cookiejwt_spent")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub kept_until: i64,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
