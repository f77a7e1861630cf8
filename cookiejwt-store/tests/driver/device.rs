//! Device-bound sessions with stores that fail, on several nodes, and with slow responses.

use std::{pin::pin, sync::atomic::Ordering, time::Duration};

use cookiejwt_store::{
    Authenticator, BuildError, DeviceBinding, LoginContext, LoginOptions, RevocationLevel, RevocationReason,
    testing,
};
use futures_util::FutureExt as _;

use crate::common::{
    BoundBrowser, Browser, Call, PASSWORD, World, answered, let_tasks_run, lines, offering, outcome,
};

const AWAY: (&str, &str) = ("unavailable", "kept");
const RENEWED: (&str, &str) = ("renewed", "set");
const CHALLENGE: (&str, &str) = ("challenge", "kept");
const CLEARED: (&str, &str) = ("end", "cleared");

/// Alice's session is bound, and her access token has expired.
async fn stale(world: &World) -> BoundBrowser {
    let mut alice = BoundBrowser::bound(world).await;
    world.expire_access();
    alice.browser.jar = alice.browser.jar.without_access();
    alice
}

async fn answer(alice: &BoundBrowser, auth: &Authenticator, proof: &str) -> (&'static str, &'static str) {
    answered(&alice.sends(auth, Some(proof)).await)
}

#[tokio::test]
async fn a_store_that_cannot_bind() {
    let world = World::with(offering());
    let alice = BoundBrowser::offered(&world).await;
    world.switches.fail(Call::Bind);
    assert_eq!(alice.binds(&world.auth).await, AWAY);
    assert_eq!(world.row(&alice.browser.session).await.device, None);
    world.switches.mend(Call::Bind);
    world.switches.lose_answer(Call::Bind);
    assert_eq!(alice.binds(&world.auth).await, AWAY);
    assert_eq!(world.row(&alice.browser.session).await.device, Some(alice.device.key()));
    world.switches.mend(Call::Bind);
    assert_eq!(alice.binds(&world.auth).await, ("bound", "kept"), "B6: the browser repeats it");
}

#[tokio::test]
async fn a_store_that_is_away_during_a_renewal() {
    for (rule, call) in [("P10", Call::Find), ("P15", Call::FindById), ("P19", Call::Rotate)] {
        let world = World::with(offering());
        let alice = stale(&world).await;
        let proof = alice.proof(&world.auth).await;
        let before = world.row(&alice.browser.session).await;
        world.switches.fail(call);
        assert_eq!(answer(&alice, &world.auth, &proof).await, AWAY, "{rule}");
        assert_eq!(world.row(&alice.browser.session).await, before, "{rule}");
        world.switches.mend(call);
        assert_eq!(answer(&alice, &world.auth, &proof).await, RENEWED, "{rule}: the same proof");
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_after_the_commit() {
    for (rule, seconds, by_same_proof) in [
        ("P16: at once", 0, RENEWED),
        ("P16: at the end of the leeway", 10, RENEWED),
        ("P13: later, it takes another proof", 11, CHALLENGE),
    ] {
        let world = World::with(offering());
        let mut alice = stale(&world).await;
        let first = world.row(&alice.browser.session).await.current_jti;
        let proof = alice.proof(&world.auth).await;
        world.switches.lose_answer(Call::Rotate);
        assert_eq!(answer(&alice, &world.auth, &proof).await, AWAY, "{rule}");
        world.switches.mend(Call::Rotate);
        let second = world.row(&alice.browser.session).await.current_jti;
        assert_ne!(first, second, "{rule}: it was committed");
        world.advance(seconds);
        assert_eq!(answer(&alice, &world.auth, &proof).await, by_same_proof, "{rule}");
        let row = world.row(&alice.browser.session).await;
        assert_eq!((row.current_jti, row.revoked), (second, None), "{rule}: one proof, one rotation");
        assert_eq!(alice.renews(&world.auth).await, RENEWED, "{rule}");
        assert_eq!(outcome(&world.authenticate(alice.browser.jar.get()).await), ("1", "kept"), "{rule}");
    }
}

/// Row P14.
#[tokio::test]
async fn a_user_who_is_disabled() {
    for level in [RevocationLevel::AtRefresh, RevocationLevel::Feed, RevocationLevel::EveryRequest] {
        let world = World::with(offering().revocation(level));
        let alice = stale(&world).await;
        let proof = alice.proof(&world.auth).await;
        world.users.change(1, |alice| alice.is_active = false);
        assert_eq!(answer(&alice, &world.auth, &proof).await, CLEARED, "{level:?}");
        let revoked = world.revoked(&alice.browser.session).await;
        assert_eq!(revoked, Some(RevocationReason::UserInactive), "{level:?}");
        world.users.change(1, |alice| alice.is_active = true);
        assert_eq!(answer(&alice, &world.auth, &proof).await, CLEARED, "{level:?}: it stays ended");
        let again = answer(&alice, &world.another_node(), &proof).await;
        assert_eq!(again, CLEARED, "{level:?}: P11, on another node");
    }
}

/// The revocation fails, and this node carries it out all the same.
#[tokio::test]
async fn a_user_who_is_disabled_and_a_store_that_cannot_revoke() {
    let world = World::with(offering());
    let alice = stale(&world).await;
    let proof = alice.proof(&world.auth).await;
    world.users.change(1, |alice| alice.is_active = false);
    world.switches.fail(Call::Revoke);
    assert_eq!(answer(&alice, &world.auth, &proof).await, CLEARED);
    world.users.change(1, |alice| alice.is_active = true);
    assert_eq!(answer(&alice, &world.auth, &proof).await, CLEARED, "P6");
}

#[tokio::test]
async fn a_store_that_keeps_no_devices() {
    let world = World::new();
    for keeps_none in [false, true] {
        world.tokens.keeps_no_devices.store(keeps_none, Ordering::SeqCst);
        for binding in [DeviceBinding::Off, DeviceBinding::Keep, DeviceBinding::Offer, DeviceBinding::Require]
        {
            let config = testing::config().device_bound(binding).build().unwrap();
            let built = Authenticator::builder(config)
                .users(world.users.clone())
                .tokens(world.tokens.clone())
                .password_hasher(world.hasher.clone())
                .build();
            let is_refused = matches!(built, Err(BuildError::NoDevices));
            let refuses = keeps_none && binding != DeviceBinding::Off;
            assert_eq!((is_refused, built.is_ok()), (refuses, !refuses), "{binding:?}");
        }
    }
}

#[tokio::test]
async fn one_node_asks_and_another_one_answers() {
    let world = World::with(offering());
    let (other, third) = (world.another_node(), world.another_node());
    let mut alice = BoundBrowser::offered(&world).await;
    assert_eq!(alice.binds(&other).await, ("bound", "kept"));
    world.expire_access();
    let proof = alice.proof(&world.auth).await;
    assert_eq!(answer(&alice, &other, &proof).await, RENEWED);
    assert_eq!(answer(&alice, &third, &proof).await, RENEWED, "P16, on any node");
    world.advance(11);
    assert_eq!(answer(&alice, &third, &proof).await, CHALLENGE, "P13, on any node");
    assert_eq!(alice.renews(&third).await, RENEWED);
    world.auth.revoke_session(alice.browser.session.clone(), RevocationReason::Logout).await.unwrap();
    assert_eq!(alice.renews(&other).await, CLEARED, "P11, before the feed says so");
}

/// The claims of alice were renewed on another node.
#[tokio::test]
async fn a_renewal_has_the_claims_of_now() {
    let world = World::with(offering());
    let other = world.another_node();
    let mut alice = BoundBrowser::bound(&world).await;
    world.advance(60);
    assert_eq!(alice.renews(&world.auth).await, RENEWED);
    other.renew_claims(&1.into()).await.unwrap();
    world.auth.poll_revocations().await.unwrap();
    let refused = world.authenticate(alice.browser.jar.get()).await;
    let (code, lines) = (refused.required().unwrap_err().code(), lines(&refused.cookies));
    assert_eq!((code, lines.len()), ("device_proof_required", 1), "the access cookie is cleared");
    world.advance(60);
    for node in [&world.auth, &other] {
        assert_eq!(alice.renews(node).await, RENEWED);
        let decision = world.authenticate(alice.browser.jar.get()).await;
        let who = decision.required().unwrap();
        assert!(who.is_device_bound() && who.version() == 1);
    }
}

/// Another user table with the same secret and the same store.
#[tokio::test]
async fn a_session_of_another_realm() {
    let config = || {
        let config = offering().realm("staff").access_name("__Host-access_token");
        config.refresh_name("__Host-refresh_token").known_devices(false)
    };
    let mut world = World::with(config());
    let staff = world.auth.clone();
    let alice = BoundBrowser::offered(&world).await;
    world.config = offering();
    let customers = world.another_node();
    assert_eq!(alice.binds(&customers).await, ("invalid_token", "kept"));
    assert_eq!(world.row(&alice.browser.session).await.device, None);
    assert_eq!(alice.binds(&staff).await, ("bound", "kept"));
    assert_eq!(alice.binds(&customers).await, ("invalid_token", "kept"), "nor when it is bound");
}

/// What happens before the response is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Meanwhile {
    Nothing,
    Logout,
    LoginAsBob,
}

/// The rotation takes six seconds.
#[tokio::test]
async fn a_slow_renewal_never_replaces_the_cookies_of_a_later_login() {
    for (meanwhile, expected) in [
        (Meanwhile::Nothing, RENEWED),
        (Meanwhile::Logout, ("renewed", "kept")),
        (Meanwhile::LoginAsBob, ("renewed", "kept")),
    ] {
        let world = World::with(offering());
        let alice = stale(&world).await;
        let node = world.another_node();
        let proof = alice.proof(&world.auth).await;
        world.switches.take_log();
        let mut renewal = pin!(alice.sends(&world.auth, Some(&proof)));
        while !world.switches.take_log().contains(&Call::Rotate) {
            assert!(renewal.as_mut().now_or_never().is_none());
        }
        world.advance(6);
        let gate = world.tokens.settle_gate.clone().lock_owned().await;
        while !world.switches.take_log().contains(&Call::Settle) {
            assert!(renewal.as_mut().now_or_never().is_none());
            let_tasks_run().await;
        }
        match meanwhile {
            Meanwhile::Nothing => {}
            Meanwhile::Logout => {
                let session = alice.browser.session.clone();
                node.revoke_session(session, RevocationReason::Logout).await.unwrap();
            }
            Meanwhile::LoginAsBob => {
                let head = alice.browser.jar.post();
                let context = LoginContext::from_head(&node, (&head).into(), None);
                let options = LoginOptions::new();
                let bob = node.login_with_password("bob", PASSWORD, options, context).await.unwrap();
                let bob = Browser::of(&bob);
                assert_eq!(outcome(&node.authenticate(&bob.jar.get()).await), ("2", "kept"));
            }
        }
        drop(gate);
        let reply = tokio::time::timeout(Duration::from_secs(5), renewal).await.unwrap();
        assert_eq!(answered(&reply), expected, "{meanwhile:?}");
    }
}
