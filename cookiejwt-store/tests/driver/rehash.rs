//! A hash with outdated parameters is replaced while its password is available.

use cookiejwt_store::LoginError;

use crate::common::{Call, PASSWORD, World};

fn outdated() -> String {
    format!("old:0:{PASSWORD}")
}

fn world() -> World {
    let world = World::new();
    world.users.change(1, |alice| alice.password_hash = Some(outdated()));
    world
}

fn hash(world: &World) -> Option<String> {
    world.users.row(1).password_hash
}

#[tokio::test]
async fn an_outdated_hash_is_replaced_once() {
    let world = world();
    world.login("alice").await;
    let better = hash(&world).unwrap();
    assert!(better.starts_with("new:"), "{better}");
    world.login("alice").await;
    assert_eq!(hash(&world).unwrap(), better);
    assert_eq!(world.switches.count(Call::SetPasswordHash), 1);
    assert_eq!(world.hasher.verifications(), 2, "one for each login");
}

#[tokio::test]
async fn refused_logins_never_rehash() {
    let world = world();
    world.users.change(3, |carol| carol.password_hash = Some(outdated()));
    for (name, password) in [("alice", "wrong"), ("carol", PASSWORD)] {
        assert!(world.try_login(name, password).await.is_err(), "{name}");
    }
    assert_eq!(world.switches.count(Call::SetPasswordHash), 0);
    assert_eq!(hash(&world), Some(outdated()));
}

#[tokio::test]
async fn a_hash_that_cannot_be_stored_does_not_fail_the_login() {
    let world = world();
    world.switches.fail(Call::SetPasswordHash);
    world.login("alice").await;
    assert_eq!(hash(&world), Some(outdated()));
    assert_eq!(world.hasher.verifications(), 1);
}

#[tokio::test]
async fn a_hash_that_cannot_be_made_does_not_fail_the_login() {
    let world = world();
    world.hasher.stop_hashing();
    world.login("alice").await;
    assert_eq!(hash(&world), Some(outdated()));
    assert_eq!(world.switches.count(Call::SetPasswordHash), 0);
}

#[tokio::test]
async fn a_swap_whose_answer_is_lost_does_not_fail_the_login() {
    let world = world();
    world.switches.lose_answer(Call::SetPasswordHash);
    world.login("alice").await;
    assert!(hash(&world).unwrap().starts_with("new:"));
}

#[tokio::test]
async fn after_a_cut_no_other_hash_is_stored() {
    let world = world();
    world.users.change(2, |bob| bob.password_hash = Some(outdated()));
    world.users.cut_hashes_at(outdated().len());
    // Salts with more digits make longer hashes.
    for _ in 0..10 {
        world.auth.hash_password(PASSWORD).await.unwrap();
    }
    world.login("alice").await;
    assert_eq!(hash(&world), Some(outdated()), "rules 8: put back");
    assert_eq!(world.switches.count(Call::SetPasswordHash), 2, "there and back");
    world.login("alice").await;
    world.login("bob").await;
    assert_eq!(world.switches.count(Call::SetPasswordHash), 2, "not tried again");
}

/// The response is lost, so it is unknown whether the hash was stored: the row is read again.
#[tokio::test]
async fn a_cut_is_noticed_when_the_answer_of_the_swap_is_lost() {
    let world = world();
    world.users.cut_hashes_at(outdated().len());
    for _ in 0..10 {
        world.auth.hash_password(PASSWORD).await.unwrap();
    }
    world.switches.lose_answer(Call::SetPasswordHash);
    world.login("alice").await;
    assert_eq!(hash(&world), Some(outdated()));
}

#[tokio::test]
async fn the_row_is_read_back_once_in_a_process() {
    let world = world();
    world.users.change(2, |bob| bob.password_hash = Some(outdated()));
    for (name, reads) in [("alice", 2), ("bob", 1)] {
        world.switches.take_log();
        world.login(name).await;
        assert_eq!(world.switches.count(Call::FindById), reads, "{name}: one is that of every login");
    }
}

/// Two devices of one user log in at once after the parameters were raised: each hash has its own
/// salt.
#[tokio::test]
async fn a_swap_lost_to_another_login_of_the_same_user_does_not_fail_this_one() {
    let world = world();
    let other = format!("new:77:{PASSWORD}");
    let stored = other.clone();
    world.users.before(Call::SetPasswordHash, move |users| users[0].password_hash = Some(stored));
    world.login("alice").await;
    assert_eq!(hash(&world), Some(other), "the winner's hash stays");
}

#[tokio::test]
async fn a_swap_lost_to_a_password_change_refuses_the_login() {
    let world = world();
    world.users.before(Call::SetPasswordHash, |users| users[0].password_hash = Some("new:7:changed".into()));
    let login = world.try_login("alice", PASSWORD).await;
    assert!(matches!(login, Err(LoginError::InvalidCredentials)), "{login:?}");
    assert_eq!(hash(&world).as_deref(), Some("new:7:changed"), "the new password stays");
    assert!(world.tokens.living(1).await.is_empty());
}

#[tokio::test]
async fn a_swap_lost_to_the_removal_of_the_password_refuses_the_login() {
    let world = world();
    world.users.before(Call::SetPasswordHash, |users| users[0].password_hash = None);
    assert!(matches!(world.try_login("alice", PASSWORD).await, Err(LoginError::InvalidCredentials)));
}
