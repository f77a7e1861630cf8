//! A foreign site reaches none of the endpoints, and changes nothing.

use cookiejwt_store::Route;
use serde_json::json;

use crate::{
    answer::Ask,
    common::{Call, PASSWORD, World},
};

fn asks(world: &World, jar: &crate::common::Jar) -> [(&'static str, Ask); 4] {
    let credentials = json!({ "username": "alice", "password": PASSWORD }).to_string();
    let refresh = json!({ "refresh": jar.refresh }).to_string();
    world.switches.take_log();
    [
        ("login", Ask::login(credentials).cookies(jar)),
        ("refresh", Ask::post(Route::Refresh).cookies(jar)),
        ("logout", Ask::post(Route::Logout).cookies(jar).content_type("application/json").body(refresh)),
        ("verify", Ask::post(Route::Verify).cookies(jar)),
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
        for index in 0..4 {
            let world = World::new();
            let alice = world.login("alice").await;
            let (route, ask) = asks(&world, &alice.jar).into_iter().nth(index).unwrap();
            let answer = ask.header(name, value).header("host", "shop.example").of(&world).await;
            assert_eq!(answer.status(), 200, "{route}: {rule}");
        }
    }
}

/// No browser sends a bearer by itself.
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
