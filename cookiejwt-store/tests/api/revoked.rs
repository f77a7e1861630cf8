//! `GET revoked`: who may read the list of revocations, and what it contains.

use cookiejwt_store::{
    BuildError, RevocationLevel, RevocationReason, RevokedReaders, Route, Scope,
    cookiejwt_core::Verifier,
    cookiejwt_core::{Expect, Jwks},
    testing,
};
use http::Method;
use serde_json::json;

use crate::{
    answer::{Answer, Ask},
    common::{Call, World},
    keys::with_key,
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn world(readers: RevokedReaders) -> World {
    let mut world = with_key();
    world.auth = world.builder().revoked_route(readers).build().unwrap();
    world
}

fn by_secret() -> World {
    world(RevokedReaders::header("X-Revoked-Key", SECRET))
}

fn ask() -> Ask {
    Ask::get(Route::Revoked)
}

fn read(world: &World, answer: &Answer, since: Option<&str>) -> Vec<(String, &'static str)> {
    let keys = Jwks::from_json(world.auth.core().jwks().unwrap()).unwrap();
    let expect = Expect::issuer(testing::ISSUER).audience(testing::AUDIENCE).of_one_realm();
    let text = std::str::from_utf8(&answer.0.body).unwrap();
    let list = Verifier::new(keys, expect).unwrap().read_revocations(text, since, world.auth.now()).unwrap();
    list.revoked.into_iter().map(|(id, reason)| (id.as_str().to_owned(), reason.as_str())).collect()
}

#[tokio::test]
async fn the_list() {
    let world = by_secret();
    let alice = world.login("alice").await;
    world.auth.revoke_session(alice.session.clone(), RevocationReason::Logout).await.unwrap();
    let answer = ask().header("x-revoked-key", SECRET).of(&world).await;
    assert_eq!(answer.status(), 200);
    let fields = [
        ("cache-control", "no-store"),
        ("content-type", "application/jwt"),
        ("x-content-type-options", "nosniff"),
    ];
    assert_eq!(answer.fields(), fields);
    answer.assert_cookies_kept("a list");
    assert_eq!(read(&world, &answer, None), [(alice.session.as_str().to_owned(), "logout")]);
    let answer = ask().query("since=17").header("x-revoked-key", SECRET).of(&world).await;
    assert_eq!(read(&world, &answer, Some("17")).len(), 1, "the cursor comes back");
}

#[tokio::test]
async fn who_may_read_it_by_a_secret() {
    let world = by_secret();
    let other = SECRET.replace('0', "1");
    for (rule, secrets, status) in [
        ("nobody", &[][..], 401),
        ("the secret", &[SECRET], 200),
        ("another", &[&*other], 401),
        ("a longer one", &["0123456789abcdef0123456789abcdef0"], 401),
        ("its beginning", &["0123456789abcdef"], 401),
        ("nothing", &[""], 401),
        ("twice", &[SECRET, SECRET], 401),
    ] {
        let ask = secrets.iter().fold(ask(), |ask, secret| ask.header("x-revoked-key", secret));
        assert_eq!(ask.of(&world).await.status(), status, "{rule}");
    }
    let alice = world.login("alice").await;
    ask().cookies(&alice.jar).of(&world).await.assert_problem("a user", 401, "not_authenticated");
    let ask = ask().method(Method::POST).header("x-revoked-key", SECRET);
    let answer = ask.of(&world).await;
    assert_eq!(answer.code(), (405, "method_not_allowed".into()));
}

#[tokio::test]
async fn who_may_read_it_by_a_scope() {
    const FOLLOW: Scope = Scope::new("revocations:read");
    let world = world(RevokedReaders::scope(FOLLOW));
    let user = world.login("alice").await;
    world.users.change(1, |user| user.claims = json!({ "scope": "notes revocations:read" }));
    let service = world.login("alice").await;
    for (rule, ask, status) in [
        ("nobody", ask(), 401),
        ("a user", ask().bearer(&user.jar), 403),
        ("a service", ask().bearer(&service.jar), 200),
        ("the name of a header field means nothing", ask().header("x-revoked-key", SECRET), 401),
    ] {
        assert_eq!(ask.of(&world).await.status(), status, "{rule}");
    }
}

#[tokio::test]
async fn questions_that_are_refused() {
    let world = by_secret();
    for query in ["wait=x", "since=1&since=2", "until=1"] {
        let answer = ask().query(query).header("x-revoked-key", SECRET).of(&world).await;
        answer.assert_problem(query, 400, "invalid_request");
    }
}

/// This node does not know what other nodes revoke, so a list would promise too much.
#[tokio::test]
async fn a_store_that_is_unavailable() {
    let world = by_secret();
    world.switches.fail(Call::RevokedSince);
    let answer = ask().header("x-revoked-key", SECRET).of(&world).await;
    answer.assert_problem("not loaded", 503, "unavailable");
    world.switches.mend(Call::RevokedSince);
    world.auth.poll_revocations().await.unwrap();
    assert_eq!(ask().header("x-revoked-key", SECRET).of(&world).await.status(), 200);
    world.switches.fail(Call::RevokedSince);
    let _ = world.auth.poll_revocations().await;
    ask().header("x-revoked-key", SECRET).of(&world).await.assert_problem("stale", 503, "unavailable");
}

#[tokio::test]
async fn without_readers_there_is_no_route() {
    let world = with_key();
    assert_eq!(world.auth.api().route_at("/api/auth/revoked"), None);
    ask().header("x-revoked-key", SECRET).of(&world).await.assert_problem("off", 404, "not_found");
    assert_eq!(by_secret().auth.api().route_at("/api/auth/revoked/"), Some(Route::Revoked));
}

#[test]
fn settings_that_are_refused() {
    let readers = || RevokedReaders::header("x-revoked-key", SECRET);
    let secret = |secret: &str| RevokedReaders::header("x-revoked-key", secret);
    let symmetric = World::new;
    let at_refresh = || World::with(with_key().config.revocation(RevocationLevel::AtRefresh));
    for (rule, world, readers, words) in [
        ("symmetric keys", symmetric(), readers(), "an asymmetric key"),
        ("another level", at_refresh(), readers(), "COOKIEJWT_REVOCATION=feed"),
        ("a short secret", with_key(), secret("0123456789abcdef0123456789abcde"), "32 bytes"),
        ("no header field", with_key(), RevokedReaders::header("x revoked", SECRET), "header field"),
    ] {
        let error = world.builder().revoked_route(readers).build().unwrap_err();
        assert!(matches!(error, BuildError::RevokedRoute(_)), "{rule}");
        assert!(error.to_string().contains(words), "{rule}: {error}");
    }
    let shown = format!("{:?}", secret(SECRET));
    assert!(!shown.contains("0123"), "{shown}");
}
