//! What the guards refuse, and the response of each catcher.

#![allow(clippy::needless_pass_by_value, reason = "guards come as values")]

use cookiejwt_rocket::{
    AuthContext, AuthError, Claims, CurrentUser, Identity, MaybeIdentity, Problem, RocketAuth as _,
};
use rocket::{
    Build, Catcher, Request, Rocket, Route, catch, catchers,
    fairing::AdHoc,
    get,
    http::Status,
    post,
    request::{FromRequest, Outcome},
    routes,
};

use crate::common::{
    ACCESS, Counts, Leaving, User, World, application, bare, code, get, leaving, request, send, start,
};

fn says(who: Option<Identity>) -> String {
    who.map_or("nobody".into(), |who| format!("{} by {}", who.subject(), who.source().as_str()))
}

#[get("/identity")]
fn identity(who: Identity) -> String {
    says(Some(who))
}

#[post("/identity")]
fn post_identity(who: Identity) -> String {
    says(Some(who))
}

#[get("/option")]
fn option(who: Option<Identity>) -> String {
    says(who)
}

#[post("/option")]
fn post_option(who: Option<Identity>) -> String {
    says(who)
}

#[get("/maybe")]
fn maybe(who: MaybeIdentity) -> String {
    says(who.0)
}

#[post("/maybe")]
fn post_maybe(who: MaybeIdentity) -> String {
    says(who.0)
}

#[get("/user")]
fn user(user: CurrentUser<User>) -> &'static str {
    user.0.name
}

#[get("/wrong-user")]
fn wrong_user(_user: CurrentUser<String>) -> &'static str {
    "never"
}

#[get("/claims")]
fn claims(claims: Claims<scenarios::Roles>) -> String {
    claims.0.roles.join(",")
}

#[get("/wrong-claims")]
fn wrong_claims(_claims: Claims<Vec<u8>>) -> &'static str {
    "never"
}

#[get("/context")]
fn context(auth: AuthContext) -> String {
    auth.authenticator().config().access_name().to_owned()
}

#[get("/private")]
fn private() -> &'static str {
    "private"
}

/// Swallows our refusal, and then ends with its own status.
#[get("/swallows/<status>")]
fn swallows(who: Option<Identity>, status: u16) -> Status {
    assert!(who.is_none());
    Status::new(status)
}

#[get("/status/<status>")]
fn status(status: u16) -> Status {
    Status::new(status)
}

#[get("/panic")]
fn panics() -> &'static str {
    panic!("as the test asks")
}

#[get("/problem")]
fn problem() -> AuthError {
    AuthError(Problem::SessionExpired)
}

fn everything() -> Vec<Route> {
    let asking = routes![identity, post_identity, option, post_option, maybe, post_maybe, user, wrong_user];
    [asking, routes![claims, wrong_claims, context, swallows, status, panics, problem]].concat()
}

#[rocket::async_test]
async fn authenticated_by_cookie_and_by_header() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let client = start(application(&world, everything())).await;
    for (rule, path, by_cookie, by_header) in [
        ("Identity", "/identity", "1 by cookie", "1 by header"),
        ("Option<Identity>", "/option", "1 by cookie", "1 by header"),
        ("MaybeIdentity", "/maybe", "1 by cookie", "1 by header"),
        ("CurrentUser", "/user", "alice", "alice"),
        ("Claims", "/claims", "reader", "reader"),
        ("AuthContext", "/context", ACCESS, ACCESS),
    ] {
        let cookie = get(&client, path, &alice.cookies()).await;
        let header = send(request(&client, "GET", path, &[("Authorization", &alice.bearer())])).await;
        for (answer, said) in [(cookie, by_cookie), (header, by_header)] {
            assert_eq!((answer.status, answer.body.as_str()), (200, said), "{rule}");
            assert_eq!(leaving(&answer), Leaving::Nothing, "{rule}");
        }
    }
}

#[rocket::async_test]
async fn refusals_are_rendered_by_the_catchers() {
    let nobody = |_: &World, _: &str| String::new();
    let alice = |_: &World, cookies: &str| cookies.to_owned();
    let away = |world: &World, cookies: &str| {
        world.pass(306);
        world.store.set_away(true);
        cookies.to_owned()
    };
    let users_away = |world: &World, cookies: &str| {
        world.users.set_away(true);
        cookies.to_owned()
    };
    let disabled = |world: &World, cookies: &str| {
        world.users.change("alice", |user| user.is_active = false);
        cookies.to_owned()
    };
    let before: [fn(&World, &str) -> String; 5] = [nobody, alice, away, users_away, disabled];
    let [nobody, alice, away, users_away, disabled] = before;
    for (rule, path, before, status, said) in [
        ("Identity", "/identity", nobody, 401, "not_authenticated"),
        ("CurrentUser", "/user", nobody, 401, "not_authenticated"),
        ("CurrentUser of another type, anonymous", "/wrong-user", nobody, 401, "not_authenticated"),
        ("CurrentUser of another type", "/wrong-user", alice, 500, "server_error"),
        ("CurrentUser, user store unavailable", "/user", users_away, 503, "unavailable"),
        ("CurrentUser, disabled", "/user", disabled, 401, "session_revoked"),
        ("Claims", "/claims", nobody, 401, "not_authenticated"),
        ("Claims of another type", "/wrong-claims", alice, 500, "server_error"),
        ("Identity, session store unavailable", "/identity", away, 503, "unavailable"),
        ("MaybeIdentity, session store unavailable", "/maybe", away, 503, "unavailable"),
        ("MaybeIdentity, anonymous", "/maybe", nobody, 200, ""),
        ("Option<Identity> swallows an outage", "/option", away, 200, ""),
    ] {
        let world = World::default();
        let client = start(application(&world, everything())).await;
        let cookies = before(&world, &world.log_in("alice").await.cookies());
        let answer = get(&client, path, &cookies).await;
        assert_eq!((answer.status, code(&answer).as_str()), (status, said), "{rule}");
        assert_eq!(answer.field("www-authenticate").is_empty(), status != 401, "{rule}");
        let left = if rule == "CurrentUser, disabled" { Leaving::Cleared } else { Leaving::Nothing };
        assert_eq!(leaving(&answer), left, "{rule}");
    }
}

#[rocket::async_test]
async fn a_refusal_is_exact() {
    let world = World::default();
    let answer = get(&start(application(&world, everything())).await, "/identity", "").await;
    for (field, value) in [
        ("content-type", "application/problem+json"),
        ("www-authenticate", "Bearer realm=\"api\""),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(answer.field(field), value);
    }
    assert_eq!(
        answer.body,
        "{\"type\":\"about:blank\",\"title\":\"Unauthorized\",\"status\":401,\
         \"detail\":\"Authentication credentials were not provided.\",\"code\":\"not_authenticated\"}"
    );
}

#[rocket::async_test]
async fn another_site_is_refused_unless_the_application_swallows_it() {
    let world = World::default();
    let client = start(application(&world, everything())).await;
    let cookies = world.log_in("alice").await.cookies();
    for (rule, path, status, said) in [
        ("Identity", "/identity", 403, "csrf_failed"),
        ("MaybeIdentity", "/maybe", 403, "csrf_failed"),
        ("Option<Identity>", "/option", 200, ""),
    ] {
        let fields = [("Cookie", &*cookies), ("Sec-Fetch-Site", "cross-site")];
        let answer = send(request(&client, "POST", path, &fields)).await;
        assert_eq!((answer.status, code(&answer).as_str()), (status, said), "{rule}");
    }
}

/// A status that none of our guards chose gets only the generic problem.
#[rocket::async_test]
async fn statuses_of_others() {
    let world = World::default();
    let client = start(application(&world, everything())).await;
    let dead = format!("{ACCESS}=x");
    for (rule, path, cookies, status, said) in [
        ("401", "/status/401", "", 401, "not_authenticated"),
        ("403", "/status/403", "", 403, "none"),
        ("500", "/status/500", "", 500, "server_error"),
        ("503", "/status/503", "", 503, "unavailable"),
        ("a panic", "/panic", "", 500, "server_error"),
        ("404", "/status/404", "", 404, ""),
        ("418", "/status/418", "", 418, ""),
        ("a swallowed 401, then 403", "/swallows/403", &dead, 403, "none"),
        ("a swallowed 401, then 500", "/swallows/500", &dead, 500, "server_error"),
        ("a swallowed 401, then 503", "/swallows/503", &dead, 503, "unavailable"),
        ("a swallowed 401, then 401", "/swallows/401", &dead, 401, "invalid_token"),
        ("a problem of the handler's", "/problem", "", 401, "session_expired"),
    ] {
        let answer = get(&client, path, cookies).await;
        assert_eq!((answer.status, code(&answer).as_str()), (status, said), "{rule}");
    }
    let answer = get(&client, "/status/403", "").await;
    assert_eq!(answer.body, "{\"type\":\"about:blank\",\"title\":\"Forbidden\",\"status\":403}");
    assert_eq!(answer.field("www-authenticate"), "");
}

/// Authenticates twice, with a different second refusal.
struct Twice;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Twice {
    type Error = AuthError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, AuthError> {
        // 500, and swallowed.
        assert!(request.guard::<Option<Claims<Vec<u8>>>>().await.succeeded().flatten().is_none());
        request.guard::<CurrentUser<User>>().await.map(|_| Self)
    }
}

#[get("/twice")]
fn twice(_twice: Twice) {}

#[rocket::async_test]
async fn the_last_refusal_counts() {
    let world = World::default();
    let client = start(application(&world, routes![twice])).await;
    let alice = world.log_in("alice").await;
    world.users.delete("alice");
    let answer = get(&client, "/twice", &alice.cookies()).await;
    assert_eq!((answer.status, code(&answer).as_str()), (401, "session_revoked"));
}

#[rocket::async_test]
async fn without_the_fairing() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let rocket = bare()
        .mount("/", everything())
        .mount("/", world.auth.require_login(routes![private]))
        .register("/", world.auth.catchers());
    let client = start(rocket).await;
    for path in ["/identity", "/maybe", "/user", "/claims", "/context", "/private"] {
        let answer = get(&client, path, &alice.cookies()).await;
        assert_eq!((answer.status, code(&answer).as_str()), (500, "server_error"), "{path}");
        assert_eq!(leaving(&answer), Leaving::Nothing, "{path}");
    }
}

fn asks_first() -> AdHoc {
    AdHoc::on_request("asks first", |request, _| {
        Box::pin(async move {
            let _ = request.guard::<Identity>().await;
        })
    })
}

/// A fairing that authenticates before ours has run gets an anonymous request, and does not affect
/// later ones.
#[rocket::async_test]
async fn who_asks_too_early_hides_nothing() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let rocket = bare().attach(asks_first()).attach(world.auth.fairing()).mount("/", everything());
    let answer = get(&start(rocket).await, "/identity", &alice.cookies()).await;
    assert_eq!((answer.status, leaving(&answer)), (200, Leaving::Both));
}

#[rocket::async_test]
async fn several_askers_rotate_once() {
    #[get("/all")]
    fn all(who: Identity, maybe: MaybeIdentity, user: CurrentUser<User>, _claims: Claims<()>) -> String {
        format!("{} {} {}", who.subject(), says(maybe.0), user.0.name)
    }
    #[get("/three")]
    fn three(who: Identity, maybe: MaybeIdentity, user: CurrentUser<User>) -> String {
        format!("{} {} {}", who.subject(), says(maybe.0), user.0.name)
    }
    let world = World::default();
    let client = start(application(&world, routes![all, three])).await;
    let alice = world.stale("alice").await;
    let answer = get(&client, "/three", &alice.cookies()).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "1 1 by cookie alice"));
    assert_eq!(world.store.counts(), Counts { rotate: 1, rotated: 1, ..world.store.counts() });
}

#[catch(401)]
fn login_page() -> &'static str {
    "log in"
}

#[catch(default)]
fn anything(status: Status, _: &Request<'_>) -> String {
    format!("anything {status}")
}

fn ours_but_401(world: &World) -> Vec<Catcher> {
    let mut ours = world.auth.catchers();
    ours.retain(|catcher| catcher.code != Some(401));
    [ours, catchers![login_page]].concat()
}

#[rocket::async_test]
async fn catchers_of_the_application() {
    let world = World::default();
    let mounted = |rocket: Rocket<Build>| {
        rocket.attach(world.auth.fairing()).mount("/", everything()).mount("/pages", everything())
    };
    let ours = || mounted(bare()).register("/", world.auth.catchers());
    for (rule, rocket, path, said) in [
        ("a longer base wins", ours().register("/pages", catchers![login_page]), "/pages/identity", "log in"),
        ("a longer base wins only there", ours().register("/pages", catchers![login_page]), "/identity", "{"),
        (
            "a default of a longer base",
            ours().register("/pages", catchers![anything]),
            "/pages/user",
            "anything",
        ),
        ("a default of the same base", ours().register("/", catchers![anything]), "/user", "{"),
        ("instead of ours", mounted(bare()).register("/", ours_but_401(&world)), "/identity", "log in"),
    ] {
        let answer = get(&start(rocket).await, path, "").await;
        assert_eq!(answer.status, 401, "{rule}");
        assert!(answer.body.starts_with(said), "{rule}: {}", answer.body);
    }
}
