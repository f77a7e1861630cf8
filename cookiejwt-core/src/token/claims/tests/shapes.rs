//! Claims with the wrong JSON type or a missing value are refused.

use proptest::prelude::*;

use super::{
    ClaimFault, Claims, NOW, access_fault, claim, refresh_fault, testing, verify_access, verify_refresh,
};

use ClaimFault::{Audience, Issuer, Life, Missing, Shape};

/// Every shape of JSON, as it may stand for any claim.
const SHAPES: [(&str, &str); 20] = [
    ("null", "null"),
    ("an empty string", "\"\""),
    ("zero", "0"),
    ("minus one", "-1"),
    ("minus zero", "-0"),
    ("a fraction", "1.5"),
    ("a whole number with a point", "1767268800.0"),
    ("an exponent", "1e3"),
    ("a capital exponent", "1E9"),
    ("a huge exponent", "1e300"),
    ("a number as a string", "\"1767268800\""),
    ("true", "true"),
    ("false", "false"),
    ("an empty array", "[]"),
    ("an array of it", "[1767268800]"),
    ("an empty object", "{}"),
    ("2^53", "9007199254740992"),
    ("2^63", "9223372036854775808"),
    ("2^64 - 1", "18446744073709551615"),
    ("2^64", "18446744073709551616"),
];

/// What the shape is for a claim that is a string, a date or a boolean: `None` where it is
/// accepted.
fn expected(name: &str, value: &str) -> Option<ClaimFault> {
    let string = value.starts_with('"');
    match (name, value) {
        ("iss", _) => Some(if string { Issuer } else { Shape }),
        ("aud", "[]") => Some(Audience),
        ("aud", _) => Some(if string { Audience } else { Shape }),
        ("sub" | "sid" | "jti", "\"\"") => Some(Shape),
        ("sub" | "sid" | "jti", _) => (!string).then_some(Shape),
        // No life ends in 1970.
        ("exp", "0") => Some(Life),
        ("remember", "true" | "false") | ("nbf" | "auth_time", "0") => None,
        _ => Some(Shape),
    }
}

#[test]
fn every_claim_of_an_access_token_in_every_shape() {
    for name in ["iss", "sub", "aud", "exp", "iat", "jti", "sid", "nbf", "auth_time"] {
        for (shape, value) in SHAPES {
            let claims = Claims::access().with(name, value);
            let expected = match (name, value) {
                // A life that began in 1970 has ended.
                ("iat", "0") => Some(crate::token::TokenFault::Expired),
                _ => expected(name, value).map(claim),
            };
            assert_eq!(access_fault(&claims, NOW), expected, "{name} is {shape}");
        }
        let absent = match name {
            "nbf" | "auth_time" => None,
            _ => Some(claim(Missing)),
        };
        assert_eq!(access_fault(&Claims::access().without(name), NOW), absent, "{name} is missing");
    }
}

#[test]
fn every_claim_of_a_refresh_token_in_every_shape() {
    for name in ["iss", "sub", "aud", "exp", "iat", "jti", "sid", "auth_time", "session_exp", "remember"] {
        for (shape, value) in SHAPES {
            let claims = Claims::refresh().with(name, value);
            let expected = match (name, value) {
                // A life or a session that began or ended in 1970 has ended.
                ("session_exp" | "iat" | "auth_time", "0") => Some(crate::token::TokenFault::Expired),
                _ => expected(name, value).map(claim),
            };
            assert_eq!(refresh_fault(&claims, NOW), expected, "{name} is {shape}");
        }
        assert_eq!(
            refresh_fault(&Claims::refresh().without(name), NOW),
            Some(claim(Missing)),
            "{name} is missing"
        );
    }
}

#[test]
fn the_facts_of_a_session_in_every_shape() {
    for (rule, name, value, accepted) in [
        ("no proofs", "proofs", "{}", true),
        ("proofs", "proofs", r#"{"pwd":1767268800}"#, true),
        ("proofs of the future are minted by another node's clock", "proofs", r#"{"pwd":1767268801}"#, true),
        ("proofs that are a list", "proofs", r#"["pwd"]"#, false),
        ("a proof without a time", "proofs", r#"{"pwd":null}"#, false),
        ("a method that is none", "proofs", r#"{"a b":1}"#, false),
        ("a class", "acr", "\"gold\"", true),
        ("a class that is a number", "acr", "1", false),
        ("an actor", "act", r#"{"sub":"a","sid":"b"}"#, true),
        ("an actor without a session", "act", r#"{"sub":"a"}"#, false),
        ("an actor without a name", "act", r#"{"sub":"","sid":"b"}"#, false),
        ("an actor that is a string", "act", "\"a\"", false),
        ("two subjects of one actor", "act", r#"{"sub":"a","sub":"b","sid":"b"}"#, false),
        ("a beginning", "began_at", "1767268800", true),
        ("a beginning that is a string", "began_at", "\"1767268800\"", false),
        ("an idle life", "remember_for", "60", true),
        ("an idle life before 1970", "remember_for", "-1", false),
        ("a version", "version", "4294967295", true),
        ("a version that is a string", "version", "\"1\"", false),
        ("a version below zero", "version", "-1", false),
        ("a version with a fraction", "version", "1.0", false),
        ("a version that no counter reaches", "version", "4294967296", false),
        ("a stamp", "stamp", "\"abc\"", true),
        ("a stamp that is a number", "stamp", "1", false),
        ("facts", "facts", r#"{"tenant":[1]}"#, true),
        ("facts that are a list", "facts", "[]", false),
    ] {
        let expected = (!accepted).then_some(claim(Shape));
        assert_eq!(refresh_fault(&Claims::refresh().with(name, value), NOW), expected, "{rule}");
        assert_eq!(access_fault(&Claims::access().with(name, value), NOW), expected, "{rule}, access");
    }
}

#[test]
fn dates_are_integers_of_json() {
    for (rule, value) in [
        ("a plus", "+1767268800"),
        ("a leading zero", "01767268800"),
        ("hexadecimal", "0x6956aa40"),
        ("NaN", "NaN"),
        ("infinity", "Infinity"),
        ("an underscore", "1_767_268_800"),
        ("no value", ""),
        ("a date", "\"2026-01-01T12:00:00Z\""),
    ] {
        for name in ["exp", "iat", "nbf", "auth_time"] {
            assert_eq!(
                access_fault(&Claims::access().with(name, value), NOW),
                Some(claim(Shape)),
                "{name} is {rule}"
            );
        }
    }
}

#[test]
fn the_year_9999_is_the_last() {
    const LAST: i64 = 253_402_300_799;
    let at_the_end = |iat: i64, exp: i64| Claims::access().with("iat", iat).with("exp", exp);
    assert_eq!(access_fault(&at_the_end(LAST - 300, LAST), LAST - 1), None, "253402300799");
    assert_eq!(access_fault(&at_the_end(LAST - 299, LAST + 1), LAST - 1), Some(claim(Shape)), "253402300800");
    assert_eq!(
        access_fault(&at_the_end(LAST + 1, LAST + 1), LAST - 1),
        Some(claim(Shape)),
        "iat 253402300800"
    );
    for name in ["nbf", "auth_time"] {
        let last = Claims::access().with(name, LAST + 1);
        assert_eq!(access_fault(&last, NOW), Some(claim(Shape)), "{name} 253402300800");
    }
    assert_eq!(access_fault(&Claims::access().with("auth_time", LAST), NOW), None, "auth_time 253402300799");
    let session = |end| Claims::refresh().with("session_exp", end);
    assert_eq!(refresh_fault(&session(LAST), NOW), None, "session_exp 253402300799");
    assert_eq!(refresh_fault(&session(LAST + 1), NOW), Some(claim(Shape)), "session_exp 253402300800");
}

#[test]
fn the_issuer_is_one_string_and_ours_by_bytes() {
    for (rule, iss, expected) in [
        ("ours", "\"https://testing.example\"", None),
        ("ours, escaped", "\"https:\\/\\/testing\\u002eexample\"", None),
        ("a trailing slash", "\"https://testing.example/\"", Some(Issuer)),
        ("a longer one", "\"https://testing.example.evil\"", Some(Issuer)),
        ("a shorter one", "\"https://testing\"", Some(Issuer)),
        ("another case", "\"https://Testing.example\"", Some(Issuer)),
        ("another scheme", "\"http://testing.example\"", Some(Issuer)),
        ("a blank", "\" https://testing.example\"", Some(Issuer)),
        ("an array of ours", "[\"https://testing.example\"]", Some(Shape)),
        ("an array with ours (CVE-2025-30144)", "[\"evil\",\"https://testing.example\"]", Some(Shape)),
        ("an object", "{\"iss\":\"https://testing.example\"}", Some(Shape)),
    ] {
        let expected = expected.map(claim);
        assert_eq!(access_fault(&Claims::access().with("iss", iss), NOW), expected, "{rule}");
        assert_eq!(refresh_fault(&Claims::refresh().with("iss", iss), NOW), expected, "{rule}, refresh");
    }
}

#[test]
fn the_audience_contains_ours_by_bytes() {
    let eight = r#"["1","2","3","4","5","6","7","testing"]"#;
    let nine = r#"["testing","2","3","4","5","6","7","8","9"]"#;
    for (rule, aud, expected) in [
        ("one string", "\"testing\"", None),
        ("an array of one", "[\"testing\"]", None),
        ("an array with ours", "[\"other\",\"testing\"]", None),
        ("an array with ours twice", "[\"testing\",\"testing\"]", None),
        ("ours, escaped", "[\"t\\u0065sting\"]", None),
        ("eight", eight, None),
        ("nine", nine, Some(Shape)),
        ("another string", "\"other\"", Some(Audience)),
        ("an array of others", "[\"other\",\"third\"]", Some(Audience)),
        ("a longer one", "\"testing2\"", Some(Audience)),
        ("another case", "\"Testing\"", Some(Audience)),
        ("a list in one string", "\"other,testing\"", Some(Audience)),
        ("a blank", "\"testing \"", Some(Audience)),
        ("a number among them", "[\"testing\",1]", Some(Shape)),
        ("null among them", "[null,\"testing\"]", Some(Shape)),
        ("an array in it", "[[\"testing\"]]", Some(Shape)),
        ("an object", "{\"testing\":true}", Some(Shape)),
    ] {
        assert_eq!(access_fault(&Claims::access().with("aud", aud), NOW), expected.map(claim), "{rule}");
    }
    assert_eq!(refresh_fault(&Claims::refresh().with("aud", "[1]"), NOW), Some(claim(Shape)), "refresh");
}

#[test]
fn one_of_several_audiences_of_ours_is_enough() {
    let core = crate::decide::Core::new(testing::config().audience("second").build().unwrap());
    for (rule, aud, accepted) in [
        ("the first", "\"testing\"", true),
        ("the second", "[\"x\",\"second\"]", true),
        ("both, joined", "\"testing second\"", false),
    ] {
        let claims = Claims::access().with("aud", aud);
        assert_eq!(verify_access(&core, &claims.json(), NOW).is_ok(), accepted, "{rule}");
    }
}

#[test]
fn the_subject_fits_every_database() {
    let sized = |length: usize| format!("{:?}", "s".repeat(length));
    for (rule, sub, expected) in [
        ("191 bytes", sized(191), None),
        ("192 bytes", sized(192), Some(Shape)),
        ("5000 bytes", sized(5000), Some(Shape)),
        ("191 characters that are 382 bytes", format!("\"{}\"", "ä".repeat(191)), Some(Shape)),
        ("SQL is only text", "\"'; DROP TABLE users; --\"".into(), None),
        ("a lone surrogate", "\"\\ud800\"".into(), Some(Shape)),
    ] {
        let expected = expected.map(claim);
        assert_eq!(access_fault(&Claims::access().with("sub", &sub), NOW), expected, "{rule}");
        assert_eq!(refresh_fault(&Claims::refresh().with("sub", &sub), NOW), expected, "{rule}, refresh");
    }
}

#[test]
fn members_come_once_at_every_depth() {
    for (rule, name, value) in [
        ("sub", "sub", "\"1\""),
        ("the same sub", "sub", "\"42\""),
        ("exp", "exp", "1767269100"),
        ("aud", "aud", "\"testing\""),
        ("exp, escaped", "\\u0065xp", "1767269100"),
        ("sid, escaped", "s\\u0069d", "\"other\""),
        ("a custom claim's member", "x", "{\"a\":1,\"a\":2}"),
        ("deeper", "x", "[{\"a\":{\"b\":1,\"b\":1}}]"),
        ("deeper, escaped", "x", "{\"a\":1,\"\\u0061\":2}"),
    ] {
        assert_eq!(access_fault(&Claims::access().and(name, value), NOW), Some(claim(Shape)), "{rule}");
        let refresh = Claims::refresh().with("aud", "\"testing\"").and(name, value);
        assert_eq!(refresh_fault(&refresh, NOW), Some(claim(Shape)), "{rule}, refresh");
    }
    let twice = Claims::access().and("role", "\"user\"").and("role", "\"admin\"");
    assert_eq!(access_fault(&twice, NOW), Some(claim(Shape)), "a custom claim");
}

#[test]
fn the_payload_is_one_json_object() {
    let json = Claims::access().json();
    let deep = format!("{}1{}", "[".repeat(2000), "]".repeat(2000));
    for (rule, payload) in [
        ("text", "foo".to_owned()),
        ("an array", format!("[{json}]")),
        ("a string", "\"x\"".into()),
        ("null", "null".into()),
        ("cut off", json[..json.len() - 1].into()),
        ("something behind", format!("{json}{json}")),
        ("a byte order mark", format!("\u{feff}{json}")),
        ("a nested token", "eyJhbGciOiJIUzI1NiJ9.e30.x".into()),
        ("a nesting bomb", Claims::access().and("x", &deep).json()),
        ("a NUL behind", format!("{json}\0")),
    ] {
        assert_eq!(verify_access(&testing::core(), &payload, NOW).err(), Some(claim(Shape)), "{rule}");
        assert_eq!(
            verify_refresh(&testing::core(), &payload, NOW).err(),
            Some(claim(Shape)),
            "{rule}, refresh"
        );
    }
    let spaced = format!(" \n{json}\r\n\t");
    assert!(verify_access(&testing::core(), &spaced, NOW).is_ok(), "white space around");
    assert_eq!(verify_access(&testing::core(), "{}", NOW).err(), Some(claim(Missing)), "empty");
}

#[test]
fn custom_claims_may_have_any_shape() {
    for (shape, value) in SHAPES.iter().filter(|(_, value)| *value != "18446744073709551616") {
        for name in ["role", "scope", "client_id", "", "ISS", "Sub", "exp "] {
            let claims = Claims::access().and(name, value);
            assert_eq!(access_fault(&claims, NOW), None, "{name:?} is {shape}");
        }
    }
}

proptest! {
    #[test]
    fn any_json_is_judged_without_a_panic(name in "[a-z_]{1,11}", value in "\\PC{0,30}") {
        let _ = access_fault(&Claims::access().and(&name, &value), NOW);
        let _ = refresh_fault(&Claims::refresh().with(&name, &value), NOW);
    }

    #[test]
    fn any_payload_is_judged_without_a_panic(payload in "\\PC{0,60}") {
        prop_assert!(verify_access(&testing::core(), &payload, NOW).is_err());
        prop_assert!(verify_refresh(&testing::core(), &payload, NOW).is_err());
    }
}
