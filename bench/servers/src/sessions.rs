//! Fills a SQLite file with the requested number of sessions and revocations.

use std::{
    env,
    time::{SystemTime, UNIX_EPOCH},
};

use cookiejwt_store::SeaOrmTokenStore;
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database};

use crate::Failure;

/// `BENCH_SESSIONS` live sessions of as many users, and `BENCH_REVOKED` sessions whose revocations
/// are spread evenly over the last five minutes.
pub(crate) async fn in_sqlite(path: &str) -> Result<SeaOrmTokenStore, Failure> {
    let url = format!("sqlite://{path}?mode=rwc");
    let db = Database::connect(ConnectOptions::new(url).sqlx_logging(false).to_owned()).await?;
    db.execute_unprepared("PRAGMA journal_mode = WAL").await?;
    let store = SeaOrmTokenStore::migrate(db.clone()).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    db.execute_unprepared(&rows("living", number("BENCH_SESSIONS")?, now, "NULL, NULL")).await?;
    let revoked = number("BENCH_REVOKED")?;
    let spread = format!("{now} - n * 300000 / {}, 'logout'", revoked.max(1));
    db.execute_unprepared(&rows("revoked", revoked, now, &spread)).await?;
    Ok(store)
}

fn number(variable: &str) -> Result<u64, Failure> {
    Ok(env::var(variable).map_or(Ok(0), |value| value.parse())?)
}

fn rows(kind: &str, count: u64, now: u128, revoked: &str) -> String {
    let month = 30_u128 * 86_400_000;
    format!(
        "INSERT INTO cookiejwt_sessions (id, subject, current_jti, issued_at, expires_at, created_at, auth_time, \
         last_seen_at, ends_at, remember, user_agent, ip, revoked_at, revoked_reason) \
         WITH RECURSIVE numbers(n) AS (SELECT 1 WHERE 0 < {count} UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) \
         SELECT printf('{kind}-%014d', n), printf('user-%d', n), printf('%022d', n), {now}, {now} + {month}, {now}, {now}, \
         {now}, {now} + {month}, 1, 'Mozilla/5.0 (X11; Linux x86_64) Chrome/146.0.0.0', '203.0.113.195', {revoked} \
         FROM numbers"
    )
}
