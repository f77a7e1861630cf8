//! Password attempts: failures count; a number of them at once, then one per interval. No login is
//! refused because others log in at the same time.

use std::{
    future::{Future, poll_fn},
    net::IpAddr,
    pin::pin,
    task::Poll,
    time::Duration,
};

use cookiejwt_store::{
    LoginContext, LoginError, LoginOptions, Problem, Throttle, ThrottleLimit, ThrottleScope, TokenStore as _,
    cookiejwt_core::store::ThrottleBucket,
};
use futures_util::future::join_all;

use crate::common::{Call, PASSWORD, TestHasher, World};

const HOME: &str = "192.0.2.7";

async fn tries(world: &World, login: &str, password: &str, ip: Option<&str>) -> Result<(), LoginError> {
    let mut context = LoginContext::default();
    context.client.ip = ip.map(Into::into);
    world.auth.login_with_password(login, password, LoginOptions::new(), context).await.map(drop)
}

/// The result of an attempt: `in`, `wrong`, or how long to wait.
async fn ends(world: &World, login: &str, password: &str, ip: Option<&str>) -> String {
    match tries(world, login, password, ip).await {
        Ok(()) => "in".into(),
        Err(LoginError::InvalidCredentials) => "wrong".into(),
        Err(LoginError::Throttled { retry_after_seconds }) => format!("wait {retry_after_seconds}"),
        Err(error) => panic!("{error}"),
    }
}

async fn fails(world: &World, count: usize, login: &str, ip: Option<&str>) {
    for index in 0..count {
        assert_eq!(ends(world, login, "guess", ip).await, "wrong", "{login} {index}");
    }
}

fn all_in(outcomes: &[String]) -> bool {
    outcomes.iter().all(|outcome| outcome == "in")
}

/// Starts an attempt, and drops it after that many polls.
async fn hangs_up_after(polls: usize, future: impl Future) {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        let is_over = left == 0 || future.as_mut().poll(context).is_ready();
        left = left.saturating_sub(1);
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Waits until that many buckets were charged by background tasks.
async fn charged(world: &World, count: usize) {
    let are_charged = async {
        while world.tokens.charges.lock().unwrap().len() < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), are_charged).await.unwrap();
}

#[tokio::test]
async fn five_failures_then_one_per_thirty_seconds_for_any_account() {
    for (rule, login) in [
        ("a user", "alice"),
        ("nobody", "nobody"),
        ("a disabled user", "carol"),
        ("a user without a password", "dave"),
    ] {
        let world = World::new();
        fails(&world, 5, login, Some(HOME)).await;
        assert_eq!(world.hasher.verifications(), 5, "{rule}");
        assert_eq!(
            ends(&world, login, PASSWORD, Some(HOME)).await,
            "wait 30",
            "{rule}: the right one waits, too"
        );
        assert_eq!(world.hasher.verifications(), 5, "{rule}: a refused try is not hashed");
        world.advance(29);
        assert_eq!(ends(&world, login, "guess", Some(HOME)).await, "wait 1", "{rule}");
        world.advance(1);
        fails(&world, 1, login, Some(HOME)).await;
        assert_eq!(ends(&world, login, "guess", Some(HOME)).await, "wait 30", "{rule}");
        world.advance(150);
        fails(&world, 5, login, Some(HOME)).await;
    }
}

/// Neither reads nor writes reveal whether the account exists.
#[tokio::test]
async fn an_account_that_does_not_exist_has_as_many_buckets() {
    let world = World::new();
    let mut counts = Vec::new();
    for login in ["alice", "nobody", "carol", "dave"] {
        world.tokens.charges.lock().unwrap().clear();
        fails(&world, 1, login, Some(HOME)).await;
        counts.push(world.tokens.charges.lock().unwrap().len());
    }
    assert_eq!(counts, [4, 4, 4, 4]);
}

/// With every route: a guesser with a stolen session has no more attempts than one without.
#[tokio::test]
async fn every_route_with_a_password_counts_in_the_same_buckets() {
    let world = World::new();
    let alice = world.try_login("alice", PASSWORD).await.unwrap().identity;
    let context = || {
        let mut context = LoginContext::default();
        context.client.ip = Some(HOME.into());
        context
    };
    fails(&world, 3, "alice", Some(HOME)).await;
    let fresh = world.auth.fresh_login(&alice, "guess", context()).await;
    assert!(matches!(fresh, Err(LoginError::InvalidCredentials)));
    let changed = world.auth.change_password(&alice, "guess", "a new password", context()).await;
    assert!(matches!(changed, Err(LoginError::InvalidCredentials)));
    assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "wait 30");
    for _ in 0..3 {
        let fresh = world.auth.fresh_login(&alice, "guess", context()).await;
        assert!(matches!(fresh, Err(LoginError::InvalidCredentials)), "five of its own for the session");
    }
    let fresh = world.auth.fresh_login(&alice, PASSWORD, context()).await;
    assert!(matches!(fresh, Err(LoginError::Throttled { retry_after_seconds: 30 })));
    let changed = world.auth.change_password(&alice, PASSWORD, "a new password", context()).await;
    assert!(matches!(changed, Err(LoginError::Throttled { retry_after_seconds: 30 })));
    assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "wait 120", "three more than five");
    world.advance(30);
    let changed = world.auth.change_password(&alice, PASSWORD, "a new password", context()).await;
    assert!(changed.is_ok());
}

#[tokio::test]
async fn a_right_password_writes_nothing_to_the_buckets_of_failures() {
    let world = World::new();
    fails(&world, 4, "alice", Some(HOME)).await;
    world.tokens.charges.lock().unwrap().clear();
    for _ in 0..20 {
        assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "in");
    }
    let charges = world.tokens.charges.lock().unwrap().clone();
    assert!(charges.len() == 20 && charges.iter().all(|bucket| *bucket == charges[0]), "one, of successes");
    fails(&world, 1, "alice", Some(HOME)).await;
    assert_eq!(ends(&world, "alice", "guess", Some(HOME)).await, "wait 30");
}

/// Otherwise one account could occupy every hashing slot.
#[tokio::test]
async fn thirty_successes_then_one_per_ten_seconds() {
    let world = World::new();
    for _ in 0..30 {
        assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "in");
    }
    assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "wait 10");
    assert_eq!(world.hasher.verifications(), 30, "a refused one is not hashed");
    assert_eq!(ends(&world, "bob", PASSWORD, Some(HOME)).await, "in", "another account");
    assert_eq!(ends(&world, "alice", PASSWORD, Some("192.0.2.8")).await, "in", "another network");
    assert_eq!(ends(&world, "alice", PASSWORD, None).await, "in", "never a shared bucket");
    world.advance(10);
    assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "in");
    assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "wait 10");
}

#[tokio::test]
async fn right_passwords_at_the_same_moment_are_all_right() {
    for (rule, failures) in [("no failure", 0), ("four have failed", 4)] {
        let world = World::new();
        fails(&world, failures, "alice", Some(HOME)).await;
        let outcomes = join_all((0..8).map(|_| ends(&world, "alice", PASSWORD, Some(HOME)))).await;
        assert!(all_in(&outcomes), "8 at once, {rule}: {outcomes:?}");
    }
    for failures in [0, 29] {
        let world = World::new();
        for index in 0..failures {
            fails(&world, 1, &format!("user {index}"), Some(HOME)).await;
        }
        let logins = (0..40).map(|index| if index % 2 == 0 { "alice" } else { "bob" });
        let outcomes = join_all(logins.map(|login| ends(&world, login, PASSWORD, Some(HOME)))).await;
        assert!(all_in(&outcomes), "40 at once from one network, {failures} have failed: {outcomes:?}");
    }
    let world = World::new();
    for index in 0..99_u8 {
        fails(&world, 1, "alice", Some(&IpAddr::from([10, 0, 0, index]).to_string())).await;
    }
    let homes: Vec<_> = (0..25_u8).map(|index| IpAddr::from([10, 0, 1, index]).to_string()).collect();
    let outcomes = join_all(homes.iter().map(|home| ends(&world, "alice", PASSWORD, Some(home)))).await;
    assert!(all_in(&outcomes), "25 networks, 99 have failed: {outcomes:?}");
}

/// Too many wrong ones among them are refused, without affecting the others.
#[tokio::test]
async fn right_and_wrong_ones_of_a_network_at_the_same_moment() {
    let world = World::new();
    let names: Vec<_> = (0..20).map(|index| format!("user {index}")).collect();
    let wrong = names.iter().map(|name| ends(&world, name, "guess", Some(HOME)));
    let right = (0..10).map(|_| ends(&world, "alice", PASSWORD, Some(HOME)));
    let (wrong, right) = tokio::join!(join_all(wrong), join_all(right));
    assert!(wrong.iter().all(|outcome| outcome == "wrong"), "{wrong:?}");
    assert!(all_in(&right), "{right:?}");
}

#[tokio::test]
async fn a_client_that_hangs_up_has_not_failed() {
    for polls in 1..12 {
        let world = World::new();
        for _ in 0..8 {
            hangs_up_after(polls, tries(&world, "alice", PASSWORD, Some(HOME))).await;
        }
        assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "in", "gone after {polls} polls");
    }
}

/// Otherwise a client that disconnects could cause any number of hashes for free.
#[tokio::test]
async fn a_wrong_password_counts_though_its_client_hangs_up() {
    let world = World::new();
    for index in 1..=5 {
        let gone = hangs_up_after(2, tries(&world, "alice", "guess", Some(HOME)));
        gone.await;
        // The hash may have started by then or not: a started one counts.
        let begun = world.hasher.verifications();
        assert!(begun <= index);
        charged(&world, begun * 4).await;
    }
    let world = World::new();
    for index in 1..=5 {
        let mut future = Box::pin(tries(&world, "alice", "guess", Some(HOME)));
        while world.hasher.verifications() < index {
            hangs_up_after(1, future.as_mut()).await;
            tokio::task::yield_now().await;
        }
        drop(future);
        charged(&world, index * 4).await;
    }
    assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "wait 30");
    assert_eq!(world.hasher.verifications(), 5);
}

#[tokio::test]
async fn other_spellings_of_a_name_give_no_more_tries() {
    let world = World::new();
    for name in ["alice", "ALICE", " alice ", "Alice", "aLICE\t"] {
        fails(&world, 1, name, Some(HOME)).await;
    }
    for name in ["alice", "alicE"] {
        assert_eq!(ends(&world, name, "guess", Some(HOME)).await, "wait 30", "{name}");
    }
}

#[tokio::test]
async fn a_network_has_thirty_failures_over_all_accounts() {
    for (one, other) in [("192.0.2.7", "192.0.2.8"), ("2001:db8::1", "2001:db8:0:1::1")] {
        let world = World::new();
        for index in 0..30 {
            fails(&world, 1, &format!("user {index}"), Some(one)).await;
        }
        assert_eq!(ends(&world, "bob", PASSWORD, Some(one)).await, "wait 2");
        assert_eq!(ends(&world, "bob", PASSWORD, Some(other)).await, "in", "another network");
        world.advance(2);
        assert_eq!(ends(&world, "bob", PASSWORD, Some(one)).await, "in");
    }
}

/// A /56 is 256 of them, and one machine may have it.
#[tokio::test]
async fn wider_ipv6_networks_have_limits_as_well() {
    for (rule, failures, network, inside, outside) in [
        ("a /56", 120, (|index| index % 256) as fn(u16) -> u16, "2001:db8:0:ff::1", "2001:db8:0:100::1"),
        ("a /48", 480, |index| index * 128, "2001:db8:0:ffff::1", "2001:db8:1::1"),
    ] {
        let world = World::new();
        for index in 0..failures {
            let ip = format!("2001:db8:0:{:x}::1", network(index));
            fails(&world, 1, &format!("user {index}"), Some(&ip)).await;
        }
        assert_eq!(ends(&world, "bob", PASSWORD, Some(inside)).await, "wait 1", "{rule}");
        assert_eq!(ends(&world, "bob", PASSWORD, Some(outside)).await, "in", "{rule}");
        world.advance(1);
        assert_eq!(ends(&world, "bob", PASSWORD, Some(inside)).await, "in", "{rule}");
    }
}

#[tokio::test]
async fn an_account_has_a_hundred_failures_over_all_networks() {
    let world = World::new();
    for index in 0..100 {
        let ip = IpAddr::from([10, 0, 0, index]).to_string();
        fails(&world, 1, "alice", Some(&ip)).await;
    }
    assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "wait 5");
    assert_eq!(ends(&world, "bob", PASSWORD, Some(HOME)).await, "in", "another account");
    world.advance(5);
    assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "in");
}

#[tokio::test]
async fn without_an_address_only_the_account_counts() {
    let world = World::new();
    fails(&world, 100, "alice", None).await;
    assert_eq!(ends(&world, "alice", "guess", None).await, "wait 5");
    assert_eq!(ends(&world, "bob", PASSWORD, None).await, "in", "no shared bucket");
}

/// Many attempts at one account lock out neither the network nor the account for others.
#[tokio::test]
async fn a_refused_try_counts_nowhere() {
    let world = World::new();
    fails(&world, 5, "alice", Some(HOME)).await;
    for _ in 0..300 {
        assert_eq!(ends(&world, "alice", "guess", Some(HOME)).await, "wait 30");
    }
    assert_eq!(ends(&world, "bob", PASSWORD, Some(HOME)).await, "in");
    assert_eq!(ends(&world, "alice", PASSWORD, Some("192.0.2.8")).await, "in");
}

/// With several full buckets, the longest wait is reported: after it, a login works.
#[tokio::test]
async fn the_longest_wait_is_said() {
    let world = World::new();
    for index in 0..25 {
        fails(&world, 1, &format!("user {index}"), Some(HOME)).await;
    }
    fails(&world, 5, "alice", Some(HOME)).await;
    assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "wait 30");
    assert_eq!(ends(&world, "bob", PASSWORD, Some(HOME)).await, "wait 2");
    world.advance(30);
    assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "in");
}

#[tokio::test]
async fn fifty_at_once_are_five_hashes() {
    let world = World::new();
    let outcomes = join_all((0..50).map(|_| ends(&world, "alice", "guess", Some(HOME)))).await;
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "wrong").count(), 5);
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "wait 30").count(), 45);
    assert_eq!(world.hasher.verifications(), 5);
}

#[tokio::test]
async fn nodes_count_together_when_the_store_counts_and_each_alone_when_it_does_not() {
    for (keeps_none, expected) in [(false, "wait 30"), (true, "wrong")] {
        let mut world = World::new();
        world.tokens.keep_no_buckets(keeps_none);
        fails(&world, 5, "alice", Some(HOME)).await;
        assert_eq!(ends(&world, "alice", "guess", Some(HOME)).await, "wait 30", "{keeps_none}");
        world.auth = world.another_node();
        assert_eq!(ends(&world, "alice", "guess", Some(HOME)).await, expected, "{keeps_none}");
    }
}

/// Two nodes check ten at the same time, which is five too many; they have to be paid off before
/// the next attempt.
#[tokio::test]
async fn what_nodes_check_at_the_same_moment_is_paid_off() {
    let world = World::new();
    fails(&world, 5, "alice", Some(HOME)).await;
    // Like another node that had read the buckets before.
    let pair = world.tokens.charges.lock().unwrap()[0].clone();
    let limit = ThrottleLimit::new(5, Duration::from_secs(30)).unwrap();
    let bucket = ThrottleBucket::new(pair, ThrottleScope::AccountAndNetwork, limit);
    for _ in 0..5 {
        world.tokens.charge_throttle(&bucket.charge(world.auth.now().into())).await.unwrap();
    }
    assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "wait 180");
    world.advance(180);
    assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "in");
}

/// While an attempt waits for its turn, attempts on other nodes fail.
#[tokio::test]
async fn a_try_that_has_waited_looks_once_more_when_its_hash_starts() {
    let world = World::new();
    let mut other = World::new();
    other.auth = world.builder().password_hasher(TestHasher::default()).build().unwrap();
    let held = world.hasher.hold();
    let slots = std::thread::available_parallelism().map_or(1, usize::from).saturating_sub(1).max(1);
    let before: Vec<_> = (0..slots).map(|_| ends(&world, "bob", PASSWORD, Some("192.0.2.9"))).collect();
    let (before, outcome, ()) = tokio::join!(
        join_all(before),
        async {
            while world.hasher.begun() < slots {
                tokio::task::yield_now().await;
            }
            ends(&world, "alice", PASSWORD, Some(HOME)).await
        },
        async {
            while world.hasher.begun() < slots {
                tokio::task::yield_now().await;
            }
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            fails(&other, 5, "alice", Some(HOME)).await;
            drop(held);
        }
    );
    assert!(all_in(&before), "{before:?}");
    assert_eq!(outcome, "wait 30");
    assert_eq!(world.hasher.verifications(), slots, "it was not hashed");
}

#[tokio::test]
async fn an_unavailable_store_results_in_503_and_nothing_is_hashed() {
    let world = World::new();
    world.switches.fail(Call::ThrottleLevels);
    let error = tries(&world, "alice", PASSWORD, Some(HOME)).await.unwrap_err();
    assert_eq!(Problem::from(&error), Problem::Unavailable);
    assert_eq!(world.hasher.verifications(), 0);
    world.switches.mend(Call::ThrottleLevels);
    fails(&world, 5, "alice", Some(HOME)).await;
}

#[tokio::test]
async fn what_checks_no_password_counts_nothing() {
    let world = World::new();
    for (rule, call) in [("no row for the session", Call::Create), ("an unknown user", Call::FindByLogin)] {
        world.switches.fail(call);
        for _ in 0..20 {
            let error = tries(&world, "alice", PASSWORD, Some(HOME)).await.unwrap_err();
            assert_eq!(Problem::from(&error), Problem::Unavailable, "{rule}");
        }
        world.switches.mend(call);
    }
    fails(&world, 5, "alice", Some(HOME)).await;
}

/// A database that has become read-only.
#[tokio::test]
async fn failures_that_the_store_cannot_write_count_in_this_process() {
    let world = World::new();
    world.switches.fail(Call::ChargeThrottle);
    fails(&world, 5, "alice", Some(HOME)).await;
    assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "wait 30");
    world.switches.mend(Call::ChargeThrottle);
    assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "wait 30", "and does not forget it then");
    world.advance(30);
    assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "in");
}

#[tokio::test]
async fn what_is_off_lets_everybody_try() {
    let mut world = World::new();
    world.auth = world.builder().throttle(Throttle::off()).build().unwrap();
    world.switches.fail(Call::ThrottleLevels);
    fails(&world, 300, "alice", Some(HOME)).await;
    let outcomes = join_all((0..60).map(|_| ends(&world, "alice", PASSWORD, Some(HOME)))).await;
    assert!(all_in(&outcomes), "{outcomes:?}");
}
