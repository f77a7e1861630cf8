//! A database of an older version is migrated with its data.

use cookiejwt_store::{
    Realm, RevocationReason, SeaOrmTokenStore, SessionRecord, TokenStore as _,
    conformance::{
        facts,
        samples::{
            DEVICE, NOW, answer_late, at, bind, binding, bound_rotation, find, late_answer, receipt, receive,
            replace, replacement, rotate, rotated, rotation, session, with,
        },
    },
    sea_orm_store::Migrator,
};
use libtest_mimic::{Failed, Trial};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr};
use sea_orm_migration::MigratorTrait as _;

use crate::{
    matrix::{Kind, ROWS},
    migration::{APPLIED, close, drop_tables, is_right, on_a_place, race},
    place::{Place, Places, strings},
};

const ROUNDS: usize = 5;

pub(crate) fn trials(places: &Places) -> Vec<Trial> {
    let databases = ROWS.into_iter().filter(|row| !matches!(row.kind, Kind::Memory));
    let trials = databases.flat_map(|row| {
        let (first, second, third) = (places.clone(), places.clone(), places.clone());
        [
            Trial::test(format!("{}: an older schema is brought up to date", row.name()), move || {
                on_a_place(&row, &first, upgrade)
            }),
            Trial::test(format!("{}: nodes that bring it up to date at once", row.name()), move || {
                on_a_place(&row, &second, at_once)
            }),
            Trial::test(format!("{}: a migration that was cut off is finished", row.name()), move || {
                on_a_place(&row, &third, cut_off)
            }),
        ]
    });
    trials.collect()
}

/// Earlier versions had no throttle; later ones had neither realms nor receipts, no facts, could
/// not spend anything, renewed no claims, or bound no session to a device.
async fn upgrade(place: &Place) -> Result<(), Failed> {
    let db = place.connect().await?;
    for version in [1, 2, 3, 4, 5, 6] {
        older(&db, version).await?;
        assert_eq!(strings(&db, APPLIED).await?.len(), usize::try_from(version)?);
        let store = SeaOrmTokenStore::migrate(db.clone()).await?;
        is_right(&db).await?;
        for row in rows() {
            assert_eq!(store.find(&row.id).await?.as_ref(), Some(&row), "from version {version}");
        }
        go_on(&db, &store).await?;
    }
    down(&db).await?;
    for fact in facts().iter().filter(|fact| {
        let name = fact.name();
        name.contains("bucket")
            || name.contains("device")
            || name.contains("realm")
            || name.contains("byte_for_byte")
    }) {
        db.execute_unprepared("DELETE FROM cookiejwt_sessions").await?;
        db.execute_unprepared("DELETE FROM cookiejwt_throttle").await?;
        db.execute_unprepared("DELETE FROM cookiejwt_spent").await?;
        fact.run(SeaOrmTokenStore::new(db.clone())).await;
    }
    db.close().await?;
    Ok(())
}

/// As that version created it, with rows.
async fn older(db: &DatabaseConnection, version: u32) -> Result<(), DbErr> {
    drop_tables(db).await?;
    Migrator::up(db, Some(version)).await?;
    for row in rows() {
        db.execute_unprepared(&insert(&row)).await?;
    }
    Ok(())
}

/// The rows of the table, as the new version reads them.
fn rows() -> Vec<SessionRecord> {
    let revoked = Some((at(NOW - 1), RevocationReason::Logout));
    let rows = [
        session("never rotated"),
        rotated("rotated"),
        with(rotated("a moment ago"), |row| row.rotated_at = Some(at(NOW - 3000))),
        with(rotated("revoked"), |row| row.revoked = revoked),
        with(session("of another user"), |row| row.subject = "2".into()),
    ];
    rows.map(|row| with(row, |row| row.settles_at = at(0))).into()
}

/// As a node of the previous version writes it.
fn insert(row: &SessionRecord) -> String {
    let text = |text: Option<&str>| text.map_or_else(|| "NULL".to_owned(), |text| format!("'{text}'"));
    let number = |time: Option<i64>| time.map_or_else(|| "NULL".to_owned(), |time| time.to_string());
    let (revoked_at, reason) =
        row.revoked.map_or((None, None), |(at, reason)| (Some(at.as_millis()), Some(reason.as_str())));
    format!(
        "INSERT INTO cookiejwt_sessions (id, subject, current_jti, previous_jti, issued_at, expires_at, rotated_at, \
         created_at, auth_time, last_seen_at, ends_at, revoked_at, revoked_reason, remember) \
         VALUES ('{}', '{}', '{}', {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, TRUE)",
        row.id,
        row.subject,
        row.current_jti,
        text(row.previous_jti.as_ref().map(cookiejwt_store::TokenId::as_str)),
        row.issued_at.as_millis(),
        row.expires_at.as_millis(),
        number(row.rotated_at.map(cookiejwt_store::Timestamp::as_millis)),
        row.created_at.as_millis(),
        row.auth_time.as_millis(),
        row.last_seen_at.as_millis(),
        row.ends_at.as_millis(),
        number(revoked_at),
        text(reason),
    )
}

/// The rows belong to the empty realm, and no user is logged out.
async fn go_on(db: &DatabaseConnection, store: &SeaOrmTokenStore) -> Result<(), Failed> {
    // A node that has not been restarted yet.
    db.execute_unprepared(&insert(&session("of an older node"))).await?;
    let living = store.sessions_of(&Realm::default(), &"1".into(), at(NOW)).await?;
    let ids: Vec<_> = living.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["rotated", "of an older node", "never rotated", "a moment ago"]);
    assert_eq!(store.sessions_of(&"staff".into(), &"1".into(), at(NOW)).await?, []);
    assert_eq!(
        answer_late(store, &late_answer("a moment ago")).await,
        Ok(()),
        "its answer may be on its way"
    );
    assert_eq!(receive(store, &[receipt("rotated"), receipt("never rotated")]).await, 1);
    assert!(replace(store, &replacement("rotated")).await.is_err(), "received");
    assert_eq!(rotate(store, &rotation("never rotated")).await, Ok(()));
    bind_one(store, "of an older node").await;
    let reason = RevocationReason::LogoutEverywhere;
    let ended = store.revoke_subject(&Realm::default(), &"1".into(), reason, at(NOW)).await?;
    assert_eq!(ended.len(), 4, "{ended:?}");
    assert_eq!(find(store, "of another user").await.map(|row| row.revoked), Some(None));
    Ok(())
}

/// A session that began before there were devices can be bound to one.
async fn bind_one(store: &SeaOrmTokenStore, id: &str) {
    assert_eq!(bind(store, &binding(id)).await, Ok(()), "{id}");
    let row = find(store, id).await;
    assert_eq!(row.as_ref().and_then(|row| row.device.clone()), Some(DEVICE.into()), "{id}");
    assert_eq!(rotate(store, &rotation(id)).await, Err(row), "its refresh token alone renews nothing");
    assert_eq!(rotate(store, &bound_rotation(id)).await, Ok(()), "{id}");
}

/// Down to the second version, with its indices, and up again.
async fn down(db: &DatabaseConnection) -> Result<(), Failed> {
    Migrator::down(db, Some(5)).await?;
    for index in ["cookiejwt_sessions_subject", "cookiejwt_sessions_ends_at"] {
        // It fails when there is none.
        db.execute_unprepared(&drop_index(db.get_database_backend(), index)).await?;
    }
    SeaOrmTokenStore::migrate(db.clone()).await?;
    is_right(db).await
}

fn drop_index(backend: DbBackend, name: &str) -> String {
    let on = if backend == DbBackend::MySql { " ON cookiejwt_sessions" } else { "" };
    format!("DROP INDEX {name}{on}")
}

/// A rolling deploy whose nodes all start at once.
async fn at_once(place: &Place) -> Result<(), Failed> {
    for (round, version) in [2, 6].into_iter().cycle().take(2 * ROUNDS).enumerate() {
        let prepare = async |db: &DatabaseConnection| older(db, version).await;
        let (nodes, stores) = race(place, prepare, SeaOrmTokenStore::migrate).await?;
        for store in stores {
            let store = store.map_err(|error| format!("round {round}: {error}"))?;
            for row in rows() {
                assert_eq!(store.find(&row.id).await?.as_ref(), Some(&row), "round {round}");
            }
        }
        is_right(&nodes[0]).await?;
        close(nodes).await?;
    }
    Ok(())
}

/// The version before a migration, and its statements. MySQL commits each of them separately.
fn steps(backend: DbBackend) -> [(u32, Vec<String>); 3] {
    let add = |column: &str| format!("ALTER TABLE cookiejwt_sessions ADD COLUMN {column}");
    let collation = if backend == DbBackend::Postgres { "COLLATE \"C\"" } else { "" };
    let receipts = vec![
        add(&format!("realm varchar(32) {collation} NOT NULL DEFAULT ''")),
        add("settles_at bigint NOT NULL DEFAULT 0"),
        add("received_at bigint"),
        "CREATE INDEX cookiejwt_sessions_realm_subject ON cookiejwt_sessions (realm, subject)".into(),
        "CREATE INDEX cookiejwt_sessions_expires_at ON cookiejwt_sessions (expires_at)".into(),
        drop_index(backend, "cookiejwt_sessions_subject"),
        drop_index(backend, "cookiejwt_sessions_ends_at"),
    ];
    let versions = vec![
        add("version bigint NOT NULL DEFAULT 0"),
        add("renewed_at bigint"),
        "CREATE INDEX cookiejwt_sessions_renewed_at ON cookiejwt_sessions (renewed_at)".into(),
    ];
    let devices = vec![add(&format!("device_key varchar(512) {collation} NULL"))];
    [(2, receipts), (5, versions), (6, devices)]
}

/// A process that was killed between any two of its statements, or before it recorded the
/// migration.
async fn cut_off(place: &Place) -> Result<(), Failed> {
    let db = place.connect().await?;
    for (version, steps) in steps(db.get_database_backend()) {
        for done in 0..=steps.len() {
            older(&db, version).await?;
            for step in &steps[..done] {
                db.execute_unprepared(step).await?;
            }
            let rule = format!("{done} done after version {version}");
            let store =
                SeaOrmTokenStore::migrate(db.clone()).await.map_err(|error| format!("{rule}: {error}"))?;
            is_right(&db).await?;
            for row in rows() {
                assert_eq!(store.find(&row.id).await?.as_ref(), Some(&row), "{rule}");
            }
        }
    }
    db.execute_unprepared("DELETE FROM seaql_migrations_cookiejwt").await?;
    SeaOrmTokenStore::migrate(db.clone()).await?;
    is_right(&db).await?;
    db.close().await?;
    Ok(())
}
