//! A separate database server in a temporary directory.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use sea_orm::{ConnectionTrait as _, Statement};
use tempfile::TempDir;

use crate::common::wait_for;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    PostgreSql,
    MariaDb,
}

pub(crate) struct Database {
    pub(crate) kind: Kind,
    pub(crate) port: u16,
    directory: TempDir,
    programs: PathBuf,
    server: Option<Child>,
}

impl Database {
    /// None if the server is not installed.
    pub(crate) fn start(kind: Kind) -> Option<Self> {
        let programs = programs(kind)?;
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut database = Self { kind, port: free_port(), directory, programs, server: None };
        database.initialise();
        database.run();
        if kind == Kind::MariaDb {
            database.execute("CREATE DATABASE demo CHARACTER SET utf8mb4");
        }
        Some(database)
    }

    /// The URL of the demo's database on this port.
    pub(crate) fn url(&self, port: u16) -> String {
        match self.kind {
            Kind::PostgreSql => format!("postgres://postgres@127.0.0.1:{port}/postgres"),
            Kind::MariaDb => format!("mysql://root@127.0.0.1:{port}/demo"),
        }
    }

    /// Kills the server without a checkpoint, as a power failure would.
    pub(crate) fn crash(&mut self) {
        let mut server = self.server.take().expect("it runs");
        // PostgreSQL's SIGQUIT is "immediate": its children exit too, and the next start replays
        // the log.
        let signal = if self.kind == Kind::PostgreSql { "QUIT" } else { "KILL" };
        let line = format!("kill -{signal} {}", server.id());
        assert!(Command::new("/bin/sh").args(["-c", &line]).status().expect("a shell").success());
        server.wait().expect("it ends");
    }

    pub(crate) fn run(&mut self) {
        let mut command = match self.kind {
            Kind::PostgreSql => {
                let mut command = as_postgres(&self.programs.join("postgres"));
                command.arg("-D").arg(self.data()).args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
                command.arg("-k").arg(self.directory.path());
                command
            }
            Kind::MariaDb => {
                let mut command = Command::new(self.programs.join("mariadbd"));
                command.args(["--no-defaults", "--user=root", "--bind-address=127.0.0.1"]);
                command.arg(format!("--port={}", self.port)).arg(option("--datadir", &self.data()));
                command.arg(option("--socket", &self.directory.path().join("socket")));
                command
            }
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.server = Some(command.spawn().expect("the server starts"));
        let answers = || self.can_answer().then_some(());
        wait_for(60, answers).expect("the server answers");
    }

    /// The number that a query returns.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        let kind = self.kind;
        self.with_connection(|db| {
            let backend = db.get_database_backend();
            let sql = sql.to_owned();
            Box::pin(async move {
                let row = db.query_one_raw(Statement::from_string(backend, sql)).await.expect("a good query");
                row.expect("a row").try_get_by_index(0).unwrap_or_else(|error| panic!("{kind:?}: {error}"))
            })
        })
    }

    fn execute(&self, sql: &'static str) {
        let url = self.url(self.port).replace("/demo", "/mysql");
        block_on(async {
            let db = sea_orm::Database::connect(url).await.expect("it answers");
            db.execute_unprepared(sql).await.expect("a good statement");
        });
    }

    fn with_connection<T>(
        &self,
        ask: impl for<'a> FnOnce(
            &'a sea_orm::DatabaseConnection,
        ) -> std::pin::Pin<Box<dyn Future<Output = T> + 'a>>,
    ) -> T {
        let url = self.url(self.port);
        block_on(async {
            let db = sea_orm::Database::connect(url).await.expect("it answers");
            let answer = ask(&db).await;
            db.close().await.expect("closed");
            answer
        })
    }

    fn can_answer(&self) -> bool {
        if TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            std::thread::sleep(Duration::from_millis(20));
            return false;
        }
        let url = self.url(self.port).replace("/demo", "/mysql");
        block_on(async { sea_orm::Database::connect(url).await.is_ok() })
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn initialise(&self) {
        let mut command = match self.kind {
            Kind::PostgreSql => {
                own_by_postgres(self.directory.path());
                let mut command = as_postgres(&self.programs.join("initdb"));
                command
                    .args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "-D"])
                    .arg(self.data());
                command
            }
            Kind::MariaDb => {
                let mut command = Command::new("mariadb-install-db");
                command.args(["--no-defaults", "--user=root", "--skip-test-db"]);
                command
                    .arg("--auth-root-authentication-method=normal")
                    .arg(option("--datadir", &self.data()));
                command
            }
        };
        let output = command.current_dir("/").output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.server.is_some() {
            self.crash();
        }
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port()
}

fn option(name: &str, path: &Path) -> String {
    format!("{name}={}", path.display())
}

/// The directory of the server's programs.
fn programs(kind: Kind) -> Option<PathBuf> {
    let directories: Vec<PathBuf> = match kind {
        Kind::PostgreSql => {
            let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
            versions.map(|version| version.path().join("bin")).collect()
        }
        Kind::MariaDb => ["/usr/sbin", "/usr/bin", "/usr/libexec"].map(Into::into).into(),
    };
    let program = if kind == Kind::PostgreSql { "postgres" } else { "mariadbd" };
    directories.into_iter().find(|directory| directory.join(program).is_file())
}

/// PostgreSQL refuses to run as root.
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

fn own_by_postgres(directory: &Path) {
    if is_root() {
        let owned = Command::new("chown").arg("postgres").arg(directory).status();
        assert!(owned.expect("chown").success());
    }
}

fn is_root() -> bool {
    let user = Command::new("id").arg("-u").output().expect("id");
    user.stdout.starts_with(b"0\n")
}
