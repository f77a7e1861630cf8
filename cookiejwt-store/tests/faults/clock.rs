//! A clock that is set back, or far ahead.

use cookiejwt_store::{Decision, LoginError, ManualClock, RevocationReason, testing};
use time::Duration;

use crate::{
    common::{Browser, PASSWORD, World, lines, outcome},
    flow::Flow,
    scene::Scene,
};

const GOOD: (&str, &str) = ("1", "kept");
const SET: (&str, &str) = ("1", "set");
/// Row i: the token of a node whose clock is ahead is not invalid, so nothing is cleared.
const EARLY: (&str, &str) = ("invalid_token", "kept");
const ENDED: (&str, &str) = ("session_expired", "cleared");

#[derive(Clone, Copy)]
enum Ask {
    Get,
    Bearer,
    Refresh,
}

impl Ask {
    async fn of(self, world: &World, browser: &Browser) -> Decision {
        match self {
            Self::Get => world.authenticate(browser.jar.get()).await,
            Self::Bearer => world.authenticate(browser.jar.bearer()).await,
            Self::Refresh => world.auth.refresh(&browser.jar.post()).await,
        }
    }
}

const HOUR: i64 = 3600;
const YEAR: i64 = 366 * 86_400;

/// The clock changes between a login and later requests; once it is right again, everything works
/// as before.
#[tokio::test]
async fn between_login_and_use() {
    for (rule, step, ask, expected) in [
        ("back by as much as the leeway", -5, Ask::Get, GOOD),
        ("back by as much as the leeway, by header", -5, Ask::Bearer, GOOD),
        ("back by as much as the leeway, refresh", -5, Ask::Refresh, SET),
        ("back by a second more", -6, Ask::Get, EARLY),
        ("back by a second more, by header", -6, Ask::Bearer, EARLY),
        ("back by a second more, refresh", -6, Ask::Refresh, EARLY),
        ("back by an hour", -HOUR, Ask::Get, EARLY),
        ("back to before there were computers", -70 * YEAR, Ask::Get, EARLY),
        ("ahead, within the life of the access token", 269, Ask::Get, GOOD),
        ("ahead, within the life of the refresh token", HOUR, Ask::Get, SET),
        ("ahead by a month", 31 * 86_400, Ask::Get, ENDED),
        ("ahead by a month, refresh", 31 * 86_400, Ask::Refresh, ENDED),
        ("ahead to the end of the calendar", 7000 * YEAR, Ask::Get, ENDED),
    ] {
        let world = World::new();
        let alice = world.login("alice").await;
        world.advance(step);
        assert_eq!(outcome(&ask.of(&world, &alice).await), expected, "{rule}");
        assert_eq!(world.revoked(&alice.session).await, None, "{rule}");
        world.advance(-step);
        assert!(Ask::Get.of(&world, &alice).await.identity().is_some(), "{rule}: the clock is right again");
    }
}

/// No step counts as theft, and the successor is the same.
#[tokio::test]
async fn between_a_rotation_and_what_follows() {
    for (rule, step, parent, successor) in [
        ("back by as much as the leeway", -5, SET, GOOD),
        ("back by a second more", -6, SET, EARLY),
        ("back by an hour", -HOUR, SET, EARLY),
        ("ahead by as much as the reuse leeway", 10, SET, GOOD),
    ] {
        let world = World::new();
        // Old enough that it had already started an hour earlier.
        let alice = world.login("alice").await;
        world.advance(2 * HOUR);
        let rotated = world.authenticate(alice.jar.get()).await;
        assert_eq!(outcome(&rotated), SET, "{rule}");
        let mut next = alice.clone();
        next.jar.apply(&lines(&rotated.cookies));
        world.advance(step);
        let by_parent = world.authenticate(alice.jar.without_access().get()).await;
        assert_eq!(outcome(&by_parent), parent, "{rule}");
        let mut again = alice.clone();
        again.jar.apply(&lines(&by_parent.cookies));
        assert_eq!(again.jar.refresh, next.jar.refresh, "{rule}: the same successor");
        assert_eq!(outcome(&world.authenticate(next.jar.get()).await), successor, "{rule}");
        assert_eq!(world.revoked(&alice.session).await, None, "{rule}");
        world.advance(-step);
        let good = world.authenticate(next.jar.without_access().get()).await;
        assert!(good.identity().is_some(), "{rule}: the clock is right again: {:?}", good.reason);
        assert_eq!(world.revoked(&alice.session).await, None, "{rule}");
    }
}

#[tokio::test]
async fn a_logout_while_the_clock_is_wrong() {
    for step in [-70 * YEAR, -HOUR, -6, 31 * 86_400, 7000 * YEAR] {
        let world = World::new();
        let alice = world.login("alice").await;
        world.advance(step);
        world.auth.logout((&alice.jar.post()).into(), None).await.unwrap().revoked.unwrap();
        assert_eq!(world.revoked(&alice.session).await, Some(RevocationReason::Logout), "{step}");
        world.advance(-step);
        assert!(Ask::Get.of(&world, &alice).await.identity().is_none(), "{step}: back from the dead");
        assert!(Ask::Refresh.of(&world, &alice).await.identity().is_none(), "{step}: back from the dead");
    }
}

/// Set back by more than a bucket holds (100 failures of 5 s for an account), a node lets them wait
/// until the time is reached again: a bucket that empties itself would give a guesser a free
/// attempt at each node with another clock. A success fills none of these.
#[tokio::test]
async fn logins_after_the_clock_was_set_back() {
    for (step, waits) in [(-5, None), (-60, None), (-490, None), (-491, Some(1)), (-550, Some(60))] {
        let world = World::new();
        world.login("bob").await;
        world.try_login("alice", "guess").await.unwrap_err();
        world.advance(step);
        let login = world.try_login("alice", PASSWORD).await;
        let waited = match login {
            Ok(_) => None,
            Err(LoginError::Throttled { retry_after_seconds }) => Some(retry_after_seconds),
            Err(error) => panic!("{step}: {error}"),
        };
        assert_eq!(waited, waits, "{step}");
        let other = world.try_login("bob", PASSWORD).await;
        assert!(other.is_ok(), "{step}: nobody else waits");
    }
}

/// At the limits of the clock.
#[tokio::test(start_paused = true)]
async fn no_flow_panics_whatever_the_time() {
    for flow in Flow::ALL {
        for step in [-300_000 * YEAR, -3000 * YEAR, -YEAR, 100 * YEAR, 7000 * YEAR, 300_000 * YEAR] {
            let scene = Scene::of(flow).await;
            scene.world.advance(step);
            let seen = scene.run(flow).await;
            let fails = seen.status == 500;
            // A renewal: another challenge, its end, and a token of the future.
            let is_renewal = matches!(flow, Flow::RenewDevice | Flow::RenewActingDevice);
            let is_known = [200, 204, 401, 429, 500].contains(&seen.status)
                || is_renewal && [403, 410, 503].contains(&seen.status);
            assert!(is_known, "{flow:?}, {step}: {seen:?}");
            assert!(!fails || seen.lines.is_empty(), "{flow:?}, {step}: {seen:?}");
        }
    }
}

async fn hears(node: &cookiejwt_store::Authenticator, browser: &Browser) -> bool {
    node.poll_revocations().await.unwrap();
    node.authenticate(&browser.jar.bearer()).await.identity().is_none()
}

/// A revocation from the future must not hide current ones.
#[tokio::test]
async fn a_node_whose_clock_is_ahead_makes_no_other_deaf() {
    let world = World::new();
    let (first, second) = (world.login("alice").await, world.login("alice").await);
    let ahead = world.builder().clock(ManualClock::at(testing::NOW + Duration::minutes(10))).build().unwrap();
    let (right, listener) = (world.another_node(), world.another_node());
    assert!(!hears(&listener, &first).await);
    ahead.revoke_session(first.session.clone(), RevocationReason::Logout).await.unwrap();
    assert!(hears(&listener, &first).await);
    right.revoke_session(second.session.clone(), RevocationReason::Logout).await.unwrap();
    assert!(hears(&listener, &second).await, "what was revoked ten minutes before the newest");
}

/// A clock ahead drops what no longer matters then; set back, the node reads it again.
#[tokio::test]
async fn a_clock_that_was_ahead_for_a_while_forgets_no_revocation() {
    let world = World::new();
    let browsers = [world.login("alice").await, world.login("alice").await];
    for browser in &browsers {
        world.auth.revoke_session(browser.session.clone(), RevocationReason::Logout).await.unwrap();
        world.auth.poll_revocations().await.unwrap();
        world.advance(100);
    }
    world.advance(HOUR);
    world.auth.poll_revocations().await.unwrap();
    world.advance(-HOUR);
    for browser in &browsers {
        assert!(hears(&world.auth, browser).await, "a revoked session is good again");
    }
}
