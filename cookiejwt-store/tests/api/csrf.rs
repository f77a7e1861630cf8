//! Another site can use none of the endpoints, and changes nothing.

use cookiejwt_store::Route;
use http::Method;
use serde_json::json;

use crate::{
    answer::Ask,
    common::{Call, PASSWORD, World},
};

const NEW: &str = "battery staple";

fn asks(world: &World, jar: &crate::common::Jar) -> [(&'static str, Ask); 8] {
    let credentials = json!({ "username": "alice", "password": PASSWORD }).to_string();
    let refresh = json!({ "refresh": jar.refresh }).to_string();
    let session = world.tokens.created.lock().unwrap().last().unwrap().clone();
    let json = |route, body: serde_json::Value| {
        Ask::post(route).cookies(jar).content_type("application/json").body(body.to_string())
    };
    world.switches.take_log();
    [
        ("login", Ask::login(credentials).cookies(jar)),
        ("refresh", Ask::post(Route::Refresh).cookies(jar)),
        ("logout", Ask::post(Route::Logout).cookies(jar).content_type("application/json").body(refresh)),
        ("verify", Ask::post(Route::Verify).cookies(jar)),
        ("fresh login", json(Route::FreshLogin, json!({ "password": PASSWORD }))),
        ("password", json(Route::Password, json!({ "current_password": PASSWORD, "new_password": NEW }))),
        ("ending a session", Ask::end(session.as_str()).cookies(jar)),
        ("ending the others", Ask::post(Route::Sessions).method(Method::DELETE).cookies(jar)),
    ]
}

#[tokio::test]
async fn a_foreign_site_is_refused_and_nothing_changes() {
    for (rule, name, value) in [
        ("cross-site", "sec-fetch-site", "cross-site"),
        ("same-site is not ours", "sec-fetch-site", "same-site"),
        ("unknown value", "sec-fetch-site", "elsewhere"),
        ("foreign origin", "origin", "https://evil.example"),
        ("null origin", "origin", "null"),
    ] {
        let world = World::new();
        let alice = world.login("alice").await;
        world.advance(306);
        let before = (world.row(&alice.session).await, world.hasher.verifications());
        for (route, ask) in asks(&world, &alice.jar) {
            let answer = ask.header(name, value).header("host", "shop.example").of(&world).await;
            let rule = format!("{route}: {rule}");
            answer.assert_problem(&rule, 403, "csrf_failed");
            answer.assert_cookies_kept(&rule);
        }
        assert_eq!(world.switches.take_log(), [], "{rule}: no store is asked");
        assert_eq!((world.row(&alice.session).await, world.hasher.verifications()), before, "{rule}");
    }
}

#[tokio::test]
async fn our_own_pages_and_clients_that_are_no_browser_pass() {
    for (rule, name, value) in [
        ("same-origin", "sec-fetch-site", "same-origin"),
        ("typed by the user", "sec-fetch-site", "none"),
        ("our origin", "origin", "https://shop.example"),
        ("no browser", "accept", "*/*"),
    ] {
        for index in 0..8 {
            let world = World::new();
            let alice = world.login("alice").await;
            let (route, ask) = asks(&world, &alice.jar).into_iter().nth(index).unwrap();
            let answer = ask.header(name, value).header("host", "shop.example").of(&world).await;
            assert!(answer.0.status.is_success(), "{route}: {rule}: {}", answer.status());
        }
    }
}

/// No browser sends a bearer automatically.
#[tokio::test]
async fn a_bearer_needs_no_permission_on_verify_and_logout() {
    let world = World::new();
    let alice = world.login("alice").await;
    for (rule, route) in [("verify", Route::Verify), ("logout", Route::Logout)] {
        let ask = Ask::post(route).bearer(&alice.jar).header("sec-fetch-site", "cross-site");
        assert_eq!(ask.of(&world).await.status(), 200, "{rule}");
    }
    assert_eq!(world.switches.count(Call::Revoke), 1);
}
