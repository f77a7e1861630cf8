//! What is worth a warning about a connection before the first login needs it.

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};
use tracing::warn;

/// Asks the database about this connection. What cannot be asked is not reported.
pub(super) async fn inspect(db: &DatabaseConnection) {
    if is_read_only(db).await == Some(true) {
        warn!(
            "the database is read-only, so logins and refreshes fail: the pool is connected to a replica or a demoted \
             primary; let its URL lead to the primary"
        );
    }
    if let Some(client) = client_of_plain_text(db).await.filter(|client| !is_local(client)) {
        warn!(
            client,
            "the connection to the database is not encrypted; turn on TLS: a feature of SeaORM (runtime-tokio-rustls or \
             runtime-tokio-native-tls), and sslmode=verify-full or ssl-mode=VERIFY_IDENTITY in the URL"
        );
    }
}

async fn is_read_only(db: &DatabaseConnection) -> Option<bool> {
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => "SHOW transaction_read_only",
        DbBackend::MySql => "SELECT CAST(@@global.read_only AS CHAR)",
        _ => return None,
    };
    let text: String = column(&row(db, sql).await?, 0)?;
    Some(!["off", "0"].contains(&text.to_ascii_lowercase().as_str()))
}

/// The address from which the database sees this process when it sees it without TLS; none for a
/// socket of its own machine.
async fn client_of_plain_text(db: &DatabaseConnection) -> Option<String> {
    match db.get_database_backend() {
        DbBackend::Postgres => {
            let sql = "SELECT ssl, host(inet_client_addr()) FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
            let row = row(db, sql).await?;
            let is_encrypted: bool = column(&row, 0)?;
            column::<Option<String>>(&row, 1)?.filter(|_| !is_encrypted)
        }
        DbBackend::MySql => {
            let cipher: String = column(&row(db, "SHOW SESSION STATUS LIKE 'Ssl_cipher'").await?, 1)?;
            let user: String = column(&row(db, "SELECT USER()").await?, 0)?;
            let client = user.rsplit_once('@').map(|(_, host)| host.to_owned());
            client.filter(|_| cipher.is_empty())
        }
        _ => None,
    }
}

fn is_local(client: &str) -> bool {
    client == "localhost" || client.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn row(db: &DatabaseConnection, sql: &str) -> Option<QueryResult> {
    let asked: Result<_, DbErr> =
        db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    asked.ok().flatten()
}

fn column<T: sea_orm::TryGetable>(row: &QueryResult, index: usize) -> Option<T> {
    row.try_get_by_index(index).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_on_one_machine_needs_no_tls() {
        for (client, local) in [
            ("localhost", true),
            ("127.0.0.1", true),
            ("127.1.2.3", true),
            ("::1", true),
            ("10.0.0.7", false),
            ("172.18.0.3", false),
            ("app-7f", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_local(client), local, "{client}");
        }
    }
}
