//! Refresh, logout and verify.

use cookiejwt_store::{RevocationReason, Route};
use serde_json::json;

use crate::{
    answer::Ask,
    common::{Call, Jar, World},
};

fn garbage() -> Jar {
    Jar { access: Some("a.b.c".into()), refresh: Some("garbage".into()), ..Jar::default() }
}

#[tokio::test]
async fn refresh_answers_as_login_does() {
    let world = World::new();
    let alice = world.login("alice").await;
    world.advance(306);
    let answer = Ask::post(Route::Refresh).cookies(&alice.jar).of(&world).await;
    let body = json!({
        "user_id": "1",
        "session_id": alice.session.as_str(),
        "access_expires_at": "2026-01-01T12:10:06Z",
        "refresh_expires_at": "2026-01-02T12:05:06Z",
    });
    answer.assert_json("rotated", &body);
    answer.assert_cookies_set("rotated", Some(300), Some(86_400));
    world.advance(4);
    let same = Ask::post(Route::Refresh).cookies(&alice.jar).of(&world).await;
    assert_eq!(same.json()["refresh_expires_at"], "2026-01-02T12:05:06Z", "the parent extends nothing");
    same.assert_cookies_set("the parent inside the leeway", Some(300), Some(86_396));
    assert_eq!(same.jar().refresh, answer.jar().refresh);
}

#[tokio::test]
async fn refresh_looks_at_the_refresh_cookie_alone() {
    type Cookies = fn(&Jar) -> Jar;
    let dead_access: Cookies = |jar| Jar { access: Some("a.b.c".into()), ..jar.without_access() };
    // An access token is signed with another key than refresh tokens.
    let unknown_key: Cookies = |jar| Jar { refresh: jar.access.clone(), ..Jar::default() };
    for (rule, cookies, seconds, status, code) in [
        ("fresh access token", Jar::clone as Cookies, 0, 200, ""),
        ("without an access token", Jar::without_access, 0, 200, ""),
        ("invalid access token", dead_access, 0, 200, ""),
        ("access token alone", Jar::without_refresh, 0, 401, "not_authenticated"),
        ("expired access token alone", Jar::without_refresh, 306, 401, "not_authenticated"),
        ("no cookie", |_| Jar::default(), 0, 401, "not_authenticated"),
        ("idle too long", Jar::clone, 86_400, 401, "session_expired"),
        ("garbage", |_| garbage(), 0, 401, "invalid_token"),
        ("early: another node's clock is ahead", Jar::clone, -3600, 401, "invalid_token"),
        ("early: signed with an unknown key", unknown_key, 0, 401, "invalid_token"),
    ] {
        let world = World::new();
        let alice = world.login("alice").await;
        world.advance(seconds);
        let answer = Ask::post(Route::Refresh).cookies(&cookies(&alice.jar)).of(&world).await;
        if status == 200 {
            answer.assert_cookies_set(rule, Some(300), Some(86_400));
            continue;
        }
        answer.assert_problem(rule, status, code);
        if code == "not_authenticated" || rule.starts_with("early") {
            answer.assert_cookies_kept(rule);
        } else {
            answer.assert_cookies_cleared(rule);
        }
        assert_eq!(world.switches.count(Call::Rotate), 0, "{rule}");
    }
}

#[tokio::test]
async fn refresh_with_a_bearer_alone_is_not_authenticated() {
    let world = World::new();
    let alice = world.login("alice").await;
    let answer = Ask::post(Route::Refresh).bearer(&alice.jar).of(&world).await;
    answer.assert_problem("bearer", 401, "not_authenticated");
    answer.assert_cookies_kept("bearer");
}

#[tokio::test]
async fn a_reused_refresh_token_reads_like_a_revoked_session() {
    let world = World::new();
    let alice = world.login("alice").await;
    world.advance(306);
    let mut jar = alice.jar.clone();
    for _ in 0..2 {
        let answer = Ask::post(Route::Refresh).cookies(&jar).of(&world).await;
        jar = answer.jar();
        world.advance(21);
    }
    let reused = Ask::post(Route::Refresh).cookies(&alice.jar).of(&world).await;
    reused.assert_problem("reuse", 401, "session_revoked");
    reused.assert_cookies_cleared("reuse");
    let owner = Ask::post(Route::Verify).cookies(&jar).of(&world).await;
    owner.assert_problem("the owner", 401, "session_revoked");
    owner.assert_cookies_cleared("the owner");
    assert_eq!(owner.0.body, reused.0.body);
    assert_eq!(owner.0.headers, reused.0.headers);
    assert_eq!(world.revoked(&alice.session).await, Some(RevocationReason::Reuse));
}

#[tokio::test]
async fn logout_is_always_200_with_an_empty_object_and_both_cookies_cleared() {
    type Cookies = fn(&Jar) -> Jar;
    for (rule, cookies, seconds) in [
        ("both cookies", Jar::clone as Cookies, 0),
        ("access cookie alone", Jar::without_refresh, 0),
        ("refresh cookie alone", Jar::without_access, 0),
        ("expired access token", Jar::clone, 306),
        ("everything expired", Jar::clone, 90_000),
        ("garbage", |_| garbage(), 0),
        ("no cookie", |_| Jar::default(), 0),
    ] {
        let world = World::new();
        let alice = world.login("alice").await;
        world.advance(seconds);
        for turn in ["once", "twice"] {
            let answer = Ask::post(Route::Logout).cookies(&cookies(&alice.jar)).of(&world).await;
            let rule = format!("{rule}, {turn}");
            answer.assert_json(&rule, &json!({}));
            answer.assert_cookies_cleared(&rule);
        }
        let verified = Ask::post(Route::Verify).cookies(&cookies(&alice.jar)).of(&world).await;
        assert_eq!(verified.status(), 401, "{rule}");
    }
}

#[tokio::test]
async fn logout_with_a_duplicated_cookie_ends_every_session_it_names() {
    let world = World::new();
    let (alice, bob) = (world.login("alice").await, world.login("bob").await);
    let field = [&alice.jar, &bob.jar].map(|jar| jar.field().unwrap()).join("; ");
    let answer = Ask::post(Route::Logout).header("cookie", field).of(&world).await;
    answer.assert_json("duplicated", &json!({}));
    for session in [&alice.session, &bob.session] {
        assert_eq!(world.revoked(session).await, Some(RevocationReason::Logout));
    }
}

#[tokio::test]
async fn logout_with_an_unavailable_store_still_clears_the_cookies() {
    let world = World::new();
    let alice = world.login("alice").await;
    world.switches.fail(Call::Revoke);
    let answer = Ask::post(Route::Logout).cookies(&alice.jar).of(&world).await;
    answer.assert_problem("503", 503, "unavailable");
    answer.assert_cookies_cleared("503");
    let nobody = Ask::post(Route::Logout).of(&world).await;
    nobody.assert_json("nothing to revoke", &json!({}));
}

#[tokio::test]
async fn verify_returns_the_subject_and_the_expiry() {
    let world = World::new();
    let alice = world.login("alice").await;
    let body =
        |until: &str| json!({ "user_id": "1", "session_id": alice.session.as_str(), "expires_at": until });
    for (rule, ask) in [
        ("cookies", Ask::post(Route::Verify).cookies(&alice.jar)),
        ("bearer", Ask::post(Route::Verify).bearer(&alice.jar)),
        ("bearer next to an invalid cookie", Ask::post(Route::Verify).bearer(&alice.jar).cookies(&garbage())),
        ("whatever body", Ask::post(Route::Verify).cookies(&alice.jar).content_type("text/plain").body("x")),
    ] {
        let answer = ask.of(&world).await;
        answer.assert_json(rule, &body("2026-01-01T12:05:00Z"));
        answer.assert_cookies_kept(rule);
    }
    world.advance(306);
    let refreshed = Ask::post(Route::Verify).cookies(&alice.jar).of(&world).await;
    refreshed.assert_json("refreshed on the way", &body("2026-01-01T12:10:06Z"));
    refreshed.assert_cookies_set("refreshed on the way", Some(300), Some(86_400));
}

#[tokio::test]
async fn verify_refuses() {
    let world = World::new();
    let alice = world.login("alice").await;
    let verify = || Ask::post(Route::Verify);
    let nobody = verify().of(&world).await;
    nobody.assert_problem("no credential", 401, "not_authenticated");
    nobody.assert_cookies_kept("no credential");
    let other_scheme = verify().header("authorization", "Basic YTpi").of(&world).await;
    other_scheme.assert_problem("another scheme", 401, "not_authenticated");
    let dead = verify().cookies(&garbage()).of(&world).await;
    dead.assert_problem("invalid cookies", 401, "invalid_token");
    dead.assert_cookies_cleared("invalid cookies");
    let bearer = verify().header("authorization", "Bearer a.b.c").of(&world).await;
    bearer.assert_problem("invalid bearer", 401, "invalid_token");
    bearer.assert_cookies_kept("invalid bearer");
    world.advance(306);
    world.switches.fail(Call::Rotate);
    let away = verify().cookies(&alice.jar).of(&world).await;
    away.assert_problem("store unavailable", 503, "unavailable");
    away.assert_cookies_kept("store unavailable");
    world.switches.mend(Call::Rotate);
    world.users.change(1, |alice| alice.claims = json!(7));
    let unmintable = verify().cookies(&alice.jar).of(&world).await;
    unmintable.assert_problem("claims that are no object", 500, "server_error");
    unmintable.assert_cookies_kept("claims that are no object");
}
