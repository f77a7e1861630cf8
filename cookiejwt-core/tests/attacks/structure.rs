//! Structure and parsing.

use super::*;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

fn segments() -> [String; 3] {
    let token = with_header(header_with(""));
    let parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    parts.try_into().unwrap()
}

#[test]
fn a01_three_segments_of_base64url() {
    let [h, p, s] = segments();
    for (rule, token) in [
        ("one segment", h.clone()),
        ("two segments", format!("{h}.{p}")),
        ("four segments", format!("{h}.{p}.{s}.{s}")),
        ("five segments", format!("{h}.{p}.{s}.{p}.{s}")),
        ("no header", Signer::access().sign(&format!(".{p}"))),
        ("detached, signed", Signer::access().sign(&format!("{h}."))),
        ("no signature", format!("{h}.{p}.")),
        ("flattened JSON", format!(r#"{{"payload":"{p}","protected":"{h}","signature":"{s}"}}"#)),
        ("padding", Signer::access().sign(&format!("{h}.{p}="))),
        ("plus", Signer::access().sign(&format!("{h}.{p}+"))),
        ("slash", Signer::access().sign(&format!("{h}.{p}/"))),
        ("quote", Signer::access().sign(&format!("{h}.\"{p}"))),
        ("percent", Signer::access().sign(&format!("{h}.{p}%41"))),
        ("NUL", Signer::access().sign(&format!("{h}.{p}\0"))),
        ("a blank", Signer::access().sign(&format!("{h}.{p} AAAA"))),
    ] {
        assert_refused(&core(), token, rule);
    }
    assert_refused(&core(), [0xff, b'.', 0xfe, b'.', 0xfd], "not UTF-8");
}

#[test]
fn a02_length_before_anything_else() {
    for (rule, token) in [
        ("a megabyte of dots", ".".repeat(1 << 20)),
        ("a megabyte of letters", "A".repeat(1 << 20)),
        ("8193 bytes of dots", ".".repeat(8193)),
        ("many short segments", "a.".repeat(4096)),
        (
            "a signed token of 100 KB",
            with_payload(payload_with("x", &format!("\"{}\"", "x".repeat(100_000)))),
        ),
    ] {
        assert_refused(&core(), token, rule);
    }
}

#[test]
fn a03_canonical_base64url() {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let [h, p, s] = segments();
    let last = ALPHABET.find(s.chars().last().unwrap()).unwrap();
    // 32 bytes leave two bits of the last character unused.
    for bits in 1..4 {
        let twin = format!("{}{}", &s[..s.len() - 1], &ALPHABET[last | bits..=(last | bits)]);
        assert_refused(&core(), format!("{h}.{p}.{twin}"), "unused bits of the signature");
    }
    let claims = ["", "~", "~~"].map(|more| payload_with("x", &format!("\"?>?>~~~{more}\"")));
    let claims = claims.into_iter().find(|claims| claims.len() % 3 != 0).unwrap();
    for (rule, engine) in [("standard alphabet", STANDARD), ("padding", URL_SAFE)] {
        let token = Signer::access().sign(&format!("{h}.{}", engine.encode(&claims)));
        assert_refused(&core(), token, rule);
    }
    assert_accepted(&core(), with_payload(claims), "the right alphabet");
}

#[test]
fn a04_duplicate_members() {
    let kid = Signer::access().kid();
    for (rule, members) in [
        ("alg", r#","alg":"HS256""#.to_owned()),
        ("alg, escaped", r#","\u0061lg":"none""#.into()),
        ("kid", format!(r#","kid":"{kid}""#)),
        ("typ", r#","typ":"at+jwt""#.into()),
        ("a member without meaning", r#","x":1,"x":1"#.into()),
    ] {
        assert_refused(&core(), with_header(header_with(&members)), rule);
    }
    for (rule, name, value) in [
        ("sub, another", "sub\":\"bob\",\"sub", "\"alice\""),
        ("sub, escaped", "sub\":\"bob\",\"\\u0073ub", "\"alice\""),
        ("exp, escaped", "exp\":9,\"\\u0065xp", "9"),
        ("roles", "roles\":[],\"roles", "[\"admin\"]"),
        ("deep inside", "x", "{\"y\":[{\"z\":1,\"\\u007a\":2}]}"),
    ] {
        assert_refused(&core(), with_payload(payload_with(name, value)), rule);
    }
}

#[test]
fn a05_utf8_json_that_is_not_a_bomb() {
    let header = header_with("");
    let utf16: Vec<u8> = header.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let members = |count: u32| (0..count).map(|n| format!(",\"m{n}\":0")).collect::<Vec<_>>().concat();
    for (rule, header) in [
        ("UTF-16", utf16),
        ("byte order mark", [b"\xef\xbb\xbf", header.as_bytes()].concat()),
        ("a lone surrogate", header_with(r#","x":"\ud800""#).into()),
        ("not UTF-8", [header.as_bytes(), b"\xff"].concat()),
        ("trailing bytes", format!("{header}x").into()),
        ("300 members", header_with(&members(300)).into()),
        ("10 000 members", header_with(&members(10_000)).into()),
        ("an array", header_with(r#","x":[]"#).into()),
        ("a nesting bomb", "[".repeat(5000).into()),
        ("an object bomb", r#"{"a":"#.repeat(900).into()),
    ] {
        assert_refused(&core(), with_header(header), rule);
    }
    let nested = |depth: usize| payload_with("x", &format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    assert_accepted(&core(), with_payload(nested(10)), "ten deep");
    for (rule, payload) in [
        ("20 deep", nested(20)),
        ("700 deep", nested(700)),
        ("never closed", "[".repeat(1000)),
        ("a second object", format!("{0}{0}", payload())),
        ("byte order mark", format!("\u{feff}{}", payload())),
    ] {
        assert_refused(&core(), with_payload(payload), rule);
    }
}

#[test]
fn a06_crit() {
    for value in [
        "[]",
        "[\"\"]",
        "[\"alg\"]",
        "[\"exp\"]",
        "[\"b64\"]",
        "[\"b64\",\"b64\"]",
        "[\"x\"]",
        "[1]",
        "[null]",
        "[[]]",
        "\"x\"",
        "\"alg\"",
        "\"\"",
        "{}",
        "null",
        "true",
        "0",
        "[\"http://example.com/UNDEFINED\"]",
    ] {
        assert_refused(&core(), with_header(header_with(&format!(",\"crit\":{value}"))), value);
        assert_refused(&core(), with_header(header_with(&format!(",\"\\u0063rit\":{value}"))), "escaped");
    }
}

#[test]
fn a07_b64() {
    for value in ["false", "true", "\"false\"", "null", "0"] {
        assert_refused(&core(), with_header(header_with(&format!(",\"b64\":{value}"))), value);
    }
    let unencoded = Signer::access().sign(&format!("{}.{}", b64(header_with(",\"b64\":false")), payload()));
    assert_refused(&core(), unencoded, "a payload that is not encoded");
}

#[test]
fn a08_no_jwe() {
    for members in [
        ",\"enc\":\"A256GCM\"",
        ",\"zip\":\"DEF\"",
        ",\"epk\":{}",
        ",\"epk\":\"x\"",
        ",\"p2c\":2147483647",
        ",\"p2s\":\"AAAA\",\"p2c\":1",
        ",\"enc\":null",
    ] {
        assert_refused(&core(), with_header(header_with(members)), members);
    }
    let [h, p, s] = segments();
    assert_refused(&core(), format!("{h}..{p}.{s}.{s}"), "dir");
    let header = r#"{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":2147483647,"p2s":"AAAA"}"#;
    assert_refused(&core(), format!("{}.{p}.{s}.{p}.{s}", b64(header)), "PBES2");
}

#[test]
fn a09_no_token_in_a_token() {
    let inner = with_header(header_with(""));
    for value in ["\"JWT\"", "\"jwt\"", "\"at+jwt\"", "null"] {
        let header = header_with(&format!(",\"cty\":{value}"));
        assert_refused(&core(), with_header(&header), value);
        assert_refused(&core(), Signer::access().token(&header, &inner), "nested");
    }
    assert_refused(&core(), with_payload(inner), "nested without saying so");
}
