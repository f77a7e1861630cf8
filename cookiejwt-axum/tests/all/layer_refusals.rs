//! Refused credentials, unavailable stores, and skipped paths.

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
    middleware::{self, Next},
    routing::{any, get as on_get},
};
use cookiejwt_axum::{
    AuthLayer, AxumAuth as _, Claims, CurrentUser, Identity, MaybeIdentity,
    cookiejwt_core::{ConfigBuilder, store::RevocationReason},
    testing,
};
use serde_json::{Value, json};

use crate::common::{ACCESS, Browser, Counts, Leaving, REFRESH, User, Who, World, get, request, send};

type Asker = (&'static str, &'static str);
const REQUIRING: [Asker; 4] =
    [("Identity", "/me"), ("Claims", "/claims"), ("CurrentUser", "/user"), ("require_login", "/guarded")];
const PUBLIC: [Asker; 2] = [("Option<Identity>", "/optional"), ("MaybeIdentity", "/maybe")];

fn says(who: Option<Identity>) -> String {
    who.map_or("nobody".into(), |who| Who::from(who).subject)
}

fn routes(world: &World) -> Router {
    let guarded =
        Router::new().route("/guarded", any(|| async { "in" })).route_layer(world.auth.require_login());
    Router::new()
        .route("/me", any(|who: Identity| async { says(Some(who)) }))
        .route("/claims", any(|Claims(claims): Claims<Value>| async move { claims["sub"].to_string() }))
        .route("/user", any(|CurrentUser(user): CurrentUser<User>| async move { user.name }))
        .route("/optional", any(|who: Option<Identity>| async { says(who) }))
        .route("/maybe", any(|MaybeIdentity(who)| async { says(who) }))
        .merge(guarded)
}

fn application(world: &World) -> Router {
    routes(world).layer(world.auth.layer())
}

/// A request and the expected result.
struct Case {
    rule: &'static str,
    world: World,
    fields: Vec<(&'static str, String)>,
    code: &'static str,
    leaving: Leaving,
}

fn case(rule: &'static str, world: World, cookies: String, code: &'static str, leaving: Leaving) -> Case {
    Case { rule, world, fields: vec![("cookie", cookies)], code, leaving }
}

async fn revoked(reason: RevocationReason) -> (World, Browser) {
    let world = World::default();
    let alice = world.log_in("alice").await;
    world.auth.revoke_session(alice.session.clone(), reason).await.unwrap();
    (world, alice)
}

async fn stale_cases() -> Vec<Case> {
    let garbage = format!("{ACCESS}=garbage; {REFRESH}=garbage");
    let ended = World::default();
    let alice = ended.log_in("alice").await.cookies();
    ended.pass(86_400);
    let (logged_out, out) = revoked(RevocationReason::Logout).await;
    let (replaced, old) = revoked(RevocationReason::Replaced).await;
    let disabled = World::default();
    let gone = disabled.stale("alice").await.cookies();
    disabled.users.delete("alice");
    let early = testing::access("1").issued_at(testing::NOW + time::Duration::minutes(1)).cookie();
    let unknown = testing::refresh("1").cookie();
    vec![
        case("j: garbage", World::default(), garbage, "invalid_token", Leaving::Cleared),
        case("j: both ended", ended, alice, "session_expired", Leaving::Cleared),
        case("c: logged out", logged_out, out.cookies(), "session_revoked", Leaving::Cleared),
        case("c: replaced by a new login", replaced, old.cookies(), "session_revoked", Leaving::Nothing),
        case("i: early", World::default(), early, "invalid_token", Leaving::Nothing),
        case("k: the user is gone", disabled, gone, "session_revoked", Leaving::Cleared),
        case("n: no row", World::default(), unknown, "session_revoked", Leaving::Cleared),
        Case {
            fields: vec![("authorization", "Bearer garbage".into())],
            ..case(
                "j': an invalid bearer",
                World::default(),
                String::new(),
                "invalid_token",
                Leaving::Nothing,
            )
        },
        Case {
            fields: vec![],
            ..case(
                "f: nothing at all",
                World::default(),
                String::new(),
                "not_authenticated",
                Leaving::Nothing,
            )
        },
    ]
}

fn fields<'a>(fields: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[tokio::test]
async fn stale_credentials_are_anonymous_on_a_public_route() {
    for (asker, path) in PUBLIC {
        for Case { rule, world, fields: sent, leaving, .. } in stale_cases().await {
            let answer = send(&application(&world), request("GET", path, &fields(&sent))).await;
            assert_eq!((answer.status.as_u16(), answer.text()), (200, "nobody"), "{asker}, {rule}");
            assert_eq!(answer.leaving(), leaving, "{asker}, {rule}");
        }
    }
}

#[tokio::test]
async fn stale_credentials_are_refused_where_a_login_is_required() {
    for (asker, path) in REQUIRING {
        for Case { rule, world, fields: sent, code, leaving } in stale_cases().await {
            let answer = send(&application(&world), request("GET", path, &fields(&sent))).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, code), "{asker}, {rule}");
            assert_eq!(answer.leaving(), leaving, "{asker}, {rule}");
        }
    }
}

#[tokio::test]
async fn a_csrf_refusal_is_403_for_everybody_and_changes_nothing() {
    for (asker, path) in REQUIRING.into_iter().chain(PUBLIC) {
        for (rule, name, value) in [
            ("5: from another site", "sec-fetch-site", "cross-site"),
            ("5: from a sibling", "sec-fetch-site", "same-site"),
            ("7: a foreign origin", "origin", "https://evil.example"),
            ("7: a null origin", "origin", "null"),
        ] {
            let world = World::default();
            let alice = world.stale("alice").await;
            let sent = [("cookie", alice.cookies()), (name, value.to_owned())];
            let answer = send(&application(&world), request("POST", path, &fields(&sent))).await;
            assert_eq!(
                (answer.status.as_u16(), answer.code().as_str()),
                (403, "csrf_failed"),
                "{asker}, {rule}"
            );
            assert_eq!(answer.leaving(), Leaving::Nothing, "{asker}, {rule}");
            assert_eq!(
                (world.store.counts(), world.users.calls()),
                (Counts::default(), 0),
                "{asker}, {rule}"
            );
        }
    }
}

#[tokio::test]
async fn the_origin_is_compared_with_the_authority_of_http_2() {
    for (asker, path) in REQUIRING.into_iter().chain(PUBLIC) {
        for (rule, uri, host, status) in [
            (":authority", "https://app.example", "evil.example", 200),
            (":authority of another", "https://evil.example", "app.example", 403),
            ("Host", "", "app.example", 200),
            ("Host of another", "", "evil.example", 403),
        ] {
            let world = World::default();
            let alice = world.log_in("alice").await;
            let sent = [("cookie", alice.cookies()), ("host", host.into())];
            let sent = [fields(&sent), vec![("origin", "https://app.example")]].concat();
            let nested = Router::new().nest("/nested", routes(&world)).layer(world.auth.layer());
            for (app, prefix) in [(application(&world), ""), (nested, "/nested")] {
                let answer = send(&app, request("POST", &format!("{uri}{prefix}{path}"), &sent)).await;
                assert_eq!(answer.status, status, "{asker}, {rule}, {prefix}");
            }
        }
    }
}

#[tokio::test]
async fn a_request_that_may_not_refresh_gets_401_and_keeps_its_cookies() {
    for (rule, method, name, value) in [
        ("an image on another site", "GET", "sec-fetch-site", "cross-site"),
        ("a prefetch", "GET", "sec-purpose", "prefetch;prerender"),
        ("OPTIONS", "OPTIONS", "sec-fetch-site", "same-origin"),
    ] {
        for ((asker, path), status) in
            [(REQUIRING[0], 401), (REQUIRING[3], 401), (PUBLIC[0], 200), (PUBLIC[1], 200)]
        {
            let world = World::default();
            let alice = world.stale("alice").await;
            let sent = [("cookie", alice.cookies()), (name, value.to_owned())];
            let answer = send(&application(&world), request(method, path, &fields(&sent))).await;
            // A prerendered page must not show a user as anonymous: the browser asks again.
            let status = if rule == "a prefetch" { 401 } else { status };
            assert_eq!(
                (answer.status.as_u16(), answer.leaving()),
                (status, Leaving::Nothing),
                "{asker}, {rule}"
            );
            assert_eq!(answer.code(), if status == 401 { "refresh_required" } else { "" }, "{asker}, {rule}");
            assert_eq!(world.store.counts().rotate, 0, "{asker}, {rule}");
        }
    }
}

async fn assert_unavailable(rule: &str, world: &World, cookies: &str) {
    for (asker, path) in REQUIRING.into_iter().chain(PUBLIC) {
        let answer = send(&application(world), get(path, cookies)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "unavailable"), "{asker}, {rule}");
        assert_eq!(answer.leaving(), Leaving::Nothing, "{asker}, {rule}");
    }
    world.users.set_away(false);
    world.store.set_away(false);
    let answer = send(&application(world), get("/me", cookies)).await;
    assert_eq!(answer.status, 200, "{rule}: the cookies work again");
}

#[tokio::test]
async fn an_unavailable_store_results_in_503_with_the_cookies_unchanged() {
    let world = World::default();
    let alice = world.stale("alice").await;
    world.store.set_away(true);
    assert_unavailable("q: the session store is unavailable", &world, &alice.cookies()).await;

    let world = World::default();
    let alice = world.stale("alice").await;
    world.users.set_away(true);
    assert_unavailable("q: the user store is unavailable", &world, &alice.cookies()).await;

    let world = World::default();
    let alice = world.log_in("alice").await;
    world.store.set_away(true);
    assert_unavailable("d: the revoked set cannot be loaded", &world, &alice.cookies()).await;
}

#[tokio::test]
async fn a_refresh_ahead_fails_soft() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    assert_eq!(send(&application(&world), get("/me", &alice.cookies())).await.status, 200, "loads the set");
    world.pass(280);
    world.store.set_away(true);
    for (asker, path) in REQUIRING.into_iter().chain(PUBLIC) {
        let answer = send(&application(&world), get(path, &alice.cookies())).await;
        assert_eq!((answer.status.as_u16(), answer.leaving()), (200, Leaving::Nothing), "{asker}");
    }
}

#[tokio::test]
async fn the_cookies_of_a_rotation_are_sent_with_the_503_of_a_later_extractor() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let users = world.users.clone();
    let failing = move |_: Identity, request: axum::extract::Request, next: Next| {
        users.set_away(true);
        async { next.run(request).await }
    };
    let app = routes(&world).layer(middleware::from_fn(failing)).layer(world.auth.layer());
    let answer = send(&app, get("/user", &alice.cookies())).await;
    assert_eq!((answer.status.as_u16(), answer.leaving()), (503, Leaving::Both));
}

#[tokio::test]
async fn claims_that_cannot_be_minted_are_500_for_everybody() {
    for (asker, path) in REQUIRING.into_iter().chain(PUBLIC) {
        let world = World::default();
        let alice = world.stale("alice").await;
        world.users.change("alice", |alice| alice.claims = json!("no object"));
        let answer = send(&application(&world), get(path, &alice.cookies())).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (500, "server_error"), "{asker}");
        assert_eq!((answer.leaving(), world.store.counts().rotate), (Leaving::Nothing, 0), "{asker}");
    }
}

#[tokio::test]
async fn a_reused_refresh_token_is_cleared_and_its_session_revoked() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let app = application(&world);
    let honest = send(&app, get("/me", &alice.cookies())).await;
    assert_eq!(send(&app, get("/me", &honest.cookies())).await.status, 200, "the new pair was received");
    world.auth.write_receipts().await.unwrap();
    world.pass(11);
    let thief = send(&app, get("/optional", &alice.refresh)).await;
    assert_eq!((thief.text(), thief.leaving()), ("nobody", Leaving::Cleared));
    assert_eq!(world.revoked_because(&alice.session).await, Some("reuse"));
    let honest = send(&app, get("/me", &honest.cookies())).await;
    assert_eq!((honest.code().as_str(), honest.leaving()), ("session_revoked", Leaving::Cleared));
}

fn skipping(config: ConfigBuilder) -> ConfigBuilder {
    config.skip("/public").skip("/api/open").skip("/exact/")
}

/// Every extractor and guard, on every path.
fn everywhere() -> Router {
    Router::new()
        .route("/optional/{*rest}", on_get(|who: Option<Identity>| async { says(who) }))
        .fallback(|who: Identity| async { says(Some(who)) })
}

async fn assert_skips(rule: &str, app: impl Fn(AuthLayer) -> Router, path: &str, skipped: bool) {
    let world = World::with(skipping);
    let alice = world.stale("alice").await;
    let answer = send(&app(world.auth.layer()), get(path, &alice.cookies())).await;
    if skipped {
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "not_authenticated"), "{rule}");
        assert_eq!(answer.leaving(), Leaving::Nothing, "{rule}");
        assert_eq!((world.store.counts(), world.users.calls()), (Counts::default(), 0), "{rule}");
    } else {
        assert_eq!((answer.text(), answer.leaving()), ("1", Leaving::Both), "{rule}");
    }
}

#[tokio::test]
async fn skipped_paths_are_exact_or_prefixes_on_segment_boundaries() {
    for (rule, path, skipped) in [
        ("exact", "/public", true),
        ("with a slash", "/public/", true),
        ("a prefix", "/public/a/b", true),
        ("with a query", "/public?next=/me", true),
        ("written with a slash", "/exact", true),
        ("no segment boundary", "/publicity", false),
        ("further down", "/me/public", false),
        ("in the query", "/me?/public", false),
        ("in other case", "/Public", false),
        ("percent-encoded", "/%70ublic", false),
        ("dots", "/me/../public", false),
        ("two slashes", "//public", false),
    ] {
        assert_skips(rule, |layer| everywhere().layer(layer), path, skipped).await;
    }
}

#[tokio::test]
async fn behind_a_nested_router_the_original_path_counts() {
    let outside = |prefix| move |layer| Router::new().nest(prefix, everywhere()).layer(layer);
    let inside = |prefix| move |layer| Router::new().nest(prefix, everywhere().layer(layer));
    let service = |prefix| move |layer| Router::new().nest_service(prefix, everywhere().layer(layer));
    let deep = |layer: AuthLayer| {
        let asks = Router::new().route("/x", on_get(|_: Identity| async {})).layer(layer);
        Router::new().nest("/api", Router::new().nest("/open", asks))
    };
    assert_skips("layer outside, skipped", outside("/api"), "/api/open/x", true).await;
    assert_skips("layer inside, skipped", inside("/api"), "/api/open/x", true).await;
    assert_skips("as a service, skipped", service("/api"), "/api/open/x", true).await;
    assert_skips("two levels deep, skipped", deep, "/api/open/x", true).await;
    assert_skips("layer outside, only the rest looks skipped", outside("/admin"), "/admin/public", false)
        .await;
    assert_skips("layer inside, only the rest looks skipped", inside("/admin"), "/admin/public", false).await;
    assert_skips("as a service, only the rest looks skipped", service("/admin"), "/admin/public", false)
        .await;
}

#[tokio::test]
async fn a_skipped_path_is_anonymous_even_with_valid_cookies() {
    let world = World::with(|config| skipping(config).skip("/optional").skip("/guarded").skip("/me"));
    let alice = world.log_in("alice").await;
    for (rule, path, status, said) in [
        ("Option<Identity>", "/optional", StatusCode::OK, "nobody"),
        ("Identity", "/me", StatusCode::UNAUTHORIZED, ""),
        ("require_login", "/guarded", StatusCode::UNAUTHORIZED, ""),
    ] {
        let answer = send(&application(&world), get(path, &alice.cookies())).await;
        assert_eq!(answer.status, status, "{rule}");
        assert!(status != StatusCode::OK || answer.text() == said, "{rule}");
        assert_eq!(answer.leaving(), Leaving::Nothing, "{rule}");
    }
}

#[tokio::test]
async fn the_verify_route_under_a_nested_router_goes_by_its_original_path() {
    for (rule, skip, status) in
        [("skipped by its original path", "/v1/api/auth", 401), ("another path is skipped", "/v1/pages", 200)]
    {
        let world = World::with(|config| config.skip(skip));
        let alice = world.log_in("alice").await;
        let app = Router::new().nest("/v1", world.auth.routes()).layer(world.auth.layer());
        let request: Request<Body> =
            request("POST", "/v1/api/auth/token/verify/", &[("cookie", &alice.cookies())]);
        assert_eq!(send(&app, request).await.status, status, "{rule}");
    }
}
