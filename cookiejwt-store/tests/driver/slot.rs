//! The slot that holds a request's decision.

use std::sync::Arc;

use cookiejwt_store::{
    AnySlot, Expect, Guard, JwksDocument, Problem, RevocationReason, Slot, Verifier, VerifierSlot, testing,
};
use futures_util::future::join_all;
use http::{HeaderMap, HeaderValue, header::SET_COOKIE};

use crate::common::{CLEARED, Call, Jar, User, World};

fn written(slot: &Slot) -> Vec<String> {
    let mut headers = HeaderMap::new();
    slot.write_cookies(&mut headers);
    headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn several_askers_at_once_ask_the_stores_once() {
    let world = World::new();
    let alice = world.login("alice").await;
    world.expire_access();
    let slot = Arc::new(Slot::new(&world.auth, "/"));
    assert_eq!(written(&slot), Vec::<String>::new(), "nothing before the first extractor");
    let head = alice.jar.get();
    world.switches.take_log();
    let identities = join_all((0..10).map(|_| slot.identity((&head).into()))).await;
    assert!(identities.iter().all(|identity| identity.as_ref().unwrap().session_id() == &alice.session));
    assert_eq!(world.switches.take_log(), [Call::FindById, Call::Rotate]);
    let mut jar = Jar::default();
    jar.apply(&written(&slot));
    assert!(slot.maybe_identity((&head).into()).await.unwrap().is_some(), "decided is decided");
    assert_eq!(world.switches.take_log(), []);
}

#[tokio::test]
async fn the_user_is_read_fresh_and_one_who_may_not_stay_is_refused() {
    type Change = fn(&World);
    for (rule, change, expected, revoked) in [
        ("active", (|_| ()) as Change, Ok("alice"), None),
        (
            "disabled",
            |world| world.users.change(1, |alice| alice.is_active = false),
            Err(Problem::SessionRevoked),
            Some(RevocationReason::UserInactive),
        ),
        (
            "gone",
            |world| world.users.remove(1),
            Err(Problem::SessionRevoked),
            Some(RevocationReason::UserInactive),
        ),
        ("store unavailable", |world| world.switches.fail(Call::FindById), Err(Problem::Unavailable), None),
    ] {
        let world = World::new();
        let alice = world.login("alice").await;
        change(&world);
        for (source, head, cleared) in
            [("cookie", alice.jar.get(), revoked.is_some()), ("bearer", alice.jar.bearer(), false)]
        {
            let slot = Slot::new(&world.auth, "/");
            let user = slot.user::<User>((&head).into()).await;
            assert_eq!(user.map(|user| user.login), expected, "{rule}, {source}");
            let lines = if cleared { CLEARED.map(String::from).to_vec() } else { Vec::new() };
            assert_eq!(written(&slot), lines, "{rule}, {source}");
        }
        assert_eq!(world.revoked(&alice.session).await, revoked, "{rule}");
    }
}

#[tokio::test]
async fn a_user_of_another_type_is_a_mistake_of_the_application() {
    let world = World::new();
    let alice = world.login("alice").await;
    let slot = Slot::new(&world.auth, "/");
    assert_eq!(slot.user::<String>((&alice.jar.get()).into()).await, Err(Problem::ServerError));
}

#[tokio::test]
async fn an_optional_identity_is_none_but_hides_no_failure() {
    for (rule, fails, expected) in [
        ("refused: anonymous", None, Ok(false)),
        ("an unavailable store still gets 503", Some(Call::Rotate), Err(Problem::Unavailable)),
    ] {
        let world = World::new();
        let alice = world.login("alice").await;
        let jar = match fails {
            Some(call) => {
                world.switches.fail(call);
                alice.jar.without_access()
            }
            None => Jar { refresh: Some("garbage".into()), ..Jar::default() },
        };
        let slot = Slot::new(&world.auth, "/");
        let found = slot.maybe_identity((&jar.get()).into()).await;
        assert_eq!(found.map(|identity| identity.is_some()), expected, "{rule}");
    }
}

/// The path of the request decides, even if a router has removed a prefix.
#[tokio::test]
async fn a_skipped_path_never_settles() {
    let world = World::with(testing::config().skip("/static"));
    let alice = world.login("alice").await;
    for (wire, routed, expected) in [
        ("/static/app.js", "/app.js", Err(Problem::NotAuthenticated)),
        ("/static", "/", Err(Problem::NotAuthenticated)),
        ("/app.js", "/static/app.js", Ok(())),
        ("/staticky", "/", Ok(())),
    ] {
        let mut head = alice.jar.get();
        head.uri = routed.parse().unwrap();
        let slot = Slot::new(&world.auth, wire);
        assert_eq!(slot.identity((&head).into()).await.map(drop), expected, "{wire} routed as {routed}");
    }
}

#[tokio::test]
async fn a_line_that_the_handler_wrote_itself_wins() {
    let world = World::new();
    let alice = world.login("alice").await;
    world.expire_access();
    let slot = Slot::new(&world.auth, "/");
    slot.identity((&alice.jar.get()).into()).await.unwrap();
    let mut headers = HeaderMap::new();
    for line in CLEARED.iter().chain(&["other=1"]) {
        headers.append(SET_COOKIE, HeaderValue::from_static(line));
    }
    slot.write_cookies(&mut headers);
    let lines: Vec<_> = headers.get_all(SET_COOKIE).iter().collect();
    assert_eq!(lines, ["other=1", CLEARED[0], CLEARED[1]], "one line per name is sent");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["vary"], "Cookie");
}

#[tokio::test]
async fn a_guard_whose_responses_are_not_stored_says_so_whoever_decides() {
    let world = World::new();
    let expect = Expect::issuer(testing::ISSUER).audience(testing::AUDIENCE);
    let verifier = Verifier::builder(expect).jwks(async || Err::<JwksDocument, _>("away")).build().unwrap();
    let (full, verifying) = (Slot::new(&world.auth, "/"), VerifierSlot::new(&verifier));
    let head = Jar::default().get();
    for (slot, guard, expected) in [
        (AnySlot::Full(&Slot::new(&world.auth, "/")), Guard::login(&world.auth), "private, max-age=60"),
        (AnySlot::Full(&full), Guard::login(&world.auth).no_store(), "no-store"),
        (AnySlot::Verifying(&VerifierSlot::new(&verifier)), Guard::login(&verifier), "private, max-age=60"),
        (AnySlot::Verifying(&verifying), Guard::login(&verifier).no_store(), "no-store"),
    ] {
        let decision = slot.settle((&head).into()).await.unwrap();
        assert!(slot.admit(&guard, decision, (&head).into()).is_err());
        let mut headers = HeaderMap::new();
        headers.insert("cache-control", HeaderValue::from_static("private, max-age=60"));
        match slot {
            AnySlot::Full(slot) => slot.write_cookies(&mut headers),
            AnySlot::Verifying(slot) => slot.mark(&mut headers),
        }
        assert_eq!(headers["cache-control"], expected, "{guard:?}");
    }
}
