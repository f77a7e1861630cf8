//! Two nodes on one database: sockets of one end with the sessions that the other one ends, and
//! many of them are one statement.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use cookiejwt_store::{
    Authenticator, EndReason, Ended, Identity, LoginContext, LoginOptions, ManualClock, MemoryStore,
    RevocationReason, SeaOrmTokenStore, TokenStore, testing,
};
use futures_util::FutureExt;
use libtest_mimic::{Failed, Trial};

use crate::{
    common::{Jar, Switches, TestHasher, TestUsers},
    matrix::{Kind, ROWS, Row},
    place::Places,
    server::runtime,
};

const SOCKETS: usize = 50;
/// What was revoked, and what was renewed.
const FEED: usize = 2;
/// When every access token has ended.
const ACCESS_LIFE: i64 = 300;

pub(crate) fn trials(places: &Places) -> Vec<Trial> {
    let trial = |row: Row| {
        let here = places.clone();
        Trial::test(format!("{}: sockets end with their sessions", row.name()), move || play(&row, &here))
    };
    ROWS.into_iter().map(trial).collect()
}

fn play(row: &Row, places: &Places) -> Result<(), Failed> {
    if matches!(row.kind, Kind::Memory) {
        let store = MemoryStore::new();
        return runtime()?.block_on(ends([store.clone(), store], None));
    }
    let Some(place) = places.lend(row)? else { return Ok(()) };
    runtime()?.block_on(async {
        let (here, mut elsewhere) = (place.connect().await?, place.connect().await?);
        let store = SeaOrmTokenStore::migrate(here.clone()).await?;
        let counted = Arc::new(AtomicUsize::new(0));
        let statements = Arc::clone(&counted);
        elsewhere.set_metric_callback(move |_| {
            statements.fetch_add(1, Ordering::SeqCst);
        });
        ends([store, SeaOrmTokenStore::new(elsewhere.clone())], Some(&counted)).await?;
        elsewhere.close().await?;
        Ok::<_, Failed>(here.close().await?)
    })?;
    places.take_back(row, place);
    Ok(())
}

/// Where there is no runtime, waiting starts no background work. Its statements would be counted
/// with those of the test, and a slow machine gives it the time.
fn wait(auth: &Authenticator, who: &Identity) -> Ended {
    thread::scope(|scope| scope.spawn(|| auth.ended(who)).join()).expect("it does not panic")
}

/// How many have ended for this reason; no other one has.
fn count(sockets: &mut [Ended], reason: EndReason) -> usize {
    let ended: Vec<_> = sockets.iter_mut().filter_map(FutureExt::now_or_never).collect();
    assert!(ended.iter().all(|known| *known == reason), "{reason:?}: {ended:?}");
    ended.len()
}

async fn ends<T: TokenStore>(stores: [T; 2], statements: Option<&AtomicUsize>) -> Result<(), Failed> {
    let clock = ManualClock::at(testing::NOW);
    let users = TestUsers::new(Switches::default());
    let node = |store| {
        let auth = Authenticator::builder(testing::config().build()?).users(users.clone()).tokens(store);
        auth.clock(clock.clone()).password_hasher(TestHasher::default()).build().map_err(Failed::from)
    };
    let [here, elsewhere] = stores.map(node);
    let (here, elsewhere) = (here?, elsewhere?);
    elsewhere.poll_revocations().await?;
    let (mut jars, mut sessions, mut sockets) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..SOCKETS {
        let login = here.login(&users.row(1), LoginOptions::new(), LoginContext::default()).await?;
        sockets.push(wait(&elsewhere, &login.identity));
        jars.push(Jar::of(&login.cookies));
        sessions.push(login.record.id);
    }
    let sent = || statements.map_or(0, |statements| statements.load(Ordering::SeqCst));
    let costs = |count| if statements.is_some() { count } else { 0 };
    let before = sent();
    here.revoke_session(sessions[0].clone(), RevocationReason::Logout).await?;
    elsewhere.poll_revocations().await?;
    assert_eq!(sent() - before, costs(FEED), "a logout while {} sockets wait", sockets.len());
    let logged_out = EndReason::Revoked(RevocationReason::Logout);
    assert_eq!(count(&mut sockets, logged_out), 1, "with the feed");
    drop(sockets.remove(0));

    clock.advance(time::Duration::seconds(ACCESS_LIFE));
    // Those continue; the others are refreshed by no one, which is no end either.
    for jar in &jars[1..10] {
        assert!(here.refresh(&jar.post()).await.identity().is_some());
    }
    // The feed does not reach back so far.
    here.revoke_session(sessions[1].clone(), RevocationReason::Logout).await?;
    let before = sent();
    assert_eq!(elsewhere.poll_ends().await?, 1);
    assert_eq!(sent() - before, costs(1), "for {} sockets", sockets.len());
    assert_eq!(count(&mut sockets, logged_out), 1, "found by asking");
    drop(sockets.remove(0));

    let ended = here.revoke_everybody(RevocationReason::Administrator).await?;
    // Other tests have had this place before.
    assert!(ended >= 48, "the rest: {ended}");
    let before = sent();
    elsewhere.poll_revocations().await?;
    assert_eq!(sent() - before, costs(FEED), "when everybody is logged out");
    assert_eq!(count(&mut sockets, EndReason::Revoked(RevocationReason::Administrator)), 48);
    Ok(())
}
