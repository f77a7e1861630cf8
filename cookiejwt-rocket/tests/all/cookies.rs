//! Our cookies are sent with every kind of response that Rocket has, next to those of the
//! application.

#![allow(clippy::needless_pass_by_value, reason = "guards come as values")]

use cookiejwt_rocket::{
    AuthContext, AuthError, Cookies, Identity, LoginOptions, Problem, RocketAuth as _, WithCookies,
};
use rocket::{
    Request, State, catch, catchers, get,
    http::{CookieJar, Status},
    local::asynchronous::Client,
    post,
    request::{FromRequest, Outcome},
    response::{self, Redirect, Responder},
    routes,
    shield::{NoSniff, Shield},
};

use crate::common::{ACCESS, Leaving, World, application, bare, get, leaving, request, send, start, subject};

#[get("/ok")]
fn ok(_who: Identity, jar: &CookieJar<'_>) -> &'static str {
    jar.add(("theme", "dark"));
    "ok"
}

#[get("/redirect")]
fn redirect(_who: Identity) -> Redirect {
    Redirect::to("/ok")
}

#[get("/status/<code>")]
fn status(_who: Identity, code: u16) -> Status {
    Status::new(code)
}

#[get("/err")]
fn err(_who: Identity) -> Result<(), Status> {
    Err(Status::BadRequest)
}

#[get("/problem")]
fn problem(_who: Identity) -> Result<(), AuthError> {
    Err(Problem::InvalidRequest.into())
}

#[get("/none")]
fn none(_who: Identity) -> Option<()> {
    None
}

#[get("/panic")]
fn panics(_who: Identity) -> &'static str {
    panic!("as the test asks")
}

/// A guard that fails or forwards after the request was authenticated.
struct Late<const FORWARDS: bool>;

#[rocket::async_trait]
impl<'r, const FORWARDS: bool> FromRequest<'r> for Late<FORWARDS> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        request.cookies().add(("lost", "on errors"));
        let _ = request.guard::<Identity>().await;
        if FORWARDS { Outcome::Forward(Status::NotFound) } else { Outcome::Error((Status::ImATeapot, ())) }
    }
}

#[get("/late/error")]
fn late_error(_late: Late<false>) {}

#[get("/late/forward")]
fn late_forward(_late: Late<true>) {}

#[get("/late/data/<_number>", data = "<_body>")]
fn late_data(_who: Identity, _number: u8, _body: Failing) {}

/// A body that cannot be read.
struct Failing;

#[rocket::async_trait]
impl<'r> rocket::data::FromData<'r> for Failing {
    type Error = ();

    async fn from_data(_: &'r Request<'_>, _: rocket::Data<'r>) -> rocket::data::Outcome<'r, Self> {
        rocket::data::Outcome::Error((Status::UnprocessableEntity, ()))
    }
}

fn everything() -> Vec<rocket::Route> {
    routes![ok, redirect, status, err, problem, none, panics, late_error, late_forward, late_data]
}

/// Logs bob in, whoever sends the request, and ends as the path specifies.
#[post("/bob/<end>")]
async fn bob(
    world: &State<World>,
    auth: AuthContext,
    _alice: Option<Identity>,
    end: &str,
) -> Result<WithCookies<End>, AuthError> {
    let cookies = auth.login(&world.users.by_name("bob"), LoginOptions::new()).await?;
    Ok(cookies.with(End(end.into())))
}

#[post("/bye")]
async fn bye(auth: AuthContext) -> Result<Cookies, AuthError> {
    auth.logout().await
}

struct End(String);

impl<'r> Responder<'r, 'static> for End {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match self.0.as_str() {
            "redirect" => Redirect::to("/").respond_to(request),
            "404" => Status::NotFound.respond_to(request),
            "403" => Status::Forbidden.respond_to(request),
            "panic" => panic!("as the test asks"),
            text => text.to_owned().respond_to(request),
        }
    }
}

#[rocket::async_test]
async fn the_cookies_of_a_refresh_are_sent_with_every_response() {
    for (rule, path, status) in [
        ("success", "/ok", 200),
        ("a redirect", "/redirect", 303),
        ("204", "/status/204", 204),
        ("a status of the handler's, answered by Rocket's catcher", "/status/404", 404),
        ("a status of the handler's, answered by our catcher", "/status/403", 403),
        ("a status that is no answer", "/status/302", 500),
        ("an error", "/err", 400),
        ("a problem", "/problem", 400),
        ("nothing", "/none", 404),
        ("a panic", "/panic", 500),
        ("a guard that fails afterwards", "/late/error", 418),
        ("a guard that forwards afterwards", "/late/forward", 404),
        ("a body that cannot be read", "/late/data/1", 422),
        ("a parameter that cannot be read", "/late/data/x", 422),
    ] {
        let world = World::default();
        let client = start(application(&world, everything())).await;
        let alice = world.stale("alice").await;
        let answer = get(&client, path, &alice.cookies()).await;
        assert_eq!((answer.status, leaving(&answer)), (status, Leaving::Both), "{rule}");
        let jar = answer.cookie_lines().iter().any(|line| line.starts_with("lost"));
        assert!(!jar, "{rule}: Rocket forgets its own on errors, so the test would pass by that way");
    }
}

#[rocket::async_test]
async fn invalid_cookies_are_cleared_after_any_catcher() {
    #[catch(401)]
    fn own(jar: &Request<'_>) -> &'static str {
        jar.cookies().add(("seen", "401"));
        "log in"
    }
    let world = World::default();
    for (rule, rocket, body) in [
        ("our catcher", application(&world, everything()), "invalid_token"),
        ("a catcher of the application", bare_with(&world).register("/", catchers![own]), "log in"),
        ("Rocket's own catcher", bare_with(&world), "401"),
    ] {
        let answer = get(&start(rocket).await, "/ok", &format!("{ACCESS}=x")).await;
        assert_eq!((answer.status, leaving(&answer)), (401, Leaving::Cleared), "{rule}");
        assert!(answer.body.contains(body), "{rule}: {}", answer.body);
        let added = answer.cookie_lines().iter().any(|line| line.starts_with("seen=401"));
        assert_eq!(added, rule == "a catcher of the application", "{rule}");
    }
}

fn bare_with(world: &World) -> rocket::Rocket<rocket::Build> {
    bare().attach(world.auth.fairing()).mount("/", everything())
}

#[rocket::async_test]
async fn cookies_of_the_application_stay() {
    let world = World::default();
    let client = start(application(&world, everything())).await;
    let (stale, fresh) = (world.stale("alice").await, world.log_in("bob").await);
    for (rule, cookies, ours) in
        [("next to ours", stale.cookies(), Leaving::Both), ("alone", fresh.cookies(), Leaving::Nothing)]
    {
        let answer = get(&client, "/ok", &cookies).await;
        let themes = answer.cookie_lines().into_iter().filter(|line| line.starts_with("theme=dark; "));
        assert_eq!((themes.count(), leaving(&answer)), (1, ours), "{rule}");
    }
}

#[rocket::async_test]
async fn cookies_of_a_handler_are_sent_with_every_response() {
    for (end, status) in [("welcome", 200), ("redirect", 303), ("404", 404), ("403", 403), ("panic", 500)] {
        let world = World::default();
        let client = start(application(&world, routes![bob]).manage(world.clone())).await;
        let alice = world.stale("alice").await;
        let fields = [("Cookie", &*alice.cookies())];
        let answer = send(request(&client, "POST", &format!("/bob/{end}"), &fields)).await;
        assert_eq!((answer.status, leaving(&answer)), (status, Leaving::Both), "{end}");
        assert_eq!(
            subject(&world, &answer).await.as_deref(),
            Some("2"),
            "{end}: alice was refreshed, bob wins"
        );
    }
}

#[rocket::async_test]
async fn cookies_alone_are_an_answer() {
    let world = World::default();
    let client = start(application(&world, routes![bye])).await;
    let alice = world.log_in("alice").await;
    let answer = send(request(&client, "POST", "/bye", &[("Cookie", &alice.cookies())])).await;
    assert_eq!((answer.status, answer.body.as_str(), leaving(&answer)), (200, "", Leaving::Cleared));
    assert_eq!(world.revoked_because(&alice.session).await, Some("logout"));
}

#[rocket::async_test]
async fn head_is_get_without_a_body() {
    let world = World::default();
    let client = start(application(&world, everything())).await;
    let alice = world.stale("alice").await;
    let answer = send(request(&client, "HEAD", "/ok", &[("Cookie", &alice.cookies())])).await;
    assert_eq!((answer.status, answer.body.as_str(), leaving(&answer)), (200, "", Leaving::Both));
    let answer = send(request(&client, "HEAD", "/ok", &[])).await;
    assert_eq!((answer.status, answer.body.as_str(), leaving(&answer)), (401, "", Leaving::Nothing));
    assert_eq!(answer.field("content-type"), "application/problem+json");
}

#[rocket::async_test]
async fn shield_and_our_fields_appear_once() {
    let world = World::default();
    let without = || application(&world, everything()).attach(Shield::default().disable::<NoSniff>());
    for (rule, rocket, path, nosniff) in [
        ("with Shield, a problem", application(&world, everything()), "/ok", "nosniff"),
        ("without Shield, a problem", without(), "/ok", "nosniff"),
        ("without Shield, an endpoint", without(), "/api/auth/token", "nosniff"),
        ("without Shield, an answer of the application", without(), "/nowhere", ""),
    ] {
        let answer = get(&start(rocket).await, path, "").await;
        assert_eq!(answer.field("x-content-type-options"), nosniff, "{rule}");
        assert_eq!(answer.field("x-frame-options"), "SAMEORIGIN", "{rule}");
    }
}

/// Rocket's local client keeps its cookies in a jar and sends no `Cookie` field.
#[rocket::async_test]
async fn a_local_client_that_tracks_cookies_is_logged_in_and_out() {
    let world = World::default();
    // The jar uses the real time, and drops expired cookies.
    world.pass(75 * 365 * 86_400);
    let client = Client::tracked(application(&world, routes![ok, bye, bob]).manage(world.clone())).await;
    let client = client.expect("a valid application");
    let me = async || send(request(&client, "GET", "/ok", &[])).await.status;
    assert_eq!(me().await, 401);
    assert_eq!(send(request(&client, "POST", "/bob/welcome", &[])).await.status, 200);
    assert_eq!(me().await, 200);
    world.pass(306);
    assert_eq!((me().await, me().await, world.store.counts().rotated), (200, 200, 1));
    assert_eq!(send(request(&client, "POST", "/bye", &[])).await.status, 200);
    assert_eq!(me().await, 401);
}
