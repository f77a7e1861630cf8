//! Methods, and the challenge that every 401 carries.

use cookiejwt_store::{Authenticator, BuildError, MemoryStore, Route, testing};
use http::{Method, Request};

use crate::{
    answer::Ask,
    common::{Switches, TestHasher, TestUsers, World},
};

const POST_ROUTES: [Route; 6] =
    [Route::Login, Route::Refresh, Route::Logout, Route::Verify, Route::FreshLogin, Route::Password];

#[tokio::test]
async fn only_post_is_allowed_and_405_lists_it() {
    let world = World::new();
    let alice = world.login("alice").await;
    world.switches.take_log();
    // `token/verify/` also answers the GET of a proxy.
    for route in POST_ROUTES.into_iter().filter(|route| *route != Route::Verify) {
        for method in
            ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "post"]
        {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let rule = format!("{method} {route:?}");
            let answer = Ask::post(route).method(method).cookies(&alice.jar).of(&world).await;
            answer.assert_problem(&rule, 405, "method_not_allowed");
            answer.assert_cookies_kept(&rule);
        }
    }
    assert_eq!(world.switches.take_log(), []);
}

#[tokio::test]
async fn a_method_override_changes_nothing() {
    let world = World::new();
    let alice = world.login("alice").await;
    let answer = Ask::get(Route::Logout)
        .cookies(&alice.jar)
        .header("x-http-method-override", "POST")
        .content_type("application/x-www-form-urlencoded")
        .body("_method=post");
    assert_eq!(answer.of(&world).await.status(), 405);
    assert_eq!(world.revoked(&alice.session).await, None);
}

#[test]
fn the_properties_of_a_route() {
    let api = World::with(testing::config().token_mode(true)).auth.api();
    for (route, in_cookie_mode, in_token_mode) in [
        (Route::Login, true, true),
        (Route::Refresh, false, true),
        (Route::Logout, true, true),
        (Route::Verify, false, false),
        (Route::FreshLogin, true, true),
        (Route::Sessions, false, false),
        (Route::Session, false, false),
        (Route::Password, true, true),
        (Route::Jwks, false, false),
    ] {
        for (field, reads_body) in [("x-mode", in_cookie_mode), ("cookiejwt-mode", in_token_mode)] {
            let (head, ()) = Request::post("/").header(field, "token").body(()).unwrap().into_parts();
            assert_eq!(api.reads_body(route, (&head).into()), reads_body, "{route:?} {field}");
        }
    }
}

#[test]
fn what_a_builder_refuses() {
    let builder = || {
        let users = TestUsers::new(Switches::default());
        let builder = Authenticator::builder(testing::config().build().unwrap());
        builder.password_hasher(TestHasher::default()).users(users).tokens(MemoryStore::new())
    };
    for (prefix, accepted) in
        [("/api/auth", true), ("/a", true), ("auth", false), ("/auth/", false), ("/", false), ("", false)]
    {
        let built = builder().prefix(prefix).build();
        assert_eq!(built.is_ok(), accepted, "{prefix:?}");
    }
    let auth = builder().prefix("/a").build().unwrap();
    assert_eq!(auth.api().paths()[0].0, "/a/token");
    let has_password = |auth: Authenticator| auth.api().paths().iter().any(|(_, r)| *r == Route::Password);
    assert!(!has_password(auth), "the route that changes the application's table is off by default");
    assert!(has_password(builder().password_route(true).build().unwrap()));
    let bare =
        || Authenticator::builder(testing::config().build().unwrap()).password_hasher(TestHasher::default());
    let no_users = bare().tokens(MemoryStore::new()).build();
    assert!(matches!(no_users, Err(BuildError::NoUserStore)));
    let no_tokens = bare().users(TestUsers::new(Switches::default())).build();
    assert!(matches!(no_tokens, Err(BuildError::NoTokenStore)));
    let hasher = TestHasher::default();
    hasher.stop_hashing();
    assert!(matches!(builder().password_hasher(hasher).build(), Err(BuildError::Password(_))));
}

/// Invalid prefixes: otherwise no user could log in or out.
#[test]
fn a_skip_that_covers_our_own_routes_is_refused() {
    for (rule, skip, covered) in [
        ("everything above the prefix", "/api", "/api/auth/token"),
        ("the prefix", "/api/auth/", "/api/auth/token"),
        ("one route", "/api/auth/token/refresh", "/api/auth/token/refresh"),
        ("with its slash", "/api/auth/logout/", "/api/auth/logout"),
        ("one that looks alike", "/api/authors", ""),
        ("elsewhere", "/static", ""),
        ("a route that is not there", "/api/auth/register", ""),
    ] {
        let config = testing::config().skip("/health").skip(skip).build().unwrap();
        let built = Authenticator::builder(config)
            .users(TestUsers::new(Switches::default()))
            .tokens(MemoryStore::new())
            .password_hasher(TestHasher::default())
            .build();
        match built {
            Ok(_) => assert_eq!(covered, "", "{rule}"),
            Err(BuildError::Skip(path)) => assert_eq!(path, covered, "{rule}"),
            Err(error) => panic!("{rule}: {error}"),
        }
    }
}
