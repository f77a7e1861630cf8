//! Streams check repeatedly whether their session is still valid.

use cookiejwt_store::{Authenticator, Identity, RevocationLevel, RevocationReason};

use crate::common::{Browser, Call, World};

const LEVELS: [RevocationLevel; 3] =
    [RevocationLevel::AtRefresh, RevocationLevel::Feed, RevocationLevel::EveryRequest];

async fn identity(auth: &Authenticator, browser: &Browser) -> Identity {
    auth.authenticate(&browser.jar.get()).await.identity().unwrap().clone()
}

#[tokio::test]
async fn a_live_session_outlasts_its_access_token_but_not_its_own_end() {
    for level in LEVELS {
        let world = World::at(level);
        let alice = world.login("alice").await;
        let who = identity(&world.auth, &alice).await;
        let asked = world.switches.count(Call::Find);
        assert!(world.auth.is_alive(&who).await, "{level:?}");
        let from_memory = level != RevocationLevel::EveryRequest;
        assert_eq!(world.switches.count(Call::Find) == asked, from_memory, "{level:?}: without a query");
        for (rule, seconds, alive) in [
            ("the access token has ended", 300, true),
            ("the last second before the idle end", 86_399 - 300, true),
            ("the idle end", 1, false),
        ] {
            world.advance(seconds);
            assert_eq!(world.auth.is_alive(&who).await, alive, "{level:?}: {rule}");
        }
    }
}

#[tokio::test]
async fn a_revoked_session_ends_at_once_here_and_elsewhere_with_the_token_at_the_latest() {
    for level in LEVELS {
        let world = World::at(level);
        let alice = world.login("alice").await;
        let who = identity(&world.auth, &alice).await;
        let node = world.another_node();
        world.auth.revoke_session(alice.session, RevocationReason::Logout).await.unwrap();
        assert!(!world.auth.is_alive(&who).await, "{level:?}");
        assert_eq!(node.is_alive(&who).await, level == RevocationLevel::AtRefresh, "{level:?}: elsewhere");
        world.expire_access();
        assert!(!node.is_alive(&who).await, "{level:?}: elsewhere, after the token");
        // The set has forgotten it by now.
        world.advance(3600);
        assert!(!world.auth.is_alive(&who).await, "{level:?}: much later");
    }
}

#[tokio::test]
async fn an_unavailable_store_ends_no_stream() {
    let world = World::new();
    let alice = world.login("alice").await;
    let who = identity(&world.auth, &alice).await;
    world.expire_access();
    world.switches.fail(Call::Find);
    assert!(world.auth.is_alive(&who).await);
}
