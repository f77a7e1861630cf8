//! What a link contains, and every way in which one does not open.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::{
    config::{ConfigBuilder, Secret},
    testing::{self, NOW},
    token::ClaimFault,
};

const HOUR: Duration = Duration::from_hours(1);

fn request() -> LinkRequest<'static> {
    LinkRequest {
        purpose: "reset",
        subject: 42.into(),
        about: Some("alice@example.com"),
        binding: "bound".into(),
        life: HOUR,
        id: TokenId::from_random([7; 16]),
    }
}

fn core(change: impl Fn(ConfigBuilder) -> ConfigBuilder) -> Core {
    Core::new(change(testing::config()).build().unwrap())
}

/// The claims that are minted for [`request`].
fn claims() -> Value {
    let now = NOW.unix_timestamp();
    json!({
        "iss": testing::ISSUER, "aud": [testing::AUDIENCE], "sub": "42", "jti": "BwcHBwcHBwcHBwcHBwcHBw",
        "iat": now, "exp": now + 3600, "purpose": "reset", "about": "alice@example.com", "binding": "bound",
    })
}

/// A link with these claims, signed with the right key.
fn signed(core: &Core, payload: &Value) -> String {
    core.parts().links.jws().sign(&payload.to_string()).unwrap()
}

fn fault(core: &Core, token: &str) -> Option<TokenFault> {
    core.open_link("reset", token, NOW).err()
}

#[test]
fn what_is_minted_opens() {
    for (rule, core, about) in [
        ("one user table", testing::core(), Some("alice@example.com")),
        ("a realm", core(|config| config.realm("staff")), None),
    ] {
        let link = core.mint_link(&LinkRequest { about, ..request() }, NOW).unwrap();
        let opened = core.open_link("reset", &format!(" {link}\r\n"), NOW).unwrap();
        assert_eq!((opened.subject, opened.about.as_deref()), (42.into(), about), "{rule}");
        assert_eq!((opened.id, opened.binding.as_str()), (TokenId::from_random([7; 16]), "bound"), "{rule}");
        assert_eq!(opened.expires_at, Timestamp::from(NOW + HOUR), "{rule}");
    }
}

#[test]
fn the_claims() {
    let payload = |core: &Core| {
        let link = core.mint_link(&request(), NOW).unwrap();
        let verified = core.parts().links.jws().verify(link.as_bytes(), link.len()).unwrap();
        serde_json::from_str::<Value>(verified.payload()).unwrap()
    };
    assert_eq!(payload(&testing::core()), claims());
    let mut staff = claims();
    staff["realm"] = json!("staff");
    assert_eq!(payload(&core(|config| config.realm("staff"))), staff);
}

#[test]
fn every_claim_that_is_wrong() {
    use ClaimFault::{Audience, Issuer, Life, Missing, Purpose, Realm, Shape};
    let (core, now) = (testing::core(), NOW.unix_timestamp());
    let long = |length| json!("x".repeat(length));
    assert_eq!(fault(&core, &signed(&core, &claims())), None);
    for (name, value, expected) in [
        ("iss", json!("https://other.example"), Issuer),
        ("iss", json!(1), Shape),
        ("aud", json!(["other"]), Audience),
        ("aud", json!({}), Shape),
        ("realm", json!("staff"), Realm),
        ("sub", json!(""), Shape),
        ("sub", json!(42), Shape),
        ("sub", long(Subject::MAX_LENGTH + 1), Shape),
        ("jti", json!(""), Shape),
        ("jti", json!(null), Shape),
        ("iat", json!(now.to_string()), Shape),
        ("iat", json!(now + 3600), Life),
        ("exp", json!(-1), Shape),
        ("exp", json!(1.5), Shape),
        ("exp", json!(now), Life),
        ("purpose", json!("login"), Purpose),
        ("purpose", json!("Reset"), Purpose),
        ("purpose", json!("reset "), Purpose),
        ("purpose", json!(""), Shape),
        ("purpose", long(LONGEST_PURPOSE + 1), Shape),
        ("about", json!(""), Shape),
        ("about", json!(["alice@example.com"]), Shape),
        ("about", long(LONGEST_ABOUT + 1), Shape),
        ("binding", json!(""), Shape),
        ("binding", json!(true), Shape),
        ("sid", json!("session"), Shape),
        ("other", json!([1]), Shape),
    ] {
        let mut wrong = claims();
        wrong[name] = value.clone();
        let found = fault(&core, &signed(&core, &wrong));
        assert_eq!(found, Some(TokenFault::Claim(expected)), "{name}: {value}");
    }
    for name in ["iss", "aud", "sub", "jti", "iat", "exp", "purpose", "binding"] {
        let mut wrong = claims();
        wrong.as_object_mut().unwrap().remove(name);
        let found = fault(&core, &signed(&core, &wrong));
        assert_eq!(found, Some(TokenFault::Claim(Missing)), "without {name}");
    }
    let twice = claims().to_string().replacen('{', r#"{"purpose":"reset","#, 1);
    let twice = core.parts().links.jws().sign(&twice).unwrap();
    assert_eq!(fault(&core, &twice), Some(TokenFault::Claim(Shape)), "a claim that is there twice");
    let staff = self::core(|config| config.realm("staff"));
    assert_eq!(fault(&staff, &signed(&staff, &claims())), Some(TokenFault::Claim(Realm)), "no realm");
}

#[test]
fn times() {
    let (core, week) = (testing::core(), LONGEST_LINK);
    for (rule, exp, now, expected) in [
        ("at once", 3600, 0, None),
        ("from a clock that is ahead by the leeway", 3600, -5, None),
        ("from one that is further ahead", 3600, -6, Some(TokenFault::NotYetValid)),
        ("the last second", 3600, 3599, None),
        ("no leeway at the end", 3600, 3600, Some(TokenFault::Expired)),
        ("the last second of a week", week, week - 1, None),
        ("a life that is too long ends after a week", 10 * week, week - 1, None),
        ("and not later", 10 * week, week, Some(TokenFault::Expired)),
    ] {
        let mut payload = claims();
        payload["exp"] = json!(NOW.unix_timestamp() + exp);
        let link = signed(&core, &payload);
        let found = core.open_link("reset", &link, NOW + time::Duration::seconds(now)).err();
        assert_eq!(found, expected, "{rule}");
    }
}

#[test]
fn what_is_not_minted() {
    let long = "x".repeat(1000);
    let text = |part, length, longest| Some(MintError::LinkText { part, length, longest });
    let life = |seconds| Some(MintError::LinkLife { seconds });
    let week = LinkRequest::LONGEST_LIFE;
    let of = request;
    for (rule, request, expected) in [
        ("the longest life", LinkRequest { life: week, ..of() }, None),
        ("the shortest life", LinkRequest { life: Duration::from_secs(1), ..of() }, None),
        ("half a second", LinkRequest { life: Duration::from_millis(500), ..of() }, life(0)),
        (
            "a moment more than a week",
            LinkRequest { life: week + Duration::from_nanos(1), ..of() },
            life(604_800),
        ),
        ("for ever", LinkRequest { life: Duration::MAX, ..of() }, life(u64::MAX)),
        ("no purpose", LinkRequest { purpose: "", ..of() }, text("purpose", 0, 64)),
        ("the longest purpose", LinkRequest { purpose: &long[..64], ..of() }, None),
        ("a longer one", LinkRequest { purpose: &long[..65], ..of() }, text("purpose", 65, 64)),
        ("no address", LinkRequest { about: None, ..of() }, None),
        ("an empty one", LinkRequest { about: Some(""), ..of() }, text("about", 0, 320)),
        ("the longest one", LinkRequest { about: Some(&long[..320]), ..of() }, None),
        ("a longer one", LinkRequest { about: Some(&long[..321]), ..of() }, text("about", 321, 320)),
        ("no user", LinkRequest { subject: "".into(), ..of() }, Some(MintError::Subject)),
        ("too long a user", LinkRequest { subject: long[..192].into(), ..of() }, Some(MintError::Subject)),
    ] {
        let minted = testing::core().mint_link(&request, NOW);
        assert_eq!(minted.as_ref().err(), expected.as_ref(), "{rule}");
        if let Ok(link) = minted {
            let opened = testing::core().open_link(request.purpose, &link, NOW);
            assert!(opened.is_ok(), "{rule}: what is minted opens: {opened:?}");
        }
    }
}

/// With the right signature each of them would be that of its user.
#[test]
fn no_token_of_a_session_opens_and_a_link_is_none() {
    let core = testing::core();
    let access = testing::access("42").claim("purpose", "reset").claim("binding", "bound");
    for (rule, token) in [
        ("access", access.token()),
        ("refresh", testing::refresh("42").token()),
        ("nothing", String::new()),
        ("no token", "reset".into()),
        ("too long", "x".repeat(10_000)),
    ] {
        assert!(core.open_link("reset", &token, NOW).is_err(), "{rule}");
    }
    let link = core.mint_link(&request(), NOW).unwrap();
    let head = |name: &str, value: String| {
        let request = http::Request::get("/").header(name, value).body(()).unwrap();
        request.into_parts().0
    };
    let (access, refresh) = (testing::access("42").cookie(), testing::refresh("42").cookie());
    for (carrier, head) in [
        ("bearer", head("authorization", format!("Bearer {link}"))),
        ("access cookie", head("cookie", format!("{}={link}", access.split_once('=').unwrap().0))),
        ("refresh cookie", head("cookie", format!("{}={link}", refresh.split_once('=').unwrap().0))),
    ] {
        let assessment = core.authenticate(&head, NOW);
        assert!(assessment.is_anonymous() || assessment.is_refused(), "{carrier}: {assessment:?}");
    }
}

#[test]
fn a_previous_secret_opens_and_binds() {
    let old = Secret::of_the_testing_module;
    let new = || Secret::from_bytes(*b"a new secret: 32 bytes, random ;").unwrap();
    let (alice, hash) = (Subject::from(42), Some("hash"));
    let before = testing::core();
    let binding = before.binding(&alice, hash, None).unwrap();
    let link = before.mint_link(&LinkRequest { binding, ..request() }, NOW).unwrap();
    let after = core(|config| config.secret(new()).previous_secret(old()));
    let opened = after.open_link("reset", &link, NOW).unwrap();
    assert!(after.is_bound(&opened.binding, &alice, hash, None));
    assert!(!after.is_bound(&opened.binding, &alice, Some("another"), None));
    assert!(!after.is_bound(&opened.binding, &43.into(), hash, None));
    let dropped = core(|config| config.secret(new()));
    assert_eq!(fault(&dropped, &link), Some(TokenFault::UnknownKey));
}
