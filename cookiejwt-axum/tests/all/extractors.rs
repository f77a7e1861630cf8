//! What each extractor returns, and its response when it rejects.

use axum::{
    Router,
    body::Body,
    extract::FromRequestParts,
    http::{Request, StatusCode},
    response::IntoResponse,
    routing::any,
};
use cookiejwt_axum::{
    AuthContext, AuthError, AxumAuth as _, Claims, CurrentUser, GuardLayer, Identity, LoginOptions,
    MaybeIdentity,
    cookiejwt_core::{CredentialOrder, store::RevocationReason},
    testing,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::common::{
    ACCESS, Answer, Browser, Counts, Leaving, REFRESH, User, Users, Who, World, get, request, send, who,
};

fn says(who: Option<Identity>) -> String {
    who.map_or("nobody".into(), |who| format!("{} by {}", who.subject(), who.source().as_str()))
}

/// The claims that this application reads.
#[derive(Deserialize)]
struct Reader {
    name: String,
    roles: Vec<String>,
}

#[derive(Deserialize)]
struct Admin {
    #[allow(dead_code, reason = "no token has it")]
    is_admin: bool,
}

/// A type that is not the user store's.
#[derive(Clone)]
struct Wrong;

fn routes() -> Router {
    Router::new()
        .route("/identity", any(|who: Identity| async { says(Some(who)) }))
        .route("/option", any(|who: Option<Identity>| async { says(who) }))
        .route("/maybe", any(|MaybeIdentity(who)| async { says(who) }))
        .route("/user", any(|CurrentUser(user): CurrentUser<User>| async move { user.name }))
        .route("/wrong", any(|_: CurrentUser<Wrong>| async { "never" }))
        .route(
            "/reader",
            any(|Claims(c): Claims<Reader>| async move { format!("{} {}", c.name, c.roles.join(",")) }),
        )
        .route("/admin", any(|_: Claims<Admin>| async { "never" }))
        .route("/logout", any(async |auth: AuthContext| auth.logout().await))
        .route(
            "/logout/everywhere",
            any(|who: Identity, auth: AuthContext| async move { auth.logout_everywhere(&who).await }),
        )
}

fn application(world: &World) -> Router {
    routes().layer(world.auth.layer())
}

fn bearer(path: &str, bearer: &str) -> Request<Body> {
    request("GET", path, &[("authorization", bearer)])
}

#[tokio::test]
async fn authenticated_by_cookie_and_by_header() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let app = application(&world);
    for (rule, path, by_cookie, by_header) in [
        ("Identity", "/identity", "1 by cookie", "1 by header"),
        ("Option<Identity>", "/option", "1 by cookie", "1 by header"),
        ("MaybeIdentity", "/maybe", "1 by cookie", "1 by header"),
        ("CurrentUser", "/user", "alice", "alice"),
        ("Claims", "/reader", "alice reader", "alice reader"),
    ] {
        let cookie = send(&app, get(path, &alice.cookies())).await;
        let header = send(&app, bearer(path, &alice.bearer())).await;
        for (answer, said) in [(cookie, by_cookie), (header, by_header)] {
            assert_eq!((answer.status.as_u16(), answer.text()), (200, said), "{rule}");
            assert_eq!(answer.leaving(), Leaving::Nothing, "{rule}");
        }
    }
}

#[tokio::test]
async fn anonymous() {
    let world = World::default();
    let app = application(&world);
    for (rule, path, status, said) in [
        ("Identity", "/identity", 401, ""),
        ("CurrentUser", "/user", 401, ""),
        ("CurrentUser of another type", "/wrong", 401, ""),
        ("Claims", "/reader", 401, ""),
        ("Option<Identity>", "/option", 200, "nobody"),
        ("MaybeIdentity", "/maybe", 200, "nobody"),
    ] {
        let answer = send(&app, get(path, "")).await;
        assert_eq!(answer.status, status, "{rule}");
        assert_eq!(answer.code(), if status == 401 { "not_authenticated" } else { "" }, "{rule}");
        assert!(status == 401 || answer.text() == said, "{rule}");
    }
    assert_eq!(world.store.counts(), Counts::default());
}

#[tokio::test]
async fn the_response_to_an_anonymous_request_is_exact() {
    let answer = send(&application(&World::default()), get("/identity", "")).await;
    assert_not_authenticated(&answer);
}

fn assert_not_authenticated(answer: &Answer) {
    assert_eq!(answer.status, 401);
    assert_eq!(answer.field("content-type"), "application/problem+json");
    assert_eq!(answer.field("www-authenticate"), "Bearer realm=\"api\"");
    assert_eq!(answer.field("cache-control"), "no-store");
    assert_eq!(answer.field("x-content-type-options"), "nosniff");
    assert_eq!(
        answer.text(),
        "{\"type\":\"about:blank\",\"title\":\"Unauthorized\",\"status\":401,\
         \"detail\":\"Authentication credentials were not provided.\",\"code\":\"not_authenticated\"}"
    );
}

#[tokio::test]
async fn bearers() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let app = application(&world);
    let (_, token) = alice.access.split_once('=').unwrap();
    let (_, refresh) = alice.refresh.split_once('=').unwrap();
    for (rule, value, status, code) in [
        ("Bearer", format!("Bearer {token}"), 200, ""),
        ("the scheme in any case", format!("bEARER {token}"), 200, ""),
        ("a foreign issuer", testing::access("1").foreign().bearer(), 401, "invalid_token"),
        ("expired", testing::access("1").expired().bearer(), 401, "invalid_token"),
        ("not a token68", format!("Bearer {token}, x"), 401, "invalid_token"),
        ("Bearer alone", "Bearer".into(), 401, "invalid_token"),
        ("a refresh token is no access token", format!("Bearer {refresh}"), 401, "invalid_token"),
        ("another scheme", format!("Token {token}"), 401, "not_authenticated"),
    ] {
        let answer = send(&app, bearer("/identity", &value)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{rule}");
        assert_eq!(answer.leaving(), Leaving::Nothing, "{rule}");
        let challenge = "Bearer realm=\"api\", error=\"invalid_token\"";
        assert_eq!(answer.field("www-authenticate") == challenge, code == "invalid_token", "{rule}");
    }
    let two = request(
        "GET",
        "/identity",
        &[("authorization", &alice.bearer()), ("authorization", &alice.bearer())],
    );
    assert_eq!(send(&app, two).await.code(), "not_authenticated", "two fields are none");
}

#[tokio::test]
async fn the_order_of_credentials() {
    use CredentialOrder::{CookieOnly, CookieThenHeader, HeaderOnly, HeaderThenCookie};
    let dead = |name: &str| format!("{name}=garbage");
    for (rule, order, cookie, header, said) in [
        ("cookie first", CookieThenHeader, "alice", "bob", "1 by cookie"),
        ("header first", HeaderThenCookie, "alice", "bob", "2 by header"),
        ("cookie only", CookieOnly, "alice", "bob", "1 by cookie"),
        ("header only", HeaderOnly, "alice", "bob", "2 by header"),
        ("an invalid cookie never blocks a valid header", CookieThenHeader, "", "bob", "2 by header"),
        ("an invalid header never blocks a valid cookie", HeaderThenCookie, "alice", "", "1 by cookie"),
        ("a header that is not read", CookieOnly, "", "bob", "nobody"),
        ("a cookie that is not read", HeaderOnly, "alice", "", "nobody"),
    ] {
        let world = World::with(|config| config.credentials(order));
        let (alice, bob) = (world.log_in("alice").await, world.log_in("bob").await);
        let cookies = if cookie.is_empty() { dead(ACCESS) } else { alice.cookies() };
        let bearer = if header.is_empty() { "Bearer garbage".into() } else { bob.bearer() };
        let sent = request("GET", "/option", &[("cookie", &cookies), ("authorization", &bearer)]);
        let answer = send(&application(&world), sent).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, said), "{rule}");
        let cleared =
            if order == CookieOnly && said == "nobody" { Leaving::Cleared } else { Leaving::Nothing };
        assert_eq!(answer.leaving(), cleared, "{rule}");
    }
}

#[tokio::test]
async fn header_first_needs_no_csrf_rule_and_no_refresh() {
    let world = World::with(|config| config.credentials(CredentialOrder::HeaderThenCookie));
    let alice = world.stale("alice").await;
    let bob = world.log_in("bob").await;
    let (cookies, token) = (alice.cookies(), bob.bearer());
    let sent = [("cookie", cookies.as_str()), ("authorization", &token), ("sec-fetch-site", "cross-site")];
    let answer = send(&application(&world), request("POST", "/identity", &sent)).await;
    assert_eq!((answer.text(), answer.leaving()), ("2 by header", Leaving::Nothing));
    assert_eq!(world.store.counts().rotate, 0);
}

#[tokio::test]
async fn a_deleted_or_disabled_user_is_refused_and_the_session_revoked() {
    for (rule, by_header, is_gone) in [
        ("gone, by cookie", false, true),
        ("disabled, by cookie", false, false),
        ("gone, by header: nothing is cleared", true, true),
        ("disabled, by header: nothing is cleared", true, false),
    ] {
        let world = World::default();
        let alice = world.log_in("alice").await;
        if is_gone {
            world.users.delete("alice");
        } else {
            world.users.change("alice", |alice| alice.is_active = false);
        }
        let app = application(&world);
        let ask = |path| if by_header { bearer(path, &alice.bearer()) } else { get(path, &alice.cookies()) };
        assert_eq!(send(&app, ask("/identity")).await.status, 200, "{rule}: the token alone does not know");
        let leaving = if by_header { Leaving::Nothing } else { Leaving::Cleared };
        // The second time, the session is in the revoked set.
        for path in ["/user", "/user", "/identity"] {
            let answer = send(&app, ask(path)).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "session_revoked"), "{rule}");
            assert_eq!(answer.leaving(), leaving, "{rule}");
        }
        assert_eq!(world.revoked_because(&alice.session).await, Some("user_inactive"), "{rule}");
    }
}

#[tokio::test]
async fn a_user_disabled_during_a_refresh_is_cleared_once() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let users = world.users.clone();
    let both = move |who: Identity, request: axum::extract::Request| {
        users.change("alice", |alice| alice.is_active = false);
        async move {
            let mut parts = request.into_parts().0;
            let problem = CurrentUser::<User>::from_request_parts(&mut parts, &()).await.unwrap_err();
            let again = Identity::from_request_parts(&mut parts, &()).await;
            assert_eq!(again.unwrap_err(), problem, "later extractors get the same");
            assert_eq!(who.subject().as_str(), "1");
            problem
        }
    };
    let app = Router::new().route("/", any(both)).layer(world.auth.layer());
    let answer = send(&app, get("/", &alice.cookies())).await;
    assert_eq!((answer.code().as_str(), answer.leaving()), ("session_revoked", Leaving::Cleared));
    assert_eq!(world.store.counts().rotated, 1);
}

#[tokio::test]
async fn what_does_not_fit_is_a_programming_error() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let app = application(&world);
    for (rule, path) in [("CurrentUser of another type", "/wrong"), ("claims that do not fit", "/admin")] {
        let answer = send(&app, get(path, &alice.cookies())).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (500, "server_error"), "{rule}");
        assert_eq!(
            (answer.leaving(), answer.field("www-authenticate")),
            (Leaving::Nothing, String::new()),
            "{rule}"
        );
    }
    world.pass(306);
    let answer = send(&app, get("/admin", &alice.cookies())).await;
    assert_eq!(
        (answer.status.as_u16(), answer.leaving()),
        (500, Leaving::Both),
        "the cookies leave all the same"
    );
}

#[tokio::test]
async fn claims_are_those_of_the_refresh() {
    let world = World::default();
    let alice = world.stale("alice").await;
    world
        .users
        .change("alice", |alice| alice.claims = json!({ "name": "alice", "roles": ["reader", "writer"] }));
    let answer = send(&application(&world), get("/reader", &alice.cookies())).await;
    assert_eq!((answer.text(), answer.leaving()), ("alice reader,writer", Leaving::Both));
}

#[tokio::test]
async fn without_the_layer_everything_is_500() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let guarded =
        Router::new().route("/guarded", any(|| async { "in" })).route_layer(world.auth.require_login());
    let app = routes().merge(guarded);
    for path in
        ["/identity", "/option", "/maybe", "/user", "/wrong", "/reader", "/admin", "/logout", "/guarded"]
    {
        for cookies in ["", &alice.cookies()] {
            let answer = send(&app, get(path, cookies)).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (500, "server_error"), "{path}");
            assert_eq!(answer.leaving(), Leaving::Nothing, "{path}");
        }
    }
}

async fn own_login(world: &World, fields: &[(&str, &str)]) -> Answer {
    let users = world.users.clone();
    let login = |auth: AuthContext| async move {
        let logged_in = auth.login(&users.by_name("bob"), LoginOptions::new()).await?;
        Ok::<_, AuthError>(logged_in.with("welcome"))
    };
    let app = Router::new().route("/", any(login)).layer(world.auth.layer());
    send(&app, request("POST", "/", fields)).await
}

#[tokio::test]
async fn a_custom_login_starts_a_session() {
    let world = World::default();
    let answer = own_login(&world, &[("user-agent", "Browser/1.0")]).await;
    assert_eq!((answer.text(), answer.leaving()), ("welcome", Leaving::Both));
    let who = who(&world, &answer.cookies()).await.unwrap();
    let row = world.row(&who.session.as_str().into()).await;
    assert_eq!((row.subject.as_str(), row.user_agent.as_deref(), row.ip), ("2", Some("Browser/1.0"), None));
}

#[tokio::test]
async fn a_custom_login_revokes_every_presented_session() {
    let world = World::default();
    let (alice, bob) = (world.log_in("alice").await, world.log_in("bob").await);
    let cookies = format!("{}; {}", alice.access, bob.refresh);
    let answer = own_login(&world, &[("cookie", &cookies)]).await;
    assert_eq!(answer.leaving(), Leaving::Both);
    for session in [&alice.session, &bob.session] {
        assert_eq!(world.revoked_because(session).await, Some("replaced"));
    }
}

#[tokio::test]
async fn a_custom_login_that_fails() {
    for (rule, prepare, status, code) in [
        (
            "disabled",
            (|world: &World| world.users.change("bob", |bob| bob.is_active = false)) as fn(&World),
            401,
            "invalid_credentials",
        ),
        ("the session store is unavailable", |world: &World| world.store.set_away(true), 503, "unavailable"),
        ("the user store is unavailable", |world: &World| world.users.set_away(true), 503, "unavailable"),
        (
            "claims that are no object",
            |world: &World| world.users.change("bob", |bob| bob.claims = json!(7)),
            500,
            "server_error",
        ),
    ] {
        let world = World::default();
        prepare(&world);
        let answer = own_login(&world, &[]).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{rule}");
        assert_eq!(answer.leaving(), Leaving::Nothing, "{rule}");
    }
}

#[tokio::test]
async fn a_user_whom_the_store_does_not_know_gets_no_session() {
    let world = World::default();
    let login = |auth: AuthContext| async move {
        let stranger = User { id: 77, ..Users::default().by_name("bob") };
        auth.login(&stranger, LoginOptions::new()).await.map_err(AuthError::from)
    };
    let app = Router::new().route("/", any(login)).layer(world.auth.layer());
    let answer = send(&app, request("POST", "/", &[])).await;
    assert_eq!(
        (answer.code().as_str(), answer.leaving()),
        ("server_error", Leaving::Nothing),
        "not stored yet"
    );
    assert_eq!(world.store.counts(), Counts { create: 1, revoke: 1, ..Counts::default() });
}

#[tokio::test]
async fn logging_out_everywhere_ends_every_session_of_this_user_at_once() {
    let world = World::default();
    let [phone, desk, bob] =
        [world.log_in("alice").await, world.log_in("alice").await, world.log_in("bob").await];
    let app = application(&world);
    let everywhere = || request("POST", "/logout/everywhere", &[("cookie", &desk.cookies())]);
    assert_eq!(send(&app, get("/identity", &phone.cookies())).await.status, 200);
    world.store.set_away(true);
    let away = send(&app, everywhere()).await;
    assert_eq!((away.status.as_u16(), away.lines().len()), (503, 0), "the client can retry");
    world.store.set_away(false);
    let answer = send(&app, everywhere()).await;
    assert_eq!((answer.status.as_u16(), answer.leaving()), (200, Leaving::Cleared));
    for (rule, cookies, status) in [("phone", &phone, 401), ("desk", &desk, 401), ("another user", &bob, 200)]
    {
        assert_eq!(send(&app, get("/identity", &cookies.cookies())).await.status, status, "{rule}");
    }
}

#[tokio::test]
async fn a_custom_logout_checks_csrf_and_reads_the_bearer() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let app = application(&world);
    let foreign = [("cookie", alice.cookies()), ("sec-fetch-site", "cross-site".into())];
    let foreign = foreign.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = send(&app, request("POST", "/logout", &foreign)).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (403, "csrf_failed".into()));
    assert_eq!(answer.lines(), [""; 0], "another site cannot log a user out");
    assert_eq!(world.revoked_because(&alice.session).await, None);
    let answer = send(&app, request("POST", "/logout", &[("authorization", &alice.bearer())])).await;
    assert_eq!(answer.status, 200);
    assert_eq!(world.revoked_because(&alice.session).await, Some("logout"), "by header as well");
}

#[tokio::test]
async fn a_custom_logout_ends_the_session_at_once() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let app = application(&world);
    let answer = send(&app, request("POST", "/logout", &[("cookie", &alice.cookies())])).await;
    assert_eq!((answer.status.as_u16(), answer.leaving()), (200, Leaving::Cleared));
    assert_eq!(world.revoked_because(&alice.session).await, Some("logout"));
    let answer = send(&app, get("/identity", &alice.cookies())).await;
    assert_eq!(answer.code(), "session_revoked", "the access token has died with it");
    for cookies in ["", &format!("{ACCESS}=x; {REFRESH}=y")] {
        let answer = send(&app, request("POST", "/logout", &[("cookie", cookies)])).await;
        assert_eq!((answer.status.as_u16(), answer.leaving()), (200, Leaving::Cleared), "always");
    }
}

#[tokio::test]
async fn the_context_reaches_the_authenticator() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let everywhere = |who: Identity, auth: AuthContext| async move {
        let reason = RevocationReason::LogoutEverywhere;
        auth.authenticator().revoke_user(who.subject(), reason).await.unwrap().to_string()
    };
    let app = Router::new().route("/", any(everywhere)).layer(world.auth.layer());
    assert_eq!(send(&app, get("/", &alice.cookies())).await.text(), "1");
    assert_eq!(send(&app, get("/", &alice.cookies())).await.code(), "session_revoked");
}

#[tokio::test]
async fn what_is_printed_shows_no_token() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let printing = |who: Identity, user: CurrentUser<User>, auth: AuthContext| async move {
        let printed = format!("{who:?} {user:?} {auth:?}");
        let logged_in = auth.login(&Users::default().by_name("bob"), LoginOptions::new()).await.unwrap();
        (StatusCode::OK, format!("{printed} {logged_in:?}"))
    };
    let app = Router::new().route("/", any(printing)).layer(world.auth.layer());
    let answer = send(&app, request("POST", "/", &[("cookie", &alice.cookies())])).await;
    assert!(answer.text().contains("[redacted]"));
    assert!(!answer.text().contains("eyJ"), "{}", answer.text());
}

#[tokio::test]
async fn the_headers_of_a_response_print_no_token() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let refreshed = send(&application(&world), get("/identity", &alice.cookies())).await;
    let logged_in = own_login(&world, &[]).await;
    for (rule, answer) in [("refresh", refreshed), ("login", logged_in)] {
        assert!(!format!("{:?}", answer.headers).contains("eyJ"), "{rule}");
    }
}

#[tokio::test]
async fn handlers_are_plain_functions() {
    let me = |who: Identity| async move { who.subject().to_string() };
    assert_eq!(me(testing::identity("42")).await, "42");
    assert_eq!(testing::identity(42).into_inner().subject().as_str(), "42");
    let MaybeIdentity(who) = MaybeIdentity(Some(testing::identity("42")));
    assert_eq!(who.unwrap().source().as_str(), "header");
}

/// Public and protected routes in one router.
fn guarded(world: &World) -> Router {
    let private = Router::new()
        .route("/private", any(|who: Option<Identity>| async { Who::from(who.unwrap()).token }))
        .route("/private/post", axum::routing::post(|| async { "posted" }))
        .route_layer(world.auth.require_login());
    Router::new().route("/public", any(|| async { "in" })).merge(private).layer(world.auth.layer())
}

#[tokio::test]
async fn the_response_of_require_login_is_exact() {
    let world = World::default();
    let app = guarded(&world);
    assert_not_authenticated(&send(&app, get("/private", "")).await);
    for (rule, method, path, status) in [
        ("a public neighbour", "GET", "/public", 200),
        ("an unknown path", "GET", "/private/unknown", 404),
        ("another unknown path", "GET", "/nowhere", 404),
        ("HEAD", "HEAD", "/private", 401),
        ("a method that the route does not support", "GET", "/private/post", 401),
    ] {
        let answer = send(&app, request(method, path, &[])).await;
        assert_eq!(answer.status, status, "{rule}");
    }
    assert_eq!(world.store.counts(), Counts::default());
}

#[tokio::test]
async fn require_login_admits_authenticated_users() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let app = guarded(&world);
    let old = who(&world, &alice.cookies()).await.unwrap();
    let by_cookie = send(&app, get("/private", &alice.cookies())).await;
    assert_eq!((by_cookie.text(), by_cookie.leaving()), (old.token.as_str(), Leaving::Nothing));
    let by_header = send(&app, bearer("/private", &alice.bearer())).await;
    assert_eq!((by_header.text(), by_header.leaving()), (old.token.as_str(), Leaving::Nothing));
    world.pass(306);
    let refreshed = send(&app, get("/private", &alice.cookies())).await;
    assert_eq!(refreshed.leaving(), Leaving::Both);
    let new = who(&world, &refreshed.cookies()).await.unwrap();
    assert_eq!(refreshed.text(), new.token, "the handler sees the new identity");
    assert_ne!(new.token, old.token);
}

#[tokio::test]
async fn require_login_works_as_a_layer_and_by_itself() {
    let world = World::default();
    let Browser { access, .. } = world.log_in("alice").await;
    let layer: GuardLayer = world.auth.require_login();
    let app = Router::new().route("/", any(|| async { "in" })).layer(layer).layer(world.auth.layer());
    assert_eq!(send(&app, get("/", &access)).await.text(), "in");
    assert_eq!(send(&app, get("/", "")).await.status, 401);
    assert_eq!(send(&app, get("/unknown", "")).await.status, 401, "unlike route_layer");
}

#[test]
fn a_problem_of_the_applications_own_is_a_response() {
    let response = AuthError(cookiejwt_axum::Problem::NotFound).into_response();
    assert_eq!(response.status(), 404);
    let body: Value = serde_json::from_str(&cookiejwt_axum::Problem::NotFound.to_json()).unwrap();
    assert_eq!(body["code"], "not_found");
}
