//! Tests on a database file.

use cookiejwt_store::{
    Authenticator, LoginContext, LoginOptions, Realm, RealmRevocation, RevocationReason, RevokedSession,
    RotationOutcome, SeaOrmTokenStore, StoreError, TokenStore,
    conformance::samples::{
        NOW, SETTLED, at, binding, find, late_answer, receipt, replacement, revocation, rotation, session,
        slow_answer,
    },
    sea_orm_store::statements,
    testing,
};
use sea_orm::{ConnectionTrait as _, Database, TransactionTrait as _, sqlx::SqlitePool};

use crate::{
    common::{Jar, PASSWORD, Switches, TestHasher, TestUsers},
    store_in,
    temporary::{Journal, Temporary},
};

/// The error of each call: `None` if it worked.
async fn errors(store: &SeaOrmTokenStore) -> [Option<StoreError>; 14] {
    let revocation = revocation("a", RevocationReason::Logout, NOW);
    [
        store.create(&session("new")).await.err(),
        store.find(&"a".into()).await.err(),
        store.rotate(&rotation("a")).await.err(),
        store.answer_late(&late_answer("a")).await.err(),
        store.replace(&replacement("a")).await.err(),
        store.settle(&slow_answer("a")).await.err(),
        store.received(&[receipt("a")], at(NOW), at(SETTLED)).await.err(),
        store.revoke(&revocation).await.err(),
        store.revoke_subject(&Realm::default(), &"1".into(), RevocationReason::Logout, at(NOW)).await.err(),
        store.revoked_since(at(0)).await.err(),
        store.sessions_of(&Realm::default(), &"1".into(), at(NOW)).await.err(),
        store.spend(&"a".into(), at(NOW)).await.err(),
        store.revoke_realm(&everybody(), None, 10).await.err(),
        store.bind(&binding("a")).await.err(),
    ]
}

fn everybody() -> RealmRevocation {
    let reason = RevocationReason::Administrator;
    RealmRevocation { realm: Realm::default(), reason, at: at(NOW), idle_before: at(0) }
}

fn assert_all_fail(rule: &str, errors: [Option<StoreError>; 14]) {
    for (index, error) in errors.into_iter().enumerate() {
        let error = error.unwrap_or_else(|| panic!("{rule}: call {index} has worked"));
        assert!(error.to_string().starts_with("the store failed: "), "{rule}: {error}");
        assert!(std::error::Error::source(&error).is_some(), "{rule}: {error}");
    }
}

#[tokio::test]
async fn a_closed_pool_is_an_error() {
    let database = Temporary::with(Journal::Wal);
    let db = database.connect().await;
    let store = SeaOrmTokenStore::migrate(db.clone()).await.unwrap();
    store.create(&session("a")).await.unwrap();
    assert!(errors(&store).await.iter().all(Option::is_none));
    db.close_by_ref().await.unwrap();
    assert_all_fail("closed", errors(&store).await);
    assert!(SeaOrmTokenStore::migrate(db).await.is_err());
}

/// An application that uses sqlx keeps its pool, and its own statements see what the store writes.
#[tokio::test]
async fn a_pool_of_sqlx_is_a_connection() {
    let database = Temporary::with(Journal::Wal);
    let pool =
        SqlitePool::connect(&format!("sqlite://{}?mode=rwc", database.path().display())).await.unwrap();
    let store = SeaOrmTokenStore::migrate(pool.clone().into()).await.unwrap();
    store.create(&session("a")).await.unwrap();
    assert!(matches!(store.rotate(&rotation("a")).await.unwrap(), RotationOutcome::Rotated), "it works");
    let sql = "SELECT count(*) FROM cookiejwt_sessions WHERE id = 'a'";
    let found: i64 = sea_orm::sqlx::query_scalar(sql).fetch_one(&pool).await.unwrap();
    assert_eq!(found, 1, "the same database");
    pool.close().await;
    assert!(store.find(&"a".into()).await.is_err(), "the same pool, not a copy");
}

#[tokio::test]
async fn a_table_that_is_not_there_is_an_error() {
    let database = Temporary::with(Journal::Delete);
    assert_all_fail("no migration", errors(&SeaOrmTokenStore::new(database.connect().await)).await);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_an_error() {
    let database = Temporary::with(Journal::Delete);
    std::fs::write(database.path(), "this is no database, however long one reads in it ".repeat(100))
        .unwrap();
    let url = format!("sqlite://{}", database.path().display());
    // The driver may notice it when it connects or when it runs a statement.
    if let Ok(db) = Database::connect(url).await {
        assert_all_fail("garbage", errors(&SeaOrmTokenStore::new(db.clone())).await);
        assert!(SeaOrmTokenStore::migrate(db).await.is_err());
    }
}

#[tokio::test]
async fn a_database_that_may_only_be_read_is_an_error_to_writers() {
    let database = Temporary::with(Journal::Delete);
    store_in(&database).await.create(&session("a")).await.unwrap();
    let url = format!("sqlite://{}?mode=ro", database.path().display());
    let store = SeaOrmTokenStore::new(Database::connect(url).await.unwrap());
    let failed = errors(&store).await.map(|error| error.is_some());
    let writes = [true, false, true, true, true, true, true, true, true, false, false, true, true, true];
    assert_eq!(failed, writes, "reading is all that works");
    assert_eq!(find(&store, "a").await, Some(session("a")));
}

#[tokio::test]
async fn sessions_outlive_the_process() {
    for journal in [Journal::Wal, Journal::Delete] {
        let database = Temporary::with(journal);
        let db = database.connect().await;
        let store = SeaOrmTokenStore::migrate(db.clone()).await.unwrap();
        store.create(&session("a")).await.unwrap();
        store.rotate(&rotation("a")).await.unwrap();
        let row = find(&store, "a").await;
        db.close().await.unwrap();
        assert_eq!(find(&store_in(&database).await, "a").await, row, "{journal:?}");
    }
}

#[tokio::test]
async fn two_pools_on_one_file_see_each_other_at_once() {
    for journal in [Journal::Wal, Journal::Delete] {
        let database = Temporary::with(journal);
        let (one, other) = (store_in(&database).await, store_in(&database).await);
        for round in 0..20 {
            let id = format!("{round}");
            one.create(&session(&id)).await.unwrap();
            assert_eq!(find(&other, &id).await, Some(session(&id)), "{journal:?}");
            assert!(other.revoke(&revocation(&id, RevocationReason::Logout, NOW)).await.unwrap());
            assert_eq!(one.revoked_since(at(NOW)).await.unwrap().len(), round + 1, "{journal:?}");
        }
    }
}

/// Rows of a later version: a revocation with an unknown reason is still a revocation.
#[tokio::test]
async fn an_unknown_reason_is_still_a_revocation() {
    let database = Temporary::with(Journal::Wal);
    let db = database.connect().await;
    let store = SeaOrmTokenStore::migrate(db.clone()).await.unwrap();
    for (id, reason) in [("unknown", "'stepped_down'"), ("none", "NULL"), ("case", "'LOGOUT'")] {
        store.create(&session(id)).await.unwrap();
        let sql = format!(
            "UPDATE cookiejwt_sessions SET revoked_at = {NOW}, revoked_reason = {reason} WHERE id = '{id}'"
        );
        db.execute_unprepared(&sql).await.unwrap();
        let expected = (at(NOW), RevocationReason::Logout);
        assert_eq!(find(&store, id).await.unwrap().revoked, Some(expected), "{id}");
        let revoked = store.revoked_since(at(NOW)).await.unwrap();
        let entry = RevokedSession::new(id.into(), RevocationReason::Logout, at(NOW));
        assert!(revoked.contains(&entry), "{id}: {revoked:?}");
    }
}

/// The file contains nothing from which a reader could create a token.
#[tokio::test]
async fn the_database_holds_no_bearer_secret() {
    let database = Temporary::with(Journal::Delete);
    let db = database.connect().await;
    let auth = Authenticator::builder(testing::config().build().unwrap())
        .users(TestUsers::new(Switches::default()))
        .tokens(SeaOrmTokenStore::migrate(db.clone()).await.unwrap())
        .clock(cookiejwt_store::ManualClock::at(testing::NOW))
        .password_hasher(TestHasher::default())
        .build()
        .unwrap();
    let login =
        auth.login_with_password("alice", PASSWORD, LoginOptions::new(), LoginContext::default()).await;
    let login = login.unwrap();
    db.close().await.unwrap();
    let bytes = std::fs::read(database.path()).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(login.record.id.as_str()), "the session is in this file");
    let jar = Jar::of(&login.cookies);
    for token in [jar.access.unwrap(), jar.refresh.unwrap()] {
        for part in token.split('.') {
            assert!(!holds(part), "{part}");
        }
    }
    assert!(!holds(PASSWORD));
}

/// A sign-up that logs in before it commits, on a pool of one connection. With the paused clock, no
/// one has to wait.
#[tokio::test]
async fn a_login_inside_the_only_connections_transaction_fails_with_advice() {
    let database = Temporary::with(Journal::Delete);
    let mut options =
        sea_orm::ConnectOptions::new(format!("sqlite://{}?mode=rwc", database.path().display()));
    options.max_connections(1);
    let db = Database::connect(options).await.unwrap();
    let users = TestUsers::new(Switches::default());
    let alice = users.row(1);
    let auth = Authenticator::builder(testing::config().build().unwrap())
        .users(users)
        .tokens(SeaOrmTokenStore::migrate(db.clone()).await.unwrap())
        .password_hasher(TestHasher::default())
        .build()
        .unwrap();
    let transaction = db.begin().await.unwrap();
    tokio::time::pause();
    let login = auth.login(&alice, LoginOptions::new(), LoginContext::default()).await;
    tokio::time::resume();
    let error = login.unwrap_err().to_string();
    assert!(error.contains("commit the transaction that holds it before calling `login`"), "{error}");
    transaction.commit().await.unwrap();
    assert!(auth.login(&alice, LoginOptions::new(), LoginContext::default()).await.is_ok(), "after it");
}

/// An application bans a user and ends the user's sessions in its own transaction: both happen, or
/// neither.
#[tokio::test]
async fn a_revocation_joins_the_applications_transaction() {
    let database = Temporary::with(Journal::Wal);
    let db = database.connect().await;
    let store = SeaOrmTokenStore::migrate(db.clone()).await.unwrap();
    store.create(&session("a")).await.unwrap();
    for (rule, commits) in [("rolled back", false), ("committed", true)] {
        let transaction = db.begin().await.unwrap();
        let (subject, reason) = ("1".into(), RevocationReason::UserInactive);
        let ended = statements::revoke_subject(&transaction, &Realm::default(), &subject, reason, at(NOW))
            .await
            .unwrap();
        assert_eq!(ended, ["a".into()], "{rule}");
        if commits {
            transaction.commit().await.unwrap();
        } else {
            transaction.rollback().await.unwrap();
        }
        let revoked = find(&store, "a").await.unwrap().revoked;
        assert_eq!(revoked, commits.then(|| (at(NOW), reason)), "{rule}");
        assert_eq!(store.revoked_since(at(0)).await.unwrap().len(), usize::from(commits), "{rule}: the feed");
    }
}

/// More sessions than one batch holds.
#[tokio::test]
async fn everybody_is_more_than_one_batch() {
    const SESSIONS: usize = 1001;
    let database = Temporary::with(Journal::Wal);
    let db = database.connect().await;
    let store = SeaOrmTokenStore::migrate(db.clone()).await.unwrap();
    let transaction = db.begin().await.unwrap();
    for index in 0..SESSIONS {
        statements::create(&transaction, &session(&index.to_string())).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let auth = Authenticator::builder(testing::config().build().unwrap())
        .users(TestUsers::new(Switches::default()))
        .tokens(store.clone())
        .password_hasher(TestHasher::default())
        .build()
        .unwrap();
    let reason = RevocationReason::Administrator;
    assert_eq!(auth.revoke_everybody(reason).await.unwrap(), SESSIONS as u64);
    for index in 0..SESSIONS {
        let row = find(&store, &index.to_string()).await.unwrap();
        assert!(row.revoked.is_some_and(|(_, found)| found == reason), "{index}");
    }
    assert_eq!(auth.revoke_everybody(reason).await.unwrap(), 0, "once");
}
