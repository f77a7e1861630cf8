//! Two authenticators around one router, one layer twice, and guards around everything.

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
    routing::{any, get as on_get},
};
use cookiejwt_axum::{Authenticator, AxumAuth as _, GuardLayer, Identity, MaybeIdentity, Requirement};
use serde_json::json;

use crate::common::{Answer, Leaving, World, get, post_json, request, send};

fn page(guard: GuardLayer) -> Router {
    Router::new().route("/page", any(async || "page")).layer(guard)
}

/// The guards of this authenticator.
fn guards(auth: &Authenticator) -> [GuardLayer; 5] {
    [
        auth.require_login(),
        auth.require_fresh_login(std::time::Duration::from_mins(5)),
        auth.require_proofs(Requirement::any_method().within(std::time::Duration::from_mins(5))),
        auth.require_scope("notes:write"),
        auth.require_role("root"),
    ]
}

async fn status(app: Router, cookies: &str) -> u16 {
    send(&app, get("/page", cookies)).await.status.as_u16()
}

#[tokio::test]
async fn a_guard_uses_its_own_authenticator() {
    let world = World::default();
    let (shop, admin) = (&world.auth, &world.staff);
    let customer = world.log_in("alice").await.cookies();
    let root = world.log_in_at(admin, "alice").await.cookies();
    for (number, guard) in guards(admin).into_iter().enumerate() {
        let layered = |inner: &Authenticator, outer: &Authenticator| {
            page(guard.clone()).layer(inner.layer()).layer(outer.layer())
        };
        let passes = [200, 200, 200, 403, 403][number];
        for (rule, app, expected) in [
            ("admin inside", layered(admin, shop), [401, passes, passes]),
            ("shop inside", layered(shop, admin), [401, passes, passes]),
            ("admin forgotten", page(guard.clone()).layer(shop.layer()), [500; 3]),
            ("both forgotten", page(guard.clone()), [500; 3]),
            ("outside of its layer", page_outside(admin, &guard), [500; 3]),
        ] {
            let both = format!("{customer}; {root}");
            let mut answers = Vec::new();
            for cookies in [&customer, &root, &both] {
                answers.push(status(app.clone(), cookies).await);
            }
            assert_eq!(answers, expected, "guard {number}, {rule}");
        }
    }
}

fn page_outside(auth: &Authenticator, guard: &GuardLayer) -> Router {
    Router::new().route("/page", any(async || "page")).layer(auth.layer()).layer(guard.clone())
}

/// The same layer twice has the effect of one.
#[tokio::test]
async fn two_layers_of_one_authenticator_share_a_slot() {
    let world = World::default();
    let stale = world.stale("alice").await;
    let ask = async |MaybeIdentity(who): MaybeIdentity, request: Request, next: Next| -> Response {
        assert!(who.is_some());
        next.run(request).await
    };
    let app = Router::new()
        .route("/page", on_get(async |who: Identity| who.subject().to_string()))
        .layer(world.auth.require_login())
        .layer(world.auth.layer())
        .layer(world.staff.layer())
        .layer(from_fn(ask))
        .layer(world.auth.layer());
    let answer = send(&app, get("/page", &stale.cookies())).await;
    assert_eq!((answer.status.as_u16(), answer.text(), answer.leaving()), (200, "1", Leaving::Both));
    assert_eq!((answer.lines().len(), world.store.counts().rotate), (2, 1));
}

async fn log_in(app: &Router) -> Answer {
    send(app, post_json("/api/auth/token/", "", &json!({ "username": "alice", "password": "alice-pw" })))
        .await
}

#[tokio::test]
async fn a_guard_around_everything_allows_logins() {
    let world = World::default();
    let app = |guard: GuardLayer| {
        page(guard.clone()).merge(world.auth.routes()).layer(guard).layer(world.auth.layer())
    };
    for (number, guard) in guards(&world.auth).into_iter().enumerate() {
        let app = app(guard.redirect_to("/login"));
        let answer = log_in(&app).await;
        assert_eq!((answer.status.as_u16(), answer.leaving()), (200, Leaving::Both), "guard {number}");
        let out = send(&app, request("POST", "/api/auth/logout/", &[("cookie", &answer.cookies())])).await;
        assert_eq!((out.status.as_u16(), out.leaving()), (200, Leaving::Cleared), "guard {number}");
        assert_eq!(status(app.clone(), "").await, 401, "guard {number}");
    }
    let answer = log_in(&app(world.staff.require_login())).await;
    assert_eq!(answer.status, 500, "another authenticator's guard is no guard of these routes");
}

/// Where our routes are not mounted, the path belongs to the application's own handler.
#[tokio::test]
async fn a_guard_protects_a_custom_handler_at_the_same_path() {
    let world = World::default();
    let own = Router::new().route("/api/auth/token/", any(async || "own"));
    let app = own.layer(world.auth.require_login()).layer(world.auth.layer());
    assert_eq!(log_in(&app).await.status, 401, "the guard asks first");
}

/// A middleware authenticates, then the body takes eleven seconds: the session must not be revoked
/// because of this request's own refresh.
#[tokio::test]
async fn an_endpoint_reuses_the_decision_of_a_middleware() {
    let world = World::default();
    let ask =
        async |State(world): State<World>, _: MaybeIdentity, request: Request, next: Next| -> Response {
            world.pass(11);
            next.run(request).await
        };
    let ask = from_fn_with_state(world.clone(), ask);
    let app = world.auth.routes().layer(ask).layer(world.auth.layer());
    for (rule, path, body, status) in [
        ("a wrong password", "/api/auth/token/fresh/", json!({ "password": "wrong" }), 401),
        ("a fresh login", "/api/auth/token/fresh/", json!({ "password": "alice-pw" }), 200),
        ("verify", "/api/auth/token/verify/", json!({}), 200),
        ("a refresh", "/api/auth/token/refresh/", json!({}), 200),
    ] {
        let stale = world.stale("alice").await;
        let answer = send(&app, post_json(path, &stale.cookies(), &body)).await;
        assert_eq!((answer.status.as_u16(), answer.leaving()), (status, Leaving::Both), "{rule}");
        assert_eq!(world.store.counts().rotate, 1, "{rule}");
        assert_ne!(world.revoked_because(&stale.session).await, Some("reuse"), "{rule}");
    }
}
