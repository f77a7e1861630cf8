//! Reads the database file while the application runs.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, FromQueryResult, Statement};

use crate::common::{Home, wait_for};

/// A row of `cookiejwt_sessions`; fails to load if a required column is NULL.
#[derive(Debug, FromQueryResult)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) subject: String,
    pub(crate) current_jti: String,
    pub(crate) previous_jti: Option<String>,
    pub(crate) issued_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) rotated_at: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) auth_time: i64,
    pub(crate) last_seen_at: i64,
    pub(crate) ends_at: i64,
    pub(crate) revoked_at: Option<i64>,
    pub(crate) revoked_reason: Option<String>,
    pub(crate) remember: bool,
}

impl Session {
    /// Whether the columns are consistent.
    pub(crate) fn is_complete(&self) -> bool {
        let ids = [Some(&self.id), Some(&self.current_jti), self.previous_jti.as_ref()];
        let whole_second = |time: i64| time - time.rem_euclid(1000);
        let times_fit = self.created_at > 0
            && self.auth_time == whole_second(self.created_at)
            && self.created_at <= self.last_seen_at
            && self.issued_at == whole_second(self.last_seen_at)
            && self.issued_at < self.expires_at
            && self.expires_at <= self.ends_at;
        ids.into_iter().flatten().all(|id| id.len() == 22)
            && self.subject.parse::<i64>().is_ok_and(|id| id > 0)
            && times_fit
            && self.previous_jti.is_some() == self.rotated_at.is_some()
            && self.revoked_at.is_some() == self.revoked_reason.is_some()
    }
}

/// Every session, oldest first.
pub(crate) fn sessions(home: &Home) -> Vec<Session> {
    let sql = "SELECT * FROM cookiejwt_sessions ORDER BY created_at, id";
    with(home, async |db| {
        Session::find_by_statement(Statement::from_string(db.get_database_backend(), sql)).all(db).await
    })
}

/// Waits until a refresh token was replaced.
pub(crate) fn wait_for_rotation(home: &Home) {
    let rotated = || sessions(home).iter().any(|session| session.rotated_at.is_some()).then_some(());
    assert!(wait_for(60, rotated).is_some(), "nothing was rotated");
}

/// SQLite's own integrity check: "ok".
pub(crate) fn integrity(home: &Home) -> String {
    let sql = "PRAGMA integrity_check";
    with(home, async |db| {
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
        row.map_or(Ok(String::new()), |row| row.try_get_by_index(0))
    })
}

fn with<T>(home: &Home, ask: impl AsyncFnOnce(&DatabaseConnection) -> Result<T, sea_orm::DbErr>) -> T {
    let url = format!("sqlite://{}?mode=rw", home.file("cookiejwt-demo.db").display());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let answer = runtime.expect("a runtime").block_on(async {
        let db = Database::connect(url).await?;
        let answer = ask(&db).await?;
        db.close().await?;
        Ok::<_, sea_orm::DbErr>(answer)
    });
    answer.expect("the database answers")
}
