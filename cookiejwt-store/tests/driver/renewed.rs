//! Roles that are given or taken away count at once, and no one is logged out.

use std::time::Duration;

use cookiejwt_store::{
    Authenticator, ClaimsRenewal, Decision, Progress, Realm, RevocationLevel, TokenStore as _, testing,
};
use http::{Request, request::Parts};
use serde_json::json;
use tokio::time::sleep;

use crate::common::{Browser, Call, PASSWORD, World, lines, outcome};

const INTERVAL: Duration = Duration::from_millis(1001);
/// How long a node remembers a renewal: the life of an access token, two leeways and the overlap.
const MEMORY: i64 = 300 + 2 * 5 + 60;
const LEVELS: [RevocationLevel; 3] =
    [RevocationLevel::AtRefresh, RevocationLevel::Feed, RevocationLevel::EveryRequest];

fn give(world: &World, id: i64, roles: &[&str]) {
    let roles = json!({ "roles": roles });
    world.users.change(id, |user| user.claims = roles);
}

/// alice, an administrator, and where she is logged in.
async fn alice(world: &World) -> Browser {
    give(world, 1, &["admin"]);
    world.login("alice").await
}

/// Who is asking, as the browser that keeps the cookies of the response sees it.
async fn asks(node: &Authenticator, browser: &mut Browser) -> String {
    let decision = node.authenticate(&browser.jar.get()).await;
    browser.jar.apply(&lines(&decision.cookies));
    said(&decision)
}

fn said(decision: &Decision) -> String {
    let (who, cookies) = outcome(decision);
    let role = decision.identity().map_or("", |who| if who.has_role("admin") { " admin" } else { " user" });
    format!("{who}{role}, {cookies}")
}

/// Whether a request needs no store.
fn is_settled(node: &Authenticator, head: &Parts) -> bool {
    matches!(node.begin(head), Progress::Settled(_))
}

#[tokio::test(start_paused = true)]
async fn roles_change_at_once_here_and_within_an_interval_elsewhere() {
    let world = World::new();
    let (mut laptop, mut phone, mut bob) =
        (alice(&world).await, alice(&world).await, world.login("bob").await);
    let node = world.another_node();
    for browser in [&mut laptop, &mut phone] {
        assert_eq!(asks(&node, browser).await, "1 admin, kept");
        assert_eq!(asks(&world.auth, browser).await, "1 admin, kept");
    }
    give(&world, 1, &[]);
    assert_eq!(world.auth.renew_claims(&1.into()).await.unwrap(), 2);
    assert_eq!(asks(&node, &mut phone).await, "1 admin, kept", "not yet");
    assert_eq!(asks(&world.auth, &mut laptop).await, "1 user, set", "here at once");
    sleep(INTERVAL).await;
    assert_eq!(asks(&node, &mut phone).await, "1 user, set", "within an interval");
    world.switches.take_log();
    for browser in [&mut laptop, &mut phone] {
        for node in [&world.auth, &node] {
            assert!(is_settled(node, &browser.jar.get()));
            assert_eq!(asks(node, browser).await, "1 user, kept", "the new token is good everywhere");
        }
    }
    assert_eq!(asks(&node, &mut bob).await, "2 user, kept", "another user");
    assert_eq!(world.switches.take_log(), [], "no request asks a store");
    assert_eq!(world.tokens.living(1).await.len(), 2, "no one is logged out");

    give(&world, 1, &["admin"]);
    assert_eq!(world.auth.renew_claims(&1.into()).await.unwrap(), 2);
    assert_eq!(asks(&world.auth, &mut laptop).await, "1 admin, set", "given back");
    assert_eq!(world.row(&laptop.session).await.version, 2);
}

/// The memory of the node that renewed decides there at every level; elsewhere the level does.
#[tokio::test(start_paused = true)]
async fn when_it_counts_at_each_level() {
    for (level, elsewhere) in LEVELS.into_iter().zip(["1 admin, kept", "1 admin, kept", "1 user, set"]) {
        let world = World::at(level);
        let (mut laptop, mut phone) = (alice(&world).await, alice(&world).await);
        let node = world.another_node();
        assert_eq!(asks(&node, &mut phone).await, "1 admin, kept", "{level:?}");
        give(&world, 1, &[]);
        world.auth.renew_claims(&1.into()).await.unwrap();
        assert_eq!(asks(&world.auth, &mut laptop).await, "1 user, set", "{level:?}: here");
        assert_eq!(asks(&node, &mut phone).await, elsewhere, "{level:?}: elsewhere");
        assert_eq!(asks(&world.auth, &mut laptop).await, "1 user, kept", "{level:?}");
        world.expire_access();
        assert_eq!(asks(&node, &mut phone).await, "1 user, set", "{level:?}: at the end of the token");
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_that_starts_later_or_lost_the_feed_learns_of_it() {
    let world = World::new();
    let (mut laptop, mut phone) = (alice(&world).await, alice(&world).await);
    let node = world.another_node();
    assert_eq!(asks(&node, &mut phone).await, "1 admin, kept");
    world.switches.fail(Call::RenewedSince);
    give(&world, 1, &[]);
    world.auth.renew_claims(&1.into()).await.unwrap();
    // Longer than the overlap.
    world.advance(90);
    sleep(5 * INTERVAL).await;
    assert_eq!(asks(&node, &mut phone).await, "1 admin, kept", "the feed is stale");
    let started = world.another_node();
    assert_eq!(asks(&started, &mut laptop).await, "1 user, set", "without the feed it reads the row");
    world.switches.mend(Call::RenewedSince);
    sleep(INTERVAL).await;
    assert_eq!(asks(&node, &mut phone).await, "1 user, set", "it has caught up");
    let mut tablet = alice(&world).await;
    world.auth.renew_claims(&1.into()).await.unwrap();
    assert_eq!(asks(&world.another_node(), &mut tablet).await, "1 admin, set", "loaded at the first request");
}

/// A refresh on a node that does not know yet reads the new roles, and is repeated once: never the
/// other way round.
#[tokio::test(start_paused = true)]
async fn a_refresh_on_a_node_that_does_not_know_yet() {
    let world = World::new();
    let mut browser = alice(&world).await;
    let node = world.another_node();
    assert_eq!(asks(&node, &mut browser).await, "1 admin, kept");
    world.expire_access();
    sleep(INTERVAL).await;
    give(&world, 1, &[]);
    world.auth.renew_claims(&1.into()).await.unwrap();
    assert_eq!(asks(&node, &mut browser).await, "1 user, set");
    sleep(INTERVAL).await;
    assert_eq!(asks(&node, &mut browser).await, "1 user, set", "once more");
    assert_eq!(asks(&node, &mut browser).await, "1 user, kept", "and no third time");
}

/// The other tabs of a browser present the parent within the leeway: their access tokens have the
/// roles that were read for them.
#[tokio::test]
async fn a_grace_response_has_no_old_roles() {
    let world = World::new();
    let first = alice(&world).await;
    let [mut winner, mut loser] = [first.clone(), first];
    world.expire_access();
    assert_eq!(asks(&world.auth, &mut winner).await, "1 admin, set");
    give(&world, 1, &[]);
    world.auth.renew_claims(&1.into()).await.unwrap();
    assert_eq!(asks(&world.auth, &mut loser).await, "1 user, set");
    assert_eq!(loser.jar.refresh, winner.jar.refresh, "the same successor, byte for byte");
    assert_eq!(asks(&world.auth, &mut winner).await, "1 user, set", "the first response is dead too");
}

/// A token that was minted when the renewal was forgotten names no version; its claims are newer.
#[tokio::test(start_paused = true)]
async fn what_was_renewed_long_ago_costs_nothing() {
    for level in LEVELS {
        let world = World::at(level);
        let mut browser = alice(&world).await;
        world.auth.renew_claims(&1.into()).await.unwrap();
        world.advance(MEMORY + 1);
        let node = world.another_node();
        assert_eq!(asks(&node, &mut browser).await, "1 admin, set", "{level:?}: its token has ended");
        let decision = node.authenticate(&browser.jar.get()).await;
        assert_eq!(said(&decision), "1 admin, kept", "{level:?}");
        assert_eq!(decision.identity().unwrap().version(), 0, "{level:?}");
        assert_eq!(world.row(&browser.session).await.version, 1, "{level:?}");
    }
}

#[tokio::test]
async fn a_store_that_is_away_neither_logs_out_nor_lets_pass() {
    let world = World::new();
    let mut browser = alice(&world).await;
    assert_eq!(asks(&world.auth, &mut browser).await, "1 admin, kept");
    give(&world, 1, &[]);
    world.switches.fail(Call::RenewClaims);
    assert!(world.auth.renew_claims(&1.into()).await.is_err());
    assert_eq!(asks(&world.auth, &mut browser).await, "1 admin, kept", "nothing has happened");
    world.switches.mend(Call::RenewClaims);
    assert_eq!(world.auth.renew_claims(&1.into()).await.unwrap(), 1);
    for call in [Call::FindById, Call::Rotate] {
        world.switches.fail(call);
        assert_eq!(asks(&world.auth, &mut browser).await, "unavailable, kept", "never soft: {call:?}");
        world.switches.mend(call);
    }
    assert_eq!(asks(&world.auth, &mut browser).await, "1 user, set");
}

#[tokio::test]
async fn a_bearer_that_was_renewed_is_refused_as_an_expired_one() {
    for level in LEVELS {
        let world = World::at(level);
        let browser = alice(&world).await;
        assert_eq!(said(&world.authenticate(browser.jar.bearer()).await), "1 admin, kept");
        world.auth.renew_claims(&1.into()).await.unwrap();
        let renewed = said(&world.authenticate(browser.jar.bearer()).await);
        world.expire_access();
        let expired = said(&world.authenticate(browser.jar.bearer()).await);
        assert_eq!((renewed.as_str(), &renewed), ("invalid_token, kept", &expired), "{level:?}");
    }
}

/// The row of each session is read; the head of the request is gone by then.
#[tokio::test]
async fn each_access_token_of_a_request_is_judged_by_its_own_row() {
    for (rule, renewed, expected) in [
        ("none", &[][..], "1 admin, kept"),
        ("the cookie's", &[1_i64], "2 user, kept"),
        ("both", &[1, 2], "1 admin, set"),
        ("the bearer's", &[2], "1 admin, kept"),
    ] {
        let world = World::at(RevocationLevel::EveryRequest);
        let (alice, bob) = (alice(&world).await, world.login("bob").await);
        let cookies = alice.jar.field().unwrap();
        let request = Request::get("/").header("cookie", cookies);
        let request = request.header("authorization", format!("Bearer {}", bob.jar.access.unwrap()));
        let (head, ()) = request.body(()).unwrap().into_parts();
        for id in renewed {
            world.auth.renew_claims(&(*id).into()).await.unwrap();
        }
        let node = world.another_node();
        assert_eq!(said(&node.authenticate(&head).await), expected, "{rule}");
    }
}

/// Between the password and the row of the session, which no renewal could find.
#[tokio::test]
async fn a_login_at_the_same_moment_has_the_new_roles() {
    let world = World::new();
    give(&world, 1, &["admin"]);
    world.users.before(Call::FindById, |users| users[0].claims = json!({ "roles": [] }));
    let login = world.try_login("alice", PASSWORD).await.unwrap();
    assert!(!login.identity.has_role("admin"));
    let browser = Browser::of(&login);
    assert_eq!(said(&world.authenticate(browser.jar.get()).await), "1 user, kept");
    world.expire_access();
    assert_eq!(said(&world.authenticate(browser.jar.get()).await), "1 user, set", "its row is the same one");
}

/// User 1 of another table is another user.
#[tokio::test]
async fn only_the_user_of_this_realm() {
    let mut world = World::with(testing::config().realm("customers"));
    give(&world, 1, &["admin"]);
    let login = world.try_login("alice", PASSWORD).await.unwrap();
    let cookies = testing::cookie_header(&login);
    let (head, ()) = Request::get("/").header("cookie", cookies).body(()).unwrap().into_parts();
    world.config = testing::config().realm("staff");
    let staff = world.builder().prefix("/staff/auth").build().unwrap();
    give(&world, 1, &[]);
    assert_eq!(staff.renew_claims(&1.into()).await.unwrap(), 0);
    assert_eq!(said(&world.authenticate(head.clone()).await), "1 admin, kept");
    assert_eq!(world.auth.renew_claims(&1.into()).await.unwrap(), 1);
    assert_eq!(said(&world.authenticate(head).await), "1 user, set");
}

/// As an application does that calls the statement in the transaction in which the roles change.
#[tokio::test(start_paused = true)]
async fn a_renewal_that_only_the_database_knows_arrives_with_the_feed() {
    let world = World::new();
    let mut browser = alice(&world).await;
    assert_eq!(asks(&world.auth, &mut browser).await, "1 admin, kept");
    let (realm, subject) = (Realm::default(), 1.into());
    let at = world.auth.now().into();
    let renewal = ClaimsRenewal { realm, subject, at, idle_before: testing::NOW.into() };
    give(&world, 1, &[]);
    world.tokens.rows.renew_claims(&renewal).await.unwrap();
    assert_eq!(asks(&world.auth, &mut browser).await, "1 admin, kept", "not yet");
    sleep(INTERVAL).await;
    assert_eq!(asks(&world.auth, &mut browser).await, "1 user, set");
}

#[tokio::test]
async fn an_idle_session_is_not_touched() {
    let world = World::new();
    let (mut idle, mut active) = (alice(&world).await, alice(&world).await);
    world.advance(3600);
    assert_eq!(asks(&world.auth, &mut active).await, "1 admin, set");
    give(&world, 1, &[]);
    assert_eq!(world.auth.renew_claims(&1.into()).await.unwrap(), 1);
    assert_eq!(world.row(&idle.session).await.version, 0);
    for browser in [&mut idle, &mut active] {
        assert_eq!(asks(&world.auth, browser).await, "1 user, set");
    }
}

#[tokio::test]
async fn a_stream_learns_that_its_roles_are_old() {
    for level in LEVELS {
        let world = World::at(level);
        let mut browser = alice(&world).await;
        let who = world.authenticate(browser.jar.get()).await.identity().unwrap().clone();
        assert!(world.auth.has_current_claims(&who).await, "{level:?}");
        let node = world.another_node();
        world.auth.renew_claims(&1.into()).await.unwrap();
        assert!(world.auth.is_alive(&who).await, "{level:?}");
        assert!(!world.auth.has_current_claims(&who).await, "{level:?}");
        let is_unknown = level == RevocationLevel::AtRefresh;
        assert_eq!(node.has_current_claims(&who).await, is_unknown, "{level:?}: elsewhere");
        asks(&world.auth, &mut browser).await;
        let renewed = world.authenticate(browser.jar.get()).await.identity().unwrap().clone();
        assert!(world.auth.has_current_claims(&renewed).await, "{level:?}: after a refresh");
        // No node remembers it, and the row says when it was.
        world.advance(3600);
        assert!(!node.has_current_claims(&who).await, "{level:?}: much later");
        asks(&node, &mut browser).await;
        let late = node.authenticate(&browser.jar.get()).await.identity().unwrap().clone();
        world.advance(3600);
        for who in [&renewed, &late] {
            assert!(node.has_current_claims(who).await, "{level:?}: {} and much later", who.version());
        }
        world.switches.fail(Call::Find);
        assert!(node.has_current_claims(&who).await, "{level:?}: an unavailable store ends no stream");
    }
}
