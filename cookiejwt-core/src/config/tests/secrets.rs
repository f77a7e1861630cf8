//! Secrets that are accepted or refused.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};

use super::{
    Config, ConfigError,
    ConfigErrorKind::{Empty, Insecure, Malformed},
    REQUIRED, SECRET, Secret, assert_refused, builder, from,
};
use crate::{
    decide::Core,
    keys::{Algorithm, PrivateKey},
};

const SETTING: &str = "COOKIEJWT_SECRET";
const CURE: &str = "make one with `openssl rand -base64 32`";
const ED25519_PUBLIC: &str = include_str!("../../../tests/keys/ed25519.pub.pem");
const RSA_PUBLIC: &str = include_str!("../../../tests/keys/rsa2048.pub.pem");
const P256_PUBLIC: &str = include_str!("../../../tests/keys/p256.pub.pem");
const P256_PRIVATE: &str = include_str!("../../../tests/keys/p256.pem");
const ED25519_PRIVATE: &str = include_str!("../../../tests/keys/ed25519.pem");

/// Its standard and its URL-safe encoding differ, and both are padded.
const BYTES: [u8; 34] = [
    0xfb, 0xff, 0xbe, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
    25, 26, 27, 28, 29, 0xff, 0xef,
];

/// What people copy from tutorials, from jwt.io and from word lists.
const SAMPLES: [&str; 14] = [
    "secret",
    "changeme",
    "your-256-bit-secret",
    "your-384-bit-secret",
    "your-512-bit-secret",
    "a-string-secret-at-least-256-bits-long",
    "YOUR-256-BIT-SECRET-AND-SOME-MORE-OF-IT",
    "django-insecure-4%j#q0k2v!x7m8n9b1c3z5l6p0o9i8u7",
    "01234567890123456789012345678901",
    "0123456789abcdef0123456789abcdef",
    "0123456789ABCDEF0123456789ABCDEF",
    "change-me-change-me-change-me-change-me",
    "super-secret-key-that-is-long-enough-for-hs256",
    "this-is-a-very-secret-key-that-is-at-least-32-bytes",
];

fn base64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap()
}

fn ssh(kind: &str) -> Vec<u8> {
    let length = |n: usize| u32::try_from(n).unwrap().to_be_bytes();
    [&length(kind.len()), kind.as_bytes(), &length(32), &BYTES[..32]].concat()
}

/// As raw bytes, and as base64 from the environment.
fn assert_no_secret(rule: &str, bytes: &[u8]) {
    assert_refused(rule, Secret::from_bytes(bytes), (SETTING, Insecure, CURE));
    assert_refused(
        &format!("{rule}, in base64"),
        Secret::from_base64(&base64(bytes)),
        (SETTING, Insecure, CURE),
    );
    let previous = from(&[("COOKIEJWT_SECRET_PREVIOUS", &base64(bytes))]);
    assert_refused(&format!("{rule}, as previous"), previous, ("COOKIEJWT_SECRET_PREVIOUS", Insecure, CURE));
}

#[test]
fn every_encoding_of_a_secret_is_the_same_secret() {
    let trimmed =
        |text: String| [format!(" {text}"), format!("\t{text}\r\n"), format!("\n\n{text}  \n"), text];
    for (rule, text) in [
        ("standard, padded", STANDARD.encode(BYTES)),
        ("standard, not padded", STANDARD_NO_PAD.encode(BYTES)),
        ("URL-safe, padded", URL_SAFE.encode(BYTES)),
        ("URL-safe, not padded", URL_SAFE_NO_PAD.encode(BYTES)),
    ] {
        for text in trimmed(text) {
            assert_eq!(Secret::from_base64(&text).unwrap().as_bytes(), BYTES, "{rule}: {text:?}");
            let config = from(&[(SETTING, &text)]).unwrap();
            assert_eq!(config.keys.secret.as_bytes(), BYTES, "{rule} in the variable: {text:?}");
        }
    }
    assert_eq!(Secret::from_bytes(BYTES).unwrap().as_bytes(), BYTES, "raw bytes");
}

#[test]
fn what_is_not_base64_is_refused() {
    for (rule, text) in [
        ("a sentence", "this is no base64 at all, only words"),
        ("white space inside", "NdJxcwgzwPUhp9sA8I8i\nO4uLTqbP1uHi9QIvUIdgDCg="),
        ("both alphabets at once", "+_JxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg="),
        ("too much padding", "NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=="),
        ("padding in front", "=NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg"),
        ("unused bits that are not zero", "NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCh="),
        ("hexadecimal with a prefix and a colon", "0x35:d2:71:73:08:33:c0:f5:21:a7:db:00:f0:8f:22"),
        ("a PEM file", ED25519_PUBLIC),
        (
            "an OpenSSH line",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEy me",
        ),
        ("a JWK", r#"{"kty":"oct","k":"NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg"}"#),
    ] {
        assert_refused(rule, Secret::from_base64(text), (SETTING, Malformed, CURE));
        assert_refused(rule, from(&[(SETTING, text)]), (SETTING, Malformed, CURE));
    }
}

#[test]
fn an_empty_secret_is_refused_and_is_not_an_absent_one() {
    for (rule, text) in [("nothing", ""), ("spaces", "   "), ("a line end", "\r\n")] {
        assert_refused(rule, Secret::from_base64(text), (SETTING, Empty, CURE));
        assert_refused(rule, from(&[(SETTING, text)]), (SETTING, Empty, "give it a value or remove it"));
    }
    assert_refused("no bytes", Secret::from_bytes([]), (SETTING, Insecure, CURE));
    let previous = "COOKIEJWT_SECRET_PREVIOUS";
    assert_refused("empty previous", from(&[(previous, "")]), (previous, Empty, "remove it"));
    let trailing = format!("{SECRET},");
    assert_refused(
        "stray comma",
        from(&[(previous, &trailing)]),
        (previous, Empty, "remove the stray comma"),
    );
}

#[test]
fn thirty_two_bytes_are_the_least() {
    for length in [1, 8, 16, 31] {
        let rule = format!("{length} bytes");
        assert_no_secret(&rule, &BYTES[..length]);
        let error = Secret::from_bytes(&BYTES[..length]).unwrap_err().to_string();
        assert!(error.contains(&format!("has {length} bytes")) && error.contains("at least 32"), "{error}");
    }
    assert!(Secret::from_bytes(&BYTES[..32]).is_ok(), "32 bytes");
}

#[test]
fn well_known_samples_are_refused() {
    for sample in SAMPLES {
        assert_no_secret(sample, sample.as_bytes());
        let text = Secret::from_base64(sample);
        assert!(text.is_err(), "{sample}, taken for base64");
    }
    for sample in SAMPLES.iter().filter(|sample| sample.contains("-bit")) {
        assert_refused(sample, Secret::from_base64(sample), (SETTING, Insecure, CURE));
    }
}

#[test]
fn bytes_that_repeat_are_refused() {
    for (rule, pattern, length) in [
        ("all zero", &b"\0"[..], 32),
        ("all ones", b"\xff", 64),
        ("all equal", b"a", 33),
        ("two bytes in turn", b"ab", 32),
        ("three in turn, cut off", b"abc", 32),
        ("a word of four", b"test", 64),
        ("a word of eight", b"password", 48),
        ("ten digits", b"1357924680", 40),
    ] {
        let bytes: Vec<u8> = pattern.iter().copied().cycle().take(length).collect();
        assert_no_secret(rule, &bytes);
    }
}

#[test]
fn a_key_file_is_no_secret() {
    let jwk = r#" {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let ssh_line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEy me@host";
    for (rule, bytes) in [
        ("PEM, public Ed25519", ED25519_PUBLIC.as_bytes().to_vec()),
        ("PEM, public RSA", RSA_PUBLIC.as_bytes().to_vec()),
        ("PEM, private", P256_PRIVATE.as_bytes().to_vec()),
        ("PEM with CRLF", ED25519_PUBLIC.replace('\n', "\r\n").into()),
        ("PEM behind white space (CVE-2026-34950)", format!("\n \t{RSA_PUBLIC}").into()),
        ("PEM behind a byte order mark", format!("\u{feff}{RSA_PUBLIC}").into()),
        ("DER, public RSA", der(RSA_PUBLIC)),
        ("DER, public P-256", der(P256_PUBLIC)),
        ("DER, public Ed25519", der(ED25519_PUBLIC)),
        ("DER, private P-256", der(P256_PRIVATE)),
        ("JWK", jwk.trim().into()),
        ("JWK behind white space", jwk.into()),
        ("JWKS", format!("{{\"keys\":[{jwk}]}}").into()),
        ("an OpenSSH line", ssh_line.into()),
        ("an OpenSSH ECDSA line", ssh_line.replace("ssh-ed25519", "ecdsa-sha2-nistp256").into()),
        ("an OpenSSH blob, Ed25519", ssh("ssh-ed25519")),
        ("an OpenSSH blob, RSA", ssh("ssh-rsa")),
        ("an OpenSSH blob, ECDSA", ssh("ecdsa-sha2-nistp256")),
    ] {
        assert_no_secret(rule, &bytes);
        let error = Secret::from_bytes(bytes).unwrap_err().to_string();
        assert!(error.contains("PEM, DER, JWK or OpenSSH key"), "{rule}: {error}");
    }
}

#[test]
fn the_secret_of_the_testing_module_is_refused() {
    let text = "cookiejwt testing secret, never for production";
    assert_no_secret("the testing secret", text.as_bytes());
    assert_refused("as text", Secret::from_base64(text), (SETTING, Insecure, CURE));
    let published = Secret::of_the_testing_module();
    assert_no_secret("whatever it is", published.as_bytes());
}

#[test]
fn no_error_shows_what_was_taken_for_a_secret() {
    let marker = "VerySecretMarker";
    let long_enough = format!("{marker}{marker}{marker}");
    let key = format!("-----BEGIN {marker}");
    for text in [
        format!("{marker}!"),
        marker.to_owned(),
        base64(marker),
        base64(&long_enough),
        base64(&key),
        format!("a-string-secret-at-least-256-bits-long{marker}"),
        format!("{{\"kty\":\"{marker}\"}}"),
    ] {
        for name in [SETTING, "COOKIEJWT_SECRET_PREVIOUS", "COOKIEJWT_SECRET_OLD"] {
            let Err(error) = from(&[(name, &text)]) else { continue };
            assert_hidden(&error, &[marker, &text, &base64(marker)]);
        }
        let bytes = Secret::from_bytes(text.clone());
        bytes.err().iter().for_each(|error| assert_hidden(error, &[marker, &text]));
    }
}

fn assert_hidden(error: &ConfigError, hidden: &[&str]) {
    for shown in [error.to_string(), format!("{error:?}"), format!("{error:#?}"), error.cure().to_owned()] {
        assert!(hidden.iter().all(|text| !shown.contains(text)), "{shown}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let previous = base64(BYTES);
    let key = PrivateKey::from_pem(Algorithm::EdDsa, ED25519_PRIVATE).unwrap();
    let builder = builder()
        .vars([("COOKIEJWT_SECRET_PREVIOUS", &previous)])
        .unwrap()
        .signing_key(key.clone())
        .verifying_key(key.public_key());
    let config = builder.clone().build().unwrap();
    let shown = [
        format!("{builder:?} {builder:#?}"),
        format!("{config:?} {config:#?}"),
        format!("{:?}", Core::new(config.clone())),
        format!("{:?} {key:?}", config.keys.secret),
    ];
    let secret = STANDARD.decode(SECRET).unwrap();
    let private = der(ED25519_PRIVATE);
    let seed = &private[private.len() - 32..];
    for shown in shown {
        assert!(shown.contains("[redacted]"), "{shown}");
        for hidden in [&secret[..], &BYTES, seed] {
            let list = format!("{:?}", &hidden[..8]);
            let hex: String =
                hidden.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
            let base64 = STANDARD_NO_PAD.encode(&hidden[..24]);
            for text in [list.trim_matches(['[', ']']), &hex, &base64, &URL_SAFE_NO_PAD.encode(&hidden[..24])]
            {
                assert!(!shown.contains(text), "{text} in {shown}");
            }
        }
    }
}

#[test]
fn several_previous_secrets_are_a_list() {
    let second = base64(BYTES);
    let list = format!("{SECRET} , {second}");
    let config = from(&[("COOKIEJWT_SECRET_PREVIOUS", &list)]).unwrap();
    let bytes: Vec<&[u8]> = config.keys.previous.iter().map(Secret::as_bytes).collect();
    assert_eq!(bytes, [&STANDARD.decode(SECRET).unwrap()[..], &BYTES]);
    let bad = format!("{SECRET},c2hvcnQ=");
    let refused = Config::from_vars(REQUIRED.into_iter().chain([("COOKIEJWT_SECRET_PREVIOUS", &*bad)]));
    assert_refused("the second is short", refused, ("COOKIEJWT_SECRET_PREVIOUS", Insecure, CURE));
}
