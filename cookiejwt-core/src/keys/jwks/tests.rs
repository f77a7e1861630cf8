//! Which documents are taken, and what third parties think of it.

mod wycheproof;

use serde_json::{Value, json};

use super::{
    JwkFault,
    JwkFault::{Algorithm as Mismatch, Ambiguous, DuplicateKid, Key as BadKey, Kid, Member, Private, Use},
    Jwks, JwksError,
};
use crate::{
    internal::test_keys::{ED25519_PUBLIC, P256_PUBLIC, RSA_PUBLIC, public, ring},
    keys::crypto::{Algorithm, KeyError},
    testing,
};

fn of(algorithm: Algorithm, pem: &str) -> Value {
    let builder = testing::config().verifying_key(public(algorithm, pem));
    let document: Value = serde_json::from_str(&ring(builder).jwks().unwrap()).unwrap();
    document["keys"][0].clone()
}

fn ed25519() -> Value {
    of(Algorithm::EdDsa, ED25519_PUBLIC)
}

fn p256() -> Value {
    of(Algorithm::Es256, P256_PUBLIC)
}

fn rsa() -> Value {
    of(Algorithm::Rs256, RSA_PUBLIC)
}

/// A key with a member changed; `null` removes it.
fn with(mut jwk: Value, member: &str, value: Value) -> Value {
    if value.is_null() {
        jwk.as_object_mut().unwrap().remove(member);
    } else {
        jwk[member] = value;
    }
    jwk
}

fn read(keys: &[Value]) -> Result<Vec<String>, JwksError> {
    let jwks = Jwks::from_json(&json!({ "keys": keys }).to_string())?;
    Ok(jwks.kids().into_iter().map(str::to_owned).collect())
}

#[test]
fn what_we_publish_is_what_we_take() {
    let keys = [ed25519(), p256(), rsa()];
    let kids: Vec<_> = keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect();
    assert_eq!(read(&keys), Ok(kids));
}

#[test]
fn what_else_is_taken() {
    for (rule, jwk) in [
        ("no use", with(ed25519(), "use", Value::Null)),
        ("no alg, of one algorithm", with(ed25519(), "alg", Value::Null)),
        ("no alg, of one algorithm", with(p256(), "alg", Value::Null)),
        ("key_ops", with(p256(), "key_ops", json!(["verify"]))),
        ("PS256", with(rsa(), "alg", json!("PS256"))),
        ("a kid of any making", with(p256(), "kid", json!("2026-11_a.~"))),
        ("a kid of 128 bytes", with(p256(), "kid", json!("k".repeat(128)))),
        ("a member that means nothing here", with(p256(), "x5t", json!("x"))),
    ] {
        assert!(read(&[jwk]).is_ok(), "{rule}");
    }
}

fn assert_refused(rule: &str, jwk: Value, fault: JwkFault) {
    let document = [with(rsa(), "kid", json!("first")), jwk];
    assert_eq!(read(&document), Err(JwksError::Key { index: 1, fault }), "{rule}");
}

#[test]
fn a_key_of_another_kind_is_refused() {
    let oct = json!({ "kty": "oct", "kid": "1", "alg": "HS256", "k": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" });
    for (rule, jwk, fault) in [
        ("symmetric", oct, Private),
        ("symmetric by its kty alone", json!({ "kty": "oct", "kid": "1", "alg": "HS256" }), Mismatch),
        ("private", with(ed25519(), "d", json!("AAAA")), Private),
        ("private, whatever the value", with(rsa(), "qi", json!(0)), Private),
        ("private, in another algorithm", with(ed25519(), "priv", json!("AAAA")), Private),
        ("for encryption", with(p256(), "use", json!("enc")), Use),
        ("use is no text", with(p256(), "use", json!(["sig"])), Use),
        ("key_ops without verify", with(p256(), "key_ops", json!(["sign"])), Use),
        ("key_ops is no list", with(p256(), "key_ops", json!("verify")), Use),
        ("no kty", with(p256(), "kty", Value::Null), Member("kty")),
        ("kty of another kind", with(p256(), "kty", json!("RSA")), Mismatch),
        ("kty in lower case", with(p256(), "kty", json!("ec")), Mismatch),
        ("another curve", with(p256(), "crv", json!("P-384")), Mismatch),
        ("secp256k1", with(p256(), "crv", json!("secp256k1")), Mismatch),
        ("no curve", with(p256(), "crv", Value::Null), Mismatch),
        ("another algorithm", with(p256(), "alg", json!("ES384")), Mismatch),
        ("of another kind", with(p256(), "alg", json!("RS256")), Mismatch),
        ("symmetric algorithm", with(p256(), "alg", json!("HS256")), Mismatch),
        ("none", with(ed25519(), "alg", json!("none")), Mismatch),
        ("alg in lower case", with(p256(), "alg", json!("es256")), Mismatch),
        ("alg is no text", with(p256(), "alg", json!(1)), Member("alg")),
        ("X25519", with(ed25519(), "crv", json!("X25519")), Mismatch),
        ("RSA without alg", with(rsa(), "alg", Value::Null), Ambiguous),
        ("RSA for encryption", with(rsa(), "alg", json!("RSA1_5")), Mismatch),
    ] {
        assert_refused(rule, jwk, fault);
    }
}

#[test]
fn numbers_and_names_that_are_refused() {
    let off = "9SXjcZcQWTiqme3OmkAGuOovfC7kmGv_WVefwXM2r8g";
    let long = "AA9LI0ecSvV7YBUrG3NMs8qe-GC2HeuF_6Xak6-K-Apo";
    for (rule, jwk, fault) in [
        ("not on the curve", with(p256(), "y", json!(off)), BadKey(KeyError::Impossible(Algorithm::Es256))),
        ("a number too long", with(ed25519(), "x", json!(long)), Member("x")),
        ("a number too short", with(p256(), "y", json!("AAAA")), Member("y")),
        ("no number", with(p256(), "y", Value::Null), Member("y")),
        ("padded", with(ed25519(), "x", json!("XwPI0ecSvV7YBUrG3NMs8qe-GC2HeuF_6Xak6-K-Apo=")), Member("x")),
        (
            "the other alphabet",
            with(ed25519(), "x", json!("XwPI0ecSvV7YBUrG3NMs8qe+GC2HeuF/6Xak6+K+Apo")),
            Member("x"),
        ),
        (
            "unused bits",
            with(ed25519(), "x", json!("XwPI0ecSvV7YBUrG3NMs8qe-GC2HeuF_6Xak6-K-App")),
            Member("x"),
        ),
        ("a short modulus", with(rsa(), "n", json!("qqqq")), BadKey(KeyError::WeakRsa)),
        ("exponent 1", with(rsa(), "e", json!("AQ")), BadKey(KeyError::WeakRsa)),
        ("exponent 3", with(rsa(), "e", json!("Aw")), BadKey(KeyError::WeakRsa)),
        ("no exponent", with(rsa(), "e", Value::Null), Member("e")),
        ("no kid", with(p256(), "kid", Value::Null), Member("kid")),
        ("kid is a number", with(p256(), "kid", json!(1)), Member("kid")),
        ("an empty kid", with(p256(), "kid", json!("")), Kid),
        ("a long kid", with(p256(), "kid", json!("k".repeat(129))), Kid),
        ("a kid that is a path", with(p256(), "kid", json!("../../dev/null")), Kid),
        ("a kid with a line end", with(p256(), "kid", json!("a\nb")), Kid),
    ] {
        // Where there is no pure-Rust backend, such a key is taken and verifies nothing.
        if rule == "not on the curve" && cfg!(not(feature = "rust-crypto")) {
            continue;
        }
        assert_refused(rule, jwk, fault);
    }
}

#[test]
fn a_document_that_is_refused() {
    let twice = [p256(), with(ed25519(), "kid", p256()["kid"].clone())];
    assert_eq!(read(&twice), Err(JwksError::Key { index: 1, fault: DuplicateKid }));
    assert_eq!(read(&[]), Err(JwksError::Empty));
    let many: Vec<_> = (0..65).map(|number| with(p256(), "kid", json!(format!("{number}")))).collect();
    assert_eq!(read(&many), Err(JwksError::TooMany));
    assert!(read(&many[..64]).is_ok());
    let key = p256().to_string();
    let inner = key.strip_prefix('{').unwrap();
    for (rule, text) in [
        ("nothing", String::new()),
        ("one key", key.clone()),
        ("a list", format!("[{key}]")),
        ("keys is an object", format!("{{\"keys\":{key}}}")),
        ("a key is no object", "{\"keys\":[1]}".into()),
        ("keys twice", format!("{{\"keys\":[{key}],\"keys\":[{key}]}}")),
        ("a member twice", format!("{{\"keys\":[{{\"kty\":\"EC\",{inner}]}}")),
        ("a member twice, escaped", format!("{{\"keys\":[{{\"\\u006bty\":\"EC\",{inner}]}}")),
        ("something behind", format!("{{\"keys\":[{key}]}}x")),
        ("a PEM file", P256_PUBLIC.into()),
    ] {
        assert_eq!(Jwks::from_json(&text).err(), Some(JwksError::Malformed), "{rule}");
    }
    let padded = format!("{{\"keys\":[{key}]}}{}", " ".repeat(64 * 1024));
    assert_eq!(Jwks::from_json(&padded).err(), Some(JwksError::TooLong));
}

#[test]
fn every_refusal_says_what_is_wrong() {
    for (fault, text) in [
        (Member("x"), "has no proper member \"x\""),
        (Use, "is not for verifying signatures"),
        (BadKey(KeyError::WeakRsa), "is refused: RSA keys need at least 2048 bits and the exponent 65537"),
        (
            BadKey(KeyError::Impossible(Algorithm::Es256)),
            "is refused: the key parameters are not a valid ES256 key",
        ),
    ] {
        let error = JwksError::Key { index: 2, fault };
        assert_eq!(error.to_string(), format!("key 2 of the JWKS document {text}"));
    }
}
