//! A feed that does not poll: the process was stopped, its worker is blocked, or its container had
//! no CPU.

use std::{
    sync::{Arc, Mutex},
    time::Duration as Wait,
};

use cookiejwt_store::{Authenticator, Event, RevocationReason, TokenStore as _};
use time::Duration;
use tokio::time::{Instant, sleep};

use crate::common::{Browser, Call, World, let_tasks_run, outcome};

const CLEARED: (&str, &str) = ("session_revoked", "cleared");
const ALIVE: (&str, &str) = ("1", "kept");
const AWAY: (&str, &str) = ("unavailable", "kept");
const INTERVAL: Wait = Wait::from_millis(1001);

/// A node that has loaded the set, and a session of another node.
async fn loaded(world: &World) -> (Authenticator, Browser) {
    let alice = world.login("alice").await;
    let node = world.another_node();
    assert_eq!(outcome(&node.authenticate(&alice.jar.get()).await), ALIVE, "loaded");
    world.switches.take_log();
    (node, alice)
}

async fn log_out(world: &World, browser: &Browser) {
    world.auth.revoke_session(browser.session.clone(), RevocationReason::Logout).await.unwrap();
    world.switches.take_log();
}

/// The clock advances, and no task has run.
fn freeze(world: &World, millis: i64) {
    world.clock.advance(Duration::milliseconds(millis));
}

#[tokio::test(start_paused = true)]
async fn a_logout_elsewhere_while_a_node_was_stopped() {
    for (rule, millis, looks, expected) in [
        ("nothing is noticed of what a busy runtime does", 2000, 0, ALIVE),
        ("an interval and a second", 2001, 1, CLEARED),
        ("stopped for 3 s", 3000, 1, CLEARED),
        ("stopped for 4 s", 4000, 1, CLEARED),
        ("an interval and five seconds", 6001, 1, CLEARED),
        ("a container without CPU between requests", 200_000, 1, CLEARED),
        ("the clock was set back", -3000, 1, CLEARED),
    ] {
        let world = World::new();
        let (node, alice) = loaded(&world).await;
        let other = world.login("alice").await;
        log_out(&world, &alice).await;
        freeze(&world, millis);
        let waiting = (0..10).map(|number| {
            let node = node.clone();
            let head = if number % 2 == 0 { alice.jar.get() } else { alice.jar.bearer() };
            tokio::spawn(async move { node.authenticate(&head).await })
        });
        for (number, request) in waiting.collect::<Vec<_>>().into_iter().enumerate() {
            let cookies = if number % 2 == 0 { expected.1 } else { "kept" };
            assert_eq!(outcome(&request.await.unwrap()), (expected.0, cookies), "{rule}, request {number}");
        }
        assert_eq!(outcome(&node.authenticate(&other.jar.get()).await), ALIVE, "{rule}: the other session");
        assert_eq!(world.switches.count(Call::RevokedSince), looks, "{rule}: one look for all");
        assert_eq!(world.switches.count(Call::Find), 0, "{rule}: no row");
    }
}

/// The feed wakes up first: its poll has to complete before a request relies on it.
#[tokio::test(start_paused = true)]
async fn requests_wait_for_the_look_that_the_feed_has_begun() {
    let world = World::new();
    let (node, alice) = loaded(&world).await;
    log_out(&world, &alice).await;
    freeze(&world, 3000);
    let gate = world.tokens.feed_gate.clone();
    let closed = gate.lock().await;
    sleep(INTERVAL).await;
    assert_eq!(world.switches.count(Call::RevokedSince), 1, "the feed has asked");
    let (asking, head) = (node.clone(), alice.jar.get());
    let request = tokio::spawn(async move { asking.authenticate(&head).await });
    let_tasks_run().await;
    assert!(!request.is_finished(), "it has no answer yet");
    drop(closed);
    assert_eq!(outcome(&request.await.unwrap()), CLEARED);
    assert_eq!(world.switches.count(Call::RevokedSince), 1, "the request takes part in it");
}

/// A poll from before the stop returns the state of that time.
#[tokio::test(start_paused = true)]
async fn an_answer_from_before_proves_nothing() {
    let world = World::new();
    let (node, alice) = loaded(&world).await;
    let gate = world.tokens.feed_gate.clone();
    let closed = gate.lock().await;
    sleep(INTERVAL).await;
    assert_eq!(world.switches.count(Call::RevokedSince), 1, "the feed has asked");
    world.auth.revoke_session(alice.session.clone(), RevocationReason::Logout).await.unwrap();
    freeze(&world, 3000);
    let (asking, head) = (node.clone(), alice.jar.get());
    let request = tokio::spawn(async move { asking.authenticate(&head).await });
    let_tasks_run().await;
    drop(closed);
    assert_eq!(outcome(&request.await.unwrap()), CLEARED);
    assert_eq!(world.switches.count(Call::RevokedSince), 2, "it asked once more");
}

/// After a short pause an outage is handled as an outage. After a long one nothing was polled, so
/// the memory cannot be trusted.
#[tokio::test(start_paused = true)]
async fn an_unavailable_store_when_a_stopped_node_continues() {
    for (rule, millis, failing, revoked, expected) in [
        ("a short silence is an outage", 3000, &[Call::RevokedSince, Call::Find] as &[_], false, ALIVE),
        ("up to an interval and five seconds", 6000, &[Call::RevokedSince, Call::Find], false, ALIVE),
        ("longer: 503", 6001, &[Call::RevokedSince, Call::Find], false, AWAY),
        ("longer, of a session that was ended: 503 too", 6001, &[Call::RevokedSince, Call::Find], true, AWAY),
        ("longer, but the row can be read", 6001, &[Call::RevokedSince], false, ALIVE),
        ("longer, and the row says so", 6001, &[Call::RevokedSince], true, CLEARED),
        ("the row is not needed", 6001, &[Call::Find], true, CLEARED),
    ] {
        let world = World::new();
        let (node, alice) = loaded(&world).await;
        if revoked {
            log_out(&world, &alice).await;
        }
        freeze(&world, millis);
        for call in failing {
            world.switches.fail(*call);
        }
        assert_eq!(outcome(&node.authenticate(&alice.jar.get()).await), expected, "{rule}");
        for call in failing {
            world.switches.mend(*call);
        }
        let later = if revoked { CLEARED } else { ALIVE };
        sleep(2 * INTERVAL).await;
        assert_eq!(outcome(&node.authenticate(&alice.jar.get()).await), later, "{rule}: mended");
    }
}

#[tokio::test(start_paused = true)]
async fn once_the_store_was_tried_it_is_an_outage_like_any_other() {
    let world = World::new();
    let (node, alice) = loaded(&world).await;
    freeze(&world, 60_000);
    world.switches.fail(Call::RevokedSince);
    world.switches.fail(Call::Find);
    assert_eq!(outcome(&node.authenticate(&alice.jar.get()).await), AWAY, "no poll for a minute");
    for second in 0..5 {
        assert_eq!(outcome(&node.authenticate(&alice.jar.get()).await), ALIVE, "second {second}");
        sleep(INTERVAL).await;
        freeze(&world, 1001);
    }
}

/// A feed that waits for the store is running, however long the store takes.
#[tokio::test(start_paused = true)]
async fn a_store_that_gives_no_answer_is_an_outage_and_no_frozen_feed() {
    let world = World::new();
    let (node, alice) = loaded(&world).await;
    world.switches.silence(Call::RevokedSince);
    world.switches.fail(Call::Find);
    for quarter in 0..100 {
        sleep(Wait::from_millis(250)).await;
        freeze(&world, 250);
        let asked = Instant::now();
        assert_eq!(outcome(&node.authenticate(&alice.jar.get()).await), ALIVE, "after {quarter} quarters");
        assert_eq!(Instant::now(), asked, "after {quarter} quarters: it waits for nobody");
    }
    assert_eq!(world.switches.count(Call::Find), 0);
}

#[tokio::test(start_paused = true)]
async fn streams_notice_it_too() {
    for (rule, millis, failing, revoked, alive) in [
        ("a logout while the node was stopped", 3000, &[] as &[Call], true, false),
        ("nothing has happened", 3000, &[], false, true),
        ("longer", 60_000, &[], true, false),
        ("longer, and the row says so", 60_000, &[Call::RevokedSince], true, false),
        ("an unavailable store ends nothing", 60_000, &[Call::RevokedSince, Call::Find], true, true),
    ] {
        let world = World::new();
        let (node, alice) = loaded(&world).await;
        let who = node.authenticate(&alice.jar.get()).await.identity().unwrap().clone();
        if revoked {
            log_out(&world, &alice).await;
        }
        freeze(&world, millis);
        for call in failing {
            world.switches.fail(*call);
        }
        assert_eq!(node.is_alive(&who).await, alive, "{rule}");
    }
}

/// The runtime of the first request does not run any more, like a blocked worker.
#[test]
fn a_blocked_worker_stops_the_feed_and_the_others_ask() {
    let runtime =
        || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let (blocked, working) = (runtime(), runtime());
    let world = World::new();
    let (node, alice) = blocked.block_on(loaded(&world));
    working.block_on(async {
        let bob = world.login("bob").await;
        for browser in [&alice, &bob] {
            log_out(&world, browser).await;
            freeze(&world, 2001);
            sleep(INTERVAL).await;
            assert_eq!(outcome(&node.authenticate(&browser.jar.get()).await), CLEARED);
            assert_eq!(world.switches.take_log(), [Call::RevokedSince]);
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_frozen_feed_and_its_recovery_are_reported_once() {
    let world = World::new();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hook = heard.clone();
    let node =
        world.builder().on_event(move |event: &Event<'_>| hook.lock().unwrap().push(format!("{event:?}")));
    let node = node.build().unwrap();
    let alice = world.login("alice").await;
    for (millis, told) in [(0, false), (3000, false), (63_000, true)] {
        freeze(&world, millis);
        for _ in 0..3 {
            assert_eq!(outcome(&node.authenticate(&alice.jar.get()).await), ALIVE, "{millis}");
        }
        let events = std::mem::take(&mut *heard.lock().unwrap());
        if told {
            assert_eq!(events.len(), 2, "{events:?}");
            assert!(events[0].contains("FeedStale") && events[0].contains("for 63 s"), "{events:?}");
            assert_eq!(events[1], "FeedRecovered", "{events:?}");
        } else {
            assert!(events.is_empty(), "{millis}: {events:?}");
        }
    }
}

/// Requests that wait for the first load share it, and then wait for the row no longer than for the
/// load.
#[tokio::test(start_paused = true)]
async fn the_first_load_is_no_queue() {
    for (rule, silent, seconds, expected) in [
        ("the load gives no answer", &[Call::RevokedSince] as &[_], 10, ALIVE),
        ("nor does the row", &[Call::RevokedSince, Call::Find], 20, AWAY),
    ] {
        let world = World::new();
        let alice = world.login("alice").await;
        let node = world.another_node();
        for call in silent {
            world.switches.silence(*call);
        }
        world.switches.take_log();
        let begun = Instant::now();
        let requests = (0..4).map(|_| {
            let (node, head) = (node.clone(), alice.jar.get());
            tokio::spawn(async move { (node.authenticate(&head).await, Instant::now()) })
        });
        for (number, request) in requests.collect::<Vec<_>>().into_iter().enumerate() {
            let (found, at) = request.await.unwrap();
            assert_eq!(outcome(&found), expected, "{rule}, request {number}");
            assert_eq!((at - begun).as_secs(), seconds, "{rule}, request {number}");
        }
    }
}

/// A request that is cancelled does not cancel the load for the others.
#[tokio::test(start_paused = true)]
async fn the_request_that_started_the_load_may_be_cancelled() {
    let world = World::new();
    let alice = world.login("alice").await;
    let node = world.another_node();
    let closed = world.tokens.feed_gate.lock().await;
    world.switches.take_log();
    let request = || {
        let (node, head) = (node.clone(), alice.jar.get());
        tokio::spawn(async move { node.authenticate(&head).await })
    };
    let (first, second) = (request(), request());
    let_tasks_run().await;
    first.abort();
    drop(closed);
    assert_eq!(outcome(&second.await.unwrap()), ALIVE);
    assert_eq!(world.switches.take_log(), [Call::RevokedSince]);
    assert!(world.tokens.rows.find(&alice.session).await.unwrap().is_some());
}
