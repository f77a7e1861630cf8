//! The times of a token, checked to the second.

use proptest::prelude::*;

use super::{
    ABSOLUTE, ClaimFault, Claims, IDLE, LIFE, NOW, TokenFault, access_fault, claim, refresh_fault, testing,
    verify_access,
};
use crate::decide::Core;

use TokenFault::{Expired, NotYetValid};

/// The configured default.
const LEEWAY: i64 = 5;

#[test]
fn an_access_token_is_valid_from_iat_minus_leeway_until_exp_plus_leeway() {
    for (rule, now, expected) in [
        ("long before", NOW - ABSOLUTE, Some(NotYetValid)),
        ("iat - leeway - 1", NOW - LEEWAY - 1, Some(NotYetValid)),
        ("iat - leeway", NOW - LEEWAY, None),
        ("iat", NOW, None),
        ("exp - 1", NOW + LIFE - 1, None),
        ("exp", NOW + LIFE, None),
        ("exp + leeway - 1", NOW + LIFE + LEEWAY - 1, None),
        ("exp + leeway", NOW + LIFE + LEEWAY, Some(Expired)),
        ("long after", NOW + ABSOLUTE, Some(Expired)),
        ("before 1970", -1, Some(NotYetValid)),
        ("the first second of all", i64::MIN, Some(NotYetValid)),
        ("the last second of all", i64::MAX, Some(Expired)),
    ] {
        assert_eq!(access_fault(&Claims::access(), now), expected, "{rule}");
    }
}

#[test]
fn a_refresh_token_is_dead_at_its_exp() {
    for (rule, now, expected) in [
        ("iat - leeway - 1", NOW - LEEWAY - 1, Some(NotYetValid)),
        ("iat - leeway", NOW - LEEWAY, None),
        ("iat", NOW, None),
        ("exp - 1", NOW + IDLE - 1, None),
        ("exp", NOW + IDLE, Some(Expired)),
        ("exp + 1", NOW + IDLE + 1, Some(Expired)),
        ("the first second of all", i64::MIN, Some(NotYetValid)),
        ("the last second of all", i64::MAX, Some(Expired)),
    ] {
        assert_eq!(refresh_fault(&Claims::refresh(), now), expected, "{rule}");
    }
    let ends = Claims::refresh().with("session_exp", NOW + 100);
    for (rule, now, expected) in [
        ("a second before the absolute end", NOW + 99, None),
        ("the absolute end, though exp is later", NOW + 100, Some(Expired)),
    ] {
        assert_eq!(refresh_fault(&ends, now), expected, "{rule}");
    }
}

#[test]
fn nbf_is_honoured_when_it_is_there() {
    for (rule, nbf, now, expected) in [
        ("later than iat, before it", NOW + 100, NOW + 100 - LEEWAY - 1, Some(NotYetValid)),
        ("later than iat, within the leeway", NOW + 100, NOW + 100 - LEEWAY, None),
        ("later than iat, at it", NOW + 100, NOW + 100, None),
        ("earlier than iat, iat counts", NOW - 100, NOW - LEEWAY - 1, Some(NotYetValid)),
        ("earlier than iat, at iat", NOW - 100, NOW, None),
        ("zero", 0, NOW, None),
        ("the same as iat", NOW, NOW - LEEWAY, None),
        ("later than exp", NOW + LIFE + 100, NOW + LIFE - 1, Some(NotYetValid)),
    ] {
        assert_eq!(access_fault(&Claims::access().with("nbf", nbf), now), expected, "{rule}");
    }
}

/// An operator who lowers a life shortens the tokens that are out there, and one who raises it in a
/// rolling deploy logs nobody out on the nodes that have not been restarted.
#[test]
fn a_token_lives_to_the_smaller_of_its_own_and_the_configured_life() {
    let with = |iat: i64, exp: i64| Claims::access().with("iat", iat).with("exp", exp);
    let last = NOW + LIFE + LEEWAY - 1;
    let not_a_life = Some(claim(ClaimFault::Life));
    for (rule, claims, now, expected) in [
        ("the configured life", with(NOW, NOW + LIFE), last, None),
        ("the configured life is over", with(NOW, NOW + LIFE), last + 1, Some(Expired)),
        ("a longer one, until the configured one is over", with(NOW, NOW + 900), last, None),
        ("a longer one, after that", with(NOW, NOW + 900), last + 1, Some(Expired)),
        ("until 2099", with(NOW, 4_070_908_800), last, None),
        ("until 2099, after the configured life", with(NOW, 4_070_908_800), last + 1, Some(Expired)),
        ("from 1970 to the year 9999", with(0, 253_402_300_799), NOW, Some(Expired)),
        ("one second", with(NOW, NOW + 1), NOW, None),
        ("no time at all", with(NOW, NOW), NOW, not_a_life),
        ("it ends before it begins", with(NOW, NOW - 1), NOW, not_a_life),
    ] {
        assert_eq!(access_fault(&claims, now), expected, "{rule}");
    }
    let refresh = |exp: i64| Claims::refresh().with("exp", exp);
    let week = refresh(NOW + 7 * IDLE);
    let session =
        |began: i64| Claims::refresh().with("auth_time", began).with("session_exp", NOW + 9 * ABSOLUTE);
    for (rule, claims, now, expected) in [
        ("the idle timeout", refresh(NOW + IDLE), NOW + IDLE - 1, None),
        ("a longer one, until the configured one is over", week.clone(), NOW + IDLE - 1, None),
        ("a longer one, after that", week, NOW + IDLE, Some(Expired)),
        ("no time at all", refresh(NOW), NOW, not_a_life),
        ("a session as long as configured", session(NOW - ABSOLUTE + 1), NOW, None),
        ("a session longer than that", session(NOW - ABSOLUTE), NOW, Some(Expired)),
    ] {
        assert_eq!(refresh_fault(&claims, now), expected, "refresh token: {rule}");
    }
}

#[test]
fn the_leeway_is_the_configured_one() {
    for leeway in [0, 1, 60] {
        let seconds = std::time::Duration::from_secs(leeway);
        let core = Core::new(testing::config().leeway(seconds).build().unwrap());
        let leeway = i64::try_from(leeway).unwrap();
        for (rule, now, expected) in [
            ("too early", NOW - leeway - 1, Some(NotYetValid)),
            ("early enough", NOW - leeway, None),
            ("late enough", NOW + LIFE + leeway - 1, None),
            ("too late", NOW + LIFE + leeway, Some(Expired)),
        ] {
            let found = verify_access(&core, &Claims::access().json(), now).err();
            assert_eq!(found, expected, "{rule}, leeway {leeway}");
        }
    }
}

#[test]
fn signed_claims_are_read_whatever_the_time_is() {
    let core = testing::core();
    let access = core.parts().access.jws().sign(&Claims::access().json()).unwrap();
    assert_eq!(core.parts().access.signed(access.as_bytes(), 4096).unwrap().session_id.as_str(), "session");
    let refresh = core.parts().refresh.jws().sign(&Claims::refresh().json()).unwrap();
    assert_eq!(core.parts().refresh.signed(refresh.as_bytes(), 4096).unwrap().session_id.as_str(), "session");
    assert!(core.parts().refresh.signed(access.as_bytes(), 4096).is_none(), "but not of the other kind");
    assert!(core.parts().access.signed(refresh.as_bytes(), 4096).is_none(), "but not of the other kind");
    let foreign = core.parts().access.jws().sign(&Claims::access().with("iss", "\"x\"").json()).unwrap();
    assert!(core.parts().access.signed(foreign.as_bytes(), 4096).is_none(), "and not of another issuer");
}

/// The rule in 128 bits, where nothing overflows.
fn oracle(iat: i64, nbf: Option<i64>, exp: i64, now: i64) -> Option<TokenFault> {
    let [iat, exp, now, leeway, life] = [iat, exp, now, LEEWAY, LIFE].map(i128::from);
    let from = nbf.map_or(iat, |nbf| iat.max(nbf.into()));
    if exp <= iat {
        return Some(claim(ClaimFault::Life));
    }
    let exp = exp.min(iat + life);
    if from - leeway > now {
        Some(NotYetValid)
    } else if now >= exp + leeway {
        Some(Expired)
    } else {
        None
    }
}

proptest! {
    #[test]
    fn any_times_near_each_other(
        iat in 0..400_i64, nbf in prop::option::of(0..400_i64), exp in 0..700_i64, now in -20..800_i64,
    ) {
        let mut claims = Claims::access().with("iat", iat).with("exp", exp);
        if let Some(nbf) = nbf {
            claims = claims.with("nbf", nbf);
        }
        prop_assert_eq!(access_fault(&claims, now), oracle(iat, nbf, exp, now));
    }

    #[test]
    fn any_times_at_all(iat in 0..=253_402_300_799_i64, life in -10..900_i64, now in any::<i64>()) {
        let exp = (iat + life).clamp(0, 253_402_300_799);
        let claims = Claims::access().with("iat", iat).with("exp", exp);
        prop_assert_eq!(access_fault(&claims, now), oracle(iat, None, exp, now));
        let _ = refresh_fault(&Claims::refresh().with("iat", iat).with("exp", exp), now);
    }
}
