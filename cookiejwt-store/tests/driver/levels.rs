//! The three levels of revocation, across nodes that share one store.

use cookiejwt_store::{RevocationLevel, RevocationReason, TokenStore};
use time::Duration;

use crate::common::{Call, World, outcome};

const CLEARED: (&str, &str) = ("session_revoked", "cleared");
const ALIVE: (&str, &str) = ("1", "kept");

/// What another node sees of a valid access token after this one has revoked its session.
#[tokio::test]
async fn what_another_node_sees() {
    for (rule, level, knew_before, expected) in [
        ("AtRefresh: lives out its minutes", RevocationLevel::AtRefresh, true, ALIVE),
        ("Feed: loads what was revoked before its start", RevocationLevel::Feed, false, CLEARED),
        ("EveryRequest: at once", RevocationLevel::EveryRequest, true, CLEARED),
        ("EveryRequest: a node just started", RevocationLevel::EveryRequest, false, CLEARED),
    ] {
        let world = World::at(level);
        let alice = world.login("alice").await;
        let node = world.another_node();
        if knew_before {
            assert_eq!(outcome(&node.authenticate(&alice.jar.get()).await), ALIVE, "{rule}");
        }
        world.auth.revoke_session(alice.session, RevocationReason::Logout).await.unwrap();
        assert_eq!(outcome(&node.authenticate(&alice.jar.get()).await), expected, "{rule}");
        let by_header = (expected.0, "kept");
        assert_eq!(outcome(&node.authenticate(&alice.jar.bearer()).await), by_header, "{rule}");
        assert_eq!(
            outcome(&node.refresh(&alice.jar.post()).await),
            CLEARED,
            "{rule}: every level, at the refresh"
        );
    }
}

/// What this node itself revoked.
#[tokio::test]
async fn what_this_node_sees() {
    for (level, expected) in [
        (RevocationLevel::AtRefresh, ALIVE),
        (RevocationLevel::Feed, CLEARED),
        (RevocationLevel::EveryRequest, CLEARED),
    ] {
        let world = World::at(level);
        let alice = world.login("alice").await;
        world.auth.revoke_session(alice.session.clone(), RevocationReason::Logout).await.unwrap();
        assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), expected, "{level:?}");
        world.advance(270);
        let near = world.authenticate(alice.jar.get()).await;
        assert_eq!(outcome(&near), CLEARED, "{level:?}: near its end it is refreshable");
        world.advance(34);
        let last = world.authenticate(alice.jar.get()).await;
        assert_eq!(outcome(&last), CLEARED, "{level:?}: in the last second of its leeway");
        world.expire_access();
        assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), CLEARED, "{level:?}: expired");
    }
}

/// Row c at every level, including `AtRefresh`: this node's set refuses what the store would still
/// rotate.
#[tokio::test]
async fn a_refresh_of_a_session_whose_revocation_has_not_reached_the_store() {
    for level in [RevocationLevel::AtRefresh, RevocationLevel::Feed, RevocationLevel::EveryRequest] {
        let world = World::at(level);
        let alice = world.login("alice").await;
        world.switches.fail(Call::Revoke);
        let revoked = world.auth.revoke_session(alice.session.clone(), RevocationReason::Logout).await;
        assert!(revoked.is_err(), "{level:?}");
        assert_eq!(world.revoked(&alice.session).await, None, "{level:?}");
        assert_eq!(outcome(&world.auth.refresh(&alice.jar.post()).await), CLEARED, "{level:?}");
        world.expire_access();
        assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), CLEARED, "{level:?}");
        assert_eq!(world.switches.count(Call::Rotate), 0, "{level:?}");
    }
}

/// A deleted row, with an access token that is still valid.
#[tokio::test]
async fn a_session_without_a_row() {
    for (level, loads, expected) in [
        (RevocationLevel::EveryRequest, true, CLEARED),
        (RevocationLevel::Feed, false, CLEARED),
        (RevocationLevel::Feed, true, ALIVE),
        (RevocationLevel::AtRefresh, true, ALIVE),
    ] {
        let world = World::at(level);
        let alice = World::at(level).login("alice").await;
        if !loads {
            world.switches.fail(Call::RevokedSince);
        }
        let rule = format!("{level:?}, set loaded: {loads}");
        assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), expected, "{rule}");
        let by_header = (expected.0, "kept");
        assert_eq!(outcome(&world.authenticate(alice.jar.bearer()).await), by_header, "{rule}");
        assert_eq!(
            outcome(&world.authenticate(alice.jar.without_access().get()).await),
            CLEARED,
            "{rule}: row n"
        );
    }
}

#[tokio::test]
async fn feed_acts_as_every_request_until_it_is_loaded() {
    let world = World::new();
    let (alice, bob) = (world.login("alice").await, world.login("bob").await);
    world.switches.fail(Call::RevokedSince);
    let node = world.another_node();
    world.auth.revoke_session(bob.session, RevocationReason::Logout).await.unwrap();
    world.switches.take_log();
    assert_eq!(outcome(&node.authenticate(&alice.jar.get()).await), ALIVE);
    assert_eq!(outcome(&node.authenticate(&bob.jar.get()).await), CLEARED, "the row says so");
    let asked = [Call::RevokedSince, Call::Find, Call::Find];
    assert_eq!(world.switches.take_log(), asked, "after a failed load, requests read their row for a second");
    world.advance(1);
    assert_eq!(outcome(&node.authenticate(&alice.jar.get()).await), ALIVE);
    assert_eq!(world.switches.take_log(), [Call::RevokedSince, Call::Find], "then one of them tries again");
    world.switches.fail(Call::Find);
    for head in [alice.jar.get(), alice.jar.bearer()] {
        assert_eq!(outcome(&node.authenticate(&head).await), ("unavailable", "kept"), "row d");
    }
    world.switches.mend(Call::RevokedSince);
    world.advance(1);
    assert_eq!(outcome(&node.authenticate(&alice.jar.get()).await), ALIVE, "loaded: no row is read any more");
    assert_eq!(outcome(&node.authenticate(&bob.jar.get()).await), CLEARED);
    world.switches.take_log();
    assert_eq!(outcome(&node.authenticate(&alice.jar.get()).await), ALIVE);
    assert_eq!(world.switches.take_log(), []);
}

#[tokio::test]
async fn a_start_loads_what_an_access_token_can_outlive() {
    for (rule, seconds, relevant) in [
        ("as long as an access token can live, with its leeway", 304, true),
        ("and the overlap for rows that commit late", 370, true),
        ("older ones matter no more", 371, false),
    ] {
        let world = World::new();
        let alice = world.login("alice").await;
        world.auth.revoke_session(alice.session.clone(), RevocationReason::Logout).await.unwrap();
        world.clock.advance(Duration::seconds(seconds));
        let node = world.another_node();
        let other = world.login("bob").await;
        let _ = node.authenticate(&other.jar.get()).await;
        world.switches.take_log();
        let decision = node.authenticate(&alice.jar.without_access().get()).await;
        assert_eq!(outcome(&decision), CLEARED, "{rule}");
        assert_eq!(world.switches.count(Call::Rotate) == 0, relevant, "{rule}: without asking the store");
    }
}

#[tokio::test]
async fn every_request_reads_the_row_of_a_valid_access_token_and_of_nothing_else() {
    let world = World::at(RevocationLevel::EveryRequest);
    let alice = world.login("alice").await;
    world.switches.take_log();
    assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ALIVE);
    assert_eq!(world.switches.take_log(), [Call::Find]);
    assert_eq!(outcome(&world.authenticate(alice.jar.bearer()).await), ALIVE);
    assert_eq!(world.switches.take_log(), [Call::Find]);
    world.expire_access();
    assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("1", "set"));
    assert_eq!(world.switches.take_log(), [Call::FindById, Call::Rotate], "the rotation reads it anyway");
    assert!(world.tokens.rows.find(&alice.session).await.unwrap().unwrap().revoked.is_none());
}
