//! Tokens with a damaged structure are refused.

use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use proptest::prelude::*;

use super::{
    super::HeaderSegment, Algorithm, ED25519, Jws, MAX_COOKIE_TOKEN, MAX_HEADER_TOKEN, P256, PAYLOAD,
    TokenFault, TokenKind, access, b64, forge_segments, private, segments, testing, verdict, with_kid,
};
use base64::Engine as _;

use TokenFault::{Header, Malformed, Signature, TooLong};

fn jws() -> Jws {
    access(testing::config())
}

fn token() -> String {
    jws().sign(PAYLOAD).unwrap()
}

#[test]
fn three_segments_that_are_not_empty() {
    let [header, payload, signature] = segments(&token());
    for (rule, token) in [
        ("nothing", String::new()),
        ("one segment", header.clone()),
        ("two segments", format!("{header}.{payload}")),
        ("four segments", format!("{header}.{payload}.{signature}.{signature}")),
        ("four segments, the last empty", format!("{header}.{payload}.{signature}.")),
        ("four segments, the first empty", format!(".{header}.{payload}.{signature}")),
        ("five segments (JWE)", format!("{header}.{payload}.{signature}.{payload}.{signature}")),
        ("an empty header", format!(".{payload}.{signature}")),
        ("an empty payload (detached)", format!("{header}..{signature}")),
        ("an empty signature", format!("{header}.{payload}.")),
        ("only dots", "..".into()),
        ("many dots", ".".repeat(8192)),
        ("many short segments", "a.".repeat(4000)),
        (
            "JSON serialisation",
            format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#),
        ),
        ("general JSON serialisation", format!(r#"{{"payload":"{payload}","signatures":[]}}"#)),
    ] {
        assert_eq!(verdict(&jws(), &token), Err(Malformed), "{rule}");
    }
    assert_eq!(verdict(&jws(), [0xff, b'.', b'a', b'.', b'a']), Err(Malformed), "not UTF-8");
}

/// Each segment in turn gets what the row says; all are signed again, so that only the alphabet can
/// refuse it.
#[test]
fn only_the_base64url_alphabet() {
    let jws = jws();
    let [header, payload, signature] = segments(&token());
    for (rule, mark) in [
        ("padding", "="),
        ("double padding", "=="),
        ("plus", "+"),
        ("slash", "/"),
        ("blank", " "),
        ("line end", "\n"),
        ("NUL", "\0"),
        ("percent", "%3D"),
        ("quote", "\""),
        ("comma", ","),
        ("not ASCII", "é"),
    ] {
        for (at, [h, p]) in [("header", [mark, ""]), ("payload", ["", mark])] {
            let (header, payload) = (format!("{header}{h}"), format!("{payload}{p}"));
            let forged = forge_segments(jws.ring.signing(), &header, &payload);
            assert_eq!(verdict(&jws, &forged), Err(Malformed), "{rule} behind the {at}");
        }
        let forged = format!("{header}.{payload}.{signature}{mark}");
        assert_eq!(verdict(&jws, &forged), Err(Malformed), "{rule} behind the signature");
        let forged = format!("{mark}{header}.{payload}.{signature}");
        assert_eq!(verdict(&jws, &forged), Err(Malformed), "{rule} in front");
    }
}

#[test]
fn standard_base64_and_padding_are_refused_even_when_signed() {
    let jws = jws();
    // Both alphabets differ for these, and their length needs padding.
    let header = with_kid(jws.ring.signing(), r#"{"alg":"HS256","typ":"at+jwt","kid":"KID","x":"?>?>~~~"}"#);
    let payload = r#"{"sub":"?>?>~~~"}"#;
    let good = forge_segments(jws.ring.signing(), &b64(&header), &b64(payload));
    assert_eq!(verdict(&jws, &good), Ok(payload.into()), "the right alphabet");
    for (rule, engine) in
        [("standard", STANDARD_NO_PAD), ("padded", URL_SAFE), ("standard, padded", STANDARD)]
    {
        let (h, p) = (engine.encode(&header), engine.encode(payload));
        assert!(h != b64(&header) && p != b64(payload), "{rule} differs");
        let forged = forge_segments(jws.ring.signing(), &h, &b64(payload));
        assert_eq!(verdict(&jws, &forged), Err(Malformed), "{rule} header");
        let forged = forge_segments(jws.ring.signing(), &b64(&header), &p);
        assert_eq!(verdict(&jws, &forged), Err(Malformed), "{rule} payload");
    }
}

/// The same bytes with unused bits that are not zero: another text that a lenient decoder reads
/// alike.
fn siblings(segment: &str) -> Vec<String> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let unused = match segment.len() % 4 {
        2 => 4,
        3 => 2,
        _ => 0,
    };
    let (front, last) = segment.split_at(segment.len() - 1);
    let value = ALPHABET.iter().position(|byte| *byte == last.as_bytes()[0]).unwrap();
    let others = (1..1_usize << unused).map(|bits| ALPHABET[value | bits]);
    others.map(|byte| format!("{front}{}", char::from(byte))).collect()
}

#[test]
fn unused_bits_are_zero() {
    let payload = r#"{"sub":"421"}"#;
    for (rule, jws) in [
        ("HS256", jws()),
        ("EdDSA", access(testing::config().signing_key(private(Algorithm::EdDsa, ED25519)))),
        ("ES256", access(testing::config().signing_key(private(Algorithm::Es256, P256)))),
    ] {
        let [header, body, signature] = segments(&jws.sign(payload).unwrap());
        let twins = siblings(&signature);
        assert!(!twins.is_empty(), "{rule}");
        for twin in twins {
            let forged = format!("{header}.{body}.{twin}");
            assert_eq!(verdict(&jws, &forged), Err(Malformed), "{rule}: signature {twin}");
        }
        let twins = siblings(&body);
        assert!(!twins.is_empty(), "{rule}");
        for twin in twins {
            let forged = forge_segments(jws.ring.signing(), &header, &twin);
            assert_eq!(verdict(&jws, &forged), Err(Malformed), "{rule}: payload {twin}, signed");
        }
        let long = with_kid(jws.ring.signing(), r#"{"alg":"ALG","typ":"at+jwt","kid":"KID"}"#);
        let long = long.replace("ALG", jws.ring.signing().algorithm().as_str());
        let spaced: Vec<String> = (0..3).map(|n| format!("{long}{}", " ".repeat(n))).collect();
        for twin in spaced.iter().flat_map(|header| siblings(&b64(header))) {
            let forged = forge_segments(jws.ring.signing(), &twin, &body);
            assert_eq!(verdict(&jws, &forged), Err(Malformed), "{rule}: header {twin}, signed");
        }
    }
}

#[test]
fn length_is_limited_before_anything_is_read() {
    let jws = jws();
    let rest = token().len() - b64(PAYLOAD).len();
    for (rule, limit) in [("cookie", MAX_COOKIE_TOKEN), ("header", MAX_HEADER_TOKEN)] {
        // Segments of base64url come in lengths of 0, 2 and 3 modulo 4.
        let longest = (0..4).map(|less| limit - less).find(|length| (length - rest) % 4 != 1).unwrap();
        let payload = "x".repeat((longest - rest) * 3 / 4);
        let token = jws.sign(&payload).unwrap();
        assert_eq!(token.len(), longest, "{rule}");
        assert!(jws.verify(token.as_bytes(), limit).is_ok(), "{rule}: {longest} bytes");
        let over = jws.sign(&"x".repeat((limit - rest) * 3 / 4 + 1)).unwrap();
        assert!(over.len() > limit && over.len() <= limit + 4, "{rule}: {}", over.len());
        assert_eq!(jws.verify(over.as_bytes(), limit).err(), Some(TooLong), "{rule}: {} bytes", over.len());
        assert_eq!(jws.verify(&vec![b'.'; limit], limit).err(), Some(Malformed), "{rule}: dots");
        assert_eq!(jws.verify(&vec![b'.'; limit + 1], limit).err(), Some(TooLong), "{rule}: one dot more");
        assert_eq!(jws.verify(&vec![0xff; 1 << 20], limit).err(), Some(TooLong), "{rule}: a megabyte");
    }
    assert_eq!((MAX_COOKIE_TOKEN, MAX_HEADER_TOKEN), (4096, 8192));
}

/// The longest token of the general way: a cookie carries 4096 bytes, the `Authorization` field
/// 8192.
#[test]
fn each_credential_has_its_own_limit() {
    let padded = |length: usize| {
        let token = |fill: usize| testing::access("42").claim("x", "x".repeat(fill)).token();
        let fill = (0..length).rev().find(|fill| (fill + 6) * 4 / 3 + token(0).len() <= length).unwrap();
        (fill..length).map(token).take_while(|token| token.len() <= length).last().unwrap()
    };
    let assess = |name: &str, value: String| {
        let request = http::Request::get("/").header(name, value);
        let (parts, ()) = request.body(()).unwrap().into_parts();
        testing::core().authenticate(&parts, testing::NOW).is_authenticated()
    };
    let cookie = |token: &str| assess("cookie", format!("__Host-access_token={token}"));
    let bearer = |token: &str| assess("authorization", format!("Bearer {token}"));
    for (rule, length, by_cookie, by_bearer) in [
        ("4096 bytes", MAX_COOKIE_TOKEN, true, true),
        ("more than 4096", MAX_COOKIE_TOKEN + 8, false, true),
        ("8192 bytes", MAX_HEADER_TOKEN, false, true),
        ("more than 8192", MAX_HEADER_TOKEN + 8, false, false),
    ] {
        let token = padded(length);
        assert!((length - 3..=length).contains(&token.len()), "{rule}: {}", token.len());
        assert_eq!((cookie(&token), bearer(&token)), (by_cookie, by_bearer), "{rule}");
    }
}

/// None of them has a `kid` of ours, and two have no signature.
#[test]
fn the_examples_of_rfc_7515_are_refused() {
    for (rule, token, expected) in [
        (
            "A.1, HS256",
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGF\
             tcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            Header,
        ),
        (
            "A.5, unsecured",
            "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290I\
             jp0cnVlfQ.",
            Malformed,
        ),
        (
            "appendix E, crit",
            "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvb\
             S9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.",
            Malformed,
        ),
    ] {
        assert_eq!(verdict(&jws(), token), Err(expected), "{rule}");
    }
}

#[test]
fn the_signature_holds_for_these_bytes_only() {
    let jws = jws();
    let [header, payload, signature] = segments(&token());
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&signature).unwrap();
    let [other_header, other_payload, other_signature] = segments(&jws.sign("{}").unwrap());
    assert_eq!(header, other_header);
    for (rule, token) in [
        ("another payload", format!("{header}.{other_payload}.{signature}")),
        ("another signature", format!("{header}.{payload}.{other_signature}")),
        ("payload and signature swapped", format!("{header}.{signature}.{payload}")),
        ("one byte short", format!("{header}.{payload}.{}", b64(&bytes[..31]))),
        ("one byte more", format!("{header}.{payload}.{}", b64([&bytes[..], &[0]].concat()))),
        ("half of it (a truncated MAC)", format!("{header}.{payload}.{}", b64(&bytes[..16]))),
        ("one byte", format!("{header}.{payload}.{}", b64([0]))),
        ("all zero", format!("{header}.{payload}.{}", b64([0; 32]))),
        ("twice", format!("{header}.{payload}.{}", b64([&bytes[..], &bytes[..]].concat()))),
    ] {
        assert_eq!(verdict(&jws, &token), Err(Signature), "{rule}");
    }
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        let token = format!("{header}.{payload}.{}", b64(flipped));
        assert_eq!(verdict(&jws, &token), Err(Signature), "byte {at} flipped");
    }
}

#[test]
fn the_signature_stands_before_the_content() {
    let jws = jws();
    let [header, _, signature] = segments(&token());
    for (rule, payload) in [("not UTF-8", vec![0xff, 0xfe, 0xfd]), ("not JSON", b"nonsense".to_vec())] {
        let token = format!("{header}.{}.{signature}", b64(&payload));
        assert_eq!(verdict(&jws, &token), Err(Signature), "{rule}, with another's signature");
    }
    let signed = forge_segments(jws.ring.signing(), &header, &b64([0xff, 0xfe]));
    assert_eq!(verdict(&jws, &signed), Err(Malformed), "not UTF-8, signed");
}

#[test]
fn another_order_of_the_header_verifies_as_well() {
    let jws = jws();
    let key = jws.ring.signing();
    let ours = HeaderSegment::new(key, TokenKind::Access);
    for (rule, header) in [
        ("kid first", r#"{"kid":"KID","typ":"at+jwt","alg":"HS256"}"#),
        ("white space", " { \"alg\" : \"HS256\",\n\"typ\":\"at+jwt\",\"kid\":\"KID\" } "),
        ("escaped", r#"{"\u0061lg":"HS\u003256","typ":"at\u002bjwt","kid":"KID"}"#),
        (
            "with unknown members",
            r#"{"alg":"HS256","typ":"at+jwt","kid":"KID","iat":1,"x":null,"y":true,"z":1.5}"#,
        ),
    ] {
        let header = b64(with_kid(key, header));
        assert_ne!(header, ours.0, "{rule} goes the general way");
        assert_eq!(verdict(&jws, forge_segments(key, &header, &b64(PAYLOAD))), Ok(PAYLOAD.into()), "{rule}");
    }
}

#[test]
fn a_header_that_is_no_json_object_is_refused() {
    let jws = jws();
    let key = jws.ring.signing();
    let good = with_kid(key, r#"{"alg":"HS256","typ":"at+jwt","kid":"KID"}"#);
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (rule, header) in [
        ("not UTF-8", [good.as_bytes(), b"\xff"].concat()),
        ("UTF-16", utf16),
        ("byte order mark", [b"\xef\xbb\xbf", good.as_bytes()].concat()),
        ("an array", format!("[{good}]").into()),
        ("a string", b"\"HS256\"".to_vec()),
        ("null", b"null".to_vec()),
        ("a number", b"1".to_vec()),
        ("cut off", good.as_bytes()[..good.len() - 1].to_vec()),
        ("something behind", format!("{good}x").into()),
        ("a second object behind", format!("{good}{good}").into()),
        ("a trailing comma", good.replace('}', ",}").into()),
        ("a comment", good.replace('}', "/**/}").into()),
        ("single quotes", good.replace('"', "'").into()),
        ("a lone surrogate", good.replace('}', r#","x":"\ud800"}"#).into()),
        ("a control character in a string", good.replace("at+jwt", "at+jwt\n").into()),
        ("a nesting bomb", format!("{}{good}", "[".repeat(3000)).into()),
        ("empty", b"{}".to_vec()),
    ] {
        let token = forge_segments(key, &b64(header), &b64(PAYLOAD));
        assert_eq!(verdict(&jws, token), Err(Header), "{rule}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(jws().verify(&bytes, MAX_COOKIE_TOKEN).is_err());
    }

    #[test]
    fn any_three_segments_are_refused_without_a_panic(token in "[A-Za-z0-9_-]{1,60}\\.[A-Za-z0-9_-]{1,60}\\.[A-Za-z0-9_-]{1,60}") {
        prop_assert!(jws().verify(token.as_bytes(), MAX_COOKIE_TOKEN).is_err());
    }

    #[test]
    fn any_payload_comes_back(payload in "\\PC{1,60}") {
        prop_assert_eq!(verdict(&jws(), jws().sign(&payload).unwrap()), Ok(payload.into()));
    }
}
