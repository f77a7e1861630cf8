//! The memory for hashing is given back when no password comes for a while.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use cookiejwt_store::{PasswordError, PasswordHasher, PasswordMatch};
use tokio::time::sleep;

use crate::common::{TestHasher, World};

/// Counts how often it is told to rest.
#[derive(Clone, Default)]
struct Resting(Arc<AtomicUsize>);

impl PasswordHasher for Resting {
    fn hash(&self, password: &str) -> Result<String, PasswordError> {
        TestHasher::default().hash(password)
    }

    fn verify(&self, password: &str, hash: &str) -> PasswordMatch {
        TestHasher::default().verify(password, hash)
    }

    fn rest(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn a_hasher_rests_two_minutes_after_the_last_password_at_most() {
    let hasher = Resting::default();
    let mut world = World::new();
    world.auth = world.builder().password_hasher(hasher.clone()).build().unwrap();
    let rests = || hasher.0.load(Ordering::SeqCst);
    assert_eq!(rests(), 1, "after it was built");
    let alice = world.login("alice").await;
    let _ = world.authenticate(alice.jar.get()).await;
    // Beside the minutes of the background work, so that none of both is first by chance.
    sleep(Duration::from_secs(30)).await;
    for (rule, logs_in, expected) in [
        ("a password within the last minute", true, 1),
        ("one more", false, 1),
        ("a minute without any", false, 2),
        ("at rest already", false, 2),
        ("awake again", true, 2),
        ("the last one was just before", false, 2),
        ("a minute without any, again", false, 3),
    ] {
        assert_eq!(rests(), expected, "{rule}");
        if logs_in {
            let _ = world.login("alice").await;
        }
        sleep(Duration::from_mins(1)).await;
    }
}
