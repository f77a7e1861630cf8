//! One trial for each fact of each row, and the results.

use std::sync::{Arc, Mutex};

use cookiejwt_store::{
    MemoryStore, SeaOrmTokenStore, TokenStore,
    conformance::{Fact, facts},
};
use libtest_mimic::{Failed, Trial};
use sea_orm::ConnectionTrait as _;

use crate::{
    matrix::{Kind, ROWS, Row},
    place::Places,
    server::runtime,
};

#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Green,
    Failed,
    Skipped,
}

/// What each trial found.
#[derive(Clone, Default)]
pub(crate) struct Table(Arc<Mutex<Vec<Found>>>);

struct Found {
    row: usize,
    fact: &'static str,
    outcome: Outcome,
}

impl Table {
    fn add(&self, row: usize, fact: &Fact, outcome: Outcome) {
        self.0.lock().expect("no panic while held").push(Found { row, fact: fact.name(), outcome });
    }

    pub(crate) fn print(&self) {
        let outcomes = self.0.lock().expect("no panic while held");
        if outcomes.is_empty() {
            return;
        }
        println!("\n| database | isolation level | facts green | failed |\n|---|---|---|---|");
        for (number, row) in ROWS.iter().enumerate() {
            let of = |outcome: Outcome| {
                let here = outcomes.iter().filter(|found| found.row == number && found.outcome == outcome);
                here.map(|found| found.fact).collect::<Vec<_>>()
            };
            let (green, failed) = (of(Outcome::Green).len(), of(Outcome::Failed));
            let green = match (green + failed.len(), of(Outcome::Skipped).len()) {
                (0, 0) => continue,
                (0, _) => "skipped".into(),
                (run, _) => format!("{green} of {run}"),
            };
            println!("| {} | {} | {green} | {} |", row.database, row.level, failed.join(", "));
        }
    }
}

pub(crate) fn trials(table: &Table, places: &Places) -> Vec<Trial> {
    let rows = ROWS.into_iter().enumerate();
    rows.flat_map(|row| facts().iter().map(move |fact| (row, fact)))
        .map(|((number, row), fact)| {
            let (table, places) = (table.clone(), places.clone());
            Trial::test(format!("{}: {}", row.name(), fact.name()), move || {
                let outcome = play(row, fact, &places);
                table.add(number, fact, *outcome.as_ref().unwrap_or(&Outcome::Failed));
                outcome.map(drop)
            })
        })
        .collect()
}

fn play(row: Row, fact: &'static Fact, places: &Places) -> Result<Outcome, Failed> {
    if matches!(row.kind, Kind::Memory) {
        return runtime()?.block_on(holds(fact, MemoryStore::new()));
    }
    let Some(place) = places.lend(&row)? else { return Ok(Outcome::Skipped) };
    let outcome = runtime()?.block_on(async {
        let db = place.connect().await?;
        let store = SeaOrmTokenStore::migrate(db.clone()).await?;
        db.execute_unprepared("DELETE FROM cookiejwt_sessions").await?;
        db.execute_unprepared("DELETE FROM cookiejwt_throttle").await?;
        db.execute_unprepared("DELETE FROM cookiejwt_spent").await?;
        let outcome = holds(fact, store).await;
        db.close().await?;
        outcome
    })?;
    places.take_back(&row, place);
    Ok(outcome)
}

async fn holds(fact: &'static Fact, store: impl TokenStore) -> Result<Outcome, Failed> {
    match tokio::spawn(fact.run(store)).await {
        Ok(()) => Ok(Outcome::Green),
        Err(error) => Err(said(error).into()),
    }
}

fn said(error: tokio::task::JoinError) -> String {
    let panic = error.into_panic();
    panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "it panicked".into())
}
