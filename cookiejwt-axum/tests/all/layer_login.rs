//! Cookies that a handler sets by a login or logout replace the layer's: one line per name is sent.

use axum::{
    Json, Router,
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{AppendHeaders, IntoResponse, Response},
    routing::{any, post},
};
use cookiejwt_axum::{AuthContext, AuthError, AxumAuth as _, Identity, LoginOptions, MaybeIdentity};
use serde_json::{Value, json};

use crate::common::{
    ACCESS, Answer, Browser, Counts, Leaving, REFRESH, User, Users, Who, World, get, me, post_json, request,
    send, who,
};

const LOGIN: &str = "/api/auth/token/";

/// A custom login of the user in the body.
async fn own_login(auth: AuthContext, Json(name): Json<String>) -> Result<Response, AuthError> {
    let user = Users::default().by_name(if name == "bob" { "bob" } else { "alice" });
    let logged_in = auth.login(&user, LoginOptions::new()).await?;
    Ok(logged_in.with((StatusCode::CREATED, name)).into_response())
}

async fn asks_before(
    who: Option<Identity>,
    auth: AuthContext,
    name: Json<String>,
) -> Result<Response, AuthError> {
    assert_eq!(who.unwrap().subject().as_str(), "1", "alice's session is refreshed first");
    own_login(auth, name).await
}

async fn asks_after(
    auth: AuthContext,
    who: MaybeIdentity,
    name: Json<String>,
) -> Result<Response, AuthError> {
    assert!(who.0.is_some());
    own_login(auth, name).await
}

async fn requires_login(_: Identity, request: axum::extract::Request, next: Next) -> Response {
    next.run(request).await
}

async fn own_logout(who: Option<Identity>, auth: AuthContext) -> Result<impl IntoResponse, AuthError> {
    Ok((auth.logout().await?, if who.is_some() { "bye" } else { "who?" }))
}

fn application(world: &World) -> Router {
    let behind = Router::new().route("/behind", post(own_login)).layer(middleware::from_fn(requires_login));
    let guarded = Router::new().route("/guarded", post(own_login)).route_layer(world.auth.require_login());
    Router::new()
        .route("/lazy", post(own_login))
        .route("/before", post(asks_before))
        .route("/after", post(asks_after))
        .route("/logout", any(own_logout))
        .merge(behind)
        .merge(guarded)
        .merge(world.auth.routes())
        .layer(world.auth.layer())
}

async fn assert_only_bob(rule: &str, world: &World, alice: &Browser, answer: &Answer) {
    assert_eq!(answer.leaving(), Leaving::Both, "{rule}: one line per name");
    let cookies = [answer.pair(ACCESS).unwrap(), answer.pair(REFRESH).unwrap()];
    let by_access = who(world, &cookies[0]).await.unwrap();
    let by_refresh = who(world, &cookies[1]).await.unwrap();
    assert_eq!(by_access.subject, "2", "{rule}: the access cookie is bob's");
    assert_eq!(by_refresh.subject, "2", "{rule}: the refresh cookie is bob's");
    assert_eq!(by_access.session, by_refresh.session, "{rule}");
    assert_ne!(by_access.session, alice.session.as_str(), "{rule}: a new session");
    assert_eq!(world.revoked_because(&alice.session).await, Some("replaced"), "{rule}");
}

#[tokio::test]
async fn login_as_bob_with_alices_stale_cookies_gives_bob_and_only_bob() {
    let password = json!({ "username": "bob", "password": "bob-pw" });
    for (rule, path, body, status, rotated) in [
        ("the login route never settles the slot", LOGIN, password.clone(), 200, 0),
        ("the login route without the slash", "/api/auth/token", password, 200, 0),
        ("AuthContext in a handler that does not ask", "/lazy", json!("bob"), 201, 0),
        ("AuthContext in a handler that asks before", "/before", json!("bob"), 201, 1),
        ("AuthContext in a handler that asks after", "/after", json!("bob"), 201, 1),
        ("AuthContext after a middleware that authenticates", "/behind", json!("bob"), 201, 1),
        ("AuthContext after require_login", "/guarded", json!("bob"), 201, 1),
    ] {
        for only_refresh in [false, true] {
            let world = World::default();
            let alice = world.stale("alice").await;
            let cookies = if only_refresh { alice.refresh.clone() } else { alice.cookies() };
            let answer = send(&application(&world), post_json(path, &cookies, &body)).await;
            assert_eq!(answer.status, status, "{rule}: {}", answer.text());
            assert_eq!(world.store.counts().rotated, rotated, "{rule}");
            assert_only_bob(rule, &world, &alice, &answer).await;
        }
    }
}

#[tokio::test]
async fn the_login_route_returns_the_user_and_no_tokens() {
    let world = World::default();
    let body = json!({ "username": "bob", "password": "bob-pw" });
    let answer = send(&application(&world), post_json(LOGIN, "", &body)).await;
    let who = who(&world, &answer.cookies()).await.unwrap();
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    let expected = json!({
        "user_id": "2",
        "session_id": who.session,
        "access_expires_at": "2026-01-01T12:05:00Z",
        "refresh_expires_at": "2026-01-02T12:00:00Z",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_failed_login_does_not_change_the_cookies() {
    let form = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
    for (rule, path, body, fields, expected) in [
        (
            "wrong password",
            LOGIN,
            json!({ "username": "bob", "password": "x" }),
            &[][..],
            (401, "invalid_credentials"),
        ),
        (
            "unknown user",
            LOGIN,
            json!({ "username": "eve", "password": "x" }),
            &[],
            (401, "invalid_credentials"),
        ),
        ("a blank field", LOGIN, json!({ "username": " ", "password": "x" }), &[], (400, "invalid_request")),
        ("from another site", LOGIN, json!("username=bob&password=bob-pw"), &form, (403, "csrf_failed")),
    ] {
        let world = World::default();
        let alice = world.stale("alice").await;
        let mut request = post_json(path, &alice.cookies(), &body);
        for (name, value) in fields {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let answer = send(&application(&world), request).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), expected, "{rule}");
        assert_eq!(answer.leaving(), Leaving::Nothing, "{rule}");
        assert_eq!(world.store.counts(), Counts::default(), "{rule}");
    }
}

#[tokio::test]
async fn a_disabled_user_cannot_log_in_and_the_refresh_of_the_old_session_is_still_sent() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let login = |_: Identity, auth: AuthContext| async move {
        let disabled = User { is_active: false, ..Users::default().by_name("bob") };
        auth.login(&disabled, LoginOptions::new()).await.map_err(AuthError::from)
    };
    let app = Router::new().route("/", post(login)).layer(world.auth.layer());
    let answer = send(&app, request("POST", "/", &[("cookie", &alice.cookies())])).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "invalid_credentials"));
    assert_eq!(answer.leaving(), Leaving::Both);
    assert_eq!(who(&world, &answer.cookies()).await.unwrap().subject, "1", "alice stays");
}

#[tokio::test]
async fn a_login_that_is_not_to_be_remembered_sets_session_cookies() {
    let world = World::default();
    let login = |auth: AuthContext| async move {
        let bob = Users::default().by_name("bob");
        auth.login(&bob, LoginOptions::new().remember(false)).await.map_err(AuthError::from)
    };
    let app = Router::new().route("/", post(login)).layer(world.auth.layer());
    let answer = send(&app, request("POST", "/", &[])).await;
    for line in answer.lines() {
        assert!(line.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{line}");
    }
    world.pass(306);
    let cookies = answer.cookies();
    let refreshed = send(&me(&world), get("/me", &cookies)).await;
    assert_eq!((refreshed.status.as_u16(), refreshed.lines().len()), (200, 2));
    assert!(refreshed.lines().iter().all(|line| !line.contains("Max-Age")), "so does its refresh");
}

#[tokio::test]
async fn logout_after_a_refresh_sends_one_clearing_line_per_name() {
    for (rule, method, path, rotated) in [
        ("the logout route never settles the slot", "POST", "/api/auth/logout/", 0),
        ("its name in the original", "POST", "/api/auth/token/blacklist/", 0),
        ("without the slash", "POST", "/api/auth/token/blacklist", 0),
        ("AuthContext in a handler that asks", "POST", "/logout", 1),
        ("AuthContext by GET", "GET", "/logout", 1),
    ] {
        let world = World::default();
        let alice = world.stale("alice").await;
        let app = application(&world);
        let answer = send(&app, request(method, path, &[("cookie", &alice.cookies())])).await;
        assert_eq!((answer.status.as_u16(), answer.leaving()), (200, Leaving::Cleared), "{rule}");
        assert_eq!(world.store.counts().rotated, rotated, "{rule}");
        assert_eq!(world.revoked_because(&alice.session).await, Some("logout"), "{rule}");
        let again = send(&app, request(method, path, &[("cookie", &alice.cookies())])).await;
        assert_eq!(
            (again.status.as_u16(), again.leaving()),
            (200, Leaving::Cleared),
            "{rule}: twice in a row"
        );
    }
}

#[tokio::test]
async fn logout_with_an_unavailable_store_still_clears() {
    for (path, status) in [("/api/auth/logout/", 503), ("/logout", 200)] {
        let world = World::with(|config| config.revocation(cookiejwt_axum::RevocationLevel::AtRefresh));
        let alice = world.log_in("alice").await;
        world.store.set_away(true);
        let answer = send(&application(&world), request("POST", path, &[("cookie", &alice.cookies())])).await;
        assert_eq!((answer.status.as_u16(), answer.leaving()), (status, Leaving::Cleared), "{path}");
    }
}

#[tokio::test]
async fn a_line_that_the_handler_wrote_by_hand_wins() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let line = format!("{ACCESS}=; Path=/; Secure; Max-Age=0");
    let by_hand = line.clone();
    let app = Router::new()
        .route("/", any(move |_: Identity| async move { AppendHeaders([(header::SET_COOKIE, by_hand)]) }))
        .layer(world.auth.layer());
    let answer = send(&app, get("/", &alice.cookies())).await;
    let lines = answer.lines();
    assert_eq!((lines.len(), &lines[0]), (2, &line));
    assert!(lines[1].starts_with(REFRESH), "the other name is the refresh's");
}

#[tokio::test]
async fn the_routes_of_a_session_send_one_line_per_name() {
    for (rule, path) in [("refresh", "/api/auth/token/refresh/"), ("verify", "/api/auth/token/verify/")] {
        let world = World::default();
        let alice = world.stale("alice").await;
        let answer = send(&application(&world), request("POST", path, &[("cookie", &alice.cookies())])).await;
        assert_eq!((answer.status.as_u16(), answer.leaving()), (200, Leaving::Both), "{rule}");
        assert_eq!(world.store.counts().rotated, 1, "{rule}");
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(
            (&body["user_id"], &body["session_id"]),
            (&json!("1"), &json!(alice.session.as_str())),
            "{rule}"
        );
    }
}

#[tokio::test]
async fn a_late_answer_to_the_replaced_session_clears_nothing() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let app = me(&world);
    let body = json!({ "username": "bob", "password": "bob-pw" });
    let bob = send(&app, post_json(LOGIN, &alice.cookies(), &body)).await;
    let late = send(&app, get("/me", &alice.cookies())).await;
    assert_eq!((late.status.as_u16(), late.code().as_str()), (401, "session_revoked"));
    assert_eq!(late.leaving(), Leaving::Nothing);
    assert_eq!(send(&app, get("/me", &bob.cookies())).await.status, 200);
}

#[tokio::test]
async fn a_logout_of_two_sessions_ends_both_although_the_client_hangs_up() {
    let world = World::default();
    let (alice, bob) = (world.log_in("alice").await, world.log_in("bob").await);
    let cookies = format!("{}; {}", alice.access, bob.refresh);
    let app = Router::new().route("/logout", any(own_logout_unasked)).layer(world.auth.layer());
    world.store.revoking().close();
    tokio::select! {
        answer = send(&app, request("POST", "/logout", &[("cookie", &cookies)])) => {
            panic!("{} before the revocation", answer.status)
        }
        () = world.store.revoking().arrived() => {} // and the client closes the connection
    }
    world.store.revoking().let_pass(2);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    for session in [&alice.session, &bob.session] {
        assert_eq!(world.revoked_because(session).await, Some("logout"));
    }
}

async fn own_logout_unasked(auth: AuthContext) -> impl IntoResponse {
    auth.logout().await
}

#[tokio::test]
async fn the_subject_of_the_handler_that_logs_in_is_still_the_old_one() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let login = |who: Identity, auth: AuthContext| async move {
        let logged_in = auth.login(&Users::default().by_name("bob"), LoginOptions::new()).await?;
        Ok::<_, AuthError>(logged_in.with(Who::from(who).subject))
    };
    let app = Router::new().route("/", post(login)).layer(world.auth.layer());
    let answer = send(&app, request("POST", "/", &[("cookie", &alice.cookies())])).await;
    assert_eq!(answer.text(), "1");
    assert_only_bob("one request", &world, &alice, &answer).await;
}
