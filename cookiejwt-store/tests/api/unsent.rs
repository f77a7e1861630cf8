//! A custom login takes effect when its response is sent; a handler that fails before leaves
//! everything as it was.

use cookiejwt_store::{
    Identity, LoggedIn, LoginError, LoginOptions, RequestContext, RevocationReason, Slot, testing,
};
use http::{HeaderMap, Method, header::SET_COOKIE, request::Parts};

use crate::common::{Browser, Call, PASSWORD, World};

/// A request of a browser with a session, and its slot.
struct Asked {
    world: World,
    browser: Browser,
    head: Parts,
    slot: Slot,
}

impl Asked {
    async fn of(world: World) -> Self {
        let browser = world.login("alice").await;
        let head = browser.jar.head(Method::POST);
        let slot = Slot::new(&world.auth, "/sign-in");
        Self { world, browser, head, slot }
    }

    async fn new() -> Self {
        Self::of(World::new()).await
    }

    fn context(&self) -> RequestContext {
        RequestContext::new(&self.slot, (&self.head).into(), None)
    }

    async fn who(&self) -> Identity {
        self.world.auth.authenticate(&self.head).await.required().unwrap().clone()
    }

    async fn login(&self) -> LoggedIn {
        self.logs_in("login").await.unwrap()
    }

    async fn logs_in(&self, way: &str) -> Result<LoggedIn, LoginError> {
        let (context, who) = (self.context(), self.who().await);
        match way {
            "login" => context.login(&self.world.users.row(1), LoginOptions::new()).await,
            "password" => context.login_with_password("alice", PASSWORD, LoginOptions::new()).await,
            "fresh login" => context.fresh_login(&who, PASSWORD).await,
            "new password" => context.change_password(&who, PASSWORD, "battery staple").await,
            way => panic!("{way}"),
        }
    }

    /// What the layer does when the response leaves; how many cookies it sets.
    async fn leave(&self) -> usize {
        if let Some(departure) = self.slot.departure() {
            self.slot.depart(departure).await;
        }
        self.write()
    }

    fn write(&self) -> usize {
        let mut headers = HeaderMap::new();
        self.slot.write_cookies(&mut headers);
        headers.get_all(SET_COOKIE).iter().count()
    }

    /// Whether the session that asked works on another node, by the store alone.
    async fn continues_elsewhere(&self) -> bool {
        self.world.another_node().authenticate(&self.head).await.required().is_ok()
    }

    async fn old_session(&self) -> Option<RevocationReason> {
        self.world.revoked(&self.browser.session).await
    }

    /// Lets the task run that revokes in the background.
    async fn living(&self) -> usize {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        self.world.tokens.living(1).await.len()
    }
}

const WAYS: [&str; 4] = ["login", "password", "fresh login", "new password"];

#[tokio::test]
async fn the_previous_session_ends_when_the_response_is_sent() {
    for (way, reason) in [
        ("login", RevocationReason::Replaced),
        ("password", RevocationReason::Replaced),
        ("fresh login", RevocationReason::Superseded),
    ] {
        let asked = Asked::new().await;
        let logged_in = asked.logs_in(way).await.unwrap();
        assert_eq!(asked.living().await, 2, "{way}: while the handler works");
        assert!(logged_in.into_cookies().send().is_none(), "{way}");
        assert_eq!(asked.old_session().await, None, "{way}: handed to the layer");
        assert_eq!(asked.leave().await, 3, "{way}");
        assert_eq!(asked.old_session().await, Some(reason), "{way}: before the head is written");
        assert_eq!(asked.living().await, 1, "{way}");
    }
}

#[tokio::test]
async fn a_layer_that_does_not_wait_ends_it_on_this_node_at_once() {
    let asked = Asked::new().await;
    let _ = asked.login().await.into_cookies().send();
    asked.write();
    assert!(asked.world.auth.authenticate(&asked.head).await.required().is_err());
    assert_eq!(asked.living().await, 1, "and in the store soon");
    assert_eq!(asked.old_session().await, Some(RevocationReason::Replaced));
}

#[tokio::test]
async fn a_login_that_is_dropped_leaves_everything_as_it_was() {
    for way in ["login", "password", "fresh login"] {
        let asked = Asked::new().await;
        let logged_in = asked.logs_in(way).await.unwrap();
        let session = logged_in.session_id().clone();
        drop(logged_in);
        assert_eq!(asked.living().await, 1, "{way}");
        assert!(asked.world.revoked(&session).await.is_some(), "{way}");
        assert_eq!(asked.old_session().await, None, "{way}");
        assert!(asked.continues_elsewhere().await, "{way}");
        assert_eq!(asked.leave().await, 0, "{way}");
    }
}

#[tokio::test]
async fn a_new_password_that_is_dropped_leaves_the_session_that_asked_its_last_minute() {
    let asked = Asked::new().await;
    let other = asked.world.login("alice").await;
    drop(asked.logs_in("new password").await.unwrap());
    assert_eq!(asked.living().await, 0);
    assert_eq!(asked.old_session().await, Some(RevocationReason::Superseded));
    assert_eq!(asked.world.revoked(&other.session).await, Some(RevocationReason::PasswordChanged));
    assert!(asked.continues_elsewhere().await);
}

#[tokio::test]
async fn a_response_that_is_never_sent_takes_its_session_along() {
    let asked = Asked::new().await;
    let _ = asked.login().await.into_cookies().send();
    let Asked { world, browser, slot, .. } = asked;
    drop(slot);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.tokens.living(1).await, [browser.session], "the client hung up");
}

#[tokio::test]
async fn a_clone_that_is_sent_is_enough() {
    let asked = Asked::new().await;
    let cookies = asked.login().await.into_cookies();
    let copy = cookies.clone();
    drop(cookies);
    assert_eq!(asked.living().await, 2, "a clone may still be sent");
    copy.write(&mut HeaderMap::new());
    assert_eq!(asked.living().await, 1);
    assert_eq!(asked.old_session().await, Some(RevocationReason::Replaced));
}

#[tokio::test]
async fn of_two_logins_in_one_request_the_last_is_sent() {
    let asked = Asked::new().await;
    let (first, second) = (asked.login().await, asked.login().await);
    let session = second.session_id().clone();
    let _ = first.into_cookies().send();
    let _ = second.into_cookies().send();
    assert_eq!(asked.leave().await, 3);
    assert_eq!(asked.living().await, 1);
    assert_eq!(asked.world.tokens.living(1).await, [session]);
}

#[tokio::test]
async fn the_limit_of_sessions_is_kept_when_the_response_is_sent() {
    let limited = || World::with(testing::config().max_sessions(2));
    for is_sent in [true, false] {
        let world = limited();
        let oldest = world.login("alice").await;
        world.advance(1);
        let asked = Asked::of(world).await;
        let Asked { world, .. } = &asked;
        let head = http::Request::post("/").body(()).unwrap().into_parts().0;
        let context = RequestContext::new(&asked.slot, (&head).into(), None);
        world.advance(1);
        let logged_in = context.login(&world.users.row(1), LoginOptions::new()).await.unwrap();
        assert_eq!(world.revoked(&oldest.session).await, None, "not yet");
        if is_sent {
            let _ = logged_in.into_cookies().send();
            asked.leave().await;
        } else {
            drop(logged_in);
        }
        assert_eq!(asked.living().await, 2);
        let reason = is_sent.then_some(RevocationReason::Limit);
        assert_eq!(world.revoked(&oldest.session).await, reason, "sent: {is_sent}");
    }
}

#[tokio::test]
async fn a_fresh_login_whose_session_was_ended_meanwhile_does_not_outlive_it() {
    let asked = Asked::new().await;
    let logged_in = asked.logs_in("fresh login").await.unwrap();
    let reason = RevocationReason::EndedByUser;
    asked.world.auth.revoke_session(asked.browser.session.clone(), reason).await.unwrap();
    let _ = logged_in.into_cookies().send();
    asked.leave().await;
    assert_eq!(asked.living().await, 0);
}

#[tokio::test]
async fn an_unavailable_store_ends_the_previous_session_on_this_node() {
    let asked = Asked::new().await;
    let _ = asked.login().await.into_cookies().send();
    asked.world.switches.fail(Call::Revoke);
    assert_eq!(asked.leave().await, 3, "the user is logged in all the same");
    assert!(asked.world.auth.authenticate(&asked.head).await.required().is_err());
    assert_eq!(asked.living().await, 2, "the store is asked again later");
}

#[tokio::test]
async fn the_mode_of_the_request_decides_what_is_sent() {
    for way in WAYS {
        let mut asked = Asked::of(World::with(testing::config().token_mode(true))).await;
        let bearer = asked.browser.jar.access.clone().unwrap();
        let head = http::Request::post("/").header("cookiejwt-mode", "token");
        let head = head.header("authorization", format!("Bearer {bearer}"));
        asked.head = head.body(()).unwrap().into_parts().0;
        let cookies = asked.logs_in(way).await.unwrap().into_cookies();
        let reply = cookies.send().unwrap();
        assert!(reply.body.starts_with(br#"{"access":"#), "{way}");
        assert_eq!(asked.leave().await, 0, "{way}: no cookie");
        assert_eq!(asked.world.tokens.living(1).await.len(), if way.contains(' ') { 1 } else { 2 }, "{way}");
    }
}

#[tokio::test]
async fn a_login_without_a_response_is_sent_with_the_request() {
    let asked = Asked::new().await;
    let who = asked.context().login_here(&asked.world.users.row(1), LoginOptions::new()).await.unwrap();
    assert_eq!(asked.old_session().await, None, "not yet");
    assert_eq!(asked.leave().await, 3);
    assert_eq!(asked.old_session().await, Some(RevocationReason::Replaced));
    assert_eq!(asked.world.tokens.living(1).await, [who.session_id().clone()]);
}

#[tokio::test]
async fn a_login_without_a_response_is_refused_where_it_cannot_be_sent() {
    let token_mode = |asked: &mut Asked| {
        asked.head.headers.insert("cookiejwt-mode", "token".parse().unwrap());
    };
    for (rule, code) in [("token mode", 400), ("the head has left", 500), ("a session to follow", 500)] {
        let follows = rule == "a session to follow";
        let config = testing::config().token_mode(true).set_session_cookie(follows);
        let mut asked = Asked::of(World::with(config)).await;
        let early = asked.context();
        match rule {
            "token mode" => token_mode(&mut asked),
            "the head has left" => drop(asked.write()),
            _ => {}
        }
        let alice = asked.world.users.row(1);
        for context in [early, asked.context()].into_iter().skip(usize::from(rule == "token mode")) {
            let refused = context.login_here(&alice, LoginOptions::new()).await.unwrap_err();
            assert_eq!(refused.problem().status(), code, "{rule}: {refused}");
        }
        assert_eq!(asked.living().await, 1, "{rule}: no session begins");
    }
}
