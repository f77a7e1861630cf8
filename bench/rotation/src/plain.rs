//! The UPDATE of a rotation, written by hand.

use sqlx::{
    MySqlPool, PgPool, SqlitePool, mysql::MySqlPoolOptions, postgres::PgPoolOptions,
    sqlite::SqlitePoolOptions,
};

use crate::{Failure, samples};

const COLUMNS: [&str; 8] = [
    "previous_jti",
    "current_jti",
    "issued_at",
    "expires_at",
    "rotated_at",
    "last_seen_at",
    "settles_at",
    "received_at",
];

#[derive(Clone)]
pub(crate) enum Plain {
    Sqlite(SqlitePool, &'static str),
    Postgres(PgPool, &'static str),
    MySql(MySqlPool, &'static str),
}

impl Plain {
    pub(crate) async fn connect(url: &str) -> Result<Self, Failure> {
        let scheme = url.split(':').next().unwrap_or_default();
        Ok(match scheme {
            "sqlite" => Self::Sqlite(
                SqlitePoolOptions::new().max_connections(32).connect(url).await?,
                sql("\"", false),
            ),
            "postgres" => {
                Self::Postgres(PgPoolOptions::new().max_connections(32).connect(url).await?, sql("\"", true))
            }
            _ => {
                Self::MySql(MySqlPoolOptions::new().max_connections(32).connect(url).await?, sql("`", false))
            }
        })
    }

    pub(crate) async fn rotate(self, id: String) -> Result<(), Failure> {
        let request = samples::rotation(&id);
        let now = request.now.as_millis();
        macro_rules! bound {
            ($sql:expr, $pool:expr) => {
                sqlx::query($sql)
                    .bind(request.presented.as_str())
                    .bind(request.next.as_str())
                    .bind(request.issued_at.as_millis())
                    .bind(request.expires_at.as_millis())
                    .bind(now)
                    .bind(now)
                    .bind(request.settles_at.as_millis())
                    .bind(None::<i64>)
                    .bind(request.session_id.as_str())
                    .bind(request.realm.as_str())
                    .bind(request.presented.as_str())
                    .bind(now)
                    .bind(request.orphaned_before.as_millis())
                    .bind(now)
                    .bind(now)
                    .execute(&$pool)
                    .await?
                    .rows_affected()
            };
        }
        let rows = match self {
            Self::Sqlite(pool, sql) => bound!(sql, pool),
            Self::Postgres(pool, sql) => bound!(sql, pool),
            Self::MySql(pool, sql) => bound!(sql, pool),
        };
        if rows == 1 { Ok(()) } else { Err(format!("{rows} rows").into()) }
    }
}

/// Built once per database.
fn sql(quote: &str, numbered: bool) -> &'static str {
    let mut number = 0;
    let mut parameter = || {
        number += 1;
        if numbered { format!("${number}") } else { "?".into() }
    };
    let name = |name: &str| format!("{quote}{name}{quote}");
    let set: Vec<_> = COLUMNS.iter().map(|column| format!("{} = {}", name(column), parameter())).collect();
    let mut condition = |column: &str, operator: &str| format!("{} {operator} {}", name(column), parameter());
    let [id, realm, current] = ["id", "realm", "current_jti"].map(|column| condition(column, "="));
    let [settled, orphaned] = ["settles_at"; 2].map(|column| condition(column, "<"));
    let [expires, ends] = ["expires_at", "ends_at"].map(|column| condition(column, ">"));
    let [revoked, device, received, previous] =
        ["revoked_at", "device_key", "received_at", "previous_jti"].map(name);
    let text = format!(
        "UPDATE {} SET {} WHERE {id} AND {realm} AND {current} AND {revoked} IS NULL AND {settled} \
         AND {device} IS NULL AND ({received} IS NOT NULL OR {previous} IS NULL OR {orphaned}) AND {expires} AND {ends}",
        name("cookiejwt_sessions"),
        set.join(", "),
    );
    Box::leak(text.into_boxed_str())
}
