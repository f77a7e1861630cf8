//! The servers, and separate databases on them.

use std::{
    env,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use libtest_mimic::Failed;
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbErr, sqlx::Executor as _,
};
use tokio::runtime::Runtime;

use crate::matrix::Setting;

pub(crate) struct Server {
    name: &'static str,
    variable: &'static str,
    default: &'static str,
    /// How to delete a database that may have open connections.
    drop: fn(&str) -> String,
    is_there: OnceLock<bool>,
}

pub(crate) static POSTGRES: Server = Server {
    name: "PostgreSQL",
    variable: "POSTGRES_URL",
    default: "postgres://postgres@127.0.0.1:5432/postgres",
    drop: |name| format!("DROP DATABASE {name} WITH (FORCE)"),
    is_there: OnceLock::new(),
};

pub(crate) static MYSQL: Server = Server {
    name: "MySQL",
    variable: "MYSQL_URL",
    default: "mysql://root@127.0.0.1:3306/test",
    drop: |name| format!("DROP DATABASE {name}"),
    is_there: OnceLock::new(),
};

impl Server {
    fn url(&self) -> String {
        env::var(self.variable).unwrap_or_else(|_| self.default.to_owned())
    }

    /// Whether it responds; reports if not, which fails only if every test is required.
    pub(crate) fn is_there(&self) -> Result<bool, Failed> {
        let is_there = *self.is_there.get_or_init(|| match self.administrate("SELECT 1") {
            Ok(()) => true,
            Err(error) => {
                eprintln!("skipped: {}: {error}", self.absent());
                false
            }
        });
        if !is_there && env::var("REQUIRE_ALL_TESTS").is_ok_and(|value| value == "1") {
            return Err(self.absent().into());
        }
        Ok(is_there)
    }

    /// Without the password of the URL.
    fn absent(&self) -> String {
        let url = self.url();
        format!("no {} at {}", self.name, url.rsplit('@').next().unwrap_or_default())
    }

    /// Connects as the administrator, to the database of the URL.
    pub(crate) fn administrate(&self, statement: &str) -> Result<(), DbErr> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| DbErr::Custom(error.to_string()))?.block_on(async {
            let mut options = ConnectOptions::new(self.url());
            // How long to retry if the server does not respond.
            options.max_connections(1).sqlx_logging(false).acquire_timeout(Duration::from_secs(5));
            let db = Database::connect(options).await?;
            db.execute_unprepared(statement).await?;
            db.close().await
        })
    }
}

/// A database that is deleted when dropped, also after a panic.
pub(crate) struct Scratch {
    setting: Setting,
    name: String,
}

impl Scratch {
    pub(crate) fn create(setting: Setting) -> Result<Self, Failed> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("cookiejwt_test_{}_{count}", std::process::id());
        setting.server.administrate(&format!("CREATE DATABASE {name} {}", setting.options))?;
        Ok(Self { setting, name })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn server(&self) -> &'static Server {
        self.setting.server
    }

    /// A pool of one connection for another role, without a password.
    pub(crate) async fn connect_as(&self, role: &str) -> Result<DatabaseConnection, DbErr> {
        let mut options = ConnectOptions::new(self.setting.server.url());
        options.max_connections(1).sqlx_logging(false);
        let (name, user) = (self.name.clone(), role.to_owned());
        options.map_sqlx_postgres_opts(move |options| options.database(&name).username(&user));
        let (name, user) = (self.name.clone(), role.to_owned());
        options.map_sqlx_mysql_opts(move |options| options.database(&name).username(&user));
        Database::connect(options).await
    }

    /// A pool of several connections, each at the isolation level. (SeaORM's own `after_connect`
    /// runs once per pool.)
    pub(crate) async fn connect(&self) -> Result<DatabaseConnection, DbErr> {
        let Setting { server, on_connect, .. } = self.setting;
        let mut options = ConnectOptions::new(server.url());
        options.max_connections(8).sqlx_logging(false);
        let name = self.name.clone();
        options.map_sqlx_postgres_opts(move |options| options.database(&name));
        let name = self.name.clone();
        options.map_sqlx_mysql_opts(move |options| options.database(&name));
        options.map_sqlx_postgres_pool_opts(move |options| {
            options
                .after_connect(move |db, _| Box::pin(async move { db.execute(on_connect).await.map(drop) }))
        });
        options.map_sqlx_mysql_pool_opts(move |options| {
            options
                .after_connect(move |db, _| Box::pin(async move { db.execute(on_connect).await.map(drop) }))
        });
        Database::connect(options).await
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let Self { setting, name } = self;
        if let Err(error) = setting.server.administrate(&(setting.server.drop)(name)) {
            eprintln!("the database {name} of {} could not be deleted: {error}", setting.server.name);
        }
    }
}

/// A runtime of two threads, so that tasks run at the same time.
pub(crate) fn runtime() -> Result<Runtime, Failed> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}
