//! What is particular to SQLite; `tests/databases` runs the facts that hold for every store.

#[path = "../common/all.rs"]
mod common;

mod database;
mod migration;
mod temporary;

use cookiejwt_store::SeaOrmTokenStore;

use self::temporary::Temporary;

/// A migrated store on a pool of its own.
async fn store_in(database: &Temporary) -> SeaOrmTokenStore {
    SeaOrmTokenStore::migrate(database.connect().await).await.unwrap()
}
