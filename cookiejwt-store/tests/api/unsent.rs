//! A handler that fails after a custom login leaves no session behind.

use cookiejwt_store::{Cookies, LoginError, LoginOptions, RequestContext, Slot};
use http::{HeaderMap, Request};

use crate::common::{PASSWORD, World};

async fn login(world: &World) -> Result<Cookies, LoginError> {
    let (head, ()) = Request::post("/sign-in").body(()).unwrap().into_parts();
    let slot = Slot::new(&world.auth, "/sign-in");
    let context = RequestContext::new(&slot, (&head).into(), None);
    context.login(&world.users.row(1), LoginOptions::new()).await
}

/// Lets the task run that revokes in the background.
async fn living(world: &World) -> usize {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    world.tokens.living(1).await.len()
}

#[tokio::test]
async fn cookies_that_are_dropped_take_their_session_with_them() {
    let world = World::new();
    let cookies = login(&world).await.unwrap();
    assert_eq!(living(&world).await, 1, "while the handler works");
    let copy = cookies.clone();
    drop(cookies);
    assert_eq!(living(&world).await, 1, "a clone may still be sent");
    drop(copy);
    assert_eq!(living(&world).await, 0);
}

#[tokio::test]
async fn cookies_that_are_written_or_handed_on_keep_their_session() {
    let world = World::new();
    let written = login(&world).await.unwrap();
    written.write(&mut HeaderMap::new());
    drop(written);
    assert_eq!(living(&world).await, 1);
    let handed_on = login(&world).await.unwrap();
    assert_eq!(handed_on.lines().iter().count(), 3);
    drop(handed_on);
    assert_eq!(living(&world).await, 2);
}

#[tokio::test]
async fn a_fresh_login_that_is_dropped_leaves_the_session_that_asked_its_last_minute() {
    let world = World::new();
    let browser = world.login("alice").await;
    let head = browser.jar.head(http::Method::POST);
    let who = world.auth.authenticate(&head).await.required().unwrap().clone();
    let slot = Slot::new(&world.auth, "/");
    let cookies = RequestContext::new(&slot, (&head).into(), None).fresh_login(&who, PASSWORD).await.unwrap();
    drop(cookies);
    assert_eq!(living(&world).await, 0);
    assert!(world.auth.authenticate(&head).await.required().is_ok());
}
