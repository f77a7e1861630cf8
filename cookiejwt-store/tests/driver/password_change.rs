//! A password change: compare-and-swap of the hash, every session ends, and a new one starts.

use std::time::Duration;

use cookiejwt_store::{
    Authenticator, Identity, Login, LoginContext, LoginError, Problem, RevocationReason, TokenStore,
};
use futures_util::FutureExt as _;

use crate::common::{Browser, Call, Jar, PASSWORD, World, let_tasks_run, outcome};

const NEW: &str = "battery staple";
const ALIVE: (&str, &str) = ("1", "kept");

struct Alice {
    world: World,
    laptop: Browser,
    phone: Browser,
    who: Identity,
}

impl Alice {
    async fn new() -> Self {
        let world = World::new();
        let (laptop, phone) = (world.login("alice").await, world.login("alice").await);
        let who = world.authenticate(laptop.jar.get()).await.required().unwrap().clone();
        world.switches.take_log();
        Self { world, laptop, phone, who }
    }

    async fn change(&self) -> Result<Login, LoginError> {
        change(&self.world.auth, &self.who, NEW).await
    }

    fn password(&self) -> String {
        let hash = self.world.users.row(1).password_hash.unwrap();
        hash.rsplit(':').next().unwrap().to_owned()
    }

    /// The old password and the old sessions, and nothing else.
    async fn assert_unchanged(&self, rule: &str) {
        assert_eq!(self.password(), PASSWORD, "{rule}");
        let sessions = [self.laptop.session.clone(), self.phone.session.clone()];
        assert_eq!(self.world.tokens.living(1).await, sessions, "{rule}");
        for browser in [&self.laptop, &self.phone] {
            assert_eq!(outcome(&self.world.authenticate(browser.jar.get()).await), ALIVE, "{rule}");
        }
    }
}

async fn change(auth: &Authenticator, who: &Identity, new: &str) -> Result<Login, LoginError> {
    auth.change_password(who, PASSWORD, new, LoginContext::default()).await
}

#[tokio::test]
async fn every_session_ends_and_a_new_one_begins() {
    let alice = Alice::new().await;
    let (world, before) = (&alice.world, alice.world.hasher.verifications());
    let login = alice.change().await.unwrap();
    assert_eq!(world.hasher.verifications(), before + 1);
    assert_eq!(alice.password(), NEW);
    assert_eq!(world.tokens.living(1).await, std::slice::from_ref(&login.record.id));
    assert_eq!(world.revoked(&alice.laptop.session).await, Some(RevocationReason::Superseded));
    assert_eq!(world.revoked(&alice.phone.session).await, Some(RevocationReason::PasswordChanged));
    assert_eq!(outcome(&world.authenticate(alice.laptop.jar.get()).await), ALIVE, "the answer may be lost");
    for (rule, jar, expected) in [
        ("the new one", Jar::of(&login.cookies), ALIVE),
        (
            "replaced: a late answer must not clear the new cookies",
            alice.laptop.jar.clone(),
            ("session_revoked", "kept"),
        ),
        ("another device", alice.phone.jar.clone(), ("session_revoked", "cleared")),
    ] {
        assert_eq!(outcome(&world.authenticate(jar.get()).await), expected, "{rule}");
    }
    assert!(world.try_login("alice", PASSWORD).await.is_err());
    assert!(world.try_login("alice", NEW).await.is_ok());
}

#[tokio::test]
async fn the_length_of_a_new_password() {
    let (longest, longer) = ("x".repeat(1024), "x".repeat(1025));
    for (rule, new, accepted) in [
        ("seven characters", "1234567", false),
        ("eight characters", "12345678", true),
        ("of one kind", "aaaaaaaa", true),
        ("blanks alone", "        ", true),
        ("of any script", "пароль密码🦀", true),
        ("64 characters of four bytes", &"🦀".repeat(64), true),
        ("128 characters of four bytes", &"🦀".repeat(128), true),
        ("seven characters of two bytes", "äöüäöüä", false),
        ("1024 bytes", &longest, true),
        ("1025 bytes", &longer, false),
    ] {
        let alice = Alice::new().await;
        let changed = change(&alice.world.auth, &alice.who, new).await;
        assert_eq!(changed.is_ok(), accepted, "{rule}");
        if let Err(error) = changed {
            let reason = if new.len() > 1024 { "too_long" } else { "too_short" };
            assert_eq!(Problem::from(&error), Problem::PasswordRefused { reason }, "{rule}");
            assert_eq!(alice.world.switches.take_log(), [], "{rule}: no store is asked");
            alice.assert_unchanged(rule).await;
        }
    }
}

#[tokio::test]
async fn a_wrong_current_password_changes_nothing() {
    let alice = Alice::new().await;
    let context = LoginContext::default();
    let error = alice.world.auth.change_password(&alice.who, "wrong", NEW, context).await.unwrap_err();
    assert_eq!(Problem::from(&error), Problem::InvalidCredentials);
    alice.assert_unchanged("wrong").await;
}

#[tokio::test]
async fn an_unavailable_store_changes_nothing() {
    for call in [Call::Find, Call::FindById, Call::SessionsOf, Call::Create, Call::SetPasswordHash] {
        let alice = Alice::new().await;
        alice.world.switches.fail(call);
        let error = alice.change().await.unwrap_err();
        assert_eq!(Problem::from(&error), Problem::Unavailable, "{call:?}");
        alice.world.switches.mend(call);
        alice.assert_unchanged(&format!("{call:?}")).await;
    }
}

#[tokio::test]
async fn a_hash_that_cannot_be_made_changes_nothing() {
    let alice = Alice::new().await;
    alice.world.hasher.stop_hashing();
    assert_eq!(Problem::from(&alice.change().await.unwrap_err()), Problem::Unavailable);
    alice.assert_unchanged("busy").await;
}

#[tokio::test]
async fn who_loses_the_race_for_the_hash_has_the_wrong_password() {
    let alice = Alice::new().await;
    alice.world.users.before(Call::SetPasswordHash, |rows| {
        rows[0].password_hash = Some("new:9:another was faster".into());
    });
    let error = alice.change().await.unwrap_err();
    assert_eq!(Problem::from(&error), Problem::InvalidCredentials);
    assert_eq!(alice.password(), "another was faster");
    let sessions = [alice.laptop.session, alice.phone.session];
    assert_eq!(alice.world.tokens.living(1).await, sessions, "ending them is the winner's affair");
}

#[tokio::test]
async fn of_two_at_once_one_is_made() {
    for nodes in [1, 2] {
        let alice = Alice::new().await;
        let (one, other) = ("the password of one", "the password of the other");
        let node = if nodes == 1 { alice.world.auth.clone() } else { alice.world.another_node() };
        let changes = (change(&alice.world.auth, &alice.who, one), change(&node, &alice.who, other));
        let (winner, password, loser) = match tokio::join!(changes.0, changes.1) {
            (Ok(winner), Err(loser)) => (winner, one, loser),
            (Err(loser), Ok(winner)) => (winner, other, loser),
            both => panic!("{nodes} nodes: {both:?}"),
        };
        // Refused because of the hash, or because the winner had already ended the session.
        assert_eq!(Problem::from(&loser).status(), 401, "{nodes} nodes: {loser:?}");
        assert_eq!(alice.password(), password, "{nodes} nodes");
        assert_eq!(alice.world.tokens.living(1).await, [winner.record.id], "{nodes} nodes");
    }
}

#[tokio::test]
async fn a_swap_whose_answer_is_lost_is_seen_in_the_row() {
    let alice = Alice::new().await;
    alice.world.switches.lose_answer(Call::SetPasswordHash);
    let login = alice.change().await.unwrap();
    assert_eq!(alice.password(), NEW);
    assert_eq!(alice.world.tokens.living(1).await, [login.record.id]);
}

/// A hash with outdated parameters is replaced first, as at login.
#[tokio::test]
async fn an_outdated_hash_is_no_obstacle() {
    let alice = Alice::new().await;
    alice.world.users.change(1, |alice| alice.password_hash = Some(format!("old:0:{PASSWORD}")));
    let _ = alice.change().await.unwrap();
    assert_eq!(alice.password(), NEW);
}

/// A login with the old password whose row was created after the first read and before the new
/// hash.
#[tokio::test]
async fn a_login_with_the_old_password_that_was_faster_ends_too() {
    let alice = Alice::new().await;
    let rows = alice.world.tokens.rows.clone();
    let mut faster = alice.world.row(&alice.phone.session).await;
    faster.id = "faster".into();
    let created = faster.clone();
    alice.world.users.before(Call::SetPasswordHash, move |_| {
        rows.create(&created).now_or_never().unwrap().unwrap();
    });
    let _ = alice.change().await.unwrap();
    assert_eq!(alice.world.revoked(&faster.id).await, Some(RevocationReason::PasswordChanged));
}

#[tokio::test]
async fn a_user_who_is_disabled_meanwhile_changes_nothing() {
    let alice = Alice::new().await;
    let users = alice.world.users.clone();
    let log = alice.world.switches.clone();
    let task = tokio::spawn(async move { alice.change().await.map(drop).map_err(|error| (alice, error)) });
    // The first read is that of the password; the second is between the new row and the new hash.
    while log.count(Call::FindById) == 0 {
        tokio::task::yield_now().await;
    }
    users.change(1, |alice| alice.is_active = false);
    let Err((alice, error)) = task.await.unwrap() else { panic!("changed") };
    assert_eq!(Problem::from(&error), Problem::InvalidCredentials);
    assert_eq!(alice.password(), PASSWORD);
}

/// The sessions are read beforehand, so none of them survives a store that fails right after the
/// swap.
#[tokio::test(start_paused = true)]
async fn sessions_that_cannot_be_ended_are_refused_on_this_node_and_retried() {
    let alice = Alice::new().await;
    let world = &alice.world;
    let switches = world.switches.clone();
    world.users.before(Call::SetPasswordHash, move |_| {
        switches.fail(Call::SessionsOf);
        switches.fail(Call::Revoke);
    });
    let login = alice.change().await.unwrap();
    assert_eq!(outcome(&world.authenticate(alice.phone.jar.get()).await), ("session_revoked", "cleared"));
    assert_eq!(outcome(&world.authenticate(Jar::of(&login.cookies).get()).await), ALIVE);
    assert_eq!(outcome(&world.authenticate(alice.laptop.jar.get()).await), ("session_revoked", "kept"));
    world.switches.mend(Call::Revoke);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(world.tokens.living(1).await, [login.record.id]);
    assert_eq!(world.revoked(&alice.laptop.session).await, Some(RevocationReason::Replaced));
    assert_eq!(world.revoked(&alice.phone.session).await, Some(RevocationReason::PasswordChanged));
}

#[tokio::test]
async fn a_client_that_disconnects_leaves_no_old_session_with_the_new_password() {
    let alice = Alice::new().await;
    let closed = alice.world.tokens.gate.lock().await;
    let (auth, who) = (alice.world.auth.clone(), alice.who.clone());
    let task = tokio::spawn(async move { change(&auth, &who, NEW).await.map(drop) });
    while alice.world.switches.count(Call::Revoke) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(alice.password(), NEW);
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    drop(closed);
    let_tasks_run().await;
    for browser in [&alice.laptop, &alice.phone] {
        assert!(alice.world.revoked(&browser.session).await.is_some());
    }
}
