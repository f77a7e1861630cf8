//! `GET jwks.json`.

use cookiejwt_store::{AccessKeys, Algorithm, PrivateKey, Route, testing};
use http::Method;
use serde_json::json;

use crate::{answer::Ask, common::World};

/// The key of RFC 8037, appendix A.1; its thumbprint is in appendix A.3.
const RFC_8037: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
";

const OTHER: &str = include_str!("../../../cookiejwt-core/tests/keys/ed25519_other.pem");

fn key(pem: &str) -> PrivateKey {
    PrivateKey::from_pem(Algorithm::EdDsa, pem).unwrap()
}

pub(crate) fn with_key() -> World {
    World::with(testing::config().signing_key(key(RFC_8037)))
}

#[tokio::test]
async fn the_public_keys() {
    let answer = Ask::get(Route::Jwks).of(&with_key()).await;
    assert_eq!(answer.status(), 200);
    let fields = [
        ("cache-control", "public, max-age=300"),
        ("content-type", "application/jwk-set+json"),
        ("etag", r#""5iYzVofbrCIa8Hz0""#),
        ("x-content-type-options", "nosniff"),
    ];
    assert_eq!(answer.fields(), fields);
    answer.assert_cookies_kept("keys");
    let document = answer.json();
    let [key] = &document["keys"].as_array().unwrap()[..] else { panic!("{document}") };
    for (member, value) in [
        ("kty", "OKP"),
        ("crv", "Ed25519"),
        ("x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
        ("kid", "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
        ("alg", "EdDSA"),
        ("use", "sig"),
    ] {
        assert_eq!(key[member], json!(value), "{member}");
    }
    for private in ["d", "p", "q", "k"] {
        assert!(key.get(private).is_none(), "{private}");
    }
}

/// RFC 9110 §13.1.2, and §15.4.5 for the fields of a 304.
#[tokio::test]
async fn keys_that_are_known_already() {
    let world = with_key();
    let core = world.auth.core();
    let tag = core.jwks_etag().unwrap();
    for (rule, known, status) in [
        ("the tag", tag.to_owned(), 304),
        ("a weak one", format!("W/{tag}"), 304),
        ("one of several", format!("\"x\" , {tag}"), 304),
        ("anything", "*".to_owned(), 304),
        ("another", "\"x\"".to_owned(), 200),
        ("without quotes", tag.replace('"', ""), 200),
        ("nothing", String::new(), 200),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let answer =
                Ask::get(Route::Jwks).method(method).header("if-none-match", &known).of(&world).await;
            assert_eq!(answer.status(), status, "{rule}");
            assert_eq!(answer.0.body.is_empty(), status == 304, "{rule}");
            if status == 304 {
                assert_eq!(
                    answer.fields(),
                    [("cache-control", "public, max-age=300"), ("etag", tag)],
                    "{rule}"
                );
            }
        }
    }
}

/// A new key is published before it signs, and a removed one is no longer listed.
#[tokio::test]
async fn the_document_follows_the_keys() {
    let world = with_key();
    let (old, new) = (key(RFC_8037), key(OTHER));
    let mut tags = Vec::new();
    for (rule, keys, expected) in [
        ("added", AccessKeys::new(old.clone()).verifying(new.public_key()), [&old, &new].as_slice()),
        ("switched", AccessKeys::new(new.clone()).verifying(old.public_key()), &[&new, &old]),
        ("dropped", AccessKeys::new(new.clone()), &[&new]),
    ] {
        world.auth.replace_keys(keys).unwrap();
        let answer = Ask::get(Route::Jwks).of(&world).await;
        let document = answer.json();
        let kids: Vec<_> =
            document["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect();
        let expected: Vec<_> = expected.iter().map(|key| json!(key.public_key().thumbprint())).collect();
        assert_eq!(kids, expected, "{rule}");
        let tag = answer.0.headers["etag"].clone();
        assert!(!tags.contains(&tag), "{rule}");
        tags.push(tag);
    }
}

#[tokio::test]
async fn methods_of_the_keys() {
    let world = with_key();
    assert_eq!(Ask::get(Route::Jwks).method(Method::HEAD).of(&world).await.status(), 200);
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let answer = Ask::post(Route::Jwks).method(method.clone()).of(&world).await;
        assert_eq!(answer.code(), (405, "method_not_allowed".into()), "{method}");
        assert_eq!(answer.0.headers["allow"], "GET, HEAD", "{method}");
    }
}

#[tokio::test]
async fn a_symmetric_key_is_never_shown() {
    let answer = Ask::get(Route::Jwks).of(&World::new()).await;
    answer.assert_problem("no asymmetric key", 404, "not_found");
}

#[test]
fn every_path_with_and_without_a_slash() {
    let base = [
        ("/api/auth/token", Route::Login),
        ("/api/auth/token/", Route::Login),
        ("/api/auth/token/refresh", Route::Refresh),
        ("/api/auth/token/refresh/", Route::Refresh),
        ("/api/auth/token/blacklist", Route::Logout),
        ("/api/auth/token/blacklist/", Route::Logout),
        ("/api/auth/logout", Route::Logout),
        ("/api/auth/logout/", Route::Logout),
        ("/api/auth/token/verify", Route::Verify),
        ("/api/auth/token/verify/", Route::Verify),
        ("/api/auth/token/continue", Route::Continue),
        ("/api/auth/token/continue/", Route::Continue),
        ("/api/auth/token/fresh", Route::FreshLogin),
        ("/api/auth/token/fresh/", Route::FreshLogin),
        ("/api/auth/sessions", Route::Sessions),
        ("/api/auth/sessions/", Route::Sessions),
        ("/api/auth/sessions/{id}", Route::Session),
        ("/api/auth/sessions/{id}/", Route::Session),
        ("/api/auth/password", Route::Password),
        ("/api/auth/password/", Route::Password),
    ];
    let expected = |keys: bool| {
        let keys = keys.then_some(("/api/auth/jwks.json", Route::Jwks));
        base.into_iter().chain(keys).map(|(path, route)| (path.to_owned(), route)).collect::<Vec<_>>()
    };
    assert_eq!(World::new().auth.api().paths(), expected(false));
    assert_eq!(with_key().auth.api().paths(), expected(true));
}
