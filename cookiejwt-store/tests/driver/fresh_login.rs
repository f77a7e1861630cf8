//! A user who is logged in proves again who he is: a new session takes the place of the present one.

use std::time::Duration;

use cookiejwt_store::{
    Authenticator, Identity, Login, LoginContext, LoginError, Problem, Revocation, RevocationReason,
    TokenStore,
};

use crate::common::{Browser, Call, Jar, PASSWORD, World, outcome};

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
    assert_eq!(world.revoked(&alice.session).await, Some(RevocationReason::Replaced));
    assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("session_revoked", "kept"));
    let jar = Jar::of(&login.cookies);
    assert_eq!(outcome(&world.authenticate(jar.get()).await), ("1", "kept"));
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
async fn a_store_that_is_away_changes_nothing() {
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

#[tokio::test]
async fn of_two_at_once_one_replaces_the_session() {
    for nodes in [1, 2] {
        let (world, _, who) = alice().await;
        let other = if nodes == 1 { world.auth.clone() } else { world.another_node() };
        let (one, two) = tokio::join!(fresh(&world.auth, &who, PASSWORD), fresh(&other, &who, PASSWORD));
        let (winner, loser) = match (one, two) {
            (Ok(winner), Err(loser)) | (Err(loser), Ok(winner)) => (winner, loser),
            both => panic!("{nodes} nodes: {both:?}"),
        };
        assert!(matches!(loser, LoginError::SessionRevoked), "{nodes} nodes: {loser:?}");
        assert_eq!(world.tokens.living(1).await, [winner.record.id], "{nodes} nodes");
    }
}

/// The session ends on another node while the password is checked: the right password does not bring it back.
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
    let ended = Revocation { session_id: alice.session.clone(), reason, at: world.auth.now().into() };
    assert!(world.tokens.rows.revoke(&ended).await.unwrap());
    drop(closed);
    let error = task.await.unwrap().unwrap_err();
    assert_eq!(Problem::from(&error), Problem::SessionRevoked);
    assert_eq!(world.tokens.living(1).await, [], "the new session neither");
    assert_eq!(world.revoked(&alice.session).await, Some(reason));
}

#[tokio::test(start_paused = true)]
async fn a_revocation_that_fails_is_tried_again_and_the_new_session_stands() {
    let (world, alice, who) = alice().await;
    world.switches.fail(Call::Revoke);
    let login = fresh(&world.auth, &who, PASSWORD).await.unwrap();
    assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("session_revoked", "kept"));
    assert_eq!(outcome(&world.authenticate(Jar::of(&login.cookies).get()).await), ("1", "kept"));
    world.switches.mend(Call::Revoke);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(world.revoked(&alice.session).await, Some(RevocationReason::Replaced));
}
