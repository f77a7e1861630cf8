//! The JWKS document that a ring publishes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    ED25519, ED25519_KID, ED25519_OTHER, ED25519_PUBLIC, P256, P256_KID, P256_PUBLIC, RSA, RSA_KID,
    RSA_PUBLIC, key_file, private, public, ring, testing,
};
use crate::{
    config::{ConfigBuilder, Secret},
    decide::Core,
    keys::crypto::Algorithm,
};

use Algorithm::{EdDsa, Es256, Ps256, Rs256};

fn document(builder: ConfigBuilder) -> Value {
    serde_json::from_str(&ring(builder).jwks().unwrap()).unwrap()
}

fn ed25519() -> Value {
    json!({
        "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": ED25519_KID,
        "x": "XwPI0ecSvV7YBUrG3NMs8qe-GC2HeuF_6Xak6-K-Apo",
    })
}

fn p256() -> Value {
    json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": P256_KID,
        "x": "uhMYmeHQe3cwRhTS9z5rggcuBkgJWZEu1UKpJ3L4sZg", "y": "9SXjcZcQWTiqme3OmkAGuOovfC7kmGv_WVefwXM2r8c",
    })
}

fn rsa(alg: &str) -> Value {
    json!({
        "kty": "RSA", "use": "sig", "alg": alg, "kid": RSA_KID, "e": "AQAB",
        "n": "pzbxNsQgpqEnogDPJtmTQ6hNog_0NZy90dEe6v-TCQTkrpMZ1NrDm3S-RRDbiXd4TK0cNF92W0u2jKiSCBkxmxNPjFPsI8LOB0TFWnuS\
              bihq88-vGsnkjkSii3pBWnEPi9IdhE1XVdahOUDSEX_L3ujEdG4janIjbYx2rr18MRaWTUw76M2FF1vv7YKJepO2kAUnDJvnj32XU80th\
              Ird1GAO2DBUwrugdTgdlPU4thrxx0hEgzWVaBGWLOuC1Zn-xqGrPVpKssIBtwndDX1RX0MrIyOEnYgq-ySQuOc0lMSLfo99hBVbRG0920\
              vYvXtinGHZwDwjAARSiZld4GGfSQ",
    })
}

#[test]
fn the_jwks_document() {
    let config = testing::config;
    let eddsa = || config().signing_key(private(EdDsa, ED25519));
    for (rule, builder, expected) in [
        ("EdDSA", eddsa(), vec![ed25519()]),
        ("ES256", config().signing_key(private(Es256, P256)), vec![p256()]),
        ("the signing key first", eddsa().verifying_key(public(Es256, P256_PUBLIC)), vec![ed25519(), p256()]),
        (
            "public keys beside the secret",
            config().verifying_key(public(EdDsa, ED25519_PUBLIC)),
            vec![ed25519()],
        ),
        ("RS256", eddsa().verifying_key(public(Rs256, RSA_PUBLIC)), vec![ed25519(), rsa("RS256")]),
        ("PS256", eddsa().verifying_key(public(Ps256, RSA_PUBLIC)), vec![ed25519(), rsa("PS256")]),
        (
            "the public half of a private RSA key",
            eddsa().verifying_key(private(Rs256, RSA).public_key()),
            vec![ed25519(), rsa("RS256")],
        ),
        (
            "previous secrets are not in it",
            eddsa().previous_secret(Secret::from_bytes(*b"an older one, of 32 bytes as well").unwrap()),
            vec![ed25519()],
        ),
    ] {
        assert_eq!(document(builder), json!({ "keys": expected }), "{rule}");
    }
}

/// RFC 7517 §4.5: no two keys of a set share a `kid`, even when every node lists every key.
#[test]
fn a_key_is_listed_once() {
    let eddsa = || {
        testing::config().signing_key(private(EdDsa, ED25519)).verifying_key(public(EdDsa, ED25519_PUBLIC))
    };
    let twice = eddsa().verifying_key(public(Es256, P256_PUBLIC)).verifying_key(public(Es256, P256_PUBLIC));
    assert_eq!(document(eddsa()), json!({ "keys": [ed25519()] }), "the signing key is also a verifying key");
    assert_eq!(document(twice), json!({ "keys": [ed25519(), p256()] }), "a verifying key came twice");
}

#[test]
fn only_public_members_are_published() {
    let builder = testing::config()
        .signing_key(private(EdDsa, ED25519))
        .verifying_key(private(EdDsa, ED25519_OTHER).public_key())
        .verifying_key(private(Es256, P256).public_key())
        .verifying_key(private(Rs256, RSA).public_key());
    let document = document(builder.clone());
    assert_eq!(document.as_object().unwrap().keys().collect::<Vec<_>>(), ["keys"]);
    let keys = document["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 4);
    for key in keys {
        let members: BTreeSet<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        let allowed = BTreeSet::from(["kty", "crv", "x", "y", "n", "e", "kid", "alg", "use"]);
        assert!(members.is_subset(&allowed), "{members:?}");
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert!(!members.contains(private), "{private} in {key}");
        }
        assert_ne!(key["kty"], "oct");
        assert_eq!(key["use"], "sig");
    }
    let core = Core::new(builder.build().unwrap());
    assert_eq!(core.jwks(), Some(document.to_string().as_str()), "as it is served");
}

#[test]
fn symmetric_keys_have_no_document() {
    let previous = Secret::from_bytes(*b"an older one, of 32 bytes as well").unwrap();
    for (rule, builder) in [
        ("the secret", testing::config()),
        ("with a previous one", testing::config().previous_secret(previous)),
    ] {
        assert!(ring(builder.clone()).jwks().is_none(), "{rule}");
        assert!(Core::new(builder.build().unwrap()).jwks().is_none(), "{rule}");
    }
}

#[test]
fn thumbprints_of_the_rfcs() {
    for (rule, algorithm, pem, thumbprint) in [
        (
            "RFC 8037 A.3",
            EdDsa,
            key_file!("rfc8037_a1.pub.pem"),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        ),
        (
            "RFC 7638 3.1",
            Rs256,
            key_file!("rfc7638_3_1.pub.pem"),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
        ),
        ("Ed25519", EdDsa, ED25519_PUBLIC, ED25519_KID),
        ("P-256", Es256, P256_PUBLIC, P256_KID),
        ("RSA", Rs256, RSA_PUBLIC, RSA_KID),
        ("RSA for PS256: alg is not hashed", Ps256, RSA_PUBLIC, RSA_KID),
        ("RSA, PKCS#1", Rs256, key_file!("rsa2048_pkcs1.pub.pem"), RSA_KID),
    ] {
        assert_eq!(public(algorithm, pem).0.thumbprint(), thumbprint, "{rule}");
    }
    for (algorithm, pem, thumbprint) in
        [(EdDsa, ED25519, ED25519_KID), (Es256, P256, P256_KID), (Rs256, RSA, RSA_KID)]
    {
        let key = private(algorithm, pem);
        assert_eq!(key.public_key().0.thumbprint(), thumbprint, "{algorithm:?}, by its private half");
    }
}
