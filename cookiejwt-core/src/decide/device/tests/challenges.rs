//! Challenges: what is good, for whom, and for how long.

use crate::{
    config::{Config, ConfigBuilder, Secret},
    decide::Core,
    session::{SessionId, Timestamp},
    testing::{self, NOW},
};

const SECRET: &str = "NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=";
const OTHER: &str = "vFzC2aVnM0w9m7m3V3n0lHkQ9S3q8b0mYb9u3o1k7cE=";

fn core(secrets: &[&str], realm: Option<&str>) -> Core {
    let mut secrets = secrets.iter().map(|secret| Secret::from_base64(secret).unwrap());
    let config = Config::builder().secret(secrets.next().unwrap()).issuer("https://id.example").audience("a");
    let config = secrets.fold(config, ConfigBuilder::previous_secret);
    let config = realm.into_iter().fold(config, ConfigBuilder::realm);
    Core::new(config.build().unwrap())
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from(NOW).plus_millis(millis)
}

fn alice() -> SessionId {
    "session-1".into()
}

#[test]
fn how_long_a_challenge_is_good() {
    let core = testing::core();
    let challenges = &core.parts().challenges;
    let registration = challenges.registration(&alice(), at(0));
    let renewal = challenges.renewal(&alice(), at(0));
    for (rule, millis, registers, renews) in [
        ("from a node that is ahead by the leeway", -5000, true, true),
        ("by more", -5001, false, false),
        ("at once", 0, true, true),
        ("the last moment of a registration", 299_999, true, true),
        ("no longer to be registered", 300_000, false, true),
        ("the last moment of a renewal", 599_999, false, true),
        ("too old", 600_000, false, false),
    ] {
        let registered = challenges.read_registration(&registration, at(millis));
        assert_eq!(registered, registers.then(alice), "{rule}");
        let renewed = challenges.read_renewal(&renewal, &alice(), at(millis));
        assert_eq!(renewed, renews.then_some(at(0)), "{rule}");
    }
}

#[test]
fn whose_challenge_it_is() {
    let ours = core(&[SECRET], None);
    for (rule, core, is_good) in [
        ("another node", core(&[SECRET], None), true),
        ("a node with a newer secret", core(&[OTHER, SECRET], None), true),
        ("another deployment", core(&[OTHER], None), false),
        ("another realm", core(&[SECRET], Some("staff")), false),
    ] {
        let challenge = ours.parts().challenges.renewal(&alice(), at(0));
        let read = core.parts().challenges.read_renewal(&challenge, &alice(), at(1));
        assert_eq!(read.is_some(), is_good, "{rule}");
    }
}

#[test]
fn a_challenge_is_good_for_one_session_and_one_purpose() {
    let core = testing::core();
    let challenges = &core.parts().challenges;
    let registration = challenges.registration(&alice(), at(0));
    let (_, of_login) = registration.split_once('.').unwrap();
    let renewal = challenges.renewal(&alice(), at(0));
    assert_eq!(challenges.read_renewal(of_login, &alice(), at(1)), None, "a registration renews nothing");
    let as_registration = format!("session-1.{renewal}");
    assert_eq!(challenges.read_registration(&as_registration, at(1)), None, "a renewal registers nothing");
    assert_eq!(challenges.read_renewal(&renewal, &"session-2".into(), at(1)), None, "another session");
    let stolen = format!("session-2.{of_login}");
    assert_eq!(challenges.read_registration(&stolen, at(1)), None, "another session");
}

#[test]
fn every_changed_character_and_every_cut_is_refused() {
    let core = testing::core();
    let challenges = &core.parts().challenges;
    let challenge = challenges.renewal(&alice(), at(0));
    for at_byte in 0..challenge.len() {
        let mut changed = challenge.clone().into_bytes();
        changed[at_byte] = if changed[at_byte] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(challenges.read_renewal(&changed, &alice(), at(1)), None, "{at_byte}");
        assert_eq!(challenges.read_renewal(&challenge[..at_byte], &alice(), at(1)), None, "{at_byte}");
    }
    for text in ["", "A", "%%", &format!("{challenge}AA"), &format!("{challenge}=")] {
        assert_eq!(challenges.read_renewal(text, &alice(), at(1)), None, "{text}");
    }
}

/// Made with Python's `hmac`: HKDF of the secret, then HMAC-SHA-256, cut to 16 bytes.
#[test]
fn fixed_vectors() {
    let core = core(&[SECRET], None);
    let (challenges, now) = (&core.parts().challenges, Timestamp::from_millis(1_767_268_800_000));
    assert_eq!(challenges.renewal(&alice(), now), "AgAAAZt5bdYAbO_xSXNZK4-PtTvt7E8RLA");
    let registration = "session-1.AQAAAZt5bdYAsRxXSmp56QTdwdJcqtt_Ag";
    assert_eq!(challenges.registration(&alice(), now), registration);
}
