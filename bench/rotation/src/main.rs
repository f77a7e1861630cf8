//! How fast sessions rotate, compared with the same statement through plain sqlx in the same run,
//! and how many bytes a session takes: `cargo run --release --manifest-path bench/Cargo.toml -p
//! rotation -- sqlite postgres mysql`.
//!
//! `POSTGRES_URL` and `MYSQL_URL` are the addresses of empty databases (the table is dropped at the
//! end).

mod plain;
mod samples;
mod sizes;

use std::{
    env,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use cookiejwt_store::{RotationOutcome, SeaOrmTokenStore, TokenStore};
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection};

use crate::plain::Plain;

const CLIENTS: [usize; 3] = [1, 8, 32];
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let databases: Vec<String> = env::args().skip(1).collect();
    println!(
        "| database | clients | store, rotations/s | plain sqlx, updates/s | ratio |\n|---|---|---|---|---|"
    );
    let mut bytes = Vec::new();
    for name in &databases {
        let url = match name.as_str() {
            "sqlite" => format!("sqlite://{}?mode=rwc", directory.path().join("bench.db").display()),
            "postgres" => env::var("POSTGRES_URL")
                .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".into()),
            "mysql" => env::var("MYSQL_URL").unwrap_or_else(|_| "mysql://root@127.0.0.1:3306/test".into()),
            other => return Err(format!("{other} is none of sqlite, postgres, mysql").into()),
        };
        let db = connect(&url).await?;
        let store = SeaOrmTokenStore::migrate(db.clone()).await?;
        let plain = Plain::connect(&url).await?;
        for clients in CLIENTS {
            compare(name, clients, &store, &plain).await?;
        }
        bytes.push(format!("| {name} | {} |", sizes::bytes_per_session(&db, &store).await?));
        db.execute_unprepared("DROP TABLE cookiejwt_sessions").await?;
        db.execute_unprepared("DROP TABLE seaql_migrations_cookiejwt").await?;
    }
    println!("\n| database | bytes per session, indices included |\n|---|---|\n{}", bytes.join("\n"));
    Ok(())
}

async fn connect(url: &str) -> Result<DatabaseConnection, Failure> {
    let options = ConnectOptions::new(url).max_connections(32).sqlx_logging(false).to_owned();
    let db = Database::connect(options).await?;
    if url.starts_with("sqlite") {
        db.execute_unprepared("PRAGMA journal_mode = WAL").await?;
    }
    Ok(db)
}

/// Both in turns, so that they run on the same disk under the same conditions.
async fn compare(name: &str, clients: usize, store: &SeaOrmTokenStore, plain: &Plain) -> Result<(), Failure> {
    let ids: Vec<String> = (0..clients).map(|client| format!("{name}-{clients}-{client}")).collect();
    for id in &ids {
        store.create(&samples::session(id)).await?;
    }
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (store, plain) = (store.clone(), plain.clone());
        ours.push(rate(&ids, move |id| rotate(store.clone(), id)).await?);
        theirs.push(rate(&ids, move |id| plain.clone().rotate(id)).await?);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!("| {name} | {clients} | {ours:.0} | {theirs:.0} | {:.2} |", ours / theirs);
    Ok(())
}

async fn rotate(store: SeaOrmTokenStore, id: String) -> Result<(), Failure> {
    match store.rotate(&samples::rotation(&id)).await? {
        RotationOutcome::Rotated => Ok(()),
        RotationOutcome::Unmatched(row) => Err(format!("not rotated: {row:?}").into()),
    }
}

/// Changes per second with one client for each id.
async fn rate<F>(
    ids: &[String],
    change: impl Fn(String) -> F + Clone + Send + 'static,
) -> Result<f64, Failure>
where
    F: Future<Output = Result<(), Failure>> + Send,
{
    let (count, start) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let mut clients = tokio::task::JoinSet::new();
    for id in ids.iter().cloned() {
        let (count, change) = (Arc::clone(&count), change.clone());
        clients.spawn(async move {
            while start.elapsed() < ROUND {
                change(id.clone()).await?;
                count.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, Failure>(())
        });
    }
    while let Some(client) = clients.join_next().await {
        client??;
    }
    Ok(count.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64())
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
