//! Several nodes of a fresh installation start at once on one empty database.

use std::{future::Future, sync::Arc};

use cookiejwt_store::{
    SeaOrmTokenStore,
    conformance::{facts, samples::find},
    sea_orm_store::Migrator,
};
use libtest_mimic::{Failed, Trial};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr};
use sea_orm_migration::MigratorTrait as _;
use tokio::sync::Barrier;

use crate::{
    matrix::{Kind, ROWS, Row},
    place::{Place, Places, strings},
    server::runtime,
};

const NODES: usize = 3;
const ROUNDS: usize = 10;
/// Of the migration, and of the naive one.
const TABLES: [&str; 5] =
    ["cookiejwt_sessions", "cookiejwt_throttle", "cookiejwt_spent", "seaql_migrations_cookiejwt", "naive"];
pub(crate) const APPLIED: &str = "SELECT version FROM seaql_migrations_cookiejwt";
const INDICES: [&str; 6] = [
    "cookiejwt_sessions_expires_at",
    "cookiejwt_sessions_realm_subject",
    "cookiejwt_sessions_renewed_at",
    "cookiejwt_sessions_revoked_at",
    "cookiejwt_spent_kept_until",
    "cookiejwt_throttle_drained_at",
];

pub(crate) fn trials(places: &Places) -> Vec<Trial> {
    let databases = ROWS.into_iter().filter(|row| !matches!(row.kind, Kind::Memory));
    let trials = databases.flat_map(|row| {
        let (first, second) = (places.clone(), places.clone());
        [
            Trial::test(format!("{}: nodes that migrate at once", row.name()), move || {
                on_a_place(&row, &first, at_once)
            }),
            Trial::test(format!("{}: a naive migration fails at once", row.name()), move || {
                on_a_place(&row, &second, naive)
            }),
        ]
    });
    trials.collect()
}

pub(crate) fn on_a_place(
    row: &Row,
    places: &Places,
    trial: impl AsyncFnOnce(&Place) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let Some(place) = places.lend(row)? else { return Ok(()) };
    runtime()?.block_on(trial(&place))?;
    places.take_back(row, place);
    Ok(())
}

pub(crate) async fn drop_tables(db: &DatabaseConnection) -> Result<(), DbErr> {
    for table in TABLES {
        db.execute_unprepared(&format!("DROP TABLE IF EXISTS {table}")).await?;
    }
    Ok(())
}

async fn at_once(place: &Place) -> Result<(), Failed> {
    for round in 1..=ROUNDS {
        let (nodes, stores) = race(place, drop_tables, SeaOrmTokenStore::migrate).await?;
        for store in stores {
            let store = store.map_err(|error| format!("round {round}: {error}"))?;
            assert_eq!(find(&store, "nobody").await, None, "round {round}");
        }
        is_right(&nodes[0]).await?;
        if round == ROUNDS {
            let fact = facts().iter().find(|fact| fact.name() == "ids_compare_byte_for_byte");
            fact.expect("there is one").run(SeaOrmTokenStore::new(nodes[0].clone())).await;
        }
        close(nodes).await?;
    }
    Ok(())
}

/// The counterexample: code that checks whether the table exists and then creates it fails if
/// others do so at the same time.
async fn naive(place: &Place) -> Result<(), Failed> {
    let everybody_has_looked = Arc::new(Barrier::new(NODES));
    let (nodes, outcomes) = race(place, drop_tables, |db| {
        let everybody_has_looked = Arc::clone(&everybody_has_looked);
        async move {
            let is_there = db.execute_unprepared("SELECT id FROM naive").await.is_ok();
            everybody_has_looked.wait().await;
            assert!(!is_there, "all of them look before one creates it");
            db.execute_unprepared("CREATE TABLE naive (id INTEGER)").await
        }
    })
    .await?;
    close(nodes).await?;
    let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    assert_eq!(failed, NODES - 1, "{outcomes:?}");
    Ok(())
}

/// On a prepared database, each with its own pool, all starting at the same moment.
pub(crate) async fn race<T, F>(
    place: &Place,
    prepare: impl AsyncFnOnce(&DatabaseConnection) -> Result<(), DbErr>,
    migrate: impl Fn(DatabaseConnection) -> F,
) -> Result<(Vec<DatabaseConnection>, Vec<T>), Failed>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut nodes = Vec::new();
    for _ in 0..NODES {
        nodes.push(place.connect().await?);
    }
    prepare(&nodes[0]).await?;
    let barrier = Arc::new(Barrier::new(NODES));
    let start = |node: &DatabaseConnection| {
        let (barrier, migration) = (Arc::clone(&barrier), migrate(node.clone()));
        tokio::spawn(async move {
            barrier.wait().await;
            migration.await
        })
    };
    let tasks: Vec<_> = nodes.iter().map(start).collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await?);
    }
    Ok((nodes, outcomes))
}

pub(crate) async fn close(nodes: Vec<DatabaseConnection>) -> Result<(), Failed> {
    for node in nodes {
        node.close().await?;
    }
    Ok(())
}

/// Each migration is recorded once, and exactly the expected indices exist.
pub(crate) async fn is_right(db: &DatabaseConnection) -> Result<(), Failed> {
    assert_eq!(strings(db, APPLIED).await?.len(), Migrator::migrations().len());
    let indices = match db.get_database_backend() {
        DbBackend::Postgres => "SELECT indexname FROM pg_indexes WHERE tablename LIKE 'cookiejwt_%'",
        DbBackend::MySql => {
            "SELECT DISTINCT CONVERT(index_name USING utf8mb4) FROM information_schema.statistics \
             WHERE table_schema = DATABASE() AND table_name LIKE 'cookiejwt_%'"
        }
        _ => "SELECT name FROM sqlite_master WHERE type = 'index'",
    };
    let mut indices = strings(db, indices).await?;
    // Those of the primary keys have the names that the database gives them.
    indices.retain(|name| name.starts_with("cookiejwt_") && !name.ends_with("_pkey"));
    indices.sort();
    assert_eq!(indices, INDICES);
    Ok(())
}
