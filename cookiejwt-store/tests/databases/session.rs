//! Checks the matrix itself: the level of each connection, and how a table without its own
//! collation behaves.

use libtest_mimic::{Failed, Trial};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, Statement, TransactionTrait as _};

use crate::{
    matrix::{Kind, ROWS, Row},
    place::Places,
    server::{MYSQL, runtime},
};

pub(crate) fn trials(places: &Places) -> Vec<Trial> {
    let mut trials = Vec::new();
    for row in ROWS {
        let Kind::Server(setting) = row.kind else { continue };
        let here = places.clone();
        trials.push(Trial::test(format!("{}: on every connection", row.name()), move || level(&row, &here)));
        if std::ptr::eq(setting.server, &raw const MYSQL) {
            let name = format!("{}: a table without collation folds case", row.name());
            let here = places.clone();
            trials.push(Trial::test(name, move || folds(&row, &here)));
        }
    }
    trials
}

fn level(row: &Row, places: &Places) -> Result<(), Failed> {
    let Some(place) = places.lend(row)? else { return Ok(()) };
    let levels = runtime()?.block_on(async {
        let db = place.connect().await?;
        let levels = levels(&db).await?;
        db.close().await?;
        Ok::<_, DbErr>(levels)
    })?;
    assert_eq!(levels.len(), 8);
    for level in levels {
        assert!(row.level.starts_with(&level.replace('-', " ").to_uppercase()), "{level}");
    }
    places.take_back(row, place);
    Ok(())
}

/// Of that many connections: transactions that are open at the same time have one each.
async fn levels(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let backend = db.get_database_backend();
    let asked = match backend {
        DbBackend::Postgres => "SELECT name, setting FROM pg_settings WHERE name = 'transaction_isolation'",
        // The first is MariaDB's older name of it.
        _ => "SHOW VARIABLES WHERE variable_name IN ('tx_isolation', 'transaction_isolation')",
    };
    let (mut open, mut levels) = (Vec::new(), Vec::new());
    for _ in 0..8 {
        let transaction = db.begin().await?;
        let answer = transaction.query_all_raw(Statement::from_string(backend, asked)).await?;
        levels.push(answer[0].try_get_by_index(1)?);
        open.push(transaction);
    }
    for transaction in open {
        transaction.rollback().await?;
    }
    Ok(levels)
}

fn folds(row: &Row, places: &Places) -> Result<(), Failed> {
    let Some(place) = places.lend(row)? else { return Ok(()) };
    runtime()?.block_on(async {
        let db = place.connect().await?;
        db.execute_unprepared("CREATE TABLE plain (id VARCHAR(22) PRIMARY KEY)").await?;
        db.execute_unprepared("INSERT INTO plain VALUES ('a')").await?;
        assert!(db.execute_unprepared("INSERT INTO plain VALUES ('A')").await.is_err());
        db.execute_unprepared("DROP TABLE plain").await?;
        db.close().await
    })?;
    places.take_back(row, place);
    Ok(())
}
