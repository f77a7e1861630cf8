//! Which key files are accepted.

use super::{
    ED25519, ED25519_OTHER, ED25519_PUBLIC, P256, P256_PUBLIC, PrivateKey, PublicKey, RSA, RSA_PUBLIC,
    SIGNS_RSA, der, key_file, private, testing,
};
use crate::{
    config::ConfigErrorKind,
    keys::crypto::{Algorithm, KeyError},
};

use Algorithm::{EdDsa, Es256, Hs256, Ps256, Rs256};
use KeyError::{CannotSign, Malformed, Symmetric, WeakRsa};

const ALGORITHMS: [Algorithm; 5] = [Hs256, EdDsa, Es256, Ps256, Rs256];

/// A file, and the algorithms whose private key, and whose public key, it is.
const FILES: [(&str, &str, &[Algorithm], &[Algorithm]); 21] = [
    ("Ed25519", ED25519, &[EdDsa], &[]),
    ("another Ed25519", ED25519_OTHER, &[EdDsa], &[]),
    ("Ed25519, public", ED25519_PUBLIC, &[], &[EdDsa]),
    ("P-256, PKCS#8", P256, &[Es256], &[]),
    ("P-256, public", P256_PUBLIC, &[], &[Es256]),
    ("P-256, SEC1", key_file!("p256_sec1.pem"), &[], &[]),
    ("RSA, PKCS#8", RSA, &[Ps256, Rs256], &[]),
    ("RSA, public", RSA_PUBLIC, &[], &[Ps256, Rs256]),
    ("RSA, PKCS#1", key_file!("rsa2048_pkcs1.pem"), &[Ps256, Rs256], &[]),
    ("RSA, PKCS#1, public", key_file!("rsa2048_pkcs1.pub.pem"), &[], &[Ps256, Rs256]),
    ("P-384", key_file!("p384.pem"), &[], &[]),
    ("P-384, public", key_file!("p384.pub.pem"), &[], &[]),
    ("secp256k1", key_file!("secp256k1.pem"), &[], &[]),
    ("secp256k1, public", key_file!("secp256k1.pub.pem"), &[], &[]),
    ("X25519", key_file!("x25519.pem"), &[], &[]),
    ("X25519, public", key_file!("x25519.pub.pem"), &[], &[]),
    ("nothing", "", &[], &[]),
    ("text", "no key", &[], &[]),
    ("PEM around nothing", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", &[], &[]),
    ("PEM around text", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", &[], &[]),
    ("a JWK", r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#, &[], &[]),
];

#[test]
fn a_file_is_a_key_of_its_own_algorithm_only() {
    for (rule, pem, privates, publics) in FILES {
        for algorithm in ALGORITHMS {
            let refusal = if algorithm == Hs256 { Symmetric } else { Malformed(algorithm) };
            let expected = if privates.contains(&algorithm) { Ok(()) } else { Err(refusal) };
            let found = PrivateKey::from_pem(algorithm, pem).map(|_| ());
            assert_eq!(found, expected, "{rule} as private key for {algorithm:?}");
            let expected = if publics.contains(&algorithm) { Ok(()) } else { Err(refusal) };
            let found = PublicKey::from_pem(algorithm, pem).map(|_| ());
            assert_eq!(found, expected, "{rule} as public key for {algorithm:?}");
        }
    }
}

/// The kind of key says the algorithm; RS256 is never chosen by itself.
#[test]
fn a_file_of_any_kind() {
    for (rule, pem, privates, publics) in FILES {
        let first = |algorithms: &[Algorithm]| algorithms.first().copied().ok_or(KeyError::Unknown);
        let found = PrivateKey::from_any_pem(pem).map(|key| key.public_key().algorithm());
        assert_eq!(found, first(privates), "{rule} as private key");
        assert_eq!(
            PublicKey::from_any_pem(pem).as_ref().map(PublicKey::algorithm).map_err(|error| *error),
            first(publics),
            "{rule} as public key"
        );
    }
    let weak = PublicKey::from_any_pem(key_file!("rsa1024_weak.pub.pem"));
    assert_eq!(weak.err(), Some(WeakRsa), "a weak key says so");
}

#[test]
fn white_space_around_a_file_does_not_matter() {
    for (rule, pem) in [
        ("CRLF", ED25519.replace('\n', "\r\n")),
        ("no line end", ED25519.trim_end().into()),
        ("blank lines", format!("\n\n{ED25519}\n\n")),
    ] {
        let key = PrivateKey::from_pem(EdDsa, pem).unwrap();
        let same = private(EdDsa, ED25519);
        assert_eq!(key.public_key().0.thumbprint(), same.public_key().0.thumbprint(), "{rule}");
    }
}

#[test]
fn weak_rsa_is_refused() {
    for (rule, pem) in [
        ("1024 bits", key_file!("rsa1024_weak.pub.pem")),
        ("2047 bits", key_file!("rsa2047_weak.pub.pem")),
        ("exponent 3", key_file!("rsa2048_e3_weak.pub.pem")),
    ] {
        for algorithm in [Ps256, Rs256] {
            assert_eq!(PublicKey::from_pem(algorithm, pem).err(), Some(WeakRsa), "{rule}, public");
        }
    }
    for (rule, pem) in
        [("1024 bits", key_file!("rsa1024_weak.pem")), ("exponent 3", key_file!("rsa2048_e3_weak.pem"))]
    {
        for algorithm in [Ps256, Rs256] {
            let error = PrivateKey::from_pem(algorithm, pem).expect_err(rule);
            // aws-lc refuses to read such keys at all.
            assert!(error == WeakRsa || (SIGNS_RSA && error == Malformed(algorithm)), "{rule}: {error}");
        }
    }
    assert_eq!(WeakRsa.to_string(), "RSA keys need at least 2048 bits and the exponent 65537");
}

#[test]
fn a_key_that_cannot_sign_here_is_found_at_start() {
    for (algorithm, pem, signs) in
        [(EdDsa, ED25519, true), (Es256, P256, true), (Ps256, RSA, SIGNS_RSA), (Rs256, RSA, SIGNS_RSA)]
    {
        let built = testing::config().signing_key(private(algorithm, pem)).build();
        if signs {
            assert!(built.is_ok(), "{algorithm:?}");
            continue;
        }
        let error = built.expect_err("RSA signs in variable time here");
        assert_eq!((error.setting(), error.kind()), ("COOKIEJWT_SIGNING_KEY", ConfigErrorKind::Unsupported));
        let name = algorithm.as_str();
        assert_eq!(
            error.to_string(),
            format!(
                "COOKIEJWT_SIGNING_KEY is refused: {name} keys only verify in this build, because the pure-Rust RSA signs in variable time; \
                 choose another algorithm, or turn on the feature aws-lc-rs"
            )
        );
        assert_eq!(private(algorithm, pem).0.sign(b"x"), Err(CannotSign(algorithm)), "nor behind the check");
    }
}

#[test]
fn every_refusal_of_a_key_says_what_to_do() {
    for (error, text) in [
        (Malformed(EdDsa), "not a valid EdDSA key in PEM format"),
        (Malformed(Es256), "not a valid ES256 key in PEM format"),
        (Symmetric, "HS256 has no PEM keys; set the secret instead"),
        (KeyError::SelfTest(Es256), "a signature made with this ES256 key does not verify"),
    ] {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn debug_shows_no_private_key() {
    for (algorithm, pem) in [(EdDsa, ED25519), (Es256, P256), (Rs256, RSA)] {
        let key = private(algorithm, pem);
        let shown = format!("{key:?} {key:#?} {:?}", key.public_key());
        assert!(shown.contains(algorithm.as_str()) && shown.contains("[redacted]"), "{shown}");
        let bytes = der(pem);
        let list = format!("{:?}", &bytes[bytes.len() - 8..]);
        assert!(!shown.contains(list.trim_matches(['[', ']'])), "{shown}");
        assert!(shown.len() < 200, "there is no room for a key: {shown}");
    }
    let ring = super::ring(testing::config().signing_key(private(EdDsa, ED25519)));
    assert_eq!(format!("{ring:?}"), format!("KeyRing(signing {:?}, [redacted])", super::ED25519_KID));
}
