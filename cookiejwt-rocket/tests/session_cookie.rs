//! A private cookie of Rocket's follows the login.

use std::sync::Mutex;

use conformance::{
    World,
    run::Running,
    session_cookie::{Sessions, check},
};
use cookiejwt_rocket::{SessionCookie, prelude::*};
use rocket::{State, fairing::AdHoc, get, post, routes, tokio};

#[rocket::async_test]
async fn it_follows() {
    check(start().await, Sessions { cookie: SessionCookie::NAME, are_stored: false }).await;
}

async fn start() -> Running {
    let world = World::with(|config| config.set_session_cookie(true).token_mode(true));
    let auth = world.auth.clone();
    let (sender, bound) = tokio::sync::oneshot::channel();
    let sender = Mutex::new(Some(sender));
    let liftoff = AdHoc::on_liftoff("port", move |rocket| {
        let sender = sender.lock().unwrap().take();
        let _ = sender.map(|sender| sender.send(rocket.config().port));
        Box::pin(async {})
    });
    let figment = rocket::Config::figment()
        .merge(("port", 0))
        .merge(("log_level", "off"))
        .merge(("secret_key", "hPRYyVRiMyxpw5sBB1XeCMN1kFsDCqKvBi2QJxBVHQk="))
        .merge(("shutdown.ctrlc", false));
    let rocket = rocket::custom(figment)
        .manage(world)
        .attach(liftoff)
        .attach(auth.fairing())
        .mount("/", auth.routes())
        .mount("/", routes![seen, log_in_as_bob, log_out, log_out_everywhere])
        .register("/", auth.catchers());
    let rocket = rocket.ignite().await.unwrap();
    let shutdown = rocket.shutdown();
    let server = tokio::spawn(rocket.launch());
    let address = ([127, 0, 0, 1], bound.await.unwrap()).into();
    let stop = async move {
        shutdown.notify();
        server.abort();
    };
    Running { address, stop: Box::new(move || Box::pin(stop)) }
}

#[get("/seen")]
#[allow(clippy::needless_pass_by_value, reason = "what a handler of Rocket's takes")]
fn seen(session: Option<SessionCookie>, who: MaybeIdentity) -> String {
    let id = session.as_ref().map(SessionCookie::id);
    assert_eq!(id, who.0.as_ref().map(|who| who.session_id().as_str()), "the same session");
    format!("{} nothing", session.as_ref().map_or("nobody", SessionCookie::user_id))
}

#[post("/login-as-bob")]
async fn log_in_as_bob(world: &State<World>, auth: AuthContext) -> Result<Cookies, Problem> {
    Ok(auth.login(&world.users.by_name("bob"), LoginOptions::new()).await?)
}

#[post("/logout-own")]
async fn log_out(auth: AuthContext) -> Result<Cookies, Problem> {
    auth.logout().await
}

#[post("/logout-everywhere")]
async fn log_out_everywhere(who: Identity, auth: AuthContext) -> Result<Cookies, Problem> {
    auth.logout_everywhere(&who).await
}
