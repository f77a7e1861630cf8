//! A private cookie of Rocket's follows the login.

use std::sync::Mutex;

use cookiejwt_rocket::{SessionCookie, prelude::*};
use rocket::{
    State,
    fairing::AdHoc,
    get,
    http::{ContentType, Cookie},
    local::asynchronous::{Client, LocalRequest},
    post, routes, tokio,
};
use scenarios::{
    World,
    run::Running,
    session_cookie::{Sessions, check},
};

const NAME: &str = "__Host-cookiejwt_session";

#[rocket::async_test]
async fn it_follows() {
    check(start().await, Sessions { cookie: NAME, are_stored: false }).await;
}

fn world() -> World {
    World::with(|config| config.set_session_cookie(true).token_mode(true))
}

fn figment() -> rocket::figment::Figment {
    rocket::Config::figment()
        .merge(("log_level", "off"))
        .merge(("secret_key", "hPRYyVRiMyxpw5sBB1XeCMN1kFsDCqKvBi2QJxBVHQk="))
}

async fn start() -> Running {
    let world = world();
    let auth = world.auth.clone();
    let (sender, bound) = tokio::sync::oneshot::channel();
    let sender = Mutex::new(Some(sender));
    let liftoff = AdHoc::on_liftoff("port", move |rocket| {
        let sender = sender.lock().unwrap().take();
        let _ = sender.map(|sender| sender.send(rocket.config().port));
        Box::pin(async {})
    });
    let figment = figment().merge(("port", 0)).merge(("shutdown.ctrlc", false));
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
async fn log_in_as_bob(world: &State<World>, auth: AuthContext) -> Result<LoggedIn, AuthError> {
    Ok(auth.login(&world.users.by_name("bob"), LoginOptions::new()).await?)
}

#[post("/logout-own")]
async fn log_out(auth: AuthContext) -> Result<Cookies, AuthError> {
    auth.logout().await
}

#[post("/logout-everywhere")]
async fn log_out_everywhere(who: Identity, auth: AuthContext) -> Result<Cookies, AuthError> {
    auth.logout_everywhere(&who).await
}

#[get("/cart")]
#[allow(clippy::needless_pass_by_value, reason = "what a handler of Rocket's takes")]
fn cart(session: SessionCookie) -> String {
    session.user_id().to_owned()
}

/// An application, and the cookies that a login of this user sets: our two and the framework's.
async fn log_in(client: &Client, name: &str) -> [String; 3] {
    let body = format!(r#"{{"username":"{name}","password":"{name}-pw"}}"#);
    let response = client.post("/api/auth/token/").header(ContentType::JSON).body(body).dispatch().await;
    let lines: Vec<_> = response.headers().get("set-cookie").map(str::to_owned).collect();
    let pair = |part: &str| {
        lines.iter().find(|line| line.contains(part)).unwrap().split(';').next().unwrap().to_owned()
    };
    [pair("access"), pair("refresh"), pair("cookiejwt_session")]
}

async fn client(world: &World) -> Client {
    let auth = world.auth.clone();
    let rocket = rocket::custom(figment())
        .attach(auth.fairing())
        .mount("/", auth.routes())
        .mount("/", routes![cart])
        .register("/", auth.catchers());
    Client::untracked(rocket).await.unwrap()
}

#[rocket::async_test]
async fn it_is_bound_to_the_login() {
    let world = world();
    let client = client(&world).await;
    let [access, refresh, session] = log_in(&client, "alice").await;
    let [_, _, planted] = log_in(&client, "bob").await;
    let (_, value) = planted.split_once('=').unwrap();
    let [again_access, again_refresh, _] = log_in(&client, "alice").await;
    let alice = format!("{access}; {refresh}");
    for (rule, cookies, status) in [
        ("their own", format!("{alice}; {session}"), 200),
        ("no user is logged in", session.clone(), 401),
        ("none", alice.clone(), 401),
        ("planted by a sibling subdomain", format!("{alice}; cookiejwt_session={value}"), 401),
        ("of another user", format!("{alice}; {planted}"), 401),
        ("of an earlier login of the same user", format!("{again_access}; {again_refresh}; {session}"), 401),
        ("made up", format!("{alice}; {NAME}=x"), 401),
    ] {
        assert_eq!(with(client.get("/cart"), &cookies).dispatch().await.status().code, status, "{rule}");
    }
    let cookies = format!("{alice}; {session}");
    with(client.post("/api/auth/logout/"), &cookies).dispatch().await;
    let copy = with(client.get("/cart"), &cookies).dispatch().await;
    assert_eq!(copy.status().code, 401, "a copy after the logout");
}

/// As a browser sends them; the local client ignores a `Cookie` field.
fn with<'c>(request: LocalRequest<'c>, cookies: &str) -> LocalRequest<'c> {
    let cookies = cookies.split("; ").map(|pair| Cookie::parse_encoded(pair.to_owned()).unwrap());
    cookies.fold(request, LocalRequest::cookie)
}

/// A line that breaks the rules of the prefix is ignored, also the one that removes the cookie.
#[rocket::async_test]
async fn the_lines_keep_the_rules_of_the_prefix() {
    for is_secure in [true, false] {
        let world = World::with(|config| config.set_session_cookie(true).secure(is_secure));
        let client = client(&world).await;
        let body = r#"{"username":"alice","password":"alice-pw"}"#;
        let login = client.post("/api/auth/token/").header(ContentType::JSON).body(body).dispatch().await;
        let line = login.headers().get("set-cookie").find(|line| line.contains("cookiejwt_session")).unwrap();
        let session = line.split(';').next().unwrap().to_owned();
        let logout = with(client.post("/api/auth/logout/"), &session).dispatch().await;
        for response in [login, logout] {
            let line =
                response.headers().get("set-cookie").find(|line| line.contains("cookiejwt_session")).unwrap();
            let name = line.split('=').next().unwrap();
            assert_eq!(name, if is_secure { NAME } else { "cookiejwt_session" }, "{line}");
            assert_eq!(line.contains("; Secure"), is_secure, "{line}");
            assert!(line.contains("; Path=/") && !line.contains("Domain"), "{line}");
        }
    }
}

#[test]
fn each_realm_has_a_cookie_of_its_own() {
    use cookiejwt_rocket::testing;

    for (realm, is_secure, name) in [
        ("", true, NAME),
        ("", false, "cookiejwt_session"),
        ("staff", true, "__Host-staff_cookiejwt_session"),
        ("staff", false, "staff_cookiejwt_session"),
    ] {
        let config = testing::config().secure(is_secure);
        let config = if realm.is_empty() { config } else { config.realm(realm) };
        assert_eq!(SessionCookie::name(&config.build().unwrap()), name, "{realm:?}");
    }
}
