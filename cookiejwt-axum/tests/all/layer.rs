//! What the layer adds to every kind of response; and that it does nothing unless an extractor or
//! guard asks.

use std::{convert::Infallible, time::Duration};

use axum::{
    BoxError, Json, Router,
    body::Body,
    error_handling::HandleErrorLayer,
    extract::{FromRequestParts as _, Path, Request},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::{get as on_get, post},
};
use cookiejwt_axum::{AuthError, AxumAuth as _, Claims, CurrentUser, Identity, MaybeIdentity};
use tower::Layer as _;
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use crate::common::{
    ACCESS, Answer, Counts, Leaving, REFRESH, User, Who, World, get, me, request, send, who,
};

const SOON: Duration = Duration::from_secs(5);

fn outcomes(world: &World) -> Router {
    paths().layer(world.auth.layer())
}

/// One path for each kind of response after a request was authenticated.
fn paths() -> Router {
    let handlers = Router::new()
        .route("/200", on_get(|who: Identity| async { Who::from(who).to_string() }))
        .route("/status/{code}", on_get(status))
        .route("/redirect", on_get(|_: Identity| async { Redirect::to("/") }))
        .route("/stream", on_get(|_: Identity| async { streaming() }))
        .route("/err", on_get(|_: Identity| async { Err::<(), _>(StatusCode::CONFLICT) }))
        .route("/problem", on_get(|_: Identity| async { AuthError(cookiejwt_axum::Problem::NotFound) }))
        .route("/json", post(|_: Identity, _: Json<User422>| async {}));
    let caught = Router::new().route("/panic", on_get(panics)).layer(CatchPanicLayer::new());
    let timeout = TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, SOON);
    let limited = Router::new().route("/timeout", on_get(never)).layer(timeout);
    let failing = Router::new().route("/inner-err", on_get(never)).layer((
        HandleErrorLayer::new(|_: BoxError| async { StatusCode::REQUEST_TIMEOUT }),
        tower::timeout::TimeoutLayer::new(SOON),
    ));
    let early = Router::new().route("/early", on_get(|| async {})).layer(middleware::from_fn(answers_early));
    handlers.merge(caught).merge(limited).merge(failing).merge(early)
}

#[derive(serde::Deserialize)]
struct User422 {
    #[allow(dead_code, reason = "only its absence matters")]
    text: String,
}

async fn status(_: Identity, Path(code): Path<u16>) -> StatusCode {
    StatusCode::from_u16(code).unwrap()
}

async fn never(_: Identity) {
    std::future::pending::<()>().await;
}

async fn panics(_: Identity) {
    panic!("on purpose");
}

async fn answers_early(_: Identity, _: Request, _: Next) -> Response {
    StatusCode::IM_A_TEAPOT.into_response()
}

fn streaming() -> Body {
    let chunks = ["one ", "two ", "three"].map(Ok::<_, Infallible>);
    Body::from_stream(futures_util::stream::iter(chunks))
}

const OUTCOMES: [(&str, &str, &str, u16); 20] = [
    ("a body", "GET", "/200", 200),
    ("HEAD", "HEAD", "/200", 200),
    ("200 without a body", "GET", "/status/200", 200),
    ("201", "GET", "/status/201", 201),
    ("204", "GET", "/status/204", 204),
    ("302", "GET", "/status/302", 302),
    ("a redirect", "GET", "/redirect", 303),
    ("304", "GET", "/status/304", 304),
    ("404 of the handler", "GET", "/status/404", 404),
    ("422", "GET", "/status/422", 422),
    ("500", "GET", "/status/500", 500),
    ("503", "GET", "/status/503", 503),
    ("Err of the handler", "GET", "/err", 409),
    ("a problem of the handler", "GET", "/problem", 404),
    ("the next extractor rejects", "POST", "/json", 415),
    ("a streaming body", "GET", "/stream", 200),
    ("a timeout inside", "GET", "/timeout", 504),
    ("an inner service's error, handled inside", "GET", "/inner-err", 408),
    ("a panic caught inside", "GET", "/panic", 500),
    ("a middleware that answers early", "GET", "/early", 418),
];

#[tokio::test(start_paused = true)]
async fn the_cookies_of_a_refresh_are_sent_with_every_outcome() {
    for (rule, method, path, status) in OUTCOMES {
        for (missing, around) in [(false, false), (true, false), (false, true)] {
            let cookie = if missing { "missing" } else { "expired" };
            let layer = if around { "the router" } else { "every route" };
            let rule = format!("{rule}, access cookie {cookie}, the layer around {layer}");
            let world = World::default();
            let alice = world.stale("alice").await;
            let cookies = if missing { alice.refresh.clone() } else { alice.cookies() };
            let request = request(method, path, &[("cookie", &cookies)]);
            let answer = if around {
                send(&world.auth.layer().layer(paths()), request).await
            } else {
                send(&outcomes(&world), request).await
            };
            assert_eq!(answer.status, status, "{rule}");
            assert_eq!(answer.leaving(), Leaving::Both, "{rule}");
            assert_eq!(world.store.counts().rotated, 1, "{rule}");
            let who = who(&world, &answer.cookies()).await.expect("the new cookies work");
            assert_eq!((who.subject.as_str(), who.session.as_str()), ("1", alice.session.as_str()), "{rule}");
        }
    }
}

#[tokio::test]
async fn the_handler_sees_the_new_identity_in_the_same_request() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let old = who(&world, &alice.cookies()).await.unwrap();
    world.pass(306);
    let answer = send(&outcomes(&world), get("/200", &alice.cookies())).await;
    let new = who(&world, &answer.pair(ACCESS).unwrap()).await.unwrap();
    assert_eq!(answer.text(), new.to_string());
    assert_ne!(old.token, new.token);
}

#[tokio::test]
async fn a_streaming_body_arrives_complete_after_the_cookies() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let answer = send(&outcomes(&world), get("/stream", &alice.cookies())).await;
    assert_eq!((answer.leaving(), answer.text()), (Leaving::Both, "one two three"));
}

#[tokio::test]
async fn head_has_the_cookies_and_no_body() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let answer = send(&outcomes(&world), request("HEAD", "/200", &[("cookie", &alice.cookies())])).await;
    assert_eq!((answer.leaving(), answer.text()), (Leaving::Both, ""));
}

#[tokio::test]
async fn both_sides_of_a_refresh_ahead() {
    for (rule, age, leaving, rotated) in [
        ("just logged in", 0, Leaving::Nothing, 0),
        ("31 s left", 269, Leaving::Nothing, 0),
        ("30 s left", 270, Leaving::Both, 1),
        ("0 s left", 300, Leaving::Both, 1),
        ("in the leeway", 304, Leaving::Both, 1),
        ("expired", 305, Leaving::Both, 1),
    ] {
        let world = World::default();
        let alice = world.log_in("alice").await;
        world.pass(age);
        let answer = send(&outcomes(&world), get("/200", &alice.cookies())).await;
        assert_eq!((answer.status.as_u16(), answer.leaving()), (200, leaving), "{rule}");
        assert_eq!(world.store.counts().rotated, rotated, "{rule}");
    }
}

#[tokio::test]
async fn nothing_happens_without_an_extractor() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let garbage = format!("{ACCESS}=garbage; {REFRESH}=garbage");
    let app = Router::new()
        .route("/static", on_get(|| async { "a file" }))
        .route("/me", post(|_: Identity| async {}))
        .layer(world.auth.layer());
    for (rule, path, status) in [
        ("a static route", "/static", 200),
        ("404 of the router", "/nowhere", 404),
        ("405 of the router", "/me", 405),
    ] {
        for cookies in ["", garbage.as_str(), &alice.cookies()] {
            let answer = send(&app, get(path, cookies)).await;
            assert_eq!(answer.status, status, "{rule}");
            assert!(answer.lines().is_empty(), "{rule}: no cookie");
            assert_eq!(answer.field("vary") + &answer.field("cache-control"), "", "{rule}: no header");
        }
    }
    assert_eq!((world.store.counts(), world.users.calls()), (Counts::default(), 0));
}

#[tokio::test]
async fn a_valid_access_token_needs_no_store() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let app = me(&world);
    send(&app, get("/me", &alice.cookies())).await;
    assert_eq!(
        world.store.counts(),
        Counts { revoked_since: 1, ..Counts::default() },
        "the set is loaded once"
    );
    for _ in 0..3 {
        let answer = send(&app, get("/me", &alice.cookies())).await;
        assert_eq!((answer.status.as_u16(), answer.leaving()), (200, Leaving::Nothing));
    }
    assert_eq!(world.store.counts(), Counts { revoked_since: 1, ..Counts::default() });
    assert_eq!(world.users.calls(), 0);
}

async fn all_askers(
    a: Identity,
    b: Option<Identity>,
    MaybeIdentity(c): MaybeIdentity,
    Claims(claims): Claims<serde_json::Value>,
    CurrentUser(user): CurrentUser<User>,
) -> String {
    let ids = [Some(a), b, c].map(|who| Who::from(who.unwrap()).token);
    format!("{} {} {} {} {}", ids[0], ids[1], ids[2], claims["jti"].as_str().unwrap(), user.name)
}

async fn asks_around(_: Identity, request: Request, next: Next) -> Response {
    next.run(request).await
}

#[tokio::test]
async fn several_askers_in_one_request_settle_once() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let app = Router::new()
        .route("/", on_get(all_askers))
        .route_layer(world.auth.require_login())
        .layer(middleware::from_fn(asks_around))
        .layer(world.auth.layer());
    let answer = send(&app, get("/", &alice.cookies())).await;
    let token = who(&world, &answer.cookies()).await.unwrap().token;
    assert_eq!(answer.text(), format!("{token} {token} {token} {token} alice"));
    let once = Counts { rotate: 1, rotated: 1, ..Counts::default() };
    assert_eq!(world.store.counts(), Counts { revoked_since: 1, ..once });
    assert_eq!(world.users.calls(), 2, "once for the refresh, once for CurrentUser");
}

async fn twenty_at_once(request: Request) -> String {
    let (parts, _) = request.into_parts();
    let asking = (0..20).map(|_| {
        let mut parts = parts.clone();
        async move { Who::from(Identity::from_request_parts(&mut parts, &()).await.unwrap()).token }
    });
    let mut tokens = futures_util::future::join_all(asking).await;
    tokens.dedup();
    tokens.join(" ")
}

#[tokio::test]
async fn askers_at_the_same_time_settle_once() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let app = Router::new().route("/", on_get(twenty_at_once)).layer(world.auth.layer());
    let answer = send(&app, get("/", &alice.cookies())).await;
    assert_eq!(answer.leaving(), Leaving::Both);
    assert_eq!(world.store.counts().rotate, 1);
    assert_eq!(answer.text(), who(&world, &answer.cookies()).await.unwrap().token, "one token for all");
}

#[tokio::test]
async fn a_rotation_whose_answer_was_lost_heals_itself() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let app = me(&world);
    let lost = send(&app, get("/me", &alice.cookies())).await;
    let again = send(&app, get("/me", &alice.cookies())).await;
    assert_eq!(lost.pair(REFRESH), again.pair(REFRESH), "the same successor");
    assert_eq!((again.leaving(), world.store.counts().rotated), (Leaving::Both, 1));
}

type Fields = &'static [(&'static str, &'static str)];

/// Fields that a handler may write, and their values next to our cookies.
const MERGED: [(&str, Fields, &str, &str); 8] = [
    ("nothing", &[], "no-store", "Cookie"),
    (
        "another directive",
        &[("cache-control", "private, max-age=60")],
        "private, max-age=60, no-store",
        "Cookie",
    ),
    ("no-store is there", &[("cache-control", "private, No-Store")], "private, No-Store", "Cookie"),
    ("another Vary", &[("vary", "accept-encoding")], "no-store", "accept-encoding, Cookie"),
    ("Vary: cookie is there", &[("vary", "origin, cookie")], "no-store", "origin, cookie"),
    ("two Vary fields", &[("vary", "origin"), ("vary", "accept")], "no-store", "origin, accept, Cookie"),
    ("Vary: *", &[("vary", "*")], "no-store", "*"),
    (
        "both",
        &[("cache-control", "no-transform"), ("vary", "origin")],
        "no-transform, no-store",
        "origin, Cookie",
    ),
];

fn writes(fields: Fields) -> Response {
    let builder = Response::builder();
    let builder = fields.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
    builder.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn no_store_and_vary_join_what_the_handler_wrote() {
    for (rule, fields, cache_control, vary) in MERGED {
        let world = World::default();
        let alice = world.stale("alice").await;
        let app = Router::new()
            .route("/", on_get(move |_: Identity| async move { writes(fields) }))
            .layer(world.auth.layer());
        let answer = send(&app, get("/", &alice.cookies())).await;
        assert_eq!(answer.field("cache-control"), cache_control, "{rule}");
        assert_eq!(answer.field("vary"), vary, "{rule}");
        assert_eq!(answer.leaving(), Leaving::Both, "{rule}");
        // Nothing is set the next time: the handler's caching fields stay, and the response varies
        // by the credentials.
        let answer = send(&app, get("/", &answer.cookies())).await;
        let alone =
            |name| fields.iter().filter(|(n, _)| *n == name).map(|(_, v)| *v).collect::<Vec<_>>().join(", ");
        let said = fields.iter().any(|(name, _)| ["cache-control", "expires", "pragma"].contains(name));
        let cache_control = if said { alone("cache-control") } else { "private, no-cache".into() };
        assert_eq!(answer.field("cache-control"), cache_control, "{rule}");
        assert!(answer.field("vary").starts_with(&alone("vary")), "{rule}");
    }
}

#[tokio::test]
async fn other_cookies_of_the_handler_stay() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let theirs: Fields =
        &[("set-cookie", "theme=dark"), ("set-cookie", "__Host-access_tokens=x; Path=/; Secure")];
    let app = Router::new()
        .route("/", on_get(move |_: Identity| async move { writes(theirs) }))
        .layer(world.auth.layer());
    let answer: Answer = send(&app, get("/", &alice.cookies())).await;
    let names: Vec<_> =
        answer.lines().iter().map(|line| line.split('=').next().unwrap().to_owned()).collect();
    assert_eq!(names, ["theme", "__Host-access_tokens", ACCESS, REFRESH]);
    assert_eq!(answer.headers.get_all(header::SET_COOKIE).iter().next().unwrap(), "theme=dark");
}
