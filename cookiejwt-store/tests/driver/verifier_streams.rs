//! What outlives its request at a service that only verifies: it ends when a request with the same
//! access token would be refused, and a reason says why.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use cookiejwt_store::{
    EndReason, Ended, Identity, LoginContext, LoginOptions, Problem, RevocationReason, UntilEnded as _,
    Verifier,
    cookiejwt_core::driver::{RequestHead, Revocations},
};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::request::Parts;
use tokio::time::sleep;

use super::verifier::{INTERVAL, Issuer};
use crate::common::{Browser, Jar, lines};

const LEEWAY: i64 = 5;
const LIFE: i64 = 300;

async fn who(verifier: &Verifier, head: Parts) -> Identity {
    verifier.authenticate(RequestHead::from(&head)).await.required().unwrap().clone()
}

/// The reason, if it has ended.
fn now(ended: &mut Ended) -> Option<EndReason> {
    ended.now_or_never()
}

/// What a request with the same token gets, as far as this service knows.
async fn code(verifier: &Verifier, jar: &Jar) -> String {
    let decision = verifier.authenticate((&jar.bearer()).into()).await;
    decision.required().err().map_or("ok", |problem| problem.code()).to_owned()
}

/// What ends the sessions of alice, or her access tokens, at the issuer.
#[derive(Clone, Copy, Debug)]
enum End {
    Logout,
    Everybody,
    OtherPassword,
    Actor,
    Claims,
}

impl End {
    const ALL: [Self; 5] = [Self::Logout, Self::Everybody, Self::OtherPassword, Self::Actor, Self::Claims];

    async fn of(self, issuer: &Issuer, session: &Browser, bob: &Browser) -> EndReason {
        let auth = &issuer.world.auth;
        let reason = match self {
            Self::Logout => {
                issuer.revoke(session).await;
                RevocationReason::Logout
            }
            Self::Everybody => {
                auth.revoke_everybody(RevocationReason::Administrator).await.unwrap();
                RevocationReason::Administrator
            }
            Self::OtherPassword => {
                auth.revoke_user(&1.into(), RevocationReason::PasswordChanged).await.unwrap();
                RevocationReason::PasswordChanged
            }
            Self::Actor => {
                issuer.revoke(bob).await;
                RevocationReason::ActorEnded
            }
            Self::Claims => {
                auth.renew_claims(&1.into()).await.unwrap();
                return EndReason::TokenExpired;
            }
        };
        EndReason::Revoked(reason)
    }
}

/// A session of alice in which bob acts.
async fn acting(issuer: &Issuer, bob: &Browser) -> Browser {
    let world = &issuer.world;
    let actor = world.auth.authenticate(&bob.jar.get()).await.required().unwrap().clone();
    let options = LoginOptions::new().acted_by(&actor);
    Browser::of(&world.auth.login(&world.users.row(1), options, LoginContext::default()).await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn what_the_issuer_ends_ends_here_with_the_list() {
    for end in End::ALL {
        let issuer = Issuer::new();
        let (bob, other) = (issuer.world.login("bob").await, issuer.world.login("bob").await);
        let alice = acting(&issuer, &bob).await;
        let verifier = issuer.following().poll_interval(Duration::from_hours(24)).build().unwrap();
        let alice_here = who(&verifier, alice.jar.get()).await;
        let other_here = who(&verifier, other.jar.get()).await;
        let (mut waits, mut two) = (verifier.ended(&alice_here), verifier.ended(&alice_here));
        let mut others = verifier.ended(&other_here);
        let reason = end.of(&issuer, &alice, &bob).await;
        assert_eq!(now(&mut waits), None, "{end:?}: before the list");
        assert!(verifier.poll_revocations().await, "{end:?}");
        assert_eq!(now(&mut waits), Some(reason), "{end:?}");
        assert_eq!(now(&mut waits), Some(reason), "{end:?}: and it stays so");
        assert_eq!(now(&mut two), Some(reason), "{end:?}: each of them");
        assert_eq!(now(&mut verifier.ended(&alice_here)), Some(reason), "{end:?}: one that comes late");
        assert_eq!(code(&verifier, &alice.jar).await, Problem::from(reason).code(), "{end:?}: a request");
        let is_everybody = matches!(end, End::Everybody);
        assert_eq!(now(&mut others).is_some(), is_everybody, "{end:?}: of another user");
    }
}

/// By the background task, which nothing but the stream has started, and which wakes who waits.
#[tokio::test(start_paused = true)]
async fn it_happens_within_a_second() {
    let issuer = Issuer::new();
    let alice = issuer.login().await;
    let identity = who(&issuer.following().build().unwrap(), alice.jar.get()).await;
    let verifier = issuer.following().build().unwrap();
    let waits = tokio::spawn(verifier.ended(&identity));
    drop(verifier);
    sleep(3 * INTERVAL).await;
    assert!(!waits.is_finished());
    issuer.revoke(&alice).await;
    sleep(INTERVAL).await;
    assert!(waits.is_finished());
    assert_eq!(waits.await.unwrap(), EndReason::Revoked(RevocationReason::Logout));
}

/// The token ends, whether or not the session continues: that is known to the issuer alone.
#[tokio::test(start_paused = true)]
async fn each_ends_with_its_own_access_token() {
    for follows in [false, true] {
        let issuer = Issuer::new();
        let alice = issuer.login().await;
        let builder = if follows { issuer.following() } else { issuer.builder().keys(issuer.keys()) };
        let verifier = builder.build().unwrap();
        let mut first = verifier.ended(&who(&verifier, alice.jar.get()).await);
        let task = tokio::spawn(verifier.ended(&who(&verifier, alice.jar.get()).await));
        issuer.world.advance(LIFE - 60);
        let refreshed = issuer.world.auth.refresh(&alice.jar.post()).await;
        let mut jar = alice.jar.clone();
        jar.apply(&lines(&refreshed.cookies));
        let mut second = verifier.ended(&who(&verifier, jar.get()).await);
        issuer.world.advance(60 + LEEWAY - 1);
        sleep(2 * INTERVAL).await;
        assert_eq!(code(&verifier, &alice.jar).await, "ok", "{follows}: the last second");
        assert_eq!(now(&mut first), None, "{follows}: the last second");
        issuer.world.advance(1);
        sleep(INTERVAL).await;
        assert_eq!(code(&verifier, &alice.jar).await, "invalid_token", "{follows}");
        assert_eq!(now(&mut first), Some(EndReason::TokenExpired), "{follows}");
        assert!(task.is_finished(), "{follows}: it is woken");
        assert_eq!(now(&mut second), None, "{follows}: the same session, with its new token");
        issuer.revoke(&alice).await;
        sleep(2 * INTERVAL).await;
        let revoked = follows.then_some(EndReason::Revoked(RevocationReason::Logout));
        assert_eq!(now(&mut second), revoked, "{follows}: a logout");
        assert_eq!(now(&mut first), Some(EndReason::TokenExpired), "{follows}: the first reason stays");
        issuer.world.advance(LIFE);
        sleep(INTERVAL).await;
        let expected = revoked.unwrap_or(EndReason::TokenExpired);
        assert_eq!(now(&mut second), Some(expected), "{follows}: without a list, with its token");
    }
}

/// The application does not want to accept anyone then, and streams are no exception.
#[tokio::test(start_paused = true)]
async fn while_the_issuer_is_away() {
    for (rule, stale_after, expected) in
        [("by default", None, None), ("with a limit", Some(30), Some(EndReason::Unknown))]
    {
        let issuer = Issuer::new();
        let alice = issuer.login().await;
        let builder = issuer.following();
        let builder = stale_after
            .into_iter()
            .fold(builder, |builder, age| builder.stale_after(Duration::from_secs(age)));
        let verifier = builder.build().unwrap();
        let identity = who(&verifier, alice.jar.get()).await;
        let mut ended = verifier.ended(&identity);
        issuer.set_away(true);
        issuer.world.advance(30);
        sleep(2 * INTERVAL).await;
        assert_eq!(now(&mut ended), None, "{rule}: not long enough");
        issuer.world.advance(1);
        sleep(INTERVAL).await;
        assert_eq!(now(&mut ended), expected, "{rule}");
        let expected = expected.map_or("ok", |reason| Problem::from(reason).code());
        assert_eq!(code(&verifier, &alice.jar).await, expected, "{rule}: a request");
        issuer.set_away(false);
        sleep(2 * INTERVAL).await;
        assert_eq!(now(&mut verifier.ended(&identity)), None, "{rule}: a new stream, later");
    }
}

/// There were too many to list: the access tokens of that second and earlier are dead.
#[tokio::test(start_paused = true)]
async fn a_list_that_is_too_long_ends_the_older_ones() {
    let issuer = Issuer::new();
    let old = issuer.login().await;
    issuer.world.advance(1);
    let new = issuer.login().await;
    let auth = issuer.world.auth.clone();
    let before = auth.now() - time::Duration::SECOND;
    let is_long = Arc::new(AtomicBool::new(false));
    let is_too_long = Arc::clone(&is_long);
    let verifier = issuer
        .builder()
        .keys(issuer.keys())
        .poll_interval(Duration::from_hours(24))
        .follow(move |query| {
            let before = is_too_long.load(Ordering::SeqCst).then(|| before.into());
            let list = Revocations { since: query.since, next: "1".into(), before, ..Revocations::default() };
            let list = auth.core().mint_revocations(list, auth.now());
            async move { list }
        })
        .build()
        .unwrap();
    let (old, new) = (who(&verifier, old.jar.get()).await, who(&verifier, new.jar.get()).await);
    let (mut older, mut newer) = (verifier.ended(&old), verifier.ended(&new));
    assert_eq!((now(&mut older), now(&mut newer)), (None, None));
    is_long.store(true, Ordering::SeqCst);
    assert!(verifier.poll_revocations().await);
    assert_eq!((now(&mut older), now(&mut newer)), (Some(EndReason::TokenExpired), None));
    let mut late = verifier.ended(&old);
    sleep(INTERVAL).await;
    assert_eq!(now(&mut late), Some(EndReason::TokenExpired), "one that comes late");
}

#[tokio::test(start_paused = true)]
async fn streams_cost_no_question() {
    let issuer = Issuer::new();
    let verifier = issuer.following().build().unwrap();
    let mut waiting = Vec::new();
    for _ in 0..100 {
        let identity = who(&verifier, issuer.login().await.jar.get()).await;
        waiting.extend([verifier.ended(&identity), verifier.ended(&identity)]);
    }
    issuer.asked.lock().unwrap().clear();
    issuer.world.switches.take_log();
    sleep(60 * INTERVAL).await;
    let asked = issuer.asked.lock().unwrap().len();
    assert!((59..=61).contains(&asked), "one per interval: {asked}");
    assert!(waiting.iter_mut().all(|ended| now(ended).is_none()));
    issuer.world.advance(LIFE + LEEWAY);
    sleep(INTERVAL).await;
    assert!(waiting.iter_mut().all(|ended| now(ended) == Some(EndReason::TokenExpired)));
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_items_ends() {
    let issuer = Issuer::new();
    let alice = issuer.login().await;
    let verifier = issuer.following().build().unwrap();
    let ended = verifier.ended(&who(&verifier, alice.jar.get()).await);
    let items = Box::pin(stream::iter(0..3).chain(stream::pending()).until_ended(ended));
    let collected = tokio::spawn(items.collect::<Vec<_>>());
    sleep(2 * INTERVAL).await;
    assert!(!collected.is_finished());
    issuer.revoke(&alice).await;
    sleep(INTERVAL).await;
    assert_eq!(collected.await.unwrap(), [0, 1, 2]);
}

/// A service without streams and without anything to fetch runs no task for long: it ends with the
/// last clone.
#[tokio::test(start_paused = true)]
async fn the_background_ends_with_the_verifier() {
    let issuer = Issuer::new();
    let alice = issuer.login().await;
    let verifier = issuer.following().build().unwrap();
    let ended = verifier.ended(&who(&verifier, alice.jar.get()).await);
    drop(verifier);
    sleep(3 * INTERVAL).await;
    issuer.asked.lock().unwrap().clear();
    sleep(10 * INTERVAL).await;
    assert!(issuer.asked.lock().unwrap().len() >= 9, "what is waited for lives on");
    drop(ended);
    sleep(2 * INTERVAL).await;
    issuer.asked.lock().unwrap().clear();
    sleep(10 * INTERVAL).await;
    assert!(issuer.asked.lock().unwrap().is_empty());
}
