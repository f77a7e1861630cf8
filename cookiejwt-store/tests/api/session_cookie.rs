//! The framework's own session follows the responses of the endpoints.

use std::{
    future::ready,
    pin::Pin,
    sync::{Arc, Mutex},
};

use cookiejwt_store::{
    Cookies, FrameworkSession, Identity, LoggedIn, LoginError, LoginOptions, NoSession, RequestContext,
    RevocationReason, Route, SessionChange, SessionCookieError, Slot, StoreError, testing,
};
use http::{HeaderMap, Method, Request, header::SET_COOKIE, request::Parts};
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Ask},
    common::{Browser, CLEARED, Jar, PASSWORD, World},
};

/// Records its calls; fails if it is unavailable.
#[derive(Clone, Debug, Default)]
struct Noted {
    changes: Arc<Mutex<Vec<SessionChange>>>,
    is_away: bool,
}

impl FrameworkSession for Noted {
    fn carry_out<'a>(
        &'a self,
        change: &'a SessionChange,
    ) -> Pin<Box<dyn Future<Output = Result<(), SessionCookieError>> + Send + 'a>> {
        self.changes.lock().unwrap().push(change.clone());
        let away = StoreError::new("the framework's store is unavailable");
        Box::pin(ready(if self.is_away { Err(away.into()) } else { Ok(()) }))
    }
}

impl Noted {
    fn take(&self) -> Vec<SessionChange> {
        std::mem::take(&mut self.changes.lock().unwrap())
    }
}

fn world() -> World {
    World::with(testing::config().set_session_cookie(true).token_mode(true))
}

fn login(password: &str) -> Ask {
    Ask::login(json!({ "username": "alice", "password": password }).to_string())
}

async fn followed(world: &World, ask: Ask, session: &dyn FrameworkSession) -> Answer {
    let Answer(reply, asks) = ask.of(world).await;
    Answer(world.auth.change_session(reply, session).await, asks)
}

/// A login in `world`, and the call that it makes to the framework's session.
async fn begin(world: &World, noted: &Noted, ask: Ask) -> Jar {
    let jar = followed(world, ask, noted).await.jar();
    let session = world.tokens.living(1).await.pop().unwrap();
    assert_eq!(noted.take(), [SessionChange::Begins { subject: 1.into(), session }]);
    jar
}

fn with_json(ask: Ask, body: &Value) -> Ask {
    ask.content_type("application/json").body(body.to_string())
}

#[tokio::test]
async fn what_begins_a_session_binds_it() {
    let (world, noted) = (world(), Noted::default());
    let jar = begin(&world, &noted, login(PASSWORD)).await;
    let fresh = with_json(Ask::post(Route::FreshLogin), &json!({ "password": PASSWORD }));
    let jar = begin(&world, &noted, fresh.cookies(&jar)).await;
    let change = json!({ "current_password": PASSWORD, "new_password": "battery staple" });
    let jar = begin(&world, &noted, with_json(Ask::post(Route::Password), &change).cookies(&jar)).await;
    begin(&world, &noted, login("battery staple").cookies(&jar)).await;
}

#[tokio::test]
async fn what_ends_the_present_session_ends_it() {
    for rule in ["logout", "the present one of the list"] {
        let (world, noted) = (world(), Noted::default());
        let alice = world.login("alice").await;
        let ask = if rule == "logout" { Ask::post(Route::Logout) } else { Ask::end(alice.session.as_str()) };
        followed(&world, ask.cookies(&alice.jar), &noted).await.assert_cookies_cleared(rule);
        assert_eq!(noted.take(), [SessionChange::Ends], "{rule}");
    }
}

#[tokio::test]
async fn nothing_else_changes_it() {
    let (world, noted) = (world(), Noted::default());
    let (alice, other) = (world.login("alice").await, world.login("alice").await);
    let ended = world.login("alice").await;
    world.auth.revoke_session(ended.session, RevocationReason::EndedByUser).await.unwrap();
    let cross_site = |ask: Ask| ask.header("sec-fetch-site", "cross-site");
    let token_mode = |ask: Ask| ask.header("cookiejwt-mode", "token");
    let wrong = with_json(Ask::post(Route::FreshLogin), &json!({ "password": "wrong" }));
    for (rule, ask, status) in [
        ("refused login", login("wrong"), 401),
        ("refused fresh login", wrong.cookies(&alice.jar), 401),
        ("refresh", Ask::post(Route::Refresh).cookies(&alice.jar), 200),
        ("verify", Ask::post(Route::Verify).cookies(&alice.jar), 200),
        ("logout that CSRF refuses", cross_site(Ask::post(Route::Logout).cookies(&alice.jar)), 403),
        ("another session", Ask::end(other.session.as_str()).cookies(&alice.jar), 204),
        ("every other session", Ask::post(Route::Sessions).method(Method::DELETE).cookies(&alice.jar), 200),
        ("stale cookies", Ask::post(Route::Verify).cookies(&ended.jar), 401),
        ("refresh of a session that has ended", Ask::post(Route::Refresh).cookies(&ended.jar), 401),
        ("the present one, by its bearer", Ask::end(alice.session.as_str()).bearer(&alice.jar), 204),
        ("login in token mode", token_mode(login(PASSWORD)), 200),
        ("logout in token mode", token_mode(Ask::post(Route::Logout)), 200),
    ] {
        assert_eq!(followed(&world, ask, &noted).await.status(), status, "{rule}");
        assert_eq!(noted.take(), [], "{rule}");
    }
}

#[tokio::test]
async fn switched_off_it_is_left_alone() {
    let (world, noted) = (World::new(), Noted::default());
    let jar = followed(&world, login(PASSWORD), &noted).await.jar();
    followed(&world, Ask::post(Route::Logout).cookies(&jar), &noted).await;
    assert_eq!(noted.take(), []);
}

#[tokio::test]
async fn a_login_that_it_cannot_follow_fails() {
    let away = Noted { is_away: true, ..Noted::default() };
    let cases: [(&dyn FrameworkSession, u16, &str); 2] =
        [(&away, 503, "unavailable"), (&NoSession("add it"), 500, "server_error")];
    for (session, status, code) in cases {
        let world = world();
        let answer = followed(&world, login(PASSWORD), session).await;
        answer.assert_problem(code, status, code);
        answer.assert_cookies_kept(code);
        assert!(world.tokens.living(1).await.is_empty(), "{code}: the session is revoked");
    }
}

#[tokio::test]
async fn a_logout_that_it_cannot_follow_still_ends_the_session() {
    let (world, away) = (world(), Noted { is_away: true, ..Noted::default() });
    let browser = world.login("alice").await;
    let answer = followed(&world, Ask::post(Route::Logout).cookies(&browser.jar), &away).await;
    answer.assert_problem("away", 503, "unavailable");
    answer.assert_cookies_cleared("away");
    assert_eq!(world.revoked(&browser.session).await, Some(RevocationReason::Logout));
}

/// A custom route.
struct Own {
    world: World,
    noted: Noted,
    alice: Browser,
}

impl Own {
    async fn new(noted: Noted) -> Self {
        let world = world();
        let alice = world.login("alice").await;
        Self { world, noted, alice }
    }

    fn head(&self) -> Parts {
        let request = Request::post("/").header("cookie", self.alice.jar.field().unwrap());
        request.body(()).unwrap().into_parts().0
    }

    fn context(&self, head: &Parts) -> RequestContext {
        let slot = Slot::new(&self.world.auth, "/");
        RequestContext::new(&slot, head.into(), None).with_session(self.noted.clone())
    }

    async fn who(&self) -> Identity {
        self.world.auth.authenticate(&self.head()).await.required().unwrap().clone()
    }

    /// Performs a login of the table with the request's context and identity.
    async fn logs_in(&self, act: &str) -> Result<LoggedIn, LoginError> {
        let (who, context) = (self.who().await, self.context(&self.head()));
        match act {
            "login" => context.login(&self.world.users.row(1), LoginOptions::new()).await,
            "fresh login" => context.fresh_login(&who, PASSWORD).await,
            "password" => context.change_password(&who, PASSWORD, "battery staple").await,
            act => panic!("{act}"),
        }
    }

    /// Performs a logout of the table.
    async fn logs_out(&self, act: &str) -> Cookies {
        let (who, context) = (self.who().await, self.context(&self.head()));
        let logged_out = match act {
            "logout" => context.logout().await,
            "logout everywhere" => context.logout_everywhere(&who).await,
            "end this session" => context.end_session(&who, who.session_id()).await,
            "end another session" => {
                let other = self.world.login("alice").await;
                context.end_session(&who, &other.session).await
            }
            act => panic!("{act}"),
        };
        logged_out.expect(act)
    }
}

fn lines(cookies: &Cookies) -> Vec<String> {
    let mut headers = HeaderMap::new();
    cookies.write(&mut headers);
    headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap().to_owned()).collect()
}

const LOGINS: [&str; 3] = ["login", "fresh login", "password"];
const LOGOUTS: [&str; 3] = ["logout", "logout everywhere", "end this session"];

#[tokio::test]
async fn it_follows_the_applications_own_routes() {
    for act in LOGINS {
        let own = Own::new(Noted::default()).await;
        let logged_in = own.logs_in(act).await.unwrap();
        let session = logged_in.session_id().clone();
        assert_eq!(own.noted.take(), [SessionChange::Begins { subject: 1.into(), session }], "{act}");
        let lines = lines(&logged_in.into_cookies());
        assert!(lines.len() == 3 && lines[2].starts_with("__Host-known_device="), "{act}: {lines:?}");
    }
    for act in LOGOUTS {
        let own = Own::new(Noted::default()).await;
        assert_eq!(lines(&own.logs_out(act).await), CLEARED, "{act}");
        assert_eq!(own.noted.take(), [SessionChange::Ends], "{act}");
    }
    let own = Own::new(Noted::default()).await;
    assert!(lines(&own.logs_out("end another session").await).is_empty());
    assert_eq!(own.noted.take(), []);
}

#[tokio::test]
async fn unavailable_it_stops_custom_logins_and_no_logout() {
    for act in LOGINS {
        let own = Own::new(Noted { is_away: true, ..Noted::default() }).await;
        let error = own.logs_in(act).await.expect_err(act);
        assert!(matches!(error, LoginError::SessionCookie(SessionCookieError::Store(_))), "{act}: {error:?}");
        // With the new password, the previous session has a last minute.
        let living = if act == "password" { Vec::new() } else { vec![own.alice.session.clone()] };
        assert_eq!(own.world.tokens.living(1).await, living, "{act}: the new session is revoked");
    }
    for act in LOGOUTS {
        let own = Own::new(Noted { is_away: true, ..Noted::default() }).await;
        assert_eq!(lines(&own.logs_out(act).await), CLEARED, "{act}");
        assert!(own.world.tokens.living(1).await.is_empty(), "{act}");
    }
}
