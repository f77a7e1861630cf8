//! Row r: a refresh token that was used up long ago, so there is a copy of it.

use cookiejwt_store::{Reason, RevocationLevel, RevocationReason};
use http::Method;

use crate::common::{Browser, Call, Jar, World, outcome};

/// Three generations: the token of the login, its successor, and the current one.
struct Generations {
    world: World,
    login: Browser,
    child: Jar,
    present: Jar,
}

impl Generations {
    async fn at(level: RevocationLevel) -> Self {
        let world = World::at(level);
        let login = world.login("alice").await;
        world.expire_access();
        let child = Jar::of(&world.authenticate(login.jar.get()).await.cookies);
        let _ = world.authenticate(child.get()).await;
        world.auth.write_receipts().await.unwrap();
        world.expire_access();
        let present = Jar::of(&world.authenticate(child.get()).await.cookies);
        Self { world, login, child, present }
    }
}

#[tokio::test]
async fn a_grandparent_ends_the_session_at_once_on_this_node() {
    let Generations { world, login, present, .. } = Generations::at(RevocationLevel::Feed).await;
    assert_eq!(outcome(&world.authenticate(present.get()).await), ("1", "kept"));
    let thief = world.authenticate(login.jar.without_access().get()).await;
    assert_eq!(thief.reason, Reason::Reuse);
    assert_eq!(outcome(&thief), ("session_revoked", "cleared"), "the thief learns nothing");
    assert_eq!(world.revoked(&login.session).await, Some(RevocationReason::Reuse));
    world.switches.take_log();
    for (rule, head, cookies) in [
        ("unexpired access token as cookie", present.without_refresh().get(), "cleared"),
        ("both cookies", present.get(), "cleared"),
        ("both cookies, unsafe method", present.post(), "cleared"),
        ("unexpired access token as bearer", present.bearer(), "kept"),
        ("current refresh token", present.without_access().get(), "cleared"),
    ] {
        assert_eq!(outcome(&world.authenticate(head).await), ("session_revoked", cookies), "{rule}");
    }
    let refreshed = world.auth.refresh(&present.post()).await;
    assert_eq!(outcome(&refreshed), ("session_revoked", "cleared"));
    assert_eq!(world.switches.take_log(), [], "this node knows without asking");
}

/// Theft means that two parties have copies: it is noticed if the successor was received.
#[tokio::test]
async fn a_used_up_token_is_theft_once_its_successor_was_received() {
    for (rule, received, millis, is_parent, reason) in [
        ("grandparent inside the leeway", false, 0, false, Reason::Reuse),
        ("parent at the end of the leeway", false, 10_000, true, Reason::ParentInLeeway),
        ("parent a millisecond later, successor not presented", false, 10_001, true, Reason::ParentLate),
        ("parent hours later", false, 3_600_000, true, Reason::SuccessorReplaced),
        ("parent inside the leeway of the receipt", true, 10_000, true, Reason::ParentInLeeway),
        ("parent a millisecond later than that", true, 10_001, true, Reason::Reuse),
    ] {
        let Generations { world, login, child, present } = Generations::at(RevocationLevel::Feed).await;
        if received {
            let _ = world.authenticate(present.get()).await;
            assert_eq!(world.auth.write_receipts().await.unwrap(), 1, "{rule}");
        }
        world.clock.advance(time::Duration::milliseconds(millis));
        let presented = if is_parent { &child } else { &login.jar };
        let decision = world.auth.refresh(&presented.head(Method::POST)).await;
        assert_eq!(decision.reason, reason, "{rule}");
        let revoked = (reason == Reason::Reuse).then_some(RevocationReason::Reuse);
        assert_eq!(world.revoked(&login.session).await, revoked, "{rule}");
    }
}

#[tokio::test]
async fn other_sessions_of_the_user_live_on() {
    let Generations { world, login, .. } = Generations::at(RevocationLevel::Feed).await;
    let phone = world.login("alice").await;
    let _ = world.auth.refresh(&login.jar.post()).await;
    assert_eq!(outcome(&world.authenticate(phone.jar.get()).await), ("1", "kept"));
    assert_eq!(world.tokens.living(1).await, [phone.session]);
}

#[tokio::test]
async fn the_thief_learns_nothing_from_a_store_that_cannot_revoke() {
    let Generations { world, login, present, .. } = Generations::at(RevocationLevel::Feed).await;
    world.switches.fail(Call::Revoke);
    let thief = world.auth.refresh(&login.jar.post()).await;
    assert_eq!(outcome(&thief), ("session_revoked", "cleared"));
    assert_eq!(world.revoked(&login.session).await, None);
    let owner = world.authenticate(present.get()).await;
    assert_eq!(outcome(&owner), ("session_revoked", "cleared"), "the set of this node keeps it");
}

#[tokio::test]
async fn at_every_level_the_refresh_token_is_refused_and_at_refresh_the_access_token_is_not() {
    for (level, access) in [
        (RevocationLevel::AtRefresh, ("1", "kept")),
        (RevocationLevel::Feed, ("session_revoked", "cleared")),
        (RevocationLevel::EveryRequest, ("session_revoked", "cleared")),
    ] {
        let Generations { world, login, present, .. } = Generations::at(level).await;
        let _ = world.auth.refresh(&login.jar.post()).await;
        assert_eq!(outcome(&world.authenticate(present.get()).await), access, "{level:?}");
        let refreshed = world.auth.refresh(&present.post()).await;
        assert_eq!(outcome(&refreshed), ("session_revoked", "cleared"), "{level:?}");
    }
}
