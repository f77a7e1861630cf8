//! What an administrator does with the sessions of any user.

use std::time::Duration;

use cookiejwt_store::{Authenticator, RevocationLevel, RevocationReason, Subject, TokenStore as _, testing};
use tokio::time::sleep;

use crate::common::{Browser, Call, PASSWORD, World, outcome};

const REFUSED: (&str, &str) = ("session_revoked", "cleared");
const REASON: RevocationReason = RevocationReason::Administrator;
const INTERVAL: Duration = Duration::from_millis(1001);

async fn seen_by(node: &Authenticator, browser: &Browser) -> (String, String) {
    let decision = node.authenticate(&browser.jar.get()).await;
    let (who, cookies) = outcome(&decision);
    (who.to_owned(), cookies.to_owned())
}

fn owned((who, cookies): (&str, &str)) -> (String, String) {
    (who.to_owned(), cookies.to_owned())
}

#[tokio::test]
async fn the_list_of_any_user_has_no_present_session() {
    let world = World::new();
    let laptop = world.login("alice").await;
    world.advance(60);
    let (phone, bob) = (world.login("alice").await, world.login("bob").await);
    let ended = world.login("alice").await;
    world.auth.revoke_session(ended.session, RevocationReason::Logout).await.unwrap();
    for (user, expected) in [(1, vec![phone.session, laptop.session]), (2, vec![bob.session]), (3, vec![])] {
        let listed = world.auth.sessions_of(&user.into()).await.unwrap();
        assert!(listed.iter().all(|session| !session.current), "{listed:?}");
        assert_eq!(listed.into_iter().map(|session| session.id).collect::<Vec<_>>(), expected);
    }
    world.switches.fail(Call::SessionsOf);
    assert!(world.auth.sessions_of(&1.into()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_only_as_one_of_its_user_and_on_every_node() {
    let world = World::new();
    let (alice, bob) = (world.login("alice").await, world.login("bob").await);
    let other = world.another_node();
    assert_eq!(seen_by(&other, &alice).await, owned(("1", "kept")));
    let end = |subject: i64, id| {
        let (auth, subject) = (world.auth.clone(), Subject::from(subject));
        async move { auth.end_session_of(&subject, &id).await }
    };
    for (rule, subject, id) in [
        ("another user's", 2, alice.session.clone()),
        ("no such session", 1, "none".into()),
        ("no such user", 3, alice.session.clone()),
    ] {
        assert!(!end(subject, id).await.unwrap(), "{rule}");
    }
    assert_eq!(seen_by(&world.auth, &alice).await, owned(("1", "kept")));
    for rule in ["ended", "had ended"] {
        assert!(end(1, alice.session.clone()).await.unwrap(), "{rule}");
        assert_eq!(world.revoked(&alice.session).await, Some(REASON), "{rule}");
    }
    assert_eq!(seen_by(&world.auth, &alice).await, owned(REFUSED), "at once");
    sleep(INTERVAL).await;
    assert_eq!(seen_by(&other, &alice).await, owned(REFUSED), "within an interval");
    assert_eq!(seen_by(&other, &bob).await, owned(("2", "kept")));
}

/// Both user tables in one table of sessions.
#[tokio::test]
async fn a_session_of_another_realm_is_not_theirs() {
    let mut world = World::with(testing::config().realm("customers"));
    let alice = world.try_login("alice", PASSWORD).await.unwrap().record.id;
    world.config = testing::config().realm("staff");
    let staff = world.builder().prefix("/staff/auth").build().unwrap();
    assert_eq!(staff.sessions_of(&1.into()).await.unwrap(), []);
    assert!(!staff.end_session_of(&1.into(), &alice).await.unwrap());
    assert_eq!(staff.revoke_everybody(REASON).await.unwrap(), 0);
    assert_eq!(world.revoked(&alice).await, None);
    assert_eq!(world.auth.revoke_everybody(REASON).await.unwrap(), 1);
    assert_eq!(world.revoked(&alice).await, Some(REASON));
}

#[tokio::test(start_paused = true)]
async fn everybody_is_logged_out_on_every_node() {
    let world = World::new();
    let (alice, bob) = (world.login("alice").await, world.login("bob").await);
    let ended = world.login("alice").await;
    world.auth.revoke_session(ended.session.clone(), RevocationReason::Logout).await.unwrap();
    let other = world.another_node();
    for (browser, who) in [(&alice, "1"), (&bob, "2")] {
        assert_eq!(seen_by(&other, browser).await, owned((who, "kept")));
    }
    assert_eq!(world.auth.revoke_everybody(REASON).await.unwrap(), 2);
    let back = world.login("alice").await;
    sleep(INTERVAL).await;
    for node in [&world.auth, &other] {
        for browser in [&alice, &bob] {
            assert_eq!(seen_by(node, browser).await, owned(REFUSED));
            assert_eq!(world.revoked(&browser.session).await, Some(REASON));
        }
        assert_eq!(seen_by(node, &back).await, owned(("1", "kept")), "who logs in again is logged in");
    }
    assert_eq!(world.revoked(&ended.session).await, Some(RevocationReason::Logout), "the first reason stays");
}

/// At once, before this node asks the store.
#[tokio::test]
async fn this_node_knows_it_before_it_asks() {
    let world = World::at(RevocationLevel::Feed);
    let alice = world.login("alice").await;
    assert_eq!(seen_by(&world.auth, &alice).await, owned(("1", "kept")));
    assert_eq!(world.auth.revoke_everybody(REASON).await.unwrap(), 1);
    world.switches.take_log();
    assert_eq!(seen_by(&world.auth, &alice).await, owned(REFUSED));
    assert_eq!(world.switches.take_log(), []);
}

/// However many idle sessions the table has, no node has to remember them.
#[tokio::test(start_paused = true)]
async fn idle_sessions_end_and_are_not_carried_to_every_node() {
    let world = World::new();
    let idle = world.login("alice").await;
    world.advance(3600);
    let active = world.login("bob").await;
    let node = world.another_node();
    assert_eq!(seen_by(&node, &active).await, owned(("2", "kept")));
    let now = world.auth.now();
    assert_eq!(world.auth.revoke_everybody(REASON).await.unwrap(), 2);
    // What a node asks for that has just started, and remembers for longest.
    let relevant = (now - time::Duration::seconds(300 + 2 * 5 + 60)).into();
    let feed = world.tokens.rows.revoked_since(relevant).await.unwrap();
    let told: Vec<_> = feed.into_iter().map(|session| session.id).collect();
    assert_eq!(told, std::slice::from_ref(&active.session));
    sleep(INTERVAL).await;
    for node in [&world.auth, &node, &world.another_node()] {
        assert_eq!(seen_by(node, &idle).await, owned(REFUSED), "its row refuses the refresh");
        assert_eq!(seen_by(node, &active).await, owned(REFUSED));
    }
}

#[tokio::test]
async fn an_error_leaves_work_that_the_next_call_does() {
    let world = World::new();
    let alice = world.login("alice").await;
    world.switches.fail(Call::RevokeRealm);
    assert!(world.auth.revoke_everybody(REASON).await.is_err());
    assert_eq!(seen_by(&world.auth, &alice).await, owned(("1", "kept")));
    world.switches.mend(Call::RevokeRealm);
    assert_eq!(world.auth.revoke_everybody(REASON).await.unwrap(), 1);
    assert_eq!(world.auth.revoke_everybody(REASON).await.unwrap(), 0, "once");
}
