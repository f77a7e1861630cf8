//! Logout, and the other ways to end a session.

use std::{pin::Pin, time::Duration};

use cookiejwt_store::{Authenticator, LoggedOut, RevocationReason, Subject};
use http::{Request, request::Parts};

use crate::common::{Browser, CLEARED, Call, Jar, World, let_tasks_run, lines, outcome};

async fn logout(auth: &Authenticator, head: &Parts, body: Option<&str>) -> LoggedOut {
    let logged_out = auth.logout(head.into(), body).await.unwrap();
    assert_eq!(lines(&logged_out.cookies), CLEARED);
    logged_out
}

#[tokio::test]
async fn a_logout_ends_the_session_at_once_on_this_node() {
    let world = World::new();
    let alice = world.login("alice").await;
    assert!(logout(&world.auth, &alice.jar.post(), None).await.revoked.is_ok());
    assert_eq!(world.revoked(&alice.session).await, Some(RevocationReason::Logout));
    for (rule, head, cookies) in [
        ("by cookie", alice.jar.get(), "cleared"),
        ("by bearer", alice.jar.bearer(), "kept"),
        ("by refresh cookie", alice.jar.without_access().get(), "cleared"),
    ] {
        assert_eq!(outcome(&world.authenticate(head).await), ("session_revoked", cookies), "{rule}");
    }
}

#[tokio::test]
async fn what_a_logout_ends() {
    type Head = fn(&Jar) -> Parts;
    let garbage: Head =
        |_| Jar { access: Some("a.b.c".into()), refresh: Some("garbage".into()), ..Jar::default() }.post();
    for (rule, seconds, head, in_body, ends) in [
        ("both cookies", 0, Jar::post as Head, false, true),
        ("access cookie alone", 0, |jar| jar.without_refresh().post(), false, true),
        ("refresh cookie alone", 0, |jar| jar.without_access().post(), false, true),
        ("bearer", 0, Jar::bearer, false, true),
        ("refresh of the body", 0, |_| Jar::default().post(), true, true),
        ("garbage cookies and a refresh of the body", 0, garbage, true, true),
        ("expired access token", 306, |jar| jar.without_refresh().post(), false, true),
        ("expired bearer", 306, Jar::bearer, false, true),
        ("everything expired", 90_000, Jar::post, false, true),
        ("garbage cookies", 0, garbage, false, false),
        ("no cookie", 0, |_| Jar::default().post(), false, false),
    ] {
        let world = World::new();
        let (alice, phone) = (world.login("alice").await, world.login("alice").await);
        world.advance(seconds);
        let body = alice.jar.refresh.as_deref().filter(|_| in_body);
        for turn in ["once", "twice"] {
            let logged_out = logout(&world.auth, &head(&alice.jar), body).await;
            assert!(logged_out.revoked.is_ok(), "{rule}, {turn}");
        }
        let expected = ends.then_some(RevocationReason::Logout);
        assert_eq!(world.revoked(&alice.session).await, expected, "{rule}");
        assert_eq!(world.revoked(&phone.session).await, None, "{rule}: the other device stays");
    }
}

#[tokio::test]
async fn every_named_session_ends_also_when_one_of_them_has_no_row() {
    let world = World::new();
    let (alice, bob, phone) =
        (world.login("alice").await, world.login("bob").await, world.login("alice").await);
    let stranger = World::new().login("alice").await;
    let field = [&stranger.jar, &alice.jar, &bob.jar].map(|jar| jar.field().unwrap()).join("; ");
    let head = Request::post("/").header("cookie", field).body(()).unwrap().into_parts().0;
    let logged_out = logout(&world.auth, &head, phone.jar.refresh.as_deref()).await;
    assert!(logged_out.revoked.is_ok(), "{logged_out:?}");
    for session in [alice.session, bob.session, phone.session] {
        assert_eq!(world.revoked(&session).await, Some(RevocationReason::Logout));
    }
}

#[tokio::test]
async fn another_site_cannot_log_a_user_out() {
    let world = World::new();
    let alice = world.login("alice").await;
    let mut head = alice.jar.post();
    head.headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert!(world.auth.logout((&head).into(), alice.jar.refresh.as_deref()).await.is_err());
    assert_eq!(world.switches.count(Call::Revoke), 0);
    assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("1", "kept"));
}

#[tokio::test(start_paused = true)]
async fn a_failed_revocation_stays_in_this_nodes_set_and_is_retried() {
    let world = World::new();
    let alice = world.login("alice").await;
    world.switches.fail(Call::Revoke);
    let logged_out = logout(&world.auth, &alice.jar.post(), None).await;
    assert!(logged_out.revoked.is_err(), "503, with the cookies cleared all the same");
    assert_eq!(world.revoked(&alice.session).await, None);
    assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("session_revoked", "cleared"));
    assert_eq!(outcome(&world.auth.refresh(&alice.jar.post()).await), ("session_revoked", "cleared"));
    assert_eq!(world.switches.count(Call::Rotate), 0);
    tokio::time::advance(Duration::from_secs(1)).await;
    let_tasks_run().await;
    assert_eq!(world.switches.count(Call::Revoke), 2, "tried again, in vain");
    world.switches.mend(Call::Revoke);
    tokio::time::advance(Duration::from_secs(2)).await;
    let_tasks_run().await;
    assert_eq!(world.revoked(&alice.session).await, Some(RevocationReason::Logout));
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(world.switches.count(Call::Revoke), 3, "done");
}

#[tokio::test(start_paused = true)]
async fn a_revocation_whose_answer_is_lost_is_tried_again_and_keeps_its_time() {
    let world = World::new();
    let alice = world.login("alice").await;
    world.switches.lose_answer(Call::Revoke);
    assert!(logout(&world.auth, &alice.jar.post(), None).await.revoked.is_err());
    let revoked = world.row(&alice.session).await.revoked;
    world.switches.mend(Call::Revoke);
    world.advance(1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(world.row(&alice.session).await.revoked, revoked);
    assert_eq!(world.switches.count(Call::Revoke), 2);
}

#[tokio::test(start_paused = true)]
async fn the_retries_are_bounded() {
    let world = World::new();
    let alice = world.login("alice").await;
    world.switches.fail(Call::Revoke);
    assert!(logout(&world.auth, &alice.jar.post(), None).await.revoked.is_err());
    tokio::time::sleep(Duration::from_hours(24)).await;
    assert_eq!(world.switches.count(Call::Revoke), 9);
    assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("session_revoked", "cleared"));
}

/// Pending revocations are stored by session, and one task retries them.
#[tokio::test(start_paused = true)]
async fn many_logouts_of_one_session_are_one_revocation() {
    let world = World::new();
    let alice = world.login("alice").await;
    world.switches.fail(Call::Revoke);
    for _ in 0..100 {
        assert!(logout(&world.auth, &alice.jar.post(), None).await.revoked.is_err());
    }
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(world.switches.count(Call::Revoke), 100 + 8);
}

#[tokio::test(start_paused = true)]
async fn a_revocation_that_another_node_has_made_is_not_retried() {
    let world = World::new();
    let alice = world.login("alice").await;
    world.switches.fail(Call::Revoke);
    assert!(logout(&world.auth, &alice.jar.post(), None).await.revoked.is_err());
    world.switches.mend(Call::Revoke);
    assert!(logout(&world.auth, &alice.jar.post(), None).await.revoked.is_ok());
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(world.switches.count(Call::Revoke), 2);
}

/// Like a worker of actix-web that panics and is replaced.
#[test]
fn a_runtime_that_ends_takes_the_retries_along_and_the_next_failure_starts_them_again() {
    let runtime =
        || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let world = World::new();
    let first = runtime();
    let (alice, bob) = first.block_on(async { (world.login("alice").await, world.login("bob").await) });
    world.switches.fail(Call::Revoke);
    let failed = first.block_on(logout(&world.auth, &alice.jar.post(), None));
    assert!(failed.revoked.is_err());
    drop(first);
    runtime().block_on(async {
        assert!(logout(&world.auth, &bob.jar.post(), None).await.revoked.is_err());
        world.switches.mend(Call::Revoke);
        tokio::time::sleep(Duration::from_secs(5)).await;
        for browser in [&alice, &bob] {
            assert_eq!(world.revoked(&browser.session).await, Some(RevocationReason::Logout));
        }
    });
}

/// A session that cannot be revoked must not prevent the revocation of the others.
#[tokio::test(start_paused = true)]
async fn every_session_of_a_logout_is_tried() {
    let world = World::new();
    let (alice, bob) = (world.login("alice").await, world.login("bob").await);
    let field = [&alice.jar, &bob.jar].map(|jar| jar.field().unwrap()).join("; ");
    let head = Request::post("/").header("cookie", field).body(()).unwrap().into_parts().0;
    world.switches.fail(Call::Revoke);
    assert!(logout(&world.auth, &head, None).await.revoked.is_err());
    assert_eq!(world.switches.count(Call::Revoke), 2);
    for browser in [&alice, &bob] {
        let decision = world.authenticate(browser.jar.get()).await;
        assert_eq!(outcome(&decision), ("session_revoked", "cleared"));
    }
}

type Ending = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a browser, or the owner of a used-up refresh token, can do to end the session.
type End = fn(Authenticator, Browser, Jar) -> Ending;

const ENDS: [(&str, End, RevocationReason); 6] = [
    (
        "logout",
        |auth, alice, _| Box::pin(async move { drop(auth.logout((&alice.jar.post()).into(), None).await) }),
        RevocationReason::Logout,
    ),
    (
        "reuse",
        |auth, _, used_up| Box::pin(async move { drop(auth.authenticate(&used_up.get()).await) }),
        RevocationReason::Reuse,
    ),
    (
        "revoke_session",
        |auth, alice, _| {
            Box::pin(async move { drop(auth.revoke_session(alice.session, RevocationReason::Logout).await) })
        },
        RevocationReason::Logout,
    ),
    (
        "revoke_user",
        |auth, _, _| {
            Box::pin(async move { drop(auth.revoke_user(&1.into(), RevocationReason::UserInactive).await) })
        },
        RevocationReason::UserInactive,
    ),
    (
        "logout_everywhere",
        |auth, alice, _| {
            Box::pin(async move {
                let decision = auth.authenticate(&alice.jar.get()).await;
                let _ = auth.logout_everywhere(decision.identity().unwrap()).await;
            })
        },
        RevocationReason::LogoutEverywhere,
    ),
    (
        "end_session",
        |auth, alice, _| {
            Box::pin(async move {
                let decision = auth.authenticate(&alice.jar.get()).await;
                drop(auth.end_session(decision.identity().unwrap(), &alice.session).await);
            })
        },
        RevocationReason::EndedByUser,
    ),
];

/// A client that disconnects cannot cancel a revocation.
#[tokio::test]
async fn a_cancelled_request_still_revokes() {
    for (rule, end, reason) in ENDS {
        let world = World::new();
        let mut alice = world.login("alice").await;
        let used_up = alice.jar.without_access();
        for _ in 0..2 {
            world.expire_access();
            alice.jar = Jar::of(&world.authenticate(alice.jar.get()).await.cookies);
        }
        let closed = world.tokens.gate.lock().await;
        let request = tokio::spawn(end(world.auth.clone(), alice.clone(), used_up));
        let_tasks_run().await;
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled(), "{rule} waits for the store, and is dropped");
        assert_eq!(world.revoked(&alice.session).await, None, "{rule}: the store has not answered");
        drop(closed);
        let_tasks_run().await;
        assert_eq!(world.revoked(&alice.session).await, Some(reason), "{rule}");
        let decision = world.authenticate(alice.jar.get()).await;
        assert_eq!(outcome(&decision), ("session_revoked", "cleared"), "{rule}");
    }
}

#[tokio::test]
async fn revoke_user_ends_every_session_of_the_user_and_counts_the_live_ones() {
    let world = World::new();
    let (laptop, phone) = (world.login("alice").await, world.login("alice").await);
    let (ended, bob) = (world.login("alice").await, world.login("bob").await);
    world.auth.revoke_session(ended.session.clone(), RevocationReason::Logout).await.unwrap();
    world.advance(1);
    let subject = Subject::from(1);
    let revoke = || world.auth.revoke_user(&subject, RevocationReason::UserInactive);
    world.switches.fail(Call::RevokeSubject);
    assert!(revoke().await.is_err());
    assert_eq!(outcome(&world.authenticate(laptop.jar.get()).await), ("1", "kept"));
    world.switches.mend(Call::RevokeSubject);
    assert_eq!(revoke().await.unwrap(), 2);
    assert_eq!(revoke().await.unwrap(), 0);
    for browser in [&laptop, &phone] {
        let decision = world.authenticate(browser.jar.get()).await;
        assert_eq!(outcome(&decision), ("session_revoked", "cleared"));
        assert_eq!(world.revoked(&browser.session).await, Some(RevocationReason::UserInactive));
    }
    assert_eq!(world.revoked(&ended.session).await, Some(RevocationReason::Logout), "the first reason stays");
    assert_eq!(outcome(&world.authenticate(bob.jar.get()).await), ("2", "kept"));
}

#[tokio::test]
async fn end_sessions_clears_the_cookies_whatever_the_store_returns() {
    for (rule, fails) in [("store there", false), ("store unavailable", true)] {
        let world = World::new();
        let (alice, phone) = (world.login("alice").await, world.login("alice").await);
        if fails {
            world.switches.fail(Call::Revoke);
        }
        let cookies = world.auth.end_sessions(vec![alice.session.clone()]).await;
        assert_eq!(lines(&cookies), CLEARED, "{rule}");
        let decision = world.authenticate(alice.jar.get()).await;
        assert_eq!(outcome(&decision), ("session_revoked", "cleared"), "{rule}");
        let reason = (!fails).then_some(RevocationReason::Logout);
        assert_eq!(world.revoked(&alice.session).await, reason, "{rule}");
        assert_eq!(outcome(&world.authenticate(phone.jar.get()).await), ("1", "kept"), "{rule}");
    }
}

#[tokio::test]
async fn logout_everywhere_ends_the_present_session_too() {
    let world = World::new();
    let (laptop, phone) = (world.login("alice").await, world.login("alice").await);
    let decision = world.authenticate(laptop.jar.get()).await;
    assert_eq!(world.auth.logout_everywhere(decision.identity().unwrap()).await.unwrap(), 2);
    for browser in [&laptop, &phone] {
        assert_eq!(world.revoked(&browser.session).await, Some(RevocationReason::LogoutEverywhere));
        let decision = world.authenticate(browser.jar.get()).await;
        assert_eq!(outcome(&decision), ("session_revoked", "cleared"));
    }
}
