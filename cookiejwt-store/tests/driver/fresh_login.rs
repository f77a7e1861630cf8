//! A logged-in user enters the password again: a new session replaces the current one.

use std::time::Duration;

use cookiejwt_store::{
    Authenticator, Identity, Login, LoginContext, LoginError, Problem, Reason, Revocation, RevocationLevel,
    RevocationReason, TokenStore,
};

use crate::common::{Browser, Call, Jar, PASSWORD, World, let_tasks_run, outcome};

async fn alice() -> (World, Browser, Identity) {
    let world = World::new();
    let alice = world.login("alice").await;
    let who = world.authenticate(alice.jar.get()).await.required().unwrap().clone();
    world.advance(60);
    (world, alice, who)
}

async fn fresh(auth: &Authenticator, who: &Identity, password: &str) -> Result<Login, LoginError> {
    auth.fresh_login(who, password, LoginContext::default()).await
}

#[tokio::test]
async fn a_new_session_with_a_new_auth_time() {
    let (world, alice, who) = alice().await;
    let before = world.hasher.verifications();
    let login = fresh(&world.auth, &who, PASSWORD).await.unwrap();
    assert_eq!(world.hasher.verifications(), before + 1);
    assert_ne!(login.record.id, alice.session);
    assert_eq!(login.identity.auth_time(), Some(world.auth.now()));
    assert_eq!(world.row(&login.record.id).await, login.record);
    assert_eq!(world.revoked(&alice.session).await, Some(RevocationReason::Superseded));
    assert_eq!(world.tokens.living(1).await, std::slice::from_ref(&login.record.id), "the list shows one");
    assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("1", "kept"), "until the new one comes");
    let jar = Jar::of(&login.cookies);
    assert_eq!(outcome(&world.authenticate(jar.get()).await), ("1", "kept"));
    assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("session_revoked", "kept"));
    let_tasks_run().await;
    assert_eq!(world.revoked(&alice.session).await, Some(RevocationReason::Replaced), "for every node");
}

/// The response of the fresh login is lost, or the button was clicked twice.
#[tokio::test]
async fn a_fresh_login_whose_response_is_lost_logs_no_user_out() {
    for level in [RevocationLevel::AtRefresh, RevocationLevel::Feed, RevocationLevel::EveryRequest] {
        let world = World::at(level);
        let alice = world.login("alice").await;
        let who = world.authenticate(alice.jar.get()).await.required().unwrap().clone();
        let lost = fresh(&world.auth, &who, PASSWORD).await.unwrap();
        world.advance(59);
        let node = world.another_node();
        node.poll_revocations().await.unwrap();
        for auth in [&world.auth, &node] {
            let rule = format!("{level:?}");
            assert_eq!(outcome(&auth.authenticate(&alice.jar.get()).await), ("1", "kept"), "{rule}");
            let refreshed = auth.authenticate(&alice.jar.without_access().get()).await;
            assert_eq!(outcome(&refreshed), ("1", "kept"), "{rule}: no line takes the new one's place");
            assert_eq!(refreshed.reason, Reason::Superseded, "{rule}");
            assert!(fresh(auth, &who, PASSWORD).await.is_ok(), "{rule}: they may try again");
        }
        world.advance(1);
        let old =
            if level == RevocationLevel::AtRefresh { ("1", "kept") } else { ("session_revoked", "kept") };
        for auth in [&world.auth, &node] {
            assert_eq!(outcome(&auth.authenticate(&alice.jar.get()).await), old, "{level:?}: a minute later");
            let refreshed = auth.authenticate(&alice.jar.without_access().get()).await;
            assert_eq!(outcome(&refreshed), ("session_revoked", "kept"), "{level:?}: a minute later");
        }
        let jar = Jar::of(&lost.cookies);
        assert_eq!(
            outcome(&world.authenticate(jar.get()).await),
            ("1", "kept"),
            "{level:?}: it was not lost"
        );
    }
}

#[tokio::test]
async fn who_logs_out_everywhere_ends_a_superseded_session_at_once() {
    let (world, alice, who) = alice().await;
    let login = fresh(&world.auth, &who, PASSWORD).await.unwrap();
    world.auth.logout_everywhere(&login.identity).await.unwrap();
    assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("session_revoked", "cleared"));
    assert_eq!(world.revoked(&alice.session).await, Some(RevocationReason::LogoutEverywhere));
}

#[tokio::test]
async fn refusals_change_nothing() {
    type Prepare = fn(&World);
    let disable: Prepare = |world| world.users.change(1, |alice| alice.is_active = false);
    let no_password: Prepare = |world| world.users.change(1, |alice| alice.password_hash = None);
    for (rule, prepare, password) in [
        ("wrong password", (|_| ()) as Prepare, "wrong"),
        ("disabled", disable, PASSWORD),
        ("gone", |world| world.users.remove(1), PASSWORD),
        ("no password", no_password, PASSWORD),
    ] {
        let (world, alice, who) = alice().await;
        prepare(&world);
        let before = world.hasher.verifications();
        let error = fresh(&world.auth, &who, password).await.unwrap_err();
        assert!(matches!(error, LoginError::InvalidCredentials), "{rule}: {error:?}");
        assert_eq!(world.hasher.verifications(), before + 1, "{rule}");
        assert_eq!(world.tokens.living(1).await, [alice.session], "{rule}");
    }
}

#[tokio::test]
async fn an_unavailable_store_changes_nothing() {
    for call in [Call::Find, Call::FindById, Call::Create] {
        let (world, alice, who) = alice().await;
        world.switches.fail(call);
        let error = fresh(&world.auth, &who, PASSWORD).await.unwrap_err();
        assert_eq!(Problem::from(&error), Problem::Unavailable, "{call:?}");
        world.switches.mend(call);
        assert_eq!(world.tokens.living(1).await, std::slice::from_ref(&alice.session), "{call:?}");
        assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("1", "kept"), "{call:?}");
    }
}

/// A double click. Both responses are valid, and the browser keeps the last one.
#[tokio::test]
async fn of_two_at_once_both_are_good() {
    for nodes in [1, 2] {
        let (world, alice, who) = alice().await;
        let other = if nodes == 1 { world.auth.clone() } else { world.another_node() };
        let (one, two) = tokio::join!(fresh(&world.auth, &who, PASSWORD), fresh(&other, &who, PASSWORD));
        for login in [one.unwrap(), two.unwrap()] {
            let jar = Jar::of(&login.cookies);
            assert_eq!(outcome(&world.authenticate(jar.get()).await), ("1", "kept"), "{nodes} nodes");
        }
        assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("session_revoked", "kept"));
    }
}

/// The session ends on another node while the password is checked: the right password does not
/// bring it back.
#[tokio::test]
async fn a_session_that_ends_meanwhile_is_not_replaced() {
    let (world, alice, who) = alice().await;
    let closed = world.tokens.gate.lock().await;
    let auth = world.auth.clone();
    let task = tokio::spawn(async move { fresh(&auth, &who, PASSWORD).await });
    while world.switches.count(Call::Revoke) == 0 {
        tokio::task::yield_now().await;
    }
    let reason = RevocationReason::EndedByUser;
    let ended = Revocation::new(alice.session.clone(), reason, world.auth.now().into());
    assert!(world.tokens.rows.revoke(&ended).await.unwrap());
    drop(closed);
    let error = task.await.unwrap().unwrap_err();
    assert_eq!(Problem::from(&error), Problem::SessionRevoked);
    assert_eq!(world.tokens.living(1).await, [], "the new session neither");
    assert_eq!(world.revoked(&alice.session).await, Some(reason));
}

#[tokio::test(start_paused = true)]
async fn a_failed_revocation_is_retried_and_the_new_session_stays() {
    let (world, alice, who) = alice().await;
    world.switches.fail(Call::Revoke);
    let login = fresh(&world.auth, &who, PASSWORD).await.unwrap();
    assert_eq!(outcome(&world.authenticate(Jar::of(&login.cookies).get()).await), ("1", "kept"));
    assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("session_revoked", "kept"));
    world.switches.mend(Call::Revoke);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(world.revoked(&alice.session).await, Some(RevocationReason::Replaced));
}
