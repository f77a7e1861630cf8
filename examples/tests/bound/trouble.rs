//! What an unavailable database and a used-up quota do to a bound session.

use browser::{Chromium, in_chromium};
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection};

use crate::stage::{Site, code, in_short, skipped};

/// The database of the site.
pub(crate) async fn database(site: &Site) -> DatabaseConnection {
    let url = format!("sqlite://{}?mode=rw", site.home.file("cookiejwt-demo.db").display());
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1);
    Database::connect(options).await.expect("a database")
}

/// Each statement about sessions fails, as with a database that is unavailable.
#[test]
fn an_unavailable_database_ends_no_session() {
    in_chromium(Chromium::bound, async |browser| {
        let site = Site::bound("away", browser).await;
        assert_eq!(site.me_later(browser).await, "r403 r200 me200");
        let db = database(&site).await;
        let rename = async |from: &str, to: &str| {
            let rename = format!("ALTER TABLE {from} RENAME TO {to}");
            db.execute_unprepared(&rename).await.expect("a table");
        };
        rename("cookiejwt_sessions", "away").await;
        for _ in 0..2 {
            site.expire(browser).await;
            let refused = site.me(browser).await;
            assert!(in_short(&refused).ends_with("r503 me401"), "{}", in_short(&refused));
            assert!(
                skipped(&refused).is_some_and(|reason| reason.starts_with("server_error;")),
                "{refused:?}"
            );
            assert!(refused.iter().all(|exchange| exchange.set_cookies.is_empty()), "{refused:?}");
        }
        rename("away", "cookiejwt_sessions").await;
        let again = in_short(&site.me(browser).await);
        assert!(again.ends_with("r200 me200"), "the browser has kept the session: {again}");
        assert!(site.server.log().contains("skipped: Some(ServerError)"), "{}", site.server.log());
    });
}

/// Six signatures in nine minutes, the registration included.
#[test]
fn a_used_up_quota_refuses_until_it_is_over() {
    in_chromium(Chromium::bound_with_quota, async |browser| {
        let site = Site::bound("used", browser).await;
        for expected in ["r403 r200 me200", "r200 me200", "r200 me200", "r200 me200", "r200 me200"] {
            assert_eq!(site.me_later(browser).await, expected);
        }
        site.expire(browser).await;
        let over = site.me(browser).await;
        assert_eq!(in_short(&over), "me401");
        assert!(skipped(&over).is_some_and(|reason| reason.starts_with("quota_exceeded;")), "{over:?}");
        assert_eq!(code(browser).await, "device_proof_required");
        let log = site.server.log();
        assert!(log.contains("DeviceProofMissing { skipped: Some(QuotaExceeded) }"), "{log}");
        site.closes();
    });
}
