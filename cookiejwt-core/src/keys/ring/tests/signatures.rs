//! Which signatures each key accepts.

use super::{
    ACCEPTED, ED25519, Key, P256, PAYLOAD, RSA, RSA_PUBLIC, SIGNS_RSA, access, key_file, private, public,
    refresh, ring, testing, verdict,
};
use crate::{
    config::Secret,
    keys::crypto::{self, Algorithm, KeyError},
    token::TokenFault,
};

use Algorithm::{EdDsa, Es256, Ps256, Rs256};

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// HKDF-SHA-256 and HMAC-SHA-256, against values that were computed elsewhere.
#[test]
fn keys_are_derived_from_the_secret() {
    let secret = Secret::of_the_testing_module();
    for (rule, secret, purpose, mac) in [
        (
            "RFC 5869 A.3 (no salt, no info), as an HMAC key",
            &[0x0b; 22][..],
            "",
            "ce2b56ff4b2b946cb4aebd56d0a311cf9524b7194f68b89cad43316424175450",
        ),
        (
            "access",
            secret.as_bytes(),
            "cookiejwt/1 access",
            "1b79bafed594891f70a3e1ee2f6b77c2a6f9c5bc46b2345fb139d9be9e8b747c",
        ),
        (
            "refresh",
            secret.as_bytes(),
            "cookiejwt/1 refresh",
            "08b33924886212a00ef58e9734bb407b6cbdf712c40efc8bf3c4c92e688c5c36",
        ),
        (
            "CSRF",
            secret.as_bytes(),
            "cookiejwt/1 csrf",
            "81645adb2ecf1b41b85850f6aaa5f39f112449037624fe33107981a8e49d8850",
        ),
    ] {
        let key = crypto::derive(secret, purpose);
        assert_eq!(hex(key.sign(b"x")), mac, "{rule}");
        assert!(key.verify(b"x", &key.sign(b"x")) && !key.verify(b"y", &key.sign(b"x")), "{rule}");
    }
    let ring = ring(testing::config());
    let macs = [
        ring.access.signing().sign(b"x"),
        ring.refresh.signing().sign(b"x"),
        Ok(ring.csrf.sign(b"x").to_vec()),
    ];
    let expected = ["1b79bafe", "08b33924", "81645adb"];
    for (mac, expected) in macs.into_iter().zip(expected) {
        assert!(hex(mac.unwrap()).starts_with(expected), "each purpose has its key");
    }
}

/// The library's tokens, byte for byte as computed elsewhere.
#[test]
fn deterministic_signatures_are_the_same_everywhere() {
    let config = testing::config;
    let eddsa = access(config().signing_key(private(EdDsa, ED25519)));
    for (rule, jws, expected) in [
        (
            "HS256, access",
            access(config()),
            "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImlCZmphck1JSXQ0OSJ9.eyJzdWIiOiI0MiJ9\
             .2-Nz2Tj2Z_QocSantJTsPeJBHAjj31tM_FnjKQskrlQ",
        ),
        (
            "HS256, refresh",
            refresh(config()),
            "eyJhbGciOiJIUzI1NiIsInR5cCI6InJ0K2p3dCIsImtpZCI6ImcyRWJBdDRuZGJCVSJ9.eyJzdWIiOiI0MiJ9\
             .9-E_16dJtK9OsQTYFFf_t7H1ge0W6VhB-5FC-K9LLJU",
        ),
        ("EdDSA", eddsa, key_file!("eddsa.jws").trim()),
    ] {
        assert_eq!(jws.sign(PAYLOAD).unwrap(), expected, "{rule}");
        assert_eq!(jws.sign(PAYLOAD).unwrap(), expected, "{rule}, again");
        assert_eq!(verdict(&jws, expected), ACCEPTED, "{rule}");
    }
}

/// Public keys verify what another library signed; RSA does so in every build.
#[test]
fn signatures_of_another_library_verify() {
    let files = [
        ("EdDSA", EdDsa, super::ED25519_PUBLIC, key_file!("eddsa.jws")),
        ("ES256", Es256, super::P256_PUBLIC, key_file!("es256.jws")),
        ("PS256", Ps256, RSA_PUBLIC, key_file!("ps256.jws")),
        ("RS256", Rs256, RSA_PUBLIC, key_file!("rs256.jws")),
    ];
    for (rule, algorithm, pem, token) in files {
        let other = private(EdDsa, super::ED25519_OTHER);
        let jws = access(testing::config().signing_key(other).verifying_key(public(algorithm, pem)));
        assert_eq!(verdict(&jws, token.trim()), ACCEPTED, "{rule}, beside an asymmetric signing key");
        let jws = access(testing::config().verifying_key(public(algorithm, pem)));
        assert_eq!(verdict(&jws, token.trim()), ACCEPTED, "{rule}, beside the secret");
        let flipped = flip_last_but_one(token.trim());
        assert_eq!(verdict(&jws, &flipped), Err(TokenFault::Signature), "{rule}, changed");
        let bare = access(testing::config());
        assert_eq!(verdict(&bare, token.trim()), Err(TokenFault::UnknownKey), "{rule}, without the key");
    }
}

/// Changes the signature without making it non-canonical.
fn flip_last_but_one(token: &str) -> String {
    let at = token.len() - 2;
    let other = if &token[at..=at] == "A" { "B" } else { "A" };
    format!("{}{other}{}", &token[..at], &token[at + 1..])
}

/// One RSA key is bound to one algorithm: PS256 and RS256 are not of one family here.
#[test]
fn ps256_and_rs256_are_not_exchanged() {
    for (rule, algorithm, token) in [
        ("PS256 on an RS256 key", Rs256, key_file!("ps256.jws")),
        ("RS256 on a PS256 key", Ps256, key_file!("rs256.jws")),
    ] {
        let jws = access(testing::config().verifying_key(public(algorithm, RSA_PUBLIC)));
        assert_eq!(verdict(&jws, token.trim()), Err(TokenFault::Algorithm), "{rule}");
    }
}

#[test]
fn every_private_key_signs_what_its_public_key_verifies() {
    let signs = |algorithm| SIGNS_RSA || !matches!(algorithm, Ps256 | Rs256);
    for (algorithm, pem) in [(EdDsa, ED25519), (Es256, P256), (Ps256, RSA), (Rs256, RSA)] {
        if !signs(algorithm) {
            continue;
        }
        let key = private(algorithm, pem);
        let signer = access(testing::config().signing_key(key.clone()));
        let verifier = access(testing::config().verifying_key(key.public_key()));
        let token = signer.sign(PAYLOAD).unwrap();
        assert_eq!(verdict(&signer, &token), ACCEPTED, "{algorithm:?}");
        assert_eq!(verdict(&verifier, &token), ACCEPTED, "{algorithm:?}, by the public key alone");
        assert_eq!(
            verdict(&signer, flip_last_but_one(&token)),
            Err(TokenFault::Signature),
            "{algorithm:?}, changed"
        );
        assert!(key.self_test().is_ok(), "{algorithm:?}");
    }
}

#[cfg(feature = "aws-lc-rs")]
#[test]
fn rsa_signs_with_aws_lc() {
    for (algorithm, alg) in [(Ps256, "PS256"), (Rs256, "RS256")] {
        let core =
            crate::decide::Core::new(testing::config().signing_key(private(algorithm, RSA)).build().unwrap());
        let token = testing::access("42").by(&core);
        assert!(
            core.parts().access.in_cookie(token.token().as_bytes(), testing::NOW.unix_timestamp()).is_ok(),
            "{alg}"
        );
        let jwks: serde_json::Value = serde_json::from_str(core.jwks().unwrap()).unwrap();
        assert_eq!((&jwks["keys"][0]["alg"], &jwks["keys"][0]["kid"]), (&alg.into(), &super::RSA_KID.into()));
    }
    let once = access(testing::config().signing_key(private(Rs256, RSA))).sign(PAYLOAD).unwrap();
    assert_eq!(once, key_file!("rs256.jws").trim(), "PKCS#1 v1.5 is deterministic");
}

#[test]
fn a_public_key_never_signs() {
    for (algorithm, pem) in [(EdDsa, super::ED25519_PUBLIC), (Es256, super::P256_PUBLIC), (Rs256, RSA_PUBLIC)]
    {
        let key = Key::public(public(algorithm, pem));
        assert_eq!(key.sign(b"x"), Err(KeyError::CannotSign(algorithm)));
        assert_eq!(key.algorithm(), algorithm);
    }
}

/// RFC 8037 A.4: the example signature of its A.1 key.
#[test]
fn the_example_of_rfc_8037() {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let key = private(EdDsa, key_file!("rfc8037_a1.pem"));
    assert_eq!(URL_SAFE_NO_PAD.encode(key.0.sign(message).unwrap()), signature);
    let public = public(EdDsa, key_file!("rfc8037_a1.pub.pem"));
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    assert!(public.0.verify(message, &signature));
    assert!(!public.0.verify(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmd", &signature));
    let jws = access(testing::config().signing_key(key));
    let whole = format!("{}.{}", std::str::from_utf8(message).unwrap(), URL_SAFE_NO_PAD.encode(signature));
    assert_eq!(verdict(&jws, &whole), Err(TokenFault::Header), "but as a token it has no kid");
}
