//! How many sessions one user may have.

use cookiejwt_store::{LoginContext, LoginError, LoginOptions, RevocationReason, testing};

use crate::common::{Call, PASSWORD, World, outcome};

fn limited(sessions: u32) -> World {
    World::with(testing::config().max_sessions(sessions))
}

#[tokio::test]
async fn a_login_beyond_the_limit_ends_the_oldest() {
    for (limit, logins) in [(1, 3), (2, 5), (3, 3), (5, 4)] {
        let world = limited(limit);
        let bob = world.login("bob").await;
        let mut sessions = Vec::new();
        for _ in 0..logins {
            world.advance(1);
            sessions.push(world.login("alice").await);
        }
        let first_living = sessions.len().saturating_sub(limit as usize);
        for (index, browser) in sessions.iter().enumerate() {
            let lives = index >= first_living;
            let expected = if lives { ("1", "kept") } else { ("session_revoked", "cleared") };
            let rule = format!("limit {limit}, login {index} of {logins}");
            assert_eq!(outcome(&world.authenticate(browser.jar.get()).await), expected, "{rule}");
            let reason = (!lives).then_some(RevocationReason::Limit);
            assert_eq!(world.revoked(&browser.session).await, reason, "{rule}");
        }
        assert_eq!(world.revoked(&bob.session).await, None, "another user's session");
    }
}

/// All at the same millisecond, so that only the order of the ids decides.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_at_once_leave_exactly_as_many_as_allowed() {
    for limit in [1, 3, 7] {
        let world = limited(limit);
        let logins = (0..20).map(|_| {
            let auth = world.auth.clone();
            tokio::spawn(async move {
                let (options, context) = (LoginOptions::new(), LoginContext::default());
                auth.login_with_password("alice", PASSWORD, options, context).await
            })
        });
        for login in logins.collect::<Vec<_>>() {
            assert!(login.await.unwrap().is_ok());
        }
        assert_eq!(world.tokens.living(1).await.len(), limit as usize, "limit {limit}");
    }
}

#[tokio::test]
async fn sessions_that_have_ended_do_not_count() {
    let world = limited(2);
    let idle = world.login("alice").await;
    world.advance(86_400);
    let (first, second) = (world.login("alice").await, world.login("alice").await);
    assert_eq!(world.revoked(&idle.session).await, None, "it has expired");
    for browser in [first, second] {
        assert_eq!(outcome(&world.authenticate(browser.jar.get()).await), ("1", "kept"));
    }
}

#[tokio::test]
async fn the_session_that_a_login_replaces_does_not_count() {
    let world = limited(2);
    let phone = world.login("alice").await;
    world.advance(1);
    let laptop = world.login("alice").await;
    let mut context = LoginContext::default();
    context.presented = vec![laptop.session.clone()];
    let login = world.auth.login_with_password("alice", PASSWORD, LoginOptions::new(), context).await;
    assert!(login.is_ok());
    assert_eq!(world.revoked(&laptop.session).await, Some(RevocationReason::Replaced));
    assert_eq!(world.revoked(&phone.session).await, None);
}

#[tokio::test]
async fn a_login_whose_limit_cannot_be_kept_is_refused() {
    let world = limited(2);
    let before = world.login("alice").await;
    world.switches.fail(Call::SessionsOf);
    let refused = world.try_login("alice", PASSWORD).await;
    assert!(matches!(refused, Err(LoginError::Store(_))), "{refused:?}");
    assert_eq!(world.tokens.living(1).await, [before.session], "no session remains");
    world.switches.mend(Call::SessionsOf);
    assert!(world.try_login("alice", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn without_a_limit_no_session_is_read() {
    let world = World::new();
    world.login("alice").await;
    assert_eq!(world.switches.count(Call::SessionsOf), 0);
}
