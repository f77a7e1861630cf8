//! Rows e, g, h and m to p through the stores.

use std::collections::HashSet;

use cookiejwt_store::{Progress, Reason, testing};
use http::{Method, Request};
use time::Duration;

use crate::common::{Call, Jar, World, lines, outcome};

#[tokio::test]
async fn a_fresh_access_token_costs_no_store() {
    let world = World::new();
    let alice = world.login("alice").await;
    let _ = world.authenticate(alice.jar.get()).await;
    world.switches.take_log();
    for head in [alice.jar.get(), alice.jar.post(), alice.jar.without_refresh().get(), alice.jar.bearer()] {
        let Progress::Settled(decision) = world.auth.begin(&head) else { panic!("nothing has to be asked") };
        assert_eq!(outcome(&decision), ("1", "kept"));
        assert_eq!(decision.reason, Reason::AccessValid);
    }
    assert_eq!(world.switches.take_log(), []);
}

#[tokio::test]
async fn an_anonymous_request_makes_no_store_call() {
    let world = World::new();
    let decision = world.authenticate(Jar::default().get()).await;
    assert_eq!(outcome(&decision), ("not_authenticated", "kept"));
    assert_eq!(decision.reason, Reason::NoCredential);
    assert_eq!(world.switches.take_log(), []);
}

/// Refreshed in the same call: the handler gets the new identity, with current claims.
#[tokio::test]
async fn refreshes_on_the_way() {
    type Cookies = fn(&Jar) -> Jar;
    let garbage: Cookies = |jar| Jar { access: Some("garbage".into()), ..jar.clone() };
    for (rule, seconds, cookies) in [
        ("expired access cookie", 306, Jar::clone as Cookies),
        ("missing access cookie", 306, Jar::without_access),
        ("missing access cookie, seconds after the login", 1, Jar::without_access),
        ("invalid access cookie", 1, garbage),
        ("near its end", 270, Jar::clone),
    ] {
        let world = World::new();
        let alice = world.login("alice").await;
        world.advance(seconds);
        world.users.change(1, |alice| alice.claims = serde_json::json!({ "name": "Alice II" }));
        let decision = world.authenticate(cookies(&alice.jar).get()).await;
        assert_eq!(outcome(&decision), ("1", "set"), "{rule}");
        assert_eq!(decision.reason, Reason::Rotated, "{rule}");
        let identity = decision.identity().unwrap();
        assert_eq!(identity.issued_at(), testing::NOW + Duration::seconds(seconds), "{rule}");
        assert_eq!(identity.auth_time(), Some(testing::NOW), "{rule}: the proof is as old as it was");
        assert_eq!(identity.claims::<serde_json::Value>().unwrap()["name"], "Alice II", "{rule}");
        assert_eq!(identity.session_id(), &alice.session, "{rule}");
        let jar = Jar::of(&decision.cookies);
        assert_eq!(
            outcome(&world.authenticate(jar.get()).await),
            ("1", "kept"),
            "{rule}: the new pair works"
        );
        assert_eq!(world.switches.count(Call::Rotate), 1, "{rule}");
    }
}

#[tokio::test]
async fn does_not_refresh_without_need_or_permission() {
    let cross_site = |jar: &Jar| {
        let request = Request::get("/").header("cookie", jar.field().unwrap());
        request.header("sec-fetch-site", "cross-site").body(()).unwrap().into_parts().0
    };
    let world = World::new();
    let alice = world.login("alice").await;
    world.advance(269);
    assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("1", "kept"), "31 s before its end");
    world.advance(1);
    assert_eq!(outcome(&world.authenticate(cross_site(&alice.jar)).await), ("1", "kept"), "row g");
    let lone = world.authenticate(alice.jar.without_refresh().get()).await;
    assert_eq!(outcome(&lone), ("1", "kept"), "row g: no refresh cookie");
    assert_eq!(outcome(&world.authenticate(alice.jar.bearer()).await), ("1", "kept"), "row b");
    world.expire_access();
    assert_eq!(
        outcome(&world.authenticate(cross_site(&alice.jar)).await),
        ("refresh_required", "kept"),
        "row h"
    );
    let options = world.authenticate(alice.jar.head(Method::OPTIONS)).await;
    assert_eq!(outcome(&options), ("refresh_required", "kept"), "row h");
    assert_eq!(world.switches.count(Call::Rotate), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_parallel_requests_rotate_once_and_agree_on_one_refresh_cookie() {
    let world = World::new();
    let alice = world.login("alice").await;
    let before = world.row(&alice.session).await;
    world.expire_access();
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (auth, head) = (world.auth.clone(), alice.jar.get());
            tokio::spawn(async move { auth.authenticate(&head).await })
        })
        .collect();
    let (mut refresh_lines, mut rotated) = (HashSet::new(), 0);
    for task in tasks {
        let decision = task.await.unwrap();
        assert_eq!(outcome(&decision), ("1", "set"), "{:?}", decision.reason);
        rotated += usize::from(decision.reason == Reason::Rotated);
        refresh_lines.insert(lines(&decision.cookies)[1].clone());
    }
    assert_eq!(rotated, 1);
    assert_eq!(refresh_lines.len(), 1, "{refresh_lines:?}");
    let after = world.row(&alice.session).await;
    assert_eq!(after.previous_jti, Some(before.current_jti), "the parent is the token of the login");
    let mut jar = Jar::default();
    jar.apply(&refresh_lines.into_iter().collect::<Vec<_>>());
    assert_eq!(outcome(&world.auth.refresh(&jar.post()).await), ("1", "set"), "the one successor is alive");
}

/// Row o.
#[tokio::test]
async fn the_parent_gets_the_same_successor_inside_the_leeway() {
    for (rule, millis) in
        [("at once", 0), ("another node's clock is behind", -3000), ("at its very end", 10_000)]
    {
        let world = World::new();
        let alice = world.login("alice").await;
        world.expire_access();
        let first = world.authenticate(alice.jar.get()).await;
        let row = world.row(&alice.session).await;
        world.clock.advance(Duration::milliseconds(millis));
        let second = world.authenticate(alice.jar.get()).await;
        assert_eq!(second.reason, Reason::ParentInLeeway, "{rule}");
        assert_eq!(outcome(&second), ("1", "set"), "{rule}");
        let (first, second) = (Jar::of(&first.cookies), Jar::of(&second.cookies));
        assert_eq!(first.refresh, second.refresh, "{rule}: byte for byte");
        assert_ne!(first.access, second.access, "{rule}");
        assert_eq!(world.row(&alice.session).await, row, "{rule}: grace extends nothing");
    }
}

#[tokio::test]
async fn a_rotation_whose_response_is_lost_recovers() {
    let world = World::new();
    let alice = world.login("alice").await;
    world.expire_access();
    world.switches.lose_answer(Call::Rotate);
    assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("unavailable", "kept"));
    let row = world.row(&alice.session).await;
    assert!(row.previous_jti.is_some(), "it was rotated all the same");
    world.switches.mend(Call::Rotate);
    let healed = world.authenticate(alice.jar.get()).await;
    assert_eq!(healed.reason, Reason::ParentInLeeway);
    world.advance(21);
    let next = world.auth.refresh(&Jar::of(&healed.cookies).post()).await;
    assert_eq!(next.reason, Reason::Rotated, "the successor that was minted again is the row's");
    assert_eq!(world.row(&alice.session).await.previous_jti, Some(row.current_jti));
}

/// Row p: a browser that restores ten tabs rotates once, so that requests in flight have at most
/// the parent.
#[tokio::test]
async fn a_session_rotates_at_most_once_per_leeway() {
    let world = World::new();
    let alice = world.login("alice").await;
    let first = world.auth.refresh(&alice.jar.post()).await;
    assert_eq!(first.reason, Reason::Rotated, "the first rotation after a login is free");
    let jar = Jar::of(&first.cookies);
    for (millis, reason) in
        [(0, Reason::CurrentInLeeway), (10_000, Reason::CurrentInLeeway), (10_001, Reason::Rotated)]
    {
        world.clock.advance(Duration::milliseconds(millis));
        let decision = world.auth.refresh(&jar.post()).await;
        assert_eq!(decision.reason, reason, "+{millis} ms");
        assert_eq!(outcome(&decision), ("1", "set"));
        let same = Jar::of(&decision.cookies).refresh == jar.refresh;
        assert_eq!(same, reason == Reason::CurrentInLeeway, "+{millis} ms");
    }
}

#[tokio::test]
async fn idle_and_absolute_end() {
    let world = World::new();
    let alice = world.login("alice").await;
    world.advance(86_400);
    let idle = world.authenticate(alice.jar.get()).await;
    assert_eq!(outcome(&idle), ("session_expired", "cleared"), "the refresh token expires at its exp");
    let day = std::time::Duration::from_hours(24);
    let world = World::with(testing::config().session_max_age(day));
    let mut jar = world.login("alice").await.jar;
    for _ in 0..3 {
        world.advance(28_000);
        jar = Jar::of(&world.auth.refresh(&jar.post()).await.cookies);
    }
    world.advance(2_300);
    let last = world.auth.refresh(&jar.post()).await;
    let lines = lines(&last.cookies);
    assert!(
        lines.iter().all(|line| line.ends_with("; Max-Age=100; Expires=Fri, 02 Jan 2026 12:00:00 GMT")),
        "capped by the absolute end: {lines:?}"
    );
    assert_eq!(last.refresh_expires_at, Some(testing::NOW + Duration::days(1)));
    world.advance(100);
    let ended = world.authenticate(Jar::of(&last.cookies).without_access().get()).await;
    assert_eq!(outcome(&ended), ("session_expired", "cleared"));
}

/// Row k.
#[tokio::test]
async fn a_user_who_is_gone_or_disabled_dies_at_the_next_refresh() {
    type Change = fn(&World);
    for (rule, change) in [
        ("disabled", (|world| world.users.change(1, |alice| alice.is_active = false)) as Change),
        ("gone", |world| world.users.remove(1)),
    ] {
        let world = World::new();
        let alice = world.login("alice").await;
        change(&world);
        assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("1", "kept"), "{rule}: not before");
        world.expire_access();
        assert_eq!(
            outcome(&world.authenticate(alice.jar.get()).await),
            ("session_revoked", "cleared"),
            "{rule}"
        );
        let reason = world.revoked(&alice.session).await;
        assert_eq!(reason, Some(cookiejwt_store::RevocationReason::UserInactive), "{rule}");
        assert_eq!(world.switches.count(Call::Rotate), 0, "{rule}");
    }
}

/// Row l: decided before the store is asked.
#[tokio::test]
async fn tokens_that_cannot_be_minted_rotate_nothing() {
    let world = World::new();
    let alice = world.login("alice").await;
    world.users.change(1, |alice| alice.claims = serde_json::json!({ "x": "y".repeat(4096) }));
    world.advance(270);
    assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("1", "kept"), "soft near its end");
    assert_eq!(outcome(&world.auth.refresh(&alice.jar.post()).await), ("server_error", "kept"));
    world.expire_access();
    assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("server_error", "kept"));
    assert_eq!(world.switches.count(Call::Rotate), 0);
    world.users.change(1, |alice| alice.claims = serde_json::Value::Null);
    assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("1", "set"), "nothing was lost");
}
