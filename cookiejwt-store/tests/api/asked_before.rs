//! Endpoints after a middleware of the application that has authenticated the request, with a slow
//! body.

use bytes::Bytes;
use cookiejwt_store::{Body, Caller, Guard, RevocationReason, Route, Slot};
use http::{HeaderMap, Method};
use serde_json::json;

use crate::{
    answer::{Answer, Ask},
    common::{Browser, CLEARED, Call, Jar, PASSWORD, World, let_tasks_run},
};

const JSON: &str = "application/json";

fn password(route: Route, body: &serde_json::Value) -> Ask {
    Ask::post(route).content_type(JSON).body(body.to_string())
}

/// Alice's access token has expired; a middleware authenticates, and `seconds` later the body has
/// arrived.
async fn asked(world: &World, alice: &Browser, ask: Ask, seconds: i64) -> Answer {
    let slot = Slot::new(&world.auth, "/");
    ask.cookies(&alice.jar).after_middleware(world, &slot, async || world.advance(seconds)).await
}

/// What the browser has at the end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Holds {
    /// The tokens of the middleware's refresh.
    TheRefreshed,
    /// Another session.
    ANewOne,
    Nothing,
}

#[tokio::test]
async fn a_request_never_ends_its_own_session() {
    use Holds::{ANewOne, Nothing, TheRefreshed};
    let fresh = |word: &str| password(Route::FreshLogin, &json!({ "password": word }));
    let change = json!({ "current_password": PASSWORD, "new_password": "another password" });
    let bob = || Ask::login(json!({ "username": "bob", "password": PASSWORD }).to_string());
    let unknown = || Ask::login(json!({ "username": "nobody", "password": PASSWORD }).to_string());
    for (rule, ask, status, holds) in [
        ("verify", Ask::post(Route::Verify), 200, TheRefreshed),
        ("the list", Ask::get(Route::Sessions), 200, TheRefreshed),
        ("the end of all others", Ask::get(Route::Sessions).method(Method::DELETE), 200, TheRefreshed),
        ("the end of one that is not there", Ask::end("no-such-session"), 404, TheRefreshed),
        ("a wrong password", fresh("wrong"), 401, TheRefreshed),
        ("no password", Ask::post(Route::FreshLogin).content_type(JSON), 400, TheRefreshed),
        ("a fresh login", fresh(PASSWORD), 200, ANewOne),
        ("a new password", password(Route::Password, &change), 204, ANewOne),
        ("a refresh", Ask::post(Route::Refresh), 200, TheRefreshed),
        ("a login as another user", bob(), 200, ANewOne),
        ("a login that fails", unknown(), 401, TheRefreshed),
        ("a logout", Ask::post(Route::Logout), 200, Nothing),
    ] {
        for seconds in [0, 11, 61] {
            let world = World::new();
            let alice = world.login("alice").await;
            world.login("bob").await;
            world.expire_access();
            world.switches.take_log();
            let answer = asked(&world, &alice, ask.clone(), seconds).await;
            let rule = format!("{rule}, {seconds} s later");
            assert_eq!(answer.status(), status, "{rule}");
            assert_ne!(world.revoked(&alice.session).await, Some(RevocationReason::Reuse), "{rule}");
            let rotations =
                world.switches.take_log().into_iter().filter(|call| *call == Call::Rotate).count();
            assert_eq!(rotations, 1, "{rule}");
            let lines = answer.set_cookies();
            let names: std::collections::BTreeSet<_> =
                lines.iter().map(|line| line.split('=').next()).collect();
            assert_eq!(names.len(), lines.len(), "{rule}: one line per name");
            assert_eq!(held(&world, &alice, &answer).await, holds, "{rule}");
        }
    }
}

async fn held(world: &World, alice: &Browser, answer: &Answer) -> Holds {
    if answer.set_cookies() == CLEARED {
        return Holds::Nothing;
    }
    match world.auth.authenticate(&answer.jar().get()).await.required() {
        Ok(who) if who.session_id() == &alice.session => Holds::TheRefreshed,
        Ok(_) => Holds::ANewOne,
        Err(problem) => panic!("{problem:?}"),
    }
}

/// A login, a logout and a refresh read their own credentials.
#[tokio::test]
async fn routes_that_do_not_authenticate_settle_nothing() {
    for route in [Route::Login, Route::Refresh, Route::Logout] {
        let world = World::new();
        let alice = world.login("alice").await;
        world.expire_access();
        let (slot, head) = (Slot::new(&world.auth, "/"), alice.jar.post());
        let caller = Caller { ip: None, slot: Some(&slot) };
        let _ = world.auth.api().handle(route, (&head).into(), Body::Complete(Bytes::new()), caller).await;
        let mut headers = HeaderMap::new();
        slot.write_cookies(&mut headers);
        assert!(headers.is_empty(), "{route:?}");
    }
}

#[tokio::test]
async fn the_slot_of_another_authenticator_is_not_asked() {
    let (world, other) = (World::new(), World::new());
    let alice = world.login("alice").await;
    let slot = Slot::new(&other.auth, "/");
    let answer =
        Ask::post(Route::Verify).cookies(&alice.jar).after_middleware(&world, &slot, async || ()).await;
    assert_eq!(answer.status(), 200, "its own decision");
    let guard = Guard::login(&world.auth);
    let head = alice.jar.get();
    let decision = slot.settle((&head).into()).await;
    assert!(decision.identity().is_some(), "both worlds have the keys of the tests");
    let refusal = slot.admit(&guard, decision, (&head).into()).unwrap_err();
    assert_eq!(refusal.into_reply().status, 500, "never a pass");
}

/// The session ended after the request was authenticated: the tokens of its refresh are not sent.
#[tokio::test]
async fn the_lines_of_a_session_that_was_replaced_meanwhile_are_not_sent() {
    let world = World::new();
    let alice = world.login("alice").await;
    world.expire_access();
    let slot = Slot::new(&world.auth, "/");
    let ask = password(Route::FreshLogin, &json!({ "password": PASSWORD })).cookies(&alice.jar);
    let meanwhile = async || {
        world.auth.revoke_session(alice.session.clone(), RevocationReason::Replaced).await.unwrap();
        let_tasks_run().await;
    };
    let answer = ask.after_middleware(&world, &slot, meanwhile).await;
    answer.assert_problem("replaced", 401, "session_revoked");
    answer.assert_cookies_kept("replaced");
    assert_eq!(slot.identity((&Jar::default().get()).into()).await.map(drop), Ok(()), "the decision stays");
}
