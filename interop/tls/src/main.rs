//! `tls URL` opens the store and prints whether the database sees an encrypted connection, or the
//! error.

use std::{env, error::Error, time::Duration};

use cookiejwt_store::SeaOrmTokenStore;
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = env::args().nth(1).unwrap_or_default();
    match seen(&url).await {
        Ok(true) => println!("encrypted"),
        Ok(false) => println!("plain"),
        Err(error) => println!("{error}"),
    }
}

async fn seen(url: &str) -> Result<bool, Box<dyn Error>> {
    let options =
        ConnectOptions::new(url).acquire_timeout(Duration::from_secs(3)).sqlx_logging(false).to_owned();
    let db = Database::connect(options).await?;
    SeaOrmTokenStore::migrate(db.clone()).await?;
    is_encrypted(&db).await
}

async fn is_encrypted(db: &DatabaseConnection) -> Result<bool, Box<dyn Error>> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
        _ => "SHOW SESSION STATUS LIKE 'Ssl_cipher'",
    };
    let row = db.query_one_raw(Statement::from_string(backend, sql)).await?.ok_or("no row")?;
    Ok(match backend {
        DbBackend::Postgres => row.try_get_by_index(0)?,
        _ => !row.try_get_by_index::<String>(1)?.is_empty(),
    })
}
