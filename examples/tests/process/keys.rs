//! Keys from a directory: the server signs with them, publishes them, and reloads them without a
//! restart.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cookiejwt_keygen::{Kind, make, switch};
use serde_json::Value;

use crate::common::{ACCESS, Home, Jar, Request, Server, owned, wait_for};

const JWKS: &str = "/api/auth/jwks.json";

fn header(jar: &Jar) -> (String, String) {
    let segment = jar.get(ACCESS).split('.').next().expect("a segment");
    let header = URL_SAFE_NO_PAD.decode(segment).expect("base64url");
    let header: Value = serde_json::from_slice(&header).expect("JSON");
    let text = |name: &str| header[name].as_str().expect(name).to_owned();
    (text("alg"), text("kid"))
}

/// Verifies with another implementation, which gets only the published document.
fn verifies(document: &Value, jar: &Jar) -> bool {
    let (alg, kid) = header(jar);
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(document.clone()).expect("a key set");
    let Some(jwk) = set.find(&kid) else { return false };
    let key = jsonwebtoken::DecodingKey::from_jwk(jwk).expect("a key");
    let algorithm = alg.parse().expect("a known algorithm");
    let mut validation = jsonwebtoken::Validation::new(algorithm);
    validation.set_audience(&["demo"]);
    validation.set_issuer(&["http://localhost"]);
    jsonwebtoken::decode::<Value>(jar.get(ACCESS), &key, &validation).is_ok()
}

fn comes_true(what: impl Fn() -> bool) -> bool {
    wait_for(20, || what().then_some(())).is_some()
}

fn document(server: &Server) -> Value {
    server.get(JWKS).send().json()
}

#[test]
fn keys_are_added_switched_and_removed() {
    let home = Home::new();
    let keys = home.file("keys");
    let old = make(Kind::EdDsa, &keys, "old").expect("a key").kid;
    let server = home.start(&[("COOKIEJWT_KEYS_DIR", "keys")]);
    let jar = server.login();
    assert_eq!(header(&jar), ("EdDSA".into(), old.clone()));
    assert!(verifies(&document(&server), &jar));
    let kids = || {
        let keys = document(&server)["keys"].as_array().expect("a list").clone();
        keys.iter().map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect::<Vec<_>>()
    };
    let new = make(Kind::Es256, &keys, "new").expect("a key").kid;
    server.signal("HUP");
    assert!(comes_true(|| kids() == [old.clone(), new.clone()]), "{}", server.log());
    switch(&keys, "new").expect("both are there");
    server.signal("HUP");
    assert!(comes_true(|| kids() == [new.clone(), old.clone()]), "{}", server.log());
    assert_eq!(server.me(&jar).status, 200, "a token of the old key");
    let fresh = server.login();
    assert_eq!(header(&fresh), ("ES256".into(), new.clone()));
    assert!(verifies(&document(&server), &fresh) && verifies(&document(&server), &jar));
    std::fs::remove_file(keys.join("old.pem")).expect("it is there");
    std::fs::remove_file(keys.join("old.pub.pem")).expect("it is there");
    server.signal("HUP");
    assert!(comes_true(|| kids() == [new.clone()]), "{}", server.log());
    let answer = server.me(&jar);
    assert_eq!(answer.status, 200, "refreshed");
    assert_eq!(header(&Jar::of(&answer)), ("ES256".into(), new.clone()));
    std::fs::remove_file(keys.join("signing")).expect("it is there");
    server.signal("HUP");
    assert!(comes_true(|| server.log().contains("those so far stay")), "{}", server.log());
    assert_eq!(kids(), [new]);
    assert_eq!(server.me(&fresh).status, 200);
}

#[test]
fn the_document_is_revalidated() {
    let home = Home::new();
    make(Kind::EdDsa, &home.file("keys"), "a").expect("a key");
    let server = home.start(&[("COOKIEJWT_KEYS_DIR", "keys")]);
    let first = server.get(JWKS).send();
    let tag = first.header("etag").expect("a tag").to_owned();
    assert_eq!(first.header("cache-control"), Some("public, max-age=300"));
    let again = server.get(JWKS).header("If-None-Match", &tag).send();
    assert_eq!((again.status, again.text().is_empty(), again.header("etag")), (304, true, Some(&*tag)));
    assert_eq!(server.get(JWKS).header("If-None-Match", "\"x\"").send().status, 200);
    let head = Request::new(server.address(), "HEAD", JWKS).send();
    assert_eq!((head.status, head.text().is_empty(), head.header("etag")), (200, true, Some(&*tag)));
}

#[test]
fn an_unreadable_directory_prevents_the_start() {
    let home = Home::new();
    let refused = home.refused(&owned(&[("PORT", "0"), ("COOKIEJWT_KEYS_DIR", "nowhere")]));
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("COOKIEJWT_KEYS_DIR") && refused.stderr.contains("nowhere"),
        "{refused:?}"
    );
    assert!(!home.file("cookiejwt-demo.secret").exists(), "no file is left behind");
}
