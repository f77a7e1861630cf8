//! The list of a user's sessions, and ending them from it.

use std::time::Duration;

use cookiejwt_store::{
    Authenticator, BindRequest, ChangeOutcome, Identity, RevocationReason, RevokedSession, SessionInfo,
    Timestamp, TokenStore,
};

use crate::common::{Browser, CLEARED, Call, World, let_tasks_run, lines, outcome};

const REFUSED: (&str, &str) = ("session_revoked", "cleared");
const ALIVE: (&str, &str) = ("1", "kept");

async fn identity(auth: &Authenticator, browser: &Browser) -> Identity {
    auth.authenticate(&browser.jar.get()).await.required().unwrap().clone()
}

async fn two() -> (World, Browser, Browser, Identity) {
    let world = World::new();
    let laptop = world.login("alice").await;
    world.advance(60);
    let phone = world.login("alice").await;
    let who = identity(&world.auth, &laptop).await;
    (world, laptop, phone, who)
}

#[tokio::test]
async fn the_users_live_sessions_newest_first() {
    let (world, laptop, phone, who) = two().await;
    world.login("bob").await;
    let ended = world.login("alice").await;
    world.auth.revoke_session(ended.session, RevocationReason::Logout).await.unwrap();
    let row = world.row(&laptop.session).await;
    let info = |id, at, current| (id, at, at, None, None, current);
    let begun = row.created_at.to_datetime();
    let expected =
        [info(phone.session, begun + Duration::from_mins(1), false), info(laptop.session, begun, true)];
    let fields = |SessionInfo { id, created_at, last_seen_at, user_agent, ip, current, .. }| {
        (id, created_at, last_seen_at, user_agent, ip, current)
    };
    let listed: Vec<_> = world.auth.sessions(&who).await.unwrap().into_iter().map(fields).collect();
    assert_eq!(listed, expected);
}

/// The row says it, whatever the tokens contain.
#[tokio::test]
async fn the_list_says_which_sessions_are_bound_to_a_device() {
    let (world, laptop, phone, who) = two().await;
    let row = world.row(&phone.session).await;
    let request = BindRequest::new(row.id, row.realm, "ES256.x.y".into(), row.created_at);
    let outcome = world.tokens.rows.bind(&request).await.unwrap();
    assert!(matches!(outcome, ChangeOutcome::Changed), "{outcome:?}");
    let bound = |session: SessionInfo| (session.id, session.device_bound);
    let listed: Vec<_> = world.auth.sessions(&who).await.unwrap().into_iter().map(bound).collect();
    assert_eq!(listed, [(phone.session, true), (laptop.session, false)]);
    let listed = world.auth.sessions_of(who.subject()).await.unwrap();
    assert_eq!(listed.into_iter().map(|session| session.device_bound).collect::<Vec<_>>(), [true, false]);
}

#[tokio::test]
async fn who_ends_what() {
    let (world, laptop, phone, who) = two().await;
    let bob = world.login("bob").await;
    world.switches.take_log();
    for (rule, id) in [("another user's", bob.session.clone()), ("no such session", "none".into())] {
        assert!(world.auth.end_session(&who, &id).await.unwrap().is_none(), "{rule}");
        assert_eq!(world.switches.take_log(), [Call::Find], "{rule}");
    }
    for (rule, id, cleared) in [
        ("another one", &phone.session, false),
        ("the same again", &phone.session, false),
        ("the present one", &laptop.session, true),
    ] {
        let cookies = world.auth.end_session(&who, id).await.unwrap().unwrap();
        assert_eq!(lines(&cookies) == CLEARED, cleared, "{rule}");
        assert_eq!(lines(&cookies).is_empty(), !cleared, "{rule}");
        assert_eq!(world.revoked(id).await, Some(RevocationReason::EndedByUser), "{rule}");
    }
    assert_eq!(outcome(&world.authenticate(bob.jar.get()).await), ("2", "kept"));
}

#[tokio::test]
async fn the_present_session_of_a_bearer_clears_no_cookie() {
    let (world, laptop, ..) = two().await;
    let who = world.authenticate(laptop.jar.bearer()).await.required().unwrap().clone();
    let cookies = world.auth.end_session(&who, &laptop.session).await.unwrap().unwrap();
    assert_eq!(lines(&cookies), [""; 0]);
}

/// Time advances only while all tasks wait.
#[tokio::test(start_paused = true)]
async fn ended_at_once_on_this_node_and_with_the_next_poll_elsewhere() {
    type End = fn(Authenticator, Identity, Browser) -> futures_util::future::BoxFuture<'static, ()>;
    let one: End = |auth, who, phone| {
        Box::pin(async move { drop(auth.end_session(&who, &phone.session).await.unwrap()) })
    };
    let others: End =
        |auth, who, _| Box::pin(async move { assert_eq!(auth.end_other_sessions(&who).await.unwrap(), 1) });
    for (rule, end) in [("one", one), ("the others", others)] {
        let (world, laptop, phone, who) = two().await;
        let node = world.another_node();
        assert_eq!(outcome(&node.authenticate(&phone.jar.get()).await), ALIVE, "{rule}");
        end(world.auth.clone(), who, phone.clone()).await;
        assert_eq!(outcome(&world.authenticate(phone.jar.get()).await), REFUSED, "{rule}: here");
        assert_eq!(outcome(&node.authenticate(&phone.jar.get()).await), ALIVE, "{rule}: not yet");
        tokio::time::sleep(Duration::from_millis(1001)).await;
        assert_eq!(outcome(&node.authenticate(&phone.jar.get()).await), REFUSED, "{rule}: elsewhere");
        assert_eq!(outcome(&world.authenticate(laptop.jar.get()).await), ALIVE, "{rule}");
    }
}

#[tokio::test]
async fn the_others_are_counted_and_the_present_one_stays() {
    let (world, laptop, phone, who) = two().await;
    let tablet = world.login("alice").await;
    let bob = world.login("bob").await;
    assert_eq!(world.auth.end_other_sessions(&who).await.unwrap(), 2);
    assert_eq!(world.auth.end_other_sessions(&who).await.unwrap(), 0);
    for ended in [&phone, &tablet] {
        assert_eq!(world.revoked(&ended.session).await, Some(RevocationReason::EndedByUser));
    }
    assert_eq!(world.tokens.living(1).await, [laptop.session]);
    assert_eq!(world.tokens.living(2).await, [bob.session]);
}

/// Whichever is first, the session is ended afterwards, and the tokens of the refresh are refused.
#[tokio::test]
async fn ending_a_session_during_a_refresh() {
    for (rule, same_node, end_first) in [
        ("same node, refresh first", true, false),
        ("same node, end first", true, true),
        ("another node, refresh first", false, false),
        ("another node, end first", false, true),
    ] {
        let (world, _, phone, who) = two().await;
        let node = if same_node { world.auth.clone() } else { world.another_node() };
        world.expire_access();
        let head = phone.jar.get();
        let refresh = node.authenticate(&head);
        let end = world.auth.end_session(&who, &phone.session);
        let (decision, ended) = if end_first {
            let (ended, decision) = tokio::join!(end, refresh);
            (decision, ended)
        } else {
            tokio::join!(refresh, end)
        };
        assert!(ended.unwrap().is_some(), "{rule}");
        assert_eq!(world.revoked(&phone.session).await, Some(RevocationReason::EndedByUser), "{rule}");
        node.poll_revocations().await.unwrap();
        let mut jar = phone.jar.clone();
        jar.apply(&lines(&decision.cookies));
        if jar.refresh.is_some() {
            assert_eq!(outcome(&node.authenticate(&jar.get()).await), REFUSED, "{rule}: what it gave");
        }
        assert_eq!(outcome(&node.authenticate(&phone.jar.get()).await), REFUSED, "{rule}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unavailable_store_changes_nothing_and_is_asked_again() {
    let (world, _, phone, who) = two().await;
    world.switches.fail(Call::Find);
    assert!(world.auth.end_session(&who, &phone.session).await.is_err());
    world.switches.mend(Call::Find);
    world.switches.fail(Call::SessionsOf);
    assert!(world.auth.sessions(&who).await.is_err());
    assert!(world.auth.end_other_sessions(&who).await.is_err());
    assert_eq!(outcome(&world.authenticate(phone.jar.get()).await), ALIVE);
    world.switches.mend(Call::SessionsOf);
    world.switches.fail(Call::Revoke);
    assert!(world.auth.end_session(&who, &phone.session).await.is_err());
    assert_eq!(outcome(&world.authenticate(phone.jar.get()).await), REFUSED, "ended on this node");
    assert_eq!(world.revoked(&phone.session).await, None);
    world.switches.mend(Call::Revoke);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let_tasks_run().await;
    let told: Vec<RevokedSession> = world.tokens.rows.revoked_since(Timestamp::default()).await.unwrap();
    assert_eq!(told.iter().map(|told| &told.id).collect::<Vec<_>>(), [&phone.session]);
}
