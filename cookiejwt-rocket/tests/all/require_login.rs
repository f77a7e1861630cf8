//! `require_login` changes only who is admitted, and nothing else of a route.

#![allow(clippy::needless_pass_by_value, reason = "guards come as values")]

use cookiejwt_rocket::RocketAuth as _;
use rocket::{
    Route, State, get, http::Method, local::asynchronous::Client, post, put, routes, serde::json::Json,
};

use crate::common::{ACCESS, Leaving, World, application, code, get, leaving, request, send, start};

#[get("/items/<id>?<page>")]
fn item(id: u8, page: Option<u8>) -> String {
    format!("item {id} page {page:?}")
}

#[get("/items/<name>", rank = 2)]
fn named(name: &str) -> String {
    format!("named {name}")
}

#[post("/items", format = "json", data = "<body>")]
fn create(body: Json<u8>) -> String {
    format!("created {}", body.0)
}

#[put("/items/<id>", data = "<body>")]
fn change(id: u8, body: String) -> String {
    format!("changed {id} to {body}")
}

#[get("/items/<_..>", rank = 20)]
fn public() -> &'static str {
    "public"
}

#[get("/needs-state")]
fn needs_state(state: &State<u64>) -> String {
    state.to_string()
}

fn guarded() -> Vec<Route> {
    routes![item, named, create, change]
}

#[rocket::async_test]
async fn authenticated_users_are_admitted_and_anonymous_ones_are_not() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let rocket = application(&world, world.auth.require_login(guarded())).mount("/", routes![public]);
    let client = start(rocket).await;
    for (rule, method, path, body, said) in [
        ("parameters", "GET", "/items/7?page=2", "", "item 7 page Some(2)"),
        ("a forward to the next rank", "GET", "/items/seven", "", "named seven"),
        ("HEAD", "HEAD", "/items/7", "", ""),
        ("a body", "POST", "/items", "5", "created 5"),
        ("a body and a parameter", "PUT", "/items/7", "five", "changed 7 to five"),
    ] {
        let send_with = async |cookies: &str| {
            let fields = [("Cookie", cookies), ("Content-Type", "application/json")];
            send(request(&client, method, path, &fields).body(body)).await
        };
        let answer = send_with(&alice.cookies()).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, said), "{rule}");
        let answer = send_with("").await;
        assert_eq!(answer.status, 401, "{rule}");
        assert_eq!(leaving(&answer), Leaving::Nothing, "{rule}");
        if method != "HEAD" {
            assert_eq!(code(&answer), "not_authenticated", "{rule}");
        }
    }
    // The public route of a higher rank does not bypass it, and serves what they do not match.
    assert_eq!(get(&client, "/items/a/b", "").await.body, "public");
}

#[rocket::async_test]
async fn refusals() {
    for (rule, before, status, said, left) in [
        ("nobody", "nobody", 401, "not_authenticated", Leaving::Nothing),
        ("invalid cookies", "dead", 401, "invalid_token", Leaving::Cleared),
        ("another site", "cross-site", 403, "csrf_failed", Leaving::Nothing),
        ("the store is unavailable", "away", 503, "unavailable", Leaving::Nothing),
        ("a refresh", "stale", 200, "", Leaving::Both),
    ] {
        let world = World::default();
        let client = start(application(&world, world.auth.require_login(guarded()))).await;
        let alice = world.log_in("alice").await.cookies();
        let dead = format!("{ACCESS}=x");
        let (cookies, site) = match before {
            "nobody" => ("", "same-origin"),
            "dead" => (&*dead, "same-origin"),
            site => (&*alice, if site == "cross-site" { site } else { "same-origin" }),
        };
        world.store.set_away(before == "away");
        world.pass(if before == "cross-site" { 0 } else { 306 });
        let fields = [("Cookie", cookies), ("Sec-Fetch-Site", site)];
        let answer = send(request(&client, "PUT", "/items/1", &fields).body("x")).await;
        assert_eq!((answer.status, code(&answer).as_str()), (status, said), "{rule}");
        assert_eq!(leaving(&answer), left, "{rule}");
    }
}

#[test]
fn names_ranks_formats_and_paths_stay() {
    let parts = |routes: Vec<Route>| -> Vec<_> {
        let parts = |r: Route| (r.name, r.method, r.uri.to_string(), r.rank, r.format);
        routes.into_iter().map(parts).collect()
    };
    let world = World::default();
    assert_eq!(parts(world.auth.require_login(guarded()).into()), parts(guarded()));
    assert!(guarded().iter().any(|route| route.rank == 2 && route.method == Method::Get));
    assert!(guarded().iter().any(|route| route.format.is_some()));
}

#[rocket::async_test]
async fn sentinels_stay() {
    let world = World::default();
    let routes = world.auth.require_login(routes![needs_state]);
    let launched = Client::untracked(application(&world, routes)).await;
    // No state is managed, so Rocket must refuse to launch.
    assert!(
        matches!(launched.map_err(|error| error.kind().to_string()), Err(why) if why.contains("sentinel"))
    );
}
