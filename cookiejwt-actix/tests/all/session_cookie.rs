//! The session of actix-session follows the login.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use actix_session::{
    Session, SessionMiddleware,
    storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError, generate_session_key},
};
use actix_web::{
    App, HttpServer,
    cookie::{Key, time::Duration},
    middleware::Condition,
    web,
};
use cookiejwt_actix::{SESSION_USER_KEY, prelude::*};
use scenarios::{
    World,
    run::Running,
    session_cookie::{Sessions, check, check_missing},
};

#[actix_web::test]
async fn it_follows() {
    check(start(Some(Order::Inside)), Sessions { cookie: "id", are_stored: true }).await;
}

#[actix_web::test]
async fn no_login_without_it_or_with_it_in_the_wrong_place() {
    check_missing(start(None)).await;
    check_missing(start(Some(Order::Outside))).await;
}

#[derive(Clone, Copy, PartialEq)]
enum Order {
    Inside,
    Outside,
}

fn start(order: Option<Order>) -> Running {
    let world = World::with(|config| config.set_session_cookie(true).token_mode(true));
    let (store, key) = (Memory::default(), Key::generate());
    let server = HttpServer::new(move || {
        let sessions = || SessionMiddleware::builder(store.clone(), key.clone()).cookie_secure(false).build();
        App::new()
            .app_data(web::Data::new(world.clone()))
            .configure(world.auth.routes())
            .route("/seen", web::get().to(seen))
            .route(
                "/put",
                web::post().to(async |session: Session| session.insert("cart", "apples").map(|()| "")),
            )
            .route("/login-as-bob", web::post().to(log_in_as_bob))
            .route("/logout-own", web::post().to(async |auth: AuthContext| auth.logout().await))
            .route("/logout-everywhere", web::post().to(log_out_everywhere))
            .wrap(Condition::new(order == Some(Order::Inside), sessions()))
            .wrap(world.auth.middleware())
            .wrap(Condition::new(order == Some(Order::Outside), sessions()))
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    Running { address, stop: Box::new(move || Box::pin(async move { handle.stop(false).await })) }
}

async fn seen(session: Session) -> String {
    let text = |key| session.get::<String>(key).unwrap();
    let user = text(SESSION_USER_KEY).unwrap_or_else(|| "nobody".into());
    format!("{user} {}", text("cart").unwrap_or_else(|| "nothing".into()))
}

async fn log_in_as_bob(world: web::Data<World>, auth: AuthContext) -> Result<LoggedIn, AuthError> {
    Ok(auth.login(&world.users.by_name("bob"), LoginOptions::new()).await?)
}

async fn log_out_everywhere(who: Identity, auth: AuthContext) -> Result<Cookies, AuthError> {
    auth.logout_everywhere(&who).await
}

type State = HashMap<String, String>;

/// actix-session has no store for tests.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<HashMap<String, State>>>);

impl SessionStore for Memory {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        Ok(self.0.lock().unwrap().get(key.as_ref()).cloned())
    }

    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        let key = generate_session_key();
        self.0.lock().unwrap().insert(key.as_ref().to_owned(), state);
        Ok(key)
    }

    async fn update(&self, key: SessionKey, state: State, _: &Duration) -> Result<SessionKey, UpdateError> {
        self.0.lock().unwrap().insert(key.as_ref().to_owned(), state);
        Ok(key)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> anyhow::Result<()> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> anyhow::Result<()> {
        self.0.lock().unwrap().remove(key.as_ref());
        Ok(())
    }
}
