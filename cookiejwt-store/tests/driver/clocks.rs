//! A node whose clock differs from the database's reports it.

use std::sync::{Arc, Mutex};

use cookiejwt_store::{Authenticator, Event, ManualClock, RevocationLevel, testing};
use time::Duration;
use tokio::time::sleep;

use crate::common::World;

const INTERVAL: std::time::Duration = std::time::Duration::from_millis(1001);

type Differences = Arc<Mutex<Vec<i64>>>;

/// A node whose database has a clock that is ahead by this much.
fn node(world: &World, millis: i64) -> (Authenticator, ManualClock, Differences) {
    let clock = ManualClock::at(testing::NOW + Duration::milliseconds(millis));
    *world.tokens.clock.lock().unwrap() = Some(clock.clone());
    let heard = Differences::default();
    let hook = heard.clone();
    let node = world.builder().on_event(move |event: &Event<'_>| {
        if let Event::ClockSkew { difference_millis, .. } = event {
            hook.lock().unwrap().push(*difference_millis);
        }
    });
    (node.build().unwrap(), clock, heard)
}

#[tokio::test(start_paused = true)]
async fn a_difference_above_two_seconds_is_reported_once_a_minute() {
    for (rule, millis, told) in [
        ("none", 0, false),
        ("2 s ahead", 2000, false),
        ("more than 2 s ahead", 2001, true),
        ("2 s behind", -2000, false),
        ("more than 2 s behind", -2001, true),
        ("a time zone", -7_200_000, true),
    ] {
        let world = World::new();
        let (node, theirs, heard) = node(&world, millis);
        let alice = world.login("alice").await;
        let _ = node.authenticate(&alice.jar.get()).await;
        let mut expected = Vec::new();
        for second in 0..=60 {
            sleep(INTERVAL).await;
            if told && (second == 0 || second == 60) {
                expected.push(millis);
            }
            assert_eq!(*heard.lock().unwrap(), expected, "{rule}, second {second}");
            world.advance(1);
            theirs.advance(Duration::SECOND);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_difference_that_returns_is_reported_at_once() {
    let world = World::new();
    let (node, theirs, heard) = node(&world, 5000);
    let alice = world.login("alice").await;
    let _ = node.authenticate(&alice.jar.get()).await;
    for by in [0, -5000, 3000] {
        theirs.advance(Duration::milliseconds(by));
        sleep(INTERVAL).await;
    }
    assert_eq!(*heard.lock().unwrap(), [5000, 3000]);
}

#[tokio::test(start_paused = true)]
async fn it_is_reported_at_every_level_and_never_without_a_clock() {
    for level in [RevocationLevel::AtRefresh, RevocationLevel::Feed, RevocationLevel::EveryRequest] {
        for has_clock in [true, false] {
            let world = World::at(level);
            let (node, _, heard) = node(&world, 5000);
            if !has_clock {
                *world.tokens.clock.lock().unwrap() = None;
            }
            let alice = world.login("alice").await;
            let _ = node.authenticate(&alice.jar.get()).await;
            sleep(std::time::Duration::from_secs(61)).await;
            let expected: &[i64] = if has_clock { &[5000] } else { &[] };
            assert_eq!(*heard.lock().unwrap(), expected, "{level:?}");
        }
    }
}
