//! Waiting for the end of a session: who is told, when, and how many questions that costs.

use std::time::Duration;

use cookiejwt_store::{
    Authenticator, EndReason, Ended, Identity, LoginContext, RevocationLevel, RevocationReason, Timestamp,
    TokenStore as _, UntilEnded as _, testing,
};
use futures_util::{FutureExt as _, Stream as _, StreamExt as _, stream};
use tokio::time::sleep;

use crate::common::{Browser, Call, PASSWORD, World, let_tasks_run};

const LEVELS: [RevocationLevel; 3] =
    [RevocationLevel::AtRefresh, RevocationLevel::Feed, RevocationLevel::EveryRequest];
const ALICE: i64 = 1;
/// The feed's interval, and that of the ends that are known beforehand.
const SECOND: Duration = Duration::from_millis(1001);
/// Between two questions about all that wait.
const ROUND: Duration = Duration::from_millis(5001);
/// As long as this a session is not asked about again.
const AT_LEAST: i64 = 310 * 3 / 4;
const AT_MOST: i64 = 310;

async fn identity(auth: &Authenticator, browser: &Browser) -> Identity {
    auth.authenticate(&browser.jar.get()).await.identity().unwrap().clone()
}

/// The reason, if the session has ended.
fn now(ended: &mut Ended) -> Option<EndReason> {
    ended.now_or_never()
}

const fn revoked(reason: RevocationReason) -> EndReason {
    EndReason::Revoked(reason)
}

/// What ends the session of alice.
#[derive(Clone, Copy, Debug)]
enum End {
    Logout,
    Session,
    User,
    Everybody,
    Everywhere,
    OtherPassword,
}

impl End {
    const ALL: [Self; 6] =
        [Self::Logout, Self::Session, Self::User, Self::Everybody, Self::Everywhere, Self::OtherPassword];

    async fn of(self, world: &World, alice: &Browser, who: &Identity) -> RevocationReason {
        let auth = &world.auth;
        match self {
            Self::Logout => {
                auth.logout((&alice.jar.post()).into(), None).await.unwrap().revoked.unwrap();
                RevocationReason::Logout
            }
            Self::Session => {
                auth.revoke_session(alice.session.clone(), RevocationReason::Reuse).await.unwrap();
                RevocationReason::Reuse
            }
            Self::User => {
                auth.revoke_user(&ALICE.into(), RevocationReason::UserInactive).await.unwrap();
                RevocationReason::UserInactive
            }
            Self::Everybody => {
                auth.revoke_everybody(RevocationReason::Administrator).await.unwrap();
                RevocationReason::Administrator
            }
            Self::Everywhere => {
                auth.logout_everywhere(who).await.unwrap();
                RevocationReason::LogoutEverywhere
            }
            Self::OtherPassword => {
                let phone = identity(auth, &world.login("alice").await).await;
                let context = LoginContext::default();
                let _ = auth.change_password(&phone, PASSWORD, "battery staple", context).await.unwrap();
                RevocationReason::PasswordChanged
            }
        }
    }
}

#[tokio::test]
async fn this_node_is_told_at_once_and_another_one_with_the_feed() {
    for level in LEVELS {
        for end in End::ALL {
            let world = World::at(level);
            let (alice, bob) = (world.login("alice").await, world.login("bob").await);
            let who = identity(&world.auth, &alice).await;
            let bob = identity(&world.auth, &bob).await;
            let node = world.another_node();
            node.poll_revocations().await.unwrap();
            let (mut here, mut elsewhere) = (world.auth.ended(&who), node.ended(&who));
            let mut other = world.auth.ended(&bob);
            assert_eq!((now(&mut here), now(&mut elsewhere)), (None, None), "{end:?} at {level:?}");
            let reason = end.of(&world, &alice, &who).await;
            assert_eq!(now(&mut here), Some(revoked(reason)), "{end:?} at {level:?}: here");
            assert_eq!(now(&mut here), Some(revoked(reason)), "{end:?} at {level:?}: and it stays so");
            assert_eq!(
                now(&mut world.auth.ended(&who)),
                Some(revoked(reason)),
                "{end:?} at {level:?}: too late"
            );
            assert!(!world.auth.is_alive(&who).await, "{end:?} at {level:?}: who polls");
            assert_eq!(now(&mut elsewhere), None, "{end:?} at {level:?}: elsewhere, before a poll");
            node.poll_revocations().await.unwrap();
            assert_eq!(now(&mut elsewhere), Some(revoked(reason)), "{end:?} at {level:?}: elsewhere");
            let is_everybody = matches!(end, End::Everybody);
            assert_eq!(now(&mut other).is_some(), is_everybody, "{end:?} at {level:?}: of another user");
            assert_eq!(world.switches.count(Call::EndsOf), 0, "{end:?} at {level:?}: no question for it");
        }
    }
}

/// The same by the background task, which also wakes who waits.
#[tokio::test(start_paused = true)]
async fn it_happens_within_a_second_at_the_levels_that_promise_it() {
    for (level, within_a_second) in LEVELS.into_iter().zip([false, true, true]) {
        let world = World::at(level);
        let alice = world.login("alice").await;
        let node = world.another_node();
        let who = identity(&node, &alice).await;
        let waits = tokio::spawn(node.ended(&who));
        sleep(3 * SECOND).await;
        assert!(!waits.is_finished(), "{level:?}");
        world.auth.revoke_session(alice.session.clone(), RevocationReason::Logout).await.unwrap();
        sleep(SECOND).await;
        assert_eq!(waits.is_finished(), within_a_second, "{level:?}");
        // The access token would have ended.
        world.advance(300);
        sleep(ROUND).await;
        assert_eq!(waits.await.unwrap(), revoked(RevocationReason::Logout), "{level:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn while_no_one_waits_nothing_is_asked() {
    for level in LEVELS {
        let world = World::at(level);
        let alice = world.login("alice").await;
        let who = identity(&world.auth, &alice).await;
        let (one, two) = (world.auth.ended(&who), world.auth.ended(&who));
        drop((one, two));
        world.expire_access();
        world.switches.take_log();
        sleep(10 * ROUND).await;
        let log = world.switches.take_log();
        let is_feed = |call: &Call| level == RevocationLevel::Feed && *call == Call::RevokedSince;
        assert!(log.iter().all(is_feed), "{level:?}: {log:?}");
    }
}

/// As many as fit into three questions.
#[tokio::test(start_paused = true)]
async fn many_sockets_are_one_question() {
    let world = World::new();
    let node = world.another_node();
    let mut waiting = Vec::new();
    for _ in 0..300 {
        let who = identity(&node, &world.login("alice").await).await;
        // Two tabs of one browser.
        waiting.extend([node.ended(&who), node.ended(&who)]);
    }
    sleep(60 * SECOND).await;
    world.switches.take_log();
    sleep(60 * SECOND).await;
    let log = world.switches.take_log();
    assert!(log.iter().all(|call| *call == Call::RevokedSince), "before the access tokens end: {log:?}");
    assert!((59..=61).contains(&log.len()), "the feed alone, as without sockets: {}", log.len());
    world.advance(300);
    sleep(ROUND).await;
    assert_eq!(world.switches.count(Call::EndsOf), 1, "one question for all of them");
    for _ in 0..5 {
        world.switches.take_log();
        // Each comes at its own time.
        for _ in 0..60 {
            world.advance(5);
            sleep(ROUND).await;
        }
        let asked = world.switches.count(Call::EndsOf);
        assert!((1..=60).contains(&asked), "{asked} questions in five minutes");
    }
    assert!(waiting.iter_mut().all(|ended| now(ended).is_none()), "all of them continue");
    drop(waiting);
    world.advance(AT_MOST);
    world.switches.take_log();
    sleep(2 * ROUND).await;
    assert_eq!(world.switches.count(Call::EndsOf), 0, "no one waits any more");
}

#[tokio::test]
async fn a_thousand_sessions_fit_into_a_question() {
    let world = World::new();
    let mut waiting = Vec::new();
    for _ in 0..1001 {
        let login = world.try_login("alice", PASSWORD).await.unwrap();
        waiting.push(world.auth.ended(&login.identity));
    }
    world.expire_access();
    assert_eq!(world.auth.poll_ends().await.unwrap(), 0);
    assert_eq!(world.switches.count(Call::EndsOf), 2);
    assert!(waiting.iter_mut().all(|ended| now(ended).is_none()));
}

#[tokio::test]
async fn a_session_that_is_refreshed_elsewhere_continues_until_it_is_ended_elsewhere() {
    for level in LEVELS {
        let world = World::at(level);
        let alice = world.login("alice").await;
        let who = identity(&world.auth, &alice).await;
        let node = world.another_node();
        let mut ended = node.ended(&who);
        for (rule, seconds, questions) in [
            ("a second before the access token ends", 299, 0),
            ("when it ends", 1, 1),
            ("not again at once", AT_LEAST - 1, 0),
            ("at most an access token's life later", AT_MOST - AT_LEAST + 1, 1),
            ("and so on", AT_MOST, 1),
        ] {
            world.advance(seconds);
            if seconds > 1 {
                assert!(world.auth.refresh(&alice.jar.post()).await.identity().is_some(), "{rule}");
            }
            let asked = world.switches.count(Call::EndsOf);
            assert_eq!(node.poll_ends().await.unwrap(), 0, "{level:?}: {rule}");
            assert_eq!(world.switches.count(Call::EndsOf) - asked, questions, "{level:?}: {rule}");
            assert_eq!(now(&mut ended), None, "{level:?}: {rule}");
        }
        world.auth.revoke_session(alice.session, RevocationReason::EndedByUser).await.unwrap();
        assert_eq!(node.poll_ends().await.unwrap(), 0, "{level:?}: not due");
        assert_eq!(now(&mut ended), None, "{level:?}");
        // Longer than a revocation is remembered by the feed.
        world.advance(1000);
        node.poll_revocations().await.unwrap();
        assert_eq!(now(&mut ended), None, "{level:?}: the feed has nothing to say any more");
        assert_eq!(node.poll_ends().await.unwrap(), 1, "{level:?}");
        assert_eq!(now(&mut ended), Some(revoked(RevocationReason::EndedByUser)), "{level:?}");
        assert_eq!(node.poll_ends().await.unwrap(), 0, "{level:?}: once");
    }
}

#[tokio::test]
async fn a_session_that_no_one_refreshes_ends_at_its_idle_end() {
    let world = World::new();
    let alice = world.login("alice").await;
    let who = identity(&world.auth, &alice).await;
    let mut ended = world.auth.ended(&who);
    world.advance(86_399);
    world.auth.poll_ends().await.unwrap();
    assert_eq!(now(&mut ended), None, "the last second");
    world.advance(1);
    world.auth.poll_ends().await.unwrap();
    assert_eq!(now(&mut ended), Some(EndReason::Expired), "it is asked about at its end, not a life later");
    assert!(!world.auth.is_alive(&who).await);
}

#[tokio::test(start_paused = true)]
async fn the_absolute_end_needs_no_question() {
    let config = testing::config().session_max_age(Duration::from_secs(2000));
    let world = World::with(config.refresh_max_age(Duration::from_secs(1900)));
    let alice = world.login("alice").await;
    let who = identity(&world.auth, &alice).await;
    let mut ended = world.auth.ended(&who);
    world.advance(1000);
    assert!(world.auth.refresh(&alice.jar.post()).await.identity().is_some());
    sleep(ROUND).await;
    world.switches.fail(Call::EndsOf);
    world.advance(999);
    sleep(ROUND).await;
    assert_eq!(now(&mut ended), None, "the last second");
    world.advance(1);
    sleep(SECOND).await;
    assert_eq!(now(&mut ended), Some(EndReason::Expired));
}

#[tokio::test]
async fn a_row_that_is_gone_is_an_end() {
    let world = World::new();
    let who = identity(&world.auth, &world.login("alice").await).await;
    let mut ended = world.auth.ended(&who);
    world.tokens.rows.purge(Timestamp::MAX, 10).await.unwrap();
    world.auth.poll_revocations().await.unwrap();
    world.auth.poll_ends().await.unwrap();
    assert_eq!(now(&mut ended), None, "a valid access token is not asked about");
    world.expire_access();
    assert_eq!(world.auth.poll_ends().await.unwrap(), 1);
    assert_eq!(now(&mut ended), Some(EndReason::Expired));
}

#[tokio::test]
async fn an_unavailable_store_ends_nothing_and_is_asked_again() {
    for silent in [false, true] {
        tokio::time::pause();
        let world = World::new();
        let (alice, bob) = (world.login("alice").await, world.login("bob").await);
        let (alice, bob) = (identity(&world.auth, &alice).await, identity(&world.auth, &bob).await);
        let mut ended = [world.auth.ended(&alice), world.auth.ended(&bob)];
        world.expire_access();
        world.auth.revoke_session(bob.session_id().clone(), RevocationReason::Logout).await.unwrap();
        let fault = if silent { Switch::Silence } else { Switch::Fail };
        fault.of(&world);
        assert!(world.auth.poll_ends().await.is_err(), "{fault:?}");
        assert_eq!(now(&mut ended[0]), None, "{fault:?}");
        assert_eq!(now(&mut ended[1]), Some(revoked(RevocationReason::Logout)), "{fault:?}: this node knows");
        world.switches.mend(Call::EndsOf);
        world.tokens.rows.purge(Timestamp::MAX, 10).await.unwrap();
        assert_eq!(world.auth.poll_ends().await.unwrap(), 1, "{fault:?}: it is due still");
        assert_eq!(now(&mut ended[0]), Some(EndReason::Expired), "{fault:?}");
        tokio::time::resume();
    }
}

/// How a store is unavailable.
#[derive(Clone, Copy, Debug)]
enum Switch {
    Fail,
    Silence,
}

impl Switch {
    fn of(self, world: &World) {
        match self {
            Self::Fail => world.switches.fail(Call::EndsOf),
            Self::Silence => world.switches.silence(Call::EndsOf),
        }
    }
}

/// The feed was away for longer than it goes back.
#[tokio::test]
async fn what_the_feed_has_missed_is_found_with_the_next_question() {
    let world = World::new();
    let alice = world.login("alice").await;
    let node = world.another_node();
    let who = identity(&node, &alice).await;
    let mut ended = node.ended(&who);
    world.switches.fail(Call::RevokedSince);
    assert!(node.poll_revocations().await.is_err());
    world.auth.revoke_session(alice.session, RevocationReason::Logout).await.unwrap();
    world.advance(3600);
    world.switches.mend(Call::RevokedSince);
    node.poll_revocations().await.unwrap();
    assert_eq!(now(&mut ended), None, "too long ago for the feed");
    assert_eq!(node.poll_ends().await.unwrap(), 1);
    assert_eq!(now(&mut ended), Some(revoked(RevocationReason::Logout)));
}

#[tokio::test]
async fn a_node_that_has_just_started_learns_what_was_before() {
    let world = World::new();
    let alice = world.login("alice").await;
    let who = identity(&world.auth, &alice).await;
    world.auth.revoke_session(alice.session, RevocationReason::Logout).await.unwrap();
    let node = world.another_node();
    let mut ended = node.ended(&who);
    assert_eq!(now(&mut ended), None, "its set is empty");
    node.poll_revocations().await.unwrap();
    assert_eq!(now(&mut ended), Some(revoked(RevocationReason::Logout)));
}

#[tokio::test]
async fn a_clock_that_is_set_back_postpones_no_question() {
    let world = World::new();
    let alice = world.login("alice").await;
    let who = identity(&world.auth, &alice).await;
    let mut ended = world.auth.ended(&who);
    world.expire_access();
    world.auth.poll_ends().await.unwrap();
    world.tokens.rows.purge(Timestamp::MAX, 10).await.unwrap();
    for (rule, back, questions) in [("corrected a little", 9, 0), ("set back", 3600, 1)] {
        world.advance(-back);
        let asked = world.switches.count(Call::EndsOf);
        world.auth.poll_ends().await.unwrap();
        assert_eq!(world.switches.count(Call::EndsOf) - asked, questions, "{rule}");
        assert_eq!(now(&mut ended).is_some(), questions == 1, "{rule}");
    }
}

/// A session that a fresh login has superseded has a minute left.
#[tokio::test(start_paused = true)]
async fn a_superseded_session_ends_at_its_time_or_when_the_new_one_is_presented() {
    for is_presented in [false, true] {
        for elsewhere in [false, true] {
            let world = World::new();
            let alice = world.login("alice").await;
            let who = identity(&world.auth, &alice).await;
            let node = if elsewhere { world.another_node() } else { world.auth.clone() };
            let mut ended = node.ended(&who);
            let context = LoginContext::default();
            let fresh = world.auth.fresh_login(&who, PASSWORD, context).await.unwrap();
            let rule = format!("presented: {is_presented}, elsewhere: {elsewhere}");
            sleep(SECOND).await;
            assert_eq!(now(&mut ended), None, "{rule}");
            if is_presented {
                let fresh = Browser::of(&fresh);
                assert!(world.authenticate(fresh.jar.get()).await.identity().is_some());
                let_tasks_run().await;
                sleep(SECOND).await;
            } else {
                world.advance(59);
                sleep(SECOND).await;
                assert_eq!(now(&mut ended), None, "{rule}: the last second");
                world.advance(1);
                sleep(SECOND).await;
            }
            let reason = if is_presented { RevocationReason::Replaced } else { RevocationReason::Superseded };
            assert_eq!(now(&mut ended), Some(revoked(reason)), "{rule}");
        }
    }
}

/// One who acts for another user is tested in `acting`.
#[tokio::test]
async fn renewed_claims_end_no_session() {
    let world = World::new();
    let alice = world.login("alice").await;
    let who = identity(&world.auth, &alice).await;
    let mut ended = world.auth.ended(&who);
    world.auth.renew_claims(&ALICE.into()).await.unwrap();
    world.expire_access();
    world.auth.poll_revocations().await.unwrap();
    world.auth.poll_ends().await.unwrap();
    assert_eq!(now(&mut ended), None);
    assert!(!world.auth.has_current_claims(&who).await, "that is another question");
}

/// A node that ends everybody's sessions keeps those out of the feed that are idle.
#[tokio::test]
async fn revoke_everybody_ends_the_sockets_of_idle_sessions_too() {
    let world = World::new();
    let who = identity(&world.auth, &world.login("alice").await).await;
    let node = world.another_node();
    let (mut here, mut elsewhere) = (world.auth.ended(&who), node.ended(&who));
    world.advance(3600);
    node.poll_ends().await.unwrap();
    world.auth.revoke_everybody(RevocationReason::Administrator).await.unwrap();
    assert_eq!(now(&mut here), Some(revoked(RevocationReason::Administrator)), "here at once");
    node.poll_revocations().await.unwrap();
    assert_eq!(now(&mut elsewhere), None, "no access token, so nothing in the feed");
    world.advance(AT_MOST);
    node.poll_ends().await.unwrap();
    assert_eq!(now(&mut elsewhere), Some(revoked(RevocationReason::Administrator)), "with the next question");
}

/// As a configuration that is read again does.
#[tokio::test(start_paused = true)]
async fn an_authenticator_that_is_waited_for_lives_on() {
    let world = World::new();
    let alice = world.login("alice").await;
    let node = world.another_node();
    let who = identity(&node, &alice).await;
    let ended = node.ended(&who);
    drop(node);
    world.auth.revoke_session(alice.session, RevocationReason::Logout).await.unwrap();
    assert_eq!(ended.await, revoked(RevocationReason::Logout));
    world.switches.take_log();
    sleep(10 * SECOND).await;
    let feeds = world.switches.count(Call::RevokedSince);
    assert!(feeds <= 1, "its background ends with the last one that waits: {feeds}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_its_session() {
    let world = World::new();
    let alice = world.login("alice").await;
    let who = identity(&world.auth, &alice).await;
    let (sender, items) = tokio::sync::mpsc::unbounded_channel();
    let items = stream::unfold(items, |mut items| async { Some((items.recv().await?, items)) });
    let mut stream = Box::pin(items.until_ended(world.auth.ended(&who)));
    sender.send(1).unwrap();
    assert_eq!(stream.next().await, Some(1));
    assert_eq!(stream.next().now_or_never(), None, "it waits");
    let waits = tokio::spawn(async move { (stream.next().await, stream) });
    let_tasks_run().await;
    assert!(!waits.is_finished());
    world.auth.revoke_session(alice.session, RevocationReason::Logout).await.unwrap();
    let (item, mut stream) = waits.await.unwrap();
    assert_eq!(item, None, "woken although no item has come");
    assert!(sender.send(2).is_err(), "the stream inside is gone");
    assert_eq!((stream.next().await, stream.size_hint()), (None, (0, Some(0))), "and over it stays");
    let late = stream::iter([1, 2]).until_ended(world.auth.ended(&who));
    assert_eq!(late.collect::<Vec<_>>().await, [0; 0], "not even what was ready");
}

#[tokio::test]
async fn a_stream_that_is_over_waits_no_more() {
    let world = World::new();
    let who = identity(&world.auth, &world.login("alice").await).await;
    let mut stream = Box::pin(stream::iter([1, 2]).until_ended(world.auth.ended(&who)));
    assert_eq!(stream.by_ref().collect::<Vec<_>>().await, [1, 2]);
    world.expire_access();
    world.auth.poll_ends().await.unwrap();
    assert_eq!(world.switches.count(Call::EndsOf), 0, "{stream:?}");
}
