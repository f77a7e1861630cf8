//! Passwords that are tried: so many at once, then one per interval, counted before they are hashed.

use std::net::IpAddr;

use cookiejwt_store::{LoginContext, LoginError, LoginOptions, Problem, Throttle};
use futures_util::future::join_all;

use crate::common::{Call, PASSWORD, World};

const HOME: &str = "192.0.2.7";

async fn tries(world: &World, login: &str, password: &str, ip: Option<&str>) -> Result<(), LoginError> {
    let mut context = LoginContext::default();
    context.client.ip = ip.map(Into::into);
    world.auth.login_with_password(login, password, LoginOptions::new(), context).await.map(drop)
}

/// What a try ends with: `in`, `wrong`, or how long to wait.
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

#[tokio::test]
async fn five_failures_then_one_per_thirty_seconds_whoever_it_is() {
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

/// With every route: a guesser who has a stolen session has no more tries than one who has none.
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
    let fresh = world.auth.fresh_login(&alice, PASSWORD, context()).await;
    assert!(matches!(fresh, Err(LoginError::Throttled { retry_after_seconds: 30 })));
    let changed = world.auth.change_password(&alice, PASSWORD, "a new password", context()).await;
    assert!(matches!(changed, Err(LoginError::Throttled { retry_after_seconds: 30 })));
    world.advance(30);
    let changed = world.auth.change_password(&alice, PASSWORD, "a new password", context()).await;
    assert!(changed.is_ok());
}

#[tokio::test]
async fn a_success_takes_its_own_try_back_and_no_other() {
    let world = World::new();
    for _ in 0..200 {
        assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "in");
    }
    fails(&world, 4, "alice", Some(HOME)).await;
    for _ in 0..50 {
        assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "in");
    }
    fails(&world, 1, "alice", Some(HOME)).await;
    assert_eq!(ends(&world, "alice", "guess", Some(HOME)).await, "wait 30");
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
    assert_eq!(ends(&world, "bob", PASSWORD, None).await, "in", "nobody shares a bucket");
}

/// Whoever hammers at one account neither shuts his network out nor the account for others.
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

#[tokio::test]
async fn a_store_that_is_away_is_503_and_nothing_is_hashed() {
    let world = World::new();
    world.switches.fail(Call::Throttle);
    let error = tries(&world, "alice", PASSWORD, Some(HOME)).await.unwrap_err();
    assert_eq!(Problem::from(&error), Problem::Unavailable);
    assert_eq!(world.hasher.verifications(), 0);
    world.switches.mend(Call::Throttle);
    fails(&world, 5, "alice", Some(HOME)).await;
}

#[tokio::test]
async fn what_checks_no_password_counts_nothing() {
    let world = World::new();
    for (rule, call) in [("no row for the session", Call::Create), ("nobody to be found", Call::FindByLogin)]
    {
        world.switches.fail(call);
        for _ in 0..20 {
            let error = tries(&world, "alice", PASSWORD, Some(HOME)).await.unwrap_err();
            assert_eq!(Problem::from(&error), Problem::Unavailable, "{rule}");
        }
        world.switches.mend(call);
    }
    fails(&world, 5, "alice", Some(HOME)).await;
}

#[tokio::test]
async fn a_try_that_cannot_be_taken_back_fails_no_login_and_drains() {
    let world = World::new();
    world.switches.fail(Call::Refund);
    for _ in 0..5 {
        assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "in");
    }
    assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "wait 30");
    world.advance(30);
    assert_eq!(ends(&world, "alice", PASSWORD, Some(HOME)).await, "in");
}

#[tokio::test]
async fn what_is_off_lets_everybody_try() {
    let mut world = World::new();
    world.auth = world.builder().throttle(Throttle::off()).build().unwrap();
    world.switches.fail(Call::Throttle);
    fails(&world, 300, "alice", Some(HOME)).await;
}
