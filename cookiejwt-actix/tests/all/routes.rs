//! The built-in routes: the application's own routes do not hide them, and only mounted routes are
//! served.

use actix_http::Request;
use actix_web::{
    App, HttpResponse,
    body::MessageBody,
    dev::{Service, ServiceResponse},
    guard,
    http::header,
    test::{TestRequest, call_service, init_service, read_body},
    web::{self, ServiceConfig},
};
use cookiejwt_actix::{ActixAuth as _, Authenticator, GuardMiddleware, Identity, MaybeIdentity, Requirement};
use scenarios::World;

fn post(path: &str, body: &'static str) -> TestRequest {
    let json = (header::CONTENT_TYPE, "application/json");
    TestRequest::post().uri(path).insert_header(json).set_payload(body)
}

/// Status, number of `Set-Cookie` lines, body.
async fn send<S, B>(app: &S, request: TestRequest) -> (u16, usize, String)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let response = call_service(app, request.to_request()).await;
    let (status, lines) = (response.status(), response.headers().get_all(header::SET_COOKIE).count());
    let body = String::from_utf8(read_body(response).await.to_vec()).expect("text");
    (status.as_u16(), lines, body)
}

const LOGIN: &str = r#"{"username":"alice","password":"alice-pw"}"#;

async fn page() -> &'static str {
    "page"
}

type Obstacle = fn(&mut ServiceConfig, &Authenticator);

const OBSTACLES: [(&str, Obstacle); 8] = [
    ("a guarded scope", |config, auth| {
        config.service(web::scope("/api").wrap(auth.require_login()).route("/notes", web::get().to(page)));
    }),
    ("a scope", |config, _| {
        config.service(web::scope("/api").route("/notes", web::get().to(page)));
    }),
    ("a scope with the same prefix", |config, _| {
        config.service(web::scope("/api/auth").route("/notes", web::get().to(page)));
    }),
    ("the catch-all of a single-page application", |config, _| {
        config.route("/{path:.*}", web::to(page));
    }),
    ("a default service", |config, _| {
        config.default_service(web::to(page));
    }),
    ("a resource with a parameter", |config, _| {
        config.route("/api/{part}/{rest:.*}", web::get().to(page));
    }),
    ("a scope of everything, with a default service", |config, auth| {
        config.service(web::scope("").wrap(auth.require_login()).default_service(web::to(page)));
    }),
    ("a route guard", |config, _| {
        config.service(
            web::scope("/api").guard(guard::Header("x-api", "1")).route("/notes", web::get().to(page)),
        );
    }),
];

#[actix_web::test]
async fn nothing_stands_in_the_way_whatever_the_order() {
    for (rule, obstacle) in OBSTACLES {
        for comes_first in [true, false] {
            let world = World::default();
            let auth = world.auth.clone();
            let app = App::new().configure(|config| {
                if comes_first {
                    obstacle(config, &auth);
                    config.configure(auth.routes());
                } else {
                    config.configure(auth.routes());
                    obstacle(config, &auth);
                }
            });
            let app = init_service(app.wrap(world.auth.middleware())).await;
            let rule = format!("{rule}, before ours: {comes_first}");
            let login = send(&app, post("/api/auth/token/", LOGIN)).await;
            assert_eq!((login.0, login.1), (200, 3), "{rule}: {login:?}");
            let verified = send(&app, post("/api/auth/token/verify", "")).await;
            assert!(verified.0 == 401 && verified.2.contains("not_authenticated"), "{rule}: {verified:?}");
            let method = send(&app, TestRequest::get().uri("/api/auth/logout/")).await;
            assert_eq!(method.0, 405, "{rule}: {method:?}");
        }
    }
}

/// The pages of the application do not change.
#[actix_web::test]
async fn everything_else_is_routed() {
    let world = World::default();
    let app = App::new()
        .route("/api/auth/own", web::to(page))
        .configure(world.auth.routes())
        .default_service(web::to(async || HttpResponse::NotFound().body("nothing here")))
        .wrap(world.auth.middleware());
    let app = init_service(app).await;
    for (path, status, body) in [
        ("/api/auth/own", 200, "page"),
        ("/api/auth/", 404, "nothing here"),
        ("/api/auth/token/other", 404, "nothing here"),
        ("/api/auth/jwks.json", 404, "nothing here"),
        ("/api/auth/%74oken//", 404, "nothing here"),
    ] {
        let answer = send(&app, TestRequest::get().uri(path)).await;
        assert_eq!((answer.0, answer.2.as_str()), (status, body), "{path}");
    }
}

/// The routes are only where they are mounted: the middleware alone does not serve a login.
#[actix_web::test]
async fn what_was_not_mounted_is_not_served() {
    let world = World::default();
    let mounted = init_service(App::new().configure(world.auth.routes()).wrap(world.auth.middleware())).await;
    assert_eq!(send(&mounted, post("/api/auth/token/", LOGIN)).await.0, 200);
    let obstacles: [(&str, Obstacle, u16); 4] = [
        ("no routes at all, though another application of the process has them", |_, _| (), 404),
        (
            "those of another authenticator",
            |config, auth| {
                config.configure(auth.routes());
            },
            404,
        ),
        (
            "in a scope",
            |config, _| {
                config.service(web::scope("/v1"));
            },
            404,
        ),
        (
            "a custom handler",
            |config, _| {
                config.route("/api/auth/token/", web::to(page));
            },
            200,
        ),
    ];
    for (rule, config, status) in obstacles {
        let app =
            App::new().configure(|services| config(services, &world.staff)).wrap(world.auth.middleware());
        let answer = send(&init_service(app).await, post("/api/auth/token/", LOGIN)).await;
        assert_eq!((answer.0, answer.1), (status, 0), "{rule}: {answer:?}");
    }
    let scoped =
        App::new().service(web::scope("/v1").configure(world.auth.routes())).wrap(world.auth.middleware());
    let scoped = init_service(scoped).await;
    assert_eq!(
        send(&scoped, post("/api/auth/token/", LOGIN)).await.0,
        404,
        "in a scope: not at the prefix alone"
    );
    assert_eq!(send(&scoped, post("/v1/api/auth/token/", LOGIN)).await.0, 200, "in a scope");
}

#[actix_web::test]
async fn mounted_twice_is_mounted() {
    let world = World::default();
    let app = App::new()
        .configure(world.auth.routes())
        .configure(world.auth.routes())
        .wrap(world.auth.middleware());
    assert_eq!(send(&init_service(app).await, post("/api/auth/token/", LOGIN)).await.0, 200);
}

/// Two middlewares, each of which serves its own routes, whichever is the outer one.
#[actix_web::test]
async fn two_authenticators() {
    let world = World::default();
    for staff_is_outside in [true, false] {
        let (inner, outer) =
            if staff_is_outside { (&world.auth, &world.staff) } else { (&world.staff, &world.auth) };
        let app = App::new()
            .service(web::scope("").default_service(web::to(page)).wrap(inner.require_login()))
            .configure(world.auth.routes())
            .configure(world.staff.routes())
            .wrap(inner.middleware())
            .wrap(outer.middleware());
        let app = init_service(app).await;
        for path in ["/api/auth/token/", "/staff/auth/token/"] {
            let answer = send(&app, post(path, LOGIN)).await;
            assert_eq!((answer.0, answer.1), (200, 3), "{path}, staff outside: {staff_is_outside}");
        }
        assert_eq!(send(&app, TestRequest::get().uri("/page")).await.0, 401);
    }
}

fn guards(auth: &Authenticator) -> [GuardMiddleware; 5] {
    [
        auth.require_login(),
        auth.require_fresh_login(std::time::Duration::from_mins(5)),
        auth.require_proofs(Requirement::any_method().within(std::time::Duration::from_mins(5))),
        auth.require_scope("notes:write"),
        auth.require_role("root"),
    ]
}

#[actix_web::test]
async fn a_guard_uses_its_own_authenticator() {
    let world = World::default();
    let (shop, admin) = (&world.auth, &world.staff);
    let customer = world.log_in("alice").await.cookies();
    let root = world.log_in_at(admin, "alice").await.cookies();
    for (number, guard) in guards(admin).into_iter().enumerate() {
        let passes = [200, 200, 200, 403, 403][number];
        for (rule, inner, outer, expected) in [
            ("admin inside", admin, shop, [401, passes, passes]),
            ("shop inside", shop, admin, [401, passes, passes]),
            ("admin forgotten", shop, shop, [500; 3]),
        ] {
            let app = App::new()
                .service(web::resource("/page").wrap(guard.clone()).to(page))
                .wrap(inner.middleware())
                .wrap(outer.middleware());
            let app = init_service(app).await;
            let mut answers = Vec::new();
            for cookies in [customer.clone(), root.clone(), format!("{customer}; {root}")] {
                let request = TestRequest::get().uri("/page").insert_header((header::COOKIE, cookies));
                answers.push(send(&app, request).await.0);
            }
            assert_eq!(answers, expected, "guard {number}, {rule}");
        }
    }
}

/// A guard around the application allows logins, even if the routes are mounted like any other.
#[actix_web::test]
async fn a_guard_around_everything_allows_logins() {
    for sets_session_cookie in [false, true] {
        let world = World::with(|config| config.set_session_cookie(sets_session_cookie));
        let app = App::new()
            .configure(world.auth.routes())
            .route("/page", web::to(page))
            .wrap(world.auth.require_login())
            .wrap(world.auth.middleware());
        let app = init_service(app).await;
        let wrong = send(&app, post("/api/auth/token/", r#"{"username":"alice","password":"wrong"}"#)).await;
        assert!(wrong.2.contains("invalid_credentials"), "{sets_session_cookie}: {wrong:?}");
        assert_eq!(send(&app, TestRequest::get().uri("/page")).await.0, 401);
    }
    let world = World::default();
    let own = App::new().route("/api/auth/token/", web::to(page)).wrap(world.auth.require_login());
    let app = init_service(own.wrap(world.auth.middleware())).await;
    assert_eq!(send(&app, post("/api/auth/token/", LOGIN)).await.0, 401, "a custom handler");
}

#[actix_web::test]
async fn two_middlewares_of_one_authenticator_share_a_slot() {
    let world = World::default();
    let stale = world.stale("alice").await;
    let me = async |who: Identity, _: MaybeIdentity| who.subject().to_string();
    let app = App::new()
        .service(web::resource("/me").wrap(world.auth.require_login()).wrap(world.auth.middleware()).to(me))
        .wrap(world.staff.middleware())
        .wrap(world.auth.middleware());
    let request = TestRequest::get().uri("/me").insert_header((header::COOKIE, stale.cookies()));
    assert_eq!(send(&init_service(app).await, request).await, (200, 2, "1".into()));
    assert_eq!(world.store.counts().rotate, 1);
}
