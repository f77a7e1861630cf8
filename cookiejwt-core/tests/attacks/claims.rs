//! Claims.

use super::*;
use cookiejwt_core::{Config, Expect, Jwks, PrivateKey, Verifier, driver::Revocations, fault::TokenFault};
use std::time::Duration as Age;
use time::Duration;

const SHAPES: [&str; 14] = [
    "null",
    "\"\"",
    "0",
    "-1",
    "1.5",
    "1e3",
    "\"123\"",
    "true",
    "false",
    "[]",
    "[[]]",
    "{}",
    "{\"a\":1}",
    "[null]",
];

/// Whether the shape is a proper value of the claim.
fn is_proper(claim: &str, shape: &str) -> bool {
    match claim {
        "sub" | "jti" | "sid" => shape == "\"123\"",
        "auth_time" => shape == "0",
        _ => false,
    }
}

#[test]
fn a30_every_claim_and_every_json_type() {
    for (claim, _) in claims() {
        for shape in SHAPES.into_iter().filter(|shape| !is_proper(claim, shape)) {
            assert_refused(&core(), with_payload(payload_with(claim, shape)), &format!("{claim}: {shape}"));
        }
        let mut without = claims();
        without.retain(|(name, _)| *name != claim);
        match claim {
            "auth_time" => assert_accepted(&core(), with_payload(object(&without)), "auth_time is optional"),
            _ => assert_refused(&core(), with_payload(object(&without)), &format!("without {claim}")),
        }
    }
    for shape in SHAPES.into_iter().filter(|shape| *shape != "0") {
        assert_refused(&core(), with_payload(payload_with("nbf", shape)), &format!("nbf: {shape}"));
    }
}

#[test]
fn a31_dates_are_plain_integers() {
    let now = NOW.unix_timestamp();
    for date in [
        "1e300",
        "18446744073709551615",
        "9223372036854775808",
        "9223372036854775807",
        "253402300800",
        "-1",
        "1.0",
        "1E9",
        "+1767268900",
        "01767268900",
        "0x7fffffff",
        "NaN",
        "Infinity",
        "\"1767268900\"",
        &format!("{now}.0"),
        &format!("{now}.5"),
        &format!("{now}e0"),
        &format!("\"{now}\""),
    ] {
        for claim in ["exp", "iat", "nbf", "auth_time"] {
            assert_refused(&core(), with_payload(payload_with(claim, date)), &format!("{claim}: {date}"));
        }
    }
}

#[test]
fn a32_no_clock_overflows() {
    let extremes =
        [time::PrimitiveDateTime::MIN, time::PrimitiveDateTime::MAX].map(time::PrimitiveDateTime::assume_utc);
    let before_1970 = time::OffsetDateTime::UNIX_EPOCH - Duration::days(1);
    for now in extremes.into_iter().chain([before_1970, time::OffsetDateTime::UNIX_EPOCH]) {
        assert_refused_at(&core(), with_payload(payload()), now, &now.to_string());
    }
    for leeway in [61, 3600, u64::MAX] {
        assert!(config().leeway(Age::from_secs(leeway)).build().is_err(), "a leeway of {leeway} s");
    }
}

#[test]
fn a33_boundaries() {
    let token = with_payload(payload());
    let at = |seconds| NOW + Duration::seconds(seconds);
    for (rule, now, accepted) in [
        ("5 seconds before iat", at(-5), true),
        ("6 seconds before iat", at(-6), false),
        ("a second before exp", at(299), true),
        ("at exp", at(300), true),
        ("within the leeway", at(304), true),
        ("after the leeway", at(305), false),
    ] {
        if accepted {
            assert_accepted_at(&core(), &token, now, rule);
        } else {
            assert_refused_at(&core(), &token, now, rule);
        }
    }
}

#[test]
fn a34_a_life_that_is_too_long() {
    let now = NOW.unix_timestamp();
    // It expires after the configured lifetime nevertheless.
    for (rule, exp) in [("exp in 2099", 4_070_908_800), ("a second too long", now + 301)] {
        let token = with_payload(payload_with("exp", &exp.to_string()));
        assert_accepted_at(&core(), &token, NOW + Duration::seconds(304), rule);
        assert_refused_at(&core(), &token, NOW + Duration::seconds(305), rule);
    }
    for (rule, name, value) in [
        ("issued long ago, still valid", "iat", now - 3600),
        ("issued in the future", "iat", now + 6),
        ("valid in the future", "nbf", now + 6),
    ] {
        assert_refused(&core(), with_payload(payload_with(name, &value.to_string())), rule);
    }
}

#[test]
fn a35_issuer_and_audience_by_bytes() {
    for issuer in [
        "\"https://testing.example.evil\"",
        "\"https://testing.exampl\"",
        "\"https://testing.example/\"",
        "\"https://TESTING.example\"",
        "\"http://testing.example\"",
        "\"testing.example\"",
        "[\"https://testing.example\"]",
        "[\"evil\",\"https://testing.example\"]",
        "{\"https://testing.example\":1}",
        "\"https://testing.example\\u0000\"",
        "\"https://testing.example https://evil.example\"",
    ] {
        assert_refused(&core(), with_payload(payload_with("iss", issuer)), issuer);
    }
    let nine = format!("[{},\"testing\"]", ["\"x\""; 8].join(","));
    for audience in [
        "\"testin\"",
        "\"testing2\"",
        "\"TESTING\"",
        "\"testing \"",
        "\"*\"",
        "[]",
        "[\"x\"]",
        "[\"testing\",1]",
        "[\"testing\",null]",
        "[[\"testing\"]]",
        "{\"testing\":true}",
        "\"x testing\"",
        &nine,
    ] {
        assert_refused(&core(), with_payload(payload_with("aud", audience)), audience);
    }
    assert_accepted(&core(), with_payload(payload_with("aud", "\"testing\"")), "one string");
    assert_accepted(&core(), with_payload(payload_with("aud", "[\"x\",\"testing\"]")), "one of two");
}

#[test]
fn a36_explicit_typing() {
    let kid = Signer::access().kid();
    for typ in [
        "\"JWT\"",
        "\"jwt\"",
        "\"rt+jwt\"",
        "\"dpop+jwt\"",
        "\"dbsc+jwt\"",
        "\"logout+jwt\"",
        "\"rv+jwt\"",
        "\"application/rv+jwt\"",
        "\"id+jwt\"",
        "\"at+jwt \"",
        "\"x/at+jwt\"",
        "\"application/application/at+jwt\"",
        "\"application/JWT\"",
        "\"\"",
        "null",
        "0",
        "[\"at+jwt\"]",
    ] {
        let header = format!(r#"{{"alg":"HS256","typ":{typ},"kid":"{kid}"}}"#);
        assert_refused(&core(), with_header(header), typ);
    }
    assert_refused(&core(), with_header(format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#)), "absent");
    let long = format!(r#"{{"alg":"HS256","typ":"application/at+jwt","kid":"{kid}"}}"#);
    assert_accepted(&core(), with_header(long), "the whole media type");
}

#[test]
fn a37_kinds_of_tokens_exclude_each_other() {
    for purpose in [
        "cookiejwt/1 refresh",
        "cookiejwt/1 csrf",
        "cookiejwt/1 throttle",
        "cookiejwt/1 known-device",
        "cookiejwt/1 id",
    ] {
        let other = Signer::new(purpose);
        let own = format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{}"}}"#, other.kid());
        assert_refused(&core(), other.token(own, payload()), "the key of another purpose, under its name");
        assert_refused(&core(), other.token(header_with(""), payload()), "under the name of the right one");
    }
    // Even without a check of `typ` and `kid`, the claims are those of another kind.
    let refresh = testing::refresh("alice").by(&core()).token();
    let claims = URL_SAFE_NO_PAD.decode(refresh.split('.').nth(1).unwrap()).unwrap();
    assert_refused(&core(), with_payload(claims), "a refresh token's claims in an access token");
}

#[test]
fn a38_swapped_cookies() {
    let (access, refresh) = (testing::access("alice").by(&core()), testing::refresh("alice").by(&core()));
    assert_refused(&core(), refresh.token(), "a refresh token as an access token");
    let swapped = format!("__Host-refresh_token={}", access.token());
    let raw = Raw::new(&[("cookie", swapped.as_bytes())]);
    assert_eq!(
        answer(&core(), raw.head(), NOW),
        INVALID,
        "an access token as a refresh token: no store is asked"
    );
    let both = format!("__Host-access_token={}; {swapped}", refresh.token());
    let raw = Raw::new(&[("cookie", both.as_bytes())]);
    assert_eq!(answer(&core(), raw.head(), NOW), INVALID, "both swapped");
}

#[test]
fn a39_a_subject_is_text_and_nothing_else() {
    for subject in ["' OR 1=1 --", "../../etc/passwd", "<script>", "${jndi:ldap://x}", "%00", "\u{202e}", "0"]
    {
        let token = with_payload(payload_with("sub", &format!("\"{subject}\"")));
        assert_eq!(answer(&core(), Raw::cookie(token.as_bytes()).head(), NOW), subject);
    }
    let long = with_payload(payload_with("sub", &format!("\"{}\"", "x".repeat(1 << 20))));
    assert_refused(&core(), long, "a megabyte");
}

/// Every case above compares with one body; here are some that fail elsewhere.
/// They have the same key, because it is the one that other services know.
#[test]
fn a43_a_list_of_revocations_is_no_access_token_nor_the_reverse() {
    let key = PrivateKey::from_any_pem(include_str!("../keys/ed25519.pem")).unwrap();
    let core = Core::new(config().signing_key(key).build().unwrap());
    let list = Revocations { next: "1".into(), ..Revocations::default() };
    let list = core.mint_revocations(list, NOW).unwrap();
    let access = testing::access("alice").by(&core).token();
    assert_accepted(&core, &access, "an access token");
    assert_refused(&core, &list, "a list");
    let expect = Expect::issuer(testing::ISSUER).audience(testing::AUDIENCE);
    let verifier = Verifier::new(Jwks::from_json(core.jwks().unwrap()).unwrap(), expect).unwrap();
    assert!(verifier.read_revocations(&list, None, NOW).is_ok());
    assert_eq!(verifier.read_revocations(&access, None, NOW), Err(TokenFault::Type));
    let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
    let (of_list, of_access) = (parts(&list), parts(&access));
    for mask in 1..7_usize {
        let part = |at: usize| if mask >> at & 1 == 0 { &*of_list[at] } else { &*of_access[at] };
        let mixed = [part(0), part(1), part(2)].join(".");
        assert_refused(&core, &mixed, "parts of both, as a token");
        assert!(verifier.read_revocations(&mixed, None, NOW).is_err(), "parts of both, as a list");
    }
    // Even without a check of `typ`, the claims are those of another kind.
    let claims = URL_SAFE_NO_PAD.decode(&of_list[1]).unwrap();
    assert_refused(&self::core(), with_payload(claims), "the claims of a list in an access token");
}

#[test]
fn a42_one_response() {
    let foreign = testing::access("alice").by(&core()).foreign().token();
    let expired = testing::access("alice").by(&core()).expired().token();
    let other = Config::builder().secret(Secret::from_bytes(*b"another secret of at least 32 by").unwrap());
    let other = Core::new(other.issuer(testing::ISSUER).audience(testing::AUDIENCE).build().unwrap());
    let forged = testing::access("alice").by(&other).token();
    for (rule, token) in
        [("foreign", foreign), ("expired", expired), ("another key", forged), ("no token", "x".into())]
    {
        assert_refused(&core(), token, rule);
    }
}
