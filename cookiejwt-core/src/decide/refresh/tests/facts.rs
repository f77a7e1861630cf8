//! A session keeps what is true of it: through rotations, in the leeway, with other keys. Row k of
//! [`rules`](crate::rules) for a user who has changed.

use super::*;
use crate::{
    config::Secret,
    token::{Facts, Method, MintError},
};

/// Random ones.
const SECRETS: [&str; 3] =
    ["", "NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=", "2q3lrZyWb0cP1xJvYkH6m8TnSgUe4aXh7Bd9Q5iCoFs="];

fn after(seconds: i64) -> OffsetDateTime {
    NOW + Duration::seconds(seconds)
}

/// A password, and a code a minute before; of a tenant.
fn terms() -> SessionTerms {
    let facts = Facts::new().proved(Method::PWD, NOW).proved(Method::OTP, after(-60)).with_acr("gold");
    let facts = facts.with("tenant", &"acme").unwrap();
    SessionTerms { facts, stamp: Some("1".into()), ..SessionTerms::default() }
}

/// What the access token of a decision says about the session.
fn said(decision: &Decision) -> String {
    let who = decision.required().unwrap();
    let proofs = serde_json::to_string(who.proofs()).unwrap();
    let tenant: Option<String> = who.fact("tenant").unwrap();
    format!("{proofs} {:?} {tenant:?} {}", who.acr(), who.auth_time().unwrap() - NOW)
}

const SAID: &str = r#"{"otp":1767268740,"pwd":1767268800} Some("gold") Some("acme") 0s"#;

#[test]
fn the_facts_are_there_after_ten_rotations_and_in_the_leeway() {
    let core = testing::core();
    let (mut row, mut refresh) = login_on(&core, terms());
    for number in 2..12_u32 {
        let now = after(i64::from(number) * 100);
        let decision = present(&core, &mut row, &refresh, now, number);
        assert_eq!((said(&decision).as_str(), &decision.reason), (SAID, &Reason::Rotated), "{number}");
        let late = present(&core, &mut row, &refresh, now + Duration::seconds(1), 99);
        assert_eq!((said(&late).as_str(), &late.reason), (SAID, &Reason::ParentInLeeway), "{number}");
        assert_eq!(pairs(&late.cookies)[1], pairs(&decision.cookies)[1], "the same successor, byte for byte");
        row.received_at = Some(now.into());
        refresh.clone_from(&pairs(&decision.cookies)[1]);
    }
}

#[test]
fn facts_and_stamp_outlive_the_secret_that_signed_them() {
    let secret = |byte: u8| Secret::from_base64(SECRETS[usize::from(byte)]).unwrap();
    let with = |first: u8, previous: Option<u8>| {
        let config = testing::config().secret(secret(first)).revocation(RevocationLevel::AtRefresh);
        let config = previous.into_iter().fold(config, |config, byte| config.previous_secret(secret(byte)));
        Core::new(config.build().unwrap())
    };
    let (mut row, refresh) = login_on(&with(1, None), terms());
    let both = with(2, Some(1));
    let stamped = || ActiveUser::new(Ok(CustomClaims::default())).stamp(Some("1".into()));
    let rotate = |core: &Core, row: &mut SessionRecord, refresh: &str, second: i64, number| {
        let now = after(second);
        let step = attempt(core, refresh, now).with_user(UserState::Active(stamped()), ids(number), now);
        let RefreshStep::Rotate(rotation) = step else { panic!("{step:?}") };
        let outcome = update(row, rotation.request());
        settled(rotation.complete(outcome)).decision
    };
    let decision = rotate(&both, &mut row, &refresh, 100, 2);
    assert_eq!(said(&decision), SAID);
    row.received_at = Some(after(100).into());
    let new = with(2, None);
    let decision = rotate(&new, &mut row, &pairs(&decision.cookies)[1], 200, 3);
    assert_eq!(said(&decision), SAID, "the hash of the stamp was made again with the new secret");
}

#[test]
fn row_k_for_a_user_who_has_changed() {
    let core = testing::core();
    let stamped = |stamp: &str| ActiveUser::new(Ok(CustomClaims::default())).stamp(Some(stamp.into()));
    let unstamped = ActiveUser::new(Ok(CustomClaims::default()));
    let with = terms;
    let without = || SessionTerms { stamp: None, ..terms() };
    let changed = "401 session_revoked, cleared, revoke user_changed";
    for (rule, terms, user, expected) in [
        ("the same stamp", with(), UserState::Active(stamped("1")), "rotates"),
        ("another stamp", with(), UserState::Active(stamped("2")), changed),
        ("an empty stamp is one", with(), UserState::Active(stamped("")), changed),
        ("a user who has none says nothing", with(), UserState::Active(unstamped), "rotates"),
        ("a token without one", without(), UserState::Active(stamped("2")), "rotates"),
        (
            "a second factor was set up",
            with(),
            UserState::SecondFactorRequired,
            "401 session_revoked, cleared, revoke second_factor",
        ),
    ] {
        let (_, refresh) = login_on(&core, terms);
        for attempt in hard_and_soft(&core, &refresh, NOW) {
            let found = match attempt.with_user(user.clone(), ids(2), NOW) {
                RefreshStep::Rotate(_) => "rotates".into(),
                RefreshStep::Settled(settlement) => told(&core, &settlement),
            };
            assert_eq!(found, expected, "{rule}");
        }
    }
}

#[test]
fn a_token_without_a_stamp_adopts_it() {
    let core = testing::core();
    let (mut row, refresh) = login(&core, true);
    let with = |stamp: &str| {
        UserState::Active(ActiveUser::new(Ok(CustomClaims::default())).stamp(Some(stamp.into())))
    };
    let step = attempt(&core, &refresh, NOW).with_user(with("1"), ids(2), NOW);
    let RefreshStep::Rotate(rotation) = step else { panic!("{step:?}") };
    let outcome = update(&mut row, rotation.request());
    let next = pairs(&settled(rotation.complete(outcome)).decision.cookies)[1].clone();
    let step = attempt(&core, &next, after(60)).with_user(with("2"), ids(3), after(60));
    let RefreshStep::Settled(settlement) = step else { panic!("{step:?}") };
    assert_eq!(settlement.decision.reason, Reason::UserChanged);
}

#[test]
fn the_stamp_of_one_user_is_not_that_of_another() {
    let core = testing::core();
    let stamps = &core.parts().stamps;
    let hash = stamps.hash(&"alice".into(), "1").unwrap();
    assert!(stamps.is_of(&hash, &"alice".into(), "1"));
    for (subject, stamp) in [("bob", "1"), ("alice", "2"), ("alic", "e1"), ("", "")] {
        assert!(!stamps.is_of(&hash, &subject.into(), stamp), "{subject} {stamp}");
    }
}

#[test]
fn a_session_with_lives_of_its_own() {
    let core = testing::core();
    let week = std::time::Duration::from_hours(7 * 24);
    let terms = SessionTerms { remember_for: Some(week), ends_at: Some(after(8 * 86_400)), ..terms() };
    let (mut row, refresh) = login_on(&core, terms);
    let days = |at: Timestamp| (at.as_seconds() - NOW_SECONDS) / 86_400;
    assert_eq!((days(row.expires_at), days(row.ends_at)), (7, 8));
    let decision = present(&core, &mut row, &refresh, after(3 * 86_400), 2);
    assert_eq!(days(row.expires_at), 8, "three and seven days, and the absolute end before that");
    assert!(lines(&decision.cookies)[1].contains("; Max-Age=432000;"), "five days");
}

#[test]
fn facts_that_no_token_has_room_for_begin_no_session() {
    let core = testing::core();
    let facts = Facts::new().with("note", &"x".repeat(600)).unwrap();
    let request = LoginRequest {
        subject: "alice".into(),
        claims: CustomClaims::default(),
        terms: SessionTerms { facts, ..SessionTerms::default() },
        client: ClientInfo::default(),
        mode: Mode::Cookie,
        ids: LoginIds { session: SESSION.into(), refresh: "r".into(), access: "a".into() },
        replaces: None,
    };
    let error = core.login(request, NOW).unwrap_err();
    assert!(matches!(error, MintError::FactsTooLarge { length: 611 }), "{error:?}");
}
