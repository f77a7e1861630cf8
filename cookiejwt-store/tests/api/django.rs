//! A user table that Django has written, used unchanged.

use cookiejwt_store::{Argon2id, DjangoHashes};
use serde_json::json;

use crate::{
    answer::{Answer, Ask},
    common::{Call, PASSWORD, World},
};

/// Created by Django 5.2: PBKDF2 with 10 000 iterations, argon2, unusable.
const PBKDF2: &str =
    "pbkdf2_sha256$10000$AGW8LeYZ1lwS5fBZHQ5V6E$esoCpE0+pUKzuqkPPv2x+vC9TbjO0gxX9LQB1XEW81M=";
const ARGON2: &str = "argon2$argon2id$v=19$m=102400,t=2,p=8$djlmam45d3Zsb1lMdnFzM1RmQWcyUw\
    $/90S6WVqbT51MTppaXC3XFYOT5BpP2bi7jLlXVXuD7w";
const UNUSABLE: &str = "!Nnlq1oeXhY3gPdwMoige1Gq0ZbpPN5PXR5MvuJXM";

fn world() -> World {
    let hasher = DjangoHashes::new(Argon2id::default()).typical(PBKDF2).unwrap();
    let mut world = World::new();
    world.auth = world.builder().password_hasher(hasher).build().unwrap();
    for (id, hash) in [(1, PBKDF2), (2, ARGON2), (3, PBKDF2), (4, UNUSABLE)] {
        world.users.change(id, |user| user.password_hash = Some(hash.into()));
    }
    world
}

async fn log_in(world: &World, name: &str, password: &str) -> Answer {
    Ask::login(json!({ "username": name, "password": password }).to_string()).of(world).await
}

#[tokio::test]
async fn the_first_login_moves_a_user_and_the_second_finds_him_moved() {
    let world = world();
    for (id, name) in [(1, "alice"), (2, "bob")] {
        let answer = log_in(&world, name, PASSWORD).await;
        answer.assert_cookies_set(name, Some(300), Some(86_400));
        let moved = world.users.row(id).password_hash.unwrap();
        assert!(moved.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{name}: {moved}");

        assert_eq!(log_in(&world, name, PASSWORD).await.status(), 200, "{name}, again");
        log_in(&world, name, "wrong").await.assert_problem(name, 401, "invalid_credentials");
        assert_eq!(world.users.row(id).password_hash.unwrap(), moved, "{name}");
    }
    assert_eq!(world.switches.count(Call::SetPasswordHash), 2, "one for each");
}

#[tokio::test]
async fn who_is_refused_is_not_moved() {
    let world = world();
    for (rule, id, name, password) in [
        ("wrong password, PBKDF2", 1, "alice", "wrong"),
        ("wrong password, argon2", 2, "bob", "wrong"),
        ("disabled", 3, "carol", PASSWORD),
        ("unusable", 4, "dave", UNUSABLE),
    ] {
        let before = world.users.row(id).password_hash;
        log_in(&world, name, password).await.assert_problem(rule, 401, "invalid_credentials");
        assert_eq!(world.users.row(id).password_hash, before, "{rule}");
    }
    assert_eq!(world.switches.count(Call::SetPasswordHash), 0);
}
