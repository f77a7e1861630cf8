//! Tests that are specific to SQLite; `tests/databases` runs the facts that hold for every store.

#[path = "../common/all.rs"]
mod common;

mod database;
mod migration;
mod temporary;

use cookiejwt_store::SeaOrmTokenStore;

use self::temporary::Temporary;

/// A migrated store on its own pool.
async fn store_in(database: &Temporary) -> SeaOrmTokenStore {
    SeaOrmTokenStore::migrate(database.connect().await).await.unwrap()
}
