//! Behaviour that is specific to actix-web; what all adapters share is in the scenarios.

use actix_http::Request;
use actix_web::{
    App, HttpResponse, HttpServer, Responder,
    body::{BoxBody, MessageBody},
    dev::{Service, ServiceRequest, ServiceResponse},
    http::{StatusCode, header},
    middleware::{DefaultHeaders, Next, NormalizePath, from_fn},
    test::{TestRequest, call_service, init_service, read_body},
    web,
};
use cookiejwt_actix::{
    ActixAuth as _, AuthContext, AuthError, Claims, Cookies, CurrentUser, Identity, MaybeIdentity, Problem,
    testing,
};
use scenarios::{User, World, answer::exchange, request};

/// Status, number of `Set-Cookie` lines, body.
async fn answer<S, B>(app: &S, path: &str, cookies: &str) -> (u16, usize, String)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let request = TestRequest::get().uri(path).insert_header((header::COOKIE, cookies)).to_request();
    let response = call_service(app, request).await;
    let (status, lines) = (response.status(), response.headers().get_all(header::SET_COOKIE).count());
    let body = String::from_utf8(read_body(response).await.to_vec()).expect("text");
    (status.as_u16(), lines, body)
}

macro_rules! ask {
    ($app:expr, $path:expr, $cookies:expr) => {
        answer(&init_service($app).await, $path, $cookies).await
    };
}

async fn me(who: Identity) -> String {
    who.subject().to_string()
}

/// An error that no handler has turned into a response.
async fn fails(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse, actix_web::Error> {
    drop(next.call(request).await?);
    Err(actix_web::error::ErrorImATeapot("no coffee"))
}

#[actix_web::test]
async fn without_the_middleware_everything_is_500() {
    let app = || {
        App::new()
            .route("/identity", web::to(me))
            .route("/maybe", web::to(async |_: MaybeIdentity| "never"))
            .route("/user", web::to(async |_: CurrentUser<User>| "never"))
            .route("/claims", web::to(async |_: Claims<u8>| "never"))
            .route("/context", web::to(async |_: AuthContext| "never"))
            .service(web::resource("/guard").wrap(World::default().auth.require_login()).to(async || "never"))
    };
    for path in ["/identity", "/maybe", "/user", "/claims", "/context", "/guard"] {
        let (status, lines, body) = ask!(app(), path, "");
        assert_eq!((status, lines), (500, 0), "{path}");
        assert!(body.contains("server_error"), "{path}: {body}");
    }
}

#[actix_web::test]
async fn the_cookies_of_a_refresh_are_sent_with_the_error_of_another_middleware() {
    let world = World::default();
    let stale = world.stale("alice").await;
    let app =
        App::new().service(web::resource("/me").wrap(from_fn(fails)).to(me)).wrap(world.auth.middleware());
    let app = init_service(app).await;
    let request = TestRequest::get().uri("/me").insert_header((header::COOKIE, stale.cookies())).to_request();
    let error = app.call(request).await.expect_err("the middleware failed");
    // Each time the response is requested, for example to log it.
    for _ in 0..2 {
        let response = error.error_response();
        assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
        assert_eq!(response.headers().get_all(header::SET_COOKIE).count(), 2);
    }
}

#[actix_web::test]
async fn the_headers_of_other_middleware_stay() {
    let world = World::default();
    let stale = world.stale("alice").await;
    let app = App::new()
        .route("/me", web::to(me))
        .wrap(DefaultHeaders::new().add((header::SET_COOKIE, "theme=dark")))
        .wrap(world.auth.middleware());
    let app = init_service(app).await;
    let request = TestRequest::get().uri("/me").insert_header((header::COOKIE, stale.cookies())).to_request();
    let response = call_service(&app, request).await;
    let lines: Vec<_> = response.headers().get_all(header::SET_COOKIE).collect();
    assert_eq!((lines.len(), lines[0].to_str().expect("ASCII")), (3, "theme=dark"));
    assert!(lines[1].is_sensitive() && lines[2].is_sensitive(), "a token is nothing for a log");
    assert_eq!(response.headers().get_all(header::CACHE_CONTROL).count(), 1);
}

/// Routing panics if a clone of the request still exists.
#[actix_web::test]
async fn a_guarded_scope_routes_on_after_a_refresh() {
    let world = World::default();
    let stale = world.stale("alice").await;
    let app = |world: &World| {
        let pages = web::resource("/{page}").to(async |path: web::Path<(u8, String)>, who: Identity| {
            format!("{} {:?}", who.subject(), path.into_inner())
        });
        App::new()
            .service(web::scope("/books/{book}").wrap(world.auth.require_login()).service(pages))
            .wrap(world.auth.middleware())
    };
    let answered = ask!(app(&world), "/books/7/index", &stale.cookies());
    assert_eq!(answered, (200, 2, "1 (7, \"index\")".into()));
    let fresh = world.log_in("alice").await;
    let answered = ask!(app(&world), "/books/7/index", &fresh.cookies());
    assert_eq!(answered, (200, 0, "1 (7, \"index\")".into()));
    assert_eq!(ask!(app(&world), "/books/7/index", "").0, 401);
}

#[actix_web::test]
async fn several_extractors_settle_once() {
    let world = World::default();
    let stale = world.stale("alice").await;
    let all = async |_: MaybeIdentity,
                     CurrentUser(user): CurrentUser<User>,
                     who: Identity,
                     _: AuthContext| { format!("{} {}", user.name, who.subject()) };
    let app = App::new()
        .service(web::resource("/all").wrap(world.auth.require_login()).to(all))
        .wrap(world.auth.middleware());
    assert_eq!(ask!(app, "/all", &stale.cookies()), (200, 2, "alice 1".into()));
    assert_eq!(world.store.counts().rotate, 1);
}

#[actix_web::test]
async fn a_normalised_path_is_not_skipped_by_a_trick() {
    let world = World::with(|config| config.skip("/open"));
    let alice = world.log_in("alice").await;
    let app = || {
        App::new()
            .route("/open/me", web::to(me))
            .route("/me", web::to(me))
            .wrap(world.auth.middleware())
            .wrap(NormalizePath::trim())
    };
    for (rule, path, status) in [
        ("not skipped", "/me", 200),
        ("not skipped, normalised", "//me/", 200),
        ("skipped", "/open/me", 401),
        ("skipped, normalised", "//open//me/", 401),
    ] {
        assert_eq!(ask!(app(), path, &alice.cookies()).0, status, "{rule}");
    }
}

#[actix_web::test]
async fn a_limit_of_the_application_is_413_too() {
    let world = World::default();
    let app = App::new()
        .app_data(web::PayloadConfig::new(8))
        .configure(world.auth.routes())
        .wrap(world.auth.middleware());
    let app = init_service(app).await;
    let login = |body: String| {
        let json = (header::CONTENT_TYPE, "application/json");
        TestRequest::post().uri("/api/auth/token/").insert_header(json).set_payload(body).to_request()
    };
    let good = login(r#"{"username":"alice","password":"alice-pw"}"#.into());
    assert_eq!(call_service(&app, good).await.status(), 200, "our limit is ours, not that of `web::Bytes`");
    assert_eq!(call_service(&app, login(" ".repeat(16_385))).await.status(), 413);
}

async fn out(auth: AuthContext) -> Result<Cookies, AuthError> {
    auth.logout().await
}

async fn away(auth: AuthContext) -> Result<impl Responder, AuthError> {
    Ok(auth.logout().await?.with(web::Redirect::to("/").see_other()))
}

async fn conflict(auth: AuthContext) -> Result<impl Responder, AuthError> {
    Ok(auth.logout().await?.with(HttpResponse::Conflict().body("twice")))
}

#[actix_web::test]
async fn cookies_with_any_response() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let app = || {
        App::new()
            .route("/out", web::to(out))
            .route("/away", web::to(away))
            .route("/conflict", web::to(conflict))
            .wrap(world.auth.middleware())
    };
    for (path, status, body) in [("/out", 200, ""), ("/away", 303, ""), ("/conflict", 409, "twice")] {
        assert_eq!(ask!(app(), path, &alice.cookies()), (status, 2, body.into()), "{path}");
    }
}

/// The other workers know about a logout on one worker.
#[actix_web::test]
async fn workers_share_what_was_revoked() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let auth = world.auth.clone();
    let server = HttpServer::new(move || {
        App::new().route("/me", web::to(me)).configure(auth.routes()).wrap(auth.middleware())
    });
    let server = server.workers(3).disable_signals().bind("127.0.0.1:0").expect("a free port");
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    let mut names = request::Names::default();
    names.set_pairs("alice", &alice.access, &alice.refresh);
    let me = request::get("/me").cookie("{alice}").bytes(&names);
    for _ in 0..6 {
        assert_eq!(exchange(address, &me, false).await.status, 200);
    }
    let out = request::post("/api/auth/logout/").cookie("{alice}").bytes(&names);
    assert_eq!(exchange(address, &out, false).await.status, 200);
    for _ in 0..6 {
        assert_eq!(exchange(address, &me, false).await.status, 401);
    }
    handle.stop(false).await;
}

#[actix_web::test]
async fn the_peers_address_stands_in_the_sessions_row() {
    let world = World::default();
    let app = init_service(App::new().configure(world.auth.routes())).await;
    let request = TestRequest::post()
        .uri("/api/auth/token/")
        .peer_addr("[::ffff:192.0.2.7]:4711".parse().expect("an address"))
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .set_payload(r#"{"username":"alice","password":"alice-pw"}"#);
    assert_eq!(call_service(&app, request.to_request()).await.status(), 200);
    let session = world.store.created().remove(0);
    assert_eq!(world.row(&session).await.ip.as_deref(), Some("192.0.2.7"));
}

#[actix_web::test]
async fn handlers_are_plain_functions() {
    assert_eq!(me(testing::identity("42")).await, "42");
}

#[test]
fn a_problem_of_the_applications_own_is_a_response() {
    let response = HttpResponse::from_error(AuthError(Problem::Unavailable));
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers().get(header::CONTENT_TYPE).expect("a type"), "application/problem+json");
}
