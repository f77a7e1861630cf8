//! A separate database on the PostgreSQL server at `POSTGRES_URL`.

use std::{env, net::SocketAddr, time::Duration};

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DbErr, sqlx::postgres::PgConnectOptions};

const USUAL: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// Deleted when dropped, also after a panic.
pub(crate) struct Scratch {
    options: PgConnectOptions,
    name: String,
}

impl Scratch {
    /// Fails if the server cannot be reached.
    pub(crate) fn create() -> Result<Self, DbErr> {
        let url = url();
        let options = url.parse().map_err(|error: sea_orm::sqlx::Error| DbErr::Custom(error.to_string()))?;
        let name = format!("cookiejwt_everywhere_{}", std::process::id());
        administrate(&format!("CREATE DATABASE {name}"))?;
        Ok(Self { options, name })
    }

    /// Where the server is.
    pub(crate) fn server(&self) -> (&str, u16) {
        (self.options.get_host(), self.options.get_port())
    }

    /// The URL of the database behind this address, without TLS, so that the statements can be read
    /// on the way.
    pub(crate) fn url(&self, address: SocketAddr) -> String {
        let url = url();
        let scheme_and_user = url.rsplit_once('@').map_or("postgres://postgres", |(before, _)| before);
        format!("{scheme_and_user}@{address}/{}?sslmode=disable", self.name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = administrate(&format!("DROP DATABASE {} WITH (FORCE)", self.name)) {
            eprintln!("the database {} could not be deleted: {error}", self.name);
        }
    }
}

fn url() -> String {
    env::var("POSTGRES_URL").unwrap_or_else(|_| USUAL.to_owned())
}

fn administrate(statement: &str) -> Result<(), DbErr> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| DbErr::Custom(error.to_string()))?.block_on(async {
        let mut options = ConnectOptions::new(url());
        // How long to retry if the server does not respond.
        options.max_connections(1).sqlx_logging(false).acquire_timeout(Duration::from_secs(5));
        let db = Database::connect(options).await?;
        db.execute_unprepared(statement).await?;
        db.close().await
    })
}
