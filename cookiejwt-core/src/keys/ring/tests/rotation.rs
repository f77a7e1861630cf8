//! Rings while keys are rotated.

use super::{
    ACCEPTED, ED25519, ED25519_OTHER, ED25519_PUBLIC, P256, P256_PUBLIC, PAYLOAD, access, link, private,
    public, refresh, ring, testing, verdict,
};
use crate::{
    config::{ConfigBuilder, Secret},
    decide::Core,
    keys::crypto::Algorithm,
    token::TokenFault,
};

use Algorithm::{EdDsa, Es256, Hs256};

const NEW: [u8; 32] = *b"a new secret: 32 bytes, random ;";
const OLDER: [u8; 32] = *b"an older one, of 32 bytes as wel";

fn secret(bytes: [u8; 32]) -> Secret {
    Secret::from_bytes(bytes).unwrap()
}

/// The secret of `testing` before, `NEW` from now on.
fn rotated() -> ConfigBuilder {
    let old = Secret::of_the_testing_module();
    testing::config().secret(secret(NEW)).previous_secret(old)
}

#[test]
fn a_previous_secret_verifies_and_never_signs() {
    let old = testing::config;
    let new = || testing::config().secret(secret(NEW));
    for (kind, jws) in [("access", access as fn(_) -> _), ("refresh", refresh), ("link", link)] {
        let token = jws(old()).sign(PAYLOAD).unwrap();
        assert_eq!(verdict(&jws(rotated()), &token), ACCEPTED, "{kind}: the previous secret verifies");
        assert_eq!(verdict(&jws(new()), &token), Err(TokenFault::UnknownKey), "{kind}: dropped");
        let fresh = jws(rotated()).sign(PAYLOAD).unwrap();
        assert_ne!(fresh, token, "{kind}");
        assert_eq!(fresh, jws(new()).sign(PAYLOAD).unwrap(), "{kind}: only the new one signs");
        assert_eq!(
            verdict(&jws(old()), &fresh),
            Err(TokenFault::UnknownKey),
            "{kind}: a node that is behind"
        );
        let two = || rotated().previous_secret(secret(OLDER));
        let oldest = jws(testing::config().secret(secret(OLDER))).sign(PAYLOAD).unwrap();
        for token in [&token, &fresh, &oldest] {
            assert_eq!(verdict(&jws(two()), token), ACCEPTED, "{kind}: several previous secrets");
        }
    }
    assert!(TokenFault::UnknownKey.is_early(), "so that nothing is cleared");
}

#[test]
fn a_secret_of_the_same_kid_is_no_other_key() {
    let old = access(testing::config());
    let token = old.sign(PAYLOAD).unwrap();
    let [header, payload, _] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let other = ring(testing::config().secret(secret(NEW)));
    let signature = other.access.signing().sign(format!("{header}.{payload}").as_bytes()).unwrap();
    let signature = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, signature);
    let forged = format!("{header}.{payload}.{signature}");
    assert_eq!(verdict(&access(rotated()), &forged), Err(TokenFault::Signature));
}

#[test]
fn every_kid_is_its_own() {
    let rings = [ring(testing::config()), ring(testing::config().secret(secret(NEW)))];
    let mut kids: Vec<_> =
        rings.iter().flat_map(|r| [r.access.signing().kid(), r.refresh.signing().kid()]).collect();
    for kid in &kids {
        assert_eq!(kid.len(), 12, "nine bytes in base64url: {kid}");
    }
    kids.sort_unstable();
    kids.dedup();
    assert_eq!(kids.len(), 4, "by secret and by purpose");
    let same = ring(testing::config());
    assert_eq!(same.access.signing().kid(), rings[0].access.signing().kid(), "and the same on every node");
}

#[test]
fn refresh_tokens_stay_with_the_secret() {
    let asymmetric = || testing::config().signing_key(private(EdDsa, ED25519));
    let ring = ring(asymmetric());
    assert_eq!(ring.access.signing().algorithm(), EdDsa);
    assert_eq!(ring.refresh.signing().algorithm(), Hs256);
    let before = refresh(testing::config()).sign(PAYLOAD).unwrap();
    assert_eq!(verdict(&refresh(asymmetric()), &before), ACCEPTED, "a session outlives the change");
    let before = access(testing::config()).sign(PAYLOAD).unwrap();
    assert_eq!(
        verdict(&access(asymmetric()), &before),
        Err(TokenFault::UnknownKey),
        "an access token is early"
    );
    let after = access(asymmetric()).sign(PAYLOAD).unwrap();
    assert_eq!(verdict(&refresh(asymmetric()), &after), Err(TokenFault::UnknownKey));
}

/// RFC 7517 §5 in practice: publish, switch, drop. Two nodes out of phase refuse nothing.
#[test]
fn asymmetric_keys_rotate_in_three_steps() {
    let old = || private(EdDsa, ED25519);
    let new = || private(Es256, P256);
    let signing = |key| testing::config().signing_key(key);
    let published = access(signing(old()).verifying_key(public(Es256, P256_PUBLIC)));
    let switched = access(signing(new()).verifying_key(public(EdDsa, ED25519_PUBLIC)));
    let dropped = access(signing(new()));
    let [by_old, by_new] = [&published, &switched].map(|jws| jws.sign(PAYLOAD).unwrap());
    for (rule, jws, token, expected) in [
        ("published takes the old", &published, &by_old, ACCEPTED),
        ("published takes the new", &published, &by_new, ACCEPTED),
        ("switched takes the old", &switched, &by_old, ACCEPTED),
        ("switched takes the new", &switched, &by_new, ACCEPTED),
        ("dropped takes the new", &dropped, &by_new, ACCEPTED),
        ("dropped does not know the old", &dropped, &by_old, Err(TokenFault::UnknownKey)),
    ] {
        assert_eq!(verdict(jws, token), expected, "{rule}");
    }
}

#[test]
fn from_a_public_key_back_to_the_secret() {
    let jws = access(testing::config().verifying_key(public(EdDsa, ED25519_PUBLIC)));
    let by_key = access(testing::config().signing_key(private(EdDsa, ED25519))).sign(PAYLOAD).unwrap();
    let by_secret = access(testing::config()).sign(PAYLOAD).unwrap();
    assert_eq!(verdict(&jws, &by_key), ACCEPTED);
    assert_eq!(verdict(&jws, &by_secret), ACCEPTED);
    assert_eq!(jws.sign(PAYLOAD).unwrap(), by_secret, "the secret signs");
}

#[test]
fn the_csrf_key_follows_the_secret() {
    let alice = testing::identity("alice");
    let core = |builder: ConfigBuilder| Core::new(builder.build().unwrap());
    let token = core(testing::config()).csrf_token(&alice, [7; 16]);
    assert!(core(testing::config()).verify_csrf_token(&alice, &token));
    assert!(!core(testing::config().secret(secret(NEW))).verify_csrf_token(&alice, &token));
    let other = core(testing::config().signing_key(private(EdDsa, ED25519_OTHER)));
    assert!(other.verify_csrf_token(&alice, &token), "and no other key");
}
