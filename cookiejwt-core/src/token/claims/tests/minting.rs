//! Which claims a token can be minted with.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    super::{AccessClaims, CustomClaims, Expected, MintError, Parties, RefreshClaims},
    LIFE, NOW, RESERVED, testing, verify_access, verify_refresh,
};
use crate::token::{Actor, Facts, Method};

fn access() -> AccessClaims {
    AccessClaims {
        subject: "42".into(),
        session_id: "session".into(),
        token_id: "token".into(),
        issued_at: NOW,
        not_before: NOW,
        expires_at: NOW + LIFE,
        auth_time: Some(NOW - 5),
        refresh_jti: None,
        replaces: None,
        version: 0,
        device_bound: false,
        ends_with_browser: false,
        facts: Facts::new(),
    }
}

fn refresh() -> RefreshClaims {
    RefreshClaims {
        subject: "42".into(),
        session_id: "session".into(),
        token_id: "token".into(),
        issued_at: NOW,
        expires_at: NOW + 900,
        auth_time: NOW - 5,
        began_at: NOW - 5,
        session_ends_at: NOW + 9000,
        remember: false,
        remember_for: None,
        stamp: None,
        device_bound: false,
        facts: Facts::new(),
    }
}

/// A login with a password and a code for a tenant, by an administrator.
fn facts() -> Facts {
    let at = |second: i64| OffsetDateTime::from_unix_timestamp(NOW + second).unwrap();
    let facts = Facts::new().proved(Method::OTP, at(-5)).proved(Method::PWD, at(-9)).with_acr("gold");
    let actor = Actor::new("admin".into(), "theirs".into());
    facts.with("tenant", &"acme").unwrap().acted_by(actor)
}

/// What the tokens of one realm say.
fn with_parties<T>(realm: &str, mint: impl FnOnce(Parties<'_>) -> T) -> T {
    let audience = ["testing".into(), "api".into()];
    mint(Parties { issuer: testing::ISSUER, audience: &audience, realm: Some(realm) })
}

fn payload(custom: &CustomClaims) -> String {
    with_parties("", |parties| access().to_payload(parties, custom))
}

fn refresh_payload() -> String {
    with_parties("", |parties| refresh().to_payload(parties))
}

#[test]
fn the_payloads_byte_for_byte() {
    let custom = CustomClaims::new(&json!({ "role": "admin" })).unwrap();
    assert_eq!(
        payload(&custom),
        r#"{"iss":"https://testing.example","sub":"42","aud":["testing","api"],"exp":1767269100,"iat":1767268800,"#
            .to_owned()
            + r#""jti":"token","sid":"session","auth_time":1767268795,"role":"admin"}"#,
    );
    assert_eq!(
        refresh_payload(),
        r#"{"iss":"https://testing.example","sub":"42","aud":["testing","api"],"exp":1767269700,"iat":1767268800,"#
            .to_owned()
            + r#""jti":"token","sid":"session","auth_time":1767268795,"session_exp":1767277800,"remember":false}"#,
    );
    assert_eq!(refresh_payload(), refresh_payload(), "always the same bytes");
    let given = AccessClaims {
        refresh_jti: Some("refresh".into()),
        replaces: Some("older".into()),
        version: 7,
        ..access()
    };
    assert_eq!(
        with_parties("staff", |parties| given.to_payload(parties, &custom)),
        r#"{"iss":"https://testing.example","sub":"42","aud":["testing","api"],"exp":1767269100,"iat":1767268800,"#
            .to_owned()
            + r#""jti":"token","sid":"session","auth_time":1767268795,"realm":"staff","refresh_jti":"refresh","#
            + r#""replaces":"older","version":7,"role":"admin"}"#,
    );
    assert!(with_parties("staff", |parties| refresh().to_payload(parties)).ends_with(r#","realm":"staff"}"#));
}

#[test]
fn the_facts_of_a_session_byte_for_byte() {
    let access = AccessClaims { facts: facts(), ..access() };
    let claims = CustomClaims::new(&json!({ "role": "x", "tenant": "of the user" })).unwrap();
    let payload = with_parties("", |parties| access.to_payload(parties, &claims));
    let of_both =
        r#""proofs":{"pwd":1767268791,"otp":1767268795},"acr":"gold","act":{"sub":"admin","sid":"theirs"},"#;
    let end = format!(r#""auth_time":1767268795,"amr":["pwd","otp"],{of_both}"tenant":"acme","role":"x"}}"#);
    assert!(payload.ends_with(&end), "a fact wins over a claim of the same name: {payload}");
    let stamp = Some("hash".into());
    let refresh =
        RefreshClaims { began_at: NOW - 3, remember_for: Some(60), stamp, facts: facts(), ..refresh() };
    let payload = with_parties("", |parties| refresh.to_payload(parties));
    let end = format!(
        r#""remember":false,"began_at":1767268797,"remember_for":60,"stamp":"hash",{of_both}"facts":{{"tenant":"acme"}}}}"#
    );
    assert!(payload.ends_with(&end), "{payload}");
    let expected = RefreshClaims { expires_at: refresh.issued_at + 60, ..refresh };
    let found = verify_refresh(&testing::core(), &payload, NOW).unwrap();
    assert_eq!(format!("{:?}", found.claims), format!("{expected:?}"), "its own idle life ends it");
}

#[test]
fn the_facts_of_an_access_token_are_read_back_and_its_payload_has_the_rest() {
    let access = AccessClaims { facts: facts(), ..access() };
    let payload = with_parties("", |parties| access.to_payload(parties, &CustomClaims::default()));
    let found = verify_access(&testing::core(), &payload, NOW).unwrap();
    let expected = Facts { named: serde_json::Map::new(), ..facts() };
    assert_eq!(found.claims().facts, expected);
}

#[test]
fn what_is_minted_is_read_back() {
    let core = testing::core();
    let found = verify_access(&core, &payload(&CustomClaims::default()), NOW).unwrap();
    assert_eq!(format!("{:?}", found.claims()), format!("{:?}", access()));
    let found = verify_refresh(&core, &refresh_payload(), NOW).unwrap();
    assert_eq!(format!("{:?}", found.claims), format!("{:?}", refresh()));
}

#[test]
fn quotes_and_control_characters_do_not_break_out() {
    let hostile = "\",\"sub\":\"root\"\n\0\\";
    let claims = AccessClaims { subject: hostile.into(), session_id: hostile.into(), ..access() };
    let custom = CustomClaims::new(&json!({ hostile: hostile })).unwrap();
    let audience = [hostile.into()];
    let parties = Parties { issuer: hostile, audience: &audience, realm: None };
    let payload = claims.to_payload(parties, &custom);
    let read: Value = serde_json::from_str(&payload).unwrap();
    for name in ["iss", "sub", "sid", hostile] {
        assert_eq!(read[name], hostile, "{name}");
    }
    assert_eq!(read["aud"], json!([hostile]));
}

#[test]
fn reserved_names_cannot_be_taken() {
    for name in RESERVED {
        for value in [json!("x"), json!(null), json!({}), json!(1)] {
            let taken = CustomClaims::new(&json!({ "role": "x", name: value }));
            assert_eq!(taken, Err(MintError::ReservedClaim(name.into())), "{name}");
        }
    }
    for name in
        ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "auth_time", "session_exp", "remember"]
            .into_iter()
            .chain([
                "realm",
                "refresh_jti",
                "replaces",
                "amr",
                "acr",
                "act",
                "azp",
                "nonce",
                "proofs",
                "began_at",
            ])
            .chain(["device_bound", "cnf", "version", "stamp", "facts", "remember_for"])
    {
        assert!(RESERVED.contains(&name), "{name}");
    }
    for name in ["role", "Sub", "scope", "name", "sub ", "x-sub"] {
        assert!(CustomClaims::new(&json!({ name: 1 })).is_ok(), "{name}");
    }
}

#[test]
fn custom_claims_are_an_object_or_nothing() {
    #[derive(Serialize)]
    struct User {
        name: &'static str,
        roles: [&'static str; 2],
    }
    let user = User { name: "Zoë", roles: ["admin", "staff"] };
    for (rule, claims) in [
        ("a struct", CustomClaims::new(&user)),
        (
            "a map",
            CustomClaims::new(&BTreeMap::from([
                ("name", json!("Zoë")),
                ("roles", json!(["admin", "staff"])),
            ])),
        ),
    ] {
        let read: Value = serde_json::from_str(&payload(&claims.unwrap())).unwrap();
        assert_eq!((&read["name"], &read["roles"]), (&json!("Zoë"), &json!(["admin", "staff"])), "{rule}");
        assert_eq!(read["sub"], "42", "{rule}");
    }
    for (rule, claims) in [
        ("unit", CustomClaims::new(&())),
        ("none", CustomClaims::new(&None::<User>)),
        ("an empty map", CustomClaims::new(&BTreeMap::<String, u8>::new())),
    ] {
        assert_eq!(claims, Ok(CustomClaims::default()), "{rule}");
    }
    for (rule, claims) in [
        ("a string", CustomClaims::new(&"admin")),
        ("a number", CustomClaims::new(&1)),
        ("a list", CustomClaims::new(&["admin"])),
        ("true", CustomClaims::new(&true)),
        ("keys that are no strings", CustomClaims::new(&BTreeMap::from([(vec![1], 1)]))),
        ("a number beyond JSON", CustomClaims::new(&BTreeMap::from([("n", u128::MAX)]))),
    ] {
        let error = claims.expect_err(rule);
        assert!(matches!(error, MintError::ClaimsNotAnObject(_)), "{rule}: {error}");
    }
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}

fn many(count: usize) -> Value {
    (0..count).map(|n| (format!("m{n}"), json!(1))).collect::<serde_json::Map<_, _>>().into()
}

/// A token that is minted and then refused by ourselves would log its user out at the next request.
#[test]
fn what_cannot_be_read_back_is_not_minted() {
    let audience = ["api".into()];
    let parties = Parties { issuer: testing::ISSUER, audience: &audience, realm: Some("") };
    let expected = Expected { parties, life: LIFE, session_life: LIFE, leeway: 0 };
    for (rule, claims, minted) in [
        ("nested 15 deep", json!({ "x": nested(15) }), true),
        ("nested 16 deep", json!({ "x": nested(16) }), false),
        ("nested 200 deep", json!({ "x": nested(200) }), false),
        ("members at the limit", many(256 - RESERVED.len() - Facts::MOST_NAMED), true),
        ("a member too many", many(256 - RESERVED.len() - Facts::MOST_NAMED + 1), false),
        ("members at the limit, inside", json!({ "x": many(256) }), true),
        ("a member too many, inside", json!({ "x": many(257) }), false),
    ] {
        match CustomClaims::new(&claims) {
            Ok(custom) => {
                assert!(minted, "{rule}");
                assert!(AccessClaims::read(&payload(&custom), expected).is_ok(), "{rule}");
            }
            Err(error) => assert_eq!((minted, error), (false, MintError::ClaimsTooComplex), "{rule}"),
        }
    }
}

#[test]
fn a_cookie_that_is_too_long_is_not_minted() {
    let core = testing::core();
    let mint = |length: usize| {
        let custom = CustomClaims::new(&json!({ "x": "x".repeat(length) })).unwrap();
        let access = core.parts().access.mint(access(), &custom)?;
        let refresh = core.parts().refresh.in_cookie(testing::refresh("42").token().as_bytes(), NOW).unwrap();
        core.parts()
            .cookies
            .pair(&access, &refresh, NOW)
            .map(|cookies| cookies.iter().next().unwrap().clone())
    };
    let fits = (0..4096).take_while(|length| mint(*length).is_ok()).last().unwrap();
    let line = mint(fits).unwrap();
    let pair = line.line().to_str().unwrap().split(';').next().unwrap().to_owned();
    assert!((4093..=4096).contains(&(pair.len() - 1)), "{} bytes", pair.len() - 1);
    let Err(MintError::CookieTooLong { name, length }) = mint(fits + 1) else { panic!("a byte more fits") };
    assert_eq!(name, "__Host-access_token");
    assert!((4097..=4100).contains(&length), "{length}");
    assert!(matches!(mint(100_000), Err(MintError::CookieTooLong { .. })));
}

proptest! {
    #[test]
    fn custom_claims_stand_at_the_top_level(name in "[a-z]{4,12}", value in "\\PC{0,20}") {
        prop_assume!(!RESERVED.contains(&name.as_str()));
        let custom = CustomClaims::new(&BTreeMap::from([(&name, &value)])).unwrap();
        let token = testing::access("42").claim(&name, &value);
        let read: Value = token.identity().claims().unwrap();
        prop_assert_eq!(read[&name].as_str(), Some(value.as_str()));
        prop_assert_eq!(&read["sub"], "42");
        prop_assert!(verify_access(&testing::core(), &payload(&custom), NOW).is_ok());
    }
}
