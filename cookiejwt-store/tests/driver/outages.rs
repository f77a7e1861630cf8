//! Rows d and q: an unavailable store leads to a soft failure or 503, and never changes a cookie.

use cookiejwt_store::{Reason, RevocationLevel};

use crate::common::{Call, Jar, World, outcome};

const SOFT: (&str, &str) = ("1", "kept");
const AWAY: (&str, &str) = ("unavailable", "kept");

enum Route {
    Any,
    Refresh,
}

#[tokio::test]
async fn an_unavailable_store() {
    use RevocationLevel::{AtRefresh, EveryRequest, Feed};
    for (rule, level, call, seconds, route, expected) in [
        ("q: rotate, near its end", Feed, Call::Rotate, 270, Route::Any, SOFT),
        ("q: rotate, near its end", AtRefresh, Call::Rotate, 270, Route::Any, SOFT),
        ("q: rotate, near its end", EveryRequest, Call::Rotate, 270, Route::Any, SOFT),
        ("q: rotate, in the last second of the leeway", Feed, Call::Rotate, 304, Route::Any, SOFT),
        ("q: rotate, expired", Feed, Call::Rotate, 306, Route::Any, AWAY),
        ("q: rotate, expired", AtRefresh, Call::Rotate, 306, Route::Any, AWAY),
        ("q: rotate, expired", EveryRequest, Call::Rotate, 306, Route::Any, AWAY),
        ("q: find_by_id, near its end", Feed, Call::FindById, 270, Route::Any, SOFT),
        ("q: find_by_id, expired", Feed, Call::FindById, 306, Route::Any, AWAY),
        ("q without soft: rotate, refresh route", Feed, Call::Rotate, 0, Route::Refresh, AWAY),
        ("q without soft: find_by_id, refresh route", Feed, Call::FindById, 0, Route::Refresh, AWAY),
        ("d: find", EveryRequest, Call::Find, 0, Route::Any, AWAY),
        ("d: find, near its end", EveryRequest, Call::Find, 270, Route::Any, AWAY),
        ("the rotation decides: find, expired", EveryRequest, Call::Find, 306, Route::Any, ("1", "set")),
        (
            "the rotation decides: find, refresh route",
            EveryRequest,
            Call::Find,
            0,
            Route::Refresh,
            ("1", "set"),
        ),
        ("find is not asked", Feed, Call::Find, 0, Route::Any, SOFT),
        ("the row is read instead: revoked_since", Feed, Call::RevokedSince, 0, Route::Any, SOFT),
        (
            "the rotation decides: revoked_since, expired",
            Feed,
            Call::RevokedSince,
            306,
            Route::Any,
            ("1", "set"),
        ),
        ("nothing is asked: rotate, fresh", Feed, Call::Rotate, 0, Route::Any, SOFT),
        ("nothing is asked: find_by_id, fresh", EveryRequest, Call::FindById, 0, Route::Any, SOFT),
    ] {
        let world = World::at(level);
        let alice = world.login("alice").await;
        world.advance(seconds);
        world.switches.fail(call);
        let decision = match route {
            Route::Any => world.authenticate(alice.jar.get()).await,
            Route::Refresh => world.auth.refresh(&alice.jar.post()).await,
        };
        assert_eq!(outcome(&decision), expected, "{rule}, {level:?}");
        world.switches.mend(call);
        let healed = world.auth.refresh(&alice.jar.post()).await;
        assert_eq!(outcome(&healed), ("1", "set"), "{rule}, {level:?}: the session has survived");
    }
}

/// The bearer alone decides, together with the store.
#[tokio::test]
async fn a_bearer_while_the_store_is_unavailable() {
    for (level, expected) in [
        (RevocationLevel::AtRefresh, SOFT),
        (RevocationLevel::Feed, AWAY),
        (RevocationLevel::EveryRequest, AWAY),
    ] {
        let world = World::at(level);
        let alice = world.login("alice").await;
        world.switches.fail(Call::Find);
        world.switches.fail(Call::RevokedSince);
        assert_eq!(outcome(&world.authenticate(alice.jar.bearer()).await), expected, "{level:?}");
    }
}

/// The outage is distinguished from a token that needed no store.
#[tokio::test]
async fn the_reason_tells_which_store_was_unavailable() {
    for (call, reason) in
        [(Call::Rotate, Reason::TokenStoreFailed), (Call::FindById, Reason::UserStoreFailed)]
    {
        for seconds in [270, 306] {
            let world = World::new();
            let alice = world.login("alice").await;
            world.advance(seconds);
            world.switches.fail(call);
            assert_eq!(world.authenticate(alice.jar.get()).await.reason, reason, "{call:?}, +{seconds} s");
        }
    }
}

/// Row k with a store that cannot revoke.
#[tokio::test]
async fn a_disabled_user_is_refused_although_the_store_cannot_revoke() {
    let world = World::new();
    let alice = world.login("alice").await;
    world.users.change(1, |alice| alice.is_active = false);
    world.switches.fail(Call::Revoke);
    let decision = world.auth.refresh(&alice.jar.post()).await;
    assert_eq!(outcome(&decision), ("session_revoked", "cleared"));
    assert_eq!(world.revoked(&alice.session).await, None);
    let by_access = world.authenticate(alice.jar.without_refresh().get()).await;
    assert_eq!(outcome(&by_access), ("session_revoked", "cleared"), "the set of this node keeps it");
}

#[tokio::test]
async fn invalid_cookies_are_cleared_without_a_store_call() {
    let world = World::new();
    let garbage = Jar { access: Some("a.b.c".into()), refresh: Some("garbage".into()), ..Jar::default() };
    assert_eq!(outcome(&world.authenticate(garbage.get()).await), ("invalid_token", "cleared"));
    assert_eq!(outcome(&world.auth.refresh(&garbage.post()).await), ("invalid_token", "cleared"));
    assert_eq!(world.switches.take_log(), []);
}
