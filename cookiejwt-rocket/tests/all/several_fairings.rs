//! Several fairings in one application, and several routes of one path.

#![allow(clippy::needless_pass_by_value, reason = "guards come as values")]

use cookiejwt_rocket::{
    Claims, CurrentUser, FreshLogin, GuardedRoutes, Identity, MaybeIdentity, Requirement, RocketAuth as _,
    cookiejwt_store::Authenticator,
};
use rocket::{
    Build, Error, Rocket, Route,
    error::ErrorKind,
    fairing::AdHoc,
    fs::{FileServer, relative},
    get,
    http::Status,
    local::asynchronous::Client,
    routes,
};

use crate::common::{Answer, Leaving, User, World, bare, code, get, leaving, request, send, start};

#[get("/page")]
fn page() -> &'static str {
    "page"
}

#[get("/who")]
fn who(who: MaybeIdentity) -> String {
    who.0.map_or("nobody".into(), |who| who.subject().to_string())
}

fn guards(auth: &Authenticator) -> [GuardedRoutes; 5] {
    [
        auth.require_login(routes![page]),
        auth.require_fresh_login(std::time::Duration::from_mins(5), routes![page]),
        auth.require_proofs(
            Requirement::any_method().within(std::time::Duration::from_mins(5)),
            routes![page],
        ),
        auth.require_scope("notes:write", routes![page]),
        auth.require_role("root", routes![page]),
    ]
}

#[rocket::async_test]
async fn a_guard_uses_its_own_authenticator() {
    let world = World::default();
    let (shop, admin) = (&world.auth, &world.staff);
    let customer = world.log_in("alice").await.cookies();
    let root = world.log_in_at(admin, "alice").await.cookies();
    for (number, guard) in guards(admin).into_iter().enumerate() {
        let passes = [200, 200, 200, 403, 403][number];
        for (rule, attached, expected) in [
            ("admin last", &[shop, admin][..], [401, passes, passes]),
            ("shop last", &[admin, shop], [401, passes, passes]),
            ("admin forgotten", &[shop], [500; 3]),
            ("both forgotten", &[], [500; 3]),
        ] {
            let rocket = attached.iter().fold(bare(), |rocket, auth| rocket.attach(auth.fairing()));
            let rocket = rocket.mount("/", Vec::from(guard.clone())).register("/", admin.catchers());
            let client = start(rocket).await;
            let mut answers = Vec::new();
            for cookies in [&customer, &root, &format!("{customer}; {root}")] {
                answers.push(get(&client, "/page", cookies).await.status);
            }
            assert_eq!(answers, expected, "guard {number}, {rule}");
        }
    }
}

#[rocket::async_test]
async fn an_extractor_asks_the_guard_around_it_or_the_fairing_that_was_attached_last() {
    let world = World::default();
    let (shop, staff) = (&world.auth, &world.staff);
    let both = format!(
        "{}; {}",
        world.log_in("alice").await.cookies(),
        world.log_in_at(staff, "bob").await.cookies()
    );
    for (attached, last) in [([shop, staff], "2"), ([staff, shop], "1")] {
        let rocket = attached.iter().fold(bare(), |rocket, auth| rocket.attach(auth.fairing()));
        let rocket = rocket
            .mount("/", routes![who])
            .mount("/shop", shop.require_login(routes![who]))
            .mount("/staff", staff.require_login(routes![who]))
            .mount("/staff/in/shop", staff.require_login(shop.require_login(routes![who])))
            .mount("/forwards", staff.require_login(routes![forwards]))
            .mount("/forwards", routes![after_it]);
        let client = start(rocket).await;
        for (path, said) in [
            ("/who", last),
            ("/shop/who", "1"),
            ("/staff/who", "2"),
            ("/staff/in/shop/who", "1"),
            ("/forwards/x", last),
        ] {
            assert_eq!(get(&client, path, &both).await.body, said, "{path}, attached last: {last}");
        }
    }
}

#[get("/<number>")]
fn forwards(number: u8) -> String {
    number.to_string()
}

#[get("/<_>", rank = 2)]
fn after_it(who: MaybeIdentity) -> String {
    who.0.map_or("nobody".into(), |who| who.subject().to_string())
}

/// Both are served, each writes its own cookies, and neither is replaced.
#[rocket::async_test]
async fn two_fairings_stand_side_by_side() {
    let world = World::default();
    let rocket = bare()
        .attach(world.auth.fairing())
        .attach(world.staff.fairing())
        .mount("/", world.auth.require_login(world.auth.routes()))
        .mount("/", world.staff.require_login(world.staff.routes()))
        .register("/", world.auth.catchers());
    let client = start(rocket).await;
    for (path, cookie) in
        [("/api/auth/token/", "__Host-access_token="), ("/staff/auth/token/", "__Host-staff_access_token=")]
    {
        let login = request(&client, "POST", path, &[("Content-Type", "application/json")]);
        let answer = send(login.body(r#"{"username":"alice","password":"alice-pw"}"#)).await;
        assert_eq!(answer.status, 200, "{path}");
        let lines = answer.cookie_lines();
        assert!(lines.len() == 3 && lines[0].starts_with(cookie), "{path}: {lines:?}");
    }
    let customer = world.stale("alice").await.cookies();
    let root = world.log_in_at(&world.staff, "alice").await.cookies();
    world.pass(306);
    let answer = send(request(
        &client,
        "POST",
        "/staff/auth/token/verify/",
        &[("Cookie", &format!("{customer}; {root}"))],
    ))
    .await;
    assert!(
        answer.status == 200 && answer.cookie_lines().iter().all(|line| line.starts_with("__Host-staff")),
        "{answer:?}"
    );
}

#[rocket::async_test]
async fn twins_are_refused_when_the_application_starts() {
    let (one, other) = (World::default(), World::default());
    for (rule, attached, starts) in [
        ("two that fit", [&one.auth, &one.staff], true),
        ("the same twice", [&one.auth, &one.auth], false),
        ("two with cookies of one name", [&one.auth, &other.auth], false),
    ] {
        let rocket = attached.iter().fold(bare(), |rocket, auth| rocket.attach(auth.fairing()));
        assert_eq!(does_start(rocket).await, starts, "{rule}");
    }
    let late = one.auth.clone();
    let later = AdHoc::on_ignite("later", |rocket| Box::pin(async move { rocket.attach(late.fairing()) }));
    let rocket = bare().attach(one.auth.fairing()).attach(later);
    assert!(!does_start(rocket).await, "attached by another fairing");
}

async fn does_start(rocket: Rocket<Build>) -> bool {
    match Client::untracked(rocket).await.as_ref().map_err(Error::kind) {
        Ok(_) => true,
        Err(ErrorKind::FailedFairings(_)) => false,
        Err(kind) => panic!("{kind}"),
    }
}

#[get("/identity/<_>")]
fn identity(_who: Identity) -> &'static str {
    "somebody"
}

#[get("/identity/<_>", rank = 2)]
fn no_identity() -> &'static str {
    "anybody"
}

#[get("/user")]
fn user(user: CurrentUser<User>) -> &'static str {
    user.0.name
}

#[get("/user", rank = 2)]
fn no_user() -> &'static str {
    "anybody"
}

#[get("/claims")]
fn claims(_claims: Claims<scenarios::Roles>) -> &'static str {
    "somebody"
}

#[get("/claims", rank = 2)]
fn no_claims() -> &'static str {
    "anybody"
}

#[get("/fresh")]
fn fresh(_who: FreshLogin<300>) -> &'static str {
    "somebody"
}

#[get("/fresh", rank = 2)]
fn not_fresh() -> &'static str {
    "anybody"
}

#[get("/twice")]
fn twice(_who: Identity) {}

#[get("/twice", rank = 2)]
fn twice_again(_who: CurrentUser<User>) {}

#[get("/html", format = "text/html")]
fn html(_who: Identity) {}

#[get("/html", format = "text/html", rank = 2)]
fn html_for_others(_number: Option<Identity>) -> Status {
    Status::ImATeapot
}

#[get("/alone")]
fn alone(_who: Identity) {}

#[rocket::post("/alone", rank = 2)]
fn another_method() -> &'static str {
    "another method"
}

#[get("/<_>", rank = 3)]
fn parameter() -> &'static str {
    "a parameter"
}

#[get("/<_..>", rank = 20)]
fn anything() -> &'static str {
    "anything"
}

#[rocket::async_test]
async fn a_401_asks_the_next_route_of_the_same_path() {
    let ranked = routes![
        identity,
        no_identity,
        user,
        no_user,
        claims,
        no_claims,
        fresh,
        not_fresh,
        twice,
        twice_again
    ];
    let others = routes![html, html_for_others, alone, another_method, parameter, anything];
    let files = FileServer::from(relative!("tests")).rank(10);
    for (rule, catch_all) in [("", Vec::new()), (", next to a catch-all page", others.clone())] {
        for (name, path, status, said) in [
            ("Identity", "/identity/a", 200, "anybody"),
            ("CurrentUser", "/user", 200, "anybody"),
            ("Claims", "/claims", 200, "anybody"),
            ("FreshLogin refuses", "/fresh", 401, "not_authenticated"),
            ("two that require a login", "/twice", 401, "not_authenticated"),
        ] {
            let world = World::default();
            let client = served(&world, [ranked.clone(), catch_all.clone()].concat()).await;
            let answer = get(&client, path, "").await;
            assert_eq!((answer.status, said_by(&answer)), (status, said.into()), "{name}{rule}");
        }
    }
    let world = World::default();
    let client = served(&world, [others, files.into()].concat()).await;
    let answer = get(&client, "/alone", "").await;
    assert_eq!((answer.status, code(&answer)), (401, "not_authenticated".into()), "no catch-all page");
    let answer = send(request(&client, "GET", "/html", &[("Accept", "text/html")])).await;
    assert_eq!(answer.status, 418, "a second route of the same format");
}

async fn served(world: &World, routes: Vec<Route>) -> Client {
    let rocket = bare().attach(world.auth.fairing()).mount("/", routes).register("/", world.auth.catchers());
    start(rocket).await
}

fn said_by(answer: &Answer) -> String {
    if answer.status == 200 { answer.body.clone() } else { code(answer) }
}

#[rocket::async_test]
async fn every_401_of_the_table_asks_the_next_route() {
    for (rule, change, cookies, leaves) in [
        ("invalid cookies", (|_| ()) as fn(&World), "__Host-access_token=x", Leaving::Cleared),
        (
            "disabled",
            |world| world.users.change("alice", |user| user.is_active = false),
            "",
            Leaving::Cleared,
        ),
    ] {
        let world = World::default();
        let alice = world.log_in("alice").await.cookies();
        change(&world);
        let client = served(&world, routes![user, no_user]).await;
        let answer = get(&client, "/user", if cookies.is_empty() { &alice } else { cookies }).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "anybody"), "{rule}");
        assert_eq!(leaving(&answer), leaves, "{rule}");
    }
    let world = World::default();
    let alice = world.log_in("alice").await.cookies();
    world.users.set_away(true);
    let answer = get(&served(&world, routes![user, no_user]).await, "/user", &alice).await;
    assert_eq!((answer.status, code(&answer)), (503, "unavailable".into()), "an outage is no 401");
}
