//! The background task: revocations of other nodes arrive within a second, and expired rows are
//! purged.

use std::time::Duration;

use cookiejwt_store::{RevocationLevel, RevocationReason, TokenStore};
use tokio::time::sleep;

use crate::common::{Call, World, outcome};

const CLEARED: (&str, &str) = ("session_revoked", "cleared");
const ALIVE: (&str, &str) = ("1", "kept");
const INTERVAL: Duration = Duration::from_millis(1001);

/// Time advances only while all tasks wait.
#[tokio::test(start_paused = true)]
async fn another_node_learns_within_an_interval_without_a_query_per_request() {
    let world = World::new();
    let (alice, other) = (world.login("alice").await, world.login("alice").await);
    let node = world.another_node();
    assert_eq!(outcome(&node.authenticate(&alice.jar.get()).await), ALIVE, "loaded before");
    world.auth.revoke_session(alice.session, RevocationReason::Logout).await.unwrap();
    assert_eq!(outcome(&node.authenticate(&alice.jar.get()).await), ALIVE, "not yet");
    sleep(INTERVAL).await;
    world.switches.take_log();
    for _ in 0..10 {
        assert_eq!(outcome(&node.authenticate(&alice.jar.get()).await), CLEARED);
        assert_eq!(outcome(&node.authenticate(&alice.jar.bearer()).await), ("session_revoked", "kept"));
        assert_eq!(outcome(&node.authenticate(&other.jar.get()).await), ALIVE, "the user's other session");
    }
    assert_eq!(world.switches.take_log(), [], "no request asks a store");
    sleep(10 * INTERVAL).await;
    let log = world.switches.take_log();
    assert!(log.iter().all(|call| *call == Call::RevokedSince), "{log:?}");
    assert!((10..=11).contains(&log.len()), "one query per interval, whatever the requests: {}", log.len());
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_it_catches_up_without_a_gap() {
    let world = World::new();
    let sessions = [world.login("alice").await, world.login("alice").await, world.login("alice").await];
    let node = world.another_node();
    for session in &sessions {
        assert_eq!(outcome(&node.authenticate(&session.jar.get()).await), ALIVE);
    }
    let end = |index: usize| {
        let session = sessions[index].session.clone();
        async { world.auth.revoke_session(session, RevocationReason::Logout).await.unwrap() }
    };
    end(0).await;
    sleep(INTERVAL).await;
    assert_eq!(outcome(&node.authenticate(&sessions[0].jar.get()).await), CLEARED);
    world.switches.fail(Call::RevokedSince);
    end(1).await;
    // Longer than the overlap: only a poll from the start of the relevant time finds it.
    world.advance(90);
    end(2).await;
    sleep(5 * INTERVAL).await;
    for stale in &sessions[1..] {
        assert_eq!(outcome(&node.authenticate(&stale.jar.get()).await), ALIVE, "the feed is stale");
    }
    world.switches.mend(Call::RevokedSince);
    sleep(INTERVAL).await;
    for session in &sessions {
        assert_eq!(outcome(&node.authenticate(&session.jar.get()).await), CLEARED);
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_that_commits_late_is_found_in_the_overlap() {
    let world = World::new();
    let (early, late) = (world.login("alice").await, world.login("alice").await);
    let node = world.another_node();
    let _ = node.authenticate(&early.jar.get()).await;
    let before = world.auth.now();
    world.advance(50);
    world.auth.revoke_session(early.session, RevocationReason::Logout).await.unwrap();
    sleep(INTERVAL).await;
    assert_eq!(outcome(&node.authenticate(&early.jar.get()).await), CLEARED);
    // Marked with the time at which its transaction began, on a node whose clock is behind.
    let (session, at) = (late.session.clone(), before.into());
    let revocation = cookiejwt_store::Revocation::new(session, RevocationReason::Logout, at);
    assert!(world.tokens.rows.revoke(&revocation).await.unwrap());
    sleep(INTERVAL).await;
    assert_eq!(outcome(&node.authenticate(&late.jar.get()).await), CLEARED);
}

#[tokio::test(start_paused = true)]
async fn only_the_feed_polls() {
    for (level, polls) in [
        (RevocationLevel::AtRefresh, false),
        (RevocationLevel::Feed, true),
        (RevocationLevel::EveryRequest, false),
    ] {
        let world = World::at(level);
        let alice = world.login("alice").await;
        assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ALIVE, "{level:?}");
        world.switches.take_log();
        sleep(5 * INTERVAL).await;
        assert_eq!(world.switches.count(Call::RevokedSince) > 0, polls, "{level:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn many_requests_at_the_start_load_once() {
    let world = World::new();
    let alice = world.login("alice").await;
    let node = world.another_node();
    world.switches.take_log();
    let requests = (0..20).map(|_| {
        let (node, head) = (node.clone(), alice.jar.get());
        tokio::spawn(async move { node.authenticate(&head).await })
    });
    for request in requests.collect::<Vec<_>>() {
        assert_eq!(outcome(&request.await.unwrap()), ALIVE);
    }
    assert_eq!(world.switches.take_log(), [Call::RevokedSince]);
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_the_last_authenticator() {
    let world = World::new();
    let alice = world.login("alice").await;
    let node = world.another_node();
    let clone = node.clone();
    let _ = node.authenticate(&alice.jar.get()).await;
    drop(node);
    sleep(3 * INTERVAL).await;
    world.switches.take_log();
    sleep(3 * INTERVAL).await;
    assert!(world.switches.count(Call::RevokedSince) > 0, "a clone is left");
    drop(clone);
    sleep(2 * INTERVAL).await;
    world.switches.take_log();
    sleep(10 * INTERVAL).await;
    assert_eq!(world.switches.take_log(), []);
}

/// Like a worker of actix-web that panics and is replaced.
#[test]
fn a_runtime_that_ends_takes_it_along_and_the_next_request_starts_it_again() {
    let runtime =
        || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let world = World::new();
    let alice = runtime().block_on(world.login("alice"));
    for round in 0..2 {
        runtime().block_on(async {
            let _ = world.authenticate(alice.jar.get()).await;
            world.switches.take_log();
            sleep(3 * INTERVAL).await;
            assert!(world.switches.count(Call::RevokedSince) >= 2, "round {round}");
        });
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_ended_is_purged_within_two_hours_and_nothing_else() {
    let world = World::new();
    let ended = world.login("alice").await;
    world.advance(29 * 86_400);
    let revoked = world.login("alice").await;
    world.auth.revoke_session(revoked.session.clone(), RevocationReason::Logout).await.unwrap();
    world.advance(86_400);
    let living = world.login("alice").await;
    let _ = world.authenticate(living.jar.get()).await;
    sleep(Duration::from_hours(2)).await;
    assert!(world.tokens.rows.find(&ended.session).await.unwrap().is_none(), "its absolute end has passed");
    assert!(world.tokens.rows.find(&revoked.session).await.unwrap().is_some(), "a reuse of it is still seen");
    assert!(world.tokens.rows.find(&living.session).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn purging_works_in_batches_and_reports_the_count() {
    let world = World::new();
    for _ in 0..1200 {
        world.login("alice").await;
    }
    assert_eq!(world.auth.purge().await.unwrap(), 0);
    world.advance(30 * 86_400);
    world.switches.take_log();
    assert_eq!(world.auth.purge().await.unwrap(), 1200);
    assert_eq!(world.switches.take_log(), [Call::Purge, Call::Purge, Call::Purge]);
    world.switches.fail(Call::Purge);
    assert!(world.auth.purge().await.is_err());
}
