//! Proofs: what is refused, and why.

use proptest::prelude::*;

use crate::{
    device::{DeviceFault, PresentedProof},
    testing,
};

const HEADER: &str = r#"{"alg":"ES256","typ":"dbsc+jwt"}"#;
const PAYLOAD: &str = r#"{"jti":"challenge"}"#;

fn jwk() -> (String, String) {
    let key = testing::device().key();
    let mut parts = key.as_str().split('.').skip(1).map(str::to_owned);
    (parts.next().unwrap(), parts.next().unwrap())
}

fn header_with(jwk: &str) -> String {
    format!(r#"{{"alg":"ES256","typ":"dbsc+jwt","jwk":{jwk}}}"#)
}

#[test]
fn the_shape_of_a_proof() {
    let device = testing::device();
    let long = format!(r#"{{"jti":"challenge","x":"{}"}}"#, "y".repeat(2000));
    for (rule, header, payload, accepted) in [
        ("what a browser sends", HEADER, PAYLOAD, true),
        ("the rest of the payload is ignored", HEADER, r#"{"jti":"c","aud":"x","sub":1,"iat":-1}"#, true),
        ("another type", r#"{"alg":"ES256","typ":"jwt"}"#, PAYLOAD, false),
        ("no type", r#"{"alg":"ES256"}"#, PAYLOAD, false),
        ("alg none", r#"{"alg":"none","typ":"dbsc+jwt"}"#, PAYLOAD, false),
        ("HS256", r#"{"alg":"HS256","typ":"dbsc+jwt"}"#, PAYLOAD, false),
        ("RS256", r#"{"alg":"RS256","typ":"dbsc+jwt"}"#, PAYLOAD, false),
        ("crit", r#"{"alg":"ES256","typ":"dbsc+jwt","crit":["exp"]}"#, PAYLOAD, false),
        ("b64", r#"{"alg":"ES256","typ":"dbsc+jwt","b64":false}"#, PAYLOAD, false),
        ("enc", r#"{"alg":"ES256","typ":"dbsc+jwt","enc":"A128GCM"}"#, PAYLOAD, false),
        ("zip", r#"{"alg":"ES256","typ":"dbsc+jwt","zip":"DEF"}"#, PAYLOAD, false),
        ("alg twice", r#"{"alg":"none","alg":"ES256","typ":"dbsc+jwt"}"#, PAYLOAD, false),
        ("jti twice", HEADER, r#"{"jti":"a","jti":"b"}"#, false),
        ("no jti", HEADER, "{}", false),
        ("jti is a number", HEADER, r#"{"jti":1}"#, false),
        ("the payload is a list", HEADER, "[]", false),
        ("too long", HEADER, &long, false),
    ] {
        let read = PresentedProof::read(device.signs(header, payload).as_bytes());
        assert_eq!(read.is_ok(), accepted, "{rule}");
    }
}

#[test]
fn texts_that_are_no_proof() {
    let proof = testing::device().signs(HEADER, PAYLOAD);
    let unsigned = proof.rsplit_once('.').unwrap().0;
    for text in ["", ".", "..", "a.b.c", unsigned, &format!("{unsigned}."), &format!("{proof}="), "\u{fe}"] {
        assert_eq!(PresentedProof::read(text.as_bytes()).err(), Some(DeviceFault::Structure), "{text}");
    }
    assert_eq!(PresentedProof::read(&[0xff, 0xfe]).err(), Some(DeviceFault::Structure));
}

#[test]
fn the_key_of_a_registration() {
    let device = testing::device();
    let (x, y) = jwk();
    let off = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE";
    let public = |more: &str| format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"{more}}}"#);
    for (rule, jwk, expected) in [
        ("its own", public(""), Ok(())),
        ("other members do not matter", public(r#","use":"sig""#), Ok(())),
        ("with the private part", public(r#","d":"AAAA""#), Err(DeviceFault::Key)),
        (
            "another curve",
            format!(r#"{{"kty":"EC","crv":"secp256k1","x":"{x}","y":"{y}"}}"#),
            Err(DeviceFault::Key),
        ),
        (
            "another kind",
            format!(r#"{{"kty":"OKP","crv":"P-256","x":"{x}","y":"{y}"}}"#),
            Err(DeviceFault::Key),
        ),
        ("no y", format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}"}}"#), Err(DeviceFault::Key)),
        (
            "not canonical",
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}=","y":"{y}"}}"#),
            Err(DeviceFault::Key),
        ),
        (
            "31 bytes",
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"{y}"}}"#, &x[..42]),
            Err(DeviceFault::Key),
        ),
        ("no object", "1".to_owned(), Err(DeviceFault::Key)),
    ] {
        let text = device.signs(&header_with(&jwk), PAYLOAD);
        let registers = PresentedProof::read(text.as_bytes()).unwrap().registers().map(drop);
        assert_eq!(registers, expected, "{rule}");
    }
    let off_curve = format!(r#"{{"kty":"EC","crv":"P-256","x":"{off}","y":"{off}"}}"#);
    let text = device.signs(&header_with(&off_curve), PAYLOAD);
    assert!(PresentedProof::read(text.as_bytes()).unwrap().registers().is_err(), "off the curve");
    let text = device.signs(HEADER, PAYLOAD);
    assert_eq!(PresentedProof::read(text.as_bytes()).unwrap().registers(), Err(DeviceFault::Key), "no key");
    let text = testing::other_device().signs(&header_with(&public("")), PAYLOAD);
    let registers = PresentedProof::read(text.as_bytes()).unwrap().registers();
    assert_eq!(registers, Err(DeviceFault::Signature), "the key of another device");
}

#[test]
fn a_key_in_a_renewal_is_not_looked_at() {
    let thief = testing::other_device();
    let key = thief.key();
    let mut parts = key.as_str().split('.').skip(1);
    let (x, y) = (parts.next().unwrap(), parts.next().unwrap());
    let header = header_with(&format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#));
    let proof = PresentedProof::read(thief.signs(&header, PAYLOAD).as_bytes()).unwrap();
    let now = crate::session::Timestamp::from_seconds(0);
    assert!(proof.proves(&testing::device().key(), now).is_err());
    assert!(proof.proves(&thief.key(), now).is_ok());
}

proptest! {
    #[test]
    fn one_flipped_bit_is_refused(byte in any::<prop::sample::Index>(), bit in 0_u32..8) {
        let device = testing::device();
        let mut text = device.signs(HEADER, PAYLOAD).into_bytes();
        let index = byte.index(text.len());
        text[index] ^= 1 << bit;
        let now = crate::session::Timestamp::from_seconds(0);
        let accepted = PresentedProof::read(&text).and_then(|proof| proof.proves(&device.key(), now));
        prop_assert!(accepted.is_err());
    }

    #[test]
    fn no_text_panics(text in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = PresentedProof::read(&text);
    }
}
