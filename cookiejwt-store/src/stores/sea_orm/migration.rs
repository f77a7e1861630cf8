//! The migration that creates the tables.

mod alter;

use cookiejwt_core::{
    Subject,
    store::{DeviceKey, Realm, SpentId},
};
use sea_orm::DbBackend;
use sea_orm_migration::{
    prelude::{
        ColumnDef, DbErr, DeriveIden, DynIden, Index, IndexCreateStatement, IntoIden, MigrationTrait,
        MigratorTrait, SchemaManager, Table, TableCreateStatement, async_trait,
    },
    schema::{big_integer, big_integer_null, boolean, string_len, string_len_null, text_null},
};

use self::alter::{add_column, byte_for_byte, collation, create_index, drop_column, drop_index};

/// The table of this library's migrations: an own one, so that they never collide with the
/// application's.
const MIGRATION_TABLE: &str = "seaql_migrations_cookiejwt";

const BY_SUBJECT: &str = "cookiejwt_sessions_subject";
const BY_END: &str = "cookiejwt_sessions_ends_at";
const BY_USER: &str = "cookiejwt_sessions_realm_subject";
const BY_IDLE_END: &str = "cookiejwt_sessions_expires_at";
const BY_RENEWAL: &str = "cookiejwt_sessions_renewed_at";

const ID_LENGTH: u32 = 22;
const REALM_LENGTH: u32 = 32;
const _: () = assert!(REALM_LENGTH as usize == Realm::MAX_LENGTH);
const SUBJECT_LENGTH: u32 = 191;
const _: () = assert!(SUBJECT_LENGTH as usize == Subject::MAX_LENGTH);
const SPENT_LENGTH: u32 = 43;
const _: () = assert!(SPENT_LENGTH as usize == SpentId::LENGTH);
const DEVICE_KEY_LENGTH: u32 = 512;
const _: () = assert!(DEVICE_KEY_LENGTH as usize == DeviceKey::MAX_LENGTH);

/// Creates and changes the tables `cookiejwt_sessions`, `cookiejwt_throttle` and `cookiejwt_spent`.
///
/// [`SeaOrmTokenStore::migrate`](super::SeaOrmTokenStore::migrate) runs it; an application that
/// migrates in a separate step runs it there.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the command line of sea-orm-migration takes it as a value")]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(CreateSessions),
            Box::new(CreateThrottle),
            Box::new(AddReceipts),
            Box::new(AddFacts),
            Box::new(CreateSpent),
            Box::new(AddVersion),
            Box::new(AddDeviceKey),
        ]
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
    Realm,
    Subject,
    CurrentJti,
    PreviousJti,
    IssuedAt,
    ExpiresAt,
    RotatedAt,
    SettlesAt,
    ReceivedAt,
    CreatedAt,
    AuthTime,
    LastSeenAt,
    EndsAt,
    RevokedAt,
    RevokedReason,
    Remember,
    UserAgent,
    Ip,
    Facts,
    Version,
    RenewedAt,
    DeviceKey,
}

#[allow(elided_lifetimes_in_paths, reason = "async_trait needs the lifetime as the trait elides it")]
#[async_trait::async_trait]
impl MigrationTrait for CreateSessions {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Every statement may run twice, because another node may be doing the same.
        if manager.get_database_backend() == DbBackend::MySql {
            let mut table = create_table("");
            for (_, mut index) in indices() {
                table.index(&mut index);
            }
            table.character_set("utf8mb4").collate(byte_for_byte(manager).await?);
            return manager.create_table(table).await;
        }
        manager.create_table(create_table(collation(manager))).await?;
        for (_, mut index) in indices() {
            manager.create_index(index.if_not_exists().table(Sessions::Table).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Sessions::Table).to_owned()).await
    }
}

struct CreateThrottle;

impl sea_orm_migration::MigrationName for CreateThrottle {
    fn name(&self) -> &'static str {
        "m20261125_000002_create_throttle"
    }
}

#[derive(DeriveIden)]
#[sea_orm(iden = "cookiejwt_throttle")]
enum Buckets {
    #[sea_orm(iden = "cookiejwt_throttle")]
    Table,
    Id,
    DrainedAt,
}

#[allow(elided_lifetimes_in_paths, reason = "async_trait needs the lifetime as the trait elides it")]
#[async_trait::async_trait]
impl MigrationTrait for CreateThrottle {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let id = string_len(Buckets::Id, ID_LENGTH);
        let index = Index::create().name("cookiejwt_throttle_drained_at").col(Buckets::DrainedAt).to_owned();
        create_names(manager, Buckets::Table.into_iden(), id, big_integer(Buckets::DrainedAt), index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Buckets::Table).to_owned()).await
    }
}

/// Realms, and what a rotation needs to know of lost answers. Rows of before belong to the empty
/// realm.
struct AddReceipts;

impl sea_orm_migration::MigrationName for AddReceipts {
    fn name(&self) -> &'static str {
        "m20261129_000003_add_receipts"
    }
}

#[allow(elided_lifetimes_in_paths, reason = "async_trait needs the lifetime as the trait elides it")]
#[async_trait::async_trait]
impl MigrationTrait for AddReceipts {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let realm =
            string_len(Sessions::Realm, REALM_LENGTH).extra(collation(manager)).default("").to_owned();
        add_column(manager, "realm", realm).await?;
        add_column(manager, "settles_at", big_integer(Sessions::SettlesAt).default(0).to_owned()).await?;
        add_column(manager, "received_at", big_integer_null(Sessions::ReceivedAt)).await?;
        let by_user = Index::create().name(BY_USER).col(Sessions::Realm).col(Sessions::Subject).to_owned();
        let by_end = Index::create().name(BY_IDLE_END).col(Sessions::ExpiresAt).to_owned();
        for (name, index) in [(BY_USER, by_user), (BY_IDLE_END, by_end)] {
            create_index(manager, name, index).await?;
        }
        for name in [BY_SUBJECT, BY_END] {
            drop_index(manager, name).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in [BY_USER, BY_IDLE_END] {
            drop_index(manager, name).await?;
        }
        for column in [Sessions::Realm, Sessions::SettlesAt, Sessions::ReceivedAt] {
            drop_column(manager, column).await?;
        }
        for (name, index) in indices() {
            create_index(manager, name, index).await?;
        }
        Ok(())
    }
}

/// What is true of a session, for the list of sessions.
struct AddFacts;

impl sea_orm_migration::MigrationName for AddFacts {
    fn name(&self) -> &'static str {
        "m20261130_000004_add_facts"
    }
}

#[allow(elided_lifetimes_in_paths, reason = "async_trait needs the lifetime as the trait elides it")]
#[async_trait::async_trait]
impl MigrationTrait for AddFacts {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, "facts", text_null(Sessions::Facts)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, Sessions::Facts).await
    }
}

struct CreateSpent;

impl sea_orm_migration::MigrationName for CreateSpent {
    fn name(&self) -> &'static str {
        "m20261130_000005_create_spent"
    }
}

#[derive(DeriveIden)]
#[sea_orm(iden = "cookiejwt_spent")]
enum Spent {
    #[sea_orm(iden = "cookiejwt_spent")]
    Table,
    Id,
    KeptUntil,
}

#[allow(elided_lifetimes_in_paths, reason = "async_trait needs the lifetime as the trait elides it")]
#[async_trait::async_trait]
impl MigrationTrait for CreateSpent {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let id = string_len(Spent::Id, SPENT_LENGTH);
        let index = Index::create().name("cookiejwt_spent_kept_until").col(Spent::KeptUntil).to_owned();
        create_names(manager, Spent::Table.into_iden(), id, big_integer(Spent::KeptUntil), index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Spent::Table).to_owned()).await
    }
}

/// How often the claims of a session were renewed.
struct AddVersion;

impl sea_orm_migration::MigrationName for AddVersion {
    fn name(&self) -> &'static str {
        "m20261130_000006_add_version"
    }
}

#[allow(elided_lifetimes_in_paths, reason = "async_trait needs the lifetime as the trait elides it")]
#[async_trait::async_trait]
impl MigrationTrait for AddVersion {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, "version", big_integer(Sessions::Version).default(0).to_owned()).await?;
        add_column(manager, "renewed_at", big_integer_null(Sessions::RenewedAt)).await?;
        let index = Index::create().name(BY_RENEWAL).col(Sessions::RenewedAt).to_owned();
        create_index(manager, BY_RENEWAL, index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_index(manager, BY_RENEWAL).await?;
        drop_column(manager, Sessions::Version).await?;
        drop_column(manager, Sessions::RenewedAt).await
    }
}

/// The key of the device that a session is bound to. Rows of before are bound to none.
struct AddDeviceKey;

impl sea_orm_migration::MigrationName for AddDeviceKey {
    fn name(&self) -> &'static str {
        "m20261130_000007_add_device_key"
    }
}

#[allow(elided_lifetimes_in_paths, reason = "async_trait needs the lifetime as the trait elides it")]
#[async_trait::async_trait]
impl MigrationTrait for AddDeviceKey {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut key = string_len_null(Sessions::DeviceKey, DEVICE_KEY_LENGTH);
        add_column(manager, "device_key", key.extra(collation(manager)).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, Sessions::DeviceKey).await
    }
}

/// A table of names, each with a time until which it counts.
async fn create_names(
    manager: &SchemaManager<'_>,
    name: DynIden,
    mut id: ColumnDef,
    until: ColumnDef,
    mut index: IndexCreateStatement,
) -> Result<(), DbErr> {
    let mut table = Table::create();
    table.table(name.clone()).if_not_exists().col(id.extra(collation(manager)).primary_key()).col(until);
    if manager.get_database_backend() == DbBackend::MySql {
        table.index(&mut index).character_set("utf8mb4").collate(byte_for_byte(manager).await?);
        return manager.create_table(table).await;
    }
    manager.create_table(table).await?;
    manager.create_index(index.if_not_exists().table(name).to_owned()).await
}

/// One for each condition of the first version that is not on the id.
fn indices() -> [(&'static str, IndexCreateStatement); 3] {
    [
        (BY_SUBJECT, Sessions::Subject),
        ("cookiejwt_sessions_revoked_at", Sessions::RevokedAt),
        (BY_END, Sessions::EndsAt),
    ]
    .map(|(name, column)| (name, Index::create().name(name).col(column).to_owned()))
}

fn create_table(collation: &str) -> TableCreateStatement {
    let text = |mut column: ColumnDef| column.extra(collation).to_owned();
    let mut id = text(string_len(Sessions::Id, ID_LENGTH));
    Table::create()
        .table(Sessions::Table)
        .if_not_exists()
        .col(id.primary_key())
        .col(text(string_len(Sessions::Subject, SUBJECT_LENGTH)))
        .col(text(string_len(Sessions::CurrentJti, ID_LENGTH)))
        .col(text(string_len_null(Sessions::PreviousJti, ID_LENGTH)))
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
