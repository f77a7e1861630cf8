//! Any payload, signed with the right key: an accepted one has every claim with its type, our
//! issuer and audience, and valid times.
#![no_main]

use std::sync::LazyLock;

use cookiejwt_core::testing::{AUDIENCE, ISSUER, NOW};
use fuzz::{KNOWN, SECRET, Signer, bearer};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static SIGNER: LazyLock<Signer> = LazyLock::new(|| Signer::access(&SECRET));

const LEEWAY: i64 = 5;
const LIFE: i64 = 300;

fn assert_claims(payload: &[u8], subject: &str) {
    let now = NOW.unix_timestamp();
    let Ok(Value::Object(claims)) = serde_json::from_slice(payload) else { panic!("no object") };
    let text = |name: &str| claims.get(name).and_then(Value::as_str).expect("a string");
    let date = |name: &str| claims.get(name).and_then(Value::as_i64).expect("an integer");
    assert_eq!(text("iss"), ISSUER);
    assert_eq!(text("sub"), subject);
    assert!(!subject.is_empty() && !text("sid").is_empty() && !text("jti").is_empty());
    let for_us = match &claims["aud"] {
        Value::String(one) => one == AUDIENCE,
        Value::Array(some) => some.iter().any(|one| one == AUDIENCE) && some.iter().all(Value::is_string),
        _ => false,
    };
    assert!(for_us);
    let (issued_at, expires_at) = (date("iat"), date("exp"));
    // A longer claimed life alone does not make a token dead: it ends with the configured one.
    let end = expires_at.min(issued_at + LIFE);
    assert!(issued_at >= 0 && end + LEEWAY > now && issued_at <= now + LEEWAY);
    assert!(!claims.contains_key("nbf") || date("nbf") <= now + LEEWAY);
    assert!(!claims.contains_key("auth_time") || date("auth_time") >= 0);
}

fuzz_target!(|payload: &[u8]| {
    let token = SIGNER.token(SIGNER.header().as_bytes(), payload);
    if let Some(subject) = bearer(&KNOWN, &token) {
        assert_claims(payload, &subject);
    }
});
