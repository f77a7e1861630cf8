use cookiejwt_core::Subject;
use sea_orm_migration::{
    prelude::{
        ColumnDef, DbErr, DeriveIden, DynIden, Index, IntoIden, MigrationTrait, MigratorTrait, SchemaManager,
        Table, async_trait,
    },
    schema::{big_integer, big_integer_null, boolean, string_len, string_len_null},
};

/// The table of this library's migrations: an own one, so that they never collide with the application's.
const MIGRATION_TABLE: &str = "seaql_migrations_cookiejwt";

const ID_LENGTH: u32 = 22;
const SUBJECT_LENGTH: u32 = 191;
const _: () = assert!(SUBJECT_LENGTH as usize == Subject::MAX_LENGTH);

/// Creates and changes the table `cookiejwt_sessions`.
///
/// [`SeaOrmTokenStore::migrate`](super::SeaOrmTokenStore::migrate) runs it; an application that migrates in a step of
/// its own runs it there.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateSessions)]
    }

    fn migration_table_name() -> DynIden {
        MIGRATION_TABLE.into_iden()
    }
}

struct CreateSessions;

impl sea_orm_migration::MigrationName for CreateSessions {
    fn name(&self) -> &'static str {
        "m20261123_000001_create_sessions"
    }
}

#[derive(DeriveIden)]
#[sea_orm(iden = "cookiejwt_sessions")]
enum Sessions {
    #[sea_orm(iden = "cookiejwt_sessions")]
    Table,
    Id,
    Subject,
    CurrentJti,
    PreviousJti,
    IssuedAt,
    ExpiresAt,
    RotatedAt,
    CreatedAt,
    AuthTime,
    LastSeenAt,
    EndsAt,
    RevokedAt,
    RevokedReason,
    Remember,
    UserAgent,
    Ip,
}

#[allow(elided_lifetimes_in_paths, reason = "async_trait needs the lifetime as the trait elides it")]
#[async_trait::async_trait]
impl MigrationTrait for CreateSessions {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(create_table()).await?;
        for (name, column) in [
            ("cookiejwt_sessions_subject", Sessions::Subject),
            ("cookiejwt_sessions_revoked_at", Sessions::RevokedAt),
        ] {
            let index =
                Index::create().if_not_exists().name(name).table(Sessions::Table).col(column).to_owned();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Sessions::Table).to_owned()).await
    }
}

fn create_table() -> sea_orm_migration::prelude::TableCreateStatement {
    let id: &mut ColumnDef = &mut string_len(Sessions::Id, ID_LENGTH);
    Table::create()
        .table(Sessions::Table)
        .if_not_exists()
        .col(id.primary_key())
        .col(string_len(Sessions::Subject, SUBJECT_LENGTH))
        .col(string_len(Sessions::CurrentJti, ID_LENGTH))
        .col(string_len_null(Sessions::PreviousJti, ID_LENGTH))
        .col(big_integer(Sessions::IssuedAt))
        .col(big_integer(Sessions::ExpiresAt))
        .col(big_integer_null(Sessions::RotatedAt))
        .col(big_integer(Sessions::CreatedAt))
        .col(big_integer(Sessions::AuthTime))
        .col(big_integer(Sessions::LastSeenAt))
        .col(big_integer(Sessions::EndsAt))
        .col(big_integer_null(Sessions::RevokedAt))
        .col(string_len_null(Sessions::RevokedReason, 32))
        .col(boolean(Sessions::Remember))
        .col(string_len_null(Sessions::UserAgent, 255))
        .col(string_len_null(Sessions::Ip, 45))
        .to_owned()
}
