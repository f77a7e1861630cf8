//! A login form of the application's own is as safe as the login route, and the route can be
//! switched off.

use cookiejwt_store::{CsrfDenial, LoggedIn, LoginError, LoginOptions, RequestContext, Route, Slot, testing};
use http::{Method, Request, request::Parts};

use crate::{
    answer::Ask,
    common::{PASSWORD, World},
};

fn form(method: Method, field: (&str, &str)) -> Parts {
    Request::builder().method(method).uri("/login").header(field.0, field.1).body(()).unwrap().into_parts().0
}

fn own_page() -> Parts {
    form(Method::POST, ("sec-fetch-site", "same-origin"))
}

async fn log_in(world: &World, head: &Parts, login: &str, password: &str) -> Result<LoggedIn, LoginError> {
    let ip = Some("192.0.2.7".parse().unwrap());
    let context = RequestContext::new(&Slot::new(&world.auth, "/login"), head.into(), ip);
    context.login_with_password(login, password, LoginOptions::new()).await
}

#[tokio::test]
async fn the_right_password_opens_a_session_and_makes_the_device_known() {
    let world = World::new();
    let cookies = log_in(&world, &own_page(), "alice", PASSWORD).await.unwrap().into_cookies();
    let names: Vec<_> = cookies.lines().iter().map(|cookie| cookie.name().to_owned()).collect();
    assert_eq!(names, ["__Host-access_token", "__Host-refresh_token", "__Host-known_device"]);
    assert_eq!(world.tokens.living(1).await.len(), 1);
}

#[tokio::test]
async fn wrong_passwords_count_in_the_buckets_of_the_route() {
    let world = World::new();
    for login in ["alice", "alice", "alice"] {
        let refused = log_in(&world, &own_page(), login, "guess").await;
        assert!(matches!(refused, Err(LoginError::InvalidCredentials)), "{refused:?}");
    }
    let wrong = r#"{"username":"alice","password":"guess"}"#;
    for _ in 0..2 {
        Ask::login(wrong).from("192.0.2.7").of(&world).await.assert_problem(
            "wrong",
            401,
            "invalid_credentials",
        );
    }
    let sixth = log_in(&world, &own_page(), "alice", PASSWORD).await;
    assert!(matches!(sixth, Err(LoginError::Throttled { retry_after_seconds: 30 })), "{sixth:?}");
}

#[tokio::test]
async fn an_unknown_user_costs_a_hash_as_well() {
    let world = World::new();
    let hashes = |login: &'static str| {
        let world = &world;
        async move {
            let before = world.hasher.verifications();
            assert!(log_in(world, &own_page(), login, "guess").await.is_err());
            world.hasher.verifications() - before
        }
    };
    assert_eq!(hashes("alice").await, hashes("nobody").await);
}

#[tokio::test]
async fn a_form_of_another_site_and_a_get_open_no_session() {
    let world = World::new();
    for (rule, head) in [
        ("another site", form(Method::POST, ("sec-fetch-site", "cross-site"))),
        ("a sibling", form(Method::POST, ("sec-fetch-site", "same-site"))),
        ("a GET", form(Method::GET, ("sec-fetch-site", "same-origin"))),
    ] {
        let refused = log_in(&world, &head, "alice", PASSWORD).await;
        assert!(matches!(refused, Err(LoginError::Csrf(_))), "{rule}: {refused:?}");
    }
    let get = log_in(&world, &form(Method::GET, ("accept", "text/html")), "alice", PASSWORD).await;
    assert!(matches!(get, Err(LoginError::Csrf(CsrfDenial::SafeLogin))), "{get:?}");
    assert!(world.tokens.living(1).await.is_empty());
}

#[tokio::test]
async fn a_request_in_token_mode_gets_tokens_and_no_cookies() {
    let world = World::with(testing::config().token_mode(true));
    let head = form(Method::POST, ("cookiejwt-mode", "token"));
    let cookies = log_in(&world, &head, "alice", PASSWORD).await.unwrap().into_cookies();
    assert!(cookies.lines().is_empty());
    let reply = cookies.send().unwrap();
    assert!(reply.body.starts_with(br#"{"access":"#), "{reply:?}");
}

#[tokio::test]
async fn without_the_password_routes_a_password_alone_opens_nothing() {
    let mut world = World::new();
    world.auth = world.builder().password_login(false).build().unwrap();
    let served: Vec<_> = world.auth.api().paths().into_iter().map(|(_, route)| route).collect();
    assert!(!served.contains(&Route::Login) && !served.contains(&Route::FreshLogin), "{served:?}");
    assert!(served.contains(&Route::Refresh) && served.contains(&Route::Logout));
    for path in ["/api/auth/token/", "/api/auth/token/fresh/"] {
        assert_eq!(world.auth.api().route_at(path), None, "{path}");
    }
    let documented = world.auth.openapi().paths.paths;
    assert!(documented.contains_key("/api/auth/token/refresh/"), "{:?}", documented.keys());
    assert!(
        !documented.contains_key("/api/auth/token/") && !documented.contains_key("/api/auth/token/fresh/")
    );
}
