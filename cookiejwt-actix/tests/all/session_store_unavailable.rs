//! The store of actix-session fails: no login is left half done, and a logout ends our session.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use actix_http::Request;
use actix_session::{
    SessionMiddleware,
    storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError, generate_session_key},
};
use actix_web::{
    App, Error,
    body::MessageBody,
    cookie::{Key, time::Duration},
    dev::{Service, ServiceResponse},
    http::{Method, header},
    test::{TestRequest, init_service},
    web,
};
use cookiejwt_actix::prelude::*;
use scenarios::{ACCESS, Browser, REFRESH, World};

type State = HashMap<String, String>;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Fails {
    #[default]
    Nothing,
    Writes,
    Everything,
}

#[derive(Default)]
struct Kept {
    sessions: HashMap<String, State>,
    fails: Fails,
}

/// A store that can be made unavailable.
#[derive(Clone, Default)]
struct Store(Arc<Mutex<Kept>>);

impl Store {
    fn kept(&self, writes: bool) -> anyhow::Result<MutexGuard<'_, Kept>> {
        let kept = self.0.lock().unwrap();
        let is_away = kept.fails == Fails::Everything || (writes && kept.fails == Fails::Writes);
        if is_away { Err(anyhow::anyhow!("the store is unavailable")) } else { Ok(kept) }
    }

    fn fail(&self, fails: Fails) {
        self.0.lock().unwrap().fails = fails;
    }
}

impl SessionStore for Store {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let kept = self.kept(false).map_err(LoadError::Other)?;
        Ok(kept.sessions.get(key.as_ref()).cloned())
    }

    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        let key = generate_session_key();
        let mut kept = self.kept(true).map_err(SaveError::Other)?;
        kept.sessions.insert(key.as_ref().to_owned(), state);
        Ok(key)
    }

    async fn update(&self, key: SessionKey, state: State, _: &Duration) -> Result<SessionKey, UpdateError> {
        let mut kept = self.kept(true).map_err(UpdateError::Other)?;
        kept.sessions.insert(key.as_ref().to_owned(), state);
        Ok(key)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> anyhow::Result<()> {
        self.kept(true).map(drop)
    }

    async fn delete(&self, key: &SessionKey) -> anyhow::Result<()> {
        self.kept(true)?.sessions.remove(key.as_ref());
        Ok(())
    }
}

/// Status and `Set-Cookie` lines, also of an error's response.
async fn send<S, B>(app: &S, request: TestRequest) -> (u16, Vec<String>)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody + 'static,
{
    let response = match app.call(request.to_request()).await {
        Ok(response) => response.into_parts().1.map_into_boxed_body(),
        Err(error) => error.error_response(),
    };
    let lines = response.headers().get_all(header::SET_COOKIE).map(|line| line.to_str().unwrap().to_owned());
    let lines = lines.collect();
    // Tasks that the middleware has spawned.
    for _ in 0..100 {
        actix_web::rt::task::yield_now().await;
    }
    (response.status().as_u16(), lines)
}

macro_rules! application {
    ($world:expr, $store:expr, $key:expr) => {
        init_service(
            App::new()
                .app_data(web::Data::new($world.clone()))
                .configure($world.auth.routes())
                .route("/login-as-bob", web::post().to(log_in_as_bob))
                .route("/logout-own", web::post().to(async |auth: AuthContext| auth.logout().await))
                .wrap(SessionMiddleware::builder($store.clone(), $key.clone()).cookie_secure(false).build())
                .wrap($world.auth.middleware()),
        )
        .await
    };
}

async fn log_in_as_bob(world: web::Data<World>, auth: AuthContext) -> Result<LoggedIn, AuthError> {
    Ok(auth.login(&world.users.by_name("bob"), LoginOptions::new()).await?)
}

fn log_in(path: &str) -> TestRequest {
    TestRequest::post()
        .uri(path)
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .set_payload(r#"{"username":"bob","password":"bob-pw"}"#)
}

/// Alice's cookies of cookiejwt, and the framework's session cookie of a login.
fn cookies(alice: &Browser, lines: &[String]) -> String {
    let id = lines.iter().find(|line| line.starts_with("id=")).expect("a session of the framework");
    format!("{}; {}", alice.cookies(), id.split(';').next().unwrap())
}

fn ours(lines: &[String]) -> Vec<&String> {
    lines.iter().filter(|line| line.starts_with(ACCESS) || line.starts_with(REFRESH)).collect()
}

fn world() -> World {
    World::with(|config| config.set_session_cookie(true))
}

#[actix_web::test]
async fn a_logout_clears_the_cookies_and_ends_our_session() {
    for (fails, path, reaches_us) in [
        (Fails::Writes, "/api/auth/logout/", true),
        (Fails::Writes, "/api/auth/token/blacklist/", true),
        (Fails::Writes, "/logout-own", true),
        (Fails::Everything, "/api/auth/logout/", true),
        (Fails::Everything, "/api/auth/token/blacklist", true),
        // As described in SECURITY.md: the handler is not reached, and nothing shows that it would
        // have been a logout.
        (Fails::Everything, "/logout-own", false),
    ] {
        let (world, store, key) = (world(), Store::default(), Key::generate());
        let app = application!(world, store, key);
        let (status, lines) = send(&app, log_in("/api/auth/token/")).await;
        assert_eq!((status, ours(&lines).len()), (200, 2));
        let alice = world.log_in("alice").await;
        store.fail(fails);
        let request = TestRequest::post().uri(path).insert_header((header::COOKIE, cookies(&alice, &lines)));
        let (status, lines) = send(&app, request).await;
        let rule = format!("{fails:?} fail at {path}");
        assert_eq!(status, 500, "{rule}");
        let cleared = ours(&lines).iter().filter(|line| line.contains("Max-Age=0;")).count();
        assert_eq!(
            (ours(&lines).len(), cleared),
            if reaches_us { (2, 2) } else { (0, 0) },
            "{rule}: {lines:?}"
        );
        let revoked = world.revoked_because(&alice.session).await;
        assert_eq!(revoked, reaches_us.then_some("logout"), "{rule}");
    }
}

#[actix_web::test]
async fn what_is_no_logout_ends_nothing() {
    for (rule, method, site, path) in [
        ("from another site", Method::POST, "cross-site", "/api/auth/logout/"),
        ("another method", Method::GET, "same-origin", "/api/auth/logout/"),
        ("another route", Method::POST, "same-origin", "/api/auth/token/verify/"),
    ] {
        let (world, store, key) = (world(), Store::default(), Key::generate());
        let app = application!(world, store, key);
        let (_, lines) = send(&app, log_in("/api/auth/token/")).await;
        let alice = world.log_in("alice").await;
        store.fail(Fails::Everything);
        let request = TestRequest::default().method(method).uri(path).insert_header(("sec-fetch-site", site));
        let (status, lines) =
            send(&app, request.insert_header((header::COOKIE, cookies(&alice, &lines)))).await;
        assert_eq!((status, ours(&lines).len()), (500, 0), "{rule}");
        assert_eq!(world.revoked_because(&alice.session).await, None, "{rule}");
    }
}

#[actix_web::test]
async fn a_login_that_cannot_be_stored_leaves_no_session() {
    for path in ["/api/auth/token/", "/login-as-bob"] {
        let (world, store, key) = (world(), Store::default(), Key::generate());
        let app = application!(world, store, key);
        store.fail(Fails::Writes);
        let (status, lines) = send(&app, log_in(path)).await;
        assert_eq!((status, lines.len()), (500, 0), "{path}: {lines:?}");
        let created = world.store.created();
        assert_eq!(created.len(), 1, "{path}");
        assert!(world.revoked_because(&created[0]).await.is_some(), "{path}: no living row");
        store.fail(Fails::Nothing);
        let (status, lines) = send(&app, log_in(path)).await;
        assert_eq!((status, ours(&lines).len()), (200, 2), "{path}, the store is back");
    }
}

/// The cookies of a refresh are sent with this error, as with any other.
#[actix_web::test]
async fn the_cookies_of_a_refresh_are_sent_with_the_error() {
    let (world, store, key) = (world(), Store::default(), Key::generate());
    let app = init_service(
        App::new()
            .route(
                "/put",
                web::post().to(async |_: Identity, session: actix_session::Session| {
                    session.insert("a", "b").map(|()| "")
                }),
            )
            .wrap(SessionMiddleware::builder(store.clone(), key).cookie_secure(false).build())
            .wrap(world.auth.middleware()),
    )
    .await;
    let alice = world.stale("alice").await;
    store.fail(Fails::Writes);
    let request = TestRequest::post().uri("/put").insert_header((header::COOKIE, alice.cookies()));
    let (status, lines) = send(&app, request).await;
    assert_eq!((status, ours(&lines).len()), (500, 2), "the pair is sent with the error");
}
